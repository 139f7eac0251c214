//! Looking at a database without changing it: what redb writes (after a crash it must repair before
//! anything can be read) goes into memory, and is gone with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;
use redb::backends::FileBackend;

/// Changes are kept in pieces of this many bytes.
const PIECE: u64 = 4096;

/// Reads what lies below, writes into memory.
pub struct Overlay {
    below: Box<dyn StorageBackend>,
    below_len: u64,
    changed: Mutex<Changed>,
}

#[derive(Default)]
struct Changed {
    len: u64,
    /// How much of what lies below still counts: less than its length once it was cut off.
    counts: u64,
    pieces: BTreeMap<u64, Box<[u8]>>,
}

impl Overlay {
    /// Over a file that is opened for reading, and not locked.
    pub fn of_file(file: File) -> io::Result<Self> {
        let below = FileBackend::new(file).map_err(io::Error::other)?;
        Self::new(Box::new(below))
    }

    pub fn new(below: Box<dyn StorageBackend>) -> io::Result<Self> {
        let below_len = below.len()?;
        let changed = Changed { len: below_len, counts: below_len, pieces: BTreeMap::new() };
        Ok(Self { below, below_len, changed: Mutex::new(changed) })
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One piece as it lies below, zeros where there is nothing.
    fn below(&self, number: u64, counts: u64) -> io::Result<Box<[u8]>> {
        let mut piece = vec![0; PIECE as usize].into_boxed_slice();
        let from = number * PIECE;
        let there = counts.min(self.below_len).saturating_sub(from).min(PIECE);
        if there > 0 {
            self.below.read(from, &mut piece[..there as usize])?;
        }
        Ok(piece)
    }
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").field("len", &self.changed().len).finish_non_exhaustive()
    }
}

/// The pieces that a range touches: number, from and to within the piece.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset + len as u64;
    (offset / PIECE..end.div_ceil(PIECE)).map(move |number| {
        let start = number * PIECE;
        (number, (offset.max(start) - start) as usize, (end.min(start + PIECE) - start) as usize)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changed().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changed = self.changed();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > changed.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        for (number, from, to) in pieces(offset, out.len()) {
            let part = &mut out[done..done + (to - from)];
            match changed.pieces.get(&number) {
                Some(piece) => part.copy_from_slice(&piece[from..to]),
                None => part.copy_from_slice(&self.below(number, changed.counts)?[from..to]),
            }
            done += to - from;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut changed = self.changed();
        if len < changed.len {
            changed.counts = changed.counts.min(len);
            changed.pieces.retain(|number, _| number * PIECE < len);
            // What is grown over again later is zero.
            let cut = (len % PIECE) as usize;
            if let Some(last) = changed.pieces.get_mut(&(len / PIECE)) {
                last[cut..].fill(0);
            }
        }
        changed.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changed = self.changed();
        let mut done = 0;
        for (number, from, to) in pieces(offset, data.len()) {
            if !changed.pieces.contains_key(&number) {
                let piece = self.below(number, changed.counts)?;
                changed.pieces.insert(number, piece);
            }
            if let Some(piece) = changed.pieces.get_mut(&number) {
                piece[from..to].copy_from_slice(&data[done..done + (to - from)]);
            }
            done += to - from;
        }
        changed.len = changed.len.max(offset + data.len() as u64);
        Ok(())
    }
}
