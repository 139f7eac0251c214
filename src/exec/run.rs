//! A `run` step: a script handed to its shell, and what its exit code and its output mean.

use std::process::{ExitStatus, Stdio};

use indexmap::IndexMap;

use crate::exec::program::{Desk, Finished, Program, quoting};
use crate::exec::vault::Given;
use crate::run::{Evidence, EvidenceKind, Failure, FailureKind, Outcome, values};

/// What is to be run.
pub struct Script<'j> {
    pub text: &'j str,
    pub shell: &'j [String],
    pub env: &'j IndexMap<String, String>,
    pub secrets: &'j [Given],
    pub cwd: &'j str,
    pub pty: bool,
    /// Exit codes that count as done; none: 0 alone.
    pub done_exits: &'j [i32],
    pub expects: Option<&'j str>,
}

/// Runs it to its end.
pub async fn run(desk: &Desk<'_>, script: Script<'_>) -> Result<Outcome, Failure> {
    let Some((shell, arguments)) = script.shell.split_first() else {
        return Err(failure(FailureKind::Spawn, "The step names no shell".to_owned(), None));
    };
    let folder = desk.job.folder.join(script.cwd);
    let program = Program {
        name: shell,
        arguments: arguments.iter().map(String::as_str).chain([script.text]).collect(),
        env: script.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        secrets: script.secrets,
        folder: &folder,
        stdin: Stdio::null(),
        terminal: script.pty,
    };
    let finished = desk
        .run(program, script.expects, std::future::pending())
        .await
        .map_err(|why| failure(FailureKind::Spawn, why, None))?;
    let done =
        |code: i32| if script.done_exits.is_empty() { code == 0 } else { script.done_exits.contains(&code) };
    if let Some(code) = finished.status.code().filter(|code| done(*code)) {
        return outcome(&finished, code, script.expects);
    }
    let message = quoting(format!("{}{}", how(finished.status), finished.remarks), &finished.text);
    Err(failure(FailureKind::Exit, message, finished.status.code()))
}

/// What came out of a command that ended well, if it says what is expected.
pub fn outcome(finished: &Finished, code: i32, expects: Option<&str>) -> Result<Outcome, Failure> {
    if let Some(expects) = expects.filter(|_| !finished.reading.met) {
        let message = quoting(values::not_met(expects), &finished.text);
        return Err(failure(FailureKind::Expectation, message, Some(code)));
    }
    let word = if finished.lines == 1 { "line" } else { "lines" };
    let text = format!("exit {code}, {} {word}{}", finished.lines, finished.remarks);
    Ok(Outcome {
        evidence: vec![Evidence { kind: EvidenceKind::Output, text }],
        outputs: values::outputs(Some(code), &finished.text, finished.lines, &finished.reading),
        ..Outcome::default()
    })
}

pub fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}{}", signal_name(signal)),
        (None, None) => status.to_string(),
    }
}

pub fn failure(kind: FailureKind, message: String, exit: Option<i32>) -> Failure {
    Failure { kind, message, exit }
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
