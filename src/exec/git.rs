//! What git says of a folder. Never fails: a folder without git, or without `git` installed, gives `None`.
//!
//! The repository is not ours: git is asked so that it takes no locks, asks nobody, pages nothing
//! and runs none of the programs that a repository's configuration can name for these commands.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::run::{GitState, Repo};

const LIMIT: Duration = Duration::from_secs(5);

/// The most that is read of one answer, in bytes.
const ANSWER: u64 = 1 << 20;

/// The most commits and the most uncommitted files that are listed.
const LISTED: usize = 500;

/// Root, branch, owner and name; `None` outside a working tree. Where a commit and no branch is
/// checked out, the branch is its short hash.
pub async fn repo(folder: &Path) -> Option<Repo> {
    let (root, branch, origin) = tokio::join!(
        git(folder, &["rev-parse", "--show-toplevel"]),
        branch(folder),
        git(folder, &["config", "--get", "remote.origin.url"]),
    );
    let (owner, name) = origin.map(|url| Repo::owner_and_name(&url)).unwrap_or_default();
    Some(Repo { root: root?, branch, owner, name })
}

/// The full hash of the checked-out commit.
pub async fn head(folder: &Path) -> Option<String> {
    git(folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).await
}

/// Branch, commits since `since`, uncommitted changes, unpushed commits. Without `since`, or
/// where it is no commit of this repository, no commits and no difference are listed.
pub async fn state(folder: &Path, since: Option<&str>) -> Option<GitState> {
    git(folder, &["rev-parse", "--show-toplevel"]).await?;
    // A hash and nothing else: it stands where git would read an option.
    let since = since.filter(|s| !s.is_empty() && s.chars().all(|c| c.is_ascii_hexdigit()));
    let range = since.map(|s| format!("{s}..HEAD"));
    let listed = format!("--max-count={LISTED}");
    let commits = async {
        let range = range.as_deref()?;
        git(folder, &["log", "--reverse", "--no-show-signature", &listed, "--format=%h%x09%s", range]).await
    };
    let diff =
        async { git(folder, &["diff", "--no-ext-diff", "--no-textconv", "--shortstat", since?]).await };
    let (branch, commits, uncommitted, unpushed, diff) = tokio::join!(
        branch(folder),
        commits,
        git(folder, &["status", "--porcelain", "--ignore-submodules=dirty"]),
        git(folder, &["rev-list", "--count", "@{upstream}..HEAD"]),
        diff,
    );
    let commit =
        |line: &str| line.split_once('\t').map(|(hash, subject)| (hash.to_owned(), subject.to_owned()));
    Some(GitState {
        branch,
        commits: commits.as_deref().unwrap_or_default().lines().filter_map(commit).collect(),
        uncommitted: uncommitted
            .as_deref()
            .unwrap_or_default()
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .take(LISTED)
            .collect(),
        unpushed: unpushed.and_then(|count| count.parse().ok()),
        diff: diff.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()),
    })
}

async fn branch(folder: &Path) -> String {
    match git(folder, &["symbolic-ref", "--short", "--quiet", "HEAD"]).await {
        Some(branch) => branch,
        None => git(folder, &["rev-parse", "--short", "HEAD"]).await.unwrap_or_default(),
    }
}

