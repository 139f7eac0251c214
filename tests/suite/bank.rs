//! The bundled bank against the process bank's own document: every trigger phrase, prerequisite,
//! step, action, question, validation, output and success criterion, word for word.

use std::path::Path;

use mwtui::base::Paths;
use mwtui::workflow::{Distinction, Origin, Prerequisite, Registry, Step, StepKind, Workflow};

use crate::bank_words::BANK;

fn bank() -> Registry {
    let dir = tempfile::tempdir().expect("temp dir");
    Registry::load(&Paths::under(dir.path()), &dir.path().join("project"))
}

fn workflow<'r>(registry: &'r Registry, id: &str) -> &'r Workflow {
    registry.find(id).and_then(|e| e.workflow()).expect(id)
}

/// All that a person reads of a step.
fn words(step: &Step) -> String {
    let mut words = step.description.clone().unwrap_or_default();
    let lines: Vec<&str> = match &step.kind {
        StepKind::Manual { actions } => actions.iter().map(String::as_str).collect(),
        StepKind::Ask { fields } => fields.iter().map(|f| f.prompt.as_str()).collect(),
        _ => Vec::new(),
    };
    for line in lines {
        words.push('\n');
        words.push_str(line);
    }
    words
}

#[test]
fn every_bundled_file_loads_without_error_and_warning() {
    let registry = bank();
    for entry in &registry.entries {
        let told: Vec<String> = entry.diagnostics().iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
        assert!(entry.origin == Origin::Bundled && entry.is_trusted());
    }
    // Those of the process bank's document come first.
    let ids: Vec<&str> = registry.workflows().map(|w| w.id.as_str()).take(BANK.len()).collect();
    assert_eq!(ids, BANK.map(|e| e.id));
}

#[test]
fn every_word_of_the_process_bank_is_there() {
    let registry = bank();
    for expected in &BANK {
        let workflow = workflow(&registry, expected.id);
        let id = expected.id;
        assert_eq!((workflow.name.as_str(), workflow.status.word()), (expected.name, expected.status));
        // The document's come first; where it has few, others follow.
        assert!(
            workflow
                .trigger_phrases
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .starts_with(expected.triggers),
            "{id}"
        );
        assert_eq!(workflow.scope, expected.scope, "{id}");
        // In the document's order; the tools that the commands need stand between and after them.
        let mut prerequisites = workflow.prerequisites.iter().map(Prerequisite::says);
        for sentence in expected.prerequisites {
            assert!(prerequisites.any(|says| says == *sentence), "{id}: {sentence}");
        }
        // Where the document says nothing, its workflow says it itself.
        if !expected.outputs.is_empty() {
            assert_eq!(workflow.outputs, expected.outputs, "{id}");
        }
        if !expected.criteria.is_empty() {
            assert_eq!(workflow.success_criteria, expected.criteria, "{id}");
        }

        let mut rest = workflow.steps.iter();
        for (title, lines, validation) in expected.steps {
            let step = rest.find(|s| s.title == *title).unwrap_or_else(|| panic!("{id}: {title}, in order"));
            let words = words(step);
            for line in *lines {
                assert!(words.contains(line), "{id}, {title}: {line}");
            }
            assert_eq!(step.validation.as_deref().unwrap_or(""), *validation, "{id}, {title}");
        }
    }
}

#[test]
fn ending_a_session_shows_a_person_the_six_steps_of_the_document() {
    let registry = bank();
    let workflow = workflow(&registry, "MW-001");
    assert!(workflow.ends_session);
    // Beside them only what is asked where there is something to push.
    let is_theirs =
        |s: &&Step| !s.kind.is_automatic() && !["unpushed", "approve-push"].contains(&s.id.as_str());
    let person: Vec<&str> = workflow.steps.iter().filter(is_theirs).map(|s| s.title.as_str()).collect();
    let document: Vec<&str> = BANK[0].steps.iter().map(|(title, ..)| *title).collect();
    assert_eq!(person, document);
    for step in &workflow.steps {
        let StepKind::Ask { fields } = &step.kind else { continue };
        assert!(fields.iter().filter(|f| f.required).count() <= 1, "{}: one answer is enough", step.id);
        let is_told = step.id.as_str() == "unpushed" || fields.iter().all(|f| f.summary.is_some());
        assert!(is_told, "{}: every answer reaches the summary", step.id);
    }
    let exports = workflow
        .steps
        .iter()
        .filter(|s| matches!(&s.kind, StepKind::Run { script, .. } if script.contains("summary \"$MWTUI_SESSION\" --export")));
    assert_eq!(exports.count(), 1, "after the document step; the end of the session writes it once more");
}

