//! Small banks with the faults that authors make.

use std::sync::Arc;
use std::time::Instant;

use super::*;
use crate::base::Paths;
use crate::workflow::{Distinction, Registry, Status, StepKind, testing};

fn workflow(id: &str, triggers: &[&str], examples: &[&str]) -> Workflow {
    Workflow {
        name: id.replace('-', " "),
        trigger_phrases: triggers.iter().map(ToString::to_string).collect(),
        examples: examples.iter().map(ToString::to_string).collect(),
        scope: String::new(),
        ..testing::workflow(id, vec![testing::step("one", StepKind::Manual { actions: Vec::new() })])
    }
}

fn bundled() -> Vec<Arc<Workflow>> {
    let dir = tempfile::tempdir().expect("temp dir");
    let registry = Registry::load(&Paths::under(dir.path()), &dir.path().join("project"));
    registry.workflows().map(Arc::clone).collect()
}

/// Workflow, phrase and kind of each finding.
fn told(workflows: Vec<Workflow>) -> Vec<String> {
    let workflows: Vec<Arc<Workflow>> = workflows.into_iter().map(Arc::new).collect();
    let kind =
        |f: &Finding| serde_json::to_value(f).expect("JSON")["kind"].as_str().expect("a kind").to_owned();
    check(&Index::new(&workflows))
        .iter()
        .map(|f| format!("{}: {}: {}", f.workflow, f.phrase, kind(f)))
        .collect()
}

#[test]
fn the_bundled_bank_has_nothing_to_mend() {
    let all = bundled();
    assert_eq!(check(&Index::new(&all)), [], "every trigger phrase can be told from the others");
    let index = Index::new(&all);
    let (mut clashes, mut tried) = (Vec::new(), 0);
    for workflow in &all {
        for phrase in &workflow.trigger_phrases {
            let trouble = check_phrase(&index, phrase, &workflow.id);
            assert_eq!(trouble, Some(Trouble::AlreadyThere { workflow: workflow.id.clone() }));
        }
        // Each as if it were new: few sentences that a person wrote for a workflow sound like another one.
        for (at, phrase) in workflow.examples.iter().enumerate().step_by(3) {
            tried += 1;
            let mut less = Workflow::clone(workflow);
            less.examples.remove(at);
            let less = Arc::new(less);
            let rest = index.updated(all.iter().map(|w| if w.id == less.id { &less } else { w }));
            clashes
                .extend(check_phrase(&rest, phrase, &workflow.id).map(|t| format!("{phrase} {}", t.says())));
        }
    }
    assert!(clashes.len() * 100 <= tried * 3, "{} of {tried}: {clashes:#?}", clashes.len());
}

#[test]
fn what_two_workflows_share_or_say_in_other_words_is_found_once() {
    let first = workflow("new-tool", &["add a tool", "create a new tool"], &["one more tool please"]);
    let second =
        workflow("new-category", &["Add a tool!", "create the new tool"], &["One more tool, please"]);
    let shared = [
        "new-tool: add a tool: already_there",
        "new-tool: create a new tool: clash",
        "new-tool: one more tool please: already_there",
    ];
    assert_eq!(told(vec![first.clone(), second.clone()]), shared);
    let found = check(&Index::new(&[Arc::new(first.clone()), Arc::new(second.clone())]));
    assert!(found.iter().all(|f| f.severity == Severity::Warning), "{found:?}");
    let help = &found[0].help;
    assert!(help.contains("`disambiguates_from` of new-tool what tells it from new-category"), "{help}");
    let help = &check(&Index::new(&[Arc::new(second.clone()), Arc::new(first.clone())]))[0].help;
    assert!(help.ends_with("that new-tool does not have, such as category"), "{help}");

    let because = "a whole family of tools".to_owned();
    let told_apart = Distinction { id: Some(first.id.clone()), because };
    let second = Workflow { disambiguates_from: vec![told_apart], ..second };
    assert_eq!(told(vec![first.clone(), second]), [] as [&str; 0], "the console asks with this sentence");

    let gone = Status::Deprecated { replaced_by: None, reason: None };
    let old = Workflow { status: gone, ..workflow("old", &["add a tool"], &[]) };
    assert_eq!(told(vec![first, old]), [] as [&str; 0], "nobody is asked about what was given up");
}

