//! What the drain's process does: takes orders until there are no more, keeps each output on a thread of its own,
//! and ends after the last one.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;

use crate::base::Redactor;
use crate::exec::drain::wire::{self, Answer, Order};
use crate::exec::spill::{Kept, size};

/// Of what passes the limit, this much of the end is kept, in bytes.
const END: usize = 64 << 10;

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// A thread needs little more than [`PIECE`].
const STACK: usize = 256 << 10;

/// The process: its standard input is the socket. False where that is none.
pub fn run() -> bool {
    let Ok(socket) = rustix::io::dup(std::io::stdin()) else { return false };
    serve(socket)
}

pub fn serve(socket: OwnedFd) -> bool {
    let socket = Arc::new(socket);
    // Lines of answers must not come between each other.
    let answering = Arc::new(Mutex::new(()));
    let mut threads: Vec<std::thread::JoinHandle<()>> = Vec::new();
    let is_well = loop {
        let (order, [source, log]) = match wire::receive(&*socket) {
            Ok(Some(order)) => order,
            Ok(None) => break true,
            Err(_) => break false,
        };
        let (socket, answering) = (Arc::clone(&socket), Arc::clone(&answering));
        let keeping = move || {
            let id = order.id;
            let kept = keep(File::from(source), File::from(log), &order);
            let _one = answering.lock().unwrap_or_else(PoisonError::into_inner);
            // The engine may be gone; what was to be done is done.
            let _ = wire::answer(&*socket, &Answer { id, kept });
        };
        threads.retain(|thread| !thread.is_finished());
        match std::thread::Builder::new().stack_size(STACK).spawn(keeping) {
            Ok(thread) => threads.push(thread),
            // The output's end is closed with it, and the engine hears that it broke off.
            Err(_) => break false,
        }
    };
    for thread in threads {
        // A panic there has cost its own output alone.
        let _ = thread.join();
    }
    is_well
}

/// Reads to the end, whatever becomes of what is written: output is never a reason for a script to fail.
fn keep(mut source: File, mut log: File, order: &Order) -> Kept {
    let mut redactor = (!order.secrets.is_empty()).then(|| Redactor::new(&order.secrets));
    let mut writing = Writing { left: order.limit, end: Vec::new(), passed: false, trouble: None };
    let mut buffer = vec![0; PIECE];
    let mut clean = Vec::new();
    loop {
        let (length, is_over) = match source.read(&mut buffer) {
            Ok(0) => (0, true),
            Ok(length) => (length, false),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // So ends a pseudo-terminal.
            Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => (0, true),
            Err(error) => {
                writing.trouble.get_or_insert(error);
                (0, true)
            }
        };
        let read = buffer.get(..length).unwrap_or_default();
        match &mut redactor {
            None => writing.put(&mut log, read),
            Some(redactor) => {
                clean.clear();
                redactor.push(read, &mut clean);
                if is_over {
                    redactor.finish(&mut clean);
                }
                writing.put(&mut log, &clean);
            }
        }
        if is_over {
            return writing.finish(&mut log, order.limit);
        }
    }
}

/// How far an output has been written down.
struct Writing {
    /// How many bytes its beginning may still take.
    left: u64,
    /// The last of what came after that.
    end: Vec<u8>,
    passed: bool,
    trouble: Option<std::io::Error>,
}

impl Writing {
    fn put(&mut self, log: &mut File, bytes: &[u8]) {
        let fits = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let (first, rest) = bytes.split_at(fits);
        if self.trouble.is_none()
            && let Err(error) = log.write_all(first)
        {
            self.trouble = Some(error);
        }
        self.left -= first.len() as u64;
        if !rest.is_empty() {
            self.passed = true;
            self.end.extend_from_slice(rest);
            if self.end.len() > 2 * END {
                self.end.drain(..self.end.len() - END);
            }
        }
    }

    /// The end is put behind the beginning, with a line between that says so.
    fn finish(mut self, log: &mut File, limit: u64) -> Kept {
        if self.passed && self.trouble.is_none() {
            let end = self.end.get(self.end.len().saturating_sub(END)..).unwrap_or_default();
            let whole = end.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
            let end = end.get(whole..).filter(|end| !end.is_empty()).unwrap_or(end);
            let between =
                format!("\n[mwtui: more than {} of output; what came here is left out]\n", size(limit));
            self.trouble = log.write_all(between.as_bytes()).and_then(|()| log.write_all(end)).err();
        }
        match self.trouble {
            Some(error) => Kept::Partly(told(&error)),
            None if self.passed => Kept::Ends(limit),
            None => Kept::Whole,
        }
    }
}

/// Without the number behind it.
fn told(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
