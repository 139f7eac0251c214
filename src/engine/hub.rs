//! Telling subscribers what happened. A slow one never holds up the run loop: its queue is
//! bounded, and it is told once that it missed something.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::bytes::Bytes;

use crate::protocol::queue::{self, UpdateSender};
use crate::protocol::{ServerMessage, Update, frame};

/// How many updates wait for a slow subscriber.
pub const QUEUE: usize = 1024;

#[derive(Debug, Default)]
pub struct Hub {
    subscribers: Mutex<HashMap<u64, UpdateSender<Bytes>>>,
}

impl Hub {
    /// From now on, every update comes out of the receiver, ready to be sent. `None` where this
    /// connection has one already.
    pub fn subscribe(&self, connection: u64) -> Option<mpsc::Receiver<Bytes>> {
        match self.lock().entry(connection) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                let (sender, receiver) = queue::updates(QUEUE);
                place.insert(sender);
                Some(receiver)
            }
        }
    }

    pub fn unsubscribe(&self, connection: u64) {
        self.lock().remove(&connection);
    }

    /// Written down once, however many listen.
    pub fn broadcast(&self, update: Update) {
        let mut subscribers = self.lock();
        if subscribers.is_empty() {
            return;
        }
        let bytes = match encode(update) {
            Some(bytes) if bytes.len() <= frame::FRAME_LIMIT => bytes,
            // What no frame can carry is asked for piece by piece.
            _ => missed(),
        };
        subscribers.retain(|_, queue| queue.push(bytes.clone(), missed));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, UpdateSender<Bytes>>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn encode(update: Update) -> Option<Bytes> {
    frame::encode(&ServerMessage::Update { update })
        .inspect_err(|error| tracing::error!(?error, "an update could not be written down"))
        .ok()
}

fn missed() -> Bytes {
    encode(Update::Missed).unwrap_or_default()
}
