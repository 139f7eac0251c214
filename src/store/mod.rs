//! The journal and what else must last, in redb. The only room that opens the database.
//!
//! Blocking: the engine calls it from a thread that may block.

use std::path::Path;
use std::sync::Arc;

use crate::base::{Result, RunId, SessionId};
use crate::run::{Event, RunFilter, RunSummary, Session, SessionEvent};

/// The open store. One process has it open at a time.
pub struct Store;

/// What one transition adds.
pub enum Append {
    Run {
        run: RunId,
        events: Vec<Event>,
        /// The run after the events; kept as an index for lists.
        summary: Box<RunSummary>,
        /// With a run's first events: the digest and bytes of its definition.
        definition: Option<(String, Arc<[u8]>)>,
    },
    Session {
        session: SessionId,
        events: Vec<SessionEvent>,
        /// The session after the events.
        state: Box<Session>,
    },
}

impl Store {
    /// Opens the store, 0600 from the moment it is created, and brings its schema up to date.
    /// One that cannot be read is left as it is; the error says where backups are.
    pub fn open(file: &Path) -> Result<Self> {
        let _ = file;
        todo!("contract")
    }

    /// All appends in one durable two-phase transaction, or none.
    pub fn commit(&self, appends: &[Append]) -> Result<()> {
        let _ = appends;
        todo!("contract")
    }

    /// Events after `after`, oldest first.
    pub fn events(&self, run: &RunId, after: u64, limit: usize) -> Result<Vec<Event>> {
        let _ = (run, after, limit);
        todo!("contract")
    }

    pub fn summary(&self, run: &RunId) -> Result<Option<RunSummary>> {
        let _ = run;
        todo!("contract")
    }

    /// Newest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunSummary>> {
        let _ = filter;
        todo!("contract")
    }

    /// Runs that have not ended.
    pub fn live_runs(&self) -> Result<Vec<RunId>> {
        todo!("contract")
    }

    /// Ids that begin with `prefix`, at most `limit`.
    pub fn runs_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<RunId>> {
        let _ = (prefix, limit);
        todo!("contract")
    }

    pub fn newest_run(&self) -> Result<Option<RunId>> {
        todo!("contract")
    }

    /// The bytes of a definition by its digest.
    pub fn definition(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        let _ = digest;
        todo!("contract")
    }

    /// Newest first.
    pub fn sessions(&self) -> Result<Vec<Session>> {
        todo!("contract")
    }

    pub fn session(&self, id: &SessionId) -> Result<Option<Session>> {
        let _ = id;
        todo!("contract")
    }

    pub fn session_events(&self, id: &SessionId) -> Result<Vec<SessionEvent>> {
        let _ = id;
        todo!("contract")
    }

    pub fn schema_version(&self) -> Result<u32> {
        todo!("contract")
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        todo!("contract")
    }
}
