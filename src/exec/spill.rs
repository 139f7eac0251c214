//! The files of an attempt, and the drain that fills its spill file. Reading spill files is `output`'s.
//!
//! What a script prints goes into one pipe, or a pseudo-terminal, that a small process of its own reads into the
//! file. So no output is ever in our memory, a script's `> /dev/stderr` cannot cut the file short (which it
//! would if the file itself were its stream), and when the engine dies the script keeps running and its
//! output keeps being written.
//!
//! A file has a limit. Beyond it the drain keeps only the last 64 KiB, in a file beside it, and reads on; in the end
//! they are put behind the beginning, with a line between that says so.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use crate::base::{Result, SafeLine, paths};
use crate::exec::process::{ATTEMPT_MARK, RUN_MARK, STEP_MARK};
use crate::exec::vault::Given;
use crate::exec::{Job, output, redact};

/// How large a spill file becomes, where the settings do not say.
pub const LIMIT: u64 = 256 << 20;

/// How long the rest of the output may take after the command's end. Something that left the
/// step's group on purpose may hold the pipe open for ever.
const DRAIN: Duration = Duration::from_secs(1);

/// How much of the drain's own complaints is read, in bytes.
const COMPLAINT: u64 = 1 << 10;

/// `$1` is the limit in blocks of 512 bytes, `$2` the file for the end; `tail` alone gives nothing of a source that
/// ends with an error, as a pseudo-terminal does. It reads on when the disk is full
/// too, so that output is never a reason for a script to fail; its exit code tells that something is missing.
const SCRIPT: &str = "umask 077; trap '' XFSZ; ulimit -f \"$1\"; \
    cat || { cat 2>/dev/null | tail -c 65536 >\"$2\" || cat >/dev/null; [ -s \"$2\" ] || rm -f \"$2\"; exit 1; }";

const BLOCK: u64 = 512;

/// The files of one attempt.
#[derive(Debug, Clone)]
pub struct Place {
    pub log: PathBuf,
    pub pid: PathBuf,
    /// The end of an output that passed the limit.
    rest: PathBuf,
}

impl Place {
    pub fn make(outputs: &Path, job: &Job) -> Result<Self> {
        let file = |ending| output::place(outputs, &job.run, &job.step, job.attempt, ending);
        let place = Self { log: file("log")?, pid: file("pid")?, rest: file("rest")? };
        paths::private_dir(&outputs.join(job.run.as_str()))?;
        Ok(place)
    }

    /// The spill file, to be written at its end.
    pub fn log(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log)
    }

    /// Without it a later engine still finds the processes by their environment.
    pub fn note_leader(&self, text: &str) {
        let written = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.pid)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.pid.display(), "a pid file cannot be written");
        }
    }

    pub fn forget_leader(&self) {
        remove(&self.pid, "a pid file");
    }
}

/// What became of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Whole,
    /// The beginning and the end; the limit in bytes.
    Ends(u64),
    /// Something is missing, and why.
    Partly(String),
    /// Something that was left running still holds it open.
    Open,
}

impl Kept {
    /// For the evidence, after a comma; nothing where all was kept.
    pub fn remark(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Ends(limit) => format!(", of more than {} the beginning and the end", size(*limit)),
            Self::Partly(why) if why.is_empty() => ", not all output could be kept".to_owned(),
            Self::Partly(why) => format!(", not all output could be kept ({why})"),
            Self::Open => ", something it left running still holds the output open".to_owned(),
        }
    }
}

/// The process that fills a spill file.
pub struct Drain {
    child: Child,
    /// What takes secrets out before it.
    redacts: Option<Child>,
    place: Place,
    limit: u64,
    /// Its source is a pseudo-terminal, which ends with an error.
    terminal: bool,
}

impl Drain {
    /// In a group of its own and without a step's marks, so that it outlives what writes to it. Secrets are
    /// taken out before it gets anything.
    pub fn start(
        place: &Place,
        source: OwnedFd,
        limit: u64,
        terminal: bool,
        secrets: &[Given],
    ) -> std::io::Result<Self> {
        if secrets.is_empty() {
            return Self::fill(place, source, limit, terminal);
        }
        let (clean, redacts) = redact::start(source, secrets)?;
        Ok(Self { redacts: Some(redacts), ..Self::fill(place, clean, limit, false)? })
    }

