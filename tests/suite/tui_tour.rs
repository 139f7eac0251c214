//! The console in a real terminal, as a new user meets it: README's tour, two consoles at once,
//! and ways out that leave the terminal as it was.

use crate::support::Home;
use crate::support::cli::{git, say};
use crate::support::terminal::Terminal;

const SEND: &str = "\x13";
const CTRL_C: &str = "\x03";

/// Opens the form of the step that asks, types into its first field, and sends it.
fn answer(console: &mut Terminal, step: &str, text: &str) {
    console.has(step).types("a").has("ctrl-s send").types(text).has(text).types(SEND).has_no("ctrl-s send");
}

#[test]
fn the_tour_from_a_phrase_to_the_exported_summary() {
    let home = Home::new();
    git(&home);
    let mut console = Terminal::open(&home, &[], 110, 32);
    console.has("What do you want to do?").has("Try one of these").has("The bank: ");
    console.types("we're running out of tokens").has("MW-001").types("\r").has("Why this one");
    console.has("Significant work has been done").types("\r").has("waiting for you");

    answer(&mut console, "Assess Session State", "The login is rewritten");
    console.has("Executive Summary");
    console.types("n").has("A note for the journal").types("staging has the old certificate\r");
    console.has_no("A note for the journal");
    answer(&mut console, "Executive Summary", "All of it runs on staging");
    console.has("List what was tested").types("s").has("Skip").types("only words were changed\r");
    console.has("List first tasks").types("p").has("paused").types("p").has("waiting for you");
    answer(&mut console, "List first tasks", "Renew the certificate");
    console.has("Verify all changes committed").types(" ").has("☑").types("\r");
    answer(&mut console, "State exact file", "README.md");
    console.has("completed").has("The session project has ended");

    let path = home.project.join("SESSION-SUMMARY-project.md");
    let summary = std::fs::read_to_string(&path).expect("the summary was exported");
    for told in [
        "The login is rewritten",
        "staging has the old certificate",
        "All of it runs on staging",
        "was skipped: only words were changed",
        "was paused",
        "Renew the certificate",
        "README.md",
        "not ticked: Confirm git push completed",
    ] {
        assert!(summary.contains(told), "the summary says nothing of {told:?}:\n{summary}");
    }

    // A picture of it at every size, down to nothing, and back.
    for (columns, rows) in [(140, 40), (80, 24), (60, 15), (20, 5), (1, 1), (80, 24)] {
        console.resize(columns, rows);
    }
    console.has("MW-001").types("7").has("Session Summary: project");
    console.types(CTRL_C).has("again").types(CTRL_C);
    assert_eq!(console.exit(), 0);
    let all = console.all_output();
    for restored in ["\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"] {
        assert!(all.contains(restored), "the terminal is not restored: {restored:?}");
    }
}

#[test]
fn two_consoles_and_a_command_line_see_one_run() {
    let home = Home::new();
    home.workflow(
        "twin",
        "  - id: look\n    title: Look at it\n    actions: [Open it]\n  - id: end\n    title: The end\n",
    );
    let mut one = Terminal::open(&home, &[], 100, 30);
    let mut two = Terminal::open(&home, &[], 100, 30);
    one.has("What do you want to do?").has("The bank: ").types("run the test twin\r").has("Why this one");
    one.types("\r").has("waiting for you");
    two.has("Needs you").has("Look at it").types("3").has("twin").types("\r").has("Open it");
    two.types(" ").has("☑");
    one.has("☑").types("\r");
    two.has("The end").has("✓");
    say(&home, &["done", "last", "--evidence", "by the command line"]).ok();
    one.has("completed");
    two.has("completed");
}

#[test]
fn a_console_outlives_its_engine_and_a_run_its_console() {
    let home = Home::new();
    home.workflow("slow", "  - id: wait\n    title: Wait for it\n    run: echo be''gan; sleep 600\n");
    let mut console = Terminal::open(&home, &[], 100, 30);
    console.has("The bank: ").types("run the test slow\r").has("Why this one").types("\r").has("began");
    let status = say(&home, &["engine", "status", "--json"]).ok().json();
    let pid = status["engine"]["pid"].as_u64().expect("a process id").to_string();
    #[expect(clippy::disallowed_methods, reason = "kill -9, as a crash does it")]
    let killed = std::process::Command::new("kill").args(["-9", &pid]).status().expect("kill");
    assert!(killed.success());
    console.has("uncertain").has("engine died");
    console.types("\x1b").has_no("nobody knows").types(CTRL_C).has("again").types(CTRL_C);
    assert_eq!(console.exit(), 0);
    let status = say(&home, &["status", "last", "--json"]).ok().json();
    assert_eq!(status["run"]["status"], "waiting");
    say(&home, &["cancel", "last"]).ok();
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "cancelled");
}
