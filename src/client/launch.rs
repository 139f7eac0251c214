//! Starting the engine: the program itself once more, on its own, until it says that it is ready.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::base::{Error, Paths, Result};

/// How long an engine may take until it is ready; recovery after a crash is part of it.
const READY_LIMIT: Duration = Duration::from_secs(15);
/// What must not look as if the engine were part of a step that started a client.
const NOT_INHERITED: [&str; 4] = ["MWTUI_RUN", "MWTUI_STEP", "MWTUI_ATTEMPT", "MWTUI_SESSION"];

/// How a start went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// It listens.
    Ready,
    /// Another engine has the home, and will listen soon or end soon.
    Taken,
}

/// Starts an engine and waits until it is ready, or has found that another one is there.
pub async fn start(paths: &Paths, exe: &Path) -> Result<Launch> {
    paths.create()?;
    let log = paths.logs().join("engine.stderr");
    let stderr = OpenOptions::new().append(true).create(true).mode(0o600).open(&log).map_err(|e| {
        Error::internal(format!("The engine's log {} cannot be written", log.display()))
            .because(e)
            .hint("Check the folder's permissions and the free space")
    })?;
    #[expect(clippy::disallowed_methods, reason = "the engine is the one process that a client starts")]
    let mut command = Command::new(exe);
    command.args(["engine", "--background"]);
    if let Some(home) = &paths.home {
        command.arg("--home").arg(home);
    }
    command.args(paths.overrides.arguments());
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
        .env("MWTUI_ENGINE", "1")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .kill_on_drop(false);
    let mut engine = command.spawn().map_err(|e| {
        Error::internal("The engine cannot be started")
            .because(e)
            .cause(format!("{} engine --background", exe.display()))
    })?;
    let Some(stdout) = engine.stdout.take() else {
        return Err(Error::internal("The engine was started without a pipe"));
    };
    let mut line = String::new();
    let mut stdout = BufReader::new(stdout);
    let said = tokio::time::timeout(READY_LIMIT, stdout.read_line(&mut line)).await;
    let failed = |why: String| {
        Error::internal("The engine did not start").cause(why).hint(format!("Look at {}", log.display()))
    };
    match said {
        Err(_) => Err(failed(format!("It was not ready after {} s", READY_LIMIT.as_secs()))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Ok(Ok(_)) => match line.trim() {
            "ready" => Ok(Launch::Ready),
            "taken" => Ok(Launch::Taken),
            "" => Err(failed(ended(engine.wait().await))),
            other => Err(serde_json::from_str(other).unwrap_or_else(|_| failed(other.to_owned()))),
        },
    }
}

fn ended(status: std::io::Result<std::process::ExitStatus>) -> String {
    status.map_or_else(|e| e.to_string(), |status| format!("It ended at once: {status}"))
}
