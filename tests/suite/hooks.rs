//! Hooks through the whole program: told after the fact, with the right line, and whatever they do, the
//! runs go on.

use std::path::Path;

use mwtui::client::Client;
use mwtui::protocol::HooksStatus;
use mwtui::run::{RunStatus, Verb};
use serde_json::Value;

use crate::support::cli::say;
use crate::support::{Home, ended, is_alive, pid_in, run_is, until};

/// A home with these hooks, and a workflow that ends well, one that fails, one that asks for approval.
fn home(hooks: &str) -> Home {
    let home = Home::new();
    configure(&home, hooks);
    home.workflow("good", "  - { id: work, title: Work, run: 'true' }");
    home.workflow("bad", "  - { id: work, title: Work, run: exit 3 }");
    home.workflow(
        "gate",
        "  - { id: ask, title: Ask, approve: May I? }\n  - { id: work, title: Work, run: 'true' }",
    );
    home
}

fn configure(home: &Home, text: &str) {
    std::fs::write(home.paths.config_file(), text).expect("the settings");
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn status(client: &Client, what: &str, holds: impl Fn(&HooksStatus) -> bool) -> HooksStatus {
    until(what, async || {
        let status = client.engine_status().await.expect("a status").hooks;
        holds(&status).then_some(status)
    })
    .await
}

fn log(home: &Home) -> String {
    let files = std::fs::read_dir(home.paths.logs()).expect("logs").flatten();
    files.filter_map(|e| std::fs::read_to_string(e.path()).ok()).collect()
}

#[tokio::test]
async fn a_hook_is_given_the_line_that_mwtui_events_prints() {
    let home = home(
        "[[hooks]]\non = \"run.completed\"\ncommand = [\"sh\", \"-c\", 'cat >> done; echo \"$MWTUI_EVENT $MWTUI_EVENT_RUN $MWTUI_EVENT_WORKFLOW $MWTUI_EVENT_STEP $MWTUI_RUN.\" >> names']\n",
    );
    let client = home.client().await;
    let run = client.start(home.start("good")).await.expect("started");
    ended(&client, &run).await;
    status(&client, "it was called", |s| s.called == 1 && s.configured == 1 && s.failed == 0).await;
    let given = lines(&home.paths.config.join("done"));
    let printed = say(&home, &["events", run.run.as_str(), "-f"]).ok().lines();
    assert_eq!(given.len(), 1, "it runs in the configuration folder: {given:?}");
    assert_eq!(Some(&given[0]), printed.last());
    assert_eq!(
        printed.iter().map(|l| l["event"].as_str().expect("a name")).collect::<Vec<_>>(),
        ["run.started", "step.started", "step.completed", "run.completed"]
    );
    assert!(
        printed
            .iter()
            .all(|l| l["run"] == run.run.as_str() && l["workflow"] == "good" && l["schema_version"] == 1)
    );
    assert_eq!(
        (&printed[1]["step"], &printed[1]["attempt"], &printed[1]["seq"]),
        (&"work".into(), &1.into(), &2.into())
    );
    let names = std::fs::read_to_string(home.paths.config.join("names")).expect("names");
    assert_eq!(names, format!("run.completed {} good  .\n", run.run));
}

#[tokio::test]
async fn approvals_and_failures_call_for_a_person_once_and_a_changed_file_counts_at_once() {
    let home = home("");
    let client = home.client().await;
    configure(
        &home,
        "[[hooks]]\non = [\"approval.needed\", \"person.needed\", \"step.failed\"]\ncommand = [\"sh\", \"-c\", 'cat >> told']\n",
    );
    let run = client.start(home.start("gate")).await.expect("started");
    run_is(&client, &run.run, RunStatus::Waiting).await;
    status(&client, "both were told", |s| s.called == 2).await;
    client.act(run.run.clone(), Verb::Note { step: None, text: "still".to_owned() }).await.expect("noted");
    let failed = client.start(home.start("bad")).await.expect("started");
    run_is(&client, &failed.run, RunStatus::Waiting).await;
    status(&client, "the failure was told too", |s| s.called == 4).await;
    let mut told: Vec<(String, String, String)> = lines(&home.paths.config.join("told"))
        .iter()
        .map(|l| {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            (text(&l["event"]), text(&l["workflow"]), text(&l["data"]["kind"]))
        })
        .collect();
    told.sort();
    let expected = [
        ("approval.needed", "gate", ""),
        ("person.needed", "bad", "failed"),
        ("person.needed", "gate", "approve"),
        ("step.failed", "bad", ""),
    ];
    let expected: Vec<_> = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).into();
    assert_eq!(told, expected, "the note made nobody needed anew");
    configure(&home, "hooks = 1\n");
    client.act(run.run.clone(), Verb::Note { step: None, text: "more".to_owned() }).await.expect("noted");
    let error = client.start(home.start("good")).await.expect_err("the settings do not read");
    assert!(error.message.ends_with("config.toml:1:9: `hooks` is a list of tables"), "{error:?}");
    client.act(run.run.clone(), Verb::Cancel { reason: None }).await.expect("cancelling goes on");
}

