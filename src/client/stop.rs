//! Ending the engine, one of another version too.

use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::base::{Error, Paths, Result};
use crate::client::{Client, Missed, open, unexpected};
use crate::protocol::{ClientKind, Request, Response};

/// How long the engine may take to end.
const END_LIMIT: Duration = Duration::from_secs(10);
const BREATH: Duration = Duration::from_millis(10);

/// Ends the engine of these paths and waits until it has ended; false where there was none.
/// Refused while runs work, unless `force`. An engine that speaks another protocol is told by
/// signal, and only with `force`, for nobody can ask it whether runs work.
pub async fn stop_engine(paths: &Paths, force: bool) -> Result<bool> {
    match Client::attempt(paths, &ClientKind::Cli).await {
        Err(Missed::Absent | Missed::Closing) => return Ok(false),
        Ok(client) => match client.call(Request::StopEngine { force }).await? {
            Response::Done => {
                if tokio::time::timeout(END_LIMIT, client.lost()).await.is_err() {
                    return Err(too_long());
                }
            }
            _ => return Err(unexpected("stop engine")),
        },
        Err(Missed::Failed(error)) if !force => {
            return Err(error.hint("`mwtui engine stop --force` ends it, whatever it does"));
        }
        Err(Missed::Failed(error)) => by_signal(paths, error).await?,
    }
    unlocked(paths).await.map(|()| true)
}

/// The process at the other end of the socket is the engine, whatever it speaks.
async fn by_signal(paths: &Paths, error: Error) -> Result<()> {
    let Ok(stream) = open(&paths.socket()).await else { return Err(error) };
    let Some(pid) = engine_pid(&stream) else { return Err(error) };
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        .map_err(|e| Error::internal("The engine cannot be told to end").because(e))
}

fn engine_pid(stream: &UnixStream) -> Option<rustix::process::Pid> {
    stream.peer_cred().ok()?.pid().and_then(rustix::process::Pid::from_raw)
}

/// Until nobody holds the engine's lock.
async fn unlocked(paths: &Paths) -> Result<()> {
    let until = Instant::now() + END_LIMIT;
    loop {
        let free = match std::fs::File::open(paths.lock()) {
            Ok(file) => file.try_lock_shared().is_ok(),
            Err(_) => true,
        };
        if free {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(too_long());
        }
        tokio::time::sleep(BREATH).await;
    }
}

fn too_long() -> Error {
    Error::internal(format!("The engine has not ended after {} s", END_LIMIT.as_secs()))
        .hint("Look at its log; `mwtui engine status` shows its process")
}
