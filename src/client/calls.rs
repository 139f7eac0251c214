//! The requests as calls: one method a request, with the type of its answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::{Result, RunId, Secret, SessionId, StepId, WorkflowId};
use crate::client::{Client, unexpected};
use crate::matching::{Chosen, Memory, Offered, Opinion, Question};
use crate::protocol::upkeep::{Backup, Examination};
use crate::protocol::{
    Difference, EngineStatus, MoveOver, OptionsOf, OutputChunk, OutputRange, Request, Response, Start,
};
use crate::run::{
    Event, Export, PrerequisiteResult, Run, RunFilter, RunSummary, Session, SessionRecord, SubjectState, Verb,
};

/// Calls, and takes the one answer that fits.
macro_rules! ask {
    ($client:expr, $what:literal, $request:expr, $answer:pat => $value:expr) => {
        match $client.call($request).await? {
            $answer => Ok($value),
            _ => Err(unexpected($what)),
        }
    };
}

impl Client {
    pub async fn check_prerequisites(
        &self,
        workflow: WorkflowId,
        digest: String,
        folder: String,
    ) -> Result<Vec<PrerequisiteResult>> {
        let request = Request::CheckPrerequisites { workflow, digest, folder };
        ask!(self, "check prerequisites", request, Response::Prerequisites(results) => results)
    }

    /// What the command of a question prints, with the answers so far.
    pub async fn options(
        &self,
        of: OptionsOf,
        field: impl Into<String>,
        values: Map<String, Value>,
    ) -> Result<Vec<String>> {
        let request = Request::Options { of, field: field.into(), values };
        ask!(self, "options", request, Response::Options(options) => options)
    }

    /// The reference by which the engine knows a secret that was typed.
    pub async fn keep_secret(&self, secret: Secret) -> Result<String> {
        ask!(self, "keep secret", Request::KeepSecret { secret }, Response::SecretKept(reference) => reference)
    }

    /// Gives a run one of its secrets again.
    pub async fn give_secret(&self, run: RunId, reference: String, secret: Secret) -> Result<()> {
        let request = Request::GiveSecret { run, reference, secret };
        ask!(self, "give secret", request, Response::SecretKept(_) => ())
    }

    /// The run as it is once its start is durable.
    pub async fn start(&self, start: Start) -> Result<RunSummary> {
        ask!(self, "start", Request::Start(Box::new(start)), Response::Summary(summary) => *summary)
    }

    /// The new run, once its start is durable.
    pub async fn fork(&self, run: RunId, from: StepId, inputs: Map<String, Value>) -> Result<RunSummary> {
        ask!(self, "fork", Request::Fork { run, from, inputs }, Response::Summary(summary) => *summary)
    }

    /// How the run's version differs from the file now.
    pub async fn difference(&self, run: RunId, inputs: Map<String, Value>) -> Result<Difference> {
        let request = Request::Difference { run, inputs };
        ask!(self, "difference", request, Response::Difference(difference) => *difference)
    }

    /// The run as it is once the move is durable.
    pub async fn move_over(&self, request: MoveOver) -> Result<RunSummary> {
        let request = Request::MoveOver(Box::new(request));
        ask!(self, "move over", request, Response::Summary(summary) => *summary)
    }

    /// The subjects of this folder's project, by name.
    pub async fn subjects(&self, folder: String) -> Result<Vec<SubjectState>> {
        ask!(self, "subjects", Request::Subjects { folder }, Response::Subjects(subjects) => subjects)
    }

    /// A person's word about a subject; gives it as it is then.
    pub async fn set_subject(
        &self,
        folder: String,
        name: String,
        state: Option<String>,
        reason: String,
    ) -> Result<Vec<SubjectState>> {
        let request = Request::SetSubject { folder, name, state, reason };
        ask!(self, "set subject", request, Response::Subjects(subjects) => subjects)
    }

    /// The run as it is after the verb; of a cancellation, once every process has ended.
    pub async fn act(&self, run: RunId, verb: Verb) -> Result<RunSummary> {
        ask!(self, "act", Request::Act { run, verb }, Response::Summary(summary) => *summary)
    }

    /// `last`, or a unique prefix.
    pub async fn find_run(&self, prefix: impl Into<String>) -> Result<RunId> {
        let request = Request::FindRun { prefix: prefix.into() };
        ask!(self, "find run", request, Response::RunId(run) => run)
    }

