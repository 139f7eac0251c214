//! What a dry run may know of the working tree without asking git: front ends start no
//! processes. The engine asks git itself when a run starts.

use std::path::{Path, PathBuf};

use crate::run::Repo;

/// Root, branch, owner and name as git's own files tell them; `None` outside a working tree.
pub fn read(root: &Path) -> Option<Repo> {
    let git = git_folder(root)?;
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let head = head.trim();
    let detached = || head.get(..7).unwrap_or(head);
    let branch = head.strip_prefix("ref: refs/heads/").unwrap_or_else(detached).to_owned();
    // A further working tree keeps its settings with the first one.
    let common = std::fs::read_to_string(git.join("commondir"))
        .map_or_else(|_| git.clone(), |relative| git.join(relative.trim()));
    let config = std::fs::read_to_string(common.join("config")).unwrap_or_default();
    let (owner, name) = origin(&config).map(Repo::owner_and_name).unwrap_or_default();
    Some(Repo { root: root.to_string_lossy().into_owned(), branch, owner, name })
}

fn git_folder(root: &Path) -> Option<PathBuf> {
    let place = root.join(".git");
    if place.is_dir() {
        return Some(place);
    }
    let text = std::fs::read_to_string(place).ok()?;
    Some(root.join(text.trim().strip_prefix("gitdir: ")?))
}

fn origin(config: &str) -> Option<&str> {
    let mut lines = config.lines().map(str::trim).skip_while(|l| *l != r#"[remote "origin"]"#).skip(1);
    let url = lines.by_ref().take_while(|l| !l.starts_with('[')).find(|l| l.starts_with("url"))?;
    url.split_once('=').map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_git_keeps() {
        let dir = tempfile::tempdir().expect("temp dir");
        assert_eq!(read(dir.path()), None);
        let git = dir.path().join(".git");
        std::fs::create_dir(&git).expect("mkdir");
        std::fs::write(git.join("HEAD"), "ref: refs/heads/feature/x\n").expect("HEAD");
        std::fs::write(
            git.join("config"),
            "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = git@example.org:team/shop.git\n\tfetch = +x\n",
        )
        .expect("config");
        let repo = read(dir.path()).expect("a working tree");
        assert_eq!(
            (repo.branch.as_str(), repo.owner.as_str(), repo.name.as_str()),
            ("feature/x", "team", "shop")
        );
        assert_eq!(origin("[remote \"origin\"]\n[x]\nurl = other"), None);
    }
}
