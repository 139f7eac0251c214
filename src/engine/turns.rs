//! One turn of the run loop: decide what has come, commit it in one durable transaction, and only
//! then let anybody know or begin any work. What follows depends on the time that is given, the
//! inputs and the store alone: no thread, no clock and no runtime is in here.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, PoisonError};

use crate::base::{Actor, Error, Result, RunId, SessionId, Timestamp};
use crate::engine::batch::{Batch, Due};
use crate::engine::cancels::Cancels;
use crate::engine::outside::{Child, Outside};
use crate::engine::sessions::Sessions;
use crate::engine::trouble::Trouble;
use crate::engine::{Engine, Input, Prepared, Reply, activity, examine, journal_log, leftovers, load};
use crate::exec::{Job, Notice};
use crate::protocol::{Response, Update};
use crate::run::{Command, Effect, Event, Refusal, Report, Run, decide};

/// Who decides what a run does next: [`decide`], or in tests a broken one.
pub type Decide = fn(&Run, &Command, &Actor, Timestamp) -> Result<Vec<Event>, Refusal>;

/// The runs and sessions that live, as they are in the store, and what waits for the next turn.
pub struct Turns {
    pub(super) engine: Arc<Engine>,
    pub(super) outside: Box<dyn Outside>,
    decide: Decide,
    /// What every script is told of this installation.
    told: Vec<(String, String)>,
    runs: HashMap<RunId, Arc<Run>>,
    sessions: Sessions,
    cancels: Cancels,
    /// Reports whose commit failed.
    pub(super) parked: Vec<(RunId, Report)>,
    /// Child runs that could not be begun yet.
    pub(super) children: Vec<Prepared>,
    /// The last commit failed: nothing is decided before this is tried again.
    pub(super) trouble: Option<Trouble>,
    /// Timers that changed nothing when they came: run, its last event, the time.
    spent: HashMap<RunId, (u64, Timestamp)>,
}

impl Turns {
    /// Loads what lives. Blocking.
    pub fn load(engine: Arc<Engine>, outside: Box<dyn Outside>, told: Vec<(String, String)>) -> Result<Self> {
        let mut runs = HashMap::new();
        let mut definitions = load::Definitions::default();
        for id in engine.store.live_runs()? {
            match load::run_with(&engine.store, &id, &mut definitions) {
                Ok(run) => {
                    runs.insert(id, Arc::new(run));
                }
                // One that cannot be read must not stop the others; whoever asks for it is told.
                Err(error) => tracing::error!(run = %id, ?error, "a live run cannot be loaded"),
            }
        }
        examine::mend(&engine.store, runs.values().map(AsRef::as_ref))?;
        let sessions = Sessions::load(&engine.store)?;
        tracing::info!(runs = runs.len(), sessions = sessions.open.len(), "loaded");
        engine.live.write().unwrap_or_else(PoisonError::into_inner).clone_from(&runs);
        Ok(Self {
            engine,
            outside,
            decide,
            told,
            runs,
            sessions,
            cancels: Cancels::default(),
            parked: Vec::new(),
            children: Vec::new(),
            trouble: None,
            spent: HashMap::new(),
        })
    }

    #[cfg(test)]
    pub fn deciding(self, decide: Decide) -> Self {
        Self { decide, ..self }
    }

    /// Settles what an earlier engine left behind, durably; where that cannot be written now, before
    /// anything else is decided. Gives the sessions that are to be closed.
    pub fn recover(&mut self, now: Timestamp) -> Vec<SessionId> {
        let mut runs: Vec<&Arc<Run>> = self.runs.values().collect();
        runs.sort_by(|a, b| a.id().cmp(b.id()));
        for (run, step, attempt) in runs.iter().flat_map(|run| leftovers::stopped(run)) {
            self.outside.stop(run, step, attempt, false);
        }
        self.parked = runs.iter().map(|run| (run.id().clone(), Report::Recovered)).collect();
        self.take(now, Vec::new())
    }

