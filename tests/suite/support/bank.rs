//! Workflows of the bank run to their ends: stand-ins for the programs that cannot be here, a repository with a
//! remote, and what people do.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mwtui::base::StepId;
use mwtui::client::Client;
use mwtui::run::{Evidence, EvidenceKind, Prompt, Run, RunSummary, StepState, StepStatus, Verb};
use serde_json::Value;

use super::{Home, ended, until};

/// A home whose project is a clone of a bare repository, with stand-ins first on the PATH.
pub struct Place {
    pub home: Home,
    folder: tempfile::TempDir,
}

impl Place {
    /// Each stand-in is the body of a script. `$HERE` is a folder of its own, where `NAME.calls` has its
    /// arguments, one call after the other, and `fail NAME` makes it fail where the file `fail-NAME` holds a part of
    /// the call.
    pub fn new(stand_ins: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path().display();
        for (name, body) in stand_ins {
            let script = format!(
                "#!/bin/sh\nHERE='{here}'\nprintf '%s\\n' \"$*\" >> \"$HERE/{name}.calls\"\n\
                 if test -s \"$HERE/{name}.fails\" && case \"$*\" in *\"$(cat \"$HERE/{name}.fails\")\"*) true ;; *) false ;; esac\n\
                 then echo '{name} does not want to' >&2; exit 1; fi\n{body}\n"
            );
            let file = folder.path().join("bin").join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(&file, script).expect("a stand-in");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("executable");
        }
        let path = format!("{here}/bin:{}", std::env::var("PATH").expect("a PATH"));
        let own = format!("{here}/home");
        let home = Home::with_environment(&[
            ("PATH", &path),
            ("HOME", &own),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ]);
        Self { home, folder }
    }

    /// A file of the stand-ins' folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).expect(name);
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// From now on `program` fails where it is called with this; with an empty text it is well again.
    pub fn fails(&self, program: &str, call: &str) {
        self.put(&format!("{program}.fails"), call);
    }

    /// The calls of a stand-in that begin so.
    pub fn calls(&self, program: &str, beginning: &str) -> Vec<String> {
        let calls = self.read(&format!("{program}.calls"));
        calls.lines().filter(|call| call.starts_with(beginning)).map(str::to_owned).collect()
    }

    /// A commit of these files on main, in the project and in its remote; origin is called by `url`, as people see it.
    pub fn repository(&self, url: &str, files: &[(&str, &str)]) {
        let bare = self.file("origin.git");
        let bare = bare.to_str().expect("text");
        let project = &self.home.project;
        for (name, text) in files {
            std::fs::write(project.join(name), text).expect(name);
        }
        self.git(&["init", "-q", "--bare", "-b", "main", bare]);
        self.git(&["init", "-q", "-b", "main"]);
        for (key, value) in [("user.email", "ana@example.org"), ("user.name", "Ana")] {
            self.git(&["config", key, value]);
        }
        self.git(&["config", &format!("url.{bare}.insteadOf"), url]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "Begin the shop"]);
        self.git(&["remote", "add", "origin", url]);
        self.git(&["push", "-q", "origin", "main"]);
    }

    /// What git says in the project.
    #[expect(clippy::disallowed_methods, reason = "a test's own git, waited for at once")]
    pub fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .args(words)
            .current_dir(&self.home.project)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .expect("git is there");
        assert!(output.status.success(), "git {words:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// What git says of the remote.
    pub fn origin(&self, words: &[&str]) -> String {
        let bare = self.file("origin.git");
        let mut all = vec!["--git-dir", bare.to_str().expect("text")];
        all.extend(words);
        self.git(&all)
    }

    pub fn settings(&self, text: &str) {
        std::fs::write(self.home.paths.config_file(), text).expect("the settings");
    }
}

/// A run, and the people who walk it.
pub struct Walk {
    client: Client,
    started: RunSummary,
}

impl Walk {
    pub async fn start(place: &Place, id: &str, inputs: &[(&str, Value)]) -> Self {
        let client = place.home.client().await;
        let start = place.home.start_with(id, inputs);
        let started = client.start(start).await.unwrap_or_else(|e| panic!("{id}: {e:?}"));
        Self { client, started }
    }

