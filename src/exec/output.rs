//! Spill files: the whole output of an attempt on disk, a bounded piece of it in memory.
//!
//! `<outputs>/<run>/<step>.<attempt>.log` holds what a script wrote to both of its streams, in
//! order of arrival, within the limit that `drain` keeps. Reading blocks.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::base::{Error, Result, RunId, StepId};

/// The largest piece given at once, in bytes.
pub const PIECE_LIMIT: u32 = 1 << 20;

/// How much of a file one call reads at most to count its lines; a later call goes on from there.
const COUNT_AT_ONCE: u64 = 256 << 20;

/// How many files' counts are remembered.
const COUNTS: usize = 512;

/// A piece of a spill file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    pub offset: u64,
    pub next: u64,
    pub total: u64,
    /// As far as they have been counted: of a file of several hundred MB that an earlier engine
    /// left, the first answers may say too few.
    pub lines: u64,
    pub bytes: Vec<u8>,
}

/// The last `bytes` of an attempt's output, beginning with a whole line where possible. Empty
/// where there is no output.
pub fn tail(outputs: &Path, run: &RunId, step: &StepId, attempt: u32, bytes: u32) -> Result<Piece> {
    let path = place(outputs, run, step, attempt, "log")?;
    let Some((mut file, total)) = open(&path)? else { return Ok(Piece::default()) };
    let mut offset = total.saturating_sub(u64::from(bytes.min(PIECE_LIMIT)));
    let mut piece = read(&path, &mut file, offset, total)?;
    if offset > 0 {
        let line = piece.iter().position(|b| *b == b'\n').map(|at| at + 1).filter(|at| *at < piece.len());
        // A line longer than the piece: begin with a whole character at least.
        let whole = line.unwrap_or_else(|| piece.iter().take(3).take_while(|b| is_continuation(**b)).count());
        piece.drain(..whole);
        offset += whole as u64;
    }
    let next = offset + piece.len() as u64;
    Ok(Piece { offset, next, total, lines: lines(&path, &mut file, total)?, bytes: piece })
}

/// `bytes` of an attempt's output from `offset` on, never cutting a UTF-8 character. Empty where
/// there is nothing (yet).
pub fn from(
    outputs: &Path,
    run: &RunId,
    step: &StepId,
    attempt: u32,
    offset: u64,
    bytes: u32,
) -> Result<Piece> {
    let path = place(outputs, run, step, attempt, "log")?;
    let Some((mut file, total)) = open(&path)? else { return Ok(Piece::default()) };
    let offset = offset.min(total);
    let end = total.min(offset.saturating_add(u64::from(bytes.clamp(4, PIECE_LIMIT))));
    let mut piece = read(&path, &mut file, offset, end)?;
    let cut = unfinished(&piece);
    // Nothing but an unfinished character: it is all that will ever come, so it is given.
    if cut < piece.len() {
        piece.truncate(piece.len() - cut);
    }
    let next = offset + piece.len() as u64;
    Ok(Piece { offset, next, total, lines: lines(&path, &mut file, total)?, bytes: piece })
}

/// Bytes and lines so far.
pub fn size(outputs: &Path, run: &RunId, step: &StepId, attempt: u32) -> Result<(u64, u64)> {
    let path = place(outputs, run, step, attempt, "log")?;
    match open(&path)? {
        Some((mut file, total)) => Ok((total, lines(&path, &mut file, total)?)),
        None => Ok((0, 0)),
    }
}

/// The file of an attempt. Ids come from clients too: one that would lead elsewhere is refused.
pub fn place(outputs: &Path, run: &RunId, step: &StepId, attempt: u32, ending: &str) -> Result<PathBuf> {
    let plain = |id: &str| !id.is_empty() && !id.starts_with('.') && !id.contains(['/', '\0']);
    if !plain(run.as_str()) || !plain(step.as_str()) {
        return Err(Error::usage(format!("There is no output of step {step} of run {run}"))
            .cause("This is not an id that a run or step can have"));
    }
    Ok(outputs.join(run.as_str()).join(format!("{step}.{attempt}.{ending}")))
}

fn open(path: &Path) -> Result<Option<(File, u64)>> {
    match File::open(path).and_then(|file| file.metadata().map(|meta| (file, meta.len()))) {
        Ok(opened) => Ok(Some(opened)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(path, e)),
    }
}

fn read(path: &Path, file: &mut File, from: u64, to: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from)).map_err(|e| unreadable(path, e))?;
    file.take(to.saturating_sub(from)).read_to_end(&mut bytes).map_err(|e| unreadable(path, e))?;
    Ok(bytes)
}

fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    Error::internal(format!("The output {} cannot be read", path.display()))
        .because(cause)
        .hint("Check the file's owner and permissions; mwtui doctor lists what is wrong with the folders")
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// How many bytes at the end begin a character that is not whole.
fn unfinished(bytes: &[u8]) -> usize {
    for (back, byte) in bytes.iter().rev().take(3).enumerate() {
        let length = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            b if is_continuation(*b) => continue,
            _ => return 0,
        };
        return if length > back + 1 { back + 1 } else { 0 };
    }
    0
}

