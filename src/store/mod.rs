//! The journal and what else must last, in redb. The only room that opens the database.
//!
//! Blocking: the engine calls it from a thread that may block.

pub mod backup;
#[cfg(test)]
mod backup_tests;
#[cfg(test)]
pub(crate) mod disk;
pub mod examine;
#[cfg(test)]
mod fault_tests;
mod journal;
mod migrations;
mod open;
mod overlay;
mod queries;
mod tables;
#[cfg(test)]
mod tests;
mod trouble;
mod undo;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use redb::{Database, ReadTransaction, ReadableDatabase as _, WriteTransaction};

use crate::base::{Error, ErrorKind, Result, RunId, SessionId};
use crate::matching::MemoryEvent;
use crate::run::{Event, RunFilter, RunSummary, Session, SessionEvent, SubjectState};
use open::Place;
use trouble::Trouble;
use undo::Before;

/// The open store. One process has it open at a time.
pub struct Store {
    place: Place,
    database: RwLock<Opened>,
    /// The storage has failed: redb refuses everything until the database is opened anew.
    broken: AtomicBool,
    /// What the last commit found there, where nobody knows whether it was made. Held while a commit
    /// is made and while the database is opened anew, in this order: this, then `database`.
    doubtful: Mutex<Vec<Before>>,
}

enum Opened {
    Database(Database),
    /// It could not be opened for writing: what is on the disk, with changes in memory only.
    View(Database),
    Closed,
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
    Subject {
        state: Box<SubjectState>,
    },
}

impl Store {
    /// Opens the store, 0600 from the moment it is created, and brings its schema up to date.
    /// One that cannot be read is left as it is; the error says where backups are.
    pub fn open(file: &Path) -> Result<Self> {
        Self::open_at(Place::File(file.to_owned()))
    }

    /// Looks at a store without changing it, whatever state a crash left it in. Nobody else may write it
    /// meanwhile; commits fail.
    pub fn view(file: &Path) -> Result<Self> {
        let place = Place::File(file.to_owned());
        open::look_at(file)?;
        let database = RwLock::new(Opened::View(open::view(&place)?.0));
        Ok(Self { place, database, broken: AtomicBool::new(false), doubtful: Mutex::default() })
    }

    /// [`Store::open`], on a disk that tests can fill, break and take the power from. An empty disk gets a
    /// new store.
    #[cfg(test)]
    pub(crate) fn open_on(disk: &disk::Disk) -> Result<Self> {
        Self::open_at(Place::Disk(disk.clone()))
    }

    fn open_at(place: Place) -> Result<Self> {
        let database = open::open(&place)?;
        Ok(Self {
            place,
            database: RwLock::new(Opened::Database(database)),
            broken: AtomicBool::new(false),
            doubtful: Mutex::default(),
        })
    }

    /// All appends in one durable two-phase transaction, or none.
    ///
    /// A sequence that does not go on where the journal ends is an `Internal` error. After an error
    /// nothing of it is there, even where the disk failed in the middle: what it kept of such a
    /// commit is taken back when the database is opened anew, before anything else is read or
    /// written. That is tried at once, and again at every later commit. See [`is_full`].
    pub fn commit(&self, appends: &[Append]) -> Result<()> {
        self.write(|txn, before| journal::append(txn, appends, before))
    }

    /// Whether there is room for what commits need: writes as much, and takes it away again.
    pub fn probe(&self) -> Result<()> {
        self.write(|txn, _| migrations::fill(txn))?;
        self.write(|txn, _| migrations::empty(txn))
    }