    pub async fn run(&self) -> Run {
        self.client.run(self.started.run.clone()).await.expect("the run is there")
    }

    /// The step, once it waits for somebody or has failed so that somebody must decide.
    pub async fn waits(&self, step: &str) -> StepState {
        until(&format!("{step} waits"), async || {
            let run = self.run().await;
            assert!(!run.is_ended(), "it has ended before {step}: {run:#?}");
            let stuck = run.steps.iter().find(|r| {
                r.id.as_str() != step && matches!(&r.state, StepState::Failed { continued: false, .. })
            });
            assert!(stuck.is_none(), "it is stuck before {step}: {stuck:#?}");
            let state = run.record(&StepId::new(step)).map(|(_, record)| record.state.clone())?;
            let waits = match &state {
                StepState::Waiting { on, .. } => !matches!(on, Prompt::Retry { .. }),
                StepState::Failed { continued, .. } => !continued,
                _ => false,
            };
            waits.then_some(state)
        })
        .await
    }

    async fn act(&self, verb: Verb) {
        self.client.act(self.started.run.clone(), verb).await.expect("it is taken");
    }

    pub async fn done(&self, step: &str, evidence: &str) {
        self.waits(step).await;
        let evidence = vec![Evidence { kind: EvidenceKind::Note, text: evidence.to_owned() }];
        self.act(Verb::Done { step: Some(StepId::new(step)), evidence }).await;
    }

    pub async fn answer(&self, step: &str, values: Value) {
        self.waits(step).await;
        let values = values.as_object().expect("a mapping").clone();
        self.act(Verb::Answer { step: Some(StepId::new(step)), values }).await;
    }

    /// What an agent without a command is asked.
    pub async fn prompt(&self, step: &str) -> String {
        match self.waits(step).await {
            StepState::Waiting { on: Prompt::Agent { prompt, .. }, .. } => prompt,
            state => panic!("{step}: {state:#?}"),
        }
    }

    /// Approves, and gives the question.
    pub async fn approve(&self, step: &str) -> String {
        match self.waits(step).await {
            StepState::Waiting { on: Prompt::Approval { question, digest, .. }, .. } => {
                self.act(Verb::Approve { step: Some(StepId::new(step)), digest }).await;
                question
            }
            state => panic!("{step}: {state:#?}"),
        }
    }

    pub async fn reject(&self, step: &str, reason: &str) {
        self.waits(step).await;
        self.act(Verb::Reject { step: Some(StepId::new(step)), reason: reason.to_owned() }).await;
    }

    /// What a step that somebody must decide about has printed.
    pub async fn failed(&self, step: &str) -> String {
        let state = self.waits(step).await;
        assert!(matches!(state, StepState::Failed { .. }), "{step}: {state:#?}");
        self.said(step).await
    }

    pub async fn retry(&self, step: &str) {
        self.act(Verb::Retry { step: Some(StepId::new(step)), edit: None }).await;
    }

    pub async fn back(&self, to: &str) {
        self.act(Verb::Back { to: StepId::new(to), reason: None }).await;
    }

    /// Takes back what a run has done that has ended.
    pub async fn roll_back(&self, reason: &str) {
        self.act(Verb::Rollback { reason: reason.to_owned() }).await;
    }

    pub async fn said(&self, step: &str) -> String {
        super::output(&self.client, &self.started.run, step).await
    }

    /// The run, once it has ended.
    pub async fn end(&self) -> Run {
        until("the run ends", async || {
            let run = self.run().await;
            let stuck = run.steps.iter().find(|r| {
                matches!(&r.state, StepState::Failed { continued: false, .. })
                    || matches!(&r.state, StepState::Waiting { on, .. } if !matches!(on, Prompt::Retry { .. }))
            });
            assert!(run.is_ended() || stuck.is_none(), "it goes no further: {stuck:#?}");
            run.is_ended().then_some(())
        })
        .await;
        ended(&self.client, &self.started).await
    }
}

/// How a step ended.
pub fn status(run: &Run, step: &str) -> StepStatus {
    run.record(&StepId::new(step)).expect(step).1.state.status()
}

/// The only file of a folder.
pub fn only_file(folder: &Path) -> String {
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).expect("a text")
}
