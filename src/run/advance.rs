//! Going on: which steps may begin, what a try does, when a loop and when the run is through.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::run::decide::Draft;
use crate::run::resolve::{self, Place};
use crate::run::state::{Phase, Prompt, Role, StepRecord, StepState};
use crate::run::{
    BackCause, Escalation, EventBody, Evidence, EvidenceKind, Failure, Held, Outcome, Run, SkipReason, Work,
};
use crate::workflow::{OnTimeout, Step, StepKind};

/// How many automatic steps run side by side where nobody says.
pub const PARALLEL: u32 = 4;

impl Draft {
    /// Goes on as far as the run can by itself: skips what its condition excludes, starts what is
    /// ready, ends loops, completes the run after the last step.
    pub fn advance(&mut self) {
        while let Phase::Active { .. } = self.run.phase {
            let progressed = if self.run.is_rolling_back() {
                self.undo_next()
            } else {
                self.end_loop() || self.begin_ready()
            };
            if !progressed {
                if !self.run.is_rolling_back() && self.run.steps.iter().all(|s| s.state.is_settled()) {
                    self.complete();
                }
                return;
            }
        }
    }

    fn complete(&mut self) {
        if let Some((moves, subject)) = self.run.moves() {
            let (to, from) = (Some(moves.to.clone()), subject.state.clone());
            let moved = EventBody::SubjectMoved { subject: subject.name.clone(), from, to };
            self.emit_as(Actor::Engine, moved);
        }
        self.emit_as(Actor::Engine, EventBody::RunCompleted);
    }

    /// Begins the first step that is ready; false where there is none.
    fn begin_ready(&mut self) -> bool {
        let limit =
            self.run.workflow.config.parallel.or(self.run.header.context.parallel).unwrap_or(PARALLEL);
        let working = self.run.steps.iter().filter(|r| is_working(r)).count();
        let is_full = working >= limit as usize;
        let settled: HashSet<&StepId> = self
            .run
            .steps
            .iter()
            .filter(|r| matches!(r.role, Role::Step { .. }) && r.state.is_settled())
            .map(|r| &r.id)
            .collect();
        let ready = self.run.steps.iter().find(|record| {
            let is_ready = record.state == StepState::Pending
                && match &record.role {
                    Role::Step { index } => {
                        self.run.workflow.needs(*index).iter().all(|id| settled.contains(id))
                    }
                    Role::Iteration { index, .. } => self.may_iterate(*index),
                    Role::Undo { .. } => false,
                };
            let is_automatic = || self.run.definition(record).is_some_and(|s| s.kind.is_automatic());
            let is_loop = || matches!(record.role, Role::Step { .. }) && self.loops(record);
            is_ready && (!is_full || is_loop() || !is_automatic())
        });
        let Some(id) = ready.map(|r| r.id.clone()) else { return false };
        self.begin_step(&id);
        true
    }

    fn loops(&self, record: &StepRecord) -> bool {
        self.run.definition(record).is_some_and(|s| s.for_each.is_some())
    }

    /// Whether one more iteration of the loop at `index` may begin.
    fn may_iterate(&self, index: usize) -> bool {
        let Some(each) = self.run.workflow.steps.get(index).and_then(|s| s.for_each.as_ref()) else {
            return false;
        };
        let is_open = self.run.steps.iter().any(|r| {
            matches!(r.role, Role::Step { index: i } if i == index)
                && matches!(r.state, StepState::Running { .. })
        });
        let open = self.run.iterations(index).filter(|r| r.state.is_open()).count();
        is_open && open < each.parallel as usize
    }

