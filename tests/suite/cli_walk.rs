//! Walking a run at the prompt of a real terminal.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Home;
use crate::support::cli::say;
use crate::support::terminal::Terminal;

const STEPS: &str = "  - id: build\n    title: Build it\n    run: echo the build says hello\n  - id: look\n    title: Look at it\n    actions: [Open it, Close it]\n    validation: It shines\n  - id: plan\n    title: Plan\n    ask:\n      - { name: where, prompt: 'Where to?', type: choice, options: [staging, production], default: staging }\n  - id: agree\n    title: Agree\n    approve: Go to ${{ answers.where }}?\n  - id: go\n    title: Go\n    run: echo gone\n";

#[test]
fn a_run_is_walked_from_the_card_to_its_end() {
    let home = Home::new();
    home.workflow("walk", STEPS);
    let mut terminal = Terminal::open(&home, &["run", "walk"], 100, 24);
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
    let mut terminal = Terminal::open(&home, &["run", "ask"], 100, 24);
    terminal.shows("start").types("\r").shows("Go?").shows("› ").types("\r").shows("mwtui walk");
    assert_eq!(terminal.exit(), 7);
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "waiting");
}

#[test]
fn ctrl_c_leaves_the_run_as_it_is_and_says_how_to_come_back() {
    let home = Home::new();
    home.workflow("slow", "  - id: wait\n    title: Wait\n    run: echo be''gun; exec sleep 600\n");
    let mut terminal = Terminal::open(&home, &["run", "slow"], 100, 24);
    terminal.shows("start").types("\r").shows("begun").types("\x03").shows("mwtui walk");
    assert_eq!(terminal.exit(), 130);
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "running");
    say(&home, &["cancel", "last"]).ok();
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "cancelled");
}

#[test]
fn a_phrase_that_could_mean_two_starts_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, &["run", "add", "a", "tool"], 100, 24);
    terminal.shows("MW-002").shows("MW-007").shows("none of these").types("9\r").shows("none of these");
    terminal.types("\r").shows("more than one");
    assert_eq!(terminal.exit(), 5);
    assert_eq!(say(&home, &["runs", "--json"]).ok().json()["runs"].as_array().map(Vec::len), Some(0));
}

/// What `$EDITOR` is in these terminals: it puts one text in place of another.
fn editor(home: &Home, from: &str, to: &str) {
    let file = home.home().join("editor");
    std::fs::write(&file, format!("#!/bin/sh\nexec sed -i 's/{from}/{to}/' \"$1\"\n")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("executable");
}

#[test]
fn a_failed_step_is_edited_and_what_will_run_is_seen_first() {
    let home = Home::new();
    home.workflow(
        "fails",
        "  - id: build\n    title: Build it\n    run: |\n      echo begun\n      exit 3\n",
    );
    editor(&home, "exit 3", "echo men\"\"ded");
    let mut terminal = Terminal::open(&home, &["run", "fails"], 100, 24);
    terminal.shows("start").types("\r").shows("exit 3").shows("Build it").shows("edit and retry").shows("› ");
    terminal.types("e\r").shows("will run").shows("edited: script").shows("men\"\"ded").shows("› ");
    terminal.types("y\r").shows("mended").shows("completed");
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn the_editor_of_retry_sends_nothing_before_a_yes() {
    let home = Home::new();
    home.workflow("fails", "  - id: build\n    title: Build it\n    run: exit 3\n");
    assert_eq!(say(&home, &["run", "fails", "--no-input"]).code, 1);
    editor(&home, "script:", "scrpt:");
    let mut terminal = Terminal::open(&home, &["retry", "last", "--edit"], 100, 24);
    terminal.shows("cannot be read").shows("edit again").shows("› ").types("q\r").shows("Nothing was sent");
    assert_eq!(terminal.exit(), 0);
    editor(&home, "exit 3", "true");
    let mut terminal = Terminal::open(&home, &["retry", "last", "--edit"], 100, 24);
    terminal.shows("will run").shows("› ").types("q\r").shows("Nothing was sent");
    assert_eq!(terminal.exit(), 0);
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["need"]["kind"], "failed");
}

#[test]
fn ctrl_c_in_the_editor_is_the_editors() {
    let home = Home::new();
    home.workflow("fails", "  - id: build\n    title: Build it\n    run: exit 3\n");
    assert_eq!(say(&home, &["run", "fails", "--no-input"]).code, 1);
    editor(&home, "exit 3", "true");
    let file = home.home().join("editor");
    let waits = "#!/bin/sh\ntrap 'touch pressed' INT\necho typ''e-now\nuntil test -e pressed; do sleep 0.05; done\nexec sed -i 's/exit 3/true/' \"$1\"\n";
    std::fs::write(&file, waits).expect("written");
    let mut terminal = Terminal::open(&home, &["retry", "last", "--edit"], 100, 24);
    terminal.shows("type-now").types("\x03").shows("will run").shows("› ").types("y\r").shows("completed");
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn held_steps_and_feedback_are_asked_for_at_the_prompt() {
    let home = Home::new();
    home.workflow("walk", STEPS);
    let mut terminal = Terminal::open(&home, &["run", "walk", "--step-through"], 100, 24);
    terminal.shows("start").types("\r").shows("held").shows("echo the build").shows("proceed").shows("› ");
    terminal.types("\r").shows("the build says hello").shows("Look at it").shows("› ").types("\r");
    terminal.shows("› ").types("\r").shows("Where to?").types("\r");
    terminal.shows("Go to staging?").shows("lets happen").shows("send back with feedback").shows("› ");
    terminal.types("f\r").shows("Back to which step?").types("2\r").shows("must be different?");
    terminal.types("polish it\r").shows("sent back").shows("polish it").shows("Look at it").shows("› ");
    terminal.types("q\r").shows("mwtui walk");
    assert_eq!(terminal.exit(), 7);
}
