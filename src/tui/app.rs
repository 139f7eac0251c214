//! The loop: messages in one channel, drained before drawing; a frame only when something has
//! changed. Generic over the backend, so that tests run the very same loop without a terminal.

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Rect;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::base::{Error, Result, Timestamp};
use crate::tui::msg::{Effect, Msg};
use crate::tui::{Model, frame, update};

/// What carries effects out, and what the loop cannot do itself.
pub trait Host {
    /// The clock.
    fn now(&self) -> Timestamp;

    /// Begins to do what an effect asks for. Answers come through the channel.
    fn perform(&mut self, effect: Effect);

    /// Gives the terminal away (to the shell, to an editor) and takes it back; afterwards
    /// everything is drawn afresh.
    fn aside(&mut self, effect: Effect) -> Result<()>;
}

/// Runs until `Effect::Quit`. The first frame is drawn before anything is waited for.
pub async fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    model: &mut Model,
    messages: &mut UnboundedReceiver<Msg>,
    host: &mut impl Host,
    first: Vec<Effect>,
) -> Result<()> {
    draw(terminal, model)?;
    for effect in first {
        host.perform(effect);
    }
    loop {
        let tick = model.next_tick();
        let next = async {
            match tick {
                Some(length) => tokio::time::sleep(length.as_duration()).await,
                None => std::future::pending().await,
            }
        };
        let mut msg = tokio::select! {
            biased;
            received = messages.recv() => match received {
                Some(msg) => msg,
                // Nobody is left who could say anything.
                None => return Ok(()),
            },
            () = next => Msg::Tick,
        };
        loop {
            for effect in update(model, host.now(), msg) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Redraw => afresh(terminal)?,
                    Effect::Suspend | Effect::Edit(_) => {
                        let reload = matches!(effect, Effect::Edit(_));
                        if let Err(error) = host.aside(effect) {
                            model.report(&error);
                        }
                        afresh(terminal)?;
                        if reload {
                            host.perform(Effect::LoadBank);
                        }
                    }
                    other => host.perform(other),
                }
            }
            match messages.try_recv() {
                Ok(more) => msg = more,
                Err(_) => break,
            }
        }
        draw(terminal, model)?;
    }
}

/// Lets the next frame draw every cell. Not by `Terminal::clear`: that asks the terminal where its
/// cursor is, and the answer would go to whoever reads the keys.
fn afresh<B: Backend>(terminal: &mut Terminal<B>) -> Result<()> {
    let size = terminal.size().map_err(broken)?;
    terminal.resize(Rect::new(0, 0, size.width, size.height)).map_err(broken)
}

fn draw<B: Backend>(terminal: &mut Terminal<B>, model: &Model) -> Result<()> {
    terminal.draw(|f| frame::draw(model, f)).map(|_| ()).map_err(broken)
}

fn broken(error: impl std::error::Error) -> Error {
    Error::internal("The terminal cannot be written to").because(error)
}
