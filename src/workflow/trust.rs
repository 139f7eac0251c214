//! Trust in project workflows: the canonical path and content hash, given by a person.
//! Any edit asks again.
//!
//! Kept in `trust.json` in the state folder, for its owner alone. A list that cannot be read
//! trusts nothing and is never written over.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::atomic::{self, Existing};
use crate::base::paths::private_dir;
use crate::base::{Error, Paths, Result};

/// Larger than any list that people could have clicked together.
const LIST_LIMIT: u64 = 16 * 1024 * 1024;

/// The newest layout of the list that this version reads and writes.
const VERSION: u32 = 1;

/// What is trusted: canonical path → SHA-256 of the contents, lowercase hexadecimal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustList {
    version: u32,
    trusted: IndexMap<String, String>,
}

impl TrustList {
    /// The list as it is on disk; empty where there is none yet.
    pub fn load(paths: &Paths) -> Result<Self> {
        let file = list_file(paths);
        let unreadable = |why: String| {
            Error::internal(format!("The list of trusted workflows, {}, cannot be read", file.display()))
                .cause(why)
                .hint("Mend the file, or remove it and trust the project's workflows again with `mwtui trust PATH`")
        };
        let size = match std::fs::metadata(&file) {
            Ok(meta) => meta.len(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { version: VERSION, trusted: IndexMap::new() });
            }
            Err(e) => return Err(unreadable(e.to_string())),
        };
        if size > LIST_LIMIT {
            return Err(unreadable(format!("It has {size} bytes")));
        }
        let bytes = std::fs::read(&file).map_err(|e| unreadable(e.to_string()))?;
        let list: Self = serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))?;
        if list.version != VERSION {
            return Err(unreadable(format!(
                "It is of version {}, this program knows {VERSION}",
                list.version
            )));
        }
        Ok(list)
    }

    /// Whether a person trusted exactly these contents at exactly this place.
    pub fn contains(&self, path: &Path, digest: &str) -> bool {
        let Ok(path) = canonical(path) else { return false };
        self.trusted.get(&path).is_some_and(|d| d == digest)
    }

    /// The digest that was trusted at this place, whatever stands there now.
    pub fn digest(&self, path: &Path) -> Option<&str> {
        self.trusted.get(&canonical(path).ok()?).map(String::as_str)
    }

    fn save(&self, paths: &Paths) -> Result<()> {
        private_dir(&paths.state)?;
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::internal("The list of trusted workflows cannot be written").because(e))?;
        bytes.push(b'\n');
        atomic::write(&list_file(paths), &bytes, 0o600, Existing::Replace)
    }
}

/// Whether a person trusted exactly these contents at exactly this place.
pub fn is_trusted(paths: &Paths, path: &Path, digest: &str) -> Result<bool> {
    Ok(TrustList::load(paths)?.contains(path, digest))
}

/// A person trusts these contents at this place; what was trusted there before is forgotten.
pub fn trust(paths: &Paths, path: &Path, digest: &str) -> Result<()> {
    let path = canonical(path)?;
    let mut list = TrustList::load(paths)?;
    list.trusted.insert(path, digest.to_owned());
    list.save(paths)
}

/// Takes trust back, whatever the contents; a place that was not trusted is no error.
pub fn distrust(paths: &Paths, path: &Path) -> Result<()> {
    // A file that is gone has no canonical path any more, but may still be listed.
    let given = path.to_string_lossy().into_owned();
    let path = canonical(path).unwrap_or(given);
    let mut list = TrustList::load(paths)?;
    if list.trusted.shift_remove(&path).is_some() {
        list.save(paths)?;
    }
    Ok(())
}

fn list_file(paths: &Paths) -> PathBuf {
    paths.state.join("trust.json")
}

fn canonical(path: &Path) -> Result<String> {
    let place = std::fs::canonicalize(path)
        .map_err(|e| Error::not_found(format!("{} cannot be found", path.display())).because(e))?;
    place.into_os_string().into_string().map_err(|name| {
        Error::refused(format!("{} cannot be trusted", Path::new(&name).display()))
            .cause("Its path is no valid text (UTF-8)")
            .hint("Rename the file or its folder")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn trust_is_for_one_place_and_one_content() {
        let dir = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(dir.path());
        let file = dir.path().join("a.yaml");
        let other = dir.path().join("b.yaml");
        std::fs::write(&file, "x").expect("write");
        std::fs::write(&other, "x").expect("write");
        assert_eq!(is_trusted(&paths, &file, "d1"), Ok(false));
        trust(&paths, &file, "d1").expect("trusted");
        std::os::unix::fs::symlink(&file, dir.path().join("link.yaml")).expect("link");
        assert_eq!(is_trusted(&paths, &dir.path().join("link.yaml"), "d1"), Ok(true), "the same place");
        assert_eq!(is_trusted(&paths, &file, "d2"), Ok(false), "edited");
        assert_eq!(is_trusted(&paths, &other, "d1"), Ok(false), "elsewhere");
        trust(&paths, &file, "d2").expect("trusted again");
        assert_eq!(is_trusted(&paths, &file, "d1"), Ok(false), "the old contents are trusted no more");
        distrust(&paths, &file).expect("distrusted");
        assert_eq!(is_trusted(&paths, &file, "d2"), Ok(false));
        distrust(&paths, &file).expect("twice is no error");
        let mode = std::fs::metadata(paths.state.join("trust.json")).expect("meta").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_list_trusts_nothing_and_is_kept() {
        let dir = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(dir.path());
        std::fs::create_dir_all(&paths.state).expect("mkdir");
        let file = dir.path().join("a.yaml");
        std::fs::write(&file, "x").expect("write");
        for broken in ["{", "{\"version\": 9, \"trusted\": {}}", "[]"] {
            std::fs::write(paths.state.join("trust.json"), broken).expect("write");
            let error = trust(&paths, &file, "d").expect_err("unreadable");
            assert!(error.message.contains("trust.json") && error.hint.is_some(), "{error:?}");
            assert!(is_trusted(&paths, &file, "d").is_err());
            let kept = std::fs::read_to_string(paths.state.join("trust.json")).expect("read");
            assert_eq!(kept, broken);
        }
        assert!(trust(&Paths::under(&dir.path().join("n")), &dir.path().join("none"), "d").is_err());
    }
}
