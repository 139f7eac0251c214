//! The console in a real terminal: keys go in, the screen is read back through a terminal
//! emulator. Waits are on what the screen shows, never on time alone.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Generous: a loaded machine is slow, and a test that fails says what it saw.
const LIMIT: Duration = Duration::from_secs(30);

/// A console in its terminal; ended when dropped.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that the program wrote, for what an emulator does not show.
    raw: Arc<Mutex<Vec<u8>>>,
}

impl Pty {
    /// Starts `mwtui --home HOME` in `folder`, in a terminal of this size.
    pub fn start(home: &Path, folder: &Path, columns: u16, rows: u16) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_mwtui"));
        command.arg("--home");
        command.arg(home);
        command.cwd(folder);
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("MWTUI_ENGINE_IDLE", "1000");
        command.env_remove("NO_COLOR");
        let child = pty.slave.spawn_command(command).expect("the console starts");
        drop(pty.slave);
        let size = |n| NonZeroU16::new(n).expect("a terminal has a size");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pty.master.try_clone_reader().expect("its output");
        let (shown, bytes) = (Arc::clone(&screen), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                shown.lock().expect("not poisoned").process(&buffer[..read]);
                bytes.lock().expect("not poisoned").extend_from_slice(&buffer[..read]);
            }
        });
        let writer = pty.master.take_writer().expect("its input");
        Self { child, master: pty.master, writer, screen, raw }
    }

    /// Types text; `\r` is Enter, `\x1b` Escape. An escape sequence goes in one write.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.writer.write_all(keys.as_bytes()).expect("the console reads");
        self.writer.flush().expect("the console reads");
        self
    }

    pub fn contents(&self) -> String {
        self.screen.lock().expect("not poisoned").screen().contents()
    }

    /// Waits until the screen shows `text`.
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("shows {text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen no longer shows `text`.
    pub fn wait_gone(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("no longer shows {text:?}"), |screen| !screen.contains(text))
    }

    fn wait_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> &mut Self {
        let end = Instant::now() + LIMIT;
        while !holds(&self.contents()) {
            assert!(Instant::now() < end, "never {what}; the screen is:\n{}", self.contents());
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        let size = |n| NonZeroU16::new(n).expect("a terminal has a size");
        self.screen.lock().expect("not poisoned").screen_mut().set_size(size(rows), size(columns));
        self.master
            .resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .expect("the terminal is resized");
        self
    }

    /// Waits for the program's end and gives its exit code and everything that it wrote.
    pub fn wait_exit(&mut self) -> (u32, Vec<u8>) {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (status.exit_code(), self.raw.lock().expect("not poisoned").clone());
            }
            assert!(Instant::now() < end, "it never ended; the screen is:\n{}", self.contents());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
