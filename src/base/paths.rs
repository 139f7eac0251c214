//! Where things lie. One `--home` folder, or the XDG folders under `mwtui`.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::base::{Error, Result};

/// The folders of one installation. Made by [`Paths::resolve`]; nothing is created before [`Paths::create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Holds `config.toml`, `keymap.toml`, `themes/`, `workflows/`.
    pub config: PathBuf,
    /// Holds the store, outputs and logs.
    pub state: PathBuf,
    /// Holds the engine's socket and lock.
    pub run: PathBuf,
    /// The `--home` folder, where one was given: passed on to child processes.
    pub home: Option<PathBuf>,
    /// What was said about the settings when this program was called: passed on to an engine that it starts.
    pub overrides: Overrides,
    /// The folder of the user's own workflows and that of their themes, where the settings name others.
    pub workflows: Option<PathBuf>,
    pub themes: Option<PathBuf>,
}

/// `--profile` and `--config`, as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    pub profile: Option<String>,
    /// `key=value`, in order.
    pub settings: Vec<String>,
}

impl Overrides {
    /// The arguments that say the same again.
    pub fn arguments(&self) -> Vec<String> {
        let profile = self.profile.iter().map(|name| format!("--profile={name}"));
        profile.chain(self.settings.iter().map(|setting| format!("--config={setting}"))).collect()
    }
}

/// Longest socket path that the kernel takes, with its closing zero byte.
const SOCKET_PATH_LIMIT: usize = 107;

impl Paths {
    /// `--home`, then `MWTUI_HOME`, then the XDG folders, then their defaults under `$HOME`.
    pub fn resolve(home: Option<PathBuf>) -> Result<Self> {
        let home = home.or_else(|| env_path("MWTUI_HOME"));
        if let Some(home) = home {
            let home = std::path::absolute(&home).map_err(|e| {
                Error::usage(format!("--home {} is not a usable path", home.display())).because(e)
            })?;
            return Ok(Self::under(&home));
        }
        let user = env_path("HOME").ok_or_else(|| {
            Error::usage("There is no home folder: HOME is not set")
                .hint("Set HOME, or give a folder with --home DIR")
        })?;
        let config = env_path("XDG_CONFIG_HOME").unwrap_or_else(|| user.join(".config")).join("mwtui");
        let state = env_path("XDG_STATE_HOME").unwrap_or_else(|| user.join(".local/state")).join("mwtui");
        let run = env_path("XDG_RUNTIME_DIR").map_or_else(|| state.join("run"), |d| d.join("mwtui"));
        Ok(Self { config, state, run, home: None, ..Self::under(Path::new("")) })
    }

    /// Everything under one folder.
    pub fn under(home: &Path) -> Self {
        Self {
            config: home.to_owned(),
            state: home.join("state"),
            run: home.join("run"),
            home: Some(home.to_owned()),
            overrides: Overrides::default(),
            workflows: None,
            themes: None,
        }
    }

    pub fn store_file(&self) -> PathBuf {
        self.state.join("mwtui.redb")
    }

    /// Copies of the store, each a store of its own.
    pub fn backups(&self) -> PathBuf {
        self.state.join(BACKUPS)
    }

    /// Spill files: `outputs/<run>/<step>.<attempt>.log`.
    pub fn outputs(&self) -> PathBuf {
        self.state.join("outputs")
    }

    /// What an embeddings endpoint made of the bank's sentences: may be removed at any time.
    pub fn vectors(&self) -> PathBuf {
        self.state.join("vectors")
    }

    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The phrases that were entered in the console, for its history.
    pub fn phrases_file(&self) -> PathBuf {
        self.state.join("phrases.txt")
    }

    pub fn workflows(&self) -> PathBuf {
        self.workflows.clone().unwrap_or_else(|| self.config.join("workflows"))
    }

    pub fn themes(&self) -> PathBuf {
        self.themes.clone().unwrap_or_else(|| self.config.join("themes"))
    }

    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    pub fn keymap_file(&self) -> PathBuf {
        self.config.join("keymap.toml")
    }

    /// Held by the engine for as long as it lives.
    pub fn lock(&self) -> PathBuf {
        self.run.join("engine.lock")
    }

    /// The engine's socket. Where the folder's name is too long for a socket, a short
    /// one in the system's temporary folder, named after the long one.
    pub fn socket(&self) -> PathBuf {
        let plain = self.run.join("engine.sock");
        if plain.as_os_str().len() <= SOCKET_PATH_LIMIT {
            return plain;
        }
        let digest = crate::base::digest(plain.as_os_str().as_bytes());
        let name = digest.get(..16).unwrap_or(&digest);
        let user = rustix::process::getuid().as_raw();
        std::env::temp_dir().join(format!("mwtui-{user}-{name}")).join("engine.sock")
    }

    /// Makes the folders, for their owner alone (0700), and tightens those that are wider.
    pub fn create(&self) -> Result<()> {
        let socket = self.socket();
        let mut folders = vec![&*self.config, &*self.state, &*self.run];
        folders.extend(socket.parent());
        for folder in folders {
            private_dir(folder)?;
        }
        private_dir(&self.outputs())?;
        private_dir(&self.logs())
    }
}

const BACKUPS: &str = "backups";

/// The folder for backups of a store that lies there.
pub fn backups_of(store: &Path) -> PathBuf {
    store.parent().unwrap_or(Path::new(".")).join(BACKUPS)
}

/// What begins the name of a file that is not whole yet: left over where its writer was killed.
pub const UNFINISHED: &str = ".mwtui-";

/// Makes a folder that only its owner may enter, and tightens one that is wider.
pub fn private_dir(folder: &Path) -> Result<()> {
    let failed = |e| {
        Error::internal(format!("The folder {} cannot be made", folder.display()))
            .because(e)
            .hint("Check who owns it and its parent, or choose another with --home DIR")
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let meta = std::fs::metadata(folder).map_err(failed)?;
    if meta.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// The root of the working tree that `folder` lies in: the nearest parent with a `.git`, or `folder` itself.
pub fn project_root(folder: &Path) -> PathBuf {
    folder.ancestors().find(|p| p.join(".git").exists()).unwrap_or(folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_home_gets_a_short_socket() {
        let deep = PathBuf::from("/tmp").join("x".repeat(200));
        let socket = Paths::under(&deep).socket();
        assert!(socket.as_os_str().len() <= SOCKET_PATH_LIMIT, "{socket:?}");
        assert_eq!(Paths::under(Path::new("/h")).socket(), Path::new("/h/run/engine.sock"));
    }

    #[test]
    fn folders_are_private_even_if_they_were_not() {
        let dir = tempfile::tempdir().expect("temp dir");
        let wide = dir.path().join("wide");
        std::fs::create_dir(&wide).expect("mkdir");
        std::fs::set_permissions(&wide, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        private_dir(&wide).expect("tightened");
        let mode = std::fs::metadata(&wide).expect("meta").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
