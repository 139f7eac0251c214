//! What is decided before one commit: on copies, so that a commit that fails changes nothing.
//! Pure but for reading ended runs and sessions from the store.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{Actor, Error, Result, RunId, SessionId, Timestamp};
use crate::engine::sessions::{self, Sessions};
use crate::engine::turns::Decide;
use crate::engine::undoing::Undone;
use crate::engine::{Prepared, Reply, SessionVerb, learning, load};
use crate::matching::{Memory, MemoryEvent, MemoryEventBody};
use crate::protocol::{Response, Update};
use crate::run::{
    Command, Effect, Event, EventBody, Report, Run, Session, SessionEvent, SessionEventBody, SubjectState,
    Verb, Version, addressee, apply, begin, effects, fold, passed_down, start, summarise,
};
use crate::store::{Append, Store};

/// An effect with what a job needs of its run.
pub struct Due {
    pub effect: Effect,
    pub folder: PathBuf,
    /// What scripts are told of their run, and the variables that the workflow names.
    pub environment: Vec<(String, String)>,
}

/// Everything that follows from a commit, in order.
pub struct Batch<'a> {
    decide: Decide,
    pub(super) store: &'a Store,
    pub(super) live: &'a HashMap<RunId, Arc<Run>>,
    known: &'a Sessions,
    memory: &'a Memory,
    pub(super) now: Timestamp,
    /// The runs and sessions that were touched, as they will be.
    pub runs: HashMap<RunId, Run>,
    pub sessions: HashMap<SessionId, Session>,
    /// What is learned, where that was touched, as it will be.
    pub learnt: Option<Memory>,
    pub appends: Vec<Append>,
    pub updates: Vec<Update>,
    pub effects: Vec<Due>,
    pub answers: Vec<(Reply, Result<Response>)>,
    /// Answered when the run has ended.
    pub cancels: Vec<(Reply, RunId)>,
    /// Reports that were taken in: to be taken in again if the commit fails.
    pub reports: Vec<(RunId, Report)>,
    /// Sessions that a completed run ends.
    pub closings: Vec<SessionId>,
    /// Reports that count only once a child run has ended.
    pub held: Vec<(RunId, Report)>,
    /// Child runs that were begun: to be begun again if the commit fails.
    pub children: Vec<Prepared>,
    /// The subjects that were moved, as they will be.
    pub subjects: HashMap<(String, String), SubjectState>,
    /// Child runs to look at that are being rolled back.
    pub(super) undone: VecDeque<Undone>,
}

impl<'a> Batch<'a> {
    pub fn new(
        decide: Decide,
        store: &'a Store,
        live: &'a HashMap<RunId, Arc<Run>>,
        known: &'a Sessions,
        memory: &'a Memory,
        now: Timestamp,
    ) -> Self {
        Self {
            decide,
            store,
            live,
            known,
            memory,
            now,
            runs: HashMap::new(),
            sessions: HashMap::new(),
            learnt: None,
            appends: Vec::new(),
            updates: Vec::new(),
            effects: Vec::new(),
            answers: Vec::new(),
            cancels: Vec::new(),
            reports: Vec::new(),
            closings: Vec::new(),
            held: Vec::new(),
            children: Vec::new(),
            subjects: HashMap::new(),
            undone: VecDeque::new(),
        }
    }

    pub fn act(&mut self, id: &RunId, verb: Verb, actor: &Actor, reply: Reply) {
        let is_cancel = matches!(verb, Verb::Cancel { .. });
        let answer = self.act_on(id, verb, actor);
        self.roll_children_back();
        let ended = self.runs.get(id).is_none_or(Run::is_ended);
        if answer.is_ok() && is_cancel && !ended {
            self.cancels.push((reply, id.clone()));
            return;
        }
        let answer = answer.and_then(|()| {
            let run = self.run(id)?;
            Ok(Response::Summary(Box::new(summarise(&run))))
        });
        self.answers.push((reply, answer));
    }

    /// The run itself, or the child run whose prompt is meant.
    fn act_on(&mut self, id: &RunId, verb: Verb, actor: &Actor) -> Result<()> {
        let run = self.run(id)?;
        if let Some((child, verb)) = addressee(&run, &verb) {
            return self.act_on(&child, verb, actor);
        }
        if matches!(verb, Verb::Rollback { .. }) {
            self.may_put_back(&run)?;
        }
        self.command(id, &Command::Verb(verb), actor).map(|_| ())
    }

