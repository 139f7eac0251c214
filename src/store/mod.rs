//! The journal and what else must last, in redb. The only room that opens the database.
//!
//! Blocking: the engine calls it from a thread that may block.

mod journal;
mod migrations;
mod open;
mod queries;
mod tables;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, ReadTransaction, ReadableDatabase as _};

use crate::base::{Error, Result, RunId, SessionId};
use crate::matching::MemoryEvent;
use crate::run::{Event, RunFilter, RunSummary, Session, SessionEvent};

/// The open store. One process has it open at a time.
pub struct Store {
    file: PathBuf,
    /// `None` only after it could not be reopened.
    database: RwLock<Option<Database>>,
    /// A write has failed: redb refuses every later one until the file is opened anew.
    broken: AtomicBool,
}

/// The digest and bytes of a workflow file.
pub type Definition = (String, Arc<[u8]>);

/// What one transition adds.
pub enum Append {
    Run {
        run: RunId,
        events: Vec<Event>,
        /// The run after the events; kept as an index for lists.
        summary: Box<RunSummary>,
        /// With a run's first events: the digest and bytes of its definition.
        definition: Option<Definition>,
    },
    Session {
        session: SessionId,
        events: Vec<SessionEvent>,
        /// The session after the events.
        state: Box<Session>,
    },
    Memory {
        events: Vec<MemoryEvent>,
    },
}

impl Store {
    /// Opens the store, 0600 from the moment it is created, and brings its schema up to date.
    /// One that cannot be read is left as it is; the error says where backups are.
    pub fn open(file: &Path) -> Result<Self> {
        let database = open::open(file)?;
        Ok(Self {
            file: file.to_owned(),
            database: RwLock::new(Some(database)),
            broken: AtomicBool::new(false),
        })
    }

    /// All appends in one durable two-phase transaction, or none.
    ///
    /// A sequence that does not go on where the journal ends is an `Internal` error. So it is
    /// after a failed commit of which the disk kept everything nevertheless: read the journal's
    /// end again with [`Store::events`] before going on with a run whose commit failed.
    pub fn commit(&self, appends: &[Append]) -> Result<()> {
        self.with(|database| {
            let txn = database.begin_write().map_err(|e| {
                self.broken.store(true, Ordering::Release);
                journal::not_written(e)
            })?;
            journal::transaction(txn, |txn| journal::append(txn, appends)).inspect_err(|error| {
                // Whether it was the disk or a refusal of ours: opening anew is safe and rare.
                tracing::error!(%error, causes = ?error.causes, "a commit failed");
                self.broken.store(true, Ordering::Release);
            })
        })
    }

    /// Events after `after`, oldest first.
    pub fn events(&self, run: &RunId, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.read(|txn| queries::events(txn, run, after, limit))
    }

    pub fn summary(&self, run: &RunId) -> Result<Option<RunSummary>> {
        self.read(|txn| queries::summary(txn, run.as_str()))
    }

    /// Newest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunSummary>> {
        self.read(|txn| queries::runs(txn, filter))
    }

    /// Runs that have not ended.
    pub fn live_runs(&self) -> Result<Vec<RunId>> {
        self.read(queries::live_runs)
    }

    /// Ids that begin with `prefix`, at most `limit`.
    pub fn runs_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<RunId>> {
        self.read(|txn| queries::runs_with_prefix(txn, prefix, limit))
    }

    pub fn newest_run(&self) -> Result<Option<RunId>> {
        self.read(queries::newest_run)
    }

    /// The bytes of a definition by its digest.
    pub fn definition(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        self.read(|txn| queries::definition(txn, digest))
    }

    /// Newest first.
    pub fn sessions(&self) -> Result<Vec<Session>> {
        self.read(queries::sessions)
    }

    pub fn session(&self, id: &SessionId) -> Result<Option<Session>> {
        self.read(|txn| queries::session(txn, id.as_str()))
    }

    pub fn session_events(&self, id: &SessionId) -> Result<Vec<SessionEvent>> {
        self.read(|txn| queries::session_events(txn, id))
    }

    /// The newest events of what is learned, at most `limit`, oldest first. One that cannot be read
    /// stands there with its error: the others are not affected.
    pub fn memory_events(&self, limit: usize) -> Result<Vec<(u64, Result<MemoryEvent>)>> {
        self.read(|txn| queries::memory_events(txn, limit))
    }

    pub fn schema_version(&self) -> Result<u32> {
        self.read(migrations::version)
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |meta| meta.len())
    }

    fn read<T>(&self, query: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        self.with(|database| {
            let txn = database.begin_read().map_err(queries::not_read)?;
            query(&txn)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        if self.broken.load(Ordering::Acquire) {
            self.reopen()?;
        }
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        match &*database {
            Some(database) => work(database),
            None => Err(Error::internal("The store is closed after a failed write")
                .hint("Check the disk, then restart the engine")),
        }
    }

    fn reopen(&self) -> Result<()> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Acquire) {
            // The old one holds the lock on the file.
            *database = None;
            *database = Some(open::open_existing(&self.file)?);
            self.broken.store(false, Ordering::Release);
        }
        Ok(())
    }
}
