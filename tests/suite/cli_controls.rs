//! Every control of a run on the command line: what it does, what it shows, and when it is refused.

use crate::support::Home;
use crate::support::cli::{Said, say, say_with};

#[track_caller]
fn ends_with(code: i32, said: &Said) {
    assert_eq!(said.code, code, "{said:?}");
}

#[track_caller]
fn has(said: &Said, wanted: &[&str]) {
    for text in wanted {
        assert!(said.out.contains(text) || said.err.contains(text), "no {text:?} in {said:?}");
    }
}

fn status(home: &Home) -> serde_json::Value {
    say(home, &["status", "last", "--json"]).ok().json()
}

/// The state of one step of the newest run.
fn step(home: &Home, id: &str) -> serde_json::Value {
    let state = status(home);
    let steps = state["state"]["steps"].as_array().cloned().unwrap_or_default();
    steps.into_iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("no step {id} in {state}"))
}

const FAILS: &str = "  - id: build\n    title: Build\n    run: |\n      echo \"for $E\"\n      test \"$E\" = production\n    env: { E: \"${{ inputs.where }}\" }\n  - id: look\n    title: Look\n    actions: [See it]\n";

fn failing(home: &Home) {
    home.workflow_with("fails", "inputs: { where: staging }", FAILS);
    ends_with(1, &say(home, &["run", "fails", "--no-input"]));
}

#[test]
fn a_step_is_tried_again_with_another_script_and_the_journal_keeps_both() {
    let home = Home::new();
    failing(&home);
    let shown = say(&home, &["retry", "last", "--script", "echo mended", "--preview"]).ok();
    has(&shown, &["will run", "$ echo mended", "E = staging", "edited: script"]);
    assert_eq!(step(&home, "build")["state"]["state"], "failed", "a preview changes nothing");
    let object = say(&home, &["retry", "last", "--script", "echo mended", "--preview", "--json"]).ok().json();
    assert_eq!(object["work"]["script"], "echo mended");

    let said = say(&home, &["retry", "last", "--script", "echo mended"]).ok();
    has(&said, &["$ echo mended", "mwtui done"]);
    assert_eq!(say(&home, &["logs", "last", "build"]).ok().out, "for staging\nmended\n");
    has(&say(&home, &["status", "last"]).ok(), &["attempt 2", "edited"]);
    let events = say(&home, &["events", "last", "--text"]).ok();
    has(&events, &["build is tried again, edited: script"]);
    let kept = step(&home, "build");
    assert!(kept["attempts"][0]["work"]["script"].as_str().is_some_and(|s| s.contains("production")));
    assert_eq!(kept["attempts"][1]["work"]["script"], "echo mended");
}

#[test]
fn a_step_is_tried_again_with_other_values() {
    let home = Home::new();
    failing(&home);
    // The script from standard input, the environment on top of what it was.
    let script = "echo \"$E and $F\"; exit 3\n";
    let said =
        say_with(&home, &["retry", "last", "--script-file", "-", "--env", "F=${{ inputs.where }}s"], script)
            .ok();
    has(&said, &["F = stagings", "E = staging", "mwtui retry"]);
    let said = say(&home, &["retry", "last", "--input", "where=production", "--preview"]).ok();
    has(&said, &["E = production", "F = productions", "input where = production"]);
    say(&home, &["retry", "last", "--input", "where=production"]).ok();
    assert_eq!(status(&home)["state"]["inputs"]["where"], "production");
    has(&say(&home, &["status", "last"]).ok(), &["production  edited; was staging"]);
    assert!(say(&home, &["logs", "last", "build"]).ok().out.ends_with("production and productions\n"));
}

#[test]
fn an_edit_that_does_not_fit_is_refused_and_says_why() {
    let home = Home::new();
    failing(&home);
    for (words, code, wanted) in [
        (&["--with", "{\"a\": 1}"][..], 4, "has no parameters to edit"),
        (&["--text", "x"], 4, "has no text to edit"),
        (&["--script", "echo ${{ inputs.where }}"], 4, "never filled in"),
        (&["--script", " "], 4, "empty"),
        (&["--with", "[1]"], 2, "no object"),
        (&["--with", "{"], 2, "no JSON"),
        (&["--env", "E=${{ inputs.nosuch }}"], 4, "cannot be filled in"),
        (&["--input", "wher=x"], 2, "did you mean where?"),
        (&["--script-file", "nosuch.sh"], 2, "cannot be read"),
        (&["--edit"], 2, "needs a terminal"),
        (&["--step", "look"], 4, "does not apply"),
        (&["--step", "nosuch"], 3, "has no step nosuch"),
    ] {
        let said = say(&home, &[&["retry", "last"][..], words].concat());
        ends_with(code, &said);
        has(&said, &[wanted]);
    }
    assert_eq!(step(&home, "build")["attempts"].as_array().map(Vec::len), Some(1), "nothing was tried");
}

const GATED: &str = "  - id: build\n    title: Build\n    run: echo built\n  - id: agree\n    title: Agree\n    approve: Ship it?\n  - id: ship\n    title: Ship\n    run: echo shipped\n  - id: look\n    title: Look\n    actions: [See it]\n";

