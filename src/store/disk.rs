//! A disk in memory that can be full, fail, or lose its power at any moment: for tests alone.
//!
//! It behaves as a file system may: what was written is seen at once, what was synced is kept, and of
//! what was written since, a crash keeps any part, sector by sector.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// How writing fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no room: writing, growing and syncing fail.
    Full,
    /// The device fails: writing, growing and syncing fail.
    Device,
    /// Writing works, syncing fails.
    Sync,
}

/// A handle; clones are the same disk.
#[derive(Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    synced_len: usize,
    /// What sectors held before they were written since the last sync, oldest first.
    before: Vec<(usize, Vec<u8>)>,
    /// The fault, and how many operations still work before it.
    fault: Option<(Fault, u64)>,
    operations: u64,
    refused: u64,
    /// Handles of before a crash reach nothing any more.
    crashes: u64,
}

impl Disk {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn is_empty(&self) -> bool {
        self.state().bytes.is_empty()
    }

    /// From now on.
    pub fn fail(&self, fault: Fault) {
        self.fail_after(0, fault);
    }

    /// After so many further writes, changes of length and syncs.
    pub fn fail_after(&self, operations: u64, fault: Fault) {
        self.state().fault = Some((fault, operations));
    }

    /// There is room again; the device works again.
    pub fn heal(&self) {
        self.state().fault = None;
    }

    /// Writes, changes of length and syncs so far, refused ones too.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Of them, those that the fault refused.
    pub fn refused(&self) -> u64 {
        self.state().refused
    }

    /// The power goes. `keeps` is asked of each sector written since the last sync, the newest first,
    /// and of the new length. Whoever has the disk open loses it.
    pub fn crash(&self, mut keeps: impl FnMut() -> bool) {
        let mut state = self.state();
        let before = std::mem::take(&mut state.before);
        if state.bytes.len() != state.synced_len && !keeps() {
            let len = state.synced_len;
            state.bytes.resize(len, 0);
        }
        let mut settled = HashSet::new();
        for (at, old) in before.into_iter().rev() {
            if settled.contains(&at) {
                continue;
            }
            if keeps() {
                settled.insert(at);
            } else if let Some(place) = state.bytes.get_mut(at..at + old.len()) {
                place.copy_from_slice(&old);
            }
        }
        state.synced_len = state.bytes.len();
        state.fault = None;
        state.crashes += 1;
    }

    /// Another disk with the same content.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        copy.take(self);
        copy
    }

    /// Takes over the content of another, whole: what a rename does.
    pub(super) fn take(&self, other: &Self) {
        let bytes = other.state().bytes.clone();
        let mut state = self.state();
        state.synced_len = bytes.len();
        state.bytes = bytes;
        state.before.clear();
    }

    pub(super) fn backend(&self) -> Handle {
        Handle { disk: self.clone(), crashes: self.state().crashes }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an operation and refuses it where the fault says so.
    fn operate(&mut self, is_sync: bool) -> io::Result<()> {
        self.operations += 1;
        let Some((fault, left)) = &mut self.fault else { return Ok(()) };
        if *left > 0 {
            *left -= 1;
            return Ok(());
        }
        let error = match fault {
            Fault::Full => io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error()),
            Fault::Sync if !is_sync => return Ok(()),
            Fault::Device | Fault::Sync => io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error()),
        };
        self.refused += 1;
        Err(error)
    }

    /// Remembers what the sectors of a range hold.
    fn remember(&mut self, from: usize, to: usize) {
        let mut at = from / SECTOR * SECTOR;
        while at < to.min(self.bytes.len()) {
            let end = (at + SECTOR).min(self.bytes.len());
            self.before.push((at, self.bytes[at..end].to_vec()));
            at += SECTOR;
        }
    }
}

/// What the database has of the disk.
pub struct Handle {
    disk: Disk,
    crashes: u64,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl Handle {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.crashes == self.crashes { Ok(state) } else { Err(io::Error::other("the power has gone")) }
    }
}

fn outside() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "past the end of the disk")
}

fn range(offset: u64, len: usize) -> io::Result<(usize, usize)> {
    let from = usize::try_from(offset).map_err(|_| outside())?;
    Ok((from, from.checked_add(len).ok_or_else(outside)?))
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let (from, to) = range(offset, out.len())?;
        out.copy_from_slice(state.bytes.get(from..to).ok_or_else(outside)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state()?;
        state.operate(false)?;
        let len = usize::try_from(len).map_err(|_| outside())?;
        let end = state.bytes.len();
        state.remember(len, end);
        state.bytes.resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        state.operate(true)?;
        state.before.clear();
        state.synced_len = state.bytes.len();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        state.operate(false)?;
        let (from, to) = range(offset, data.len())?;
        state.remember(from, to);
        state.bytes.get_mut(from..to).ok_or_else(outside)?.copy_from_slice(data);
        Ok(())
    }
}
