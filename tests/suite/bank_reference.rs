//! `docs/BANK.md` is made from the bundled files; `MWTUI_WRITE_GOLDEN=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use mwtui::base::Paths;
use mwtui::workflow::{Prerequisite, Registry, Workflow};

const WRITE: &str = "MWTUI_WRITE_GOLDEN";

const HEAD: &str = "# The bank

Made from the files in [workflows/](../workflows/); a test holds it to them. `mwtui show ID` shows one of them whole,
`mwtui run ID --dry-run` what it would do here, and [MATCHING.md](MATCHING.md) how a phrase finds it. A workflow is changed with
`update-workflow`, a new one comes in with `MW-005`, and one goes out of use with `deprecate-workflow`.
";

/// A cell of a table: one line, with nothing that ends the cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}

fn list<'a>(sentences: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = sentences.map(cell).collect();
    if all.is_empty() { "–".to_owned() } else { all.join("; ") }
}

fn markdown(registry: &Registry) -> String {
    let mut categories: BTreeMap<&str, Vec<&Workflow>> = BTreeMap::new();
    for workflow in registry.workflows() {
        let category = workflow.category.as_deref().unwrap_or("Others");
        categories.entry(category).or_default().push(workflow);
    }
    let mut made = HEAD.to_owned();
    for (category, workflows) in categories {
        let _ = write!(
            made,
            "\n## {}\n\n| id | name | what it is for | what it needs | what comes out |\n|---|---|---|---|---|\n",
            cell(category)
        );
        for workflow in workflows {
            let id = &workflow.id;
            let needs = list(workflow.prerequisites.iter().map(Prerequisite::says));
            let out = list(workflow.outputs.iter().map(String::as_str));
            let _ = writeln!(
                made,
                "| [{id}](../workflows/{id}.yaml) | {} | {} | {needs} | {out} |",
                cell(&workflow.name),
                cell(&workflow.scope)
            );
        }
    }
    made
}

#[test]
fn the_page_of_the_bank_is_what_its_files_say() {
    let nowhere = tempfile::tempdir().expect("temp dir");
    let registry = Registry::load(&Paths::under(nowhere.path()), &nowhere.path().join("project"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for workflow in registry.workflows() {
        assert!(
            root.join(format!("workflows/{}.yaml", workflow.id)).exists(),
            "the file of {} is called so",
            workflow.id
        );
    }
    let file = root.join("docs/BANK.md");
    let made = markdown(&registry);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, &made).expect("docs/BANK.md is writable");
    }
    let kept = std::fs::read_to_string(&file).expect("docs/BANK.md");
    assert!(kept == made, "docs/BANK.md is out of date: {WRITE}=1 cargo test --test suite reference");
}