#[tokio::test]
async fn a_hook_that_fails_or_hangs_is_shown_and_harmless() {
    let home = home(
        "[[hooks]]\non = \"run.started\"\ncommand = [\"sh\", \"-c\", 'echo no luck >&2; exit 7']\n\
         [[hooks]]\non = \"run.started\"\ncommand = [\"no-such-program-here\"]\n\
         [[hooks]]\non = \"step.started\"\ncommand = [\"sh\", \"-c\", \"trap '' TERM; sleep 600 & echo $! > pid; wait\"]\nwithin = \"400ms\"\n",
    );
    let client = home.client().await;
    let run = client.start(home.start("good")).await.expect("started");
    let run = ended(&client, &run).await;
    assert_eq!(run.status(), RunStatus::Completed);
    let child = pid_in(&home.paths.config.join("pid")).await;
    let status = status(&client, "all have failed", |s| s.failed == 3).await;
    assert!(!is_alive(child), "its whole group has ended");
    let why = |event: &str| {
        status.last.iter().filter(|f| f.event == event).map(|f| f.why.as_str()).collect::<Vec<_>>()
    };
    let mut started = why("run.started");
    started.sort_unstable();
    assert!(
        started[0].contains("exit 7; no luck") && started[1].starts_with("it cannot be run"),
        "{started:?}"
    );
    assert_eq!(why("step.started"), ["it did not end within 400 ms"]);
    let log = log(&home);
    let told = log.lines().filter(|l| l.contains("\"component\":\"hook\"") && l.contains("a hook failed"));
    assert_eq!(told.count(), 3, "{log}");
    let doctor = say(&home, &["doctor"]);
    assert_eq!(doctor.code, 1);
    assert!(
        doctor.out.contains("exit 7; no luck")
            && doctor.out.contains("hook no-such-program-here: not found in PATH"),
        "{doctor:?}"
    );
    assert!(
        doctor.out.contains("hooks: 3 configured; 3 called since the engine started, 3 failed"),
        "{doctor:?}"
    );
}

#[tokio::test]
async fn a_flood_is_bounded_counted_and_holds_up_nobody() {
    let home = home(
        "[limits]\nhooks = 2\n[[hooks]]\non = \"run.note\"\ncommand = [\"sh\", \"-c\", \"echo $$ >> begun; while ! [ -e go ]; do sleep 0.01; done\"]\nwithin = \"60s\"\n",
    );
    let client = home.client().await;
    let run = client.start(home.start("gate")).await.expect("started").run;
    for n in 0..300 {
        client.act(run.clone(), Verb::Note { step: None, text: n.to_string() }).await.expect("noted");
    }
    // Two run, 256 wait.
    let held = status(&client, "the rest is counted", |s| s.missed == 300 - 258).await;
    assert_eq!((held.called, held.waiting), (0, 258));
    let begun = std::fs::read_to_string(home.paths.config.join("begun")).expect("begun");
    assert_eq!(begun.lines().count(), 2, "never more at once");
    client.act(run.clone(), Verb::Cancel { reason: None }).await.expect("nobody waits for hooks");
    std::fs::write(home.paths.config.join("go"), "").expect("go");
    status(&client, "the rest was called", |s| s.called == 258 && s.waiting == 0).await;
    until("the log tells how many", async || log(&home).contains("\"missed\":42").then_some(())).await;
}

#[test]
fn hooks_of_the_last_events_are_called_though_the_engine_ends() {
    let home = home(
        "[engine]\nidle = \"1ms\"\n[[hooks]]\non = \"run.*\"\ncommand = [\"sh\", \"-c\", 'sleep 0.2; cat >> told']\n",
    );
    say(&home, &["run", "good", "--no-input"]).ok();
    say(&home, &["engine", "stop"]);
    let told = lines(&home.paths.config.join("told"));
    let mut names: Vec<&str> = told.iter().filter_map(|l| l["event"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["run.completed", "run.started"]);
}
