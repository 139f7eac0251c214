//! Secrets: the values that the engine was given, in its memory alone, and looking one up at the
//! moment a step needs it. The only place where a reference becomes a value.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;

use crate::base::secret::SECRET_LIMIT;
use crate::base::{RunId, Secret};
use crate::exec::command::{self, Wanted};
use crate::exec::run::how;
use crate::exec::{Job, blocking};
use crate::run::{Failure, FailureKind};
use crate::workflow::Reference;

/// How long a command may take that prints a secret.
const LIMIT: Duration = Duration::from_secs(10);

/// Typed secrets that no run has taken yet: of a form that was left, the oldest go.
const UNTAKEN: usize = 100;

/// A variable of a step's environment, and the secret that it gets.
pub type Given = (String, Secret);

/// What was given to this engine. Nothing of it is ever written down.
#[derive(Default)]
pub struct Vault {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Typed, and not yet of any run.
    untaken: VecDeque<(Reference, Secret)>,
    given: HashMap<RunId, HashMap<Reference, Secret>>,
}

impl Vault {
    /// Keeps what a person typed until a run takes it.
    pub fn keep(&self, reference: Reference, secret: Secret) {
        let mut held = self.held();
        if held.untaken.len() >= UNTAKEN {
            held.untaken.pop_front();
        }
        held.untaken.push_back((reference, secret));
    }

    /// Gives a run the value of one of its secrets.
    pub fn give(&self, run: &RunId, reference: Reference, secret: Secret) {
        self.held().given.entry(run.clone()).or_default().insert(reference, secret);
    }

    /// Gives a run what was typed for it.
    pub fn take(&self, run: &RunId, references: impl IntoIterator<Item = Reference>) {
        let mut held = self.held();
        for reference in references {
            let at = held.untaken.iter().position(|(kept, _)| *kept == reference);
            if let Some((reference, secret)) = at.and_then(|at| held.untaken.remove(at)) {
                held.given.entry(run.clone()).or_default().insert(reference, secret);
            }
        }
    }

    /// Gives a run all that another one has, as far as that lives.
    pub fn inherit(&self, from: &RunId, to: &RunId) {
        let mut held = self.held();
        if let Some(given) = held.given.get(from).cloned() {
            held.given.entry(to.clone()).or_default().extend(given);
        }
    }

    /// Forgets all that a run was given.
    pub fn forget(&self, run: &RunId) {
        self.held().given.remove(run);
    }

    /// Whether a run has something that would be lost with this engine.
    pub fn holds_any(&self) -> bool {
        !self.held().given.is_empty()
    }

