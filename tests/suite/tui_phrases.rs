//! Phrases in a real terminal: one that fits nothing becomes a workflow in the person's editor, and what was
//! entered is there again in the next console.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Home;
use crate::support::cli::say;
use crate::support::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_R: &str = "\x12";

#[test]
fn a_phrase_becomes_a_workflow_and_is_remembered() {
    let home = Home::new();
    let editor = home.home().join("editor");
    // An editor that puts one more sentence in, as a person would.
    let script = "#!/bin/sh\nsed -i 's/^  # more sentences.*/  - make me a pudding/' \"$1\"\n";
    std::fs::write(&editor, script).expect("the editor");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).expect("executable");

    let mut console = Terminal::open(&home, &[], 100, 30);
    console.has("The bank: ").types("bake a chocolate cake").has("fits this").types("\r");
    console.has("makes a workflow of your phrase").types("\r");
    console.has("bake-chocolate-cake").has("Bake a chocolate cake").has("1.00");
    console
        .types("\x1b")
        .has("say it in your own words")
        .types("make me a pudding")
        .has("bake-chocolate-cake");
    console.types("\r").has("Why this one").types("\x1b").has_no("Why this one");
    console.types(CTRL_C).has("again").types(CTRL_C);
    assert_eq!(console.exit(), 0);

    let file = home.paths.workflows().join("bake-chocolate-cake.yaml");
    say(&home, &["validate", &file.display().to_string()]).ok();
    let kept = std::fs::read_to_string(home.paths.phrases_file()).expect("the history");
    assert_eq!(kept, "bake a chocolate cake\nmake me a pudding\n");
    let mode = std::fs::metadata(home.paths.phrases_file()).expect("its rights").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut next = Terminal::open(&home, &[], 80, 24);
    next.has("history").types(CTRL_R).has("Earlier phrases").types("cake").has_no("make me a pudding");
    next.types("\r").has_no("Earlier phrases").has("› bake a chocolate cake").has("bake-chocolate-cake");
    next.types(CTRL_C).has("again").types(CTRL_C);
    assert_eq!(next.exit(), 0);
}
