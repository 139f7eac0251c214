//! An `agent` step with a command: persona and prompt go to its standard input, what it prints is its answer.
//! An agent without a command is a prompt for people, and none of this room's.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use crate::config::Agent;
use crate::exec::breakers::Attempt;
use crate::exec::program::{Desk, Program, quoting};
use crate::exec::run::{failure, how, outcome};
use crate::run::{Failure, FailureKind, Outcome};

/// The variable that tells a command which agent it is.
const NAME: &str = "MWTUI_AGENT";

/// What an agent is to do.
pub struct Task<'j> {
    pub agent: &'j Agent,
    /// Empty: the agent's own.
    pub persona: &'j str,
    pub prompt: &'j str,
    pub expects: Option<&'j str>,
}

/// What the command reads: the persona, an empty line, the prompt, one line feed. Without a persona, the prompt alone.
pub fn input(persona: &str, prompt: &str) -> String {
    match (persona.trim(), prompt.trim()) {
        ("", prompt) => format!("{prompt}\n"),
        (persona, prompt) => format!("{persona}\n\n{prompt}\n"),
    }
}

/// Runs it to its end, or until `limit` is over.
pub async fn run(
    desk: &Desk<'_>,
    task: Task<'_>,
    attempt: Attempt<'_>,
    limit: impl Future<Output = ()>,
) -> Result<Outcome, Failure> {
    let Some((program, arguments)) = task.agent.command.split_first() else {
        let message = format!("The agent {} has no command in the settings any more", task.agent.name);
        return Err(failure(FailureKind::Agent, message, None));
    };
    let own = task.agent.persona.as_deref().unwrap_or_default();
    let input = input(if task.persona.trim().is_empty() { own } else { task.persona }, task.prompt);
    let stdin = kept(desk.outputs, &input)
        .map_err(|e| failure(FailureKind::Agent, format!("What it is to read cannot be kept: {e}"), None))?;
    let program = Program {
        name: program,
        arguments: arguments.iter().map(String::as_str).collect(),
        env: vec![(NAME, &task.agent.name)],
        secrets: &[],
        folder: &desk.job.folder,
        stdin: Stdio::from(stdin),
        terminal: false,
    };
    let finished = match desk.run(program, task.expects, limit).await {
        Ok(finished) => finished,
        Err(why) => {
            attempt.failed(&why);
            return Err(failure(FailureKind::Agent, why, None));
        }
    };
    let message = match (finished.late, finished.status.code(), task.agent.within) {
        (true, _, Some(within)) => format!("no answer within {within}{}", finished.remarks),
        (_, Some(0), _) => {
            attempt.answered();
            return outcome(&finished, 0, task.expects);
        }
        _ => format!("{}{}", how(finished.status), finished.remarks),
    };
    let message = quoting(message, &finished.text);
    desk.failed(attempt, &message);
    match finished.status.code().filter(|_| !finished.late) {
        Some(code) => Err(failure(FailureKind::Exit, message, Some(code))),
        None => Err(failure(FailureKind::Agent, message, None)),
    }
}

/// In a file without a name, so that a command may read it when and as slowly as it likes, whether or not the
/// engine lives, and nothing is left of it.
fn kept(outputs: &Path, input: &str) -> std::io::Result<File> {
    let mut file = tempfile::tempfile_in(outputs)?;
    file.write_all(input.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persona_and_prompt_are_two_paragraphs() {
        assert_eq!(
            input("You are calm.\n", "\nFind it.\n\nThen tell.\n"),
            "You are calm.\n\nFind it.\n\nThen tell.\n"
        );
        assert_eq!(input(" ", "Find it."), "Find it.\n");
    }
}
