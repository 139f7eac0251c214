//! A short command whose output is its answer, run in a process group of its own that is ended with
//! it: options of a question, a secret that a command prints.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::exec::group::Group;
use crate::exec::process::ENGINE_MARK;

/// How long the rest of the output may take after the command's end.
const DRAIN: Duration = Duration::from_millis(500);

/// How much of what it prints as errors is kept, in bytes.
const ERRORS: usize = 4 << 10;

pub struct Wanted<'c> {
    pub command: &'c str,
    pub folder: &'c Path,
    pub environment: &'c [(String, String)],
    pub within: Duration,
    /// What is kept of the output, from its beginning, in bytes.
    pub room: usize,
}

/// What it printed.
#[derive(Debug, Default)]
pub struct Printed {
    pub output: Vec<u8>,
    pub errors: Vec<u8>,
    /// `None`: it did not end in time.
    pub status: Option<ExitStatus>,
    /// There was more output than room.
    pub cut: bool,
}

/// Runs it to its end, or to the end of its time.
pub async fn run(wanted: &Wanted<'_>) -> std::io::Result<Printed> {
    let mut child = spawn(wanted)?;
    let group = Group::of(&child);
    let (mut output, mut errors) = (child.stdout.take(), child.stderr.take());
    let mut printed = Printed::default();
    let (mut cut, mut errors_cut) = (false, false);
    let mut read = Box::pin(async {
        tokio::join!(
            keep(output.as_mut(), &mut printed.output, wanted.room, &mut cut),
            keep(errors.as_mut(), &mut printed.errors, ERRORS, &mut errors_cut),
        );
    });
    let mut is_read = false;
    let ended = tokio::time::timeout(wanted.within, async {
        tokio::select! {
            status = child.wait() => status,
            () = &mut read => {
                is_read = true;
                child.wait().await
            }
        }
    })
    .await;
    // Before the rest of the output: what was left running may hold it open.
    drop(group);
    if !is_read && tokio::time::timeout(DRAIN, &mut read).await.is_err() {
        tracing::debug!("a command's output is still held open");
    }
    drop(read);
    printed.cut = cut;
    printed.status = ended.ok().transpose()?;
    Ok(printed)
}

fn spawn(wanted: &Wanted<'_>) -> std::io::Result<Child> {
    #[expect(clippy::disallowed_methods, reason = "a question's and a secret's command is run here")]
    let mut shell = Command::new("sh");
    shell
        .args(["-c", wanted.command])
        .current_dir(wanted.folder)
        .env_remove(ENGINE_MARK)
        .envs(wanted.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    shell.spawn()
}

/// Reads to the end, and keeps what there is room for.
async fn keep(
    stream: Option<&mut (impl AsyncRead + Unpin)>,
    kept: &mut Vec<u8>,
    room: usize,
    cut: &mut bool,
) {
    let Some(stream) = stream else { return };
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return,
            Ok(length) => {
                let free = room.saturating_sub(kept.len());
                kept.extend(buffer.iter().take(length.min(free)));
                *cut |= length > free;
            }
            Err(error) => {
                tracing::debug!(%error, "a command's output cannot be read");
                return;
            }
        }
    }
}
