//! One connection: a task that writes requests, a task that hands answers to whoever asked and
//! updates to the subscriber.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio_util::bytes::Bytes;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::base::{Error, Result};
use crate::protocol::queue::{self, UpdateSender};
use crate::protocol::{ClientMessage, Request, Response, ServerMessage, Update, frame};

/// How many updates wait for a slow subscriber, before it is told that it missed some.
const QUEUE: usize = 1024;

#[derive(Debug)]
pub struct Connection {
    requests: mpsc::UnboundedSender<Bytes>,
    next: AtomicU64,
    shared: Arc<Shared>,
    tasks: [AbortHandle; 2],
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    lost: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// Who waits for an answer; `None` once the connection is lost.
    waiting: HashMap<u64, oneshot::Sender<Result<Response>>>,
    updates: Option<UpdateSender<Update>>,
    lost: bool,
}

impl Connection {
    pub fn new(stream: UnixStream) -> Self {
        let (read, write) = stream.into_split();
        let shared = Arc::new(Shared { state: Mutex::default(), lost: watch::Sender::new(false) });
        let (requests, outgoing) = mpsc::unbounded_channel();
        let reading = tokio::spawn(read_all(FramedRead::new(read, frame::codec()), Arc::clone(&shared)));
        let writing =
            tokio::spawn(write_all(FramedWrite::new(write, frame::codec()), outgoing, Arc::clone(&shared)));
        let tasks = [reading.abort_handle(), writing.abort_handle()];
        Self { requests, next: AtomicU64::new(1), shared, tasks }
    }

    pub async fn call(&self, request: Request) -> Result<Response> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let bytes = frame::encode(&ClientMessage { id, request })?;
        if bytes.len() > frame::FRAME_LIMIT {
            return Err(Error::usage(format!(
                "The request has {} bytes; a message holds {}",
                bytes.len(),
                frame::FRAME_LIMIT
            ))
            .hint("Put long texts into files and name those"));
        }
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.shared.lock();
            if state.lost {
                return Err(lost());
            }
            state.waiting.insert(id, sender);
        }
        self.requests.send(bytes).map_err(|_| lost())?;
        answer.await.map_err(|_| lost())?
    }

    /// A new subscriber; what the last one had is over.
    pub fn updates(&self) -> mpsc::Receiver<Update> {
        let (sender, receiver) = queue::updates(QUEUE);
        let mut state = self.shared.lock();
        state.updates = (!state.lost).then_some(sender);
        receiver
    }

    pub fn is_lost(&self) -> bool {
        self.shared.lock().lost
    }

    pub async fn lost(&self) {
        // The sender lives as long as `self`.
        let _ = self.shared.lost.subscribe().wait_for(|lost| *lost).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody who waits is told, and the updates end.
    fn close(&self) {
        let mut state = self.lock();
        state.lost = true;
        state.updates = None;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, answer) in waiting {
            // Whoever asked may have given up.
            let _ = answer.send(Err(lost()));
        }
        self.lost.send_replace(true);
    }
}

async fn read_all(mut reader: FramedRead<OwnedReadHalf, LengthDelimitedCodec>, shared: Arc<Shared>) {
    while let Some(frame) = reader.next().await {
        let message = frame
            .map_err(|e| Error::internal("The engine's message could not be read").because(e))
            .and_then(|frame| frame::decode::<ServerMessage>(&frame));
        match message {
            Ok(ServerMessage::Response { id, result }) => {
                let waiting = shared.lock().waiting.remove(&id);
                if let Some(answer) = waiting {
                    let _ = answer.send(result);
                }
            }
            Ok(ServerMessage::Update { update }) => {
                let mut state = shared.lock();
                let listens = state.updates.as_mut().is_none_or(|u| u.push(update, || Update::Missed));
                if !listens {
                    state.updates = None;
                }
            }
            Err(error) => {
                // After one broken message, none can be trusted to belong to its request.
                tracing::error!(?error, "the connection to the engine is given up");
                break;
            }
        }
    }
    shared.close();
}

async fn write_all(
    mut writer: FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>,
    mut outgoing: mpsc::UnboundedReceiver<Bytes>,
    shared: Arc<Shared>,
) {
    while let Some(bytes) = outgoing.recv().await {
        if writer.send(bytes).await.is_err() {
            shared.close();
            return;
        }
    }
}

fn lost() -> Error {
    Error::internal("The connection to the engine is lost")
        .cause("The engine has ended, or closed it; what it had acknowledged is in the journal")
        .hint("Try again: the next call connects anew. Look first whether the last change was made")
}
