//! Sessions through the engine: opening by themselves, summaries, ending.

use mwtui::base::ErrorKind;
use mwtui::report;
use mwtui::run::RunStatus;

use crate::support::{Home, ended, until};

const NOTED: &str = "  - id: test
    title: Test
    run: echo all 7 tests passed
    summary: testing";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_opens_one_and_later_runs_join_it() {
    let home = Home::new();
    home.workflow("noted", NOTED);
    let client = home.client().await;
    let one = client.start(home.start("noted")).await.expect("started");
    let two = client.start(home.start("noted")).await.expect("started");
    assert_eq!(one.session, two.session);
    for run in [&one, &two] {
        assert_eq!(ended(&client, run).await.status(), RunStatus::Completed);
    }
    let folder = home.project.to_string_lossy().into_owned();
    let session = client.find_session("current", folder.clone()).await.expect("open");
    assert_eq!((&session.id, session.name.as_str()), (&one.session, "project"));
    let session = client.note_session(session.id, "looked at it").await.expect("noted");
    assert_eq!(session.notes.len(), 1);
    let record = client.session_record(session.id.clone()).await.expect("a record");
    assert!(record.runs.iter().map(mwtui::run::Run::id).eq([&one.run, &two.run]));
    assert_eq!(record.outputs.len(), 2);
    assert!(record.outputs[0].tail.contains("all 7 tests passed"));

    client.end_session(session.id.clone()).await.expect("ended");
    let again = client.end_session(session.id.clone()).await.expect_err("once is enough");
    assert_eq!(again.kind, ErrorKind::Refused);
    assert_eq!(
        client.find_session("current", folder.clone()).await.expect_err("none").kind,
        ErrorKind::NotFound
    );
    let next = client.open_session(folder.clone()).await.expect("a new one");
    assert_eq!(next.name, "project-2");
    assert_eq!(client.open_session(folder.clone()).await.expect("the same").id, next.id);
    let renamed = client.rename_session(next.id.clone(), "checkout").await.expect("renamed");
    assert_eq!(renamed.name, "checkout");
    assert!(client.rename_session(next.id.clone(), "project").await.is_err(), "that name is taken");
    assert_eq!(client.find_session("checkout", folder).await.expect("by name").id, next.id);
    assert_eq!(client.sessions().await.expect("list").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_never_replaces_another_persons_file() {
    let home = Home::new();
    let client = home.client().await;
    let session = client.open_session(home.project.to_string_lossy()).await.expect("open");
    std::fs::write(home.project.join("NOTES.md"), "mine").expect("a file that is there");
    let export =
        |text: &'static str, replace| client.export_summary(session.id.clone(), "NOTES.md", text, replace);
    assert_eq!(export("summary", false).await.expect_err("not ours").kind, ErrorKind::Refused);
    assert_eq!(std::fs::read_to_string(home.project.join("NOTES.md")).expect("there"), "mine");
    export("summary", true).await.expect("told to");
    export("newer", false).await.expect("our own, unchanged");
    assert_eq!(std::fs::read_to_string(home.project.join("NOTES.md")).expect("there"), "newer");
    let now = client.find_session("last", "/").await.expect("found");
    assert_eq!(now.exports.len(), 1, "one entry a path");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_can_end_its_session_with_a_summary() {
    let home = Home::new();
    home.workflow_with("finish", "ends_session: true", NOTED);
    let client = home.client().await;
    let taken = home.project.join(report::file_name("project"));
    std::fs::write(&taken, "of somebody else").expect("written");
    let started = client.start(home.start("finish")).await.expect("started");
    assert_eq!(ended(&client, &started).await.status(), RunStatus::Completed);
    let session = until("the session has ended", async || {
        let all = client.sessions().await.expect("list");
        all.into_iter().find(|s| s.id == started.session && s.ended.is_some())
    })
    .await;
    let written = home.project.join(report::file_name("project-2"));
    assert_eq!(session.exports.len(), 1);
    assert_eq!(session.exports[0].path, written.to_string_lossy());
    assert!(std::fs::read_to_string(&written).expect("the summary").contains("all 7 tests passed"));
    assert_eq!(std::fs::read_to_string(&taken).expect("kept"), "of somebody else");
}
