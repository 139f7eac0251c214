//! The connection to the engine as commands use it: borrowed ids, what was asked in the log,
//! and waiting for something to change.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::mpsc::Receiver;

use crate::base::{Actor, Error, Paths, Result, RunId, Secret, SessionId, StepId, WorkflowId};
use crate::cli::find::Meant;
use crate::client::Client;
use crate::matching::{Chosen, Memory, Offered, Opinion, Question};
use crate::protocol::upkeep::{Backup, Examination};
use crate::protocol::{
    ClientKind, Difference, EngineStatus, MoveOver, OptionsOf, OutputChunk, OutputRange, Start, Update,
};
use crate::run::{
    Event, Export, PrerequisiteResult, Run, RunFilter, RunStatus, RunSummary, Session, SessionRecord,
    SubjectState, Verb, summarise,
};

/// How long a short step is waited for after a verb.
const SETTLE: Duration = Duration::from_secs(2);

/// A connection to the engine.
pub struct Link {
    client: Client,
}

impl Link {
    /// Connects to the engine, starting it where none runs.
    pub async fn connect(paths: &Paths) -> Result<Self> {
        Ok(Self { client: Client::connect(paths, ClientKind::Cli).await? })
    }

    /// Connects to the engine that runs; starts none.
    pub async fn existing(paths: &Paths) -> Result<Option<Self>> {
        Ok(Client::connect_existing(paths, ClientKind::Cli).await?.map(|client| Self { client }))
    }

    /// How the run's version differs from its workflow's file now.
    pub async fn difference(&self, run: &RunId, inputs: Map<String, Value>) -> Result<Difference> {
        self.client.difference(run.clone(), inputs).await
    }

    pub async fn move_over(&self, request: MoveOver) -> Result<RunSummary> {
        tracing::info!(run = request.run.as_str(), digest = request.digest, "asked to move over");
        self.client.move_over(request).await
    }

    /// Who the engine takes this command for.
    pub fn actor(&self) -> &Actor {
        &self.client.engine().actor
    }

    /// `last`, a whole id, or a unique prefix of one.
    pub async fn find_run(&self, text: &str) -> Result<RunId> {
        self.client.find_run(text).await
    }

    pub async fn run(&self, run: &RunId) -> Result<Run> {
        self.client.run(run.clone()).await
    }

    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunSummary>> {
        self.client.runs(filter).await
    }

    /// Names that are known for the inputs of each workflow.
    pub async fn offered(&self) -> Result<BTreeMap<WorkflowId, Offered>> {
        self.client.offered().await
    }

    pub async fn act(&self, run: &RunId, verb: Verb) -> Result<RunSummary> {
        tracing::info!(run = run.as_str(), verb = verb.name(), "asked");
        self.client.act(run.clone(), verb).await
    }

    /// The same, and then waits a moment for short steps, so that what is told is where the run
    /// stands rather than what it was about to do.
    pub async fn act_and_settle(&self, run: &RunId, verb: Verb) -> Result<RunSummary> {
        self.act_in(run, run, verb).await
    }

    /// The same for what is meant in a run or in a child run of it.
    pub async fn act_on(&self, meant: &Meant, verb: Verb) -> Result<RunSummary> {
        self.act_in(&meant.root, meant.run.id(), verb).await
    }

    /// Says it to `target`, `run` or a child of it, and tells how `run` stands then.
    pub async fn act_in(&self, run: &RunId, target: &RunId, verb: Verb) -> Result<RunSummary> {
        let mut updates = self.updates().await?;
        let mut summary = self.act(target, verb).await?;
        if run != target {
            summary = summarise(&self.run(run).await?);
        }
        let until = tokio::time::Instant::now() + SETTLE;
        while summary.status == RunStatus::Running
            && tokio::time::timeout_at(until, updates.run_changed(run))
                .await
                .is_ok_and(|changed| changed.is_ok())
        {
            summary = summarise(&self.run(run).await?);
        }
        Ok(summary)
    }

    pub async fn start(&self, start: Start) -> Result<RunSummary> {
        tracing::info!(workflow = start.workflow.as_str(), folder = start.folder, "start asked");
        self.client.start(start).await
    }

    /// What the command of a question prints, with the answers so far.
    pub async fn options(
        &self,
        of: &OptionsOf,
        field: &str,
        values: &Map<String, Value>,
    ) -> Result<Vec<String>> {
        self.client.options(of.clone(), field, values.clone()).await
    }

    /// The reference by which the engine knows a secret that was typed.
    pub async fn keep_secret(&self, secret: Secret) -> Result<String> {
        self.client.keep_secret(secret).await
    }

    /// Gives a run one of its secrets again.
    pub async fn give_secret(&self, run: &RunId, reference: String, secret: Secret) -> Result<()> {
        tracing::info!(run = run.as_str(), "secret given");
        self.client.give_secret(run.clone(), reference, secret).await
    }

    /// A new run from a step of an old one.
    pub async fn fork(&self, run: &RunId, from: StepId, inputs: Map<String, Value>) -> Result<RunSummary> {
        tracing::info!(run = run.as_str(), from = from.as_str(), "fork asked");
        self.client.fork(run.clone(), from, inputs).await
    }

    pub async fn subjects(&self, folder: String) -> Result<Vec<SubjectState>> {
        self.client.subjects(folder).await
    }

    /// A person's word about the state of a subject.
    pub async fn set_subject(
        &self,
        folder: String,
        name: &str,
        state: Option<String>,
        reason: String,
    ) -> Result<Vec<SubjectState>> {
        tracing::info!(subject = name, ?state, "subject set");
        self.client.set_subject(folder, name.to_owned(), state, reason).await
    }

