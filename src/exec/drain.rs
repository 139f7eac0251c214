//! The drain of a step that has secrets: a process of our own program that takes them out of the
//! output before any of it reaches the disk. It is told them on its standard input, before the
//! output: never in its arguments or environment, where others could read them.

use std::fs::File;
use std::io::{BufRead as _, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::base::{Redactor, Secret};
use crate::exec::secret::Resolved;

/// The hidden subcommand of the program that is the drain.
pub const SUBCOMMAND: &str = "drain";

/// The running program itself, also where its file has been replaced meanwhile.
const ITSELF: &str = "/proc/self/exe";

/// Starts it on the pipe that the script will write to, and tells it the secrets.
pub fn spawn(
    log: File,
    reader: PipeReader,
    mut writer: &PipeWriter,
    secrets: &Resolved,
) -> std::io::Result<Child> {
    let program: std::path::PathBuf =
        if Path::new(ITSELF).exists() { ITSELF.into() } else { std::env::current_exe()? };
    #[expect(clippy::disallowed_methods, reason = "the drain of a step's output is started here")]
    let mut command = std::process::Command::new(program);
    command
        .arg0("mwtui")
        .arg(SUBCOMMAND)
        // The engine's own environment may hold secrets.
        .env_clear()
        .stdin(reader)
        .stdout(log)
        .stderr(Stdio::null())
        .process_group(0);
    let child = Command::from(command).spawn()?;
    let values: Vec<&Secret> = secrets.iter().map(|(_, secret)| secret).collect();
    let mut head = serde_json::to_vec(&values)?;
    head.push(b'\n');
    writer.write_all(&head)?;
    Ok(child)
}

/// What the process does: reads to the end, whatever becomes of what it writes. False where not all
/// could be written.
pub fn run() -> bool {
    let mut input = std::io::BufReader::new(std::io::stdin());
    let mut output = std::io::stdout();
    let mut head = Vec::new();
    let secrets: Option<Vec<Secret>> =
        input.read_until(b'\n', &mut head).ok().and_then(|_| serde_json::from_slice(&head).ok());
    drop(head);
    let is_told = secrets.is_some();
    let mut redactor = Redactor::new(&secrets.unwrap_or_default());
    let mut buffer = vec![0; 64 << 10];
    let mut clean = Vec::new();
    // Without the secrets nothing can be taken out, so nothing is written.
    let mut is_whole = is_told;
    loop {
        let length = match input.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
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
