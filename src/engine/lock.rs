//! Who the engine of a home is: whoever holds its lock, for as long as it lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::base::{Error, Paths, Result};

/// The held lock; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock without waiting; `None` where another engine has it.
pub fn take(paths: &Paths) -> Result<Option<Lock>> {
    let path = paths.lock();
    let failed = |e: std::io::Error| {
        Error::internal(format!("The engine's lock {} cannot be taken", path.display()))
            .because(e)
            .hint("Check that the folder is yours and on a local disk, or choose another with --home DIR")
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(dir.path());
        paths.create().expect("folders");
        let held = take(&paths).expect("lock").expect("free");
        assert!(take(&paths).expect("asked").is_none());
        drop(held);
        assert!(take(&paths).expect("asked").is_some());
    }
}