    pub async fn prerequisites(
        &self,
        workflow: &WorkflowId,
        digest: &str,
        folder: String,
    ) -> Result<Vec<PrerequisiteResult>> {
        self.client.check_prerequisites(workflow.clone(), digest.to_owned(), folder).await
    }

    /// Events after `after`, oldest first, a bounded number of them.
    pub async fn events(&self, run: &RunId, after: u64) -> Result<Vec<Event>> {
        self.client.events(run.clone(), after).await
    }

    pub async fn output(
        &self,
        run: &RunId,
        step: &StepId,
        attempt: u32,
        range: OutputRange,
    ) -> Result<OutputChunk> {
        self.client.output(run.clone(), step.clone(), Some(attempt), range).await
    }

    /// The open session of this person in this folder, opened if there is none.
    pub async fn open_session(&self, folder: String) -> Result<Session> {
        self.client.open_session(folder).await
    }

    pub async fn sessions(&self) -> Result<Vec<Session>> {
        self.client.sessions().await
    }

    /// `current`, `last`, a name, a whole id, or a unique prefix of one.
    pub async fn find_session(&self, text: &str, folder: String) -> Result<Session> {
        self.client.find_session(text, folder).await
    }

    pub async fn session_record(&self, session: &SessionId) -> Result<SessionRecord> {
        self.client.session_record(session.clone()).await
    }

    pub async fn note_session(&self, session: &SessionId, text: String) -> Result<Session> {
        self.client.note_session(session.clone(), text).await
    }

    pub async fn rename_session(&self, session: &SessionId, name: String) -> Result<Session> {
        self.client.rename_session(session.clone(), name).await
    }

    pub async fn end_session(&self, session: &SessionId) -> Result<Session> {
        self.client.end_session(session.clone()).await
    }

    pub async fn export(
        &self,
        session: &SessionId,
        path: String,
        text: String,
        replace: bool,
    ) -> Result<Export> {
        self.client.export_summary(session.clone(), path, text, replace).await
    }

    /// A person chose this workflow for the phrase, and it was started.
    pub async fn learn(
        &self,
        phrase: &str,
        workflow: &WorkflowId,
        how: Chosen,
        folder: String,
    ) -> Result<()> {
        tracing::info!(workflow = workflow.as_str(), ?how, "learn asked");
        self.client.learn(phrase, workflow.clone(), how, folder).await
    }

    /// A person said this, and no workflow fits it.
    pub async fn miss(&self, phrase: &str, folder: String) -> Result<()> {
        self.client.miss(phrase, folder).await
    }

    pub async fn learned(&self) -> Result<Memory> {
        self.client.learned().await
    }

    /// One phrase or, without one, all that count in this folder; how many were forgotten.
    pub async fn forget(&self, phrase: Option<&str>, folder: String) -> Result<u32> {
        tracing::info!(all = phrase.is_none(), "forget asked");
        self.client.forget(phrase.map(str::to_owned), folder).await
    }

    /// What the second opinion of the settings says. A command asks once: its end ends the question.
    pub async fn opinion(&self, question: Question) -> Result<Opinion> {
        self.client.opinion(1, question).await
    }

    pub async fn backup(&self, path: Option<String>) -> Result<Backup> {
        tracing::info!(?path, "backup asked");
        self.client.backup(path).await
    }

    pub async fn examine(&self) -> Result<Examination> {
        self.client.examine().await
    }

    pub async fn engine_status(&self) -> Result<EngineStatus> {
        self.client.engine_status().await
    }

    /// Everything that changes from now on. Ask for it before reading what may change.
    pub async fn updates(&self) -> Result<Updates> {
        Ok(Updates { receiver: self.client.subscribe().await? })
    }
}

/// What the engine tells by itself.
pub struct Updates {
    receiver: Receiver<Update>,
}

impl Updates {
    /// Waits until something of this run has changed, or may have.
    pub async fn run_changed(&mut self, id: &RunId) -> Result<()> {
        self.any_changed(std::slice::from_ref(id)).await
    }

    /// The same for any of these, and for every run that one of them started.
    pub async fn any_changed(&mut self, ids: &[RunId]) -> Result<()> {
        self.until(|update| match update {
            Update::Run { summary, .. } => {
                ids.contains(&summary.run) || summary.parent.as_ref().is_some_and(|p| ids.contains(p))
            }
            Update::Output { run, .. } => ids.contains(run),
            _ => false,
        })
        .await
    }

    /// Waits until this session has changed, or may have.
    pub async fn session_changed(&mut self, id: &SessionId) -> Result<()> {
        self.until(|update| matches!(update, Update::Session(session) if &session.id == id)).await
    }

    /// Takes what has come in the meantime with it, so that one look tells it all.
    async fn until(&mut self, mine: impl Fn(&Update) -> bool) -> Result<()> {
        let gone = || {
            Error::internal("The engine has ended")
                .cause("Nothing is lost: what it had acknowledged is in its journal")
                .hint("mwtui runs starts it again and shows where the runs stand")
        };
        loop {
            match self.receiver.recv().await {
                None | Some(Update::Stopping) => return Err(gone()),
                Some(update) if matches!(update, Update::Missed) || mine(&update) => break,
                Some(_) => {}
            }
        }
        while let Ok(update) = self.receiver.try_recv() {
            if matches!(update, Update::Stopping) {
                return Err(gone());
            }
        }
        Ok(())
    }
}