    pub fn open_sessions(&self) -> impl Iterator<Item = &SessionId> {
        self.sessions.open.keys()
    }

    /// Takes in what was parked, what has come and what is due. Gives the sessions that are to be
    /// closed. A commit that fails is answered, logged and parked.
    pub fn take(&mut self, now: Timestamp, inputs: Vec<Input>) -> Vec<SessionId> {
        let closings = match self.ready(now) {
            Ok(()) => {
                let parked = mem::take(&mut self.parked);
                self.turn(now, inputs, parked)
            }
            Err(error) => {
                self.hold(inputs, &error);
                Vec::new()
            }
        };
        self.cancels.late(now);
        self.count_working();
        closings
    }

    /// Decides all of it, commits it, and lets it be known.
    fn turn(&mut self, now: Timestamp, inputs: Vec<Input>, reports: Vec<(RunId, Report)>) -> Vec<SessionId> {
        let due = self.due(now);
        let engine = Arc::clone(&self.engine);
        let memory = engine.memory();
        let mut batch = Batch::new(self.decide, &engine.store, &self.runs, &self.sessions, &memory, now);
        for (run, report) in reports {
            batch.report(&run, report);
        }
        for prepared in mem::take(&mut self.children) {
            batch.start_child(prepared);
        }
        for input in inputs {
            match input {
                Input::Act { run, verb, actor, reply } => batch.act(&run, verb, &actor, reply),
                Input::Start { prepared, actor, reply } => batch.start(*prepared, &actor, reply),
                Input::MoveOver { run, version, actor, reply } => {
                    batch.move_over(&run, version, &actor, reply);
                }
                Input::StartChild(prepared) => batch.start_child(*prepared),
                Input::SetSubject { root, name, state, reason, actor, reply } => {
                    batch.set_subject(&root, &name, state, &reason, &actor, reply);
                }
                Input::Session { verb, actor, reply } => batch.session(verb, &actor, reply),
                Input::Learn { body, actor, reply } => batch.learn(body, &actor, reply),
                Input::Notice(Notice::Report { run, report }) => {
                    batch.report(&run, report);
                }
                Input::Notice(Notice::Output { run, step, attempt, total, lines }) => {
                    batch.updates.push(Update::Output { run, step, attempt, total, lines });
                }
                Input::Stop => {}
            }
        }
        batch.look_again();
        let mut spent = Vec::new();
        for (run, seq, timer) in due {
            if !batch.report(&run, Report::Wake) && !batch.runs.contains_key(&run) {
                tracing::warn!(run = %run, "a timer came and changed nothing");
                spent.push((run, (seq, timer)));
            }
        }
        let committed =
            if batch.appends.is_empty() { Ok(()) } else { self.engine.store.commit(&batch.appends) };
        let Batch {
            runs,
            sessions,
            learnt,
            appends,
            updates,
            effects,
            answers,
            cancels,
            reports,
            closings,
            held,
            children,
            ..
        } = batch;
        self.spent.extend(spent);
        self.parked.extend(held);
        if let Err(error) = committed {
            self.children.extend(children);
            self.not_committed(now, &error, updates, answers, cancels, reports);
            return Vec::new();
        }
        if self.trouble.take().is_some() {
            tracing::info!("the store can be written again");
            self.show(None);
        }
        journal_log::all(&appends, &runs);
        self.publish(runs, sessions.into_values().collect());
        if let Some(memory) = learnt {
            *engine.memory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(memory);
        }
        for update in updates {
            self.outside.tell(update);
        }
        // Whoever asked may be gone.
        for (reply, answer) in answers {
            let _ = reply.send(answer);
        }
        for (reply, run) in cancels {
            self.cancels.add(reply, run, now);
        }
        for due in effects {
            self.begin(due);
        }
        closings
    }

