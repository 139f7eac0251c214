//! What is said of the store as a file: what it holds, its backups, what is wrong with it.

use serde::{Deserialize, Serialize};

use crate::base::{Error, Timestamp};

/// What a store holds, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub schema: u32,
    pub runs: u64,
    pub live_runs: u64,
    pub events: u64,
    pub definitions: u64,
    pub sessions: u64,
    /// Events of what is learned from phrases.
    pub learned: u64,
    /// Subjects whose state is kept.
    pub subjects: u64,
    /// When the newest run was started.
    pub newest: Option<Timestamp>,
}

/// A backup that was looked at: a store of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Absolute.
    pub path: String,
    pub bytes: u64,
    /// What it holds, or why it cannot be put back.
    pub contents: std::result::Result<Contents, Error>,
    /// What in it contradicts itself without making it useless.
    pub faults: Vec<Error>,
}

/// A backup that was put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub backup: Backup,
    /// What was the store until then.
    pub aside: Option<String>,
}

/// The store, looked over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    pub contents: Contents,
    /// Journals that were folded with their definitions.
    pub folded: u64,
    /// What is wrong in the store, each with what to do.
    pub faults: Vec<Error>,
    /// What lies around that nothing needs any more, each with what to do.
    pub leftovers: Vec<Error>,
}
