//! What a server writes, line by line, before it is read as messages: bounded, and with an ear for what is no message.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::base::SafeLine;

/// The longest message, in bytes. A longer one would be dropped in silence, and waited for to no end.
pub const MESSAGE: usize = 8 << 20;

/// How much of a line that is no message is kept, in bytes.
const QUOTE: usize = 200;

/// What was heard beside messages.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    length: usize,
    /// The beginning of a line that does not begin as a message does.
    noise: Vec<u8>,
    in_noise: bool,
    too_long: bool,
}

impl Heard {
    pub fn too_long(&self) -> bool {
        self.state().too_long
    }

    /// The first line that was no message, cleaned.
    pub fn noise(&self) -> Option<String> {
        let state = self.state();
        let line = SafeLine::new(String::from_utf8_lossy(&state.noise).trim()).as_str().to_owned();
        (!line.is_empty()).then_some(line)
    }

    /// False once a message is too long.
    fn take(&self, bytes: &[u8]) -> bool {
        let mut state = self.state();
        for byte in bytes {
            match byte {
                b'\n' => {
                    state.length = 0;
                    state.in_noise = false;
                    continue;
                }
                b'{' | b'[' | b' ' | b'\r' | b'\t' if state.length == 0 => {}
                _ if state.length == 0 && state.noise.is_empty() => state.in_noise = true,
                _ => {}
            }
            state.length += 1;
            if state.in_noise && state.noise.len() < QUOTE {
                state.noise.push(*byte);
            }
        }
        state.too_long = state.length > MESSAGE;
        !state.too_long
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends where a message is too long.
pub struct Lines<R> {
    inner: R,
    heard: Heard,
}

impl<R> Lines<R> {
    pub fn new(inner: R, heard: Heard) -> Self {
        Self { inner, heard }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Lines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if !self.heard.take(buf.filled().get(before..).unwrap_or_default()) {
            buf.set_filled(before);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn messages_pass_and_other_lines_are_remembered() {
        let heard = Heard::default();
        let text = "{\"a\": 1}\nWelcome to \u{1b}[1mthe\u{1b}[0m server\n[2]\nand more\n";
        let mut read = String::new();
        Lines::new(text.as_bytes(), heard.clone()).read_to_string(&mut read).await.expect("read");
        assert_eq!(read, text);
        assert!(!heard.too_long());
        let noise = heard.noise().expect("noise");
        assert!(noise.starts_with("Welcome to") && noise.ends_with("server"), "{noise}");
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_ends_it() {
        let heard = Heard::default();
        let whole = [b"{\"a\": 1}\n{".as_slice(), &vec![b'x'; 3 * MESSAGE]].concat();
        let mut read = Vec::new();
        Lines::new(whole.as_slice(), heard.clone()).read_to_end(&mut read).await.expect("read");
        assert!(heard.too_long());
        assert!(read.len() < MESSAGE + (1 << 20), "{}", read.len());
        assert_eq!(heard.noise(), None);
    }
}
