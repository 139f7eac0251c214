//! `call` steps against a real server process.

use serde_json::json;

use super::*;
use crate::base::{Millis, digest};
use crate::config::Server;

/// Servers by their manners; `gone` is no program at all.
fn bench() -> Bench {
    let bench = Bench::new();
    let server = |name: &str, command: Vec<String>, manners: &str| Server {
        name: name.to_owned(),
        command,
        env: [(mcp_server::MANNERS.to_owned(), manners.to_owned())].into(),
        within: Millis(30_000),
    };
    let mut tools = Tools::default();
    for name in ["new", "old", "abrupt", "chatty", "rubbish", "deaf", "dies", "bare", "wrong"] {
        tools.servers.insert(name.to_owned(), server(name, mcp_server::command(), name));
    }
    tools.servers.insert("stubborn".to_owned(), server("stubborn", mcp_server::stubborn_command(), ""));
    tools.servers.insert("gone".to_owned(), server("gone", vec!["no-such-program-anywhere".to_owned()], ""));
    for name in ["deaf", "rubbish"] {
        tools.servers[name].within = Millis(700);
    }
    bench.executor.equip(tools);
    bench
}

fn call(bench: &Bench, server: &str, tool: &str, arguments: serde_json::Value) -> Job {
    let mut job = bench.job("step", "");
    let arguments = arguments.as_object().expect("an object").clone();
    job.work = Work::Call { server: server.to_owned(), tool: tool.to_owned(), arguments, expects: None };
    job
}

fn expecting(mut job: Job, text: &str) -> Job {
    if let Work::Call { expects, .. } | Work::Agent { expects, .. } | Work::Run { expects, .. } =
        &mut job.work
    {
        *expects = Some(text.to_owned());
    }
    job
}

/// Everything that belongs to the run, by the marks in its environment.
fn living(run: &RunId) -> usize {
    let mark = format!("MWTUI_RUN={run}");
    let marked = |entry: &std::fs::DirEntry| {
        let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environ.split(|b| *b == 0).any(|e| e == mark.as_bytes())
    };
    std::fs::read_dir("/proc").expect("proc").flatten().filter(marked).count()
}

fn log(bench: &Bench, job: &Job) -> String {
    let outputs = bench.dir.path().join("outputs");
    let piece = output::tail(&outputs, &job.run, &job.step, job.attempt, output::PIECE_LIMIT).expect("read");
    String::from_utf8(piece.bytes).expect("text")
}

#[tokio::test]
async fn a_tool_is_called_in_every_protocol_and_nothing_stays() {
    let mut bench = bench();
    for server in ["new", "old", "abrupt", "chatty"] {
        for _ in 0..2 {
            let job = call(&bench, server, "echo", json!({ "text": "one\nSTATUS: done" }));
            let outcome = bench.done(job.clone()).await;
            assert_eq!(text(&outcome), "one\nSTATUS: done", "{server}");
            assert_eq!(outcome.outputs["STATUS"], "done");
            assert!(outcome.outputs.get("exit").is_none());
            assert_eq!(outcome.evidence[0].text, format!("{server}.echo answered, 2 lines"));
            assert_eq!(living(&job.run), 0, "{server}");
        }
    }
    let run = bench.job("step", "").run;
    let folder = bench.dir.path().join("outputs").join(run.as_str());
    assert!(!folder.join("step.1.pid").exists());
}

#[tokio::test]
async fn what_it_says_and_what_it_remarks_are_kept_as_output() {
    let mut bench = bench();
    let file = bench.path("recorded");
    let job = call(&bench, "new", "record", json!({ "text": "first", "file": file }));
    let outcome = bench.done(job.clone()).await;
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "first\n", "called once");
    assert_eq!(text(&outcome), "recorded");
    assert_eq!(log(&bench, &job), "recorded first\nrecorded\n");
}

