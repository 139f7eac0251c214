//! `docs/CLI.md` is what the program's own declarations say.

use std::path::Path;

/// Writes the document instead of comparing it.
const WRITE: &str = "MWTUI_WRITE_GOLDEN";

#[test]
fn the_reference_is_what_help_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md");
    let made = mwtui::cli::reference::markdown();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, &made).expect("docs/CLI.md is writable");
    }
    let kept = std::fs::read_to_string(&file).expect("docs/CLI.md");
    assert!(kept == made, "docs/CLI.md is out of date: {WRITE}=1 cargo test --test suite cli_reference");
}

#[test]
fn every_command_says_what_it_does() {
    let made = mwtui::cli::reference::markdown();
    for section in made.split("\n## ").skip(1) {
        let about = section.lines().nth(3).unwrap_or_default();
        assert!(about.len() > 8 && !about.starts_with("Usage"), "no sentence about: {section}");
    }
}
