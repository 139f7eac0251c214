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

/// Every hint that names a command names one that there is.
#[test]
fn hints_name_commands_that_exist() {
    let made = mwtui::cli::reference::markdown();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut unknown = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source file");
            for said in text.split("`mwtui ").skip(1) {
                let words: Vec<&str> = said.split('`').next().unwrap_or_default().split(' ').collect();
                let is_word = |w: &&&str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase());
                let command: Vec<&str> = words.iter().take_while(is_word).take(2).copied().collect();
                let exists = |name: &str| made.contains(&format!("\n## mwtui {name}\n"));
                let parent = command.first().copied().unwrap_or_default();
                let has_children = made.contains(&format!("\n## mwtui {parent} "));
                let known =
                    exists(parent) && (command.len() < 2 || !has_children || exists(&command.join(" ")));
                if !command.is_empty() && !known {
                    unknown.push(format!("{}: mwtui {}", path.display(), command.join(" ")));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "there are no such commands:\n{}", unknown.join("\n"));
}

/// Every command in the examples of docs/RUNS.md is one that the program takes as it stands there.
#[test]
fn the_examples_of_runs_are_taken_as_they_stand() {
    use clap::Parser as _;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RUNS.md");
    let text = std::fs::read_to_string(&file).expect("docs/RUNS.md");
    let mut taken = 0;
    for line in text.split("```").skip(1).step_by(2).flat_map(str::lines) {
        let Some(at) = line.find("mwtui ") else { continue };
        let words = words(&line[at..]);
        let parsed = mwtui::cli::Cli::try_parse_from(&words);
        assert!(parsed.is_ok(), "{words:?}: {}", parsed.err().map_or_else(String::new, |e| e.to_string()));
        taken += 1;
    }
    assert!(taken > 30, "only {taken} examples were found");
}

/// The words of an example, up to the remark that follows after two spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted && letters.peek() == Some(&' ') => break,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("never empty").push(letter),
        }
    }
    words
}
