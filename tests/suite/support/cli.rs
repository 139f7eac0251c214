//! The command line under test: what was said, what came back, and a git project to say it in.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Home;

/// What one command printed and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The same, once it has ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// The one object that was printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"));
        assert_eq!(value["schema_version"], 1, "{self:?}");
        value
    }

    /// One object a line.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }
}

/// Runs the binary in the home's project, without a terminal.
#[track_caller]
pub fn say(home: &Home, words: &[&str]) -> Said {
    say_with(home, words, "")
}

/// The same, with something on standard input.
#[track_caller]
pub fn say_with(home: &Home, words: &[&str], input: &str) -> Said {
    say_by(home.command(), words, input)
}

/// The same, by a command that has an environment of its own.
#[track_caller]
pub fn say_by(mut command: Command, words: &[&str], input: &str) -> Said {
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that does not read may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Makes the home's project a git working tree with one commit.
#[expect(clippy::disallowed_methods, reason = "a test's own git, waited for at once")]
pub fn git(home: &Home) {
    for words in [
        &["init", "-q", "-b", "main"][..],
        &["config", "user.email", "ana@example.org"],
        &["config", "user.name", "Ana"],
        &["commit", "-q", "--allow-empty", "-m", "Begin the shop"],
    ] {
        let status = Command::new("git")
            .args(words)
            .current_dir(&home.project)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .status()
            .expect("git is there");
        assert!(status.success(), "git {words:?}");
    }
}
