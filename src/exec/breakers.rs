//! The circuit breakers of all MCP servers and agents, each by its kind and name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::Timestamp;
use crate::exec::breaker::{Breaker, FAILURES, Open, Pass};
use crate::run::{Failure, FailureKind};

/// What steps depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Helper {
    Server(String),
    Agent(String),
}

impl fmt::Display for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(name) => write!(f, "MCP server {name}"),
            Self::Agent(name) => write!(f, "agent {name}"),
        }
    }
}

#[derive(Default)]
pub struct Breakers(Mutex<HashMap<Helper, Breaker>>);

/// A call that was let through. Dropped without a word, as when a step is stopped, it tells nothing.
pub struct Attempt<'b> {
    breakers: &'b Breakers,
    helper: Helper,
    pass: Option<Pass>,
}

impl Breakers {
    pub fn pass(&self, helper: Helper) -> Result<Attempt<'_>, Failure> {
        let pass = self.lock().entry(helper.clone()).or_default().pass(Timestamp::now());
        match pass {
            Ok(pass) => Ok(Attempt { breakers: self, helper, pass: Some(pass) }),
            Err(open) => {
                let message = told(&helper, &open);
                Err(Failure { kind: FailureKind::Breaker, message, exit: None })
            }
        }
    }

    /// Those that let nothing through now.
    pub fn open(&self) -> Vec<(Helper, Open)> {
        let now = Timestamp::now();
        let mut open: Vec<_> =
            self.lock().iter().filter_map(|(helper, b)| Some((helper.clone(), b.open(now)?))).collect();
        open.sort_by(|a, b| a.0.cmp(&b.0));
        open
    }

    /// What is started by another command now has not failed yet.
    pub fn forget(&self, helper: &Helper) {
        self.lock().remove(helper);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Helper, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It answered, whatever it said.
    pub fn answered(mut self) {
        if self.pass.take().is_some() {
            self.breakers.lock().entry(self.helper.clone()).or_default().succeeded();
        }
    }

    /// It could not be started, or gave no answer.
    pub fn failed(mut self, why: &str) {
        if let Some(pass) = self.pass.take() {
            let mut breakers = self.breakers.lock();
            let breaker = breakers.entry(self.helper.clone()).or_default();
            let now = Timestamp::now();
            breaker.failed(pass, now, why);
            if let Some(open) = breaker.open(now) {
                tracing::warn!(helper = %self.helper, failures = open.failures, "left alone for a while");
            }
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.breakers.lock().entry(self.helper.clone()).or_default().told_nothing(pass);
        }
    }
}

pub fn told(helper: &Helper, open: &Open) -> String {
    let failures = open.failures.max(FAILURES);
    let since = open.since.local_clock_seconds();
    let next = if open.trial {
        "another step tries it at this moment".to_owned()
    } else {
        format!("it is tried again from {} on", open.until.local_clock_seconds())
    };
    format!(
        "The {helper} is left alone since {since}, after {failures} failures in a row; {next}. Last: {}",
        open.why
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_and_an_open_one_says_why() {
        let breakers = Breakers::default();
        let server = || Helper::Server("logs".to_owned());
        for _ in 0..FAILURES {
            breakers.pass(server()).expect("let through").failed("it gave no answer");
        }
        let failure = breakers.pass(server()).err().expect("open");
        assert_eq!(failure.kind, FailureKind::Breaker);
        for part in
            ["MCP server logs", "5 failures in a row", "since", "tried again from", "it gave no answer"]
        {
            assert!(failure.message.contains(part), "{}", failure.message);
        }
        assert_eq!(breakers.open().len(), 1);
        breakers.pass(Helper::Agent("logs".to_owned())).expect("another one").answered();
        breakers.forget(&server());
        breakers.pass(server()).expect("new").answered();
    }

    #[test]
    fn answers_between_failures_and_stopped_calls_do_not_open_it() {
        let breakers = Breakers::default();
        let agent = || Helper::Agent("analyst".to_owned());
        for _ in 0..FAILURES * 2 {
            breakers.pass(agent()).expect("let through").failed("no");
            breakers.pass(agent()).expect("let through").answered();
            drop(breakers.pass(agent()).expect("let through"));
        }
    }
}
