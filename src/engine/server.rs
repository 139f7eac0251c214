//! The socket: who may connect, the handshake, and one task a connection that reads requests
//! and one that writes answers and updates.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::bytes::Bytes;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::base::{Actor, Error, Result};
use crate::engine::{Ending, Engine, handlers, person};
use crate::protocol::{
    ClientKind, ClientMessage, Hello, PROTOCOL, Request, Response, ServerMessage, Welcome, frame,
};

/// How long a client may take to say hello.
const HELLO_LIMIT: Duration = Duration::from_secs(5);
/// How long the last answers may take when the engine ends.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Requests of one client that are worked on at the same time; more wait in the socket.
const AT_ONCE: usize = 64;

/// Who is at the other end.
pub struct Peer {
    pub connection: u64,
    pub actor: Actor,
    /// The profile of the settings that the client goes by.
    pub profile: Option<String>,
    updates: mpsc::UnboundedSender<mpsc::Receiver<Bytes>>,
    /// The question that this connection waits for an opinion on.
    pub opinion: watch::Sender<Option<u64>>,
}

impl Peer {
    /// From now on, updates come to this connection.
    pub fn subscribe(&self, engine: &Engine) {
        if let Some(updates) = engine.hub.subscribe(self.connection) {
            // Where the writer is gone, the connection is.
            let _ = self.updates.send(updates);
        }
    }
}

