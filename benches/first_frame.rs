//! First frame from a cold start: from exec in a terminal of 80×24 to the first drawn text,
//! with no engine running and an empty home, beside a bare ratatui program that draws one word.
//!
//! The bare program is this very file, re-executed with `BARE` set. `cargo bench --bench first_frame`.

use std::io::Read as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Stdio;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::widgets::Paragraph;

const ROWS: NonZeroU16 = NonZeroU16::new(24).expect("not zero");
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).expect("not zero");

/// What the bare program draws, and what ours draws first of all.
const WORD: &str = "mwtui";

fn main() {
    if std::env::var_os("BARE").is_some() {
        bare();
        return;
    }
    divan::main();
}

/// Draws one frame and waits to be killed.
fn bare() {
    let mut terminal = ratatui::init();
    let _ = terminal.draw(|frame| frame.render_widget(Paragraph::new(WORD), frame.area()));
    let _ = std::io::stdin().read(&mut [0; 1]);
    ratatui::restore();
}

/// A program in its terminal; ended when dropped, outside of what is timed.
struct Shown {
    child: Box<dyn Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
    home: Option<tempfile::TempDir>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(home) = &self.home {
            // The console may have started an engine by now, which must not outlive its home.
            #[expect(clippy::disallowed_methods, reason = "the program that is measured")]
            let _ = std::process::Command::new(env!("CARGO_BIN_EXE_mwtui"))
                .args(["engine", "stop", "--force", "--home"])
                .arg(home.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// Starts the command in a terminal and waits for [`WORD`] on it.
fn until_first_frame(command: CommandBuilder, home: Option<tempfile::TempDir>) -> Shown {
    let pty = native_pty_system()
        .openpty(PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 })
        .expect("a terminal");
    let mut reader = pty.master.try_clone_reader().expect("its output");
    let child = pty.slave.spawn_command(command).expect("the program starts");
    let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
    let mut buffer = [0; 8192];
    while !screen.screen().contents().contains(WORD) {
        let read = reader.read(&mut buffer).expect("the program draws");
        assert!(read > 0, "the program ended before it drew");
        screen.process(&buffer[..read]);
    }
    Shown { child, _terminal: pty.master, home }
}

fn ours(home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_mwtui"));
    command.arg("--home");
    command.arg(home);
    command.cwd(home);
    command.env("TERM", "xterm-256color");
    command
}

#[divan::bench(sample_count = 30, sample_size = 1)]
fn bare_ratatui(bencher: divan::Bencher) {
    bencher.bench_local(|| {
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
        command.env("BARE", "1");
        command.env("TERM", "xterm-256color");
        until_first_frame(command, None)
    });
}

#[divan::bench(sample_count = 30, sample_size = 1)]
fn mwtui_cold(bencher: divan::Bencher) {
    bencher.with_inputs(|| tempfile::tempdir().expect("a home")).bench_local_values(|home| {
        let command = ours(home.path());
        until_first_frame(command, Some(home))
    });
}