/// How far a file's lines have been counted.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    offset: u64,
    breaks: u64,
    /// What was read last was no line break.
    open: bool,
}

/// Spill files only grow, so that each byte is read once for its line breaks.
static COUNTED: LazyLock<Mutex<HashMap<PathBuf, Count>>> = LazyLock::new(Mutex::default);

fn lines(path: &Path, file: &mut File, total: u64) -> Result<u64> {
    let lock = || COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut count = lock().get(path).copied().filter(|c| c.offset <= total).unwrap_or_default();
    if count.offset < total {
        file.seek(SeekFrom::Start(count.offset)).map_err(|e| unreadable(path, e))?;
        let at_once = (total - count.offset).min(COUNT_AT_ONCE);
        let mut reader = BufReader::with_capacity(1 << 16, Read::by_ref(file).take(at_once));
        loop {
            let length = reader.skip_until(b'\n').map_err(|e| unreadable(path, e))?;
            if length == 0 {
                break;
            }
            count.offset += length as u64;
            count.breaks += 1;
        }
        // The last one may have ended with the file instead of a line break.
        let last = read(path, file, count.offset.saturating_sub(1), count.offset)?;
        count.open = last.last().is_some_and(|b| *b != b'\n');
        count.breaks -= u64::from(count.open);
        let mut counted = lock();
        if counted.len() >= COUNTS
            && !counted.contains_key(path)
            && let Some(other) = counted.keys().next().cloned()
        {
            counted.remove(&other);
        }
        counted.insert(path.to_owned(), count);
    }
    Ok(count.breaks + u64::from(count.open))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    struct Spill {
        dir: tempfile::TempDir,
        run: RunId,
        step: StepId,
    }

    impl Spill {
        fn new(bytes: &[u8]) -> Self {
            let spill = Self {
                dir: tempfile::tempdir().expect("temp dir"),
                run: "ab12".into(),
                step: "build".into(),
            };
            std::fs::create_dir(spill.dir.path().join("ab12")).expect("mkdir");
            spill.add(bytes);
            spill
        }

        fn add(&self, bytes: &[u8]) {
            let path = place(self.dir.path(), &self.run, &self.step, 1, "log").expect("place");
            let mut file = File::options().create(true).append(true).open(path).expect("open");
            file.write_all(bytes).expect("write");
        }

        fn tail(&self, bytes: u32) -> Piece {
            tail(self.dir.path(), &self.run, &self.step, 1, bytes).expect("tail")
        }

        fn from(&self, offset: u64, bytes: u32) -> Piece {
            from(self.dir.path(), &self.run, &self.step, 1, offset, bytes).expect("from")
        }
    }

    #[test]
    fn a_tail_begins_with_a_whole_line() {
        let spill = Spill::new(b"one\ntwo\nthree\n");
        let piece = spill.tail(8);
        assert_eq!((piece.bytes.as_slice(), piece.offset, piece.next), (&b"three\n"[..], 8, 14));
        assert_eq!((piece.total, piece.lines), (14, 3));
        assert_eq!(spill.tail(100).bytes, b"one\ntwo\nthree\n");
        assert_eq!(Spill::new("äöü".as_bytes()).tail(3).bytes, "ü".as_bytes());
    }

    #[test]
    fn lines_are_counted_as_they_come() {
        let spill = Spill::new(b"");
        assert_eq!(spill.tail(9).lines, 0);
        for (more, lines) in
            [(&b"a"[..], 1), (b"b", 1), (b"\n", 1), (b"\n\n", 3), (b"c\nd", 5), (b"\ne\n", 6)]
        {
            spill.add(more);
            assert_eq!(spill.tail(9).lines, lines, "after {more:?}");
        }
    }

    #[test]
    fn pieces_never_cut_a_character_and_together_are_everything() {
        let text = "aä€𝄞 \u{7f}ß\n".repeat(50);
        let mut whole = text.clone().into_bytes();
        whole.extend_from_slice(b"\xff\xfe\xe2\x82");
        let spill = Spill::new(&whole);
        for size in [0, 1, 4, 5, 7, 64, 100_000] {
            let (mut offset, mut got) = (0, Vec::new());
            loop {
                let piece = spill.from(offset, size);
                if piece.bytes.is_empty() {
                    break;
                }
                if piece.next < text.len() as u64 {
                    assert!(std::str::from_utf8(&piece.bytes).is_ok(), "{size}: {:?}", piece.bytes);
                }
                assert_eq!(piece.offset, offset);
                offset = piece.next;
                got.extend(piece.bytes);
            }
            assert_eq!(got, whole, "in pieces of {size}");
        }
        assert_eq!(spill.from(u64::MAX, 10).next, whole.len() as u64);
    }

    #[test]
    fn no_output_is_empty_and_no_id_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().expect("temp dir");
        let piece = tail(dir.path(), &"ab12".into(), &"build".into(), 1, 10).expect("none yet");
        assert_eq!(piece, Piece::default());
        for (run, step) in [("..", "a"), ("a/b", "c"), ("a", "../../etc"), ("a", ".."), ("", "a"), ("a", "")]
        {
            assert!(tail(dir.path(), &run.into(), &step.into(), 1, 10).is_err(), "{run} {step}");
        }
    }
}
