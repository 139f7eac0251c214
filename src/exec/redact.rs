//! What stands before the drain of a step that has secrets: a process of our own program that takes them
//! out of the output before any of it reaches the disk. It is told them through a pipe of their own:
//! never in its arguments or environment, where others could read them.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::io::Errno;
use tokio::process::{Child, Command};

use crate::base::{Redactor, Secret};
use crate::exec::vault::Given;

/// The hidden subcommand of the program.
pub const SUBCOMMAND: &str = "redact";

/// The running program itself, also where its file has been replaced meanwhile.
const ITSELF: &str = "/proc/self/exe";

/// Starts it on a step's output, and gives what comes out of it.
pub fn start(source: OwnedFd, secrets: &[Given]) -> std::io::Result<(OwnedFd, Child)> {
    let program = if Path::new(ITSELF).exists() { PathBuf::from(ITSELF) } else { std::env::current_exe()? };
    let (clean, output) = std::io::pipe()?;
    let (told, mut tell) = std::io::pipe()?;
    #[expect(clippy::disallowed_methods, reason = "what reads a step's output is started here")]
    let mut command = std::process::Command::new(program);
    command
        .arg0("mwtui")
        .arg(SUBCOMMAND)
        // The engine's own environment may hold secrets.
        .env_clear()
        .stdin(source)
        .stdout(output)
        // Of the three streams that a process begins with, it has no other use for this one.
        .stderr(Stdio::from(OwnedFd::from(told)))
        .process_group(0);
    let child = Command::from(command).spawn()?;
    let values: Vec<&Secret> = secrets.iter().map(|(_, secret)| secret).collect();
    tell.write_all(&serde_json::to_vec(&values)?)?;
    Ok((OwnedFd::from(clean), child))
}

/// What the process does: reads to the end, whatever becomes of what it writes. False where not all
/// could be written.
pub fn run() -> bool {
    let Some(mut redactor) = told() else {
        // Without the secrets nothing can be taken out, so nothing is written.
        return false;
    };
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout());
    let mut buffer = vec![0; 64 << 10];
    let mut clean = Vec::new();
    let mut is_whole = true;
    loop {
        let length = match input.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            // A pseudo-terminal ends so.
            Err(_) => 0,
        };
        clean.clear();
        if length == 0 {
            redactor.finish(&mut clean);
        } else {
            redactor.push(&buffer[..length], &mut clean);
        }
        if is_whole {
            is_whole = output.write_all(&clean).and_then(|()| output.flush()).is_ok();
        }
        if length == 0 {
            return is_whole;
        }
    }
}

fn told() -> Option<Redactor> {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(rustix::stdio::stderr(), &mut buffer) {
            Ok(0) => break,
            Ok(length) => text.extend_from_slice(&buffer[..length]),
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    let secrets: Vec<Secret> = serde_json::from_slice(&text).ok()?;
    Some(Redactor::new(&secrets))
}
