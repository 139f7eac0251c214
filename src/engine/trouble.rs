//! A store that cannot be written: since when, why, and when it is tried again.

use crate::base::{Error, Millis, Timestamp};
use crate::protocol::StoreTrouble;

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
