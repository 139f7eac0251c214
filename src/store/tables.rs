//! Every table, key by key, and how values are written. No logic beyond reading and writing one value.
//!
//! Names carry a version. A table whose key or value changes its meaning gets a new name and a
//! migration; an old name is never used for anything else.

use redb::TableDefinition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::{Error, Result};

/// What is true of the whole file.
///
/// | key | value |
/// |---|---|
/// | `schema_version` | number of the last migration that was done, decimal |
/// | `written_by` | version of the program that did it |
///
/// The one table without a version in its name: any program must be able to read the version.
pub const META: TableDefinition<&str, &str> = TableDefinition::new("meta");

/// Run id → the run's summary after its last event ([`encode`]).
pub const RUNS: TableDefinition<&str, &[u8]> = TableDefinition::new("runs-1");

/// (Run id, sequence number from 1) → the event ([`encode`]). Written once, never changed.
pub const RUN_EVENTS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("run-events-1");

/// SHA-256 of a workflow file, lowercase hexadecimal → its bytes after [`PLAIN`]. Written once
/// for any number of runs.
pub const DEFINITIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("definitions-1");

/// (Start of the run in milliseconds since 1970, run id) → nothing. An index of [`RUNS`] by time.
pub const RUNS_BY_START: TableDefinition<(i64, &str), ()> = TableDefinition::new("runs-by-start-1");

/// Run id → nothing, for runs that have not ended. An index of [`RUNS`] for recovery.
pub const LIVE_RUNS: TableDefinition<&str, ()> = TableDefinition::new("live-runs-1");

/// Session id → the session after its last event ([`encode`]).
pub const SESSIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("sessions-1");

/// (Session id, sequence number from 1) → the event ([`encode`]). Written once, never changed.
pub const SESSION_EVENTS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("session-events-1");

/// (Opening of the session in milliseconds since 1970, session id) → nothing. An index of
/// [`SESSIONS`] by time.
pub const SESSIONS_BY_TIME: TableDefinition<(i64, &str), ()> = TableDefinition::new("sessions-by-time-1");

/// Sequence number from 1 → what happened to what is learned from phrases ([`encode`]). Written once,
/// never changed.
pub const MEMORY_EVENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("memory-events-1");

/// (Root of a project, name of a subject) → the subject's state and its last moves ([`encode`]). An
/// index: what moved it is in the journals of runs, or was said by a person.
pub const SUBJECTS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("subjects-1");

/// Calls a macro with every table, those that are no longer written too: what copies a store copies
/// these, and a test holds the list against the tables of a file.
macro_rules! every_table {
    ($each:ident) => {
        $each!(META);
        $each!(RUNS);
        $each!(RUN_EVENTS);
        $each!(DEFINITIONS);
        $each!(RUNS_BY_START);
        $each!(LIVE_RUNS);
        $each!(SESSIONS);
        $each!(SESSION_EVENTS);
        $each!(SESSIONS_BY_TIME);
        $each!(MEMORY_EVENTS);
        $each!(SUBJECTS);
    };
}
pub(super) use every_table;

/// First byte of a value: the rest is bytes as they are.
pub const PLAIN: u8 = 0;

/// First byte of a value: the rest is JSON. Another encoding gets another byte, so that values
/// of this one can be read for ever.
pub const JSON: u8 = 1;

/// A value as it is kept.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = vec![JSON];
    serde_json::to_writer(&mut bytes, value)
        .map_err(|e| Error::internal("A journal entry cannot be written as JSON").because(e))?;
    Ok(bytes)
}

/// A value as it was kept; `what` names it in the error.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], what: impl FnOnce() -> String) -> Result<T> {
    let unreadable = |what: String| {
        Error::internal(format!("{what} cannot be read from the store"))
            .hint("Run mwtui doctor: it names what is readable and what is not")
    };
    match bytes.split_first() {
        Some((&JSON, json)) => serde_json::from_slice(json).map_err(|e| unreadable(what()).because(e)),
        Some((byte, _)) => Err(unreadable(what()).cause(format!(
            "It is in format {byte}, which this version of mwtui ({}) does not know",
            env!("CARGO_PKG_VERSION")
        ))),
        None => Err(unreadable(what()).cause("It is empty")),
    }
}
