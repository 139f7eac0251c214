//! One simulated life: a clock that jumps from one thing to the next, people, an executor, a disk
//! that fills and fails, an engine that dies and is started again. A seed decides all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use tokio::sync::oneshot;

use crate::base::{Actor, Millis, Result, RunId, Timestamp};
use crate::engine::simulation::boot::boot;
use crate::engine::simulation::chance::Chance;
use crate::engine::simulation::checker::{Checked, Checker};
use crate::engine::simulation::flows::{self, Flow};
use crate::engine::simulation::people;
use crate::engine::simulation::trace::briefly;
use crate::engine::simulation::yard::{Call, Recorder, Yard};
use crate::engine::turns::{Decide, Turns};
use crate::engine::{Engine, Input, Prepared};
use crate::exec::Notice;
use crate::protocol::{Response, Update};
use crate::run::{Event, Report, Run, RunSummary, Verb};
use crate::store::disk::{Disk, Fault};

/// When every life begins.
const BEGIN: Timestamp = Timestamp(1_700_000_000_000);
/// How many things happen before everybody becomes kind and runs are brought to their ends.
const TURNS: usize = 12;
/// So many further turns they help runs on; then they cancel what has not ended.
const PATIENCE: usize = 4;
/// Within so many further turns every run has ended, or something hangs.
const LAST_TURNS: usize = 400;

/// What is deliberately broken, to see that it is found out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Broken {
    /// Decides in the place of `run::decide`.
    pub decide: Option<Decide>,
    /// The disk says that it has synced and has not: a crash takes the last commits away.
    pub disk_lies: bool,
    /// Every job is given to the executor twice.
    pub executes_twice: bool,
    /// Now and then a report does not arrive.
    pub loses_reports: bool,
}

pub(super) enum Coming {
    Somebody,
    Wish {
        run: RunId,
        verb: Verb,
        actor: Actor,
    },
    Report {
        run: RunId,
        report: Report,
    },
    /// A child run is ready to be started.
    Child(Box<Prepared>),
    Fault(Fault, u64),
    Heal,
}

pub(super) struct Asked {
    pub answer: oneshot::Receiver<Result<Response>>,
    /// `None`: the start of a run, or a move.
    pub verb: Option<(RunId, Verb)>,
    pub actor: Actor,
}

/// How the engine dies in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// In the middle of a commit, after so many of the disk's operations.
    InCommit(u64),
    /// After the commit, before anybody was told.
    BeforeTelling,
    /// In the middle of telling and beginning.
    AfterCalls(usize),
}

pub struct World {
    pub(super) chance: Chance,
    pub(super) now: Timestamp,
    pub(super) disk: Disk,
    /// As it was some commits ago, for a disk that lies.
    pub(super) old_disk: Option<Disk>,
    pub(super) engine: Arc<Engine>,
    pub(super) turns: Turns,
    pub(super) recorder: Recorder,
    pub(super) yard: Yard,
    pub(super) coming: BTreeMap<(Timestamp, u64), Coming>,
    pub(super) number: u64,
    pub(super) asked: Vec<Asked>,
    /// Runs as somebody saw them at some time.
    pub(super) views: Vec<Arc<Run>>,
    pub(super) flows: [Flow; flows::FLOWS],
    /// Later versions of these, as people made them.
    pub(super) edited: Vec<Flow>,
    pub(super) checker: Checker,
    pub(super) broken: Broken,
    /// A commit has failed since the last one that did not: the disk may have kept it.
    pub(super) doubt: bool,
    /// Nobody wants anything any more but that runs end.
    pub(super) is_kind: bool,
    pub(super) trace: Option<Vec<String>>,
}

/// What a life came to.
pub struct Life {
    pub checked: Checked,
    pub trace: Vec<String>,
    pub events: usize,
    pub deaths: usize,
    /// The names of the events that came.
    pub seen: BTreeSet<&'static str>,
}

/// Lives the life of this seed. `empty` is the disk with a new store.
pub fn live(seed: u64, empty: &Disk, broken: Broken, traced: bool) -> Life {
    let mut deaths = 0;
    let mut world = match World::begin(seed, empty, broken, traced) {
        Ok(world) => world,
        Err(why) => {
            return Life { checked: Err(why), trace: Vec::new(), events: 0, deaths, seen: BTreeSet::new() };
        }
    };
    let checked = world.lives(&mut deaths);
    let events = world.checker.books.values().map(|book| book.journal.len()).sum();
    let seen = world.checker.seen;
    Life { checked, trace: world.trace.unwrap_or_default(), events, deaths, seen }
}

