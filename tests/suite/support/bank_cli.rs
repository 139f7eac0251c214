//! A place to run the bank's own workflows by the command line: a git project, stand-ins for the tools and the agents
//! that cannot be here, and the engine that finds them first.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mwtui::client::Client;

use super::Home;
use super::cli::{Said, git, say};

/// Nothing of the developer's, and the stand-ins before everything else.
const ENVIRONMENT: &str = r#"
PATH="$(dirname "$0")/bin:$PATH" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export PATH GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM
"#;

pub struct Bench {
    pub home: Home,
    /// Keeps the engine that has the environment.
    _client: Client,
}

impl Bench {
    /// With programs for the agents of these names: each is this script, which has the prompt on its standard
    /// input and its name in `MWTUI_AGENT`.
    pub async fn new(agents: &[&str], script: &str) -> Self {
        let home = Home::launched_by(ENVIRONMENT);
        let bin = home.project.with_file_name("bin");
        std::fs::create_dir(&bin).expect("the stand-ins' folder");
        program(&bin.join("agent"), script);
        let command = serde_json::json!([bin.join("agent")]);
        let tables = agents.iter().map(|name| format!("[agents.{name}]\ncommand = {command}\n"));
        std::fs::write(home.paths.config_file(), tables.collect::<String>()).expect("the settings");
        git(&home);
        let client = home.client().await;
        Self { home, _client: client }
    }

    /// A program that is found before any other of its name.
    pub fn tool(&self, name: &str, script: &str) {
        program(&self.home.project.with_file_name("bin").join(name), script);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.project.join(name)
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// What the stand-ins wrote down beside the project.
    pub fn noted(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.project.with_file_name(name)).unwrap_or_default()
    }

    pub fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("mkdir");
        std::fs::write(path, text).expect(name);
    }

    #[track_caller]
    pub fn git(&self, words: &[&str]) {
        let said = self.command("git", words);
        assert!(said.status.success(), "git {words:?}: {said:?}");
    }

    /// A program of the system in the project, ended at once; one that is not there ends as a shell would say it.
    #[expect(clippy::disallowed_methods, reason = "a test's own tools, waited for at once")]
    pub fn command(&self, name: &str, words: &[&str]) -> Output {
        Command::new(name)
            .args(words)
            .current_dir(&self.home.project)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap_or_else(|e| Output {
                status: std::os::unix::process::ExitStatusExt::from_raw(127 << 8),
                stdout: Vec::new(),
                stderr: format!("{name}: {e}").into_bytes(),
            })
    }

    /// Says something to the newest run, then waits until it has ended or needs somebody again.
    #[track_caller]
    pub fn then(&self, words: &[&str]) -> Said {
        say(&self.home, words).ok_or_waiting();
        say(&self.home, &["walk", "last", "--no-input"])
    }
}

impl Said {
    /// The same, where it ended well or at somebody's prompt.
    #[track_caller]
    pub fn ok_or_waiting(self) -> Self {
        assert!(matches!(self.code, 0 | 7), "{self:?}");
        self
    }
}

fn program(path: &Path, script: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).expect("the stand-in");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("executable");
}
