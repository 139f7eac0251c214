//! Moving a run over to its changed file, through the whole program.

use mwtui::base::ErrorKind;
use mwtui::protocol::{ClientKind, MoveOver};
use mwtui::run::{EventBody, RunStatus, StepState, Verb};
use serde_json::Map;

use crate::support::cli::say;
use crate::support::{Home, ended, kill};

const FIRST: &str = "  - id: build\n    title: Build\n    run: echo built\n  - id: look\n    title: Look\n    actions: [See it]\n";

fn longer() -> String {
    format!("{FIRST}  - id: ship\n    title: Ship\n    run: echo shipped > shipped\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_in_the_new_version_and_survives_a_crash_in_it() {
    let home = Home::new();
    home.workflow("two", FIRST);
    let client = home.client().await;
    let run = client.start(home.start("two")).await.expect("started").run;
    crate::support::until("it waits", async || {
        let run = client.run(run.clone()).await.expect("the run");
        (run.status() == RunStatus::Waiting).then_some(())
    })
    .await;
    home.workflow("two", &longer());
    let seen = client.difference(run.clone(), Map::new()).await.expect("the difference");
    assert_eq!(seen.changes.as_ref().map(|c| c.added.clone()), Ok(vec!["ship".into()]));
    assert!(seen.after.contains("shipped") && !seen.before.contains("shipped"));
    let request = MoveOver {
        run: run.clone(),
        digest: seen.to.digest.clone(),
        inputs: Map::new(),
        env: indexmap::IndexMap::new(),
        secrets: indexmap::IndexMap::new(),
    };
    let agent = home.client_as(ClientKind::Mcp { agent: "claude".to_owned() }).await;
    assert_eq!(agent.move_over(request.clone()).await.expect_err("an agent").kind, ErrorKind::Refused);
    let stale = MoveOver { digest: seen.from.digest.clone(), ..request.clone() };
    assert!(client.move_over(stale).await.expect_err("not what was seen").message.contains("has changed"));
    let row = client.move_over(request.clone()).await.expect("moved");
    assert!(row.moved_over && row.steps == 3, "{row:?}");
    assert!(client.move_over(request).await.is_err(), "it has that version");
    // The journal names it by its digest alone; another engine finds it in the store.
    kill(client.engine().pid);
    let client = home.client().await;
    let again = client.run(run.clone()).await.expect("it folds");
    assert_eq!(again.header.workflow.digest, seen.to.digest);
    assert!(matches!(again.steps[0].state, StepState::Done { .. }), "what was done stays");
    let done = Verb::Done { step: None, evidence: Vec::new() };
    let row = client.act(run.clone(), done).await.expect("looked");
    assert_eq!(ended(&client, &row).await.status(), RunStatus::Completed);
    assert!(home.project.join("shipped").exists());
    let events = client.events(run, 0).await.expect("events");
    let moved =
        events.iter().find(|event| matches!(event.body, EventBody::MovedOver(_))).expect("it is told");
    assert!(moved.actor.is_person());
}

#[test]
fn the_command_line_shows_the_difference_and_moves_over() {
    let home = Home::new();
    home.workflow("two", FIRST);
    assert_eq!(say(&home, &["run", "two", "--no-input"]).code, 7);
    let same = say(&home, &["move-over", "last", "--preview"]);
    assert_eq!(same.code, 4);
    assert!(same.err.contains("has not changed"), "{same:?}");
    home.workflow("two", &FIRST.replace("echo built", "echo other"));
    let refused = say(&home, &["move-over", "last"]);
    assert_eq!(refused.code, 4);
    assert!(refused.out.contains("- ") && refused.out.contains("echo other"), "{refused:?}");
    assert!(refused.err.contains("“build” is done, and what it does is otherwise"), "{refused:?}");
    home.workflow_with("two", "inputs:\n  who: { type: string, prompt: Who? }", &longer());
    let asks = say(&home, &["move-over", "last", "--preview", "--json"]);
    assert_eq!(asks.code, 4);
    assert!(asks.json()["refused"]["message"].as_str().is_some_and(|m| m.contains("who")), "{asks:?}");
    let preview = say(&home, &["move-over", "last", "--preview", "--input", "who=ana"]).ok();
    assert!(preview.out.contains("new  ship") && preview.out.contains("version 1 ("), "{preview:?}");
    assert_eq!(say(&home, &["status", "last", "--json"]).ok().json()["run"]["steps"], 2, "only a preview");
    say(&home, &["move-over", "last", "--input", "who=ana"]).ok();
    let status = say(&home, &["status", "last"]).ok();
    assert!(status.out.contains("moved over from version 1") && status.out.contains("Ship"), "{status:?}");
    let told = say(&home, &["events", "last", "--text"]).ok();
    assert!(told.out.contains("moved over from version 1"), "{told:?}");
    say(&home, &["done", "last"]).ok();
}

#[test]
fn an_untrusted_file_is_shown_and_not_moved_over_to() {
    let home = Home::new();
    let folder = home.project.join(".mwtui/workflows");
    std::fs::create_dir_all(&folder).expect("the project's folder");
    let file = folder.join("two.yaml");
    let place = |steps: &str| {
        home.workflow("two", steps);
        std::fs::rename(home.paths.workflows().join("two.yaml"), &file).expect("moved");
    };
    place(FIRST);
    say(&home, &["trust", file.to_str().expect("text")]).ok();
    assert_eq!(say(&home, &["run", "two", "--no-input"]).code, 7);
    place(&longer());
    let refused = say(&home, &["move-over", "last"]);
    assert_eq!(refused.code, 4);
    assert!(refused.out.contains("echo shipped") && refused.err.contains("mwtui trust"), "{refused:?}");
    say(&home, &["trust", file.to_str().expect("text")]).ok();
    say(&home, &["move-over", "last"]).ok();
}