    /// Completes the first loop whose iterations are all settled.
    fn end_loop(&mut self) -> bool {
        let through = self.run.steps.iter().find_map(|record| match (&record.role, &record.state) {
            (Role::Step { index }, StepState::Running { .. }) if self.loops(record) => self
                .run
                .iterations(*index)
                .all(|r| r.state.is_settled())
                .then(|| (*index, record.id.clone(), record.attempt())),
            _ => None,
        });
        let Some((index, step, attempt)) = through else { return false };
        let listed: Vec<&StepRecord> = self
            .run
            .iterations(index)
            .filter(|r| !matches!(&r.state, StepState::Skipped { reason: SkipReason::NotListed, .. }))
            .collect();
        let failed = listed.iter().filter(|r| matches!(r.state, StepState::Failed { .. })).count();
        let items: Vec<Value> = listed.iter().map(|r| iteration(r)).collect();
        let done = listed.iter().filter(|r| matches!(r.state, StepState::Done { .. })).count();
        let text = format!("{done} of {} done", listed.len());
        let mut outputs = Map::new();
        outputs.insert("count".to_owned(), Value::from(items.len()));
        outputs.insert("failed".to_owned(), Value::from(failed));
        outputs.insert("items".to_owned(), Value::Array(items));
        let evidence = vec![Evidence { kind: EvidenceKind::Output, text }];
        let outcome = Outcome { evidence, outputs, ..Outcome::default() };
        self.emit_as(Actor::Engine, EventBody::StepCompleted { step, attempt, outcome });
        true
    }

    /// Begins, holds, skips or fails a step whose turn it is.
    pub fn begin_step(&mut self, id: &StepId) {
        let Some((_, record)) = self.run.record(id) else { return };
        let record = record.clone();
        let Some(step) = self.run.definition(&record).cloned() else { return };
        let attempt = record.attempt() + 1;
        let scope = resolve::scope_of(&self.run, &record);
        let resolved = match resolve::condition(&step, &scope) {
            Ok(false) => {
                let expression = step.condition.unwrap_or_default();
                let reason = SkipReason::Condition { expression };
                self.emit_as(Actor::Engine, EventBody::StepSkipped { step: id.clone(), reason });
                return;
            }
            Ok(true) => self.work(&step, &record, attempt),
            Err(failure) => Err(failure),
        };
        if let Ok(work) = &resolved
            && let Some(gate) = self.unapproved(&record, work)
        {
            let reason = Some(format!("What “{}” would do is not what was approved", step.title));
            let cause = BackCause::Changed { step: id.clone() };
            self.emit_as(Actor::Engine, EventBody::WentBack { to: gate, reason, cause });
            return;
        }
        if let Ok(work) = &resolved
            && let Some(why) = self.held(&record, work)
        {
            let work = Some(work.clone());
            self.emit_as(Actor::Engine, EventBody::StepHeld { step: id.clone(), work, why });
            return;
        }
        let (work, failure) = match resolved {
            Ok(work) => (work, None),
            Err(failure) => (Work::Unresolved, Some(failure)),
        };
        let (limit, remind) = match &step.kind {
            StepKind::Approve { within, remind, .. } => (*within, *remind),
            kind if kind.is_automatic() && !matches!(work, Work::ForEach { .. }) => (step.timeout, None),
            _ => (None, None),
        };
        let after = |limit| self.at.plus(limit);
        let started = EventBody::StepStarted {
            step: id.clone(),
            attempt,
            work,
            deadline: limit.map(after),
            remind: remind.map(after),
        };
        self.emit_as(Actor::Engine, started);
        if let Some(failure) = failure {
            self.fail_as(Actor::Engine, id, attempt, failure);
        }
    }

    fn work(&self, step: &Step, record: &StepRecord, attempt: u32) -> Result<Work, Failure> {
        let scope = resolve::scope_of(&self.run, record);
        if step.for_each.is_some() && matches!(record.role, Role::Step { .. }) {
            return resolve::items(step, &scope).map(|items| Work::ForEach { items });
        }
        let opens = match (&step.kind, &record.role) {
            (StepKind::Approve { .. }, Role::Step { index }) => resolve::opens(&self.run, *index),
            _ => Vec::new(),
        };
        let place = Place::of(&self.run, record, attempt);
        resolve::work(step, record.edit.as_deref(), &scope, &place, opens)
    }