/// Takes connections until it is aborted.
pub async fn accept(engine: Arc<Engine>, listener: UnixListener) {
    static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
                // The stream is closed, and the client starts the next engine.
                let Some(held) = engine.activity.client() else { continue };
                let engine = Arc::clone(&engine);
                tokio::spawn(async move {
                    let _held = held;
                    if let Err(error) = serve(engine, stream, connection).await {
                        tracing::warn!(connection, ?error, "a connection broke off");
                    }
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: others must go first.
                tracing::error!(%error, "no connection could be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

type Reader = FramedRead<tokio::net::unix::OwnedReadHalf, LengthDelimitedCodec>;
type Writer = FramedWrite<tokio::net::unix::OwnedWriteHalf, LengthDelimitedCodec>;

async fn serve(engine: Arc<Engine>, stream: UnixStream, connection: u64) -> Result<()> {
    let peer = stream.peer_cred().map_err(|e| Error::internal("The peer is unknown").because(e))?;
    let own = rustix::process::getuid().as_raw();
    if peer.uid() != own {
        return Err(Error::refused(format!("User {} may not use the engine of user {own}", peer.uid())));
    }
    let (read, write) = stream.into_split();
    let mut reader = FramedRead::new(read, frame::codec());
    let mut writer = FramedWrite::new(write, frame::codec());
    let hello = tokio::time::timeout(HELLO_LIMIT, reader.next())
        .await
        .map_err(|_| Error::usage("A client connected and said nothing"))?;
    // Asking whether somebody listens, and nothing more.
    let Some(first) = hello else { return Ok(()) };
    let first = first.map_err(|e| Error::usage("A frame could not be read").because(e))?;
    let (id, greeted) = greet(&first);
    let greeted = greeted.map(|(client, profile)| {
        let actor = person::actor(&person::person(own), &client);
        (client, profile, actor)
    });
    let welcome = greeted.as_ref().map(|(.., actor)| Welcome {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        actor: actor.clone(),
    });
    send(&mut writer, id, welcome.map(Response::Welcome).map_err(Clone::clone)).await?;
    let Ok((client, profile, actor)) = greeted else { return Ok(()) };

    let _console = (client == ClientKind::Tui).then(|| engine.activity.console());
    let (subscription, subscribed) = mpsc::unbounded_channel();
    tracing::debug!(connection, %actor, ?client, "a client is here");
    let opinion = watch::Sender::new(None);
    let peer = Arc::new(Peer { connection, actor, profile, updates: subscription, opinion });
    let (answers, outgoing) = mpsc::channel(AT_ONCE);
    let writing = tokio::spawn(write_all(writer, outgoing, subscribed));
    let result = read_all(&engine, &peer, reader, &answers).await;
    engine.hub.unsubscribe(connection);
    peer.opinion.send_replace(None);
    drop(answers);
    let abort = writing.abort_handle();
    let is_ending = *engine.ending.borrow() >= Ending::Asked;
    if is_ending && tokio::time::timeout(LAST_WORDS, writing).await.is_ok() {
        return result;
    }
    abort.abort();
    result
}

/// The handshake: the same protocol on both sides, or a sentence that says what to do.
fn greet(first: &[u8]) -> (u64, Result<(ClientKind, Option<String>)>) {
    let message = match frame::decode::<ClientMessage>(first) {
        Ok(message) => message,
        // A newer client's hello may hold what this engine does not know.
        Err(error) => return (protocol_of(first).0, Err(protocol_of(first).1.map_or(error, other_protocol))),
    };
    let Request::Hello(Hello { protocol, client, profile, .. }) = message.request else {
        return (message.id, Err(Error::usage("The first message of a client must be hello")));
    };
    if protocol != PROTOCOL {
        return (message.id, Err(other_protocol(protocol)));
    }
    (message.id, Ok((client, profile)))
}

fn protocol_of(first: &[u8]) -> (u64, Option<u32>) {
    let value: serde_json::Value = serde_json::from_slice(first).unwrap_or_default();
    let protocol = value.pointer("/request/with/protocol").and_then(serde_json::Value::as_u64);
    let id = value.get("id").and_then(serde_json::Value::as_u64).unwrap_or_default();
    (id, protocol.and_then(|p| u32::try_from(p).ok()).filter(|p| *p != PROTOCOL))
}

fn other_protocol(theirs: u32) -> Error {
    Error::refused(format!(
        "The running engine is mwtui {} and speaks protocol {PROTOCOL}; this client speaks {theirs}",
        env!("CARGO_PKG_VERSION")
    ))
    .hint("End it with `mwtui engine stop`; the next command starts the right one")
}

async fn read_all(
    engine: &Arc<Engine>,
    peer: &Arc<Peer>,
    mut reader: Reader,
    answers: &mpsc::Sender<Bytes>,
) -> Result<()> {
    let mut ending = engine.ending.subscribe();
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let frame = tokio::select! {
            frame = reader.next() => frame,
            _ = ending.wait_for(|e| *e == Ending::Stopped) => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        let frame = frame.map_err(|e| Error::usage("A frame could not be read").because(e))?;
        let message: ClientMessage = frame::decode(&frame)?;
        let Ok(permit) = Arc::clone(&at_once).acquire_owned().await else { return Ok(()) };
        let (engine, peer, answers) = (Arc::clone(engine), Arc::clone(peer), answers.clone());
        let mut work = Box::pin(async move {
            let result = handlers::handle(&engine, &peer, message.request).await;
            if let Err(error) = &result {
                tracing::debug!(connection = peer.connection, ?error, "a request was answered with an error");
            }
            // Whoever asked may be gone.
            let _ = answers.send(encode(message.id, result)).await;
            drop(permit);
        });
        // The first part is done here, so that one client's requests reach the run loop in the
        // order in which they were sent.
        let done = poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await;
        if !done {
            tokio::spawn(work);
        }
    }
}

async fn write_all(
    mut writer: Writer,
    mut answers: mpsc::Receiver<Bytes>,
    mut subscribed: mpsc::UnboundedReceiver<mpsc::Receiver<Bytes>>,
) {
    let mut updates: Option<mpsc::Receiver<Bytes>> = None;
    loop {
        let bytes = tokio::select! {
            biased;
            answer = answers.recv() => match answer {
                Some(bytes) => bytes,
                None => break,
            },
            Some(queue) = subscribed.recv() => {
                updates = Some(queue);
                continue;
            }
            Some(bytes) = next(&mut updates) => bytes,
        };
        if writer.send(bytes).await.is_err() {
            return;
        }
    }
    while let Some(bytes) = updates.as_mut().and_then(|u| u.try_recv().ok()) {
        if writer.send(bytes).await.is_err() {
            return;
        }
    }
}

/// Never, where there is no subscription.
async fn next(updates: &mut Option<mpsc::Receiver<Bytes>>) -> Option<Bytes> {
    match updates {
        Some(updates) => updates.recv().await,
        None => std::future::pending().await,
    }
}

async fn send(writer: &mut Writer, id: u64, result: Result<Response>) -> Result<()> {
    writer
        .send(encode(id, result))
        .await
        .map_err(|e| Error::internal("A client did not take its answer").because(e))
}

fn encode(id: u64, result: Result<Response>) -> Bytes {
    let encoded = frame::encode(&ServerMessage::Response { id, result }).and_then(|bytes| {
        if bytes.len() <= frame::FRAME_LIMIT {
            return Ok(bytes);
        }
        Err(Error::refused(format!(
            "The answer has {} bytes; a message holds {}",
            bytes.len(),
            frame::FRAME_LIMIT
        ))
        .hint("Ask for less at a time"))
    });
    encoded.unwrap_or_else(|error| {
        frame::encode(&ServerMessage::Response { id, result: Err(error) }).unwrap_or_default()
    })
}
