//! The console's copy of runs, sessions and what is learned. It changes through the engine's updates alone; on a
//! gap or a `Missed` it asks for everything again.
//!
//! Summaries of all runs are always here; whole runs only where a screen looks at one
//! (`watch`). What must be asked again after a reconnection goes into `everything`.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Millis, RunId, SessionId, StepId, Timestamp, WorkflowId};
use crate::matching::{Learned, Memory, Offered};
use crate::protocol::{Request, Response, StoreTrouble, Update};
use crate::run::{EventBody, GitState, Run, RunFilter, RunStatus, RunSummary, Session, apply};
use crate::tui::msg::{Asker, Effect};

/// How many ended runs the lists hold at most.
pub const ENDED_RUNS: usize = 500;

/// Lessons fade over weeks: what they are worth is reckoned again after this time.
const FADES: Millis = Millis(3_600_000);

/// How far a step's output has grown, as the engine last said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Growth {
    pub total: u64,
    pub lines: u64,
}

#[derive(Debug, Default)]
pub struct Mirror {
    summaries: BTreeMap<RunId, RunSummary>,
    runs: BTreeMap<RunId, Run>,
    watched: BTreeSet<RunId>,
    /// Whole runs that have been asked for and are not here yet.
    asked: BTreeSet<RunId>,
    pub sessions: Vec<Session>,
    /// The open session of this person in this folder.
    pub session: Option<SessionId>,
    /// The same, or the one that ended last here: git is asked of its folder.
    latest: Option<SessionId>,
    /// What git said of the folder when it was last asked.
    pub git: Option<GitState>,
    /// Names that are known for the inputs of each workflow.
    offered: BTreeMap<WorkflowId, Offered>,
    growth: BTreeMap<(RunId, StepId, u32), Growth>,
    /// The lists have come at least once.
    pub loaded: bool,
    /// What people chose for their phrases, and what fitted nothing.
    pub memory: Memory,
    /// What that is worth, and when that was reckoned.
    learned: Option<(Timestamp, Learned)>,
    /// Why the engine can write nothing down now.
    pub trouble: Option<StoreTrouble>,
}

impl Mirror {
    /// What to ask for after a connection (which subscribes first): lists, session, watched runs.
    pub fn everything(&mut self, folder: &str) -> Vec<Effect> {
        self.asked.clear();
        // Whatever the answer says counts: a store that was put back may know less than this copy.
        self.memory.seq = 0;
        let mut effects = vec![
            ask(Request::OpenSession { folder: folder.to_owned() }),
            ask(Request::Runs { filter: RunFilter { limit: Some(ENDED_RUNS), ..RunFilter::default() } }),
            ask(Request::Sessions),
            ask(Request::Offered),
            ask(Request::Learned),
            ask(Request::EngineStatus),
        ];
        let watched: Vec<RunId> = self.watched.iter().cloned().collect();
        effects.extend(watched.iter().filter_map(|run| self.fetch(run)));
        effects
    }

    /// Keeps a whole copy of this run from now on; asks for it where it is not here.
    pub fn watch(&mut self, run: &RunId) -> Vec<Effect> {
        self.watched.insert(run.clone());
        if self.runs.contains_key(run) { Vec::new() } else { self.fetch(run).into_iter().collect() }
    }

    /// The whole copy is no longer needed.
    pub fn unwatch(&mut self, run: &RunId) {
        self.watched.remove(run);
        self.runs.remove(run);
        self.growth.retain(|(of, _, _), _| of != run);
    }

    fn fetch(&mut self, run: &RunId) -> Option<Effect> {
        self.asked.insert(run.clone()).then(|| ask(Request::Run { run: run.clone() }))
    }

