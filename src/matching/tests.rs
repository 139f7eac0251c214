//! A small bank and what a careful colleague would take phrases for.

use super::*;
use std::sync::Arc;

use crate::workflow::{Status, StepKind, Workflow, testing};

fn workflow(id: &str, name: &str, scope: &str, triggers: &[&str]) -> Workflow {
    Workflow {
        name: name.to_owned(),
        trigger_phrases: triggers.iter().map(ToString::to_string).collect(),
        scope: scope.to_owned(),
        ..testing::workflow(id, vec![testing::step("one", StepKind::Manual { actions: Vec::new() })])
    }
}

fn bank() -> Vec<Arc<Workflow>> {
    let mut all = vec![
        workflow(
            "MW-001",
            "Thread Ending Summary",
            "Creating a comprehensive session summary for future continuation",
            &[
                "This thread is ending",
                "Create session summary",
                "We're running out of tokens",
                "Time to wrap up this session",
            ],
        ),
        workflow(
            "MW-002",
            "New MCP Tool Development",
            "Full lifecycle of adding a single MCP tool",
            &["Create new MCP tool", "Add a new tool to the MCP server", "Build a new platform tool"],
        ),
        workflow(
            "MW-003",
            "MCP Tool Testing Suite",
            "Comprehensive testing of MCP tools",
            &["Test MCP tools", "Run MCP test suite", "Verify MCP tools work"],
        ),
        workflow(
            "MW-004",
            "Deploy MCP Changes",
            "Deploy committed MCP changes to Zed Preview",
            &["Deploy MCP changes", "Sync MCP server", "Update Zed with latest MCP code"],
        ),
        workflow(
            "MW-005",
            "Create New Meta-Workflow",
            "Creating and documenting a new repeatable workflow",
            &[
                "I want to create a new platform meta workflow",
                "Create new meta-workflow",
                "Add a new workflow to the registry",
            ],
        ),
        workflow(
            "MW-006",
            "Flux Debugging Session",
            "Systematic debugging of Flux reconciliation issues",
            &["Debug Flux issues", "Investigate Flux problems", "Troubleshoot GitOps deployment"],
        ),
        workflow(
            "MW-007",
            "Create New Tool Category",
            "Creating an entire category of related tools",
            &["Create new tool category", "Start a new V1x category", "Build a new suite of tools"],
        ),
        workflow(
            "rollback-service",
            "Roll a service back",
            "Bring a service back to its last good version",
            &["roll back the broken release", "revert the last deployment"],
        ),
        workflow(
            "rotate-certs",
            "Rotate TLS certificates",
            "Replace certificates before they expire",
            &["renew the certificates", "a certificate is about to expire"],
        ),
        workflow(
            "db-restore",
            "Restore a database from backup",
            "Bring lost data back",
            &["restore the database", "we lost data and need the backup"],
        ),
        workflow(
            "onboard-engineer",
            "Onboard a new engineer",
            "Accounts, access and a first week for a joiner",
            &["onboard a new engineer", "someone joins the team on monday"],
        ),
        workflow(
            "cancel-subscription",
            "Cancel a customer's subscription",
            "End a paid plan",
            &["cancel a subscription", "a customer wants to stop paying"],
        ),
        workflow(
            "old-restore",
            "Restore a dump by hand",
            "The way before snapshots",
            &["load the nightly dump"],
        ),
        workflow("ftp-upload", "Upload by FTP", "Nothing replaces it", &["upload the catalogue by ftp"]),
    ];
    all[12].status = Status::Deprecated { replaced_by: Some("db-restore".into()), reason: None };
    all[13].status = Status::Deprecated { replaced_by: None, reason: None };
    all.into_iter().map(Arc::new).collect()
}

