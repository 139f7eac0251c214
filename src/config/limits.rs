//! `[limits]` and `[timeouts]` of `config.toml`: how much at once, and for how long. Plain data.

use crate::base::{Millis, Result};
use crate::config::reader;
use crate::config::tree::Node;

pub(super) const LIMITS: &str = "limits";
pub(super) const TIMEOUTS: &str = "timeouts";

/// How much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of one run that work side by side.
    pub parallel: usize,
    /// Hooks that run at the same time.
    pub hooks: usize,
    /// How much of one attempt's output is kept, in MiB: of more, the beginning and the end.
    pub output_mib: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallel: 4, hooks: 4, output_mib: 256 }
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

pub(super) fn limits(node: Option<&Node>) -> Result<Limits> {
    let mut limits = Limits::default();
    let Some(node) = node else { return Ok(limits) };
    let table = reader::table(LIMITS, node, &["hooks", "output_mib", "parallel"])?;
    if let Some(node) = reader::get(table, "parallel") {
        limits.parallel = reader::count("parallel", node, 1..=64)?;
    }
    if let Some(node) = reader::get(table, "hooks") {
        limits.hooks = reader::count("hooks", node, 1..=64)?;
    }
    if let Some(node) = reader::get(table, "output_mib") {
        limits.output_mib = reader::count("output_mib", node, 1..=1_000_000)?;
    }
    Ok(limits)
}

pub(super) fn timeouts(node: Option<&Node>) -> Result<Timeouts> {
    let mut timeouts = Timeouts::default();
    let Some(node) = node else { return Ok(timeouts) };
    let table = reader::table(TIMEOUTS, node, &["prerequisite"])?;
    if let Some(node) = reader::get(table, "prerequisite") {
        timeouts.prerequisite = reader::length("prerequisite", node, Millis(100)..=Millis(600_000), "10s")?;
    }
    Ok(timeouts)
}