#[test]
fn a_word_that_counts_tells_two_apart() {
    let grant = workflow("grant", &["grant access to the cluster", "deploy the api to staging"], &[]);
    let revoke = workflow("revoke", &["revoke access to the cluster", "deploy the website to staging"], &[]);
    assert_eq!(told(vec![grant, revoke]), [] as [&str; 0]);
}

#[test]
fn triggers_that_can_do_no_good_are_errors() {
    let bad = workflow("bad", &["x", "it is for you", "cancel", "never mind", "部署"], &["do it"]);
    let expected = [
        "bad: x: too_short",
        "bad: it is for you: common_words",
        "bad: cancel: control_phrase",
        "bad: never mind: control_phrase",
    ];
    assert_eq!(told(vec![bad.clone()]), expected);
    assert!(check(&Index::new(&[Arc::new(bad)])).iter().all(|f| f.severity == Severity::Error));
}

#[test]
fn a_new_phrase_is_checked_against_the_whole_bank() {
    let all = bundled();
    let index = Index::new(&all);
    let says = |phrase: &str, of: &str| check_phrase(&index, phrase, &of.into()).map(|t| t.says());
    for (phrase, of, part) in [
        ("?!", "MW-002", "too short"),
        ("ab", "MW-002", "too short"),
        ("do it", "MW-002", "common words"),
        ("cancel this workflow", "MW-002", "addressed to the console (cancel)"),
        ("what can you do?", "MW-002", "addressed to the console (list)"),
        ("create  new MCP tool.", "MW-007", "already there, in MW-002"),
        ("create new mcp tool", "MW-002", "already there, in MW-002"),
        ("sync the MCP servers", "MW-003", "too near to “Sync MCP server” of MW-004 (0.9"),
    ] {
        let said = says(phrase, of).unwrap_or_default();
        assert!(said.contains(part), "{phrase}: {said}");
    }
    for (phrase, of) in [
        ("sync the MCP servers", "MW-004"),
        ("restart the payment service", "restart"),
        ("cancel the subscription of a customer", "cancel-subscription"),
        ("skip the flaky tests for now", "skip-tests"),
        ("help a customer who cannot log in", "help-desk"),
    ] {
        assert_eq!(says(phrase, of), None, "{phrase}");
    }
    let long = says(&"tool ".repeat(49), "MW-002");
    assert!(long.is_some_and(|s| s.contains("too long")));
    let long = says(&"x".repeat(PHRASE_LENGTH + 1), "MW-002");
    assert!(long.is_some_and(|s| s.contains("1024 bytes are allowed")));
}

#[test]
fn a_workflow_is_checked_alone_as_among_all() {
    let all: Vec<Arc<Workflow>> =
        [("a", "renew the certificates"), ("b", "renew the certificate"), ("c", "x")]
            .map(|(id, trigger)| Arc::new(workflow(id, &[trigger], &[])))
            .into();
    let of_b = check_some(&Index::new(&all), |id| id.as_str() == "b");
    assert_eq!(of_b.len(), 1, "{of_b:?}");
    assert_eq!(of_b[0].trouble.other(&of_b[0].workflow).map(WorkflowId::as_str), Some("a"));
    assert_eq!(check(&Index::new(&all)).len(), 2, "that one, and x");
}

/// Thirty workflows with forty triggers each, all of the same few words.
#[test]
fn a_large_bank_is_checked_while_one_waits() {
    let of = |n: usize| {
        let text = |m: usize| format!("please do thing number{n} with part{} of the house{m} today", m % 7);
        let texts: Vec<String> = (0..40).map(text).collect();
        Arc::new(workflow(&format!("w-{n}"), &texts.iter().map(String::as_str).collect::<Vec<_>>(), &[]))
    };
    let many: Vec<Arc<Workflow>> = (0..30).map(of).collect();
    let begun = Instant::now();
    assert_eq!(check(&Index::new(&many)), []);
    // About a second unoptimized; a machine that is busy with other tests is given time.
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}
