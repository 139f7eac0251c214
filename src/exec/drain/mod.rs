//! The drain: one process of our own program that reads what the steps print, takes secrets out of it and
//! writes it to their spill files.
//!
//! Each script writes into a pipe, or a pseudo-terminal, whose other end the engine hands to the drain. So no output is
//! ever in the engine's memory, a script's `> /dev/stderr` cannot cut its file short (which it would if the file itself
//! were its stream), and when the engine dies the script keeps running and its output keeps being written: the
//! drain ends after the last output has. It is started with the first step that prints, and again should it break off.

pub mod serve;
mod wire;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::exec::drain::wire::{Answer, Order};
use crate::exec::spill::{Kept, Place};
use crate::exec::vault::Given;

/// The hidden subcommand of the program.
pub const SUBCOMMAND: &str = "drain";

/// How long the rest of the output may take after the command's end. Something that left the
/// step's group on purpose may hold the pipe open for ever.
const REST: Duration = Duration::from_secs(1);

/// The drain of one engine, started when it is needed.
pub struct Drain {
    /// Told to the process, so that one can see whose it is.
    outputs: PathBuf,
    link: Mutex<Option<Link>>,
}

/// A running drain.
struct Link {
    socket: UnixStream,
    waiting: Arc<Mutex<Waiting>>,
    next: u64,
}

/// Who waits for the end of which output; `None` once the drain is gone.
type Waiting = Option<HashMap<u64, oneshot::Sender<Kept>>>;

/// An output that is being kept.
pub struct Keeping(oneshot::Receiver<Kept>);

impl Drain {
    pub fn new(outputs: PathBuf) -> Self {
        Self { outputs, link: Mutex::default() }
    }

    /// Everything that comes out of `source` goes into the attempt's spill file, at most `limit` bytes.
    pub fn keep(
        &self,
        place: &Place,
        source: &OwnedFd,
        limit: u64,
        secrets: &[Given],
    ) -> std::io::Result<Keeping> {
        let log = place.log()?;
        let mut link = lock(&self.link);
        loop {
            let is_new = link.is_none();
            let live = match &mut *link {
                Some(live) => live,
                none => none.insert(Link::start(&self.outputs)?),
            };
            match live.order(source, &log, limit, secrets) {
                Ok(keeping) => return Ok(keeping),
                Err(error) if is_new => return Err(error),
                Err(error) => {
                    tracing::error!(%error, "the drain of the outputs is gone; another is started");
                    *link = None;
                }
            }
        }
    }
}

impl Link {
    fn start(outputs: &std::path::Path) -> std::io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let end = launch(outputs, theirs)?;
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let (answers, listeners) = (BufReader::new(socket.try_clone()?), Arc::clone(&waiting));
        std::thread::Builder::new().name("mwtui-drain".to_owned()).spawn(move || {
            listen(answers, &listeners);
            end();
        })?;
        Ok(Self { socket, waiting, next: 1 })
    }

    fn order(
        &mut self,
        source: &OwnedFd,
        log: &std::fs::File,
        limit: u64,
        secrets: &[Given],
    ) -> std::io::Result<Keeping> {
        let id = self.next;
        self.next += 1;
        let (sender, receiver) = oneshot::channel();
        let Some(waiting) = &mut *lock(&self.waiting) else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        let secrets = secrets.iter().map(|(_, secret)| secret.clone()).collect();
        wire::send(&self.socket, &Order { id, limit, secrets }, [source.as_fd(), log.as_fd()])?;
        waiting.insert(id, sender);
        Ok(Keeping(receiver))
    }
}

impl Drop for Link {
    /// The drain takes no more orders, and ends when the last output has.
    fn drop(&mut self) {
        if let Err(error) = self.socket.shutdown(Shutdown::Both) {
            tracing::debug!(%error, "the drain is gone already");
        }
    }
}

impl Keeping {
    /// Waits for the end of the output, but not for ever.
    pub async fn finish(self) -> Kept {
        match tokio::time::timeout(REST, self.0).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(_)) => Kept::Partly("what writes it down broke off".to_owned()),
            Err(_) => Kept::Open,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(answers: BufReader<UnixStream>, waiting: &Mutex<Waiting>) {
    for line in answers.lines() {
        let answer = match line.map(|line| serde_json::from_str::<Answer>(&line)) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::error!(%error, "the drain's answer cannot be read");
                break;
            }
            Err(error) => {
                tracing::debug!(%error, "the drain's answers end");
                break;
            }
        };
        if let Some(sender) = lock(waiting).as_mut().and_then(|w| w.remove(&answer.id)) {
            // The step may not have waited so long.
            let _ = sender.send(answer.kept);
        }
    }
    // Whoever waits is told by the end of its sender.
    *lock(waiting) = None;
}

/// Starts the process on the other end of the socket; what is given back waits for its end, so that it does not
/// stay behind as a zombie.
#[cfg(not(test))]
fn launch(outputs: &std::path::Path, socket: UnixStream) -> std::io::Result<impl FnOnce() + Send + 'static> {
    use std::os::unix::process::CommandExt as _;
    use std::process::Stdio;

    /// The running program itself, also where its file has been replaced meanwhile.
    const ITSELF: &str = "/proc/self/exe";
    let itself = std::path::Path::new(ITSELF);
    let program = if itself.exists() { itself.to_owned() } else { std::env::current_exe()? };
    #[expect(clippy::disallowed_methods, reason = "what reads the outputs of steps is started here")]
    let mut command = std::process::Command::new(program);
    command
        .arg0("mwtui")
        .arg(SUBCOMMAND)
        .arg(outputs)
        // The engine's own environment may hold secrets.
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A group of its own, and no step's marks: it outlives what writes to it.
        .process_group(0);
    let mut child = command.spawn()?;
    Ok(move || {
        if let Err(error) = child.wait() {
            tracing::warn!(%error, "the drain's end cannot be waited for");
        }
    })
}

/// The test program has no such subcommand; what the process does, a thread does.
#[cfg(test)]
fn launch(_outputs: &std::path::Path, socket: UnixStream) -> std::io::Result<impl FnOnce() + Send + 'static> {
    let serving = std::thread::Builder::new().spawn(move || serve::serve(OwnedFd::from(socket)))?;
    Ok(move || drop(serving.join()))
}

#[cfg(test)]
mod tests;
