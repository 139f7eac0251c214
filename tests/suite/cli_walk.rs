//! Walking a run at the prompt of a real terminal.

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
