//! What tests of the whole program share: a home and a project of their own, the real binary,
//! waiting on conditions, and the certainty that nothing is left running afterwards.

#![allow(dead_code, reason = "not every test file uses all of it")]

pub mod bank;
pub mod bank_cli;
pub mod cli;
pub mod mcp_server;
pub mod terminal;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mwtui::base::{Paths, RunId, StepId};
use mwtui::client::Client;
use mwtui::protocol::{ClientKind, OutputRange, Start};
use mwtui::run::{Run, RunStatus, RunSummary};
use mwtui::workflow::Registry;
use serde_json::{Map, Value};

/// A generous limit for anything that is waited for; nothing takes this long unless it is broken.
const LIMIT: Duration = Duration::from_secs(60);
const BREATH: Duration = Duration::from_millis(10);

/// The binary under test.
pub fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_mwtui"))
}

/// A home folder and a project folder in the system's temporary folder. Dropping it ends its
/// engine and every process that knows of it.
pub struct Home {
    folder: tempfile::TempDir,
    pub paths: Paths,
    /// Where runs are started.
    pub project: PathBuf,
    /// Starts the binary with the environment that this home wants.
    launcher: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        Self::with_environment(&[])
    }

    /// With further environment for the engine.
    pub fn with_environment(environment: &[(&str, &str)]) -> Self {
        let assignments: Vec<String> =
            environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        Self::launched_by(&assignments.concat())
    }

    /// With lines of shell that come before the engine.
    pub fn launched_by(lines: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("mwtui-test-").tempdir().expect("a temporary folder");
        let paths = Paths::under(&folder.path().join("home"));
        paths.create().expect("the folders of the home");
        std::fs::create_dir_all(paths.workflows()).expect("the folder for workflows");
        let project = folder.path().join("project");
        std::fs::create_dir(&project).expect("the project's folder");
        let project = project.canonicalize().expect("the project's real path");
        let launcher = folder.path().join("launch");
        let script = format!("#!/bin/sh\n{lines}\nexec '{}' \"$@\"\n", exe().display());
        std::fs::write(&launcher, script).expect("the launcher");
        std::fs::set_permissions(&launcher, std::fs::Permissions::from_mode(0o755)).expect("executable");
        Self { folder, paths, project, launcher }
    }

    /// Puts the workflows of the process bank's document into the user's folder, as plain as they stand there.
    pub fn plain_bank(&self) {
        let bank = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bank");
        for entry in std::fs::read_dir(bank).expect("the bank") {
            let file = entry.expect("a file").path();
            std::fs::copy(&file, self.paths.workflows().join(file.file_name().expect("a name")))
                .expect("copied");
        }
    }

    /// Puts a workflow into the user's folder.
    pub fn workflow(&self, id: &str, steps: &str) {
        self.workflow_with(id, "", steps);
    }

    /// With further keys before `steps`.
    pub fn workflow_with(&self, id: &str, keys: &str, steps: &str) {
        let text = format!(
            "id: {id}\nname: Test {id}\nversion: 1\nstatus: active\ntrigger_phrases: [run the test {id}]\nscope: Used by a test alone\n{keys}\nsteps:\n{steps}\n"
        );
        std::fs::write(self.paths.workflows().join(format!("{id}.yaml")), text).expect("the workflow file");
    }

    /// The binary with this home, with nothing of the developer's own.
    pub fn command(&self) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the program under test")]
        let mut command = Command::new(exe());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("MWTUI_HOME", self.home())
            .current_dir(&self.project);
        command
    }

    pub fn home(&self) -> &Path {
        self.paths.home.as_deref().expect("made with a home")
    }

    /// A command line's connection; starts the engine where there is none.
    pub async fn client(&self) -> Client {
        self.client_as(ClientKind::Cli).await
    }

    pub async fn client_as(&self, kind: ClientKind) -> Client {
        Client::connect_with(&self.paths, kind, &self.launcher).await.expect("an engine to talk to")
    }

    pub fn launcher(&self) -> &Path {
        &self.launcher
    }

    /// A start of a workflow as somebody who has just looked at it would ask for it.
    pub fn start(&self, id: &str) -> Start {
        self.start_with(id, &[])
    }

    pub fn start_with(&self, id: &str, inputs: &[(&str, Value)]) -> Start {
        let registry = Registry::load(&self.paths, &self.project);
        let id = mwtui::base::WorkflowId::new(id);
        let entry = registry.get(&id).unwrap_or_else(|| panic!("{id} is not in {registry:#?}"));
        let inputs = inputs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect::<Map<_, _>>();
        let workflow = entry.workflow().expect("it is loaded");
        Start {
            workflow: id,
            digest: entry.digest.clone(),
            folder: self.project.to_string_lossy().into_owned(),
            env: mwtui::client::named_environment(workflow),
            secrets: mwtui::client::named_secrets(workflow, &inputs),
            inputs,
            phrase: None,
            prerequisites: Vec::new(),
            subject: None,
            step_through: false,
            breakpoints: Vec::new(),
        }
    }

    /// Processes, this test's own aside, that name this home or its project, in their arguments
    /// or their environment: engines and the commands of steps.
    pub fn processes(&self) -> Vec<u32> {
        let needle = self.folder.path().as_os_str().as_encoded_bytes();
        let holds = |file: PathBuf| {
            std::fs::read(file).is_ok_and(|text| text.windows(needle.len()).any(|part| part == needle))
        };
        let Ok(all) = std::fs::read_dir("/proc") else { return Vec::new() };
        all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| *pid != std::process::id())
            .filter(|pid| {
                let process = PathBuf::from(format!("/proc/{pid}"));
                holds(process.join("cmdline")) || holds(process.join("environ"))
            })
            .collect()
    }

    /// Engines of this home that are alive.
    pub fn engines(&self) -> Vec<u32> {
        self.processes().into_iter().filter(|pid| is_ours(*pid, "engine")).collect()
    }

    /// What steps of this home have started and is alive.
    pub fn scripts(&self) -> Vec<u32> {
        let is_script = |pid: &u32| !is_ours(*pid, "engine") && !is_ours(*pid, "drain");
        self.processes().into_iter().filter(is_script).collect()
    }
}

