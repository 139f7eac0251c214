//! Holds the house together: imports run one way, files stay small and say what they are for,
//! no test file is forgotten, and the links in the documents lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room imports only rooms of lower floors; `docs/ARCHITECTURE.md` says what lives where.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("config", 1),
    ("workflow", 1),
    ("matching", 2),
    ("run", 2),
    ("protocol", 3),
    ("store", 3),
    ("exec", 3),
    ("report", 3),
    ("engine", 4),
    ("client", 4),
    ("tui", 5),
    ("cli", 5),
];

/// Front ends talk to the engine through `client`, never around it.
const FRONT_ENDS: &[&str] = &["tui", "cli"];
const BEHIND_THE_ENGINE: &[&str] = &["store", "exec", "engine"];

const LONGEST_FILE: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// What is wrong with `room` naming `other`, if anything.
fn fault(room: &str, other: &str) -> Option<String> {
    if room == other {
        return None;
    }
    let (Some(from), Some(to)) = (floor(room), floor(other)) else {
        return Some(format!("{other} is no room of the table"));
    };
    if FRONT_ENDS.contains(&room) && BEHIND_THE_ENGINE.contains(&other) {
        return Some(format!("{room} is a front end and must not import {other}"));
    }
    (to >= from).then(|| format!("{room} (floor {from}) must not import {other} (floor {to})"))
}

/// The rooms that a line of code names by `crate::room`, comments left out.
fn rooms_named(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$'))
        .map(|(at, path)| {
            let rest = &code[at + path.len()..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}

#[test]
fn imports_run_one_way() {
    let src = root().join("src");
    let mut faults = Vec::new();
    let mut rooms = BTreeSet::new();
    for file in files_under(&src, "rs") {
        let inside = file.strip_prefix(&src).expect("under src");
        let room = inside.components().next().expect("a first part").as_os_str().to_string_lossy();
        if matches!(&*room, "lib.rs" | "main.rs") {
            continue;
        }
        rooms.insert(room.clone().into_owned());
        for (number, line) in fs::read_to_string(&file).expect("readable source").lines().enumerate() {
            for named in rooms_named(line) {
                let wrong = if named.is_empty() {
                    Some("write `use crate::room::…`, one room a line".to_owned())
                } else {
                    fault(&room, named)
                };
                faults.extend(wrong.map(|w| format!("{}:{}: {w}", inside.display(), number + 1)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let table: BTreeSet<String> = FLOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rooms, table, "every room of src/ stands in the table, and no other");
}

#[test]
fn the_rule_itself_finds_faults() {
    assert_eq!(rooms_named("use crate::store::Store; // crate::engine"), ["store"]);
    assert_eq!(rooms_named("    let x: crate::base::Result<()> = y; $crate::run"), ["base"]);
    assert_eq!(rooms_named("use crate::{base, run};"), [""]);
    assert!(fault("cli", "store").is_some() && fault("tui", "cli").is_some());
    assert!(fault("store", "protocol").is_some() && fault("run", "store").is_some());
    assert!(fault("engine", "store").is_none() && fault("cli", "client").is_none());
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut faults = Vec::new();
    for file in
        files_under(&root().join("src"), "rs").into_iter().chain(files_under(&root().join("tests"), "rs"))
    {
        // Numbers that a module includes.
        if file.parent().is_some_and(|folder| folder.ends_with("data")) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable source");
        // A `tests.rs` beside its module is for what that module is for.
        if !text.starts_with("//!") && file.file_name().is_some_and(|name| name != "tests.rs") {
            faults.push(format!("{} does not begin with //!", file.display()));
        }
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("{} has {lines} lines, more than {LONGEST_FILE}", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_test_file_is_forgotten() {
    let suite = root().join("tests/suite");
    let main = fs::read_to_string(suite.join("main.rs")).expect("main.rs");
    for entry in fs::read_dir(&suite).expect("the suite") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if name != "main" && (path.is_dir() || path.extension().is_some_and(|e| e == "rs")) {
            let declared =
                main.lines().any(|l| l.trim().trim_start_matches("pub ") == format!("mod {name};"));
            assert!(declared, "tests/suite/main.rs does not declare `mod {name};`");
        }
    }
}

/// The targets of Markdown links and pictures, code left out.
fn links(markdown: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for piece in line.split("](").skip(1) {
            if let Some((target, _)) = piece.split_once(')') {
                targets.push(target.to_owned());
            }
        }
    }
    targets
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut documents = files_under(&root().join("docs"), "md");
    documents.extend(["README.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let mut faults = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).expect("a readable document");
        for link in links(&text) {
            if link.starts_with("https://") || link.starts_with("http://") || link.starts_with('#') {
                continue;
            }
            let target = link.split('#').next().unwrap_or_default();
            let place = document.parent().expect("a folder").join(target);
            if !place.exists() {
                faults.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(faults.is_empty(), "these links lead nowhere:\n{}", faults.join("\n"));
}

#[test]
fn the_architecture_document_has_every_room_and_dependency() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the document");
    for (room, floor) in FLOORS {
        assert!(text.contains(&format!("| {floor} | `{room}` |")), "no row for {room} on floor {floor}");
    }
    let manifest: toml::Table =
        fs::read_to_string(root().join("Cargo.toml")).expect("the manifest").parse().expect("valid TOML");
    for section in ["dependencies", "dev-dependencies"] {
        for name in manifest[section].as_table().expect("a table").keys() {
            assert!(text.contains(&format!("| `{name}` |")), "no row says why {name} is there");
        }
    }
}