    /// In the run itself: a child run has a workflow of its own.
    pub fn move_over(&mut self, id: &RunId, version: Box<Version>, actor: &Actor, reply: Reply) {
        let answer = self.command(id, &Command::MoveOver(version), actor).and_then(|_| {
            let run = self.run(id)?;
            Ok(Response::Summary(Box::new(summarise(&run))))
        });
        self.answers.push((reply, answer));
    }

    /// True where it changed something. A report about a run that is gone changes nothing. It is taken
    /// in again if the commit fails, also where it changed nothing: what made it late has not happened then.
    pub fn report(&mut self, id: &RunId, report: Report) -> bool {
        if self.must_wait(id, &report) {
            self.held.push((id.clone(), report));
            return false;
        }
        self.reports.push((id.clone(), report.clone()));
        let changed = self.follow_up(id, &report);
        self.roll_children_back();
        changed
    }

    /// The same for what follows from something else in this batch, and will follow from it again.
    pub(super) fn follow_up(&mut self, id: &RunId, report: &Report) -> bool {
        if *report == Report::Recovered {
            self.reunite(id);
        }
        match self.command(id, &Command::Report(report.clone()), &Actor::Engine) {
            Ok(changed) => changed,
            Err(error) => {
                tracing::error!(run = %id, ?report, ?error, "a report could not be taken in");
                false
            }
        }
    }

    pub(super) fn command(&mut self, id: &RunId, command: &Command, actor: &Actor) -> Result<bool> {
        let mut run = self.run(id)?;
        let was_undoing = !run.is_ended() && run.is_rolling_back();
        // A clock that was set back must not turn the journal's order round.
        let at = self.now.max(run.updated_at);
        let events = (self.decide)(&run, command, actor, at)?;
        if events.is_empty() {
            return Ok(false);
        }
        let version = match command {
            Command::MoveOver(version) => Some(&**version),
            Command::Verb(_) | Command::Report(_) => None,
        };
        let mut down = Vec::new();
        for event in &events {
            down.extend(
                passed_down(&run, &event.body)
                    .into_iter()
                    .map(|(child, verb)| (child, verb, event.actor.clone())),
            );
            fold(&mut run, event, version);
            self.follow(&run, event);
        }
        let definition = version.map(|v| (v.reference.digest.clone(), Arc::clone(&v.source)));
        let broke_off = was_undoing && run.is_ended() && run.is_rolling_back();
        self.look_at_undone(&run, &events, broke_off);
        self.add(run, events, definition);
        self.pass_down(down);
        self.pass_up(id);
        Ok(true)
    }

    pub fn start(&mut self, prepared: Prepared, actor: &Actor, reply: Reply) {
        let answer = self.started(prepared, actor);
        self.answers.push((reply, answer));
    }

    pub(super) fn started(&mut self, prepared: Prepared, actor: &Actor) -> Result<Response> {
        let Prepared { workflow, source, mut header, root, start_commit } = prepared;
        let digest = header.workflow.digest.clone();
        // A child run belongs to its parent's session.
        if header.parent.is_none() {
            let session = self.open_session(&root, start_commit, actor)?;
            header.session_name = session.name;
            header.session = session.id;
        }
        self.know_subject(&workflow, &mut header)?;
        let events = start(Arc::clone(&workflow), header, actor, self.now)?;
        let run = events.split_first().and_then(|(first, rest)| {
            let mut run = begin(workflow, first)?;
            self.follow(&run, first);
            for event in rest {
                apply(&mut run, event);
                self.follow(&run, event);
            }
            Some(run)
        });
        let run = run.ok_or_else(|| Error::internal("The run could not be begun"))?;
        let summary = summarise(&run);
        self.add(run, events, Some((digest, source)));
        Ok(Response::Summary(Box::new(summary)))
    }

    /// What one event sets off, once it is durable.
    fn follow(&mut self, run: &Run, event: &Event) {
        for effect in effects(run, &event.body) {
            self.effects.push(Due {
                effect,
                folder: PathBuf::from(&run.header.context.folder),
                environment: environment(run),
            });
        }
        self.move_subject(run, event);
        if event.body == EventBody::RunCompleted && run.workflow.ends_session {
            self.closings.push(run.header.session.clone());
        }
    }

    fn add(&mut self, run: Run, events: Vec<Event>, definition: Option<(String, Arc<[u8]>)>) {
        let summary = Box::new(summarise(&run));
        self.appends.push(Append::Run {
            run: run.id().clone(),
            events: events.clone(),
            summary: summary.clone(),
            definition,
        });
        self.updates.push(Update::Run { summary, events });
        self.runs.insert(run.id().clone(), run);
    }