#[test]
fn adding_a_tool_can_be_asked_about() {
    let registry = bank();
    let names = |from: &str, to: &str| {
        let found = workflow(&registry, from).disambiguates_from.iter().any(|Distinction { id, because }| {
            id.as_ref().is_some_and(|i| i.as_str() == to) && !because.is_empty()
        });
        assert!(found, "{from} tells itself from {to}");
    };
    names("MW-002", "MW-007");
    names("MW-007", "MW-002");
    names("MW-002", "MW-004");
    names("MW-001", "MW-002");
}

#[test]
fn nothing_is_deployed_before_it_is_approved() {
    let registry = bank();
    for id in ["MW-002", "MW-004"] {
        let steps = &workflow(&registry, id).steps;
        let playbook = steps
            .iter()
            .position(|s| matches!(&s.kind, StepKind::Run { script, .. } if script.contains("ansible-playbook \"$PLAYBOOK\"")))
            .expect("a playbook step");
        assert!(matches!(steps[playbook - 1].kind, StepKind::Approve { .. }), "{id}");
    }
}

/// Scripts that find nothing of what they need explain themselves and end with an error; none of them hangs. Those
/// that need git or another tool have it among the prerequisites.
#[test]
fn scripts_without_tools_and_values_explain_themselves() {
    let registry = bank();
    let dir = tempfile::tempdir().expect("temp dir");
    // Only what every system has: no git, ansible, kubectl, python.
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).expect("mkdir");
    for tool in ["grep", "cat", "awk", "sed", "head", "tail"] {
        let found = ["/bin", "/usr/bin"].iter().map(|d| Path::new(d).join(tool)).find(|p| p.exists());
        std::os::unix::fs::symlink(found.expect(tool), bin.join(tool)).expect("link");
    }
    let mut tried = 0;
    for workflow in BANK.iter().map(|expected| self::workflow(&registry, expected.id)) {
        let checks: Vec<&str> = workflow
            .prerequisites
            .iter()
            .filter_map(|p| match p {
                Prerequisite::Check { check, .. } => Some(check.as_str()),
                Prerequisite::Sentence(_) => None,
            })
            .collect();
        for step in &workflow.steps {
            let StepKind::Run { script, shell, env, .. } = &step.kind else { continue };
            let place = format!("{}/{}", workflow.id, step.id);
            for tool in ["git ", "kubectl ", "ansible-playbook ", "python3 "] {
                let begins =
                    |line: &str| line.trim_start().starts_with(tool) || line.contains(&format!("$({tool}"));
                let checked = checks.iter().any(|check| check.contains(tool.trim_end()));
                assert!(checked || !script.lines().any(begins), "{place}: {tool}is among the prerequisites");
            }
            if shell[0] != "sh" {
                continue;
            }
            #[expect(clippy::disallowed_methods, reason = "the bank's scripts as they stand")]
            let output = std::process::Command::new("/bin/sh")
                .args(&shell[1..])
                .arg(script)
                .env_clear()
                .env("PATH", &bin)
                .env("HOME", dir.path())
                .envs(env.keys().map(|name| (name, "~/nowhere")))
                .current_dir(dir.path())
                .output()
                .expect("a shell");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() || !said.trim().is_empty(), "{place} says why");
            assert!(!said.contains("yntax"), "{place}: {said}");
            tried += 1;
        }
    }
    assert!(tried >= 30, "{tried}");
}