#[test]
fn an_approver_sees_what_will_happen_and_sends_it_back_with_feedback() {
    let home = Home::new();
    home.workflow("gated", GATED);
    ends_with(7, &say(&home, &["run", "gated", "--no-input"]));
    has(
        &say(&home, &["status", "last"]).ok(),
        &["Ship it?", "lets happen  ship", "$ echo shipped", "push-back"],
    );
    let wrong = say(&home, &["push-back", "last", "--to", "ship", "--feedback", "x"]);
    ends_with(4, &wrong);
    let none = say(&home, &["push-back", "last", "--to", "build", "--feedback", " "]);
    ends_with(4, &none);
    has(&none, &["needs feedback"]);
    say(&home, &["push-back", "last", "--to", "build", "--feedback", "use the other compiler"]).ok();
    let shown = say(&home, &["status", "last"]).ok();
    has(&shown, &["sent back from agree to build: use the other compiler", "attempt 2"]);
    assert_eq!(status(&home)["run"]["need"]["kind"], "approve", "it is asked anew");
    say(&home, &["approve", "last"]).ok();
    assert_eq!(say(&home, &["logs", "last", "ship"]).ok().out, "shipped\n");
    // Once decided, there is nothing to send back.
    let late =
        say(&home, &["push-back", "last", "--to", "build", "--feedback", "too late", "--step", "agree"]);
    ends_with(4, &late);
    has(&say(&home, &["approve", "last", "--step", "agree"]), &["no approval now", "decided"]);
}

#[test]
fn going_back_says_what_is_done_anew() {
    let home = Home::new();
    home.workflow("gated", GATED);
    say(&home, &["run", "gated", "--no-input"]);
    say(&home, &["approve", "last"]).ok();
    let back = say(&home, &["back", "last", "1", "--reason", "once more"]).ok();
    has(&back, &["done anew: build, agree, ship, look", "mwtui approve"]);
    assert_eq!(step(&home, "build")["attempts"].as_array().map(Vec::len), Some(2));
    ends_with(4, &say(&home, &["back", "last", "look"]));
    ends_with(3, &say(&home, &["back", "last", "99"]));
}

#[test]
fn stepping_through_holds_every_automatic_step() {
    let home = Home::new();
    home.workflow(
        "two",
        "  - id: one\n    title: One\n    run: echo one\n  - id: two\n    title: Two\n    run: echo two\n",
    );
    let started = say(&home, &["run", "two", "--step-through", "--no-input"]);
    ends_with(7, &started);
    has(&started, &["one is held: the run steps through", "mwtui proceed"]);
    has(&say(&home, &["status", "last"]).ok(), &["held", "$ echo one", "steps through"]);
    has(&say(&home, &["proceed", "last"]).ok(), &["Two", "mwtui proceed"]);
    assert_eq!(say(&home, &["logs", "last"]).ok().out, "one\n");
    // What is held can be edited before it begins.
    has(&say(&home, &["retry", "last", "--script", "echo three", "--preview"]).ok(), &["$ echo three"]);
    say(&home, &["step-through", "last", "off"]).ok();
    let again = say(&home, &["step-through", "last", "off"]);
    ends_with(4, &again);
    assert_eq!(status(&home)["run"]["need"]["kind"], "proceed", "what is held stays so");
    say(&home, &["proceed", "last", "--step", "2"]).ok();
    ends_with(0, &say(&home, &["walk", "last", "--no-input"]));
    ends_with(4, &say(&home, &["proceed", "last"]));
    ends_with(2, &say(&home, &["step-through", "last", "maybe"]));
}

#[test]
fn a_breakpoint_holds_its_step_alone() {
    let home = Home::new();
    home.workflow("gated", GATED);
    let wrong = say(&home, &["run", "gated", "--breakpoint", "nosuch", "--no-input"]);
    ends_with(2, &wrong);
    has(&wrong, &["build, agree, ship, look"]);
    ends_with(7, &say(&home, &["run", "gated", "--breakpoint", "3", "--no-input"]));
    let held = say(&home, &["approve", "last"]).ok();
    has(&held, &["Ship", "mwtui proceed"]);
    has(&say(&home, &["status", "last"]).ok(), &["held: it has a breakpoint", "breakpoints ship"]);
    say(&home, &["breakpoint", "last", "look"]).ok();
    ends_with(4, &say(&home, &["breakpoint", "last", "look"]));
    say(&home, &["breakpoint", "last", "look", "--off"]).ok();
    ends_with(3, &say(&home, &["breakpoint", "last", "nosuch"]));
    has(&say(&home, &["proceed", "last"]).ok(), &["Look", "mwtui done"]);
}