    /// All runs, newest first.
    pub fn newest(&self) -> Vec<&RunSummary> {
        let mut runs: Vec<&RunSummary> = self.summaries.values().collect();
        runs.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| b.run.cmp(&a.run)));
        runs
    }

    /// The runs that need a person: what waits longest comes first. What a child run asks its parent asks for it.
    pub fn needs(&self) -> Vec<&RunSummary> {
        let told: BTreeSet<&RunId> = self.live().filter_map(|r| r.need.as_ref()?.child.as_ref()).collect();
        let needs = |r: &&RunSummary| r.need.is_some() && !told.contains(&r.run);
        let mut runs: Vec<&RunSummary> = self.live().filter(needs).collect();
        runs.sort_by_key(|r| (r.need.as_ref().map(|n| n.since), r.run.clone()));
        runs
    }

    /// Live runs that get on, or stand still, without needing anybody; newest first. A child run is a step of
    /// its parent.
    pub fn working(&self) -> Vec<&RunSummary> {
        let is_part = |r: &&RunSummary| {
            r.parent.as_ref().and_then(|p| self.summaries.get(p)).is_some_and(|p| !p.status.is_ended())
        };
        let mut runs: Vec<&RunSummary> =
            self.live().filter(|r| r.need.is_none()).filter(|r| !is_part(r)).collect();
        runs.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| b.run.cmp(&a.run)));
        runs
    }

    /// Runs that have not ended.
    pub fn live(&self) -> impl Iterator<Item = &RunSummary> {
        self.summaries.values().filter(|r| !r.status.is_ended())
    }

    /// Something turns on screen: a run works.
    pub fn anything_runs(&self) -> bool {
        self.live().any(|r| r.status == RunStatus::Running)
    }

    pub fn summary(&self, run: &RunId) -> Option<&RunSummary> {
        self.summaries.get(run)
    }

    /// The whole run, where it is watched and has come.
    pub fn run(&self, run: &RunId) -> Option<&Run> {
        self.runs.get(run)
    }

    pub fn growth(&self, run: &RunId, step: &StepId, attempt: u32) -> Growth {
        self.growth.get(&(run.clone(), step.clone(), attempt)).copied().unwrap_or_default()
    }

    pub fn open_session(&self) -> Option<&Session> {
        let id = self.session.as_ref()?;
        self.sessions.iter().find(|s| &s.id == id)
    }

    /// How many runs the session has.
    pub fn runs_of(&self, session: &SessionId) -> usize {
        self.summaries.values().filter(|r| &r.session == session).count()
    }

    /// The newest run of a workflow.
    pub fn last_of(&self, workflow: &WorkflowId) -> Option<&RunSummary> {
        self.summaries.values().filter(|r| &r.workflow == workflow).max_by_key(|r| r.started_at)
    }

    /// The names that are known for a workflow's inputs.
    pub fn offered(&self, workflow: &WorkflowId) -> Offered {
        self.offered.get(workflow).cloned().unwrap_or_default()
    }

    /// A command has printed these as options of an input: names that a phrase may say.
    pub fn offer(&mut self, workflow: &WorkflowId, input: &str, options: &[String]) {
        let names = self.offered.entry(workflow.clone()).or_default();
        for option in options {
            names.add(input, option);
        }
    }

    /// What was learned, as it counts in this folder now.
    pub fn learned(&mut self, folder: &str, now: Timestamp) -> &Learned {
        let fresh = self.learned.take().filter(|(at, _)| now.since(*at) < FADES);
        let fresh = fresh.unwrap_or_else(|| (now, self.memory.learned(folder, now)));
        &self.learned.insert(fresh).1
    }

    fn remember(&mut self, memory: Memory) {
        self.memory = memory;
        self.learned = None;
    }

    /// Folds an update in.
    pub fn update(&mut self, update: &Update, folder: &str) -> Vec<Effect> {
        match update {
            Update::Run { summary, events } => {
                let id = summary.run.clone();
                self.growth_ends_with(&id, summary);
                let newer = self.summaries.get(&id).is_none_or(|known| known.seq <= summary.seq);
                let ended = summary.status.is_ended();
                let had_ended = self.summaries.get(&id).is_some_and(|s| s.status.is_ended());
                if newer {
                    self.summaries.insert(id.clone(), (**summary).clone());
                }
                for event in events {
                    if let EventBody::RunStarted(header) = &event.body {
                        self.offered.entry(summary.workflow.clone()).or_default().add_inputs(&header.inputs);
                    }
                }
                let mut effects = Vec::new();
                if let Some(run) = self.runs.get_mut(&id) {
                    for event in events {
                        // The version that a run is moved over to comes with the whole of it.
                        if matches!(event.body, EventBody::MovedOver(_)) {
                            break;
                        }
                        if event.seq == run.seq + 1 {
                            apply(run, event);
                        }
                    }
                    if run.seq < summary.seq {
                        effects.extend(self.fetch(&id));
                    }
                }
                // A run that has ended has most likely changed the working tree.
                if ended && !had_ended {
                    effects.extend(self.ask_git());
                }
                effects
            }
            Update::Output { run, step, attempt, total, lines } => {
                if self.watched.contains(run) {
                    let growth = Growth { total: *total, lines: *lines };
                    self.growth.insert((run.clone(), step.clone(), *attempt), growth);
                }
                Vec::new()
            }
            Update::Session(session) => {
                self.put_session(session.clone());
                // The next one opens with the next run, not as an empty one right after an end.
                if session.ended.is_some() && self.session.as_ref() == Some(&session.id) {
                    self.session = None;
                } else if session.ended.is_none() && session.folder == folder && self.session.is_none() {
                    self.session = Some(session.id.clone());
                    self.latest.clone_from(&self.session);
                }
                Vec::new()
            }
            Update::Learned(event) if event.seq == self.memory.seq + 1 => {
                self.memory.apply(event);
                self.learned = None;
                Vec::new()
            }
            Update::Learned(event) if event.seq > self.memory.seq => vec![ask(Request::Learned)],
            Update::Store { trouble } => {
                self.trouble.clone_from(trouble);
                let wanted = trouble.is_none() && self.session.is_none();
                let open = wanted.then(|| ask(Request::OpenSession { folder: folder.to_owned() }));
                open.into_iter().collect()
            }
            Update::Missed => self.everything(folder),
            Update::Learned(_) | Update::Stopping => Vec::new(),
        }
    }

    /// Nothing of an ended run grows any more; forget what nobody watches.
    fn growth_ends_with(&mut self, run: &RunId, summary: &RunSummary) {
        if summary.status.is_ended() && !self.watched.contains(run) {
            self.growth.retain(|(of, _, _), _| of != run);
        }
    }

    /// Takes an answer to a request of its own.
    pub fn answer(&mut self, request: &Request, response: Response) -> Vec<Effect> {
        match (request, response) {
            (Request::Runs { .. }, Response::Runs(rows)) => {
                self.loaded = true;
                let known = std::mem::take(&mut self.summaries);
                for row in rows {
                    // An update may have overtaken the answer.
                    let row = match known.get(&row.run) {
                        Some(newer) if newer.seq > row.seq => newer.clone(),
                        _ => row,
                    };
                    self.summaries.insert(row.run.clone(), row);
                }
                for (id, row) in known {
                    if !row.status.is_ended() {
                        self.summaries.entry(id).or_insert(row);
                    }
                }
                Vec::new()
            }
            (Request::Offered, Response::Offered(offered)) => {
                self.offered = offered;
                Vec::new()
            }
            (Request::Run { run }, Response::Run(whole)) => {
                self.asked.remove(run);
                if !self.watched.contains(run) {
                    return Vec::new();
                }
                let behind = self.summaries.get(run).is_some_and(|s| s.seq > whole.seq);
                if self.runs.get(run).is_none_or(|known| known.seq <= whole.seq) {
                    self.runs.insert(run.clone(), *whole);
                }
                if behind { self.fetch(run).into_iter().collect() } else { Vec::new() }
            }
            (Request::Sessions, Response::Sessions(sessions)) => {
                let open = self.open_session().cloned();
                self.sessions = sessions;
                self.sessions.sort_by_key(|s| std::cmp::Reverse(s.opened_at));
                if let Some(open) = open {
                    self.put_session(open);
                }
                Vec::new()
            }
            (Request::OpenSession { .. }, Response::Session(session)) => {
                self.session = Some(session.id.clone());
                self.latest.clone_from(&self.session);
                self.put_session(session);
                self.ask_git()
            }
            (Request::Learned, Response::Memory(memory)) => {
                // An update may have overtaken the answer.
                if memory.seq >= self.memory.seq {
                    self.remember(*memory);
                }
                Vec::new()
            }
            (Request::EngineStatus, Response::EngineStatus(status)) => {
                self.trouble = status.trouble;
                Vec::new()
            }
            (Request::SessionRecord { .. }, Response::SessionRecord(record)) => {
                self.git = record.git;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A request of its own has failed: it may be made again.
    pub fn failed(&mut self, request: &Request) {
        if let Request::Run { run } = request {
            self.asked.remove(run);
        }
    }

    fn ask_git(&self) -> Vec<Effect> {
        self.latest.clone().map(|session| ask(Request::SessionRecord { session })).into_iter().collect()
    }

    fn put_session(&mut self, session: Session) {
        match self.sessions.iter_mut().find(|s| s.id == session.id) {
            Some(known) if known.seq <= session.seq => *known = session,
            Some(_) => {}
            None => {
                self.sessions.push(session);
                self.sessions.sort_by_key(|s| std::cmp::Reverse(s.opened_at));
            }
        }
    }
}

fn ask(request: Request) -> Effect {
    Effect::ask(Asker::Mirror, request)
}
