//! The console's controls of a run on a real engine: stepping through, an edit, a child run, a rollback.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Home;
use crate::support::terminal::Terminal;

const SEND: &str = "\x13";

/// Lets the held step proceed. A card that opened by itself takes no answer at once, so it is closed and opened.
fn proceed(console: &mut Terminal, step: &str) {
    let held = format!("{step} is held");
    console.has(&held).has("o proceed").types("\x1b").has_no("o proceed").types("\r");
    console.has(&held).has("o proceed").types("o").has_no(&held);
}

#[test]
fn a_run_is_stepped_through_edited_answered_in_its_child_and_rolled_back() {
    let home = Home::new();
    home.workflow("child", "  - id: ok\n    title: Say that it is well\n    actions: [Look at it]\n");
    home.workflow(
        "whole",
        "  - id: build\n    title: Build it\n    run: echo built > built.txt\n    rollback: { title: Remove it, run: rm built.txt }\n  \
         - id: test\n    title: Test each\n    for_each: [api, web]\n    run: |\n      test \"$PART\" = api || exit 3\n    env: { PART: \"${{ item }}\" }\n  \
         - id: look\n    title: Have it looked at\n    workflow: child\n  \
         - id: end\n    title: The end\n",
    );
    let mut console = Terminal::open(&home, &[], 110, 32);
    console.has("The bank: ").types("run the test whole\r").has("Why this one");
    console.types("s").has("Steps through").types("\r").has("Every automatic step waits");
    let built = home.project.join("built.txt");
    assert!(!built.exists(), "a held step does nothing");
    proceed(&mut console, "Build it");
    proceed(&mut console, "Test each: api");
    assert!(built.exists(), "it has proceeded");
    proceed(&mut console, "Test each: web");

    console.has("Test each: web failed").has("exit 3").types("e").has("Nothing is changed");
    console.types("exit 0; ").has("+ exit 0; test").types(SEND).has_no("What it would do");
    proceed(&mut console, "Have it looked at");
    console.has("Say that it is well").types("\r").has("goes there").types(" ").has("☑").types("\r");
    console.has("completed").types("<").has("The end");

    console
        .types("\x1b")
        .has_no("Esc follows")
        .types("u")
        .has("Roll the run back?")
        .has("Remove it")
        .types("\t\r");
    console.has("cancelled, rolled back");
    assert!(!built.exists(), "what was done is undone");
}

#[test]
fn ctrl_c_in_the_editor_is_the_editors() {
    let home = Home::new();
    home.workflow("zoo", "  - id: one\n    title: One\n");
    let editor = home.home().join("editor");
    let waits =
        "#!/bin/sh\ntrap 'touch pressed' INT\necho typ''e-now\nuntil test -e pressed; do sleep 0.05; done\n";
    std::fs::write(&editor, waits).expect("written");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let mut console = Terminal::open(&home, &[], 80, 24);
    console.has("The bank: ").types("2").has("MW-001").types("G").has("Test zoo").types("e");
    console.has("type-now").types("\x03").has("Registry").has("Test zoo").types("1").has("The bank: ");
}
