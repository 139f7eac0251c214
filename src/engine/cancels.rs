//! Answers to cancellations: given when the run has ended, or after a while, when it has not.

use crate::base::{Error, Millis, Result, RunId, Timestamp};
use crate::engine::Reply;
use crate::protocol::Response;
use crate::run::{Run, summarise};

/// How long a cancellation is waited for before the answer says that it goes on.
const LIMIT: Millis = Millis(10_000);

#[derive(Default)]
pub struct Cancels(Vec<Waiting>);

struct Waiting {
    reply: Reply,
    run: RunId,
    until: Timestamp,
}

impl Cancels {
    pub fn add(&mut self, reply: Reply, run: RunId, now: Timestamp) {
        self.0.push(Waiting { reply, run, until: now.plus(LIMIT) });
    }

    pub fn ended(&mut self, run: &Run) {
        self.answer(|waiting| &waiting.run == run.id(), |_| Ok(Response::Summary(Box::new(summarise(run)))));
    }

    pub fn late(&mut self, now: Timestamp) {
        self.answer(
            |waiting| waiting.until <= now,
            |run| {
                let short = run.short();
                Err(Error::internal(format!(
                    "Run {short} is still ending: not all of its processes are gone"
                ))
                .hint(format!("It goes on by itself; look again with `mwtui status {short}`")))
            },
        );
    }

    /// When the next of them is late.
    pub fn next(&self) -> Option<Timestamp> {
        self.0.iter().map(|waiting| waiting.until).min()
    }

    fn answer(&mut self, which: impl Fn(&Waiting) -> bool, with: impl Fn(&RunId) -> Result<Response>) {
        for Waiting { reply, run, .. } in self.0.extract_if(.., |waiting| which(waiting)) {
            // Whoever asked may be gone.
            let _ = reply.send(with(&run));
        }
    }
}
