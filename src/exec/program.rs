//! A command of a step: started in a process group of its own, its output kept by the drain, waited for to its
//! end. What it is for, and what its end means, is said by `run` and `agent`.

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::base::{Error, SafeLine};
use crate::exec::drain::{Drain, Keeping};
use crate::exec::process::{self, ATTEMPT_MARK, ENGINE_MARK, Leader, RUN_MARK, STEP_MARK, Scope};
use crate::exec::spill::Place;
use crate::exec::vault::Given;
use crate::exec::{Job, Stopped, blocking, breakers, output, terminal};
use crate::run::values::{Reader, Reading};

/// How often a growing output is told of.
const TELL: Duration = Duration::from_millis(50);

/// How much of the output becomes `outputs.text`, in bytes.
const TEXT: usize = 64 << 10;

/// The longest quotation of a last line, in characters.
const QUOTE: usize = 200;

/// Where an attempt's output goes, and who is told of its processes and its growth.
pub struct Desk<'e> {
    pub outputs: &'e Path,
    pub drain: &'e Drain,
    pub job: &'e Job,
    /// How large the spill file becomes.
    pub limit: u64,
    pub started: &'e (dyn Fn(Leader) + Sync),
    pub grown: &'e (dyn Fn(u64, u64) + Sync),
    /// Whether its end has been wished for, or its time is over.
    pub stopped: &'e (dyn Fn() -> Option<Stopped> + Sync),
}

/// What is to be started.
pub struct Program<'j> {
    pub name: &'j str,
    pub arguments: Vec<&'j str>,
    pub env: Vec<(&'j str, &'j str)>,
    /// Further environment, taken out of its output before any of that is kept.
    pub secrets: &'j [Given],
    pub folder: &'j Path,
    pub stdin: Stdio,
    /// In a pseudo-terminal, which is its input too.
    pub terminal: bool,
}

/// A command that has ended.
pub struct Finished {
    pub status: ExitStatus,
    /// It was ended, because its time was over.
    pub late: bool,
    pub lines: u64,
    /// The end of its output.
    pub text: String,
    pub reading: Reading,
    /// For the evidence and for failures: what else there is to say, beginning with a comma.
    pub remarks: String,
}

