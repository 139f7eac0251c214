//! `docs/EVENTS.md` has its table from the declaration of events; `MWTUI_WRITE_GOLDEN=1` writes it anew. What
//! it shows of hooks loads.

use std::fmt::Write as _;

use mwtui::config::Settings;
use mwtui::config::events::EVENTS;

const BEGIN: &str = "<!-- made from src/config/events.rs: do not edit -->\n";
const END: &str = "<!-- end -->\n";

fn table() -> String {
    let mut table = String::new();
    for (title, derived) in [("In every journal", false), ("For hooks alone", true)] {
        let _ = write!(table, "\n### {title}\n\n| event | what it says | `data` |\n|---|---|---|\n");
        for event in EVENTS.iter().filter(|event| event.derived == derived) {
            let data: Vec<String> = event.data.iter().map(|name| format!("`{name}`")).collect();
            let _ = writeln!(table, "| `{}` | {} | {} |", event.name, event.sentence, data.join(", "));
        }
    }
    table.push('\n');
    table
}

#[test]
fn the_events_are_those_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/EVENTS.md");
    let there = std::fs::read_to_string(path).expect("docs/EVENTS.md");
    let (before, rest) = there.split_once(BEGIN).expect("where the table begins");
    let (_, after) = rest.split_once(END).expect("where it ends");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("MWTUI_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &wanted).expect("written");
    }
    let there = std::fs::read_to_string(path).expect("docs/EVENTS.md");
    assert_eq!(there, wanted, "write it anew: MWTUI_WRITE_GOLDEN=1 cargo test --test suite events_reference");
}

#[test]
fn the_hooks_that_the_documentation_shows_load() {
    let page = include_str!("../../docs/EVENTS.md");
    let blocks: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 4, "{blocks:?}");
    for block in blocks {
        assert!(!Settings::read("config.toml", block).expect(block).hooks.is_empty());
    }
}
