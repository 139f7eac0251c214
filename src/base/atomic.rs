//! Files that are there whole or not at all: a temporary file beside the target, synced, renamed.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use crate::base::{Error, Result};

/// What to do where the target exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Replace,
    /// An error that names the file.
    Keep,
}

/// Writes `contents` to `target`, whole or not at all. `mode` is the permissions of the new file.
pub fn write(target: &Path, contents: &[u8], mode: u32, existing: Existing) -> Result<()> {
    let failed = |what: &str, e: std::io::Error| {
        Error::internal(format!("{} cannot be written: {what}", target.display()))
            .because(e)
            .hint("Check the folder's permissions and the free space")
    };
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".mwtui-")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(|e| failed("no temporary file beside it", e))?;
    file.write_all(contents).map_err(|e| failed("writing", e))?;
    file.as_file().sync_all().map_err(|e| failed("syncing", e))?;
    match existing {
        Existing::Replace => {
            file.persist(target).map_err(|e| failed("renaming", e.error))?;
        }
        Existing::Keep => {
            file.persist_noclobber(target).map_err(|e| {
                if e.error.kind() == std::io::ErrorKind::AlreadyExists {
                    Error::refused(format!("{} is already there", target.display()))
                        .hint("Choose another name, or say explicitly that it may be replaced")
                } else {
                    failed("renaming", e.error)
                }
            })?;
        }
    }
    // The new name is durable only once its folder is.
    if let Ok(dir) = std::fs::File::open(folder) {
        let _ = dir.sync_all();
    }
    Ok(())
}

/// The place of `relative` under `root`, with its folders made: refused where it leaves the root,
/// by `..`, by an absolute path or through a symbolic link.
pub fn place_under(root: &Path, relative: &Path) -> Result<PathBuf> {
    let refuse = |why: &str| {
        Error::refused(format!("{} may not be written: {why}", relative.display()))
            .cause(format!("Files are written under {} only", root.display()))
            .hint("Give a relative path without .. that passes through no symbolic link")
    };
    let mut place = root.to_owned();
    let mut parts = relative.components().peekable();
    if parts.peek().is_none() {
        return Err(refuse("the path is empty"));
    }
    while let Some(part) = parts.next() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::CurDir => continue,
            Component::ParentDir => return Err(refuse("it goes up with ..")),
            Component::RootDir | Component::Prefix(_) => return Err(refuse("it is absolute")),
        }
        match std::fs::symlink_metadata(&place) {
            Ok(meta) if meta.file_type().is_symlink() => {
                return Err(refuse("it passes through a symbolic link"));
            }
            Ok(meta) if parts.peek().is_some() && !meta.is_dir() => {
                return Err(refuse("a file stands where a folder is needed"));
            }
            Err(_) if parts.peek().is_some() => std::fs::create_dir(&place).map_err(|e| {
                Error::internal(format!("The folder {} cannot be made", place.display())).because(e)
            })?,
            Ok(_) | Err(_) => {}
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_there_unless_told() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("a.md");
        write(&file, b"one", 0o644, Existing::Keep).expect("new file");
        let refused = write(&file, b"two", 0o644, Existing::Keep).expect_err("exists");
        assert_eq!(refused.kind, crate::base::ErrorKind::Refused);
        assert_eq!(std::fs::read(&file).expect("read"), b"one");
        write(&file, b"two", 0o600, Existing::Replace).expect("replaced");
        assert_eq!(std::fs::read(&file).expect("read"), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).expect("list").count(), 1, "no leftovers");
    }

    #[test]
    fn stays_under_its_root() {
        let dir = tempfile::tempdir().expect("temp dir");
        std::os::unix::fs::symlink("/etc", dir.path().join("out")).expect("link");
        for bad in ["../x", "/etc/x", "out/x", "", "a/../../x", "out"] {
            assert!(place_under(dir.path(), Path::new(bad)).is_err(), "{bad:?}");
        }
        let good = place_under(dir.path(), Path::new("docs/runbooks/x.md")).expect("inside");
        assert!(good.starts_with(dir.path()));
        assert!(dir.path().join("docs/runbooks").is_dir());
    }
}
