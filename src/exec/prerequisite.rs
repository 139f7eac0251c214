//! Running the commands of prerequisites before a start. Each runs in a process group of its
//! own that is ended with it; what it prints is kept only as far as a person will read it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use crate::base::SafeLine;
use crate::exec::group::Group;
use crate::run::PrerequisiteResult;
use crate::workflow::Prerequisite;

/// How long the rest of the output may take after the command's end.
const DRAIN: Duration = Duration::from_millis(500);

/// How much of the end of the output is kept, in bytes.
const KEPT: usize = 16 << 10;

/// How much of it is shown: lines, and characters of each.
const SHOWN_LINES: usize = 3;
const SHOWN_CHARS: usize = 200;

/// Commands run side by side in `folder`, each for at most `limit`; sentences come back with
/// `passed: None`. In the order given.
pub async fn check(
    prerequisites: &[Prerequisite],
    folder: &Path,
    limit: Duration,
) -> Vec<PrerequisiteResult> {
    join_all(prerequisites.iter().map(|prerequisite| async move {
        let says = prerequisite.says().to_owned();
        let Prerequisite::Check { check, hint, .. } = prerequisite else {
            return PrerequisiteResult::unticked(says);
        };
        let detail = run(check, folder, limit).await.err();
        let hint = hint.clone().filter(|_| detail.is_some());
        PrerequisiteResult { says, passed: Some(detail.is_none()), detail, hint }
    }))
    .await
}

/// What went wrong, in words, where the command does not exit with 0.
async fn run(command: &str, folder: &Path, limit: Duration) -> Result<(), String> {
    let (mut child, mut output) = spawn(command, folder).map_err(|e| format!("It cannot be run: {e}"))?;
    let group = Group::of(&child);
    let mut kept = Vec::new();
    let ended = tokio::time::timeout(limit, async {
        tokio::select! {
            status = child.wait() => status,
            never = read(&mut output, &mut kept) => {
                // Its output is closed, but it goes on.
                let () = never;
                child.wait().await
            }
        }
    })
    .await;
    // Before the rest of the output: what was left running may hold it open.
    drop(group);
    let rest = tokio::time::timeout(DRAIN, read(&mut output, &mut kept)).await;
    if rest.is_err() {
        tracing::debug!("a check's output is still held open");
    }
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(told(&how(status), &kept)),
        Ok(Err(e)) => Err(format!("Its end cannot be waited for: {e}")),
        Err(_) => Err(told(&format!("no answer within {} s", limit.as_secs_f32()), &kept)),
    }
}

pub(super) fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// The reason, and below it the last lines of the output.
pub(super) fn told(reason: &str, output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let clean =
        |line: &str| -> String { SafeLine::new(line).as_str().trim().chars().take(SHOWN_CHARS).collect() };
    let mut lines: Vec<String> =
        text.lines().rev().map(clean).filter(|line| !line.is_empty()).take(SHOWN_LINES).collect();
    lines.push(reason.to_owned());
    lines.reverse();
    lines.join("\n")
}

fn spawn(command: &str, folder: &Path) -> std::io::Result<(Child, Receiver)> {
    let (reader, writer) = std::io::pipe()?;
    let output = Receiver::from_owned_fd(reader.into())?;
    #[expect(clippy::disallowed_methods, reason = "a prerequisite's command is run here")]
    let mut shell = Command::new("sh");
    let errors = writer.try_clone()?;
    shell.args(["-c", command]).current_dir(folder).env_remove(super::process::ENGINE_MARK);
    shell.stdin(Stdio::null()).stdout(writer).stderr(errors).process_group(0).kill_on_drop(true);
    Ok((shell.spawn()?, output))
}

/// Reads to the end and keeps the last [`KEPT`] bytes. May be dropped at any time and called again.
pub(super) async fn read(output: &mut Receiver, kept: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    loop {
        match output.read(&mut buffer).await {
            Ok(0) => return,
            Ok(length) => {
                kept.extend(buffer.iter().take(length));
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
            Err(error) => {
                tracing::debug!(%error, "a check's output cannot be read");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn checks(commands: &[&str]) -> Vec<Prerequisite> {
        let check = |c: &&str| Prerequisite::Check {
            check: (*c).to_owned(),
            says: format!("says {c}"),
            hint: Some(format!("mend {c}")),
        };
        commands.iter().map(check).collect()
    }

    async fn detail(command: &str) -> Option<String> {
        let dir = tempfile::tempdir().expect("temp dir");
        check(&checks(&[command]), dir.path(), LIMIT).await.remove(0).detail
    }

    #[tokio::test]
    async fn answers_come_in_order_and_sentences_wait_for_a_person() {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::write(dir.path().join("here"), "").expect("write");
        let mut all = checks(&["sleep 0.1; test -e here", "false"]);
        all.insert(1, Prerequisite::Sentence("You are on call".into()));
        let results = check(&all, dir.path(), LIMIT).await;
        assert_eq!(results.iter().map(|r| r.passed).collect::<Vec<_>>(), [Some(true), None, Some(false)]);
        assert_eq!(results[1].says, "You are on call");
        assert_eq!(results[2].detail.as_deref(), Some("exit 1"));
        assert_eq!(results[2].hint.as_deref(), Some("mend false"));
        assert_eq!(results[0].hint, None, "there is nothing to do");
    }

    #[tokio::test]
    async fn a_failure_shows_the_last_lines_cleaned() {
        let script = r"echo a; echo b; printf '\033[31mc\007\033[0m\n\n'; echo d >&2; exit 7";
        assert_eq!(detail(script).await.as_deref(), Some("exit 7\nb\nc␇\nd"));
        assert_eq!(detail("kill -9 $$").await.as_deref(), Some("ended by signal 9"));
        let long = detail("head -c 1000000 /dev/zero | tr '\\0' x; exit 1").await.expect("failed");
        assert!(long.len() < 300, "{}", long.len());
    }

    #[tokio::test]
    async fn at_the_limit_the_whole_group_is_ended() {
        let dir = tempfile::tempdir().expect("temp dir");
        let script = "trap '' TERM; sleep 600 & echo $! > pid; echo waiting; wait";
        let start = Instant::now();
        let results = check(&checks(&[script]), dir.path(), Duration::from_millis(600)).await;
        assert!(start.elapsed() < Duration::from_secs(8));
        assert_eq!(results[0].detail.as_deref(), Some("no answer within 0.6 s\nwaiting"));
        let pid: String = std::fs::read_to_string(dir.path().join("pid")).expect("pid").trim().to_owned();
        let end = Instant::now() + Duration::from_secs(10);
        while std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z")) {
            assert!(Instant::now() < end, "a check's child lives on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn what_is_left_running_holds_up_nothing() {
        let start = Instant::now();
        assert_eq!(detail("sleep 600 & setsid sleep 2 & true").await, None);
        assert_eq!(detail("exec >&- 2>&-; sleep 0.05; exit 3").await.as_deref(), Some("exit 3"));
        assert!(start.elapsed() < LIMIT);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_fails_and_says_so() {
        let results = check(&checks(&["true"]), Path::new("/no/such/folder"), LIMIT).await;
        assert_eq!(results[0].passed, Some(false));
        assert!(
            results[0].detail.as_deref().is_some_and(|d| d.starts_with("It cannot be run")),
            "{results:?}"
        );
    }
}
