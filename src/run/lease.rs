//! Leases: a step that waits can be taken for a while. Until that is over, only its holder answers it.
//! A lease stands in the state that it is about, so whatever ends the prompt ends it too.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::config::limits::{LEASE, LEASE_LEAST, LEASE_LIMIT};
use crate::run::decide::Draft;
use crate::run::state::{Phase, Prompt, StepRecord, StepState};
use crate::run::verbs::open_step;
use crate::run::{EventBody, LeaseEnd, Refusal};
use crate::workflow::{Step, StepKind};

/// Longest name of whom a step is handed over to, in bytes.
const NAME_LIMIT: usize = 320;

/// A step that waits is one actor's for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub holder: Actor,
    pub since: Timestamp,
    /// Moved by pauses, as every clock of a run is.
    pub until: Timestamp,
}

/// `taken by ana@laptop until 14:05`.
impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_today = self.until.local_date() == self.since.local_date();
        let until = if is_today { self.until.local_clock() } else { self.until.local_minute() };
        write!(f, "taken by {} until {until}", self.holder)
    }
}

impl StepState {
    /// Who alone answers the step; that of a child run's step is the child's.
    pub fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Waiting { lease, .. } | Self::Failed { lease, .. } | Self::Uncertain { lease, .. } => {
                lease.as_ref()
            }
            _ => None,
        }
    }

    /// The same, and who has taken what the step's child run asks.
    pub fn taken(&self) -> Option<&Lease> {
        match self {
            Self::Running { need: Some(need), .. } => need.lease.as_ref(),
            state => state.lease(),
        }
    }

    /// Where a lease may stand: a state that waits for somebody.
    pub(super) fn lease_mut(&mut self) -> Option<&mut Option<Lease>> {
        match self {
            Self::Waiting { on: Prompt::Retry { .. }, .. } => None,
            Self::Waiting { lease, .. }
            | Self::Failed { lease, continued: false, .. }
            | Self::Uncertain { lease, .. } => Some(lease),
            _ => None,
        }
    }
}

impl Draft {
    /// Ends what is over by now, also where the timer has not come yet.
    pub fn end_leases(&mut self) {
        for id in self.run.steps.iter().map(|r| r.id.clone()).collect::<Vec<_>>() {
            self.end_lease(&id);
        }
    }

    pub fn end_lease(&mut self, id: &StepId) {
        let Phase::Active { .. } = self.run.phase else { return };
        let lease = self.run.record(id).and_then(|(_, record)| record.state.lease());
        if let Some(lease) = lease.filter(|lease| lease.until <= self.at) {
            let (step, holder) = (id.clone(), lease.holder.clone());
            self.emit_as(Actor::Engine, EventBody::LeaseEnded { step, holder, why: LeaseEnd::Expired });
        }
    }
}

pub(super) fn take(draft: &mut Draft, step: Option<&StepId>, length: Option<Millis>) -> Result<(), Refusal> {
    let (step, definition, record) = open_step(draft, step, "take")?;
    waits(&step, &record)?;
    may_answer(draft, &record)?;
    may_have(&draft.actor, &definition)?;
    let until = until(draft, length)?;
    draft.emit(EventBody::StepTaken { step, until });
    Ok(())
}

pub(super) fn hand_over(
    draft: &mut Draft,
    step: Option<&StepId>,
    to: Option<&Actor>,
    length: Option<Millis>,
) -> Result<(), Refusal> {
    let (step, definition, record) = open_step(draft, step, "hand-over")?;
    waits(&step, &record)?;
    may_answer(draft, &record)?;
    let is_held = record.state.lease().is_some();
    let Some(to) = to else {
        if !is_held {
            return Err(Refusal::new(format!("Nobody has taken “{step}”; whoever comes may answer it")));
        }
        let holder = draft.actor.clone();
        draft.emit(EventBody::LeaseEnded { step, holder, why: LeaseEnd::GivenUp });
        return Ok(());
    };
    if !is_held && !draft.actor.is_person() {
        return Err(Refusal::new(format!(
            "An agent hands over only what it has taken, and “{step}” is free"
        ))
        .hint("Take it first, or leave it to whoever comes"));
    }
    if *to == draft.actor {
        return Err(Refusal::new(format!("{to} is who you are")).hint("To have the step longer, take it"));
    }
    is_somebody(to)?;
    may_have(to, &definition)?;
    let until = until(draft, length)?;
    draft.emit(EventBody::StepHandedOver { step, to: to.clone(), until });
    Ok(())
}

