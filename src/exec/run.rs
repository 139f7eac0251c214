//! A `run` step: a script handed to its shell, in a process group of its own, its output kept by
//! a drain.
//!
//! Both streams go into one pipe that a small process of its own reads into the spill file. So
//! no output is ever in our memory, a script's `> /dev/stderr` cannot cut the file short (which
//! it would if the file itself were its stream), and when the engine dies the script keeps
//! running and its output keeps being written.

use std::fs::{File, OpenOptions};
use std::io::PipeWriter;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use tokio::process::{Child, Command};

use crate::base::{Result, SafeLine, paths};
use crate::exec::process::{self, ATTEMPT_MARK, ENGINE_MARK, Leader, RUN_MARK, STEP_MARK, Scope};
use crate::exec::secret::Resolved;
use crate::exec::{Job, drain, output};
use crate::run::{Evidence, EvidenceKind, Failure, FailureKind, Outcome};

/// How often a growing output is told of.
const TELL: Duration = Duration::from_millis(50);

/// How long the rest of the output may take after the script's end. Something that left the
/// step's group on purpose may hold the pipe open for ever.
const DRAIN: Duration = Duration::from_secs(1);

/// How much of the output becomes `outputs.text`, in bytes.
const TEXT: u32 = 64 << 10;

/// The longest quotation of a last line in a failure, in characters.
const QUOTE: usize = 200;

/// Reads on when the disk is full, so that output is never a reason for a script to fail; its
/// exit code tells that something is missing.
const DRAIN_SCRIPT: &str = "cat || { cat >/dev/null; exit 1; }";

/// What is to be run.
pub struct Script<'j> {
    pub text: &'j str,
    pub shell: &'j [String],
    pub env: &'j IndexMap<String, String>,
    /// Taken out of its output before any of that is kept.
    pub secrets: &'j Resolved,
    pub cwd: &'j str,
}

/// Runs it to its end. `started` is told the leader as soon as there is one.
pub async fn run(
    outputs: &Path,
    job: &Job,
    work: Script<'_>,
    started: impl FnOnce(Leader),
    grown: impl Fn(u64, u64),
) -> Result<Outcome, Failure> {
    let place = Place::make(outputs, job)
        .map_err(|e| spawn_failure(&e.message, e.causes.first().map(String::as_str)))?;
    let (mut child, mut drain) = spawn(job, &work, &place)?;
    let leader = child.id().and_then(Leader::started);
    if let Some(leader) = leader {
        // Without it a later engine still finds the script by its environment.
        if let Err(error) = write_private(&place.pid, leader.to_text().as_bytes()) {
            tracing::warn!(%error, file = %place.pid.display(), "a pid file cannot be written");
        }
        started(leader);
    }
    let mut told = 0;
    let mut tick = tokio::time::interval(TELL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            _ = tick.tick() => {
                let total = std::fs::metadata(&place.log).map_or(told, |meta| meta.len());
                if total > told {
                    let (total, lines) = size(outputs, job).await;
                    grown(total, lines);
                    told = total;
                }
            }
        }
    };
    let left_over = match leader.filter(|l| l.has_group()) {
        Some(leader) => {
            let scope = Scope { marks: None, leaders: vec![leader] };
            blocking(move || process::end(&scope)).await
        }
        None => process::Ended::default(),
    };
    let drained = tokio::time::timeout(DRAIN, drain.wait()).await;
    // The end is always told, even of an output of nothing.
    let (total, lines) = size(outputs, job).await;
    grown(total, lines);
    if let Err(error) = std::fs::remove_file(&place.pid)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, file = %place.pid.display(), "a pid file cannot be removed");
    }

    let mut remarks = match left_over.count {
        0 => String::new(),
        1 => ", 1 process left over was ended".to_owned(),
        n => format!(", {n} processes left over were ended"),
    };
    for name in &left_over.left_behind {
        remarks.extend([", ", name, " could not be ended"]);
    }
    remarks.push_str(match drained {
        Ok(Ok(status)) if status.success() => "",
        Ok(_) => ", not all output could be kept",
        Err(_) => ", something it left running still holds the output open",
    });
    let status = status.map_err(|e| spawn_failure("Its end cannot be waited for", Some(&e.to_string())))?;
    let tail = {
        let (outputs, job) = (outputs.to_owned(), job.clone());
        blocking(move || output::tail(&outputs, &job.run, &job.step, job.attempt, TEXT)).await
    };
    let tail = tail.map_or_else(
        |error| {
            tracing::warn!(%error, "the output of a step cannot be read back");
            String::new()
        },
        |piece| String::from_utf8_lossy(&piece.bytes).into_owned(),
    );
    if status.success() { Ok(outcome(&tail, lines, &remarks)) } else { Err(failure(status, &tail, &remarks)) }
}

fn outcome(tail: &str, lines: u64, remarks: &str) -> Outcome {
    let word = if lines == 1 { "line" } else { "lines" };
    let text = format!("exit 0, {lines} {word}{remarks}");
    let mut outputs = Map::new();
    outputs.insert("exit".to_owned(), Value::from(0));
    let trimmed = tail.strip_suffix('\n').unwrap_or(tail);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    outputs.insert("text".to_owned(), Value::from(trimmed));
    outputs.insert("lines".to_owned(), Value::from(lines));
    Outcome { evidence: vec![Evidence { kind: EvidenceKind::Output, text }], outputs, ..Outcome::default() }
}

