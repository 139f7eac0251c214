//! `docs/KEYS.md` is made from the one declaration of actions; `MWTUI_WRITE_GOLDEN=1` writes it.
//! `docs/CONFIGURATION.md` shows settings, keys and themes that load as they stand there.

use std::fmt::Write as _;

use mwtui::config::action::ACTIONS;
use mwtui::config::tree::{self, Value};
use mwtui::config::{Context, Keymap, Mark, Matching, Settings, Theme, schema};
use mwtui::matching::{Caution, Options};

const CONTEXTS: [Context; 13] = [
    Context::Everywhere,
    Context::List,
    Context::Console,
    Context::Registry,
    Context::Runs,
    Context::Run,
    Context::Output,
    Context::Logs,
    Context::Sessions,
    Context::Card,
    Context::Choose,
    Context::Form,
    Context::Learned,
];

fn reference() -> String {
    let mut text = String::from(
        "# Keys\n\nEvery action of the console, by the place where it means something, with its default keys. The name is\n\
         what `keymap.toml` calls it ([how to remap](CONFIGURATION.md)). In the console, `?` shows those of the screen\n\
         you are on and `:` finds an action by its name. Made from the program's own table: do not edit.\n",
    );
    let mut told = 0;
    for context in CONTEXTS {
        let rows = ACTIONS.iter().filter(|a| a.contexts.first() == Some(&context));
        let mut table = String::new();
        for row in rows {
            told += 1;
            let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            let also: Vec<&str> = row.contexts.iter().skip(1).map(|c| c.title()).collect();
            let also = if also.is_empty() { String::new() } else { format!(" Also: {}.", also.join(", ")) };
            let _ = writeln!(table, "| {} | `{}` | {}{also} |", keys.join(" "), row.name, row.sentence);
        }
        if !table.is_empty() {
            let _ = write!(
                text,
                "\n## {}\n\n| keys | name | what it does |\n|---|---|---|\n{table}",
                context.title()
            );
        }
    }
    assert_eq!(told, ACTIONS.len(), "a context is missing here");
    text
}

#[test]
fn the_keys_are_those_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/KEYS.md");
    let wanted = reference();
    if std::env::var_os("MWTUI_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &wanted).expect("written");
    }
    let there = std::fs::read_to_string(path).expect("docs/KEYS.md");
    assert_eq!(there, wanted, "write it anew: MWTUI_WRITE_GOLDEN=1 cargo test --test suite keys_reference");
}

#[test]
fn the_configuration_that_the_documentation_shows_loads() {
    let page = include_str!("../../docs/CONFIGURATION.md");
    let folder = tempfile::tempdir().expect("a folder");
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let (keymaps, blocks): (Vec<&str>, Vec<&str>) = blocks.partition(|b| b.starts_with("\"run.pause\""));
    let (themes, blocks): (Vec<&str>, Vec<&str>) = blocks.into_iter().partition(|b| b.starts_with("bg ="));
    let ([keymap], [theme]) = (&keymaps[..], &themes[..]) else { panic!("{keymaps:?} {themes:?}") };
    for block in &blocks {
        Settings::read("config.toml", block).unwrap_or_else(|e| panic!("{e}: {block}"));
    }
    let every = |begin: &str| blocks.iter().copied().filter(|b| b.starts_with(begin)).collect::<Vec<_>>();
    let opinions = every("[second_opinion]");
    assert_eq!(opinions.len(), 2, "{opinions:?}");
    for opinion in opinions {
        let settings = Settings::read("config.toml", opinion).expect("a second opinion loads");
        assert!(settings.second_opinion.is_some());
    }
    let matching = every("[matching]");
    let [usual, words] = matching[..] else { panic!("two examples: {matching:?}") };
    let read = |text| Settings::read("config.toml", text).expect("the matching loads").matching;
    let fitted = Caution::new(read(usual).caution.expect("is shown"));
    assert_eq!(fitted, Caution::default(), "what is shown first are the defaults");
    assert_eq!(Matching { caution: None, ..read(usual) }, Matching::default());
    Options::new(&read(words)).expect("words that can be met");
    let marks: Vec<Mark> = read(words).words.iter().map(|w| w.mark).collect();
    assert_eq!(marks, [Mark::Same, Mark::Near, Mark::Opposite]);
    let [settings] = every("theme = ")[..] else { panic!("one example of everything plain") };
    let settings = Settings::read("config.toml", settings).expect("the settings load");
    assert_eq!(settings, Settings::default(), "what is shown first are the defaults");
    let file = folder.path().join("keymap.toml");
    std::fs::write(&file, keymap).expect("written");
    Keymap::load(&file).expect("the keys load");
    std::fs::write(folder.path().join("mine.toml"), theme).expect("written");
    Theme::load("mine", folder.path()).expect("the theme loads");
}

#[test]
fn every_key_is_documented_with_its_default() {
    let page = include_str!("../../docs/CONFIGURATION.md");
    let blocks: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let settings = blocks.iter().filter_map(|b| tree::from_file("page", b).ok());
    let mut shown = Vec::new();
    for table in settings {
        paths(&mut shown, &[], &Value::Table(table));
    }
    for key in schema::KEYS {
        let is_shown =
            shown.iter().any(|path| schema::find(path).is_some_and(|found| found.path == key.path));
        assert!(is_shown, "{} is shown nowhere", key.path);
    }
    let mut defaults = String::new();
    for key in schema::KEYS.iter().filter(|key| !key.default.is_empty()) {
        let _ = writeln!(defaults, "{} = {}", key.path, key.default);
    }
    let set = Settings::read("defaults", &defaults).expect("the defaults load");
    let told = Settings { matching: Matching { caution: None, ..set.matching.clone() }, ..set.clone() };
    let told = Settings { folders: Settings::default().folders, ..told };
    assert_eq!(told, Settings::default());
    assert_eq!(Caution::new(set.matching.caution.expect("told")), Caution::default());
    let home = mwtui::base::Paths::under(std::path::Path::new("/h"));
    let placed = set.place(&home);
    assert_eq!((placed.workflows(), placed.themes()), (home.workflows(), home.themes()));
}

/// Every path that a value has, lists being values.
fn paths(into: &mut Vec<Vec<String>>, begun: &[String], value: &Value) {
    let Value::Table(table) = value else {
        into.push(begun.to_vec());
        return;
    };
    for (name, entry) in table {
        paths(into, &[begun, std::slice::from_ref(name)].concat(), &entry.node.value);
    }
}
