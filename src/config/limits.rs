//! `[limits]` and `[timeouts]` of `config.toml`: how much at once, and for how long. Plain data.

use crate::base::{Millis, Result};
use crate::config::reader;
use crate::config::tree::Node;

pub(super) const LIMITS: &str = "limits";
pub(super) const TIMEOUTS: &str = "timeouts";

/// How long a step is taken where neither settings nor whoever takes it say.
pub const LEASE: Millis = Millis(15 * 60_000);
pub const LEASE_LEAST: Millis = Millis(1_000);
/// How long it is taken at most.
pub const LEASE_LIMIT: Millis = Millis(24 * 3_600_000);

/// How much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of one run that work side by side.
    pub parallel: usize,
    /// Hooks that run at the same time.
    pub hooks: usize,
    /// How much of one attempt's output is kept, in MiB: of more, the beginning and the end.
    pub output_mib: usize,
    /// How long a step is taken where nobody says.
    pub lease: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallel: 4, hooks: 4, output_mib: 256, lease: LEASE }
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
    let table = reader::table(LIMITS, node, &["hooks", "lease", "output_mib", "parallel"])?;
    if let Some(node) = reader::get(table, "parallel") {
        limits.parallel = reader::count("parallel", node, 1..=64)?;
    }
    if let Some(node) = reader::get(table, "hooks") {
        limits.hooks = reader::count("hooks", node, 1..=64)?;
    }
    if let Some(node) = reader::get(table, "output_mib") {
        limits.output_mib = reader::count("output_mib", node, 1..=1_000_000)?;
    }
    if let Some(node) = reader::get(table, "lease") {
        limits.lease = reader::length("lease", node, LEASE_LEAST..=LEASE_LIMIT, "15m")?;
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