/// What git answers, without the line break at its end; `None` where it fails or takes too long.
async fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "git is asked here and nowhere else")]
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["-c", "core.quotePath=false"])
        .args(arguments)
        .current_dir(folder)
        .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    // Set where the engine was started from a git hook; they would point at another repository.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        command.env_remove(name);
    }
    let answer = async {
        let mut child = command.spawn().ok()?;
        let mut bytes = Vec::new();
        let mut output = child.stdout.take()?.take(ANSWER);
        output.read_to_end(&mut bytes).await.ok()?;
        // More than that is cut, and git told so by the closed pipe.
        let cut = output.limit() == 0;
        drop(output);
        let status = child.wait().await.ok()?;
        (status.success() || cut).then(|| String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    };
    tokio::time::timeout(LIMIT, answer).await.unwrap_or_else(|_| {
        tracing::warn!(folder = %folder.display(), ?arguments, "git does not answer");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree {
        dir: tempfile::TempDir,
    }

    impl Tree {
        async fn new() -> Self {
            let tree = Self { dir: tempfile::tempdir().expect("temp dir") };
            tree.run(&["init", "--quiet", "--initial-branch=main"]).await;
            for (key, value) in
                [("user.name", "Ana"), ("user.email", "ana@example.org"), ("commit.gpgsign", "false")]
            {
                tree.run(&["config", key, value]).await;
            }
            tree
        }

        async fn run(&self, arguments: &[&str]) {
            git(self.dir.path(), arguments).await.unwrap_or_else(|| panic!("git {arguments:?}"));
        }

        async fn commit(&self, file: &str, subject: &str) {
            std::fs::write(self.dir.path().join(file), subject).expect("write");
            self.run(&["add", file]).await;
            self.run(&["commit", "--quiet", "-m", subject]).await;
        }
    }

    #[tokio::test]
    async fn a_repository_tells_its_state() {
        let tree = Tree::new().await;
        let folder = tree.dir.path();
        assert_eq!(head(folder).await, None, "no commit yet");
        assert_eq!(repo(folder).await.expect("a repository").branch, "main");
        tree.commit("a", "first").await;
        let start = head(folder).await.expect("a commit");
        assert_eq!(start.len(), 40);
        tree.commit("b", "second: tab\tand ü").await;
        tree.commit("c", "third").await;
        tree.run(&["remote", "add", "origin", "git@github.com:ana/tools.git"]).await;
        std::fs::write(folder.join("a"), "changed").expect("write");
        std::fs::write(folder.join("neu ü"), "new").expect("write");

        let repo = repo(folder).await.expect("a repository");
        assert_eq!((repo.owner.as_str(), repo.name.as_str(), repo.branch.as_str()), ("ana", "tools", "main"));
        assert_eq!(Path::new(&repo.root), folder.canonicalize().expect("path"));
        let now = state(folder, Some(&start)).await.expect("a state");
        let subjects: Vec<&str> = now.commits.iter().map(|(_, subject)| subject.as_str()).collect();
        assert_eq!(subjects, ["second: tab\tand ü", "third"]);
        assert_eq!(now.uncommitted, ["M a", "?? \"neu ü\""]);
        assert_eq!(now.unpushed, None);
        assert!(now.diff.as_deref().is_some_and(|d| d.starts_with("3 files changed")), "{:?}", now.diff);
        assert!(!folder.join(".git/index.lock").exists());

        for strange in [None, Some("--output=pwned"), Some(""), Some("0123456789")] {
            let now = state(folder, strange).await.expect("a state");
            assert!(now.commits.is_empty() && now.diff.is_none(), "{strange:?}: {now:?}");
        }
        assert!(!folder.join("pwned").exists());
    }

    #[tokio::test]
    async fn unpushed_commits_are_counted_and_a_commit_stands_for_a_branch() {
        let upstream = Tree::new().await;
        upstream.commit("a", "first").await;
        let dir = tempfile::tempdir().expect("temp dir");
        let clone = Tree { dir };
        let from = upstream.dir.path().to_string_lossy().into_owned();
        clone.run(&["clone", "--quiet", &from, "."]).await;
        clone.run(&["config", "user.name", "Ana"]).await;
        clone.run(&["config", "user.email", "ana@example.org"]).await;
        clone.run(&["config", "commit.gpgsign", "false"]).await;
        assert_eq!(state(clone.dir.path(), None).await.expect("a state").unpushed, Some(0));
        clone.commit("b", "second").await;
        assert_eq!(state(clone.dir.path(), None).await.expect("a state").unpushed, Some(1));
        clone.run(&["checkout", "--quiet", "--detach"]).await;
        let hash = head(clone.dir.path()).await.expect("a commit");
        let branch = repo(clone.dir.path()).await.expect("a repository").branch;
        assert!(!branch.is_empty() && hash.starts_with(&branch), "{branch}");
    }

    #[tokio::test]
    async fn no_repository_is_no_error_and_no_program_of_one_is_run() {
        let dir = tempfile::tempdir().expect("temp dir");
        assert_eq!(repo(dir.path()).await, None);
        assert_eq!(state(dir.path(), None).await, None);
        assert_eq!(head(&dir.path().join("missing")).await, None);

        let tree = Tree::new().await;
        tree.commit("a", "first").await;
        let start = head(tree.dir.path()).await.expect("a commit");
        std::fs::write(tree.dir.path().join("a"), "changed").expect("write");
        let pwned = dir.path().join("pwned");
        let script = format!("touch {} #", pwned.display());
        std::fs::write(tree.dir.path().join(".gitattributes"), "* diff=evil\n").expect("write");
        for key in
            ["core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv", "core.pager"]
        {
            tree.run(&["config", key, &script]).await;
        }
        let now = state(tree.dir.path(), Some(&start)).await.expect("a state");
        assert_eq!(now.uncommitted, ["M a", "?? .gitattributes"]);
        assert!(!pwned.exists());
    }
}
