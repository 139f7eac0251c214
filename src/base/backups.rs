//! The files in the folder for backups, told by their names. What is in them, only the store knows.

use std::path::{Path, PathBuf};

use crate::base::Timestamp;

const PREFIX: &str = "mwtui-";
const SUFFIX: &str = ".redb";

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Somebody asked for it.
    Asked,
    /// The store's schema was about to change, to this one.
    BeforeSchema(u32),
    /// It was the store until a backup was put back in its place.
    Aside,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub path: PathBuf,
    pub origin: Origin,
}

impl Origin {
    fn ending(self) -> String {
        match self {
            Self::Asked => String::new(),
            Self::BeforeSchema(schema) => format!("-before-schema-{schema}"),
            Self::Aside => "-aside".to_owned(),
        }
    }

    /// In words.
    pub fn told(self) -> String {
        match self {
            Self::Asked => "asked for".to_owned(),
            Self::BeforeSchema(schema) => format!("before the change to schema {schema}"),
            Self::Aside => "the store that a restore set aside".to_owned(),
        }
    }
}

/// Names for a backup of this moment, one after the other: for the case that one is taken.
pub fn names(at: Timestamp, origin: Origin) -> impl Iterator<Item = String> {
    let (stamp, ending) = (at.local_stamp(), origin.ending());
    (1..1000).map(move |number| match number {
        1 => format!("{PREFIX}{stamp}{ending}{SUFFIX}"),
        // Sorted after the first one.
        n => format!("{PREFIX}{stamp}.{n:03}{ending}{SUFFIX}"),
    })
}

/// Newest first, as their names say; what has another name is left out.
pub fn list(folder: &Path) -> Vec<Backup> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<Backup> = entries
        .filter_map(|entry| Some(Backup { origin: origin(&entry.path())?, path: entry.path() }))
        .collect();
    found.sort_by(|a, b| moment(&b.path).cmp(&moment(&a.path)).then_with(|| b.path.cmp(&a.path)));
    found
}

/// The newest from which the store can be put back: of those that a restore set aside, nobody knows.
pub fn newest(folder: &Path) -> Option<Backup> {
    list(folder).into_iter().find(|backup| backup.origin != Origin::Aside)
}

fn stem(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
}

fn origin(path: &Path) -> Option<Origin> {
    let stem = stem(path)?;
    if stem.ends_with("-aside") {
        return Some(Origin::Aside);
    }
    match stem.split_once("-before-schema-") {
        Some((_, schema)) => schema.parse().ok().map(Origin::BeforeSchema),
        None => Some(Origin::Asked),
    }
}

/// `2026-11-20-174005`, with the number behind it.
fn moment(path: &Path) -> Option<&str> {
    let stem = stem(path)?;
    let end = stem.find("-before-").or_else(|| stem.find("-aside")).unwrap_or(stem.len());
    stem.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_when_and_why_and_the_newest_comes_first() {
        let dir = tempfile::tempdir().expect("temp dir");
        let day = 86_400_000;
        let mut written = Vec::new();
        for (at, origin) in [
            (Timestamp(day), Origin::Asked),
            (Timestamp(2 * day), Origin::BeforeSchema(12)),
            (Timestamp(3 * day), Origin::Aside),
        ] {
            let name = names(at, origin).next().expect("a name");
            std::fs::write(dir.path().join(&name), "").expect("written");
            written.push(origin);
        }
        let second = names(Timestamp(day), Origin::Asked).nth(1).expect("a second name");
        std::fs::write(dir.path().join(&second), "").expect("written");
        std::fs::write(dir.path().join("notes.txt"), "").expect("written");
        let listed = list(dir.path());
        let origins: Vec<Origin> = listed.iter().map(|b| b.origin).collect();
        assert_eq!(origins, [Origin::Aside, Origin::BeforeSchema(12), Origin::Asked, Origin::Asked]);
        assert!(listed[2].path.ends_with(&second), "{listed:?}");
        assert_eq!(newest(dir.path()).expect("one").origin, Origin::BeforeSchema(12));
        assert!(list(&dir.path().join("nowhere")).is_empty());
    }
}
