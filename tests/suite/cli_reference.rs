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
