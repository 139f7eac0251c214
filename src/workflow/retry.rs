//! How a failed step is tried again by itself. Its place in a file is read by `parse::retry`.

use serde::{Deserialize, Serialize};

use crate::base::Millis;

/// How often, and how long apart, a failed step is tried again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The first try included; 1 to 10.
    pub max_attempts: u32,
    pub backoff: Backoff,
    pub initial: Millis,
    pub max: Millis,
    /// Each delay is drawn between its half and its whole, so that many runs do not come back at once.
    pub jitter: bool,
    /// Failures that are never tried again.
    pub finals: Vec<Final>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    Fixed,
    Linear,
    Exponential {
        /// By how much each delay is longer than the one before, in hundredths; 200 doubles.
        percent: u32,
    },
}

impl Backoff {
    pub const DOUBLING: Self = Self::Exponential { percent: 200 };
}

/// A failure for which another try would be of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Final {
    Exit(i32),
    Spawn,
    Timeout,
    Write,
    Call,
    Agent,
    Expectation,
    Child,
}

impl Final {
    /// The words for what is no exit code.
    pub const WORDS: [(&str, Self); 7] = [
        ("spawn", Self::Spawn),
        ("timeout", Self::Timeout),
        ("write", Self::Write),
        ("call", Self::Call),
        ("agent", Self::Agent),
        ("expectation", Self::Expectation),
        ("child", Self::Child),
    ];
}

impl Retry {
    /// How long to wait after the `failed`th failed try (counted from 1). `chance` is any number,
    /// the same for the same try.
    pub fn delay(&self, failed: u32, chance: u64) -> Millis {
        let whole = match self.backoff {
            Backoff::Fixed => self.initial.0,
            Backoff::Linear => self.initial.0.saturating_mul(u64::from(failed)),
            Backoff::Exponential { percent } => (1..failed).fold(self.initial.0, |delay, _| {
                delay.min(self.max.0).saturating_mul(u64::from(percent)) / 100
            }),
        };
        let whole = whole.min(self.max.0);
        if !self.jitter {
            return Millis(whole);
        }
        let half = whole / 2;
        Millis(half + chance % (whole - half + 1))
    }
}
