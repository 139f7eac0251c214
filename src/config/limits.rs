//! `[limits]` and `[timeouts]` of `config.toml`: how much at once, and for how long. Plain data.

use crate::base::Millis;

/// How much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of one run that work side by side.
    pub parallel: usize,
    /// Hooks that run at the same time.
    pub hooks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallel: 4, hooks: 4 }
    }
}

/// For how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The command of a prerequisite.
    pub prerequisite: Millis,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { prerequisite: Millis(10_000) }
    }
}