impl World {
    fn begin(seed: u64, empty: &Disk, broken: Broken, traced: bool) -> Result<Self, String> {
        let chance = Chance::new(seed);
        let disk = empty.copy();
        let recorder = Recorder::default();
        let mut checker = Checker::default();
        let flows = flows::of(seed);
        for flow in &flows {
            checker.knows(flow.digest.clone(), Arc::clone(&flow.workflow));
        }
        let (engine, turns) = boot(&disk, &recorder, broken, BEGIN)?;
        let mut world = Self {
            chance,
            now: BEGIN,
            disk,
            old_disk: None,
            engine,
            turns,
            recorder,
            yard: Yard::default(),
            coming: BTreeMap::new(),
            number: 0,
            asked: Vec::new(),
            views: Vec::new(),
            flows,
            edited: Vec::new(),
            checker,
            broken,
            doubt: false,
            is_kind: false,
            trace: traced.then(Vec::new),
        };
        for _ in 0..2 {
            world.comes(Millis::ZERO, Coming::Somebody);
        }
        Ok(world)
    }

    fn lives(&mut self, deaths: &mut usize) -> Checked {
        for _ in 0..TURNS {
            *deaths += usize::from(self.step()?);
        }
        self.is_kind = true;
        self.yard.is_kind = true;
        self.disk.heal();
        self.say(|| "everybody is kind from now on".to_owned());
        for round in 0..LAST_TURNS {
            if self.is_over() {
                break;
            }
            self.help(round >= PATIENCE);
            self.step()?;
        }
        self.checker.at_the_end(&self.engine.store)?;
        let trouble = self.engine.trouble.read().unwrap_or_else(PoisonError::into_inner).clone();
        trouble.map_or(Ok(()), |trouble| Err(format!("the trouble never ends: {trouble:?}")))
    }

    /// One thing after another, up to the next turn of the engine. True where it died of it.
    fn step(&mut self) -> Result<bool, String> {
        let coming = self.coming.keys().next().map(|(at, _)| *at);
        let Some(next) = [coming, self.turns.next(), self.yard.next()].into_iter().flatten().min() else {
            return Ok(false);
        };
        // Several things may reach the engine at once.
        let together =
            if self.chance.one_in(3) { Millis(self.chance.between(0, 3_000)) } else { Millis::ZERO };
        self.now = self.now.max(next).plus(together);
        for (at, run, report) in self.yard.ended(&mut self.chance, self.now) {
            if !(self.broken.loses_reports && self.chance.one_in(4)) {
                self.comes_at(at, Coming::Report { run, report });
            }
        }
        let inputs = self.arrived();
        let death = (!self.is_kind && self.chance.one_in(25)).then(|| match self.chance.below(3) {
            0 => Death::InCommit(self.chance.between(0, 40)),
            1 => Death::BeforeTelling,
            _ => Death::AfterCalls(self.chance.below(8)),
        });
        if let Some(Death::InCommit(operations)) = death {
            self.disk.fail_after(operations, Fault::Device);
        }
        if self.broken.disk_lies && self.chance.one_in(4) {
            self.old_disk = Some(self.disk.copy());
        }
        self.turns.take(self.now, inputs);
        if let Some(death) = death {
            self.dies(death)?;
            return Ok(true);
        }
        for call in self.recorder.take() {
            self.carries_out(call)?;
        }
        self.hears()?;
        let live = self.engine.live.read().unwrap_or_else(PoisonError::into_inner).clone();
        // Where a commit has failed, the store says nothing for sure until it is open again.
        if !self.doubt {
            self.checker.after_turn(&live, &self.engine.store)?;
        }
        self.yard.check(&self.checker)?;
        if !self.doubt {
            self.nobody_hangs()?;
        }
        Ok(false)
    }

    /// Whatever runs is at work, or its report is under way.
    fn nobody_hangs(&self) -> Checked {
        for book in self.checker.books.values() {
            for (step, attempt) in book.at_work() {
                let run = book.run.id();
                let comes = self.coming.values().any(|coming| {
                    let Coming::Report { run: of, report } = coming else { return false };
                    let (Report::Completed { step: s, attempt: a, .. }
                    | Report::Failed { step: s, attempt: a, .. }) = report
                    else {
                        return false;
                    };
                    of == run && s == step && *a == attempt
                });
                if !comes && !self.yard.has(run, step, attempt) {
                    return Err(format!(
                        "run {run}: nobody is at work on {step}, attempt {attempt}, and it runs"
                    ));
                }
            }
        }
        Ok(())
    }

