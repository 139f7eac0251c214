//! Who has taken which step, kept a second time and by hand, and what others may do to it meanwhile.

use std::collections::BTreeMap;

use crate::base::{Actor, StepId, Timestamp};
use crate::engine::simulation::checker::Checked;
use crate::engine::simulation::legal::{At, at};
use crate::run::{Event, EventBody, LeaseEnd, Run};
use crate::workflow::StepKind;

#[derive(Default)]
pub struct Taken(BTreeMap<StepId, (Actor, Timestamp)>);

impl Taken {
    /// One more event, between the run before it and after it.
    pub fn fact(&mut self, before: &Run, event: &Event, after: &Run) -> Checked {
        self.allowed(before, event)?;
        let by = event.actor.clone();
        match &event.body {
            EventBody::StepTaken { step, until } | EventBody::StepTakenBack { step, until, .. } => {
                self.0.insert(step.clone(), (by, *until));
            }
            EventBody::StepHandedOver { step, to, until } => {
                self.0.insert(step.clone(), (to.clone(), *until));
            }
            EventBody::LeaseEnded { step, .. } | EventBody::StepEscalated { step, .. } => {
                self.0.remove(step);
            }
            _ => {}
        }
        // Who has a prompt has it as long as it is that prompt.
        self.0.retain(|step, _| {
            let [then, now] = [before, after].map(|run| run.record(step).map(|(_, r)| (at(r), r.attempt())));
            then == now
        });
        for (step, record) in after.each_step() {
            let told = record.state.lease().map(|lease| &lease.holder);
            let known = self.0.get(&record.id).map(|(holder, _)| holder);
            if told != known {
                return Err(format!("step {} is {told:?}'s, and was told to be {known:?}'s", record.id));
            }
            let is_gate = matches!(step.kind, StepKind::Approve { .. });
            if is_gate && known.is_some_and(|holder| !holder.is_person()) {
                return Err(format!("an agent has the approval {}", record.id));
            }
        }
        Ok(())
    }

    fn allowed(&self, before: &Run, event: &Event) -> Checked {
        let by = &event.actor;
        if let EventBody::LeaseEnded { step, holder, why } = &event.body {
            let (known, until) = self.0.get(step).ok_or("a lease ends that nobody has")?;
            let fits = match why {
                // A pause has moved it since it was told.
                LeaseEnd::Expired => *by == Actor::Engine && *until <= event.at,
                LeaseEnd::GivenUp => by == holder,
            };
            return if known == holder && fits { Ok(()) } else { Err(format!("{by} ends {holder}'s lease")) };
        }
        for (step, (holder, _)) in self.0.iter().filter(|(_, (holder, _))| holder != by) {
            let meant = match &event.body {
                EventBody::StepTakenBack { step, from, .. } if by.is_person() && from == holder => None,
                EventBody::StepCompleted { step, .. }
                | EventBody::StepFailed { step, .. }
                | EventBody::StepSkipped { step, .. }
                | EventBody::StepRetried { step, .. }
                | EventBody::StepReleased { step }
                | EventBody::ActionChecked { step, .. }
                | EventBody::StepTaken { step, .. }
                | EventBody::StepHandedOver { step, .. }
                | EventBody::StepTakenBack { step, .. } => Some(step),
                _ => None,
            };
            if meant == Some(step) && *by != Actor::Engine {
                return Err(format!("{by} answers {step}, which {holder} has taken"));
            }
            let ends = match &event.body {
                EventBody::WentBack { to, .. } => {
                    let places = before.place(to).map(|place| before.workflow.with_dependents(place));
                    let of = before.record(step).map(|(_, record)| record.role.index());
                    places.zip(of).is_some_and(|(places, of)| places.contains(&of))
                }
                EventBody::RollbackStarted { .. } => true,
                _ => false,
            };
            if ends && holder.is_person() && matches!(by, Actor::Agent(_)) {
                return Err(format!("the agent {by} ends what {holder} has taken"));
            }
        }
        let waits = |step: &StepId| {
            before.record(step).is_some_and(|(_, record)| {
                !matches!(at(record), At::Running | At::Loop | At::Retry | At::Pending | At::Done)
            })
        };
        match &event.body {
            EventBody::StepTaken { step, .. } | EventBody::StepHandedOver { step, .. } if !waits(step) => {
                Err(format!("{step} is taken and waits for nobody"))
            }
            _ => Ok(()),
        }
    }
}