    fn given(&self, run: &RunId, reference: &Reference) -> Option<Secret> {
        self.held().given.get(run)?.get(reference).cloned()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The values of a step's secret variables, or which of them cannot be had, and why.
    pub async fn resolve(
        &self,
        job: &Job,
        secrets: &IndexMap<String, String>,
    ) -> Result<Vec<Given>, Failure> {
        let mut resolved = Vec::new();
        for (variable, reference) in secrets {
            let value = match Reference::parse(reference) {
                Ok(reference) => self.value(job, &reference).await,
                Err(why) => Err(why),
            };
            let fail = |why: String| Failure {
                kind: FailureKind::Secret,
                message: format!("The secret for {variable} cannot be had: {why}"),
                exit: None,
            };
            let value = value.map_err(fail)?;
            if value.reveal().contains('\0') {
                return Err(fail("it holds a NUL byte, which no variable can".to_owned()));
            }
            resolved.push((variable.clone(), value));
        }
        Ok(resolved)
    }

    async fn value(&self, job: &Job, reference: &Reference) -> Result<Secret, String> {
        if let Some(secret) = self.given(&job.run, reference) {
            return Ok(secret);
        }
        match reference {
            Reference::Env(name) => std::env::var(name).map(Secret::new).map_err(|_| {
                format!(
                    "the variable {name} is not set where the run was started; give it with `mwtui secret`"
                )
            }),
            Reference::File(path) => {
                let file = in_folder(&job.folder, path);
                blocking(move || read(&file)).await
            }
            Reference::Command(command) => print(command, job).await,
            Reference::Typed(_) => {
                Err("it was typed, and the engine that knew it has ended; give it again with `mwtui secret`"
                    .to_owned())
            }
        }
    }
}

/// `~/` is the home folder.
fn in_folder(folder: &Path, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

fn read(file: &Path) -> Result<Secret, String> {
    use std::io::Read as _;
    let named = file.display();
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|open| open.take(SECRET_LIMIT as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| format!("the file {named} cannot be read: {e}"))?;
    text(bytes, &format!("the file {named}"))
}

async fn print(command: &str, job: &Job) -> Result<Secret, String> {
    let wanted = Wanted {
        command,
        folder: &job.folder,
        environment: &job.environment,
        within: LIMIT,
        room: SECRET_LIMIT + 1,
    };
    let printed = command::run(&wanted).await.map_err(|e| format!("its command cannot be run: {e}"))?;
    // What it printed is not quoted: it may be the secret.
    match printed.status {
        None => Err(format!("its command gave no answer within {} s", LIMIT.as_secs())),
        Some(status) if !status.success() => Err(format!("its command failed: {}", how(status))),
        Some(_) => text(printed.output, "what its command prints"),
    }
}

/// Without the line's end that editors and `echo` leave.
fn text(bytes: Vec<u8>, what: &str) -> Result<Secret, String> {
    if bytes.len() > SECRET_LIMIT {
        return Err(format!("{what} is longer than {} KiB", SECRET_LIMIT / 1024));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{what} is no UTF-8"))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() { Err(format!("{what} is empty")) } else { Ok(Secret::new(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StepId;
    use crate::run::Work;

    fn job(run: &str, folder: &Path) -> Job {
        Job {
            run: RunId::new(run),
            step: StepId::new("deploy"),
            attempt: 1,
            work: Work::Unresolved,
            folder: folder.to_owned(),
            environment: Vec::new(),
        }
    }

    async fn resolve(vault: &Vault, job: &Job, reference: &str) -> Result<String, String> {
        let secrets = IndexMap::from([("TOKEN".to_owned(), reference.to_owned())]);
        let resolved = vault.resolve(job, &secrets).await.map_err(|f| f.message)?;
        Ok(resolved[0].1.reveal().to_owned())
    }

    #[tokio::test]
    async fn each_kind_of_reference_gives_its_value() {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::write(dir.path().join("token"), "from-a-file\n").expect("write");
        let (vault, job) = (Vault::default(), job("7f3a", dir.path()));
        assert_eq!(resolve(&vault, &job, "file:token").await, Ok("from-a-file".to_owned()));
        assert_eq!(resolve(&vault, &job, "command:cat token; true").await, Ok("from-a-file".to_owned()));
        assert_eq!(resolve(&vault, &job, "env:PATH").await, std::env::var("PATH").map_err(|e| e.to_string()));
    }

    #[tokio::test]
    async fn what_cannot_be_had_says_which_variable_and_why() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (vault, job) = (Vault::default(), job("7f3a", dir.path()));
        for (reference, part) in [
            ("env:MWTUI_TEST_NO_SUCH", "the variable MWTUI_TEST_NO_SUCH is not set"),
            ("file:nowhere", "cannot be read"),
            ("command:echo hush; exit 4", "its command failed: exit 4"),
            ("command:true", "is empty"),
            ("typed:7f", "it was typed"),
            ("hush", "a secret is env:NAME"),
        ] {
            let error = resolve(&vault, &job, reference).await.expect_err(reference);
            assert!(error.starts_with("The secret for TOKEN cannot be had: "), "{error}");
            assert!(error.contains(part) && !error.contains("hush"), "{error}");
        }
    }

    #[tokio::test]
    async fn what_was_given_is_of_one_run_and_ends_with_it() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (vault, mine, other) = (Vault::default(), job("7f3a", dir.path()), job("91c0", dir.path()));
        let typed = Reference::Typed("ab".into());
        vault.keep(typed.clone(), Secret::new("hush"));
        assert!(resolve(&vault, &mine, "typed:ab").await.is_err(), "no run has taken it");
        assert!(!vault.holds_any());
        vault.take(&mine.run, [typed]);
        vault.give(&mine.run, Reference::Env("PATH".into()), Secret::new("mine"));
        assert_eq!(resolve(&vault, &mine, "typed:ab").await, Ok("hush".to_owned()));
        assert_eq!(resolve(&vault, &mine, "env:PATH").await, Ok("mine".to_owned()));
        assert!(resolve(&vault, &other, "typed:ab").await.is_err());
        assert!(vault.holds_any());
        vault.forget(&mine.run);
        assert!(resolve(&vault, &mine, "typed:ab").await.is_err() && !vault.holds_any());
    }
}
