//! Every workflow of the bundled bank is complete as a document, and dry-runs whole in a repository on a machine
//! that has git and nothing else: a tool that is missing is a prerequisite that says how to get it.

use std::path::{Path, PathBuf};

use mwtui::base::Paths;
use mwtui::workflow::{Field, FieldKind, Prerequisite, Registry, Workflow};
use serde_json::Value;

use crate::support::Home;
use crate::support::cli::{git, say};

/// What POSIX and git give: the tools that a check or a script may take for granted.
const EVERYWHERE: [&str; 38] = [
    "awk", "basename", "cat", "cp", "cut", "date", "dirname", "env", "expr", "false", "find", "git", "grep",
    "head", "id", "ls", "mkdir", "mktemp", "mv", "nl", "od", "printf", "pwd", "rm", "rmdir", "sed", "sh",
    "sleep", "sort", "tail", "tee", "test", "touch", "tr", "true", "uname", "wc", "xargs",
];

fn bank() -> Registry {
    let dir = tempfile::tempdir().expect("temp dir");
    Registry::load(&Paths::under(dir.path()), &dir.path().join("project"))
}

/// A home whose PATH holds [`EVERYWHERE`] alone.
fn bare_machine() -> (tempfile::TempDir, Home) {
    let tools = tempfile::tempdir().expect("temp dir");
    for tool in EVERYWHERE {
        let found = ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|p| p.exists());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, tools.path().join(tool)).expect("link");
        }
    }
    let path = tools.path().to_str().expect("UTF-8").to_owned();
    let home = Home::with_environment(&[("PATH", &path)]);
    (tools, home)
}

/// Something that answers the question.
fn sample(field: &Field) -> String {
    match &field.kind {
        FieldKind::Number { min, .. } => min.unwrap_or(1.0).max(1.0).to_string(),
        FieldKind::Boolean => "true".to_owned(),
        FieldKind::Choice { options } | FieldKind::MultiChoice { options } => {
            options.first().cloned().unwrap_or_else(|| "sample".to_owned())
        }
        FieldKind::Path => ".".to_owned(),
        FieldKind::Secret => "env:HOME".to_owned(),
        _ => {
            let fits = |text: &&str| {
                field.pattern.as_ref().is_none_or(|p| {
                    regex::Regex::new(&format!("^(?:{})$", p.regex)).is_ok_and(|regex| regex.is_match(text))
                })
            };
            let samples = [
                "sample",
                "1",
                "v1.2.3",
                "1.2.3",
                "MW-001",
                "a/b",
                "sample.yaml",
                "https://example.org",
                "SAMPLE",
            ];
            (*samples.iter().find(|text| fits(text)).unwrap_or(&"sample")).to_owned()
        }
    }
}

fn words(workflow: &Workflow) -> Vec<String> {
    let mut words: Vec<String> =
        ["run", workflow.id.as_str(), "--dry-run", "--no-input", "--json"].map(str::to_owned).to_vec();
    // What is asked only under a condition is left out, as it may not be given where that does not hold.
    let asked = workflow.inputs.iter().filter(|f| f.required && f.default.is_none() && f.condition.is_none());
    for field in asked {
        words.extend(["--input".to_owned(), format!("{}={}", field.name, sample(field))]);
    }
    words
}

#[test]
fn every_workflow_is_complete_as_a_document() {
    let registry = bank();
    let mut lacking = Vec::new();
    for workflow in registry.workflows() {
        let id = &workflow.id;
        let said: Vec<&str> = [
            (workflow.category.is_none(), "a category"),
            (workflow.scope.is_empty(), "a scope"),
            (workflow.prerequisites.is_empty(), "prerequisites"),
            (workflow.outputs.is_empty(), "outputs"),
            (workflow.success_criteria.is_empty(), "success criteria"),
            (!(4..=8).contains(&workflow.trigger_phrases.len()), "four to eight trigger phrases"),
            (workflow.examples.len() < 20, "twenty examples"),
            (workflow.updated.is_none(), "a date"),
        ]
        .into_iter()
        .filter_map(|(missing, what)| missing.then_some(what))
        .collect();
        lacking.extend(said.iter().map(|what| format!("{id} lacks {what}")));
        for prerequisite in &workflow.prerequisites {
            let Prerequisite::Check { check, says, hint } = prerequisite else { continue };
            if check == says {
                lacking.push(format!("{id}: `{check}` does not say in words what must be true"));
            }
            if hint.is_none() {
                lacking.push(format!("{id}: “{says}” does not say what to do where it is not met"));
            }
        }
        let others = workflow.disambiguates_from.iter().filter_map(|d| d.id.as_ref());
        let absent = others.filter(|other| registry.get(other).is_none());
        lacking.extend(absent.map(|other| format!("{id} tells itself from {other}, which is not there")));
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_workflow_dry_runs_whole_with_nothing_but_git() {
    let (_tools, home) = bare_machine();
    git(&home);
    // The checks run in the engine, which stays while somebody is connected.
    let _client = home.client().await;
    let registry = bank();
    for workflow in registry.workflows() {
        let mut words = words(workflow);
        let mut said = say(&home, &words.iter().map(String::as_str).collect::<Vec<_>>());
        // What is asked only because of another answer shows itself when it is missing.
        for field in &workflow.inputs {
            if said.code == 2 && said.err.contains(&format!("{} is missing", field.name)) {
                words.extend(["--input".to_owned(), format!("{}={}", field.name, sample(field))]);
                said = say(&home, &words.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        assert!(said.code == 0 || said.code == 1, "{}: {said:?}", workflow.id);
        let plan = said.json();
        let empty = Vec::new();
        let problems = plan["problems"].as_array().unwrap_or(&empty);
        let moved = workflow.moves.is_some();
        assert!(problems.is_empty() || moved && problems.len() == 1, "{}: {problems:?}", workflow.id);
        assert_eq!(plan["steps"].as_array().map(Vec::len), Some(workflow.steps.len()), "{}", workflow.id);
        for prerequisite in plan["prerequisites"].as_array().unwrap_or(&empty) {
            if prerequisite["passed"] == Value::Bool(false) {
                assert!(prerequisite["hint"].is_string(), "{}: {prerequisite}", workflow.id);
            }
        }
    }
    assert_eq!(left_in(&home.project), [".git"], "a dry run leaves nothing behind");
}

fn left_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the project");
    let paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.iter().filter_map(|p| Some(p.file_name()?.to_str()?.to_owned())).collect()
}