fn failure(status: ExitStatus, tail: &str, remarks: &str) -> Failure {
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}{}", signal_name(signal)),
        (None, None) => status.to_string(),
    };
    let mut message = how;
    message.push_str(remarks);
    let last =
        tail.lines().rev().map(|line| SafeLine::new(line.trim())).find(|l| !l.as_str().trim().is_empty());
    if let Some(last) = last {
        message.push_str(": ");
        message.extend(last.as_str().chars().take(QUOTE));
        if last.as_str().chars().nth(QUOTE).is_some() {
            message.push('…');
        }
    }
    Failure { kind: FailureKind::Exit, message, exit: status.code() }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (HUP)",
        2 => " (INT)",
        3 => " (QUIT)",
        6 => " (ABRT)",
        9 => " (KILL)",
        11 => " (SEGV)",
        13 => " (PIPE)",
        15 => " (TERM)",
        _ => "",
    }
}

/// The files of one attempt.
struct Place {
    log: PathBuf,
    pid: PathBuf,
}

impl Place {
    fn make(outputs: &Path, job: &Job) -> Result<Self> {
        let file = |ending| output::place(outputs, &job.run, &job.step, job.attempt, ending);
        let place = Self { log: file("log")?, pid: file("pid")? };
        paths::private_dir(&outputs.join(job.run.as_str()))?;
        Ok(place)
    }
}

/// The script and the drain of its output, both running.
fn spawn(job: &Job, work: &Script<'_>, place: &Place) -> Result<(Child, Child), Failure> {
    let folder = job.folder.join(work.cwd);
    if !folder.is_dir() {
        let why = format!("{} is not a folder", folder.display());
        return Err(spawn_failure("The script has no place to run in", Some(&why)));
    }
    let Some((program, arguments)) = work.shell.split_first() else {
        return Err(spawn_failure("The step names no shell", None));
    };
    let failed = |what: &str, e: std::io::Error| spawn_failure(what, Some(&e.to_string()));
    let log = private_file(&place.log, |o| o.append(true))
        .map_err(|e| failed("The file for its output cannot be made", e))?;
    let (reader, writer) = std::io::pipe().map_err(|e| failed("There is no pipe for its output", e))?;
    let drain = if work.secrets.is_empty() {
        drain(log, reader)
    } else {
        drain::spawn(log, reader, &writer, work.secrets)
    };
    let drain = drain.map_err(|e| failed("Nothing can take its output", e))?;
    let child = script(job, work, program, arguments, &folder, writer)
        .map_err(|e| failed(&format!("{program} cannot be started"), e))?;
    Ok((child, drain))
}

fn script(
    job: &Job,
    work: &Script<'_>,
    program: &str,
    arguments: &[String],
    folder: &Path,
    writer: PipeWriter,
) -> std::io::Result<Child> {
    let errors = writer.try_clone()?;
    #[expect(clippy::disallowed_methods, reason = "a step's script is started here")]
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(work.text)
        .current_dir(folder)
        .env_remove(ENGINE_MARK)
        .envs(work.env)
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .envs(work.secrets.iter().map(|(name, secret)| (name, secret.reveal())))
        .env(RUN_MARK, job.run.as_str())
        .env(STEP_MARK, job.step.as_str())
        .env(ATTEMPT_MARK, job.attempt.to_string())
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(errors)
        .process_group(0);
    // With the command go our ends of the pipe: the drain ends when the script's are closed.
    command.spawn()
}

/// In a group of its own and without a step's marks, so that it outlives what writes to it.
fn drain(log: File, reader: std::io::PipeReader) -> std::io::Result<Child> {
    #[expect(clippy::disallowed_methods, reason = "the drain of a step's output is started here")]
    let mut command = Command::new("sh");
    command
        .args(["-c", DRAIN_SCRIPT])
        .env_remove(RUN_MARK)
        .env_remove(STEP_MARK)
        .env_remove(ATTEMPT_MARK)
        .stdin(reader)
        .stdout(log)
        .stderr(Stdio::null())
        .process_group(0);
    command.spawn()
}

fn private_file(
    path: &Path,
    options: impl FnOnce(&mut OpenOptions) -> &mut OpenOptions,
) -> std::io::Result<File> {
    options(OpenOptions::new().create(true).mode(0o600)).open(path)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    private_file(path, |o| o.write(true).truncate(true))?.write_all(bytes)
}

fn spawn_failure(what: &str, why: Option<&str>) -> Failure {
    let message = why.map_or_else(|| what.to_owned(), |why| format!("{what}: {why}"));
    Failure { kind: FailureKind::Spawn, message, exit: None }
}

async fn size(outputs: &Path, job: &Job) -> (u64, u64) {
    let (outputs, job) = (outputs.to_owned(), job.clone());
    let size = blocking(move || output::size(&outputs, &job.run, &job.step, job.attempt)).await;
    size.unwrap_or_else(|error| {
        tracing::warn!(%error, "the size of an output cannot be read");
        (0, 0)
    })
}

/// Runs `work` on a thread that may block.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending; nobody waits for the answer.
            Err(_) => std::future::pending().await,
        },
    }
}
