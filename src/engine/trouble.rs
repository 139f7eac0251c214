//! A store that cannot be written: since when, why, when it is tried again, and what the run loop
//! does until then.

use std::sync::PoisonError;

use crate::base::{Error, Millis, Result, Timestamp};
use crate::engine::Input;
use crate::engine::turns::Turns;
use crate::exec::Notice;
use crate::protocol::{StoreTrouble, Update};

/// How long after the first failed commit the store is tried again; each further failure doubles it.
const FIRST: Millis = Millis(500);
/// The longest wait between two tries.
const LONGEST: Millis = Millis(4_000);

pub struct Trouble {
    since: Timestamp,
    pub error: Error,
    wait: Millis,
    /// When the store is tried again.
    pub again: Timestamp,
}

impl Trouble {
    /// After one more failure.
    pub fn after(earlier: Option<Self>, error: &Error, now: Timestamp) -> Self {
        let (since, wait) = match earlier {
            Some(earlier) => (earlier.since, Millis((earlier.wait.0 * 2).min(LONGEST.0))),
            None => (now, FIRST),
        };
        Self { since, error: error.clone(), wait, again: now.plus(wait) }
    }

    pub fn shown(&self) -> StoreTrouble {
        StoreTrouble { since: self.since, error: self.error.clone() }
    }
}

impl Turns {
    /// Whether the store takes anything; after a failed commit it is asked only now and then.
    pub(super) fn ready(&mut self, now: Timestamp) -> Result<()> {
        match &self.trouble {
            None => return Ok(()),
            Some(trouble) if now < trouble.again => return Err(trouble.error.clone()),
            Some(_) => {}
        }
        self.engine.store.probe().inspect_err(|error| self.fail(now, error))
    }

    /// Nothing can be written: say so to all who asked, keep what must not be lost.
    pub(super) fn hold(&mut self, inputs: Vec<Input>, error: &Error) {
        for input in inputs {
            match input {
                Input::Act { reply, .. }
                | Input::Start { reply, .. }
                | Input::MoveOver { reply, .. }
                | Input::SetSubject { reply, .. }
                | Input::Session { reply, .. }
                | Input::Learn { reply, .. } => {
                    // Whoever asked may be gone.
                    let _ = reply.send(Err(error.clone()));
                }
                Input::StartChild(prepared) => self.children.push(*prepared),
                Input::Notice(Notice::Report { run, report }) => self.parked.push((run, report)),
                Input::Notice(Notice::Output { run, step, attempt, total, lines }) => {
                    self.outside.tell(Update::Output { run, step, attempt, total, lines });
                }
                Input::Stop => {}
            }
        }
    }

    pub(super) fn fail(&mut self, now: Timestamp, error: &Error) {
        let trouble = Trouble::after(self.trouble.take(), error, now);
        self.show(Some(trouble.shown()));
        self.trouble = Some(trouble);
    }

    pub(super) fn show(&self, trouble: Option<StoreTrouble>) {
        let mut shown = self.engine.trouble.write().unwrap_or_else(PoisonError::into_inner);
        if *shown != trouble {
            shown.clone_from(&trouble);
            drop(shown);
            self.outside.tell(Update::Store { trouble });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_tried_again_soon_and_then_less_often() {
        let error = Error::internal("The disk is full");
        let mut trouble = Trouble::after(None, &error, Timestamp(0));
        let mut waits = Vec::new();
        for _ in 0..5 {
            let at = trouble.again;
            waits.push(trouble.wait.0);
            trouble = Trouble::after(Some(trouble), &error, at);
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 4000]);
        assert_eq!(trouble.shown().since, Timestamp(0));
    }
}