    pub(super) fn run(&self, id: &RunId) -> Result<Run> {
        if let Some(run) = self.runs.get(id) {
            return Ok(run.clone());
        }
        match self.live.get(id) {
            Some(run) => Ok(Run::clone(run)),
            None => load::run(self.store, id),
        }
    }

    pub fn session(&mut self, verb: SessionVerb, actor: &Actor, reply: Reply) {
        let answer = self.session_verb(verb, actor);
        self.answers.push((reply, answer));
    }

    pub fn learn(&mut self, body: MemoryEventBody, actor: &Actor, reply: Reply) {
        let answer = self.remember(body, actor);
        self.answers.push((reply, answer));
    }

    fn remember(&mut self, body: MemoryEventBody, actor: &Actor) -> Result<Response> {
        let mut memory = self.learnt.as_ref().unwrap_or(self.memory).clone();
        let answer = match &body {
            MemoryEventBody::Forgotten { .. } => Response::Forgotten(learning::forgotten(&memory, &body)?),
            _ => Response::Done,
        };
        let event = MemoryEvent { seq: memory.seq + 1, at: self.now, actor: actor.clone(), body };
        memory.apply(&event);
        self.appends.push(Append::Memory { events: vec![event.clone()] });
        self.updates.push(Update::Learned(Box::new(event)));
        self.learnt = Some(memory);
        Ok(answer)
    }

    fn session_verb(&mut self, verb: SessionVerb, actor: &Actor) -> Result<Response> {
        match verb {
            SessionVerb::Open { root, start_commit } => {
                self.open_session(&root, start_commit, actor).map(Response::Session)
            }
            SessionVerb::Note { session, text } => {
                let session = self.find_session(&session)?;
                let body = sessions::note(&session, &text)?;
                Ok(Response::Session(self.change(session, body, actor)))
            }
            SessionVerb::Rename { session, name } => {
                let session = self.find_session(&session)?;
                let used = self.used_names();
                let session = match sessions::rename(&session, &name, |n| used.contains(n))? {
                    Some(body) => self.change(session, body, actor),
                    None => session,
                };
                Ok(Response::Session(session))
            }
            SessionVerb::Exported { session, export } => {
                let session = self.find_session(&session)?;
                self.change(session, SessionEventBody::Exported(export.clone()), actor);
                Ok(Response::Exported(export))
            }
            SessionVerb::End { session } => {
                let session = self.find_session(&session)?;
                let body = sessions::end(&session)?;
                Ok(Response::Session(self.change(session, body, actor)))
            }
        }
    }

    fn open_session(&mut self, root: &Path, start_commit: Option<String>, actor: &Actor) -> Result<Session> {
        let untouched = self.known.open.values().filter(|s| !self.sessions.contains_key(&s.id));
        if let Some(session) = sessions::of_root(self.sessions.values().chain(untouched), root) {
            return Ok(session.clone());
        }
        let used = self.used_names();
        let name = sessions::fresh_name(root, |n| used.contains(n));
        let event = sessions::opened(name, root, start_commit, actor, self.now)?;
        let session =
            Session::begin(&event).ok_or_else(|| Error::internal("A session could not be begun"))?;
        self.add_session(session.clone(), event);
        Ok(session)
    }

    fn used_names(&self) -> HashSet<&str> {
        let touched = self.sessions.values().map(|s| s.name.as_str());
        self.known.names.iter().map(String::as_str).chain(touched).collect()
    }

    fn find_session(&self, id: &SessionId) -> Result<Session> {
        match self.sessions.get(id).or_else(|| self.known.open.get(id)) {
            Some(session) => Ok(session.clone()),
            None => load::session(self.store, id),
        }
    }

    fn change(&mut self, mut session: Session, body: SessionEventBody, actor: &Actor) -> Session {
        let event = SessionEvent { seq: session.seq + 1, at: self.now, actor: actor.clone(), body };
        session.apply(&event);
        self.add_session(session.clone(), event);
        session
    }

    fn add_session(&mut self, session: Session, event: SessionEvent) {
        self.appends.push(Append::Session {
            session: session.id.clone(),
            events: vec![event],
            state: Box::new(session.clone()),
        });
        self.updates.push(Update::Session(session.clone()));
        self.sessions.insert(session.id.clone(), session);
    }
}

pub fn environment(run: &Run) -> Vec<(String, String)> {
    let told = [
        ("MWTUI_RUN".to_owned(), run.id().to_string()),
        ("MWTUI_SESSION".to_owned(), run.header.session.to_string()),
    ];
    let named = run.header.context.env.iter().map(|(name, value)| (name.clone(), value.clone()));
    named.chain(told).collect()
}