pub(super) fn take_back(
    draft: &mut Draft,
    step: Option<&StepId>,
    length: Option<Millis>,
) -> Result<(), Refusal> {
    let (step, _, record) = open_step(draft, step, "take-back")?;
    waits(&step, &record)?;
    let from = match record.state.lease().map(|lease| &lease.holder) {
        None => {
            return Err(Refusal::new(format!("Nobody has taken “{step}”")).hint("Take it, or just answer it"));
        }
        Some(holder) if *holder == draft.actor => {
            return Err(
                Refusal::new(format!("You have “{step}” already")).hint("To have it longer, take it again")
            );
        }
        Some(holder) => holder.clone(),
    };
    if !draft.actor.is_person() {
        return Err(Refusal::new("Only a person takes a step back from somebody else")
            .hint("Wait until it is free, or ask a person to hand it over"));
    }
    let until = until(draft, length)?;
    draft.emit(EventBody::StepTakenBack { step, from, until });
    Ok(())
}

/// Whoever has taken a step answers it alone, also what a child run asks for it.
pub(super) fn may_answer(draft: &Draft, record: &StepRecord) -> Result<(), Refusal> {
    match record.state.taken() {
        Some(lease) if lease.holder != draft.actor => Err(taken(&draft.actor, &record.id, lease)),
        _ => Ok(()),
    }
}

/// An agent ends nothing that a person has taken.
pub(super) fn spares_people(draft: &Draft, ends: impl Fn(&StepRecord) -> bool) -> Result<(), Refusal> {
    if draft.actor.is_person() {
        return Ok(());
    }
    let theirs = draft.run.steps.iter().find_map(|record| {
        let lease = record.state.taken().filter(|lease| lease.holder.is_person())?;
        ends(record).then_some((&record.id, lease))
    });
    theirs.map_or(Ok(()), |(step, lease)| Err(taken(&draft.actor, step, lease)))
}

fn taken(actor: &Actor, step: &StepId, lease: &Lease) -> Refusal {
    let hint = if actor.is_person() {
        "Take it back, or wait until then"
    } else {
        "Wait until then, or ask a person to hand it over"
    };
    Refusal::new(format!("“{step}” is {lease}")).hint(hint)
}

/// Only what waits for somebody can be taken.
fn waits(step: &StepId, record: &StepRecord) -> Result<(), Refusal> {
    if record.state.clone().lease_mut().is_some() {
        return Ok(());
    }
    Err(match &record.state {
        StepState::Running { need: Some(need), .. } => {
            Refusal::new(format!("“{step}” is asked in a run of its own, at “{}”", need.title))
                .hint(format!("Name it there: {step}/{}", need.step))
        }
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => {
            Refusal::new(format!("“{step}” is tried again by itself; it waits for nobody"))
        }
        state => Refusal::new(format!("“{step}” is {}; it waits for nobody", state.status().word())),
    })
}

/// No agent decides about an approval, so none has it.
fn may_have(actor: &Actor, definition: &Step) -> Result<(), Refusal> {
    match definition.kind {
        StepKind::Approve { .. } if !actor.is_person() => {
            Err(Refusal::new(format!("“{}” is an approval: no agent can have it", definition.id))
                .hint("Only a person approves or rejects"))
        }
        _ => Ok(()),
    }
}

fn is_somebody(actor: &Actor) -> Result<(), Refusal> {
    let is_name =
        |name: &str| !name.trim().is_empty() && name.trim() == name && !name.chars().any(char::is_control);
    match actor {
        Actor::Engine => Err(Refusal::new("The engine answers nothing").hint("Name a person or an agent")),
        Actor::Person(name) | Actor::Agent(name) if name.len() > NAME_LIMIT => {
            Err(Refusal::new(format!("The name is longer than {NAME_LIMIT} bytes")))
        }
        Actor::Person(name) => match name.split_once('@') {
            Some((user, host)) if is_name(user) && is_name(host) => Ok(()),
            _ => Err(Refusal::new(format!("“{name}” is no person")).hint("Write user@host")),
        },
        Actor::Agent(name) if is_name(name) => Ok(()),
        Actor::Agent(name) => Err(Refusal::new(format!("“{name}” is no agent"))
            .hint("Write the name by which the agent's client calls itself")),
    }
}

fn until(draft: &Draft, length: Option<Millis>) -> Result<Timestamp, Refusal> {
    let length = length.unwrap_or(LEASE);
    if length < LEASE_LEAST || length > LEASE_LIMIT {
        return Err(Refusal::new(format!(
            "A step is taken for {LEASE_LEAST} to {LEASE_LIMIT}, not for {length}"
        ))
        .hint("Whoever has it may take it again before that is over"));
    }
    Ok(draft.at.plus(length))
}
