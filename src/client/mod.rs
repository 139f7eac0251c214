//! Connecting to the engine or starting it; typed calls; the subscription.
//!
//! A [`Client`] is one connection, cheap to clone and shared by as many tasks as like. When the
//! connection is lost, every call answers with an error that says so and the updates end;
//! whoever wants to go on connects again.

mod calls;
mod connection;
pub mod editor;
mod launch;
pub mod repo;
mod stop;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::base::{Error, ErrorKind, Paths, Result, Secret};
use crate::client::connection::Connection;
use crate::client::launch::Launch;
use crate::config::Settings;
use crate::protocol::{ClientKind, Hello, PROTOCOL, Request, Response, Update, Welcome};

pub use stop::stop_engine;

/// How long connecting, an engine's start included, may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// How long the engine may take to say welcome.
const WELCOME_LIMIT: Duration = Duration::from_secs(5);
/// How long the engine that has the home may take until it listens, or has ended.
const TAKEN_PAUSE: Duration = Duration::from_millis(300);
/// Between two tries to connect, while another client's engine starts or an old one ends.
const BREATH: Duration = Duration::from_millis(20);

/// A connection to the engine.
#[derive(Debug, Clone)]
pub struct Client {
    connection: Arc<Connection>,
    welcome: Welcome,
}

/// Why there is no connection.
enum Missed {
    /// Nobody listens.
    Absent,
    /// Somebody listened, and was gone before the welcome: an engine that is just ending.
    Closing,
    /// Trying again would not help.
    Failed(Error),
}

impl Client {
    /// Connects to the engine of these paths, and starts it where there is none.
    pub async fn connect(paths: &Paths, kind: ClientKind) -> Result<Self> {
        let exe = std::env::current_exe()
            .map_err(|e| Error::internal("The program does not know where it lies").because(e))?;
        Self::connect_with(paths, kind, &exe).await
    }

    /// The same, with the program that is started as the engine.
    pub async fn connect_with(paths: &Paths, kind: ClientKind, exe: &Path) -> Result<Self> {
        let until = Instant::now() + CONNECT_LIMIT;
        // Where another engine has the home, it is given a while before one is started again.
        let mut start_after = Instant::now();
        loop {
            match Self::attempt(paths, &kind).await {
                Ok(client) => return Ok(client),
                Err(Missed::Failed(error)) => return Err(error),
                Err(Missed::Absent | Missed::Closing) if Instant::now() >= until => {
                    return Err(Error::internal("The engine could not be reached")
                        .cause(format!("Nobody answers on {}", paths.socket().display()))
                        .hint(format!(
                            "Its log is in {}; `mwtui doctor` looks further",
                            paths.logs().display()
                        )));
                }
                Err(Missed::Absent) if Instant::now() >= start_after => {
                    if launch::start(paths, exe).await? == Launch::Taken {
                        start_after = Instant::now() + TAKEN_PAUSE;
                    }
                    continue;
                }
                Err(Missed::Absent | Missed::Closing) => {}
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    /// Connects to an engine that runs already; `None` where there is none. Starts nothing.
    pub async fn connect_existing(paths: &Paths, kind: ClientKind) -> Result<Option<Self>> {
        match Self::attempt(paths, &kind).await {
            Ok(client) => Ok(Some(client)),
            Err(Missed::Absent | Missed::Closing) => Ok(None),
            Err(Missed::Failed(error)) => Err(error),
        }
    }

    async fn attempt(paths: &Paths, kind: &ClientKind) -> Result<Self, Missed> {
        let stream = open(&paths.socket()).await?;
        let connection = Arc::new(Connection::new(stream));
        let hello = Request::Hello(Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            client: kind.clone(),
            profile: Settings::load(paths).ok().and_then(|settings| settings.profile),
        });
        match tokio::time::timeout(WELCOME_LIMIT, connection.call(hello)).await {
            Ok(Ok(Response::Welcome(welcome))) => Ok(Self { connection, welcome }),
            Ok(Ok(_)) => Err(Missed::Failed(unexpected("hello"))),
            Ok(Err(_)) if connection.is_lost() => Err(Missed::Closing),
            Ok(Err(error)) => Err(Missed::Failed(error)),
            Err(_) => Err(Missed::Failed(
                Error::internal("The engine does not answer")
                    .cause(format!(
                        "It took the connection and said nothing for {} s",
                        WELCOME_LIMIT.as_secs()
                    ))
                    .hint("`mwtui engine stop` ends it; the next command starts a new one"),
            )),
        }
    }

    /// What the engine said of itself.
    pub fn engine(&self) -> &Welcome {
        &self.welcome
    }

    /// One request, one answer. [`Error`] of the engine, or one that says that the connection is lost.
    pub async fn call(&self, request: Request) -> Result<Response> {
        self.connection.call(request).await
    }

    /// From now on, every update comes out of the receiver; it ends when the connection does.
    /// A second subscription takes the place of the first.
    pub async fn subscribe(&self) -> Result<mpsc::Receiver<Update>> {
        let updates = self.connection.updates();
        match self.call(Request::Subscribe).await? {
            Response::Done => Ok(updates),
            _ => Err(unexpected("subscribe")),
        }
    }

    /// Whether the engine has gone, or closed the connection.
    pub fn is_lost(&self) -> bool {
        self.connection.is_lost()
    }

    /// Comes back when the connection is lost.
    pub async fn lost(&self) {
        self.connection.lost().await;
    }
}

/// A connection to a socket that belongs to the same user.
async fn open(socket: &PathBuf) -> Result<UnixStream, Missed> {
    use std::io::ErrorKind as Io;
    let stream = UnixStream::connect(socket).await.map_err(|e| match e.kind() {
        Io::NotFound | Io::ConnectionRefused | Io::NotADirectory => Missed::Absent,
        Io::ConnectionReset | Io::BrokenPipe => Missed::Closing,
        _ => Missed::Failed(
            Error::internal(format!("The engine's socket {} cannot be used", socket.display()))
                .because(e)
                .hint("Check the folder it lies in"),
        ),
    })?;
    let own = rustix::process::getuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == own => Ok(stream),
        Ok(peer) => Err(Missed::Failed(
            Error::refused(format!("The socket {} belongs to user {}", socket.display(), peer.uid()))
                .cause("Nothing is said to another user's program")
                .hint("Choose another folder with --home DIR"),
        )),
        Err(error) => Err(Missed::Failed(Error::internal("The engine's user is unknown").because(error))),
    }
}

/// The engine answered something else than was asked.
fn unexpected(what: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("The engine gave no fitting answer to {what}"))
        .hint("Client and engine may be of different versions: `mwtui engine stop`, then try again")
}

/// The values here of the environment variables that a workflow names in `env`: a run has its
/// starter's, not those of whoever happened to start the engine.
pub fn named_environment(workflow: &crate::workflow::Workflow) -> indexmap::IndexMap<String, String> {
    workflow.env.iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?))).collect()
}

/// The values here of the variables that secrets of a run with these inputs come from.
pub fn named_secrets(
    workflow: &crate::workflow::Workflow,
    inputs: &serde_json::Map<String, serde_json::Value>,
) -> indexmap::IndexMap<String, Secret> {
    let names = crate::workflow::secret::variables(workflow, inputs).into_iter();
    names.filter_map(|name| std::env::var(&name).ok().map(|value| (name, Secret::new(value)))).collect()
}
