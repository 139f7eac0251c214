//! Whether anybody needs the engine: clients, consoles, working runs, tasks under way, secrets held. When
//! nobody does for a while, it ends by itself; what waits is in the store.

use std::time::Duration;

use tokio::sync::watch;

use crate::run::{Phase, Prompt, Run, StepState};

/// What keeps the engine alive, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub clients: u32,
    pub consoles: u32,
    pub working_runs: u32,
    /// Work of the engine's own, such as closing a session.
    pub tasks: u32,
    /// Live runs have secrets that only this engine knows.
    pub secrets: bool,
    /// Nobody needed it, and from now on nobody is let in.
    closed: bool,
}

impl Counts {
    fn is_idle(self) -> bool {
        self.clients == 0 && self.working_runs == 0 && self.tasks == 0 && !self.secrets
    }
}

#[derive(Debug, Default)]
pub struct Activity {
    counts: watch::Sender<Counts>,
}

/// Takes its count back when dropped.
pub struct Held {
    counts: watch::Sender<Counts>,
    release: fn(&mut Counts),
}

impl Drop for Held {
    fn drop(&mut self) {
        self.counts.send_modify(self.release);
    }
}

impl Activity {
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// `None` once the engine has been found idle: whoever comes then is for the next one.
    pub fn client(&self) -> Option<Held> {
        let is_open = self.counts.send_if_modified(|c| {
            c.clients += u32::from(!c.closed);
            !c.closed
        });
        is_open.then(|| Held {
            counts: self.counts.clone(),
            release: |c| c.clients = c.clients.saturating_sub(1),
        })
    }

    pub fn console(&self) -> Held {
        self.hold(|c| c.consoles += 1, |c| c.consoles = c.consoles.saturating_sub(1))
    }

    pub fn task(&self) -> Held {
        self.hold(|c| c.tasks += 1, |c| c.tasks = c.tasks.saturating_sub(1))
    }

    pub fn set_working(&self, runs: u32) {
        self.counts.send_if_modified(|c| std::mem::replace(&mut c.working_runs, runs) != runs);
    }

    pub fn set_secrets(&self, held: bool) {
        self.counts.send_if_modified(|c| std::mem::replace(&mut c.secrets, held) != held);
    }

    fn hold(&self, take: fn(&mut Counts), release: fn(&mut Counts)) -> Held {
        self.counts.send_modify(take);
        Held { counts: self.counts.clone(), release }
    }

    /// Comes back once nobody has needed the engine for `idle`; no client is taken after that. Whoever
    /// started it gets at least `first` to connect.
    pub async fn idle_for(&self, idle: Duration, first: Duration) {
        let mut changes = self.counts.subscribe();
        if changes.borrow().clients == 0 {
            let _ = tokio::time::timeout(first, changes.wait_for(|c| c.clients > 0)).await;
        }
        loop {
            let is_idle = changes.borrow_and_update().is_idle();
            if is_idle {
                match tokio::time::timeout(idle, changes.changed()).await {
                    // In one step with the look: a client that was let in is not left standing.
                    Err(_) if self.close_if_idle() => return,
                    _ => continue,
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn close_if_idle(&self) -> bool {
        self.counts.send_if_modified(|c| {
            c.closed = c.is_idle();
            c.closed
        })
    }

    /// Comes back once no client is connected.
    pub async fn no_clients(&self) {
        let mut changes = self.counts.subscribe();
        // The sender lives as long as `self`.
        let _ = changes.wait_for(|c| c.clients == 0).await;
    }

    /// Comes back once no work of the engine's own is under way.
    pub async fn no_tasks(&self) {
        let mut changes = self.counts.subscribe();
        let _ = changes.wait_for(|c| c.tasks == 0).await;
    }
}

/// Whether ending the engine now would leave something undone that needs nobody else.
pub fn is_working(run: &Run) -> bool {
    let is_active = matches!(run.phase, Phase::Active { .. });
    matches!(run.phase, Phase::Cancelling { .. })
        || run.steps.iter().any(|record| match &record.state {
            // What a child run waits for, and what a loop does, is counted there.
            StepState::Running { need, .. } => need.is_none() && !record.is_loop(),
            StepState::Waiting { on: Prompt::Retry { .. }, .. } => is_active,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_keeps_it_alive() {
        let activity = Activity::default();
        let client = activity.client().expect("it is open");
        let idle = activity.idle_for(Duration::from_millis(1), Duration::ZERO);
        tokio::pin!(idle);
        assert!(tokio::time::timeout(Duration::from_millis(30), &mut idle).await.is_err());
        drop(client);
        tokio::time::timeout(Duration::from_secs(10), idle).await.expect("idle by then");
        assert!(activity.client().is_none(), "who comes now would be cut off");
    }
}
