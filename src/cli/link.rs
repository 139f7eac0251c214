//! Typed calls to the engine: what each request answers, or an error that says otherwise.

use crate::base::{Error, Paths, Result, RunId, SessionId, StepId};
use crate::client::Client;
use crate::protocol::{ClientKind, EngineStatus, OutputChunk, OutputRange, Request, Response, Start};
use crate::run::{
    Event, Export, PrerequisiteResult, Run, RunFilter, RunSummary, Session, SessionRecord, Verb,
};

/// A connection to the engine.
pub struct Link {
    pub client: Client,
}

fn unexpected(response: &Response) -> Error {
    tracing::debug!(?response, "an answer of the wrong kind");
    Error::internal("The engine gave an answer of another kind than was asked for")
        .cause("Client and engine may be of different versions")
        .hint("mwtui engine stop, then try again")
}

macro_rules! answer {
    ($call:expr, $kind:ident) => {
        match $call.await? {
            Response::$kind(value) => Ok(value),
            other => Err(unexpected(&other)),
        }
    };
    (boxed $call:expr, $kind:ident) => {
        match $call.await? {
            Response::$kind(value) => Ok(*value),
            other => Err(unexpected(&other)),
        }
    };
}

impl Link {
    /// Connects to the engine, starting it where none runs.
    pub async fn connect(paths: &Paths) -> Result<Self> {
        Ok(Self { client: Client::connect(paths, ClientKind::Cli).await? })
    }

    /// `last`, a whole id, or a unique prefix of one.
    pub async fn find_run(&self, text: &str) -> Result<RunId> {
        answer!(self.client.call(Request::FindRun { prefix: text.to_owned() }), RunId)
    }

    pub async fn run(&self, run: &RunId) -> Result<Run> {
        answer!(boxed self.client.call(Request::Run { run: run.clone() }), Run)
    }

    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunSummary>> {
        answer!(self.client.call(Request::Runs { filter }), Runs)
    }

    pub async fn act(&self, run: &RunId, verb: Verb) -> Result<RunSummary> {
        tracing::info!(run = run.as_str(), verb = verb.name(), "asked");
        answer!(boxed self.client.call(Request::Act { run: run.clone(), verb }), Summary)
    }

    pub async fn start(&self, start: Start) -> Result<RunSummary> {
        tracing::info!(workflow = start.workflow.as_str(), folder = start.folder, "start asked");
        answer!(boxed self.client.call(Request::Start(Box::new(start))), Summary)
    }

    pub async fn prerequisites(
        &self,
        workflow: &crate::base::WorkflowId,
        digest: &str,
        folder: String,
    ) -> Result<Vec<PrerequisiteResult>> {
        let request =
            Request::CheckPrerequisites { workflow: workflow.clone(), digest: digest.to_owned(), folder };
        answer!(self.client.call(request), Prerequisites)
    }

    /// Events after `after`, oldest first, a bounded number of them.
    pub async fn events(&self, run: &RunId, after: u64) -> Result<Vec<Event>> {
        answer!(self.client.call(Request::Events { run: run.clone(), after }), Events)
    }

    pub async fn output(
        &self,
        run: &RunId,
        step: &StepId,
        attempt: u32,
        range: OutputRange,
    ) -> Result<OutputChunk> {
        let request =
            Request::Output { run: run.clone(), step: step.clone(), attempt: Some(attempt), range };
        answer!(self.client.call(request), Output)
    }

    /// The open session of this person in this folder, opened if there is none.
    pub async fn open_session(&self, folder: String) -> Result<Session> {
        answer!(self.client.call(Request::OpenSession { folder }), Session)
    }

    pub async fn sessions(&self) -> Result<Vec<Session>> {
        answer!(self.client.call(Request::Sessions), Sessions)
    }

    /// `current`, `last`, a whole id, or a unique prefix of one.
    pub async fn find_session(&self, text: &str, folder: String) -> Result<Session> {
        answer!(self.client.call(Request::FindSession { prefix: text.to_owned(), folder }), Session)
    }

    pub async fn session_record(&self, session: &SessionId) -> Result<SessionRecord> {
        answer!(boxed self.client.call(Request::SessionRecord { session: session.clone() }), SessionRecord)
    }

    /// A request whose answer is the session after it, or nothing worth telling.
    pub async fn change_session(&self, request: Request) -> Result<Option<Session>> {
        match self.client.call(request).await? {
            Response::Session(session) => Ok(Some(session)),
            Response::Done => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn export(
        &self,
        session: &SessionId,
        path: String,
        text: String,
        replace: bool,
    ) -> Result<Export> {
        let request = Request::ExportSummary { session: session.clone(), path, text, replace };
        answer!(self.client.call(request), Exported)
    }

    pub async fn engine_status(&self) -> Result<EngineStatus> {
        answer!(self.client.call(Request::EngineStatus), EngineStatus)
    }
}
