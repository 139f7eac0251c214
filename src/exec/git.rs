//! What git says of a folder. Never fails: a folder without git, or without `git` installed, gives `None`.

use std::path::Path;

use crate::run::{GitState, Repo};

/// Root, branch, owner and name; `None` outside a working tree.
pub async fn repo(folder: &Path) -> Option<Repo> {
    let _ = folder;
    None
}

/// The full hash of the checked-out commit.
pub async fn head(folder: &Path) -> Option<String> {
    let _ = folder;
    None
}

/// Branch, commits since `since`, uncommitted changes, unpushed commits.
pub async fn state(folder: &Path, since: Option<&str>) -> Option<GitState> {
    let _ = (folder, since);
    None
}
