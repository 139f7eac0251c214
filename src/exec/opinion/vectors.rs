//! The vectors that an endpoint made of sentences, kept on disk by model and content. Only a cache: a
//! file that does not read is begun anew, and the oldest go first when it gets too large. Blocking.
//!
//! After the first line come records: 32 bytes of SHA-256 (of model, a zero byte, sentence), the
//! number of dimensions and that many 32-bit floats, all little-endian.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use sha2::Digest as _;

use crate::base::atomic::{self, Existing};

const HEAD: &[u8] = b"mwtui vectors 1\n";

/// The largest file, in bytes: some five thousand sentences of 768 dimensions.
const LIMIT: usize = 16 << 20;

const KEY: usize = 32;

/// More dimensions than any model has.
pub const DIMENSIONS: usize = 16 << 10;

pub struct Vectors {
    file: PathBuf,
    model: String,
    /// Those used last at the end.
    entries: IndexMap<[u8; KEY], Vec<f32>>,
}

impl Vectors {
    /// Those in the file; none where it is missing or does not read.
    pub fn load(file: &Path, model: &str) -> Self {
        let entries = match bytes(file) {
            Ok(bytes) => parse(&bytes).unwrap_or_else(|| {
                tracing::warn!(file = %file.display(), "the vectors do not read and are made anew");
                IndexMap::new()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => IndexMap::new(),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "the vectors cannot be read and are made anew");
                IndexMap::new()
            }
        };
        Self { file: file.to_owned(), model: model.to_owned(), entries }
    }

    pub fn get(&self, sentence: &str) -> Option<&[f32]> {
        self.entries.get(&self.key(sentence)).map(Vec::as_slice)
    }

    /// Counts these as used last.
    pub fn touch(&mut self, sentences: &[&str]) {
        for sentence in sentences {
            let key = self.key(sentence);
            if let Some(at) = self.entries.get_index_of(&key) {
                self.entries.move_index(at, self.entries.len() - 1);
            }
        }
    }

    pub fn put(&mut self, sentence: &str, vector: Vec<f32>) {
        let key = self.key(sentence);
        self.entries.shift_remove(&key);
        self.entries.insert(key, vector);
    }

    /// Writes the file, whole or not at all. What does not fit is left out, the oldest first.
    pub fn save(&self) -> crate::base::Result<()> {
        let size = |vector: &[f32]| KEY + 4 + 4 * vector.len();
        let mut room = LIMIT - HEAD.len();
        let newest = self.entries.values().rev().take_while(|vector| {
            let fits = size(vector) <= room;
            room = room.saturating_sub(size(vector));
            fits
        });
        let kept = newest.count();
        let mut bytes = HEAD.to_vec();
        for (key, vector) in self.entries.iter().skip(self.entries.len() - kept) {
            bytes.extend(key);
            bytes.extend(u32::try_from(vector.len()).unwrap_or(0).to_le_bytes());
            bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
        }
        atomic::write(&self.file, &bytes, 0o600, Existing::Replace)
    }

    fn key(&self, sentence: &str) -> [u8; KEY] {
        let mut hash = sha2::Sha256::new();
        hash.update(self.model.as_bytes());
        hash.update([0]);
        hash.update(sentence.as_bytes());
        hash.finalize().into()
    }
}

fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<IndexMap<[u8; KEY], Vec<f32>>> {
    let mut rest = bytes.strip_prefix(HEAD)?;
    let mut entries = IndexMap::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_first_chunk::<KEY>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|l| *l <= DIMENSIONS)?;
        let (floats, after) = after.split_at_checked(4 * length)?;
        let vector = floats.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        entries.insert(*key, vector);
        rest = after;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn vectors_are_kept_by_model_and_sentence_for_their_owner_alone() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("vectors");
        let mut kept = Vectors::load(&file, "one");
        kept.put("roll back", vec![1.0, -0.5]);
        kept.put("deploy", vec![0.0, 3.5]);
        kept.save().expect("written");
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        let again = Vectors::load(&file, "one");
        assert_eq!(again.get("roll back"), Some(&[1.0, -0.5][..]));
        assert_eq!(again.get("deploy"), Some(&[0.0, 3.5][..]));
        assert_eq!(again.get("Deploy"), None, "other content");
        assert_eq!(Vectors::load(&file, "two").get("deploy"), None, "another model");
    }

    #[test]
    fn the_file_stays_bounded_and_what_was_used_last_stays() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("vectors");
        let mut kept = Vectors::load(&file, "m");
        let many = LIMIT / (4 * DIMENSIONS) + 8;
        for n in 0..many {
            kept.put(&n.to_string(), vec![0.5; DIMENSIONS]);
        }
        kept.touch(&["0", "not there"]);
        kept.save().expect("written");
        assert!(std::fs::metadata(&file).expect("there").len() <= LIMIT as u64);
        let again = Vectors::load(&file, "m");
        assert!(again.get("0").is_some() && again.get(&(many - 1).to_string()).is_some());
        assert!(again.get("1").is_none(), "the oldest goes first");
        assert!(again.entries.len() > many / 2);
    }

    #[test]
    fn a_file_that_does_not_read_is_begun_anew() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("vectors");
        let mut kept = Vectors::load(&file, "m");
        kept.put("a", vec![1.0]);
        kept.save().expect("written");
        let whole = std::fs::read(&file).expect("read");
        let too_long = [HEAD, &[0; KEY], &u32::MAX.to_le_bytes()[..]].concat();
        for broken in [&whole[..whole.len() - 1], b"", b"something else", &too_long] {
            std::fs::write(&file, broken).expect("written");
            let mut again = Vectors::load(&file, "m");
            assert_eq!(again.entries.len(), 0);
            again.put("b", vec![2.0]);
            again.save().expect("written over");
            assert!(Vectors::load(&file, "m").get("b").is_some());
        }
    }
}