    fn write(
        &self,
        write: impl FnOnce(&WriteTransaction, &mut Vec<Before>) -> trouble::Result<()>,
    ) -> Result<()> {
        let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Acquire) {
            self.reopen(&mut doubtful)?;
        }
        let mut before = Vec::new();
        let done = match &*self.database.read().unwrap_or_else(PoisonError::into_inner) {
            Opened::Database(database) => database
                .begin_write()
                .map_err(Trouble::from)
                .and_then(|txn| journal::transaction(txn, |txn| write(txn, &mut before))),
            Opened::View(_) | Opened::Closed => Err(closed().into()),
        };
        done.map_err(|trouble| {
            let is_storage = trouble.is_storage();
            let error = trouble.in_writing();
            tracing::error!(%error, causes = ?error.causes, "a commit failed");
            if is_storage {
                *doubtful = before;
                self.broken.store(true, Ordering::Release);
                if let Err(error) = self.reopen(&mut doubtful) {
                    tracing::error!(%error, causes = ?error.causes, "the store cannot be opened anew yet");
                }
            }
            error
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

    /// What is in it, counted.
    pub fn contents(&self) -> Result<examine::Contents> {
        self.read(examine::contents)
    }

    /// What in it contradicts itself, each with what to do.
    pub fn faults(&self) -> Result<Vec<Error>> {
        self.read(examine::faults)
    }

    /// What is known of a subject of the project at `root`.
    pub fn subject(&self, root: &str, name: &str) -> Result<Option<SubjectState>> {
        self.read(|txn| queries::subject(txn, root, name))
    }

    /// All subjects of a project, by name.
    pub fn subjects(&self, root: &str) -> Result<Vec<SubjectState>> {
        self.read(|txn| queries::subjects(txn, root))
    }

    pub fn schema_version(&self) -> Result<u32> {
        self.read(|txn| Ok(migrations::version(txn)?))
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.place.size()
    }

    fn file(&self) -> &Path {
        self.place.path()
    }

    fn read<T>(&self, query: impl FnOnce(&ReadTransaction) -> trouble::Result<T>) -> Result<T> {
        if self.broken.load(Ordering::Acquire) && !self.has_view() {
            let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
            // Where it cannot be written yet, it can perhaps be looked at.
            if let Err(error) = self.reopen(&mut doubtful)
                && !self.has_view()
            {
                return Err(error);
            }
        }
        let opened = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let found = match &*opened {
            Opened::Database(database) | Opened::View(database) => {
                // Damaged pages are one more way in which it cannot be read.
                let found = open::guarded(self.place.path(), || {
                    database.begin_read().map_err(Trouble::from).and_then(|txn| query(&txn))
                });
                found.unwrap_or_else(|damage| Err(damage.into()))
            }
            Opened::Closed => Err(closed().into()),
        };
        found.map_err(|trouble| {
            if trouble.is_storage() {
                let is_view = matches!(&*opened, Opened::View(_));
                drop(opened);
                self.broken.store(true, Ordering::Release);
                if is_view {
                    *self.database.write().unwrap_or_else(PoisonError::into_inner) = Opened::Closed;
                }
            }
            trouble.in_reading()
        })
    }

    fn has_view(&self) -> bool {
        matches!(&*self.database.read().unwrap_or_else(PoisonError::into_inner), Opened::View(_))
    }

    fn reopen(&self, doubtful: &mut Vec<Before>) -> Result<()> {
        let mut opened = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if !self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        // The old one holds the lock on the file.
        *opened = Opened::Closed;
        let settled = open::open_existing(&self.place).and_then(|database| settle(database, doubtful));
        match settled {
            Ok(database) => {
                *opened = Opened::Database(database);
                doubtful.clear();
                self.broken.store(false, Ordering::Release);
                tracing::info!("the store is open again");
                Ok(())
            }
            Err(error) => {
                match open::view(&self.place).and_then(|(database, _)| settle(database, doubtful)) {
                    Ok(database) => *opened = Opened::View(database),
                    Err(error) => tracing::error!(%error, "the store cannot be looked at either"),
                }
                Err(error)
            }
        }
    }
}

/// Takes back the commit that found `doubtful`, where it was made after all.
fn settle(database: Database, doubtful: &[Before]) -> Result<Database> {
    let looked = database.begin_read().map_err(Trouble::from);
    if looked.and_then(|txn| undo::was_made(&txn, doubtful)).map_err(Trouble::in_reading)? {
        tracing::warn!("a commit that had failed was found made; it is taken back");
        let txn = database.begin_write().map_err(Trouble::from);
        txn.and_then(|txn| journal::transaction(txn, |txn| undo::undo(txn, doubtful)))
            .map_err(Trouble::in_writing)?;
    }
    Ok(database)
}

fn closed() -> Error {
    Error::internal("The store is closed after a failed write")
        .hint("It is opened again as soon as the disk allows it; mwtui doctor examines it")
}

/// Whether it failed for want of room alone: the same works once there is some.
pub fn is_full(error: &Error) -> bool {
    error.kind == ErrorKind::NoRoom
}