    /// Newest first.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunSummary>> {
        ask!(self, "runs", Request::Runs { filter }, Response::Runs(runs) => runs)
    }

    /// Names that are known for the inputs of each workflow.
    pub async fn offered(&self) -> Result<BTreeMap<WorkflowId, Offered>> {
        ask!(self, "offered", Request::Offered, Response::Offered(offered) => offered)
    }

    pub async fn run(&self, run: RunId) -> Result<Run> {
        ask!(self, "run", Request::Run { run }, Response::Run(run) => *run)
    }

    /// Events after `after`, oldest first, at most 1,000.
    pub async fn events(&self, run: RunId, after: u64) -> Result<Vec<Event>> {
        ask!(self, "events", Request::Events { run, after }, Response::Events(events) => events)
    }

    /// At most one mebibyte; `attempt: None` means the latest.
    pub async fn output(
        &self,
        run: RunId,
        step: StepId,
        attempt: Option<u32>,
        range: OutputRange,
    ) -> Result<OutputChunk> {
        let request = Request::Output { run, step, attempt, range };
        ask!(self, "output", request, Response::Output(chunk) => chunk)
    }

    pub async fn open_session(&self, folder: impl Into<String>) -> Result<Session> {
        let request = Request::OpenSession { folder: folder.into() };
        ask!(self, "open session", request, Response::Session(session) => session)
    }

    /// Newest first.
    pub async fn sessions(&self) -> Result<Vec<Session>> {
        ask!(self, "sessions", Request::Sessions, Response::Sessions(sessions) => sessions)
    }

    /// `current` (of the folder's project), `last`, a name, or a unique prefix of an id.
    pub async fn find_session(
        &self,
        prefix: impl Into<String>,
        folder: impl Into<String>,
    ) -> Result<Session> {
        let request = Request::FindSession { prefix: prefix.into(), folder: folder.into() };
        ask!(self, "find session", request, Response::Session(session) => session)
    }

    pub async fn session_record(&self, session: SessionId) -> Result<SessionRecord> {
        let request = Request::SessionRecord { session };
        ask!(self, "session record", request, Response::SessionRecord(record) => *record)
    }

    pub async fn note_session(&self, session: SessionId, text: impl Into<String>) -> Result<Session> {
        let request = Request::NoteSession { session, text: text.into() };
        ask!(self, "note session", request, Response::Session(session) => session)
    }

    pub async fn rename_session(&self, session: SessionId, name: impl Into<String>) -> Result<Session> {
        let request = Request::RenameSession { session, name: name.into() };
        ask!(self, "rename session", request, Response::Session(session) => session)
    }

    pub async fn end_session(&self, session: SessionId) -> Result<Session> {
        ask!(self, "end session", Request::EndSession { session }, Response::Session(session) => session)
    }

    /// `path` is absolute, or relative to the session's folder.
    pub async fn export_summary(
        &self,
        session: SessionId,
        path: impl Into<String>,
        text: impl Into<String>,
        replace: bool,
    ) -> Result<Export> {
        let request = Request::ExportSummary { session, path: path.into(), text: text.into(), replace };
        ask!(self, "export summary", request, Response::Exported(export) => export)
    }

    /// A person chose this workflow for the phrase, and it was started.
    pub async fn learn(
        &self,
        phrase: impl Into<String>,
        workflow: WorkflowId,
        how: Chosen,
        folder: impl Into<String>,
    ) -> Result<()> {
        let request = Request::Learn { phrase: phrase.into(), workflow, how, folder: folder.into() };
        ask!(self, "learn", request, Response::Done => ())
    }

    /// A person said this, and no workflow fits it.
    pub async fn miss(&self, phrase: impl Into<String>, folder: impl Into<String>) -> Result<()> {
        let request = Request::Miss { phrase: phrase.into(), folder: folder.into() };
        ask!(self, "miss", request, Response::Done => ())
    }

    pub async fn learned(&self) -> Result<Memory> {
        ask!(self, "learned", Request::Learned, Response::Memory(memory) => *memory)
    }

    /// One phrase or, without one, all that count in this folder; how many were forgotten.
    pub async fn forget(&self, phrase: Option<String>, folder: impl Into<String>) -> Result<u32> {
        let request = Request::Forget { phrase, folder: folder.into() };
        ask!(self, "forget", request, Response::Forgotten(number) => number)
    }

    /// What the second opinion of the settings says; an error where there is none, or no usable answer.
    /// Dropping the connection ends it. One at a time: the next question ends the one before.
    pub async fn opinion(&self, number: u64, question: Question) -> Result<Opinion> {
        let request = Request::Opinion { number, question: Box::new(question) };
        ask!(self, "opinion", request, Response::Opinion(opinion) => opinion)
    }

    pub async fn cancel_opinion(&self, number: u64) -> Result<()> {
        ask!(self, "cancel opinion", Request::CancelOpinion { number }, Response::Done => ())
    }

    /// Of the store, to an absolute path that is free, or into the folder for backups.
    pub async fn backup(&self, path: Option<String>) -> Result<Backup> {
        ask!(self, "backup", Request::Backup { path }, Response::Backup(backup) => *backup)
    }

    /// Looks the store over.
    pub async fn examine(&self) -> Result<Examination> {
        ask!(self, "examine", Request::Examine, Response::Examination(examination) => *examination)
    }

    pub async fn engine_status(&self) -> Result<EngineStatus> {
        ask!(self, "engine status", Request::EngineStatus, Response::EngineStatus(status) => status)
    }
}
