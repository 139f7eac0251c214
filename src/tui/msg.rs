//! What comes in (messages) and what goes out (effects). All plain data.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Actor, Error, Result};
use crate::config::{Action, Key};
use crate::matching::{Index, Options};
use crate::protocol::{Request, Response, Update};
use crate::workflow::Registry;

/// Everything that can happen to the console, in one order.
#[derive(Debug, Clone)]
pub enum Msg {
    Key(Key),
    /// Text from the clipboard, as it is: untrusted.
    Paste(String),
    /// From the palette or help, rather than from a key.
    Action(Action),
    Resize,
    /// Time has passed: something shown depends on it.
    Tick,
    /// The bank was read.
    Bank(Arc<Bank>),
    Link(Link),
    Update(Box<Update>),
    /// What a request brought.
    Answered {
        asker: Asker,
        request: Box<Request>,
        result: Box<Result<Response>>,
    },
    /// A local effect (copy, edit, trust) is through: a sentence, or what went wrong.
    Done(Result<String>),
    /// The phrases of earlier consoles.
    Phrases(Box<Result<Vec<String>>>),
    /// Where the new workflow was written.
    Written(Box<Result<PathBuf>>),
    /// What a reading of the program's log brought.
    Log(Box<Result<crate::tui::logfile::Piece>>),
    /// A signal asks the program to end.
    Terminated,
}

/// The registry, and the index made from it off the drawing thread.
#[derive(Debug)]
pub struct Bank {
    pub registry: Registry,
    pub index: Index,
}

impl Bank {
    /// Before any was read: says how phrases will be matched.
    pub fn empty(options: &Options) -> Self {
        Self { registry: Registry::default(), index: Index::with([], options) }
    }

    /// The same bank, read again: only what has changed is read into the index.
    #[must_use]
    pub fn reread(&self, registry: Registry) -> Self {
        let index = self.index.updated(registry.workflows());
        Self { registry, index }
    }
}

/// How the engine is reached.
#[derive(Debug, Clone)]
pub enum Link {
    /// As whom.
    Connected(Actor),
    /// Tried again by itself.
    Lost(Error),
}

/// Who asked, so that the answer comes back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The mirror of runs and sessions.
    Mirror,
    /// A verb on a run: success shows by itself, a refusal as a message.
    Verb,
    Screen(crate::tui::screens::ScreenId),
    /// Offered to the overlays from the top down, until one takes it.
    Overlay,
}

/// What `update` wants done. The runtime does it; answers come back as messages.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Asks the engine; the answer comes as `Msg::Answered` with the same asker and request.
    Ask {
        asker: Asker,
        request: Request,
    },
    /// Reads the bank again; comes back as `Msg::Bank`.
    LoadBank,
    /// Puts text on the clipboard of the terminal (OSC 52), sanitised by the runtime.
    Copy(String),
    /// Trusts a project workflow as it stands, then reads the bank again.
    Trust {
        path: PathBuf,
        digest: String,
    },
    /// Opens a file in the person's editor, then reads the bank again.
    Edit(PathBuf),
    /// Reads the phrases of earlier consoles; comes back as `Msg::Phrases`.
    ReadPhrases,
    /// Keeps a phrase for later consoles.
    KeepPhrase(String),
    /// Writes a workflow file made from this phrase; comes back as `Msg::Written`.
    NewWorkflow {
        phrase: String,
    },
    /// Reads the program's log from there on, or its newest lines; comes back as `Msg::Log`.
    ReadLog {
        from: Option<crate::tui::logfile::Place>,
    },
    /// Steps aside to the shell.
    Suspend,
    /// Clears the terminal, so that everything is drawn afresh.
    Redraw,
    Quit,
}

impl Effect {
    pub fn ask(asker: Asker, request: Request) -> Self {
        Self::Ask { asker, request }
    }
}
