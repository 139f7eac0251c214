//! The whole tour by the command line alone: a phrase, the run with its answers, a note, a skip
//! with a reason, pause and resume, the end of the session, and a summary that says all of it.

use serde_json::Value;

use crate::support::Home;
use crate::support::cli::{Said, git, say};

/// The state of a step in `mwtui status --json`.
fn step(home: &Home, id: &str) -> Value {
    let status = say(home, &["status", "last", "--json"]).ok().json();
    let steps = status["state"]["steps"].as_array().expect("steps").clone();
    steps.into_iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("no step {id} in {status}"))
}

/// What the run waits for, once nothing works any more.
fn waits_at(home: &Home) -> String {
    let walked = say(home, &["walk", "last", "--no-input", "--json"]);
    assert_eq!(walked.code, 7, "{walked:?}");
    walked.json()["run"]["need"]["step"].as_str().expect("a step").to_owned()
}

#[test]
fn a_session_is_ended_well_by_command_line_alone() {
    let home = Home::new();
    git(&home);

    let matched = say(&home, &["match", "we're running out of tokens", "--json"]).ok().json();
    assert_eq!(matched["decision"], "match");
    assert_eq!(matched["candidates"][0]["id"], "MW-001");

    let phrase = ["--phrase", "we're running out of tokens"];
    let started = say(&home, &[&["run", "MW-001", "--detach"][..], &phrase[..]].concat()).ok();
    let run = started.out.trim().to_owned();
    assert!(run.len() == 16 && run.chars().all(|c| c.is_ascii_hexdigit()), "{run:?}");

    assert_eq!(waits_at(&home), "assess");
    say(&home, &["note", "last", "Staging still has the old certificate"]).ok();
    say(&home, &["session", "note", "Ana takes over on Monday"]).ok();

    // Paused, nothing starts: the answer counts at resume.
    assert_eq!(say(&home, &["pause", "last", "--json"]).ok().json()["run"]["status"], "paused");
    say(&home, &["answer", "last", "--set", "accomplished=The login is rewritten"]).ok();
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["status"], "paused");
    say(&home, &["resume", "last"]).ok();

    assert_eq!(waits_at(&home), "document");
    let summary = "executive_summary=Login works on staging\nand is deployed on Monday";
    say(&home, &["answer", &run[..6], "--set", summary, "--set", "decisions=Sessions live in redb"]).ok();

    assert_eq!(waits_at(&home), "testing");
    say(&home, &["skip", "last", "--reason", "Only words were changed today"]).ok();
    assert_eq!(step(&home, "testing")["state"]["state"], "skipped");

    assert_eq!(waits_at(&home), "next");
    say(&home, &["answer", "last", "--set", "first_tasks=Renew the certificate"]).ok();
    assert_eq!(waits_at(&home), "git-check");
    say(&home, &["done", "last", "--step", "git-check", "--evidence", "one commit"]).ok();

    // Going back keeps what was done; the step is asked once more.
    assert_eq!(waits_at(&home), "continuation");
    say(&home, &["back", "last", "git-check", "--reason", "One more commit came"]).ok();
    assert_eq!(waits_at(&home), "git-check");
    say(&home, &["done", "last", "--evidence", "https://example.org/shop/commits"]).ok();
    assert_eq!(step(&home, "git-check")["attempts"].as_array().map(Vec::len), Some(2));

    assert_eq!(waits_at(&home), "continuation");
    say(&home, &["answer", "last", "--set", "read_first=docs/login.md"]).ok();

    let walked = say(&home, &["walk", "last", "--no-input", "--json"]).ok().json();
    assert_eq!(walked["run"]["status"], "completed");
    let exports = walked["exports"].as_array().expect("exports");
    let file = exports.first().and_then(Value::as_str).expect("the session's summary was written");
    assert!(
        file.starts_with(&*home.project.to_string_lossy()) && file.contains("SESSION-SUMMARY-"),
        "{file}"
    );

    let text = std::fs::read_to_string(file).expect("the summary");
    for said in [
        "The login is rewritten",
        "Login works on staging",
        "and is deployed on Monday",
        "Sessions live in redb",
        "Renew the certificate",
        "Only words were changed today",
        "Staging still has the old certificate",
        "Ana takes over on Monday",
        "https://example.org/shop/commits",
        "docs/login.md",
        "paused",
    ] {
        assert!(text.contains(said), "the summary does not say {said:?}:\n{text}");
    }

    // The session is over; its summary can still be printed.
    assert_eq!(say(&home, &["session"]).code, 3);
    let printed = say(&home, &["summary"]).ok();
    assert!(printed.out.contains("Login works on staging"), "{printed:?}");
    let json = say(&home, &["summary", "last", "--json"]).ok().json();
    assert_eq!(json["schema_version"], 1);

    // The journal of it is public.
    let events = say(&home, &["events", "last", "--json"]).ok();
    let names: Vec<String> =
        events.lines().iter().map(|e| e["event"].as_str().expect("a name").to_owned()).collect();
    for name in ["run.started", "run.paused", "run.resumed", "run.note", "step.skipped", "run.back"] {
        assert!(names.iter().any(|n| n == name), "no {name} in {names:?}");
    }
    assert_eq!(names.last().map(String::as_str), Some("run.completed"));
}

