//! A pseudo-terminal for a step that says `pty: true`. Nobody types into it: it is there so that programs
//! print line by line, in colour, and at a known width. Starting what runs in it is `program`'s.

use std::os::fd::{AsFd as _, OwnedFd};

use pty_process::{Pts, Size};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::termios::{LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};

const LINES: u16 = 24;
const COLUMNS: u16 = 80;

/// What programs take it for, where the step does not say.
pub const TERM: &str = "xterm-256color";

/// The end to read from, and the one to run in. `size` is asked for `LINES` and `COLUMNS`.
pub fn open<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> std::io::Result<(OwnedFd, Pts)> {
    let number =
        |name, usual| variable(name).and_then(|v| v.trim().parse().ok()).filter(|n| *n > 0).unwrap_or(usual);
    let (terminal, inside) = pty_process::open().map_err(std::io::Error::other)?;
    let size = Size::new(number("LINES", LINES), number("COLUMNS", COLUMNS));
    terminal.resize(size).map_err(std::io::Error::other)?;
    // A line ends with a line feed in the spill file, whether or not it was printed to a terminal.
    let mut modes = tcgetattr(inside.as_fd())?;
    modes.output_modes.remove(OutputModes::ONLCR);
    modes.local_modes.remove(LocalModes::ECHO);
    tcsetattr(inside.as_fd(), OptionalActions::Now, &modes)?;
    let reader = terminal.as_fd().try_clone_to_owned()?;
    // The drain waits for output; only tokio, which lets go of it here, wants to be told at once.
    drop(terminal);
    fcntl_setfl(&reader, fcntl_getfl(&reader)?.difference(OFlags::NONBLOCK))?;
    Ok((reader, inside))
}
