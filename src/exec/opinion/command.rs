//! A command as second opinion: one object on its standard input, what it writes to its standard
//! output given back whole. Its standard error goes to the log.

use std::path::Path;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::base::SafeLine;
use crate::exec::group::Group;
use crate::exec::prerequisite::how;
use crate::exec::process::ENGINE_MARK;

/// The longest output, in bytes. An id and a reason need a few hundred.
const ANSWER: usize = 64 << 10;

/// How much of its standard error is logged, in bytes.
const REMARKS: usize = 8 << 10;

/// How long the rest of the output may take after the command's end.
const DRAIN: Duration = Duration::from_millis(300);

/// Its output, once it has ended with 0; else what went wrong.
pub async fn run(name: &str, words: &[String], input: &Value, folder: &Path) -> Result<Vec<u8>, String> {
    let (program, arguments) = words.split_first().ok_or("it has no command")?;
    let (mut child, stdin, mut stdout, mut stderr) =
        spawn(program, arguments, folder).map_err(|e| format!("{program} cannot be run: {e}"))?;
    let group = Group::of(&child);
    let mut answer = Vec::new();
    let mut remarks = Remarks { name, kept: Vec::new() };
    let ended = {
        let talk = async {
            tokio::try_join!(
                feed(stdin, input),
                read(&mut stdout, &mut answer),
                keep(&mut stderr, &mut remarks.kept)
            )
        };
        let mut talk = pin!(talk);
        let (status, talked) = tokio::select! {
            status = child.wait() => (status, false),
            talked = &mut talk => {
                talked?;
                (child.wait().await, true)
            }
        };
        // Before the rest of the output: what was left running may hold it open.
        drop(group);
        if !talked {
            if let Ok(talked) = tokio::time::timeout(DRAIN, talk).await {
                talked?;
            } else {
                tracing::debug!("a second opinion's output is still held open");
            }
        }
        status
    };
    match ended {
        Ok(status) if status.success() => Ok(answer),
        Ok(status) => Err(format!("it failed: {}", how(status))),
        Err(e) => Err(format!("its end cannot be waited for: {e}")),
    }
}

type Spawned = (Child, ChildStdin, ChildStdout, ChildStderr);

fn spawn(program: &str, arguments: &[String], folder: &Path) -> std::io::Result<Spawned> {
    #[expect(clippy::disallowed_methods, reason = "the command that the person has configured")]
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_remove(ENGINE_MARK);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok((child, stdin, stdout, stderr)),
        _ => Err(std::io::Error::other("it has no pipes")),
    }
}

/// A command may answer without having read what it was asked.
async fn feed(mut stdin: ChildStdin, input: &Value) -> Result<(), String> {
    if let Err(error) = stdin.write_all(format!("{input}\n").as_bytes()).await {
        tracing::debug!(%error, "a second opinion did not read its question");
    }
    Ok(())
}

/// Reads to the end, or to the limit.
async fn read(output: &mut (impl AsyncRead + Unpin), kept: &mut Vec<u8>) -> Result<(), String> {
    let mut limited = output.take(ANSWER as u64 + 1);
    limited.read_to_end(kept).await.map_err(|e| format!("its output cannot be read: {e}"))?;
    if kept.len() > ANSWER {
        return Err(format!("it said more than {} KiB", ANSWER >> 10));
    }
    Ok(())
}

/// Reads to the end and keeps the beginning.
async fn keep(output: &mut (impl AsyncRead + Unpin), kept: &mut Vec<u8>) -> Result<(), String> {
    let mut buffer = [0; 4096];
    loop {
        match output.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(length) => {
                let room = REMARKS.saturating_sub(kept.len());
                kept.extend(buffer.iter().take(length.min(room)));
            }
            Err(error) => {
                tracing::debug!(%error, "a second opinion's remarks cannot be read");
                return Ok(());
            }
        }
    }
}

/// What the command wrote to its standard error; logged however its run ends.
struct Remarks<'n> {
    name: &'n str,
    kept: Vec<u8>,
}

impl Drop for Remarks<'_> {
    fn drop(&mut self) {
        for line in String::from_utf8_lossy(&self.kept).lines().filter(|l| !l.trim().is_empty()) {
            tracing::info!(
                asked = self.name,
                line = SafeLine::new(line).as_str(),
                "a second opinion remarks"
            );
        }
    }
}