#[test]
fn a_fork_takes_over_what_came_before_and_asks_for_approval_anew() {
    let home = Home::new();
    home.workflow_with("gated", "inputs: { where: staging }", GATED);
    say(&home, &["run", "gated", "--no-input"]);
    say(&home, &["approve", "last"]).ok();
    say(&home, &["done", "last"]).ok();
    let old = status(&home)["run"]["run"].as_str().expect("an id").to_owned();
    assert_eq!(status(&home)["run"]["status"], "completed");

    let walked = say(&home, &["fork", "last", "--from", "ship", "--input", "where=production", "--no-input"]);
    ends_with(7, &walked);
    has(&walked, &["mwtui approve"]);
    let new = status(&home);
    assert_ne!(new["run"]["run"].as_str(), Some(old.as_str()));
    assert_eq!(new["state"]["header"]["fork"]["run"].as_str(), Some(old.as_str()));
    assert_eq!(new["state"]["inputs"]["where"], "production");
    assert_eq!(step(&home, "build")["state"]["state"], "done");
    has(&say(&home, &["status", "last"]).ok(), &["forked from run", "at ship"]);
    assert_eq!(say(&home, &["logs", "last"]).ok().out, "", "the build is not run again");
    say(&home, &["cancel", "last"]).ok();

    let detached = say(&home, &["fork", &old, "--from", "1", "--detach"]).ok();
    assert_eq!(detached.out.trim(), status(&home)["run"]["run"].as_str().expect("an id"));
    ends_with(3, &say(&home, &["fork", &old, "--from", "nosuch", "--detach"]));
    ends_with(2, &say(&home, &["fork", &old, "--from", "ship", "--input", "nosuch=1", "--detach"]));
}

#[test]
fn a_rollback_with_nothing_to_undo_is_refused() {
    let home = Home::new();
    home.workflow("gated", GATED);
    say(&home, &["run", "gated", "--no-input"]);
    assert_eq!(
        say(&home, &["rollback", "last", "--reason", "x", "--preview", "--json"]).ok().json()["steps"],
        serde_json::json!([])
    );
    let refused = say(&home, &["rollback", "last", "--reason", "wrong branch"]);
    ends_with(4, &refused);
    has(&refused, &["nothing that can be undone", "by hand"]);
    ends_with(2, &say(&home, &["rollback", "last"]));
}

#[test]
fn the_state_of_a_subject_is_shown_and_corrected() {
    let home = Home::new();
    home.workflow("gated", GATED);
    assert_eq!(say(&home, &["subject", "list", "--json"]).ok().json()["subjects"], serde_json::json!([]));
    ends_with(3, &say(&home, &["subject", "show", "checkout"]));
    ends_with(2, &say(&home, &["subject", "set", "checkout", "Validated"]));
    has(
        &say(&home, &["subject", "set", "checkout", "Validated", "--reason", "by hand"]).ok(),
        &["checkout is Validated"],
    );
    has(&say(&home, &["subject", "list"]).ok(), &["checkout", "Validated"]);
    say(&home, &["subject", "set", "checkout", "-", "--reason", "a mistake"]).ok();
    let shown = say(&home, &["subject", "show", "checkout"]).ok();
    has(&shown, &["no known state", "Validated → unknown", "a mistake", "unknown → Validated", "by hand"]);
    let moves = say(&home, &["subject", "show", "checkout", "--json"]).ok().json();
    assert_eq!(moves["subject"]["moves"].as_array().map(Vec::len), Some(2));
    let no_moves = say(&home, &["run", "gated", "--subject", "checkout", "--no-input"]);
    ends_with(2, &no_moves);
    has(&no_moves, &["changes the state of no subject"]);
}

#[test]
fn a_dry_run_checks_what_must_be_true_and_runs_nothing_else() {
    let home = Home::new();
    let keys = "prerequisites:\n  - You are on call\n  - { check: 'test -e ready', says: It is ready }";
    home.workflow_with("careful", keys, "  - id: go\n    title: Go\n    run: touch went\n");
    let said = say(&home, &["run", "careful", "--dry-run"]);
    ends_with(1, &said);
    has(&said, &["✗ It is ready", "☐ You are on call", "$ touch went", "only the checks"]);
    std::fs::write(home.project.join("ready"), "").expect("written");
    let object = say(&home, &["run", "careful", "--dry-run", "--json"]).ok().json();
    assert_eq!(object["prerequisites"][1]["passed"], true);
    assert_eq!(object["could_start"], true);
    assert!(!home.project.join("went").exists(), "nothing was run");
    assert_eq!(say(&home, &["runs", "--json"]).ok().json()["runs"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_frozen_run_says_so_and_goes_on() {
    let home = Home::new();
    home.workflow("slow", "  - id: wait\n    title: Wait\n    run: sleep 600\n");
    say(&home, &["run", "slow", "--detach"]).ok();
    has(&say(&home, &["pause", "last", "--now"]).ok(), &["paused", "mwtui resume"]);
    has(&say(&home, &["status", "last"]).ok(), &["processes frozen"]);
    ends_with(4, &say(&home, &["pause", "last", "--now"]));
    ends_with(7, &say(&home, &["walk", "last", "--no-input"]));
    say(&home, &["resume", "last"]).ok();
    assert_eq!(status(&home)["run"]["status"], "running");
    say(&home, &["cancel", "last"]).ok();
}
