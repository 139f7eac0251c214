//! A hook: a command that is told of one event on its standard input. It runs in a process group of its
//! own, which is ended with it or when its time is over; whoever drops the future ends it too. What it
//! prints is kept only as far as a person will read it, and only told where it fails.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, ChildStdin, Command};

use crate::config::Hook;
use crate::exec::group::Group;
use crate::exec::prerequisite::{how, read, told};
use crate::exec::process::ENGINE_MARK;

/// How long the rest of the output may take after the command's end.
const DRAIN: Duration = Duration::from_millis(300);

/// What went wrong, in words, where the command does not exit with 0 in its time. `line` comes with a
/// line break on its standard input; `environment` is added to the engine's.
pub async fn run(
    hook: &Hook,
    line: &str,
    environment: &[(&str, String)],
    folder: &Path,
) -> Result<(), String> {
    let (mut child, stdin, mut output) =
        spawn(hook, environment, folder).map_err(|e| format!("it cannot be run: {e}"))?;
    let group = Group::of(&child);
    let mut kept = Vec::new();
    let ended = tokio::time::timeout(hook.within.as_duration(), async {
        let talk = async {
            tokio::join!(feed(stdin, line), read(&mut output, &mut kept));
        };
        tokio::select! {
            status = child.wait() => status,
            // Its output is closed, but it goes on.
            () = talk => child.wait().await,
        }
    })
    .await;
    // Before the rest of the output: what was left running may hold it open.
    drop(group);
    if tokio::time::timeout(DRAIN, read(&mut output, &mut kept)).await.is_err() {
        tracing::debug!("a hook's output is still held open");
    }
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(told(&how(status), &kept)),
        Ok(Err(e)) => Err(format!("its end cannot be waited for: {e}")),
        Err(_) => Err(told(&format!("it did not end within {}", hook.within), &kept)),
    }
}

fn spawn(
    hook: &Hook,
    environment: &[(&str, String)],
    folder: &Path,
) -> std::io::Result<(Child, ChildStdin, Receiver)> {
    let Some((program, arguments)) = hook.command.split_first() else {
        return Err(std::io::Error::other("it has no command"));
    };
    let (reader, writer) = std::io::pipe()?;
    let output = Receiver::from_owned_fd(reader.into())?;
    #[expect(clippy::disallowed_methods, reason = "the command that the person has configured")]
    let mut command = Command::new(program);
    let errors = writer.try_clone()?;
    command.args(arguments).current_dir(folder).env_remove(ENGINE_MARK);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(writer).stderr(errors).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let stdin = child.stdin.take().ok_or_else(|| std::io::Error::other("it has no standard input"))?;
    Ok((child, stdin, output))
}

/// A hook may end without having read its line.
async fn feed(mut stdin: ChildStdin, line: &str) {
    if let Err(error) = stdin.write_all(format!("{line}\n").as_bytes()).await {
        tracing::debug!(%error, "a hook did not read its line");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::base::Millis;
    use crate::config::Pattern;

    fn hook(script: &str, within: u64) -> Hook {
        Hook {
            on: vec![Pattern::new("*")],
            command: vec!["sh".into(), "-c".into(), script.into()],
            within: Millis(within),
        }
    }

    async fn call(script: &str, within: u64, folder: &Path, line: &str) -> Result<(), String> {
        run(&hook(script, within), line, &[("MWTUI_EVENT", "run.failed".to_owned())], folder).await
    }

    #[tokio::test]
    async fn it_is_given_its_line_and_its_event_and_its_failure_is_told() {
        let dir = tempfile::tempdir().expect("temp dir");
        let script = "cat > line; echo \"$MWTUI_EVENT\" > event; echo said";
        call(script, 60_000, dir.path(), "{\"a\":1}").await.expect("it ends well");
        let read = |name| std::fs::read_to_string(dir.path().join(name)).expect(name);
        assert_eq!((read("line").as_str(), read("event").as_str()), ("{\"a\":1}\n", "run.failed\n"));
        let long = "x".repeat(1 << 20);
        let failed = call("echo no >&2; printf '\\033[31mway\\007'; exit 3", 60_000, dir.path(), &long).await;
        assert_eq!(failed, Err("exit 3\nno\nway␇".to_owned()), "nobody has read the line");
        let none = Hook { command: vec!["/no/such/program".into()], ..hook("", 1000) };
        let failed = run(&none, "", &[], dir.path()).await.expect_err("no such program");
        assert!(failed.starts_with("it cannot be run: "), "{failed}");
    }

    #[tokio::test]
    async fn when_its_time_is_over_nothing_of_it_is_left() {
        let dir = tempfile::tempdir().expect("temp dir");
        let begun = Instant::now();
        let script = "trap '' TERM; sleep 600 & echo $! > pid; echo waiting; wait";
        let failed = call(script, 600, dir.path(), "{}").await;
        assert_eq!(failed, Err("it did not end within 600 ms\nwaiting".to_owned()));
        assert!(begun.elapsed() < Duration::from_secs(8));
        let pid: u32 =
            std::fs::read_to_string(dir.path().join("pid")).expect("pid").trim().parse().expect("a number");
        while std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z")) {
            assert!(begun.elapsed() < Duration::from_secs(20), "a hook's child lives on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        call("sleep 600 & exit 0", 60_000, dir.path(), "")
            .await
            .expect("what it leaves running holds up nothing");
    }
}
