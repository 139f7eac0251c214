//! Numbered steps from one schema to the next. Each runs in one transaction with the version it
//! leads to, may be run twice, and is never edited once released: a change is a new step.

use redb::{ReadTransaction, TableError, WriteTransaction};

use crate::base::{Error, Result};
use crate::store::tables::{
    DEFINITIONS, LIVE_RUNS, MEMORY_EVENTS, META, RUN_EVENTS, RUNS, RUNS_BY_START, SESSION_EVENTS, SESSIONS,
    SESSIONS_BY_TIME, SUBJECTS,
};
use crate::store::trouble;

type Migration = fn(&WriteTransaction) -> Result<(), TableError>;

/// Migration number n is at n - 1 and leads to schema n.
const MIGRATIONS: &[Migration] = &[first_tables, memory, subjects];

/// The schema that this program writes.
pub const CURRENT: u32 = MIGRATIONS.len() as u32;

const VERSION_KEY: &str = "schema_version";
const PROGRAM_KEY: &str = "written_by";
const ROOM_KEY: &str = "room";
/// How much must find room before the store counts as writable again, in bytes.
const ROOM: usize = 64 * 1024;

/// 1: the tables of runs, definitions and sessions.
fn first_tables(txn: &WriteTransaction) -> Result<(), TableError> {
    txn.open_table(RUNS)?;
    txn.open_table(RUN_EVENTS)?;
    txn.open_table(DEFINITIONS)?;
    txn.open_table(RUNS_BY_START)?;
    txn.open_table(LIVE_RUNS)?;
    txn.open_table(SESSIONS)?;
    txn.open_table(SESSION_EVENTS)?;
    txn.open_table(SESSIONS_BY_TIME)?;
    Ok(())
}

/// 2: what is learned from phrases.
fn memory(txn: &WriteTransaction) -> Result<(), TableError> {
    txn.open_table(MEMORY_EVENTS)?;
    Ok(())
}

/// 3: the states of what runs work on.
fn subjects(txn: &WriteTransaction) -> Result<(), TableError> {
    txn.open_table(SUBJECTS)?;
    Ok(())
}

/// The schema of an existing store. One without a version is none of ours: an error.
pub fn version(txn: &ReadTransaction) -> Result<u32> {
    let not_ours = || Error::internal("It is a database, but not one of mwtui's: it tells no schema version");
    let table = match txn.open_table(META) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => {
            return Err(not_ours());
        }
        Err(e) => return Err(Error::internal("The schema version cannot be read").because(e)),
    };
    let read = |key: &str| {
        let value =
            table.get(key).map_err(|e| Error::internal("The schema version cannot be read").because(e));
        value.map(|v| v.map(|v| v.value().to_owned()))
    };
    let text = read(VERSION_KEY)?.ok_or_else(not_ours)?;
    let version = text
        .parse()
        .map_err(|e| Error::internal(format!("Its schema version is not a number: {text:?}")).because(e))?;
    if version > CURRENT {
        let program = read(PROGRAM_KEY)?.unwrap_or_else(|| "a later version".to_owned());
        return Err(Error::refused(format!(
            "It was written by mwtui {program} with schema {version}; this is mwtui {}, which knows schemas up to {CURRENT}",
            env!("CARGO_PKG_VERSION")
        ))
        .hint("Use the newer mwtui again, or point this one at another folder with --home DIR"));
    }
    Ok(version)
}

/// Does what is missing after `from` (0: a new file), within `txn`.
pub fn migrate(txn: &WriteTransaction, from: u32) -> trouble::Result<()> {
    for migration in MIGRATIONS.iter().skip(from as usize) {
        migration(txn)?;
    }
    set_version(txn, CURRENT, env!("CARGO_PKG_VERSION"))
}

/// Writes the schema version and the program that leads to it.
pub fn set_version(txn: &WriteTransaction, version: u32, program: &str) -> trouble::Result<()> {
    let mut meta = txn.open_table(META)?;
    for (key, value) in [(VERSION_KEY, version.to_string().as_str()), (PROGRAM_KEY, program)] {
        meta.insert(key, value)?;
    }
    Ok(())
}

/// Writes something that needs room.
pub fn fill(txn: &WriteTransaction) -> trouble::Result<()> {
    txn.open_table(META)?.insert(ROOM_KEY, " ".repeat(ROOM).as_str())?;
    Ok(())
}

/// Takes that away.
pub fn empty(txn: &WriteTransaction) -> trouble::Result<()> {
    txn.open_table(META)?.remove(ROOM_KEY)?;
    Ok(())
}
