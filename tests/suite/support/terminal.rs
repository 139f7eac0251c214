//! The binary in a real terminal: keys go in; what comes out is read as a stream (for prompts)
//! and as a screen, through a terminal emulator (for the console). Waits are on what is shown.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::Home;

const LIMIT: Duration = Duration::from_secs(60);

/// What the shell around the binary says once it has ended, before its exit code.
const ENDED: &str = "the binary has ended with ";

/// The binary on a terminal of its own; ended when dropped.
///
/// A shell leads the terminal's session and outlives the binary: when a session's leader ends, the
/// kernel drops what it wrote last and nobody has read yet.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    pieces: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything shown so far.
    text: String,
    /// How much of it has been waited past.
    seen: usize,
}

impl Terminal {
    /// Starts the binary with these words, in a terminal of this size.
    pub fn open(home: &Home, words: &[&str], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new("sh");
        let script = format!("trap : INT; \"$@\"; printf '\\n{ENDED}%s;' $?; read -r _");
        command.args(["-c", &script, "sh"]);
        command.arg(super::exe());
        command.args(words);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.home());
        command.env("MWTUI_HOME", home.home());
        // A test that needs an editor puts one there.
        command.env("EDITOR", home.home().join("editor"));
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.cwd(&home.project);
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("its screen");
        let keys = pair.master.take_writer().expect("its keyboard");
        let (sender, pieces) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(size_of(rows), size_of(columns), 0);
        Self { child, master: pair.master, keys, pieces, screen, text: String::new(), seen: 0 }
    }

    /// Waits until this comes, after what was waited for last: for prompts that scroll by.
    #[track_caller]
    pub fn shows(&mut self, wanted: &str) -> &mut Self {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.text[self.seen..].find(wanted) {
                self.seen += at + wanted.len();
                return self;
            }
            if let Err(e) = self.read(until) {
                panic!("{e}; never shown: {wanted:?} in\n{}", &self.text[self.seen..]);
            }
        }
    }

    /// Waits until the screen holds this text.
    #[track_caller]
    pub fn has(&mut self, wanted: &str) -> &mut Self {
        self.screen_until(&format!("has {wanted:?}"), |screen| screen.contains(wanted))
    }

    /// Waits until the screen no longer holds this text.
    #[track_caller]
    pub fn has_no(&mut self, unwanted: &str) -> &mut Self {
        self.screen_until(&format!("is without {unwanted:?}"), |screen| !screen.contains(unwanted))
    }

    #[track_caller]
    fn screen_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> &mut Self {
        let until = Instant::now() + LIMIT;
        while !holds(&self.screen.screen().contents()) {
            if let Err(e) = self.read(until) {
                panic!("{e}; the screen never {what}:\n{}", self.screen.screen().contents());
            }
        }
        self
    }

    fn read(&mut self, until: Instant) -> Result<(), std::sync::mpsc::RecvTimeoutError> {
        let piece = self.pieces.recv_timeout(until.saturating_duration_since(Instant::now()))?;
        self.screen.process(&piece);
        self.text.push_str(&String::from_utf8_lossy(&piece));
        Ok(())
    }

    /// Types; `\r` is Enter, `\x1b` Escape. An escape sequence goes in one call.
    pub fn types(&mut self, text: &str) -> &mut Self {
        self.keys.write_all(text.as_bytes()).expect("typed");
        self.keys.flush().expect("typed");
        self
    }

    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.screen.screen_mut().set_size(size_of(rows), size_of(columns));
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        self.master.resize(size).expect("the terminal takes another size");
        self
    }

    /// Waits for its end and gives its exit code.
    #[track_caller]
    pub fn exit(&mut self) -> u32 {
        let until = Instant::now() + LIMIT;
        loop {
            let code = self.text.rsplit_once(ENDED).and_then(|(_, rest)| rest.split_once(';'));
            if let Some((code, _)) = code {
                return code.parse().expect("an exit code");
            }
            if let Err(e) = self.read(until) {
                panic!("{e}; it does not end:\n{}", self.screen.screen().contents());
            }
        }
    }

    /// Everything that it has written so far: for what a screen does not show.
    pub fn all_output(&self) -> &str {
        &self.text
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size_of(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal has a size")
}
