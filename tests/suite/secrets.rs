//! Secrets through the whole program: into one step's environment, and nowhere else.

use std::path::Path;

use mwtui::base::{Secret, StepId};
use mwtui::protocol::ClientKind;
use mwtui::run::{FailureKind, RunStatus, StepState, Verb};
use serde_json::json;

use crate::support::cli::{say, say_with};
use crate::support::terminal::Terminal;
use crate::support::{Home, ended, kill, run_is, until};

const VALUE: &str = "hunter2-correct-horse";
/// base64 of `user:hunter2-correct-horse`, without what depends on its neighbours.
const ENCODED: &str = "aHVudGVyMi1jb3JyZWN0LWhvcnNl";

/// Prints a secret in every way that one does by accident, and once in two pieces.
const LOUD: &str = r#"  - id: use
    title: Use it
    summary: commands
    run: |
      echo "the token is $TOKEN"; echo "$TOKEN" >&2
      printf %s "${TOKEN%-correct*}"; sleep 0.05; printf '%s\n' "${TOKEN#hunter2}"
      printf 'Authorization: Basic '; printf 'abc%s' "$TOKEN" | base64 -w0; echo
      echo "TOKEN_KEY: $TOKEN"; printf %s "$TOKEN" > used
      exit "$(cat code)"
    env: { TOKEN: "${{ inputs.token }}" }"#;