    fn fill(place: &Place, source: OwnedFd, limit: u64, terminal: bool) -> std::io::Result<Self> {
        let log = place.log()?;
        let blocks = limit.div_ceil(BLOCK).max(1);
        #[expect(clippy::disallowed_methods, reason = "the drain of a step's output is started here")]
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "drain", &blocks.to_string()])
            .arg(&place.rest)
            .env("LC_ALL", "C")
            .env_remove(RUN_MARK)
            .env_remove(STEP_MARK)
            .env_remove(ATTEMPT_MARK)
            .stdin(source)
            .stdout(log)
            .stderr(Stdio::piped())
            .process_group(0);
        let child = command.spawn()?;
        Ok(Self { child, redacts: None, place: place.clone(), limit: blocks * BLOCK, terminal })
    }

    /// Waits for the end of the output, but not for ever, and puts its end in its place.
    pub async fn finish(mut self) -> Kept {
        let Ok(ended) = tokio::time::timeout(DRAIN, self.child.wait()).await else { return Kept::Open };
        if ended.as_ref().is_ok_and(std::process::ExitStatus::success) {
            return self.redacted().await;
        }
        let complaint = self.complaint().await;
        let Self { place, limit, terminal, .. } = self;
        super::blocking(move || settle(&place, limit, terminal, &complaint)).await
    }

    /// Whether all of the output came through what takes secrets out of it.
    async fn redacted(&mut self) -> Kept {
        let Some(redacts) = &mut self.redacts else { return Kept::Whole };
        match tokio::time::timeout(DRAIN, redacts.wait()).await {
            Ok(Ok(status)) if status.success() => Kept::Whole,
            _ => Kept::Partly("what takes secrets out of it broke off".to_owned()),
        }
    }

    async fn complaint(&mut self) -> String {
        let mut bytes = Vec::new();
        if let Some(errors) = self.child.stderr.take() {
            let mut errors = errors.take(COMPLAINT);
            let read = errors.read_to_end(&mut bytes);
            if let Ok(Err(error)) = tokio::time::timeout(DRAIN, read).await {
                tracing::debug!(%error, "a drain's complaint cannot be read");
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn settle(place: &Place, limit: u64, terminal: bool, complaint: &str) -> Kept {
    let first = complaint.lines().next().unwrap_or_default();
    if std::fs::metadata(&place.log).is_ok_and(|meta| meta.len() >= limit) {
        return match append_rest(place, limit) {
            Ok(()) => Kept::Ends(limit),
            Err(error) => Kept::Partly(error.to_string()),
        };
    }
    remove(&place.rest, "the end of an output");
    let on_writing = first.contains("write error") || first.contains("stdout");
    if terminal && !on_writing && first.contains("Input/output error") {
        return Kept::Whole;
    }
    let why = first.rsplit(": ").next().unwrap_or_default();
    Kept::Partly(SafeLine::new(why).as_str().to_owned())
}

fn append_rest(place: &Place, limit: u64) -> std::io::Result<()> {
    let mut rest = Vec::new();
    match File::open(&place.rest) {
        Ok(mut file) => file.read_to_end(&mut rest)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => 0,
        Err(e) => return Err(e),
    };
    let whole = rest.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
    let end = if whole < rest.len() { rest.get(whole..).unwrap_or_default() } else { &rest };
    let mut log = place.log()?;
    let between = format!("\n[mwtui: more than {} of output; what came here is left out]\n", size(limit));
    log.write_all(between.as_bytes())?;
    log.write_all(end)?;
    remove(&place.rest, "the end of an output");
    Ok(())
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes.div_ceil(1 << 10)) }
}

fn remove(file: &Path, what: &str) {
    if let Err(error) = std::fs::remove_file(file)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, file = %file.display(), "{what} cannot be removed");
    }
}
