//! A circuit breaker: what has failed several times in a row is left alone for a while, then tried by one call
//! alone. Pure: time comes in as a value. What counts as a failure is decided where the work is done.

use crate::base::{Millis, Timestamp};

/// So many failures in a row open it.
pub const FAILURES: u32 = 5;

/// How long it stays open the first time; then twice as long each time, up to [`LONGEST`].
const FIRST: Millis = Millis(30_000);
const LONGEST: Millis = Millis(600_000);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// What the last failure said.
    why: String,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Open {
        since: Timestamp,
        length: Millis,
        /// One call has been let through to see whether it is well again.
        trial: bool,
    },
}

/// A call was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    Usual,
    /// The one call that tries whether it is well again.
    Trial,
}

/// Why no call is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Failures in a row.
    pub failures: u32,
    pub why: String,
    /// Another call is trying it at this moment.
    pub trial: bool,
}

impl Breaker {
    /// Whether a call may be made now. Each pass must be followed by `succeeded`, `failed` or `told_nothing`.
    pub fn pass(&mut self, now: Timestamp) -> Result<Pass, Open> {
        if let Some(open) = self.open(now) {
            return Err(open);
        }
        match &mut self.state {
            State::Closed => Ok(Pass::Usual),
            State::Open { trial, .. } => {
                *trial = true;
                Ok(Pass::Trial)
            }
        }
    }

    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub fn failed(&mut self, pass: Pass, now: Timestamp, why: &str) {
        // Calls that were under way when it opened come back after it.
        if pass == Pass::Usual && self.state != State::Closed {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        why.clone_into(&mut self.why);
        let length = match self.state {
            State::Closed if self.failures < FAILURES => return,
            State::Closed => FIRST,
            State::Open { length, .. } => length.plus(length).min(LONGEST),
        };
        self.state = State::Open { since: now, length, trial: false };
    }

    /// The call was stopped, or failed for a reason of its own.
    pub fn told_nothing(&mut self, pass: Pass) {
        if let (Pass::Trial, State::Open { trial, .. }) = (pass, &mut self.state) {
            *trial = false;
        }
    }

    /// `None` while calls are let through.
    pub fn open(&self, now: Timestamp) -> Option<Open> {
        let State::Open { since, length, trial } = self.state else { return None };
        // A clock that was set back must not keep it open for longer than it says.
        let over = now < since || now >= since.plus(length);
        (trial || !over).then(|| Open {
            since,
            until: since.plus(length),
            failures: self.failures,
            why: self.why.clone(),
            trial,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A breaker and its clock, in seconds.
    #[derive(Default)]
    struct Bench {
        breaker: Breaker,
        now: i64,
    }

    impl Bench {
        fn now(&self) -> Timestamp {
            Timestamp(self.now * 1000)
        }

        fn pass(&mut self) -> Result<Pass, Open> {
            self.breaker.pass(self.now())
        }

        fn fail(&mut self) {
            let pass = self.pass().expect("let through");
            self.breaker.failed(pass, self.now(), "no answer");
        }

        /// For how many seconds from now on nothing is let through.
        fn closed_for(&mut self) -> i64 {
            let open = self.pass().expect_err("open");
            assert_eq!(open.why, "no answer");
            (open.until.0 / 1000) - self.now
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_starts_anew() {
        let mut bench = Bench::default();
        for _ in 0..4 {
            bench.fail();
        }
        assert_eq!(bench.pass(), Ok(Pass::Usual));
        bench.breaker.succeeded();
        for _ in 0..4 {
            bench.fail();
        }
        assert_eq!(bench.pass(), Ok(Pass::Usual));
        bench.now = 7;
        bench.fail();
        let open = bench.pass().expect_err("open");
        let told = (open.since.0, open.until.0, open.failures, open.trial);
        assert_eq!(told, (7_000, 37_000, 5, false));
    }

    #[test]
    fn one_call_tries_and_each_failure_doubles_the_wait_up_to_ten_minutes() {
        let mut bench = Bench::default();
        for _ in 0..5 {
            bench.fail();
        }
        for seconds in [30, 60, 120, 240, 480, 600, 600] {
            assert_eq!(bench.closed_for(), seconds);
            bench.now += seconds - 1;
            assert_eq!(bench.closed_for(), 1);
            bench.now += 1;
            assert_eq!(bench.pass(), Ok(Pass::Trial));
            assert!(bench.pass().expect_err("one alone").trial);
            bench.breaker.failed(Pass::Trial, bench.now(), "no answer");
        }
        bench.now += 600;
        assert_eq!(bench.pass(), Ok(Pass::Trial));
        bench.breaker.succeeded();
        assert_eq!((bench.pass(), bench.pass()), (Ok(Pass::Usual), Ok(Pass::Usual)));
        assert_eq!(bench.breaker, Breaker::default(), "the next time begins with the shortest wait");
    }

    #[test]
    fn a_trial_that_tells_nothing_leaves_the_next_call_to_try() {
        let mut bench = Bench::default();
        for _ in 0..5 {
            bench.fail();
        }
        bench.now = 30;
        assert_eq!(bench.pass(), Ok(Pass::Trial));
        bench.breaker.told_nothing(Pass::Trial);
        assert_eq!(bench.pass(), Ok(Pass::Trial));
        bench.breaker.told_nothing(Pass::Usual);
        assert!(bench.pass().is_err(), "an older call says nothing of the trial");
    }

    #[test]
    fn calls_that_were_under_way_when_it_opened_change_nothing() {
        let mut bench = Bench::default();
        let late = bench.pass().expect("let through");
        for _ in 0..5 {
            bench.fail();
        }
        bench.now = 20;
        bench.breaker.failed(late, bench.now(), "late");
        assert_eq!(bench.closed_for(), 10);
    }

    #[test]
    fn a_clock_set_back_does_not_keep_it_open() {
        let mut bench = Bench { now: 100_000, ..Bench::default() };
        for _ in 0..5 {
            bench.fail();
        }
        bench.now = 0;
        assert_eq!(bench.pass(), Ok(Pass::Trial));
    }
}