    /// Nothing has happened: say so to all who asked, keep what must not be lost.
    fn not_committed(
        &mut self,
        now: Timestamp,
        error: &Error,
        updates: Vec<Update>,
        answers: Vec<(Reply, Result<Response>)>,
        cancels: Vec<(Reply, RunId)>,
        reports: Vec<(RunId, Report)>,
    ) {
        tracing::error!(?error, answers = answers.len(), reports = reports.len(), "a commit failed");
        for update in updates.into_iter().filter(|u| matches!(u, Update::Output { .. })) {
            self.outside.tell(update);
        }
        let cancels = cancels.into_iter().map(|(reply, _)| (reply, Ok(Response::Done)));
        for (reply, answer) in answers.into_iter().chain(cancels) {
            // A refusal stands; what would have been done has not been.
            let _ = reply.send(answer.and_then(|_| Err(error.clone())));
        }
        // A timer that is still due comes again by itself.
        self.parked.extend(reports.into_iter().filter(|(_, report)| *report != Report::Wake));
        self.fail(now, error);
    }

    /// Makes what is durable visible to handlers; whoever has ended leaves memory.
    fn publish(&mut self, runs: HashMap<RunId, Run>, sessions: Vec<crate::run::Session>) {
        let mut live = self.engine.live.write().unwrap_or_else(PoisonError::into_inner);
        for (id, run) in runs {
            if run.is_ended() {
                live.remove(&id);
                self.runs.remove(&id);
                self.spent.remove(&id);
                self.engine.vault.forget(&id);
                self.cancels.ended(&run);
            } else {
                let run = Arc::new(run);
                live.insert(id.clone(), Arc::clone(&run));
                self.runs.insert(id, run);
            }
        }
        drop(live);
        for session in sessions {
            self.sessions.publish(session);
        }
    }

    fn begin(&self, due: Due) {
        match due.effect {
            Effect::Execute { run, step, attempt, work } => {
                let mut environment = due.environment;
                environment.extend(self.told.iter().cloned());
                self.outside.execute(Job { run, step, attempt, work, folder: due.folder, environment });
            }
            Effect::StartChild { run, step, attempt, child, workflow, inputs } => {
                let folder = due.folder;
                self.outside.start_child(Child {
                    parent: run,
                    step,
                    attempt,
                    run: child,
                    workflow,
                    inputs,
                    folder,
                });
            }
            Effect::Stop { run, step, attempt, late } => self.outside.stop(&run, &step, attempt, late),
            Effect::StopAll { run } => self.outside.stop_all(&run),
            Effect::Freeze { run } => self.outside.freeze(&run),
            Effect::Thaw { run } => self.outside.thaw(&run),
        }
    }

    /// Runs whose timer has come, with their last event and the timer.
    fn due(&self, now: Timestamp) -> Vec<(RunId, u64, Timestamp)> {
        let due = self.timers().filter(|(_, _, timer)| *timer <= now);
        let mut due: Vec<_> = due.map(|(run, seq, timer)| (run.clone(), seq, timer)).collect();
        due.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
        due
    }

    fn timers(&self) -> impl Iterator<Item = (&RunId, u64, Timestamp)> {
        self.runs.iter().filter_map(|(id, run)| {
            let timer = run.next_timer()?;
            (self.spent.get(id) != Some(&(run.seq, timer))).then_some((id, run.seq, timer))
        })
    }

    /// When the next turn is due, where nothing comes before.
    pub fn next(&self) -> Option<Timestamp> {
        let next = match &self.trouble {
            Some(trouble) => Some(trouble.again),
            None => self.timers().map(|(_, _, timer)| timer).min(),
        };
        next.into_iter().chain(self.cancels.next()).min()
    }

    fn count_working(&self) {
        let working = self.runs.values().filter(|run| activity::is_working(run)).count();
        self.engine.activity.set_working(u32::try_from(working).unwrap_or(u32::MAX));
        self.engine.activity.set_secrets(self.engine.vault.holds_any());
    }
}
