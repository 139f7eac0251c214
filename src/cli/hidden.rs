//! A line that is not shown while it is typed. The terminal shows again what is typed whatever ends
//! the question: an answer, an error, ctrl-c, a signal.

use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use crate::base::{Error, Result, Secret};
use crate::cli::Env;
use crate::cli::ask;
use crate::cli::output::Line;

/// The terminal's modes before a question, while one is open.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// What was typed; `None` at the end of input (ctrl-d).
pub async fn line(env: &Env, question: &Line) -> Result<Option<Secret>> {
    let quiet = Quiet::take()?;
    let typed = ask::line(env, question).await;
    drop(quiet);
    Ok(typed?.map(Secret::new))
}

struct Quiet;

impl Quiet {
    fn take() -> Result<Self> {
        let failed = |e: std::io::Error| {
            Error::internal("The terminal cannot be told to hide what is typed")
                .because(e)
                .hint("Give the secret as env:NAME or file:PATH instead")
        };
        restore_on_signals();
        let before = tcgetattr(std::io::stdin()).map_err(|e| failed(e.into()))?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        // The line's end is shown all the same.
        modes.local_modes.insert(LocalModes::ECHONL);
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let quiet = Self;
        tcsetattr(std::io::stdin(), OptionalActions::Now, &modes).map_err(|e| failed(e.into()))?;
        Ok(quiet)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before
        && let Err(error) = tcsetattr(std::io::stdin(), OptionalActions::Now, &before)
    {
        tracing::warn!(%error, "the terminal's modes cannot be restored");
    }
}

/// From the first hidden question on, signals that end the program restore the terminal first.
fn restore_on_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()] {
            match signal(kind) {
                Ok(mut coming) => {
                    tokio::spawn(async move {
                        coming.recv().await;
                        restore();
                        std::process::exit(128 + kind.as_raw_value());
                    });
                }
                Err(error) => tracing::warn!(%error, "a signal cannot be listened for"),
            }
        }
    });
}
