//! The settings as the engine goes by them: the file is read again when it has changed, so that agents,
//! servers and hooks need no new engine. The profile, the variables and the options are those that the
//! engine was started with.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Paths, Result};
use crate::config::Settings;
use crate::engine::blocking;

/// What tells one state of the file from another: its number, its time and its length; `None` where there
/// is none.
type Stamp = Option<(u64, i64, i64, u64)>;

/// What was read last, and of which state of the file.
type Read = Option<(Stamp, Result<Arc<Settings>>)>;

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Current {
    paths: Paths,
    read: Arc<Mutex<Read>>,
}

impl Current {
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone(), read: Arc::default() }
    }

    /// The settings as they are now.
    pub async fn get(&self) -> Result<Arc<Settings>> {
        let this = self.clone();
        blocking(move || this.now()).await
    }

    /// The same; looks at the file and blocks as long as that takes.
    pub fn now(&self) -> Result<Arc<Settings>> {
        let stamp = stamp(&self.paths.config_file());
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, settings)) = &*read
            && *known == stamp
        {
            return settings.clone();
        }
        let settings = Settings::load(&self.paths).map(Arc::new);
        match &settings {
            Ok(_) => tracing::debug!("the settings have been read"),
            Err(error) => tracing::error!(?error, "the settings do not read"),
        }
        *read = Some((stamp, settings.clone()));
        settings
    }

    /// The paths with the folders that the settings name now. Blocking.
    pub fn paths(&self) -> Result<Paths> {
        Ok(self.now()?.place(&self.paths))
    }
}

fn stamp(file: &Path) -> Stamp {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_is_told_until_it_is_mended() {
        let dir = tempfile::tempdir().expect("temp dir");
        let current = Current::new(&Paths::under(dir.path()));
        let parallel = || current.now().map(|settings| settings.limits.parallel);
        assert_eq!(parallel(), Ok(4));
        let file = dir.path().join("config.toml");
        std::fs::write(&file, "[limits]\nparallel = 2\n").expect("written");
        assert_eq!(parallel(), Ok(2));
        assert!(Arc::ptr_eq(&current.now().expect("reads"), &current.now().expect("reads")), "read once");
        std::fs::write(&file, "[limits]\nparallel = no\n").expect("written");
        assert!(parallel().is_err() && parallel().is_err());
        std::fs::write(&file, "[limits]\nparallel = 10\n").expect("written");
        assert_eq!(parallel(), Ok(10));
    }
}
