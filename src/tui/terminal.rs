//! The real terminal: taking it and giving it back on every way out.

use std::io::{self, Write as _};
use std::sync::Once;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use crate::base::{Error, Result};

pub type Screen = Terminal<CrosstermBackend<io::Stdout>>;

/// Holds the terminal; gives it back when dropped, and before a panic's message is printed.
pub struct Guard(());

impl Guard {
    /// Takes the terminal.
    pub fn take() -> Result<Self> {
        restore_before_panic();
        enter()?;
        Ok(Self(()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

pub fn screen() -> Result<Screen> {
    Terminal::new(CrosstermBackend::new(io::stdout())).map_err(failed)
}

/// Raw mode, the alternate screen, bracketed paste.
pub fn enter() -> Result<()> {
    enable_raw_mode().map_err(failed)?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste).map_err(|e| {
        leave();
        failed(e)
    })
}

/// Undoes `enter`; harmless when done twice. Whatever fails here, there is nothing left to do
/// about it: the terminal may be gone.
pub fn leave() {
    let mut out = io::stdout();
    let _ = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, ratatui::crossterm::cursor::Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

fn restore_before_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            leave();
            previous(info);
        }));
    });
}

/// Puts text on the terminal's clipboard (OSC 52, xterm control sequences, "Manipulate Selection
/// Data"). Works over ssh; terminals that do not know it ignore it.
pub fn copy(text: &str) -> Result<()> {
    let mut out = io::stdout();
    write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes())).and_then(|()| out.flush()).map_err(failed)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                let at = (word >> (18 - 6 * place)) & 63;
                text.push(char::from(LETTERS[at as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

fn failed(error: io::Error) -> Error {
    Error::internal("The terminal cannot be used").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_the_rfc_has_it() {
        // RFC 4648, section 10.
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
