//! What surrounds a run: the folder, its repository, and what was found out before it began.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What surrounded the run when it started; expressions read it, so it never changes later.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Absolute; steps run here and files are written under it.
    pub folder: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Repo>,
    /// The environment variables that the workflow declares.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, String>,
    /// The agents for which the settings had a command; for all others somebody answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// How many automatic steps run side by side, where the workflow does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repo {
    pub root: String,
    pub branch: String,
    /// From the `origin` remote; empty where there is none.
    pub owner: String,
    pub name: String,
}

impl Repo {
    /// Owner and name as the URL of a remote tells them: `git@host:owner/name.git`, `ssh://git@host:22/owner/name`, `https://host/group/team/name.git`.
    /// A path on this machine has no owner.
    pub fn owner_and_name(url: &str) -> (String, String) {
        let url = url.trim().trim_end_matches('/');
        let path = match url.split_once("://") {
            Some(("file", path)) => return (String::new(), last_part(path)),
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            // `host:path`; a colon after a slash belongs to a file's name.
            None => match url.split_once(':') {
                Some((host, path)) if !host.contains('/') => path,
                _ => return (String::new(), last_part(url)),
            },
        };
        let path = path.trim_start_matches('/');
        let owner = path.rsplit_once('/').map_or("", |(owner, _)| owner);
        (owner.to_owned(), last_part(path))
    }
}

fn last_part(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".git").unwrap_or(name).to_owned()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrerequisiteResult {
    pub says: String,
    /// `None`: a sentence that nobody has ticked.
    pub passed: Option<bool>,
    /// What the command printed, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do about it, as the workflow says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl PrerequisiteResult {
    /// A sentence that nobody has ticked, a command that was not run.
    pub fn unticked(says: impl Into<String>) -> Self {
        Self { says: says.into(), passed: None, detail: None, hint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_of_every_form_tell_owner_and_name() {
        for (url, owner, name) in [
            ("git@github.com:ana/tools.git", "ana", "tools"),
            ("ssh://git@github.com:22/ana/tools.git", "ana", "tools"),
            ("https://github.com/ana/tools", "ana", "tools"),
            ("https://ana:token@git.example.org/group/team/tools.git/", "group/team", "tools"),
            ("host:tools.git", "", "tools"),
            ("/srv/git/tools.git", "", "tools"),
            ("file:///srv/git/tools.git", "", "tools"),
            ("../a:b/tools", "", "tools"),
            ("", "", ""),
        ] {
            assert_eq!(Repo::owner_and_name(url), (owner.to_owned(), name.to_owned()), "{url}");
        }
    }
}
