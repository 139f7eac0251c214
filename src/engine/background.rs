//! The engine as a client starts it: in its own session, without a terminal, with one line on
//! standard output that tells the client how it went, and nothing after that.
//!
//! The line is `ready`, `taken` (another engine has the home), or an [`Error`] as JSON.

use std::io::Write as _;

use crate::base::{Error, Paths, Result};
use crate::engine::serve::{Options, Served, serve_with};

/// Serves in the background. The caller has been started with its standard output a pipe.
pub fn serve(paths: Paths, options: Options) -> Result<()> {
    // The terminal's hangup and ctrl-c are not for the engine. Fails only where it leads a
    // group already, which does no harm.
    let _ = rustix::process::setsid();
    match serve_with(&paths, &options, || say("ready")) {
        Ok(Served::Ended) => Ok(()),
        Ok(Served::Taken) => say("taken"),
        Err(error) => {
            if let Ok(line) = serde_json::to_string(&error) {
                // Where nobody reads it any more, the log has it.
                let _ = say(&line);
            }
            Err(error)
        }
    }
}

/// One line for the client, then nothing more: commands must not inherit the pipe.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout();
    // A client that is gone already is no reason not to serve the next one.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    let failed =
        |e: std::io::Error| Error::internal("The engine cannot close its standard output").because(e);
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null").map_err(failed)?;
    rustix::stdio::dup2_stdout(null).map_err(|e| failed(e.into()))
}