/// Whether a process is the program with this subcommand.
fn is_ours(pid: u32, subcommand: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|text| {
        let mut words = text.split(|b| *b == 0);
        words.next().is_some_and(|w| w.ends_with(b"mwtui")) && words.next() == Some(subcommand.as_bytes())
    })
}

impl Drop for Home {
    fn drop(&mut self) {
        let until = Instant::now() + LIMIT;
        // Engines first, so that nothing is started meanwhile.
        while !self.processes().is_empty() && Instant::now() < until {
            let engines = self.engines();
            let victims = if engines.is_empty() { self.processes() } else { engines };
            victims.into_iter().for_each(kill);
            std::thread::sleep(BREATH);
        }
    }
}

/// Ends a process at once, as a power loss would.
pub fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// Whether a process lives; one that only waits to be reaped does not.
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
    })
}

/// Asks again and again until there is an answer; fails with `what` when there never is.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let limit = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < limit, "waited in vain: {what}");
        tokio::time::sleep(BREATH).await;
    }
}

/// The number that a script wrote into a file.
pub async fn pid_in(file: &Path) -> u32 {
    until(&format!("a process id in {}", file.display()), async || {
        std::fs::read_to_string(file).ok()?.trim().parse().ok()
    })
    .await
}

/// The run, once it has this status.
pub async fn run_is(client: &Client, run: &RunId, status: RunStatus) -> Run {
    until(&format!("run {run} {}", status.word()), async || {
        let now = client.run(run.clone()).await.expect("the run is there");
        assert!(
            now.status() == status || !now.is_ended(),
            "the run has ended {}: {now:#?}",
            now.status().word()
        );
        (now.status() == status).then_some(now)
    })
    .await
}

pub async fn ended(client: &Client, started: &RunSummary) -> Run {
    until(&format!("run {} ended", started.run), async || {
        client.run(started.run.clone()).await.ok().filter(Run::is_ended)
    })
    .await
}

/// The whole output of a step so far.
pub async fn output(client: &Client, run: &RunId, step: &str) -> String {
    let range = OutputRange::From { offset: 0, bytes: u32::MAX };
    client.output(run.clone(), StepId::new(step), None, range).await.expect("output").text
}
