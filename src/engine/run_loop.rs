//! The one order in which everything happens: a thread that takes requests, reports and timers
//! from one channel and gives them, turn by turn, to [`Turns`].

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::base::{Result, SessionId, Timestamp};
use crate::engine::outside::Real;
use crate::engine::turns::Turns;
use crate::engine::{Engine, Input, closing, leftovers};
use crate::exec::Executor;

/// Most inputs that one commit takes in.
const BATCH: usize = 256;
/// Longest wait where nothing is due.
const LONG: Duration = Duration::from_secs(3600);

pub struct RunLoop {
    engine: Arc<Engine>,
    inputs: Receiver<Input>,
    runtime: Handle,
    turns: Turns,
}

impl RunLoop {
    /// Loads what lives and settles what an earlier engine left behind.
    pub fn recover(
        engine: Arc<Engine>,
        inputs: Receiver<Input>,
        executor: Executor,
        runtime: Handle,
    ) -> Result<Self> {
        let outside = Real { engine: Arc::clone(&engine), executor: executor.clone() };
        let mut turns = Turns::load(Arc::clone(&engine), Box::new(outside), environment(&engine))?;
        let mut closings = turns.recover(Timestamp::now());
        closings.extend(closing::left_open(&engine, turns.open_sessions())?);
        let shared = Arc::clone(&engine);
        runtime.spawn_blocking(move || leftovers::end(&shared, &executor));
        let this = Self { engine, inputs, runtime, turns };
        this.close(closings);
        Ok(this)
    }

    /// Until somebody says `Stop`: everything that came before it is still done.
    pub fn run(mut self) {
        // The executor's jobs run on the engine's runtime.
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        loop {
            let mut inputs = Vec::new();
            match self.inputs.recv_timeout(self.wait()) {
                Ok(input) => inputs.push(input),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while inputs.len() < BATCH
                && let Ok(input) = self.inputs.try_recv()
            {
                inputs.push(input);
            }
            let stop = inputs.iter().any(|i| matches!(i, Input::Stop));
            let closings = self.turns.take(Timestamp::now(), inputs);
            self.close(closings);
            if stop {
                return;
            }
        }
    }

    fn wait(&self) -> Duration {
        self.turns.next().map_or(LONG, |at| at.since(Timestamp::now()).as_duration())
    }

    fn close(&self, sessions: Vec<SessionId>) {
        for session in sessions {
            self.runtime.spawn(closing::close(Arc::clone(&self.engine), session));
        }
    }
}

/// What every script is told of this installation, so that it can call `"$MWTUI"`.
pub fn environment(engine: &Engine) -> Vec<(String, String)> {
    let mut environment = Vec::new();
    if let Ok(exe) = std::env::current_exe() {
        environment.push(("MWTUI".to_owned(), exe.to_string_lossy().into_owned()));
    }
    if let Some(home) = &engine.paths.home {
        environment.push(("MWTUI_HOME".to_owned(), home.to_string_lossy().into_owned()));
    }
    // What a script asks of mwtui is asked for the profile that its run has.
    if let Some(profile) = &engine.paths.overrides.profile {
        environment.push(("MWTUI_PROFILE".to_owned(), profile.clone()));
    }
    environment
}