/// Every file under a folder that holds this text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_a_step_prints_is_nowhere_in_the_home() {
    let home = Home::with_environment(&[("MWTUI_LOG", "trace")]);
    home.workflow_with("loud", "inputs: { token: { type: secret } }", LOUD);
    std::fs::write(home.project.join("code"), "3").expect("write");
    let client = home.client().await;
    let reference = client.keep_secret(Secret::new(VALUE)).await.expect("kept");
    let inputs = [("token", json!({ "secret": reference }))];
    let started = client.start(home.start_with("loud", &inputs)).await.expect("started");
    // It fails first: a failure quotes the output's last line.
    run_is(&client, &started.run, RunStatus::Waiting).await;
    std::fs::write(home.project.join("code"), "0").expect("write");
    client.act(started.run.clone(), Verb::Retry { step: None, edit: None }).await.expect("again");
    let run = ended(&client, &started).await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!(std::fs::read_to_string(home.project.join("used")).expect("used"), VALUE, "the step had it");

    let logs = say(&home, &["logs", "last"]).ok().out;
    assert_eq!(logs.matches("••••").count(), 10, "both tries: {logs}");
    assert!(logs.contains("the token is ••••") && logs.contains("TOKEN_KEY: ••••"), "{logs}");
    let mut told = logs;
    for words in [
        &["status", "last"][..],
        &["status", "last", "--json"],
        &["events", "last", "--json"],
        &["runs", "--json"],
        &["summary", "-o", "summary.md"],
        &["summary"],
    ] {
        told.push_str(&say(&home, words).ok().out);
    }
    for secret in [VALUE, ENCODED, "correct-horse"] {
        assert!(!told.contains(secret), "{told}");
        assert_eq!(holding(home.home(), secret), [""; 0]);
    }
    std::fs::remove_file(home.project.join("used")).expect("there");
    assert_eq!(holding(&home.project, VALUE), [""; 0], "the summary is in the project");
    assert!(told.contains(&format!("\"secret\":\"{reference}\"")), "the journal has the reference: {told}");
    assert!(
        holding(home.home(), &reference).iter().any(|file| file.contains(".redb")),
        "so this looks right"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_is_the_starter_s_own_and_one_that_is_missing_is_named() {
    let home = Home::new();
    let step = "  - id: use\n    title: Use it\n    run: printf %s \"$T\" > used\n    env: { T: \"${{ inputs.token }}\" }";
    home.workflow_with("vars", "inputs: { token: { type: secret, from: \"env:DEPLOY_TOKEN\" } }", step);
    // The engine was started without it.
    let client = home.client().await;
    let mut start = home.start("vars");
    start.secrets.insert("DEPLOY_TOKEN".into(), Secret::new(VALUE));
    start.secrets.insert("OTHER".into(), Secret::new("not asked for"));
    let started = client.start(start).await.expect("started");
    assert_eq!(ended(&client, &started).await.status(), RunStatus::Completed);
    assert_eq!(std::fs::read_to_string(home.project.join("used")).expect("used"), VALUE);
    assert_eq!(holding(home.home(), VALUE), [""; 0]);

    let started = client.start(home.start("vars")).await.expect("started");
    let run = run_is(&client, &started.run, RunStatus::Waiting).await;
    let StepState::Failed { failure, .. } = &run.steps[0].state else { panic!("{run:#?}") };
    assert_eq!(failure.kind, FailureKind::Secret);
    assert!(
        failure.message.starts_with("The secret for T cannot be had: the variable DEPLOY_TOKEN is not set"),
        "{}",
        failure.message
    );
    // Given afterwards, it can be tried again.
    say_with(&home, &["secret", "last", "--stdin"], &format!("{VALUE}\n")).ok();
    say(&home, &["retry", "last"]).ok();
    assert_eq!(ended(&client, &started).await.status(), RunStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_asked_for_again_after_a_restart() {
    let home = Home::new();
    let steps = "  - id: ask\n    title: Ask\n    ask: [{ name: pin, type: secret }]\n  - id: look\n    title: Look\n  - id: use\n    title: Use it\n    run: printf %s \"$PIN\" > used\n    env: { PIN: \"${{ answers.pin }}\" }";
    home.workflow("asks", steps);
    let client = home.client().await;
    let started = client.start(home.start("asks")).await.expect("started");
    let reference = client.keep_secret(Secret::new(VALUE)).await.expect("kept");
    let values = json!({ "pin": { "secret": reference } }).as_object().cloned().expect("an object");
    let answer = Verb::Answer { step: Some(StepId::new("ask")), values };
    client.act(started.run.clone(), answer).await.expect("answered");
    home.engines().into_iter().for_each(kill);
    client.lost().await;

    let client = home.client().await;
    client.act(started.run.clone(), Verb::Done { step: None, evidence: Vec::new() }).await.expect("done");
    let run = run_is(&client, &started.run, RunStatus::Waiting).await;
    let StepState::Failed { failure, .. } = &run.steps[2].state else { panic!("{run:#?}") };
    assert!(failure.message.starts_with("The secret for PIN cannot be had: it was typed"), "{failure:?}");
    let no_such = say_with(&home, &["secret", "last", "nothing", "--stdin"], "x\n");
    assert_eq!((no_such.code, no_such.err.contains("no secret nothing")), (3, true), "{no_such:?}");
    say_with(&home, &["secret", "last", "pin", "--stdin"], &format!("{VALUE}\n")).ok();
    say(&home, &["retry", "last"]).ok();
    assert_eq!(ended(&client, &started).await.status(), RunStatus::Completed);
    assert_eq!(std::fs::read_to_string(home.project.join("used")).expect("used"), VALUE);
    assert_eq!(holding(home.home(), VALUE), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_stays_while_it_alone_knows_a_secret() {
    let home = Home::with_environment(&[("MWTUI_ENGINE_IDLE", "50")]);
    home.workflow_with("holds", "inputs: { token: { type: secret } }", "  - title: Look");
    let client = home.client().await;
    let reference = client.keep_secret(Secret::new(VALUE)).await.expect("kept");
    let inputs = [("token", json!({ "secret": reference }))];
    let started = client.start(home.start_with("holds", &inputs)).await.expect("started");
    let pid = client.engine().pid;
    drop(client);
    // Longer than it would stay idle.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let client = home.client().await;
    assert_eq!(client.engine().pid, pid, "the same engine");
    client.act(started.run, Verb::Done { step: None, evidence: Vec::new() }).await.expect("done");
    drop(client);
    until("the engine has ended", async || home.engines().is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_value_and_an_agent_s_are_refused() {
    let home = Home::new();
    home.workflow_with("loud", "inputs: { token: { type: secret } }", LOUD);
    let said = say(&home, &["run", "loud", "--no-input", "--input", &format!("token={VALUE}")]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.err.contains("is a secret and is not given as plain text") && !said.err.contains(VALUE),
        "{said:?}"
    );
    let said = say(&home, &["run", "loud", "--no-input", "--input", "token=command:cat /etc/passwd"]);
    assert!(said.code == 2 && said.err.contains("takes no command"), "{said:?}");

    let client = home.client().await;
    for value in [json!(VALUE), json!("********"), json!({ "secret": VALUE })] {
        let error = client.start(home.start_with("loud", &[("token", value)])).await.expect_err("refused");
        assert!(!format!("{error:?}").contains(VALUE), "{error:?}");
    }
    let agent = home.client_as(ClientKind::Mcp { agent: "robot".into() }).await;
    let error = agent.keep_secret(Secret::new(VALUE)).await.expect_err("refused");
    assert!(error.message.contains("Only a person gives a secret"), "{error:?}");
    home.workflow("asks", "  - id: ask\n    title: Ask\n    ask: [{ name: pin, type: secret }]");
    let started = client.start(home.start("asks")).await.expect("started");
    let values =
        json!({ "pin": { "secret": "file:/etc/hostname" } }).as_object().cloned().expect("an object");
    let answer = Verb::Answer { step: None, values };
    let error = agent.act(started.run, answer).await.expect_err("refused");
    assert!(error.message.contains("Only a person gives a secret"), "{error:?}");
}

#[test]
fn at_the_prompt_a_secret_is_not_shown_as_it_is_typed() {
    let home = Home::new();
    home.workflow_with(
        "loud",
        "inputs: { who: { prompt: Who? }, token: { type: secret, prompt: Which token? } }",
        LOUD,
    );
    std::fs::write(home.project.join("code"), "0").expect("write");
    let mut terminal = Terminal::open(&home, &["run", "loud"], 100, 30);
    terminal.shows("Who?").types("ana\r").shows("Which token?").shows("not shown as you type");
    terminal.types(&format!("{VALUE}\r")).shows("token").shows("•••• typed").shows("start").types("\r");
    terminal.shows("the token is ••••").shows("completed");
    assert_eq!(terminal.exit(), 0);
    assert!(!terminal.all_output().contains(VALUE), "{}", terminal.all_output());
    assert_eq!(std::fs::read_to_string(home.project.join("used")).expect("used"), VALUE);
    assert_eq!(holding(home.home(), VALUE), [""; 0]);
}

#[test]
fn the_terminal_shows_again_what_is_typed_after_ctrl_c() {
    let home = Home::new();
    home.workflow_with("loud", "inputs: { token: { type: secret, prompt: Which token? } }", LOUD);
    let mut terminal = Terminal::open(&home, &["run", "loud"], 100, 30);
    terminal.shows("not shown as you type").types("half\x03");
    assert_eq!(terminal.exit(), 130);
    // The shell around it echoes again.
    terminal.types("visible").shows("visible");
    assert!(!terminal.all_output().contains("half"), "{}", terminal.all_output());
}
