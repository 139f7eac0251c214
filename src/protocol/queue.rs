//! A bounded queue of updates that never makes its sender wait: when the receiver is too slow,
//! it is told once that it missed something, and gets nothing more until it has caught up.

use tokio::sync::mpsc;

/// The sending end. One place of the queue is kept for the word that something was missed.
#[derive(Debug)]
pub struct UpdateSender<T> {
    queue: mpsc::Sender<T>,
    missed: bool,
}

/// A queue for `places` updates.
pub fn updates<T>(places: usize) -> (UpdateSender<T>, mpsc::Receiver<T>) {
    let (queue, receiver) = mpsc::channel(places.saturating_add(1));
    (UpdateSender { queue, missed: false }, receiver)
}

impl<T> UpdateSender<T> {
    /// Puts `update` in line; where there is no room for it, `missed()` instead, once.
    /// False when nobody listens any more.
    pub fn push(&mut self, update: T, missed: impl FnOnce() -> T) -> bool {
        if self.missed {
            // The word is the last in line: an empty queue means that it has been taken out, and
            // whoever took it asks for everything again, this update included or after it.
            if self.queue.capacity() < self.queue.max_capacity() {
                return !self.queue.is_closed();
            }
            self.missed = false;
        }
        if self.queue.capacity() > 1 {
            return self.queue.try_send(update).is_ok();
        }
        self.missed = true;
        self.queue.try_send(missed()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_is_said_once_and_ends_when_caught_up() {
        let (mut sender, mut receiver) = updates(3);
        for n in 1..=9 {
            assert!(sender.push(n, || 0), "the receiver is there");
        }
        let mut got = Vec::new();
        while let Ok(n) = receiver.try_recv() {
            got.push(n);
        }
        assert_eq!(got, [1, 2, 3, 0]);
        assert!(sender.push(10, || 0));
        assert_eq!(receiver.try_recv(), Ok(10));
        drop(receiver);
        assert!(!sender.push(11, || 0));
    }

    #[test]
    fn nothing_comes_between_the_word_and_catching_up() {
        let (mut sender, mut receiver) = updates(1);
        sender.push(1, || 0);
        sender.push(2, || 0);
        assert_eq!(receiver.try_recv(), Ok(1));
        sender.push(3, || 0);
        assert_eq!(receiver.try_recv(), Ok(0), "3 is part of what was missed");
        sender.push(4, || 0);
        assert_eq!(receiver.try_recv(), Ok(4));
    }
}