impl Desk<'_> {
    /// Runs it to its end, or until `limit` is over; else says why it cannot be run.
    pub async fn run(
        &self,
        program: Program<'_>,
        expects: Option<&str>,
        limit: impl Future<Output = ()>,
    ) -> Result<Finished, String> {
        let place = Place::make(self.outputs, self.job).map_err(|e| e.message)?;
        let (mut child, keeping) = self.spawn(program, &place)?;
        let leader = self.note(&child, &place);
        let (status, late) = {
            tokio::pin!(limit);
            tokio::select! {
                status = child.wait() => (status, false),
                never = self.tell(&place) => match never {},
                () = &mut limit => {
                    end(leader).await;
                    (child.wait().await, true)
                }
            }
        };
        let left_over = end(leader).await;
        let kept = keeping.finish().await;
        // The end is always told, even of an output of nothing.
        let (total, lines) = self.size().await;
        (self.grown)(total, lines);
        place.forget_leader();

        let mut remarks = match left_over.count {
            0 => String::new(),
            1 => ", 1 process left over was ended".to_owned(),
            n => format!(", {n} processes left over were ended"),
        };
        for name in &left_over.left_behind {
            remarks.extend([", ", name, " could not be ended"]);
        }
        remarks.push_str(&kept.remark());
        let (text, reading) = self.read(expects).await;
        if reading.left_out {
            remarks.push_str(", not all KEY lines could be kept");
        }
        let status = status.map_err(|e| format!("Its end cannot be waited for: {e}"))?;
        Ok(Finished { status, late, lines, text, reading, remarks })
    }

    /// What a failure means for the helper that was asked: none of its own where the step's end was wished for.
    pub fn failed(&self, attempt: breakers::Attempt<'_>, message: &str) {
        match (self.stopped)() {
            None => attempt.failed(message),
            Some(Stopped::Late) => attempt.failed("no answer before the time of the step was over"),
            Some(Stopped::Wished) => {}
        }
    }

    /// The leader of what has just been started, written down where a later engine finds it.
    pub fn note(&self, child: &Child, place: &Place) -> Option<Leader> {
        let leader = child.id().and_then(Leader::started)?;
        place.note_leader(&leader.to_text());
        (self.started)(leader);
        Some(leader)
    }

    /// Tells of the spill file's growth, for ever.
    pub async fn tell(&self, place: &Place) -> Infallible {
        let mut told = 0;
        let mut tick = tokio::time::interval(TELL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let total = std::fs::metadata(&place.log).map_or(told, |meta| meta.len());
            if total > told {
                let (total, lines) = self.size().await;
                (self.grown)(total, lines);
                told = total;
            }
        }
    }

    pub async fn size(&self) -> (u64, u64) {
        let (outputs, job) = (self.outputs.to_owned(), self.job.clone());
        let size = blocking(move || output::size(&outputs, &job.run, &job.step, job.attempt)).await;
        size.unwrap_or_else(|error| {
            tracing::warn!(%error, "the size of an output cannot be read");
            (0, 0)
        })
    }

    fn spawn(&self, program: Program<'_>, place: &Place) -> Result<(Child, Keeping), String> {
        if !program.folder.is_dir() {
            return Err(format!("It has no place to run in: {} is not a folder", program.folder.display()));
        }
        let failed = |what: &str, e: std::io::Error| format!("{what}: {e}");
        let no_drain = |e| failed("Nothing can take its output", e);
        let name = program.name;
        let cannot = |e| failed(&format!("{name} cannot be started"), e);
        if program.terminal {
            let variable = |name: &str| program.env.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
            let (source, inside) =
                terminal::open(variable).map_err(|e| failed("There is no terminal for it", e))?;
            let keeping = self.drain.keep(place, &source, self.limit, program.secrets).map_err(no_drain)?;
            let mut command = command(&program);
            if variable("TERM").is_none() {
                command.env("TERM", terminal::TERM);
            }
            mark(&mut command, self.job);
            let child = pty_process::Command::from(command).spawn(inside);
            return Ok((child.map_err(|e| cannot(std::io::Error::other(e)))?, keeping));
        }
        let (source, writer) = std::io::pipe().map_err(|e| failed("There is no pipe for its output", e))?;
        let errors = writer.try_clone().map_err(|e| failed("There is no pipe for its output", e))?;
        let source = OwnedFd::from(source);
        let keeping = self.drain.keep(place, &source, self.limit, program.secrets).map_err(no_drain)?;
        let mut command = command(&program);
        mark(&mut command, self.job);
        // With the command go our ends of the pipe: the drain ends when the script's are closed.
        command.stdin(program.stdin).stdout(writer).stderr(errors).process_group(0);
        Ok((command.spawn().map_err(cannot)?, keeping))
    }

    /// The end of the output as text, and what the output says. Where it is long, its last MiB is read for
    /// KEY lines; what is expected may stand anywhere in it.
    async fn read(&self, expects: Option<&str>) -> (String, Reading) {
        let (outputs, job, expects) = (self.outputs.to_owned(), self.job.clone(), expects.map(str::to_owned));
        let read = blocking(move || -> Result<_, Error> {
            let limit = output::PIECE_LIMIT;
            let tail = output::tail(&outputs, &job.run, &job.step, job.attempt, limit)?;
            let mut reader = Reader::new(expects.as_deref());
            reader.feed(&tail.bytes);
            let mut reading = reader.finish();
            if tail.offset > 0 {
                reading.json = None;
            }
            if tail.offset > 0 && !reading.met {
                let mut reader = Reader::new(expects.as_deref());
                let mut offset = 0;
                while offset < tail.next && !reader.met() {
                    let piece = output::from(&outputs, &job.run, &job.step, job.attempt, offset, limit)?;
                    if piece.bytes.is_empty() {
                        break;
                    }
                    reader.feed(&piece.bytes);
                    offset = piece.next;
                }
                reading.met = reader.met();
            }
            Ok((text(&tail.bytes), reading))
        });
        read.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the output of a step cannot be read back");
            (String::new(), Reading::default())
        })
    }
}

/// The last [`TEXT`] bytes, from the beginning of a line where possible, without the last line's end.
pub fn text(bytes: &[u8]) -> String {
    let from = bytes.len().saturating_sub(TEXT);
    let end = bytes.get(from..).unwrap_or_default();
    let line = if from == 0 { None } else { end.iter().position(|b| *b == b'\n').map(|at| at + 1) };
    let whole = line.filter(|at| *at < end.len()).unwrap_or(0);
    let text = String::from_utf8_lossy(end.get(whole..).unwrap_or_default()).into_owned();
    let trimmed = text.strip_suffix('\n').unwrap_or(&text);
    trimmed.strip_suffix('\r').unwrap_or(trimmed).to_owned()
}

/// `message`, and behind it the last line of `text` that says anything.
pub fn quoting(mut message: String, text: &str) -> String {
    let last =
        text.lines().rev().map(|line| SafeLine::new(line.trim())).find(|l| !l.as_str().trim().is_empty());
    if let Some(last) = last {
        message.push_str(": ");
        message.extend(last.as_str().chars().take(QUOTE));
        if last.as_str().chars().nth(QUOTE).is_some() {
            message.push('…');
        }
    }
    message
}

fn command(program: &Program<'_>) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a step's command is started here")]
    let mut command = Command::new(program.name);
    command.args(&program.arguments).current_dir(program.folder).envs(program.env.iter().copied());
    command.envs(program.secrets.iter().map(|(name, secret)| (name, secret.reveal())));
    command
}

/// The marks by which a step's processes are found; nothing else may set them.
pub fn mark(command: &mut Command, job: &Job) {
    command
        .env_remove(ENGINE_MARK)
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .env(RUN_MARK, job.run.as_str())
        .env(STEP_MARK, job.step.as_str())
        .env(ATTEMPT_MARK, job.attempt.to_string());
}

/// Ends what is left of the leader's group.
pub async fn end(leader: Option<Leader>) -> process::Ended {
    match leader.filter(|l| l.has_group()) {
        Some(leader) => {
            let scope = Scope { marks: None, leaders: vec![leader] };
            blocking(move || process::end(&scope)).await
        }
        None => process::Ended::default(),
    }
}
