//! A `write` step: one file under the run's folder, whole or not at all. Blocking.

use std::path::Path;

use serde_json::{Map, Value};

use crate::base::atomic::{self, Existing};
use crate::run::{Evidence, EvidenceKind, Failure, FailureKind, Outcome};

/// Artifacts are the project's files, to be read by others: their folder's rules apply, not ours.
const MODE: u32 = 0o644;

/// Writes `content` to `path` under `folder`; never outside it, never through a symbolic link.
pub fn write(folder: &Path, path: &str, content: &str, overwrite: bool) -> Result<Outcome, Failure> {
    let existing = if overwrite { Existing::Replace } else { Existing::Keep };
    let written = atomic::place_under(folder, Path::new(path))
        .and_then(|place| atomic::write(&place, content.as_bytes(), MODE, existing).map(|()| place));
    match written {
        Ok(place) => {
            let mut outputs = Map::new();
            outputs.insert("path".to_owned(), Value::from(place.to_string_lossy()));
            outputs.insert("bytes".to_owned(), Value::from(content.len()));
            let evidence = Evidence { kind: EvidenceKind::File, text: path.to_owned() };
            Ok(Outcome { evidence: vec![evidence], outputs, ..Outcome::default() })
        }
        Err(error) => {
            let mut message = error.message;
            for part in error.causes.iter().chain(&error.hint) {
                message.push_str(". ");
                message.push_str(part);
            }
            Err(Failure { kind: FailureKind::Write, message, exit: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_and_named_as_evidence() {
        let dir = tempfile::tempdir().expect("temp dir");
        let outcome = write(dir.path(), "docs/a.md", "# A\n", false).expect("written");
        assert_eq!(std::fs::read_to_string(dir.path().join("docs/a.md")).expect("read"), "# A\n");
        assert_eq!(outcome.evidence[0], Evidence { kind: EvidenceKind::File, text: "docs/a.md".into() });
        assert_eq!(outcome.outputs["bytes"], 4);
    }

    #[test]
    fn what_is_there_is_kept_unless_the_author_says_otherwise() {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::write(dir.path().join("a.md"), "mine").expect("write");
        let failure = write(dir.path(), "a.md", "theirs", false).expect_err("kept");
        assert_eq!(failure.kind, FailureKind::Write);
        assert!(failure.message.contains("already there"), "{}", failure.message);
        assert_eq!(std::fs::read_to_string(dir.path().join("a.md")).expect("read"), "mine");
        write(dir.path(), "a.md", "theirs", true).expect("replaced");
        assert_eq!(std::fs::read_to_string(dir.path().join("a.md")).expect("read"), "theirs");
    }

    #[test]
    fn nothing_is_written_outside_the_folder() {
        let dir = tempfile::tempdir().expect("temp dir");
        let inside = dir.path().join("inside");
        std::fs::create_dir(&inside).expect("mkdir");
        std::os::unix::fs::symlink(dir.path(), inside.join("link")).expect("link");
        for path in ["../a.md", "link/a.md", "/tmp/mwtui-must-not-be", ""] {
            let failure = write(&inside, path, "x", true).expect_err(path);
            assert_eq!(failure.kind, FailureKind::Write, "{path}");
        }
        assert!(!dir.path().join("a.md").exists());
    }
}