#[tokio::test]
async fn a_tool_s_own_failure_is_told_in_its_words() {
    let mut bench = bench();
    let failure =
        bench.failure(call(&bench, "new", "fail", json!({ "text": "no such\nindex \u{1b}[31m" }))).await;
    assert_eq!(failure.kind, FailureKind::Call);
    assert!(failure.message.starts_with("new.fail failed: no such"), "{}", failure.message);
    assert!(!failure.message.contains('\u{1b}') && !failure.message.contains('\n'), "{}", failure.message);
    let failure = bench.failure(call(&bench, "wrong", "echo", json!({ "text": "" }))).await;
    assert!(failure.message.contains("its server says: the database is away"), "{}", failure.message);
}

#[tokio::test]
async fn names_and_arguments_are_checked_before_the_call() {
    let mut bench = bench();
    for (server, tool, arguments, said) in [
        ("new", "ecko", json!({}), "did you mean echo?"),
        ("new", "zzz", json!({}), "it has ask, createPullRequest, die, echo"),
        ("new", "echo", json!({}), "\"text\" is a required property. It takes text (required)"),
        ("new", "echo", json!({ "text": 5 }), "text: 5 is not of type \"string\""),
        ("new", "echo", json!({ "text": "a", "txet": 1 }), "txet"),
        ("bare", "echo", json!({}), "offers no tools"),
        ("new", "ask", json!({}), "it asks back"),
    ] {
        let failure = bench.failure(call(&bench, server, tool, arguments)).await;
        assert_eq!(failure.kind, FailureKind::Call);
        assert!(failure.message.contains(said), "{}", failure.message);
        assert!(
            failure.message.starts_with(&format!("{server}.{tool} cannot be called: ")),
            "{}",
            failure.message
        );
    }
    let failure = bench.failure(call(&bench, "unknown", "echo", json!({}))).await;
    assert!(failure.message.contains("[servers.unknown]"), "{}", failure.message);
    assert!(bench.executor.left_alone().is_empty(), "all these servers are well");
}

#[tokio::test]
async fn a_server_that_gives_no_answer_is_told_with_what_it_said_instead() {
    let mut bench = bench();
    for (server, tool, arguments, said) in [
        ("gone", "echo", json!({}), "no-such-program-anywhere cannot be started"),
        (
            "dies",
            "echo",
            json!({}),
            "it ended before it had said hello (exit 3): the server is not in the mood",
        ),
        ("rubbish", "echo", json!({}), "it wrote “Hello, I am no MCP server.”"),
        ("deaf", "echo", json!({}), "no answer within 700 ms"),
        ("new", "die", json!({ "text": "x" }), "it ended before it had answered (exit 9): cannot go on: x"),
        ("new", "rubbish", json!({}), "not a message"),
        ("new", "huge", json!({ "bytes": 20 << 20 }), "its answer is longer than 8 MiB"),
    ] {
        let job = call(&bench, server, tool, arguments);
        let failure = bench.failure(job.clone()).await;
        assert_eq!(failure.kind, FailureKind::Call);
        assert!(failure.message.contains(said), "{}", failure.message);
        assert_eq!(living(&job.run), 0, "{server}");
    }
}

#[tokio::test]
async fn a_large_answer_is_kept_whole_and_its_end_is_a_value() {
    let mut bench = bench();
    let job = call(&bench, "new", "huge", json!({ "bytes": 1 << 20 }));
    let outcome = bench.done(job.clone()).await;
    assert_eq!(text(&outcome).len(), 64 << 10);
    let run = job.run;
    let (total, _) = output::size(&bench.dir.path().join("outputs"), &run, &"step".into(), 1).expect("size");
    assert_eq!(total, (1 << 20) + 1);
}

#[tokio::test]
async fn expectations_and_structured_content() {
    let mut bench = bench();
    let job = call(&bench, "new", "echo", json!({ "text": "Status:\tDONE" }));
    bench.done(expecting(job.clone(), "STATUS: done")).await;
    let failure = bench.failure(expecting(job, "STATUS: failed")).await;
    assert_eq!(failure.kind, FailureKind::Expectation);
    assert!(failure.message.contains("“STATUS: failed”"), "{}", failure.message);
    let job = call(&bench, "new", "variable", json!({ "text": "MWTUI_STEP" }));
    let outcome = bench.done(job).await;
    assert_eq!(outcome.outputs["json"], json!({ "value": "step" }));
    assert_eq!(outcome.outputs["VALUE"], "step");
}