#[test]
fn a_session_can_be_named_ended_and_written_by_hand() {
    let home = Home::new();
    home.workflow("hello", "  - id: greet\n    title: Greet\n    run: echo hello");
    assert_eq!(say(&home, &["session"]).code, 3, "looking opens no session");
    say(&home, &["run", "hello", "--no-input"]).ok();
    say(&home, &["session", "rename", "payments rollout"]).ok();
    let shown = say(&home, &["session", "--json"]).ok().json();
    assert_eq!(shown["session"]["name"], "payments rollout");
    assert_eq!(shown["runs"][0]["workflow"], "hello");

    let elsewhere = home.project.join("mine.md");
    let target = elsewhere.to_string_lossy().into_owned();
    std::fs::write(&elsewhere, "somebody else's").expect("written");
    let refused = say(&home, &["summary", "-o", &target]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert_eq!(std::fs::read_to_string(&elsewhere).expect("read"), "somebody else's");
    say(&home, &["summary", "-o", &target, "--replace"]).ok();
    assert!(std::fs::read_to_string(&elsewhere).expect("read").contains("payments rollout"));

    let ended: Said = say(&home, &["session", "end", "--export", "--json"]).ok();
    let written = ended.json()["exported"].as_str().expect("a path").to_owned();
    assert!(written.ends_with("SESSION-SUMMARY-payments-rollout.md"), "{written}");
    assert!(std::path::Path::new(&written).exists());
    assert_eq!(say(&home, &["session", "end"]).code, 3);
    let listed = say(&home, &["session", "list", "--json"]).ok().json();
    assert!(listed["sessions"][0]["ended"].is_array(), "{listed}");
}

#[test]
fn a_run_has_the_variables_its_workflow_names_from_whoever_starts_it() {
    let home = Home::new();
    let steps = "  - id: say\n    title: Say it\n    run: 'echo \"$GREETING, $NAME\"'\n    env: { NAME: \"${{ env.GREETING }}\" }\n";
    home.workflow_with("greet", "env: [GREETING]\n", steps);
    // The engine has been started by somebody else, without the variable.
    say(&home, &["runs"]).ok();
    let mut command = home.command();
    let output =
        command.env("GREETING", "good day").args(["run", "greet", "--no-input"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("good day, good day"), "{said}");
    // Without it, the expression fails the step and says so.
    let missing = say(&home, &["run", "greet", "--no-input"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    assert!(missing.out.contains("GREETING"), "{missing:?}");
}