/// What was decided, in one line: the decision and the ids that carry it.
fn told(index: &Index, phrase: &str) -> String {
    let answer = index.decide(phrase, &Learned::default());
    let ids =
        |n: usize| answer.candidates.iter().take(n).map(|c| c.id.as_str()).collect::<Vec<_>>().join(" ");
    match &answer.decision {
        Decision::Match => format!("match {}", ids(1)),
        Decision::Ambiguous { choices } => format!("ambiguous {}", ids(*choices)),
        Decision::None => "none".to_owned(),
        Decision::Control(c) => {
            let action = serde_json::to_value(c.action).expect("a name");
            let of = c.workflow.as_ref().map_or(String::new(), |w| format!(" {w}"));
            format!("control {}{of}", action.as_str().expect("a string"))
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    let index = Index::new(&bank());
    let mut wrong = Vec::new();
    for (phrase, expected) in cases {
        let got = told(&index, phrase);
        if got != *expected {
            let scores: Vec<String> = index
                .decide(phrase, &Learned::default())
                .candidates
                .iter()
                .take(4)
                .map(|c| format!("{} {:.2} ({})", c.id, c.score, c.reason))
                .collect();
            wrong.push(format!("{phrase:?}: expected {expected}, got {got}: {scores:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

const FOUND: &[(&str, &str)] = &[
    ("this thread is ending", "match MW-001"),
    ("the thread ends", "match MW-001"),
    ("write the session summary please", "match MW-001"),
    ("lets wrap up the session", "match MW-001"),
    ("we are nearly out of tokens", "match MW-001"),
    ("deploy MCP changes", "match MW-004"),
    ("deploy the mcp chan", "match MW-004"),
    ("delpoy mcp changes", "match MW-004"),
    ("deploying the changes to mcp", "match MW-004"),
    ("can you sync the mcp server", "match MW-004"),
    ("update zed", "match MW-004"),
    ("test the mcp tools", "match MW-003"),
    ("run the mcp tests", "match MW-003"),
    ("check that the mcp tools still work", "match MW-003"),
    ("create a new mcp tool", "match MW-002"),
    ("make a new mcp tool", "match MW-002"),
    ("please add a new tool to our MCP server", "match MW-002"),
    ("create a new category of tools", "match MW-007"),
    ("start a category", "match MW-007"),
    ("create a new meta workflow", "match MW-005"),
    ("add a workflow to the registry", "match MW-005"),
    ("flux", "match MW-006"),
    ("debug flux", "match MW-006"),
    ("troubleshoot flux", "match MW-006"),
    ("flux is having problems", "match MW-006"),
    ("rollback the release", "match rollback-service"),
    ("roll the last release back", "match rollback-service"),
    ("renew certs", "match rotate-certs"),
    ("our TLS cert expires soon", "match rotate-certs"),
    ("restore the db", "match db-restore"),
    ("restore database from a backup", "match db-restore"),
    ("onbaord a new engineer", "match onboard-engineer"),
    ("a new engineer joins the team", "match onboard-engineer"),
    ("Cancel a subscription", "match cancel-subscription"),
    ("cancel the subscription", "match cancel-subscription"),
    ("the customer wants to cancel his subscription", "match cancel-subscription"),
];

#[test]
fn phrases_find_their_workflow() {
    check(FOUND);
}

#[test]
fn ids_are_matches() {
    check(&[
        ("MW-004", "match MW-004"),
        ("mw 4", "match MW-004"),
        ("mw004", "match MW-004"),
        ("run MW-004 please", "match MW-004"),
        ("start mw 3", "match MW-003"),
        ("rollback-service", "match rollback-service"),
    ]);
}

#[test]
fn two_that_could_be_meant_are_asked_about() {
    check(&[("build a tool", "ambiguous MW-002 MW-007")]);
}

#[test]
fn a_first_word_names_the_workflows_whose_trigger_phrases_begin_so() {
    let index = Index::new(&bank());
    let answer = index.decide("de", &Learned::default());
    assert_eq!(answer.decision, Decision::None, "two letters start nothing");
    let mut first: Vec<&str> = answer.candidates.iter().take(2).map(|c| c.id.as_str()).collect();
    first.sort_unstable();
    assert_eq!(first, ["MW-004", "MW-006"]);
    let all: f64 = answer.candidates.iter().map(|c| c.score).sum::<f64>() + answer.none;
    assert!(all < 1.0 + 1e-6, "{all}");
}

#[test]
fn what_nothing_does_is_said() {
    check(&[
        ("", "none"),
        ("   ?!", "none"),
        ("order a pizza for the team", "none"),
        ("what is the weather like today", "none"),
        ("translate this page into german", "none"),
        ("resize the production cluster", "none"),
        ("xyzzy", "none"),
        ("the of and", "none"),
        ("book a flight to lisbon", "none"),
        ("explain quantum physics", "none"),
    ]);
}

#[test]
fn a_verb_of_the_console_with_an_object_of_the_work_is_no_command() {
    let answer = Index::new(&bank()).decide("stop the database", &Learned::default());
    assert!(!matches!(answer.decision, Decision::Control(_) | Decision::Match), "{answer:?}");
}

#[test]
fn phrases_for_the_console() {
    check(&[
        ("Cancel this workflow", "control cancel"),
        ("Never mind, let's do something else", "control cancel"),
        ("cancel", "control cancel"),
        ("please stop", "control cancel"),
        ("abort the run", "control cancel"),
        ("cancel the flux run", "control cancel MW-006"),
        ("pause", "control pause"),
        ("hold on a moment", "control pause"),
        ("pause this run for now", "control pause"),
        ("continue", "control resume"),
        ("resume the workflow", "control resume"),
        ("carry on please", "control resume"),
        ("skip this step", "control skip"),
        ("go back", "control back"),
        ("go back to the previous step", "control back"),
        ("status", "control status"),
        ("what is running?", "control status"),
        ("where are we?", "control status"),
        ("what workflows are available?", "control list"),
        ("Show me the workflow registry", "control list"),
        ("list all workflows", "control list"),
        ("which workflows do you have", "control list"),
        ("explain the flux debugging session workflow", "control explain MW-006"),
        ("what does MW-001 do?", "control explain MW-001"),
        ("what does the deploy one do", "control explain MW-004"),
        ("tell me about the rollback workflow", "control explain rollback-service"),
        ("show me MW-003", "control explain MW-003"),
        ("explain this workflow", "control explain"),
        ("help", "control help"),
        ("what can I say?", "control help"),
        ("quit", "control quit"),
        ("exit please", "control quit"),
    ]);
}

#[test]
fn a_trigger_word_for_word_goes_before_a_control_phrase() {
    let mut all = bank();
    all.push(Arc::new(workflow(
        "halt",
        "Halt the line",
        "Everything stops",
        &["stop", "show me the workflow registry"],
    )));
    let index = Index::new(&all);
    assert_eq!(told(&index, "Stop!"), "match halt");
    assert_eq!(told(&index, "show me the workflow registry"), "match halt");
    assert_eq!(told(&index, "cancel"), "control cancel");
}

#[test]
fn one_trigger_of_two_workflows_is_ambiguous() {
    let mut all = bank();
    all.push(Arc::new(workflow(
        "MW-104",
        "Deploy them elsewhere",
        "Another place",
        &["deploy mcp changes!"],
    )));
    let index = Index::new(&all);
    assert_eq!(told(&index, "Deploy MCP changes"), "ambiguous MW-004 MW-104");
}

#[test]
fn a_deprecated_workflow_gives_way() {
    let index = Index::new(&bank());
    assert_eq!(told(&index, "load the nightly dump"), "match db-restore");
    let answer = index.decide("load the nightly dump", &Learned::default());
    assert!(
        answer.candidates[0].reason.starts_with("replaces old-restore"),
        "{}",
        answer.candidates[0].reason
    );
    assert_eq!(answer.candidates.last().expect("named").id.as_str(), "old-restore");
    assert_eq!(told(&index, "upload the catalogue by ftp"), "match ftp-upload");
}

#[test]
fn forty_triggers_win_nothing_by_their_number() {
    let many: Vec<String> = (0..40).map(|n| format!("rotate the signing keys of team {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let all = [
        Arc::new(workflow("many", "Signing keys", "Keys", &many)),
        Arc::new(workflow("one", "Rotate the log files", "Logs", &["rotate the logs"])),
    ];
    assert_eq!(told(&Index::new(&all), "rotate logs"), "match one");
}

#[test]
fn a_candidate_says_why_and_where() {
    let index = Index::new(&bank());
    let best = |phrase: &str| {
        index.decide(phrase, &Learned::default()).candidates.into_iter().next().expect("a candidate")
    };
    let exact = best("deploy mcp changes");
    assert!((exact.score - 1.0).abs() < f64::EPSILON);
    assert_eq!(exact.reason, "said: Deploy MCP changes");
    assert_eq!(exact.lit, (0..6).chain(7..10).chain(11..18).collect::<Vec<_>>());
    let typo = best("delpoy mcp changes");
    assert_eq!(typo.reason, "said: Deploy MCP changes; typo: delpoy→deploy");
    let begun = best("deploy mcp chan");
    assert_eq!(begun.reason, "said: Deploy MCP changes; begins: chan→changes");
    assert_eq!(begun.lit, (0..6).chain(7..10).chain(11..15).collect::<Vec<_>>());
    assert_eq!(best("restore the db").reason, "said: restore the database; like: db→database");
    assert!(best("flux").reason.starts_with("shares: flux"));
}

#[test]
fn letters_alone_suggest_and_never_decide() {
    let answer = Index::new(&bank()).decide("dplmcp", &Learned::default());
    assert_eq!(answer.decision, Decision::None);
    assert_eq!(answer.candidates[0].id.as_str(), "MW-004");
    assert!(!answer.candidates[0].lit.is_empty());
}

#[test]
fn an_empty_registry_answers() {
    let index = Index::new(&[]);
    assert_eq!(told(&index, "deploy"), "none");
    assert_eq!(told(&index, "help"), "control help");
    assert_eq!(told(&Index::default(), "what does MW-001 do"), "none");
}

#[test]
fn a_very_long_text_is_cut() {
    let index = Index::new(&bank());
    let long = "é deploy ".repeat(100_000);
    assert!(index.decide(&long, &Learned::default()).candidates.len() <= MOST);
}

#[test]
fn every_trigger_phrase_means_its_own_workflow() {
    let all = bank();
    let index = Index::new(&all);
    for workflow in
        all.iter().filter(|w| !matches!(w.status, Status::Deprecated { replaced_by: Some(_), .. }))
    {
        for phrase in &workflow.trigger_phrases {
            assert_eq!(told(&index, phrase), format!("match {}", workflow.id), "{phrase}");
        }
    }
    assert_eq!(super::check(&index), [], "and none is too near to another one's");
}

mod properties;
mod settings;