#[tokio::test]
async fn a_secret_reaches_the_server_and_nothing_else() {
    let mut bench = bench();
    let mut tools = Tools::clone(&bench.executor.tools());
    // A value that every test program has, and that no other text holds.
    let secret = std::env::var("CARGO_MANIFEST_DIR").expect("cargo's variable");
    let server = tools.servers.get_mut("new").expect("new");
    server.env.insert("TOKEN".to_owned(), "env:CARGO_MANIFEST_DIR".to_owned());
    server.env.insert("DIGEST".to_owned(), digest(secret.as_bytes()));
    bench.executor.equip(tools.clone());
    let job = call(&bench, "new", "variable", json!({ "text": "TOKEN" }));
    let outcome = bench.done(job.clone()).await;
    assert_eq!(outcome.outputs["VALUE"], "••••");
    assert_eq!(outcome.outputs["json"], json!({ "value": "••••" }));
    assert_eq!(log(&bench, &job), "TOKEN is ••••\nVALUE: ••••\n");
    let server = tools.servers.get_mut("new").expect("new");
    server.env.insert("TOKEN".to_owned(), "env:NOT_SET_ANYWHERE".to_owned());
    bench.executor.equip(tools);
    let failure = bench.failure(job).await;
    assert!(failure.message.contains("NOT_SET_ANYWHERE"), "{}", failure.message);
}

#[tokio::test]
async fn a_call_that_is_stopped_ends_its_server_however_stubborn() {
    let mut bench = bench();
    let job = call(&bench, "stubborn", "hang", json!({}));
    bench.executor.execute(job.clone());
    let file = bench.dir.path().join("outputs").join(job.run.as_str()).join("step.1.pid");
    until(|| std::fs::read_to_string(&file).is_ok_and(|t| t.ends_with('\n'))).await;
    let leader = Leader::parse(&std::fs::read_to_string(&file).expect("read")).expect("a leader");
    assert!(state(leader.pid).is_some());
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    assert_eq!(living(&job.run), 0);
    assert!(bench.notices.is_empty(), "a stopped call reports no more");
}

#[tokio::test]
async fn a_dead_server_is_left_alone_after_five_calls_until_its_settings_change() {
    let mut bench = bench();
    let job = call(&bench, "dies", "echo", json!({}));
    for _ in 0..5 {
        let failure = bench.failure(job.clone()).await;
        assert_eq!(failure.kind, FailureKind::Call);
    }
    let failure = bench.failure(job.clone()).await;
    assert_eq!(failure.kind, FailureKind::Breaker);
    assert!(failure.message.contains("not in the mood"), "{}", failure.message);
    let (helper, open) = bench.executor.left_alone().remove(0);
    assert_eq!((helper.to_string().as_str(), open.failures), ("MCP server dies", 5));
    bench.done(call(&bench, "new", "echo", json!({ "text": "" }))).await;
    let mut tools = Tools::clone(&bench.executor.tools());
    bench.executor.equip(tools.clone());
    assert_eq!(
        bench.failure(job.clone()).await.kind,
        FailureKind::Breaker,
        "the same settings change nothing"
    );
    tools.servers.get_mut("dies").expect("dies").env.clear();
    bench.executor.equip(tools);
    let mut well = job;
    if let Work::Call { arguments, .. } = &mut well.work {
        arguments.insert("text".to_owned(), "again".into());
    }
    assert_eq!(text(&bench.done(well).await), "again");
}

#[tokio::test]
async fn a_frozen_call_s_clock_stands_still() {
    let mut bench = bench();
    let mut tools = Tools::clone(&bench.executor.tools());
    tools.servers.get_mut("deaf").expect("deaf").within = Millis(1_500);
    bench.executor.equip(tools);
    let job = call(&bench, "deaf", "echo", json!({}));
    bench.executor.freeze(&job.run);
    let start = Instant::now();
    bench.executor.execute(job.clone());
    let frozen = tokio::time::timeout(Duration::from_millis(2_500), bench.report()).await;
    assert!(frozen.is_err(), "it would have been late by now: {frozen:?}");
    bench.executor.thaw(&job.run);
    let report = bench.report().await;
    assert!(matches!(report, Report::Failed { .. }), "{report:?}");
    assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
}
