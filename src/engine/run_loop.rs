//! The one order in which everything happens: a thread that takes requests, reports and timers
//! from one channel, decides a batch of them, commits it in one durable transaction, and only
//! then lets anybody know or begins any work.

use std::collections::HashMap;
use std::mem;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::base::{Error, Millis, Result, RunId, Timestamp};
use crate::engine::batch::{Batch, Due};
use crate::engine::sessions::Sessions;
use crate::engine::{Engine, Input, Reply, closing, journal_log, learning, load};
use crate::exec::{Executor, Job, Notice};
use crate::protocol::{Response, Update};
use crate::run::{Effect, Phase, Prompt, Report, Run, StepState, summarise};
use crate::store::Append;

/// Most inputs that one commit takes in.
const BATCH: usize = 256;
/// How long a cancellation is waited for before the answer says that it goes on.
const CANCEL_LIMIT: Millis = Millis(10_000);
/// How long after a failed commit reports and timers are tried again.
const AFTER_FAILURE: Millis = Millis(1000);

pub struct RunLoop {
    engine: Arc<Engine>,
    inputs: Receiver<Input>,
    executor: Executor,
    runtime: Handle,
    runs: HashMap<RunId, Arc<Run>>,
    sessions: Sessions,
    /// Answers that wait for a run's end, and until when.
    cancels: Vec<(Reply, RunId, Timestamp)>,
    /// Reports whose commit failed.
    parked: Vec<(RunId, Report)>,
    /// No timers and no parked reports before this, after a failed commit.
    calm_until: Option<Timestamp>,
    /// Timers that changed nothing when they came: run, its last event, the time.
    spent: HashMap<RunId, (u64, Timestamp)>,
}

impl RunLoop {
    /// Loads what lives and settles what an earlier engine left behind, durably.
    pub fn recover(
        engine: Arc<Engine>,
        inputs: Receiver<Input>,
        executor: Executor,
        runtime: Handle,
    ) -> Result<Self> {
        let mut runs = HashMap::new();
        for id in engine.store.live_runs()? {
            match load::run(&engine.store, &id) {
                Ok(run) => {
                    runs.insert(id, Arc::new(run));
                }
                // One that cannot be read must not stop the others; whoever asks for it is told.
                Err(error) => tracing::error!(run = %id, ?error, "a live run cannot be loaded"),
            }
        }
        let sessions = Sessions::load(&engine.store)?;
        tracing::info!(runs = runs.len(), sessions = sessions.open.len(), "loaded");
        engine.live.write().unwrap_or_else(PoisonError::into_inner).clone_from(&runs);
        let mut this = Self {
            engine,
            inputs,
            executor,
            runtime,
            runs,
            sessions,
            cancels: Vec::new(),
            parked: Vec::new(),
            calm_until: None,
            spent: HashMap::new(),
        };
        let mut reports: Vec<_> = this.runs.keys().cloned().map(|id| (id, Report::Recovered)).collect();
        reports.sort_by(|a, b| a.0.cmp(&b.0));
        this.turn(Vec::new(), reports)?;
        for session in closing::left_open(&this.engine, this.sessions.open.keys())? {
            this.runtime.spawn(closing::close(Arc::clone(&this.engine), session));
        }
        this.count_working();
        Ok(this)
    }

    /// Until somebody says `Stop`: everything that came before it is still done.
    pub fn run(mut self) {
        // The executor's jobs run on the engine's runtime.
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        loop {
            let mut inputs = Vec::new();
            match self.inputs.recv_timeout(self.wait()) {
                Ok(input) => inputs.push(input),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while inputs.len() < BATCH
                && let Ok(input) = self.inputs.try_recv()
            {
                inputs.push(input);
            }
            let stop = inputs.iter().any(|i| matches!(i, Input::Stop));
            let is_calm = self.calm_until.is_none_or(|until| until <= Timestamp::now());
            let parked = if is_calm { mem::take(&mut self.parked) } else { Vec::new() };
            // The failure has been answered, logged and parked.
            let _ = self.turn(inputs, parked);
            self.answer_late();
            self.count_working();
            if stop {
                return;
            }
        }
    }

    /// Decides all of it, commits it, and lets it be known. `Err` is the failure of the commit.
    fn turn(&mut self, inputs: Vec<Input>, reports: Vec<(RunId, Report)>) -> Result<()> {
        let now = Timestamp::now();
        let due = self.due(now);
        let engine = Arc::clone(&self.engine);
        let memory = engine.memory();
        let mut batch = Batch::new(&engine.store, &self.runs, &self.sessions, &memory, now);
        for (run, report) in reports {
            batch.report(&run, report);
        }
        for input in inputs {
            match input {
                Input::Act { run, verb, actor, reply } => batch.act(&run, verb, &actor, reply),
                Input::Start { prepared, actor, reply } => batch.start(*prepared, &actor, reply),
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
            ..
        } = batch;
        self.spent.extend(spent);
        if let Err(error) = committed {
            self.not_committed(&error, updates, answers, cancels, reports);
            return Err(error);
        }
        self.calm_until = None;
        log(&appends, &runs);
        self.publish(runs, sessions.into_values().collect());
        if let Some(memory) = learnt {
            *engine.memory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(memory);
        }
        for update in updates {
            self.engine.hub.broadcast(update);
        }
        for (reply, answer) in answers {
            // Whoever asked may be gone.
            let _ = reply.send(answer);
        }
        for (reply, run) in cancels {
            self.cancels.push((reply, run, now.plus(CANCEL_LIMIT)));
        }
        for due in effects {
            self.begin(due);
        }
        for session in closings {
            self.runtime.spawn(closing::close(Arc::clone(&self.engine), session));
        }
        Ok(())
    }

    /// Nothing has happened: say so to all who asked, keep what must not be lost.
    fn not_committed(
        &mut self,
        error: &Error,
        updates: Vec<Update>,
        answers: Vec<(Reply, Result<Response>)>,
        cancels: Vec<(Reply, RunId)>,
        reports: Vec<(RunId, Report)>,
    ) {
        tracing::error!(?error, answers = answers.len(), reports = reports.len(), "a commit failed");
        for update in updates.into_iter().filter(|u| matches!(u, Update::Output { .. })) {
            self.engine.hub.broadcast(update);
        }
        let asked =
            answers.into_iter().chain(cancels.into_iter().map(|(reply, _)| (reply, Ok(Response::Done))));
        for (reply, answer) in asked {
            // A refusal stands; what would have been done has not been.
            let _ = reply.send(answer.and_then(|_| Err(error.clone())));
        }
        // A timer that is still due comes again by itself.
        self.parked.extend(reports.into_iter().filter(|(_, report)| *report != Report::Wake));
        self.calm_until = Some(Timestamp::now().plus(AFTER_FAILURE));
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
                self.cancels = answer_ended(mem::take(&mut self.cancels), &run);
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
                let environment = environment(&self.engine, due.environment);
                self.executor.execute(Job { run, step, attempt, work, folder: due.folder, environment });
            }
            Effect::Stop { run, step, attempt } => self.executor.stop(&run, &step, attempt),
            Effect::StopAll { run } => self.executor.stop_all(&run),
            Effect::Freeze { run } => self.executor.freeze(&run),
            Effect::Thaw { run } => self.executor.thaw(&run),
        }
    }

