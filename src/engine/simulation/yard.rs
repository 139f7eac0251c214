//! The simulated executor: jobs that complete, fail, hang, report late or twice; frozen, thawed,
//! stopped; left behind by an engine that died.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Millis, RunId, StepId, Timestamp};
use crate::engine::outside::{Child, Outside};
use crate::engine::simulation::chance::Chance;
use crate::engine::simulation::checker::{Checked, Checker};
use crate::exec;
use crate::protocol::Update;
use crate::run::{Failure, FailureKind, Outcome, Phase, Report};

/// What the engine asked of the world, in order.
pub enum Call {
    Execute(exec::Job),
    StartChild(Child),
    Stop(RunId, StepId, u32),
    StopAll(RunId),
    Freeze(RunId),
    Thaw(RunId),
    Told(Update),
}

/// The engine's end of the simulated world.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Call>>>);

impl Recorder {
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, call: Call) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

impl Outside for Recorder {
    fn execute(&self, job: exec::Job) {
        self.put(Call::Execute(job));
    }

    fn start_child(&self, child: Child) {
        self.put(Call::StartChild(child));
    }

    fn stop(&self, run: &RunId, step: &StepId, attempt: u32, _late: bool) {
        self.put(Call::Stop(run.clone(), step.clone(), attempt));
    }

    fn stop_all(&self, run: &RunId) {
        self.put(Call::StopAll(run.clone()));
    }

    fn freeze(&self, run: &RunId) {
        self.put(Call::Freeze(run.clone()));
    }

    fn thaw(&self, run: &RunId) {
        self.put(Call::Thaw(run.clone()));
    }

    fn tell(&self, update: Update) {
        self.put(Call::Told(update));
    }
}

struct Job {
    run: RunId,
    step: StepId,
    attempt: u32,
    /// When it ends; `None` while it hangs or is frozen.
    due: Option<Timestamp>,
    /// How long it still takes, while it is frozen.
    left: Option<Millis>,
    has_process: bool,
    /// The engine that it belonged to is dead: it reports to nobody.
    is_orphan: bool,
}

#[derive(Default)]
pub struct Yard {
    jobs: Vec<Job>,
    frozen: HashSet<RunId>,
    /// Nothing hangs or fails any more.
    pub is_kind: bool,
}

/// A report, and when it comes to the engine.
pub type Coming = (Timestamp, RunId, Report);

impl Yard {
    pub fn execute(&mut self, chance: &mut Chance, job: &exec::Job, now: Timestamp) -> Checked {
        let same = |j: &&Job| j.run == job.run && j.step == job.step;
        if let Some(other) = self.jobs.iter().find(same) {
            return Err(format!(
                "run {}, step {}: attempt {} is executed beside attempt {}",
                job.run, job.step, job.attempt, other.attempt
            ));
        }
        let hangs = !self.is_kind && chance.one_in(8);
        let takes = Millis(chance.between(0, 30_000));
        let frozen = self.frozen.contains(&job.run);
        self.jobs.push(Job {
            run: job.run.clone(),
            step: job.step.clone(),
            attempt: job.attempt,
            due: (!hangs && !frozen).then(|| now.plus(takes)),
            left: (!hangs && frozen).then_some(takes),
            has_process: job.work.runs_processes(),
            is_orphan: false,
        });
        Ok(())
    }

    pub fn stop(&mut self, run: &RunId, step: &StepId, attempt: u32) {
        self.jobs.retain(|j| !(&j.run == run && &j.step == step && j.attempt == attempt));
    }

    pub fn stop_all(&mut self, chance: &mut Chance, run: &RunId, now: Timestamp) -> Coming {
        self.jobs.retain(|j| &j.run != run);
        self.frozen.remove(run);
        let left_behind = if chance.one_in(6) { vec!["process 7 (setsid)".to_owned()] } else { Vec::new() };
        (now.plus(Millis(chance.between(0, 15_000))), run.clone(), Report::Stopped { left_behind })
    }

    pub fn freeze(&mut self, run: &RunId, now: Timestamp) {
        self.frozen.insert(run.clone());
        for job in self.jobs.iter_mut().filter(|j| &j.run == run) {
            job.left = job.due.take().map(|due| due.since(now)).or(job.left);
        }
    }

    pub fn thaw(&mut self, run: &RunId, now: Timestamp) {
        self.frozen.remove(run);
        for job in self.jobs.iter_mut().filter(|j| &j.run == run) {
            job.due = job.left.take().map(|left| now.plus(left)).or(job.due);
        }
    }

    /// The engine has died; processes go on by themselves.
    pub fn orphan(&mut self) {
        self.frozen.clear();
        self.jobs.retain(|job| job.has_process);
        for job in &mut self.jobs {
            job.is_orphan = true;
            job.due = None;
        }
    }

    pub fn next(&self) -> Option<Timestamp> {
        self.jobs.iter().filter_map(|j| j.due).min()
    }

    /// The reports of jobs that have ended by now, some of them late, some twice.
    pub fn ended(&mut self, chance: &mut Chance, now: Timestamp) -> Vec<Coming> {
        let mut reports = Vec::new();
        let over: Vec<Job> = self.jobs.extract_if(.., |j| j.due.is_some_and(|due| due <= now)).collect();
        for job in over {
            let report = self.outcome(chance, &job);
            let late = if chance.one_in(4) { chance.between(1, 8_000) } else { 0 };
            if chance.one_in(10) {
                let again = now.plus(Millis(late + chance.between(0, 8_000)));
                reports.push((again, job.run.clone(), report.clone()));
            }
            reports.push((now.plus(Millis(late)), job.run, report));
        }
        reports
    }

    fn outcome(&self, chance: &mut Chance, job: &Job) -> Report {
        let (step, attempt) = (job.step.clone(), job.attempt);
        let failed = |kind, exit| {
            let message = "It came out badly".to_owned();
            Report::Failed { step: step.clone(), attempt, failure: Failure { kind, message, exit } }
        };
        if self.is_kind {
            return Report::Completed { step, attempt, outcome: Outcome::default() };
        }
        match chance.below(10) {
            0..=1 => failed(FailureKind::Exit, Some(1)),
            2 => failed(FailureKind::Spawn, None),
            3 => failed(FailureKind::Write, None),
            _ => Report::Completed { step, attempt, outcome: Outcome::default() },
        }
    }

    pub fn has(&self, run: &RunId, step: &StepId, attempt: u32) -> bool {
        self.jobs.iter().any(|j| !j.is_orphan && &j.run == run && &j.step == step && j.attempt == attempt)
    }

    /// Nothing is at work for a run that has ended, or for an attempt that does not run.
    pub fn check(&self, checker: &Checker) -> Checked {
        for job in self.jobs.iter().filter(|j| !j.is_orphan) {
            let what = || format!("run {}, step {}, attempt {}", job.run, job.step, job.attempt);
            let book = checker.books.get(&job.run).ok_or("a job without a run")?;
            if !book.works(&job.step, job.attempt) {
                return Err(format!("{} is at work and should not be: {:#?}", what(), book.run));
            }
            let frozen = matches!(book.run.phase, Phase::Paused { frozen: true, .. });
            if frozen != self.frozen.contains(&job.run) {
                return Err(format!("{}: the run is paused {:?}", what(), book.run.phase));
            }
        }
        Ok(())
    }
}