    /// What has come by now, as the engine's inputs.
    fn arrived(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        while let Some(entry) = self.coming.first_entry()
            && entry.key().0 <= self.now
        {
            match entry.remove() {
                Coming::Somebody => inputs.extend(self.somebody()),
                Coming::Wish { run, verb, actor } => inputs.push(self.wishes(run, verb, actor)),
                Coming::Report { run, report } => {
                    self.say(|| format!("reported of {run}: {report:?}"));
                    inputs.push(Input::Notice(Notice::Report { run, report }));
                }
                Coming::Child(prepared) => inputs.push(Input::StartChild(prepared)),
                Coming::Fault(fault, operations) => {
                    self.say(|| format!("the disk: {fault:?} after {operations}"));
                    self.disk.fail_after(operations, fault);
                }
                Coming::Heal => {
                    self.say(|| "the disk is well".to_owned());
                    self.disk.heal();
                }
            }
        }
        inputs
    }

    /// Somebody looks at the runs and wants something, now or in a moment.
    fn somebody(&mut self) -> Option<Input> {
        if self.is_kind {
            return None;
        }
        let pause = Millis(self.chance.between(0, 4_000));
        self.comes(pause, Coming::Somebody);
        if self.chance.one_in(20) {
            let fault = *self.chance.pick(&[Fault::Full, Fault::Full, Fault::Device, Fault::Sync])?;
            let (after, long) = (self.chance.between(0, 60), Millis(self.chance.between(0, 10_000)));
            self.comes(Millis::ZERO, Coming::Fault(fault, after));
            self.comes(long, Coming::Heal);
        }
        let live = self.engine.live.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut ids: Vec<&RunId> = live.keys().collect();
        ids.sort();
        if ids.is_empty() || (self.checker.books.len() < 4 && self.chance.one_in(4)) {
            return self.starts();
        }
        let seen = Arc::clone(&live[*self.chance.pick(&ids)?]);
        if self.checker.books.len() < 5 && self.chance.one_in(20) {
            return self.forks(&seen);
        }
        if self.chance.one_in(16) {
            return self.moves(&seen);
        }
        // Now and then somebody acts on what was true some time ago, or on a run that has ended.
        let view = match self.chance.pick(&self.views) {
            Some(old) if self.chance.one_in(5) => Arc::clone(old),
            _ => Arc::clone(&seen),
        };
        self.views.push(seen);
        self.number += 1;
        let verb = people::wish(&mut self.chance, &view, self.number);
        let actor = people::somebody(&mut self.chance);
        let run = view.id().clone();
        if self.chance.one_in(3) {
            let later = Millis(self.chance.between(0, 5_000));
            self.comes(later, Coming::Wish { run, verb, actor });
            return None;
        }
        Some(self.wishes(run, verb, actor))
    }

    fn wishes(&mut self, run: RunId, verb: Verb, actor: Actor) -> Input {
        self.say(|| format!("{actor} asks of {run}: {verb:?}"));
        let (reply, answer) = oneshot::channel();
        self.asked.push(Asked { answer, verb: Some((run.clone(), verb.clone())), actor: actor.clone() });
        Input::Act { run, verb, actor, reply }
    }

    fn carries_out(&mut self, call: Call) -> Checked {
        match call {
            Call::Told(Update::Run { summary, events }) => {
                self.say(|| format!("told of {}: {}", summary.run, briefly(&events)));
                self.checker.told(&summary, &events)
            }
            Call::Told(Update::Store { trouble }) => {
                self.say(|| format!("the store: {trouble:?}"));
                self.doubt = trouble.is_some();
                Ok(())
            }
            Call::Told(_) => Ok(()),
            Call::Execute(job) => {
                self.say(|| format!("executes {} {} {}", job.run, job.step, job.attempt));
                self.checker.executes(&job)?;
                self.yard.execute(&mut self.chance, &job, self.now)?;
                if self.broken.executes_twice { self.checker.executes(&job) } else { Ok(()) }
            }
            Call::StartChild(child) => {
                self.say(|| format!("starts {} for {} {}", child.run, child.parent, child.step));
                self.child(&child);
                Ok(())
            }
            Call::Stop(run, step, attempt) => {
                self.say(|| format!("stops {run} {step} {attempt}"));
                self.yard.stop(&run, &step, attempt);
                Ok(())
            }
            Call::StopAll(run) => {
                self.say(|| format!("stops all of {run}"));
                let (at, run, report) = self.yard.stop_all(&mut self.chance, &run, self.now);
                self.comes_at(at, Coming::Report { run, report });
                Ok(())
            }
            Call::Freeze(run) => {
                self.yard.freeze(&run, self.now);
                Ok(())
            }
            Call::Thaw(run) => {
                self.yard.thaw(&run, self.now);
                Ok(())
            }
        }
    }