    /// Runs whose timer has come, with their last event and the timer.
    fn due(&self, now: Timestamp) -> Vec<(RunId, u64, Timestamp)> {
        if self.calm_until.is_some_and(|until| now < until) {
            return Vec::new();
        }
        let timers = self.timers().filter(|(_, _, timer)| *timer <= now);
        timers.map(|(run, seq, timer)| (run.clone(), seq, timer)).collect()
    }

    fn timers(&self) -> impl Iterator<Item = (&RunId, u64, Timestamp)> {
        self.runs.iter().filter_map(|(id, run)| {
            let timer = run.next_timer()?;
            (self.spent.get(id) != Some(&(run.seq, timer))).then_some((id, run.seq, timer))
        })
    }

    /// How long nothing is due.
    fn wait(&self) -> Duration {
        let timers = self.timers().map(|(_, _, timer)| timer);
        let earliest = timers.chain((!self.parked.is_empty()).then(Timestamp::now)).min();
        // After a failed commit, neither is looked at for a while.
        let earliest = earliest.map(|at| self.calm_until.map_or(at, |until| at.max(until)));
        let late = self.cancels.iter().map(|(_, _, until)| *until).min();
        let next = earliest.into_iter().chain(late).min();
        next.map_or(Duration::from_secs(3600), |at| at.since(Timestamp::now()).as_duration())
    }

    /// Answers cancellations that take too long.
    fn answer_late(&mut self) {
        let now = Timestamp::now();
        let (late, waiting) =
            mem::take(&mut self.cancels).into_iter().partition(|(_, _, until)| *until <= now);
        self.cancels = waiting;
        let late: Vec<(Reply, RunId, Timestamp)> = late;
        for (reply, run, _) in late {
            let _ = reply.send(Err(Error::internal(format!(
                "Run {} is still ending: not all of its processes are gone",
                run.short()
            ))
            .hint(format!("It goes on by itself; look again with `mwtui status {}`", run.short()))));
        }
    }

    fn count_working(&self) {
        let working = self.runs.values().filter(|run| is_working(run)).count();
        self.engine.activity.set_working(u32::try_from(working).unwrap_or(u32::MAX));
        self.engine.activity.set_secrets(self.engine.vault.holds_any());
    }
}

/// Whether ending the engine now would leave something undone that needs nobody else.
fn is_working(run: &Run) -> bool {
    let is_active = matches!(run.phase, Phase::Active { .. });
    matches!(run.phase, Phase::Cancelling { .. })
        || run.steps.iter().any(|record| match &record.state {
            StepState::Running { .. } => true,
            StepState::Waiting { on: Prompt::Retry { .. }, .. } => is_active,
            _ => false,
        })
}

fn answer_ended(cancels: Vec<(Reply, RunId, Timestamp)>, run: &Run) -> Vec<(Reply, RunId, Timestamp)> {
    let (done, waiting): (Vec<_>, Vec<_>) = cancels.into_iter().partition(|(_, id, _)| id == run.id());
    for (reply, _, _) in done {
        let _ = reply.send(Ok(Response::Summary(Box::new(summarise(run)))));
    }
    waiting
}

/// What every script is told of this installation, so that it can call `"$MWTUI"`.
pub fn environment(engine: &Engine, mut environment: Vec<(String, String)>) -> Vec<(String, String)> {
    if let Ok(exe) = std::env::current_exe() {
        environment.push(("MWTUI".to_owned(), exe.to_string_lossy().into_owned()));
    }
    if let Some(home) = &engine.paths.home {
        environment.push(("MWTUI_HOME".to_owned(), home.to_string_lossy().into_owned()));
    }
    environment
}

fn log(appends: &[Append], runs: &HashMap<RunId, Run>) {
    for append in appends {
        match append {
            Append::Run { run, events, .. } => {
                for (event, run) in events.iter().filter_map(|e| Some((e, runs.get(run)?))) {
                    journal_log::run_event(run, event);
                }
            }
            Append::Session { session, events, .. } => {
                for event in events {
                    journal_log::session_event(session, event);
                }
            }
            Append::Memory { events } => events.iter().for_each(learning::log),
        }
    }
}
