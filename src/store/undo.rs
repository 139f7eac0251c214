//! Taking back a commit of which nobody knows whether it was made: the disk failed in the middle of
//! it, and whoever asked was told that nothing was changed. When the database is opened anew, that
//! is made true.

use redb::{ReadTransaction, ReadableTable as _, WriteTransaction};

use crate::base::{RunId, SessionId, Timestamp};
use crate::store::tables::{
    LIVE_RUNS, MEMORY_EVENTS, RUN_EVENTS, RUNS, RUNS_BY_START, SESSION_EVENTS, SESSIONS, SESSIONS_BY_TIME,
    SUBJECTS,
};
use crate::store::trouble::Result;
use crate::store::{Append, journal};

/// What one append found there. Definitions are not among it: they are named by their content.
pub enum Before {
    Run { run: RunId, started: Timestamp, end: u64, row: Option<Vec<u8>>, was_live: bool },
    Session { session: SessionId, opened: Timestamp, end: u64, row: Option<Vec<u8>> },
    Memory { end: u64 },
    Subject { root: String, name: String, row: Option<Vec<u8>> },
}

impl Before {
    pub fn of(txn: &WriteTransaction, append: &Append) -> Result<Self> {
        Ok(match append {
            Append::Run { run, summary, .. } => Self::Run {
                run: run.clone(),
                started: summary.started_at,
                end: journal::end(&txn.open_table(RUN_EVENTS)?, run.as_str())?,
                row: txn.open_table(RUNS)?.get(run.as_str())?.map(|row| row.value().to_vec()),
                was_live: txn.open_table(LIVE_RUNS)?.get(run.as_str())?.is_some(),
            },
            Append::Session { session, state, .. } => Self::Session {
                session: session.clone(),
                opened: state.opened_at,
                end: journal::end(&txn.open_table(SESSION_EVENTS)?, session.as_str())?,
                row: txn.open_table(SESSIONS)?.get(session.as_str())?.map(|row| row.value().to_vec()),
            },
            Append::Memory { .. } => Self::Memory { end: memory_end(&txn.open_table(MEMORY_EVENTS)?)? },
            Append::Subject { state } => {
                let table = txn.open_table(SUBJECTS)?;
                let row =
                    table.get((state.root.as_str(), state.name.as_str()))?.map(|row| row.value().to_vec());
                Self::Subject { root: state.root.clone(), name: state.name.clone(), row }
            }
        })
    }

    /// Whether something came after it.
    fn is_past(&self, txn: &ReadTransaction) -> Result<bool> {
        Ok(match self {
            Self::Run { run, end, .. } => journal::end(&txn.open_table(RUN_EVENTS)?, run.as_str())? > *end,
            Self::Session { session, end, .. } => {
                journal::end(&txn.open_table(SESSION_EVENTS)?, session.as_str())? > *end
            }
            Self::Memory { end } => memory_end(&txn.open_table(MEMORY_EVENTS)?)? > *end,
            Self::Subject { root, name, row } => {
                let now = txn
                    .open_table(SUBJECTS)?
                    .get((root.as_str(), name.as_str()))?
                    .map(|row| row.value().to_vec());
                now != *row
            }
        })
    }

    fn put_back(&self, txn: &WriteTransaction) -> Result<()> {
        match self {
            Self::Run { run, started, end, row, was_live } => {
                let id = run.as_str();
                txn.open_table(RUN_EVENTS)?.retain_in((id, end + 1)..=(id, u64::MAX), |_, _| false)?;
                let mut runs = txn.open_table(RUNS)?;
                let mut live = txn.open_table(LIVE_RUNS)?;
                if let Some(row) = row {
                    runs.insert(id, row.as_slice())?;
                } else {
                    runs.remove(id)?;
                    txn.open_table(RUNS_BY_START)?.remove((started.0, id))?;
                }
                if *was_live {
                    live.insert(id, ())?;
                } else {
                    live.remove(id)?;
                }
            }
            Self::Session { session, opened, end, row } => {
                let id = session.as_str();
                txn.open_table(SESSION_EVENTS)?.retain_in((id, end + 1)..=(id, u64::MAX), |_, _| false)?;
                let mut sessions = txn.open_table(SESSIONS)?;
                if let Some(row) = row {
                    sessions.insert(id, row.as_slice())?;
                } else {
                    sessions.remove(id)?;
                    txn.open_table(SESSIONS_BY_TIME)?.remove((opened.0, id))?;
                }
            }
            Self::Memory { end } => txn.open_table(MEMORY_EVENTS)?.retain_in(end + 1.., |_, _| false)?,
            Self::Subject { root, name, row } => {
                let mut subjects = txn.open_table(SUBJECTS)?;
                let key = (root.as_str(), name.as_str());
                if let Some(row) = row {
                    subjects.insert(key, row.as_slice())?;
                } else {
                    subjects.remove(key)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether the commit that found `before` was made after all.
pub fn was_made(txn: &ReadTransaction, before: &[Before]) -> Result<bool> {
    for one in before {
        if one.is_past(txn)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn undo(txn: &WriteTransaction, before: &[Before]) -> Result<()> {
    // Of several appends to one journal, the first found what is to be there again.
    before.iter().rev().try_for_each(|one| one.put_back(txn))
}

fn memory_end(journal: &impl redb::ReadableTable<u64, &'static [u8]>) -> Result<u64> {
    Ok(journal.last()?.map_or(0, |(seq, _)| seq.value()))
}