    /// Takes the answers that have come.
    fn hears(&mut self) -> Checked {
        let mut waiting = Vec::new();
        for mut asked in std::mem::take(&mut self.asked) {
            let answer = match asked.answer.try_recv() {
                Ok(answer) => answer,
                Err(oneshot::error::TryRecvError::Empty) => {
                    waiting.push(asked);
                    continue;
                }
                Err(oneshot::error::TryRecvError::Closed) => {
                    return Err(format!("{:?} was never answered", asked.verb));
                }
            };
            if let Err(error) = &answer {
                self.say(|| format!("no: {error}"));
            }
            match (answer, &asked.verb) {
                (Ok(Response::Summary(summary)), Some((run, verb))) => {
                    self.checker.acknowledged(run, summary.seq, verb, &asked.actor)?;
                }
                (Ok(Response::Summary(summary)), None) => {
                    let known = self.checker.books.contains_key(&summary.run);
                    if !known {
                        return Err(format!("run {} was started and nobody told", summary.run));
                    }
                }
                (Ok(other), _) => return Err(format!("an answer that nobody asked for: {other:?}")),
                // How a cancellation that takes long ends is told later.
                (Err(_), Some((_, Verb::Cancel { .. })) | None) => {}
                (Err(_), Some((run, verb))) => self.checker.refused(run, verb)?,
            }
        }
        self.asked = waiting;
        Ok(())
    }

    /// The engine is gone with all that it had in memory; another one opens the same disk.
    fn dies(&mut self, death: Death) -> Checked {
        let mut calls = self.recorder.take();
        self.say(|| format!("the engine dies {death:?}"));
        let lost = match death {
            Death::AfterCalls(number) => calls.split_off(number.min(calls.len())),
            Death::InCommit(_) | Death::BeforeTelling => std::mem::take(&mut calls),
        };
        for call in calls {
            self.carries_out(call)?;
        }
        let lost: Vec<(Box<RunSummary>, Vec<Event>)> = lost
            .into_iter()
            .filter_map(|call| match call {
                Call::Told(Update::Run { summary, events }) => Some((summary, events)),
                _ => None,
            })
            .collect();
        let trouble = self.engine.trouble.read().unwrap_or_else(PoisonError::into_inner).is_some();
        let doubt = self.doubt || trouble;
        self.asked.clear();
        self.yard.orphan();
        self.coming.retain(|_, coming| !matches!(coming, Coming::Report { .. } | Coming::Child(_)));
        let chance = &mut self.chance;
        self.disk.crash(|| chance.one_in(2));
        if let Some(old) = self.old_disk.take() {
            self.disk = old;
        }
        self.now = self.now.plus(Millis(self.chance.between(0, 20_000)));
        let (engine, turns) = boot(&self.disk, &self.recorder, self.broken, self.now)?;
        (self.engine, self.turns) = (engine, turns);
        self.doubt = false;
        self.checker.reopened(&self.engine.store, &lost, doubt)?;
        // It may be full before the new one has settled what the old one left.
        if self.chance.one_in(5) {
            self.disk.fail_after(self.chance.between(0, 20), Fault::Full);
            self.comes(Millis(5_000), Coming::Heal);
        }
        self.turns.recover(self.now);
        for call in self.recorder.take() {
            self.carries_out(call)?;
        }
        self.yard.check(&self.checker)
    }

    /// Brings the runs to their ends.
    fn help(&mut self, firmly: bool) {
        let live = self.engine.live.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut live: Vec<Arc<Run>> = live.into_values().collect();
        live.sort_by(|a, b| a.id().cmp(b.id()));
        for run in live {
            let wish = if firmly { Some(Verb::Cancel { reason: None }) } else { people::helpful(&run) };
            if let Some(verb) = wish {
                let actor = Actor::Person("ana@laptop".to_owned());
                self.comes(Millis(500), Coming::Wish { run: run.id().clone(), verb, actor });
            }
        }
    }

    fn is_over(&self) -> bool {
        let trouble = self.engine.trouble.read().unwrap_or_else(PoisonError::into_inner).is_some();
        !trouble && self.checker.books.values().all(|book| book.run.is_ended())
    }

    pub(super) fn comes(&mut self, after: Millis, coming: Coming) {
        self.comes_at(self.now.plus(after), coming);
    }

    pub(super) fn comes_at(&mut self, at: Timestamp, coming: Coming) {
        self.number += 1;
        self.coming.insert((at, self.number), coming);
    }

    pub(super) fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>7} {}", self.now.0 - BEGIN.0, what()));
        }
    }
}