    /// The approval that this work needs and that did not show it. An approval is bound to what it
    /// showed: where that has changed since, people are asked again.
    fn unapproved(&self, record: &StepRecord, work: &Work) -> Option<StepId> {
        let (Role::Step { index } | Role::Iteration { index, .. }) = record.role else { return None };
        if matches!(work, Work::ForEach { .. }) || !is_automatic(work) {
            return None;
        }
        let gates = self.run.workflow.needs(index).into_iter().filter_map(|id| self.run.record(id));
        gates
            .filter(|(_, gate)| resolve::shows(&self.run.workflow, gate.role.index(), index))
            .map(|(_, gate)| gate)
            .find(|gate| !showed(gate, &record.id, work))
            .map(|gate| gate.id.clone())
    }

    fn held(&self, record: &StepRecord, work: &Work) -> Option<Held> {
        if record.released || matches!(record.role, Role::Undo { .. }) {
            return None;
        }
        if self.run.breakpoints.contains(&record.id) {
            return Some(Held::Breakpoint);
        }
        let is_held = work.is_executed() || matches!(work, Work::Workflow { .. });
        (self.run.step_through && is_held).then_some(Held::StepThrough)
    }
}

/// Whether an approval that was given showed exactly this work; true for what is no approval.
fn showed(gate: &StepRecord, step: &StepId, work: &Work) -> bool {
    let StepState::Done { .. } = gate.state else { return true };
    match gate.attempts.last().map(|a| &a.work) {
        Some(Work::Approve { opens, .. }) => opens.iter().any(|o| {
            // A journal from before there were steps side by side does not name the step.
            (&o.step == step || o.step.as_str().is_empty()) && resolve::is_as_opened(&o.work, work)
        }),
        _ => true,
    }
}

fn is_automatic(work: &Work) -> bool {
    work.is_executed() || matches!(work, Work::Workflow { .. } | Work::Agent { .. })
}

/// Whether a step takes one of the places that run side by side.
fn is_working(record: &StepRecord) -> bool {
    let is_open = matches!(
        record.state,
        StepState::Running { .. } | StepState::Waiting { on: Prompt::Retry { .. }, .. }
    );
    is_open && !record.is_loop()
}

/// What `steps.<loop>.outputs.items` tells of one iteration.
fn iteration(record: &StepRecord) -> Value {
    let Role::Iteration { item, .. } = &record.role else { return Value::Null };
    let (outputs, answers) = match &record.state {
        StepState::Done { outcome, .. } => (outcome.outputs.clone(), outcome.answers.clone()),
        _ => (Map::new(), Map::new()),
    };
    json!({ "item": item, "status": record.state.status().word(), "outputs": outputs, "answers": answers })
}

/// What comes after an approval's or an escalation's time: the next in line, and until when.
pub(super) fn next_in_line(
    line: &[String],
    level: u32,
    within: Option<Millis>,
    at: Timestamp,
) -> Option<Escalation> {
    let to = line.get(level as usize)?.clone();
    Some(Escalation { level, to, deadline: within.map(|within| at.plus(within)) })
}

/// The line of people of an approval, where its time's end hands it on.
pub(super) fn line(kind: &StepKind) -> Option<(&[String], Option<Millis>)> {
    match kind {
        StepKind::Approve { on_timeout: OnTimeout::Escalate, escalate, within, .. } => {
            Some((escalate, *within))
        }
        _ => None,
    }
}

impl Run {
    /// The place of the step in the workflow, for ids that name a step and no iteration of it.
    pub fn place(&self, id: &StepId) -> Option<usize> {
        self.record(id).and_then(|(_, record)| match record.role {
            Role::Step { index } => Some(index),
            _ => None,
        })
    }
}
