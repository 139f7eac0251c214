//! Walking a run at the prompt of a real terminal.

use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::support::Home;
use crate::support::cli::say;

const LIMIT: Duration = Duration::from_secs(60);

/// The binary on a terminal of its own.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    pieces: Receiver<Vec<u8>>,
    /// Everything shown so far.
    text: String,
    /// How much of it has been waited past.
    seen: usize,
    _pty: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn open(home: &Home, words: &[&str]) -> Self {
        let size = PtySize { rows: 24, cols: 100, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(crate::support::exe());
        command.args(words);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.home());
        command.env("MWTUI_HOME", home.home());
        command.env("TERM", "xterm-256color");
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
        Self { child, keys, pieces, text: String::new(), seen: 0, _pty: pair.master }
    }

    /// Waits until this is shown, after what was waited for last.
    #[track_caller]
    fn shows(&mut self, wanted: &str) -> &mut Self {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.text[self.seen..].find(wanted) {
                self.seen += at + wanted.len();
                return self;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.text.push_str(&String::from_utf8_lossy(&piece)),
                Err(e) => panic!("{e}; never shown: {wanted:?} in\n{}", &self.text[self.seen..]),
            }
        }
    }

    fn types(&mut self, text: &str) -> &mut Self {
        self.keys.write_all(text.as_bytes()).expect("typed");
        self.keys.flush().expect("typed");
        self
    }

    fn exit(&mut self) -> u32 {
        self.child.wait().expect("it ends").exit_code()
    }
}

const STEPS: &str = "  - id: build\n    title: Build it\n    run: echo the build says hello\n  - id: look\n    title: Look at it\n    actions: [Open it, Close it]\n    validation: It shines\n  - id: plan\n    title: Plan\n    ask:\n      - { name: where, prompt: 'Where to?', type: choice, options: [staging, production], default: staging }\n  - id: agree\n    title: Agree\n    approve: Go to ${{ answers.where }}?\n  - id: go\n    title: Go\n    run: echo gone\n";

#[test]
fn a_run_is_walked_from_the_card_to_its_end() {
    let home = Home::new();
    home.workflow("walk", STEPS);
    let mut terminal = Terminal::open(&home, &["run", "walk"]);
    terminal.shows("Build it").shows("Agree").shows("start").types("\r");
    terminal.shows("the build says hello").shows("Look at it").shows("Close it").shows("It shines");
    terminal.shows("› ").types("t 2\r").shows("[x]").shows("› ").types("note\r").shows("Note:");
    terminal.types("the door squeaks\r").shows("the door squeaks").shows("› ").types("p\r");
    terminal.shows("paused").shows("› ").types("\r").shows("Look at it").shows("› ").types("\r");
    terminal.shows("Where to?").shows("› ").types("\r").shows("Where to?").types("moon\r");
    terminal.shows("Where to?").types("\r").shows("Go to staging?").shows("sha256").shows("› ").types("y\r");
    terminal.shows("gone").shows("completed");
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn an_approval_is_never_given_by_enter() {
    let home = Home::new();
    home.workflow("ask", "  - id: agree\n    title: Agree\n    approve: Go?\n");
    let mut terminal = Terminal::open(&home, &["run", "ask"]);
    terminal.shows("start").types("\r").shows("Go?").shows("› ").types("\r").shows("mwtui walk");
    assert_eq!(terminal.exit(), 7);
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "waiting");
}

#[test]
fn ctrl_c_leaves_the_run_as_it_is_and_says_how_to_come_back() {
    let home = Home::new();
    home.workflow("slow", "  - id: wait\n    title: Wait\n    run: echo begun; exec sleep 600\n");
    let mut terminal = Terminal::open(&home, &["run", "slow"]);
    terminal.shows("start").types("\r").shows("begun").types("\x03").shows("mwtui walk");
    assert_eq!(terminal.exit(), 130);
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "running");
    say(&home, &["cancel", "last"]).ok();
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "cancelled");
}

#[test]
fn a_phrase_that_could_mean_two_starts_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, &["run", "add", "a", "tool"]);
    terminal.shows("MW-002").shows("MW-007").shows("more than one");
    assert_eq!(terminal.exit(), 5);
}
