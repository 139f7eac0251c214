//! Runs through the engine: what clients see, what survives, what is left behind.

use futures_util::{SinkExt as _, StreamExt as _};
use mwtui::base::{ErrorKind, StepId};
use mwtui::client::stop_engine;
use mwtui::protocol::{
    ClientKind, ClientMessage, Hello, PROTOCOL, Request, ServerMessage, StoreTrouble, Update, frame,
};
use mwtui::run::{EventBody, NeedKind, RunFilter, RunStatus, StepState, Verb};
use serde_json::json;
use tokio::net::UnixStream;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use crate::support::cli::say;
use crate::support::{Home, ended, is_alive, kill, output, pid_in, run_is, until};

const HELLO: &str = "  - id: hello
    title: Say hello
    run: |
      echo \"hello $WHO\"; pwd; umask
    env: { WHO: \"${{ inputs.who }}\" }";
const WHO: &str = "inputs:\n  who: { type: string, prompt: Who? }";
/// Writes its own process id and its child's, then waits for a long time.
const LONG: &str = "  - id: long
    title: Take long
    run: |
      sleep 300 & echo $! > child.pid; echo $$ > own.pid; echo begun; wait";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_to_its_end() {
    let home = Home::new();
    home.workflow_with("greet", WHO, HELLO);
    let client = home.client().await;
    let started =
        client.start(home.start_with("greet", &[("who", json!("a; echo b"))])).await.expect("started");
    let run = ended(&client, &started).await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(run.started_by.is_person() && run.started_by.to_string().contains('@'));
    let said = output(&client, &started.run, "hello").await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "hello a; echo b", "an input is never a command");
    assert_eq!(lines[1], home.project.to_str().expect("text"));
    let own = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    rustix::process::umask(own);
    assert_eq!(u32::from_str_radix(lines[2], 8), Ok(own.bits()), "a script's files are the person's own");
    let events = client.events(started.run.clone(), 0).await.expect("events");
    assert!(events.iter().map(|e| e.seq).eq(1..=events.len() as u64), "without gaps");
    assert_eq!(client.events(started.run.clone(), 2).await.expect("events").len(), events.len() - 2);
    assert_eq!(client.find_run("last").await.expect("found"), started.run);
    assert_eq!(client.find_run(&started.run.as_str()[..6]).await.expect("found"), started.run);
    assert_eq!(client.find_run("zz").await.expect_err("no id").kind, ErrorKind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_before_anything_happens() {
    let home = Home::new();
    home.workflow_with("greet", WHO, HELLO);
    home.workflow_with("old", "", HELLO.replace("${{ inputs.who }}", "x").as_str());
    let client = home.client().await;
    let mut unknown = home.start("greet");
    unknown.workflow = "nothing".into();
    assert_eq!(client.start(unknown).await.expect_err("unknown").kind, ErrorKind::NotFound);
    let missing = client.start(home.start("greet")).await.expect_err("who is asked for");
    assert!(missing.causes.iter().any(|c| c.contains("who")), "{missing:?}");
    let strange = home.start_with("greet", &[("who", json!("x")), ("whom", json!("y"))]);
    assert_eq!(client.start(strange).await.expect_err("no such input").kind, ErrorKind::Usage);
    let seen = home.start_with("old", &[]);
    home.workflow_with("old", "tags: [changed]", HELLO.replace("${{ inputs.who }}", "y").as_str());
    let changed = client.start(seen).await.expect_err("not what was seen");
    assert!(changed.kind == ErrorKind::Refused && changed.message.contains("changed"), "{changed:?}");
    let mut nowhere = home.start_with("greet", &[("who", json!("x"))]);
    nowhere.folder = home.project.join("missing").to_string_lossy().into_owned();
    assert!(client.start(nowhere).await.is_err());
    assert!(client.runs(RunFilter::default()).await.expect("list").is_empty());
    assert!(client.sessions().await.expect("list").is_empty(), "not even a session is opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projects_workflow_runs_only_once_it_is_trusted() {
    let home = Home::new();
    let folder = home.project.join(".mwtui/workflows");
    std::fs::create_dir_all(&folder).expect("the project's folder");
    home.workflow("mine", "  - id: touch\n    title: Touch\n    run: touch touched");
    std::fs::rename(home.paths.workflows().join("mine.yaml"), folder.join("mine.yaml")).expect("moved");
    let client = home.client().await;
    let start = home.start("mine");
    let refused = client.start(start.clone()).await.expect_err("nobody trusts it");
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert!(refused.hint.expect("a hint").contains("mwtui trust"));
    let asked = client.check_prerequisites(start.workflow, start.digest, start.folder).await;
    assert_eq!(asked.expect_err("its checks are commands too").kind, ErrorKind::Refused);
    assert!(!home.project.join("touched").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_see_the_same_in_the_same_order() {
    let home = Home::new();
    let steps: Vec<String> =
        (1..=5).map(|n| format!("  - id: s{n}\n    title: Step {n}\n    run: echo {n}\n")).collect();
    home.workflow("five", &steps.concat());
    let (one, two) = (home.client().await, home.client_as(ClientKind::Tui).await);
    let mut listening = [one.subscribe().await.expect("one"), two.subscribe().await.expect("two")];
    let first = one.start(home.start("five")).await.expect("started");
    let second = two.start(home.start("five")).await.expect("started");
    let mut seen = Vec::new();
    for updates in &mut listening {
        let (mut events, mut over) = (Vec::new(), 0);
        while over < 2 {
            match updates.recv().await.expect("the engine is there") {
                Update::Run { summary, events: new } => {
                    over += u32::from(summary.status.is_ended());
                    assert_eq!(new.last().map(|e| e.seq), Some(summary.seq));
                    events.extend(new.into_iter().map(|e| (summary.run.clone(), e)));
                }
                Update::Missed | Update::Stopping | Update::Store { .. } => {
                    panic!("neither slow nor at the end")
                }
                Update::Output { .. } | Update::Session(_) | Update::Learned(_) => {}
            }
        }
        seen.push(events);
    }
    assert_eq!(seen[0], seen[1]);
    for run in [&first.run, &second.run] {
        let heard: Vec<_> = seen[0].iter().filter(|(id, _)| id == run).map(|(_, e)| e.clone()).collect();
        assert_eq!(heard, one.events(run.clone(), 0).await.expect("the journal"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_step_is_uncertain_and_nothing_acknowledged_is_lost() {
    let home = Home::new();
    home.workflow("long", LONG);
    let client = home.client().await;
    let started = client.start(home.start("long")).await.expect("started");
    let child = pid_in(&home.project.join("child.pid")).await;
    let noted = client
        .act(started.run.clone(), Verb::Note { step: None, text: "before the end".to_owned() })
        .await
        .expect("acknowledged");
    kill(client.engine().pid);
    client.lost().await;
    let client = home.client().await;
    let run = client.run(started.run.clone()).await.expect("it is there");
    assert_eq!(run.status(), RunStatus::Waiting);
    assert!(matches!(run.steps[0].state, StepState::Uncertain { .. }), "{run:#?}");
    assert!(run.seq > noted.seq);
    assert_eq!(run.notes[0].text, "before the end");
    assert!(is_alive(child), "what ran may still run: a person decides");
    let rows = client.runs(RunFilter::default()).await.expect("list");
    assert_eq!(rows[0].need.as_ref().map(|n| n.kind), Some(NeedKind::Uncertain));

    let cancelled = client.act(started.run.clone(), Verb::Cancel { reason: None }).await.expect("cancelled");
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    until("the grandchild of a dead engine is gone", async || (!is_alive(child)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotent_step_is_run_again_by_itself() {
    let home = Home::new();
    let steps = "  - id: again
    title: Wait for a file
    idempotent: true
    run: |
      echo $$ >> tries; echo $$ > own.pid; while [ ! -e go ]; do sleep 0.01; done";
    home.workflow("again", steps);
    let client = home.client().await;
    let started = client.start(home.start("again")).await.expect("started");
    let first = pid_in(&home.project.join("own.pid")).await;
    kill(client.engine().pid);
    client.lost().await;
    let client = home.client().await;
    until("a second try", async || {
        std::fs::read_to_string(home.project.join("tries")).ok().filter(|t| t.lines().count() == 2)
    })
    .await;
    assert!(!is_alive(first), "the first try does not run beside the second");
    std::fs::write(home.project.join("go"), "").expect("written");
    let run = ended(&client, &started).await;
    assert_eq!(run.status(), RunStatus::Completed);
    assert_eq!(run.steps[0].attempts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_leaves_no_process_behind() {
    let home = Home::new();
    home.workflow("long", LONG);
    let client = home.client().await;
    let started = client.start(home.start("long")).await.expect("started");
    let own = pid_in(&home.project.join("own.pid")).await;
    let child = pid_in(&home.project.join("child.pid")).await;
    assert!(is_alive(own) && is_alive(child));
    let reason = Some("wrong service".to_owned());
    let after = client.act(started.run.clone(), Verb::Cancel { reason }).await.expect("cancelled");
    assert_eq!(after.status, RunStatus::Cancelled);
    assert!(!is_alive(own) && !is_alive(child), "answered only once it is true");
    let again = client.act(started.run, Verb::Resume).await.expect_err("it is over");
    assert_eq!(again.kind, ErrorKind::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_whose_runs_work_ends_only_by_force() {
    let home = Home::with_environment(&[("MWTUI_ENGINE_IDLE", "1")]);
    home.workflow("long", LONG);
    let client = home.client().await;
    let pid = client.engine().pid;
    let started = client.start(home.start("long")).await.expect("started");
    let child = pid_in(&home.project.join("child.pid")).await;
    drop(client);
    let refused = stop_engine(&home.paths, false).await.expect_err("a run works");
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert!(is_alive(pid), "it does not end by itself either");
    assert!(stop_engine(&home.paths, true).await.expect("forced"));
    assert!(is_alive(child), "commands are left alone");
    let client = home.client().await;
    run_is(&client, &started.run, RunStatus::Waiting).await;
    client.act(started.run, Verb::Cancel { reason: None }).await.expect("cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_run_needs_no_engine() {
    let home = Home::with_environment(&[("MWTUI_ENGINE_IDLE", "1")]);
    home.workflow("look", "  - id: look\n    title: Look\n    actions: [Look at it]");
    let client = home.client().await;
    let started = client.start(home.start("look")).await.expect("started");
    assert_eq!(started.status, RunStatus::Waiting);
    let pid = client.engine().pid;
    drop(client);
    until("the engine has ended", async || (!is_alive(pid)).then_some(())).await;
    let client = home.client().await;
    let done = Verb::Done { step: None, evidence: Vec::new() };
    let after = client.act(started.run, done).await.expect("done");
    assert_eq!(after.status, RunStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_agent_can_give_an_approval() {
    let home = Home::new();
    home.workflow(
        "gate",
        "  - id: gate\n    title: Gate\n    approve: Go on?\n  - id: go\n    title: Go\n    run: touch gone",
    );
    let agent = home.client_as(ClientKind::Mcp { agent: "helper".to_owned() }).await;
    let started = agent.start(home.start("gate")).await.expect("an agent may start");
    assert_eq!(started.started_by.to_string(), "helper");
    let events = agent.events(started.run.clone(), 0).await.expect("events");
    let digest = events
        .iter()
        .find_map(|e| match &e.body {
            EventBody::StepStarted { work: mwtui::run::Work::Approve { digest, .. }, .. } => {
                Some(digest.clone())
            }
            _ => None,
        })
        .expect("the approval asks");
    let approve = Verb::Approve { step: None, digest };
    let reject = Verb::Reject { step: None, reason: "no".to_owned() };
    for verb in [approve.clone(), reject] {
        let refused = agent.act(started.run.clone(), verb).await.expect_err("an agent");
        assert_eq!(refused.kind, ErrorKind::Refused);
    }
    assert_eq!(agent.events(started.run.clone(), 0).await.expect("events"), events, "nothing has changed");
    let person = home.client().await;
    person.act(started.run.clone(), approve).await.expect("a person may");
    assert_eq!(ended(&person, &started).await.status(), RunStatus::Completed);
    assert!(home.project.join("gone").exists());
}

/// A connection that has said hello and subscribed, its frames in the test's own hands.
async fn subscribed(home: &Home) -> Framed<UnixStream, LengthDelimitedCodec> {
    let stream = UnixStream::connect(home.paths.socket()).await.expect("connected");
    let mut framed = Framed::new(stream, frame::codec());
    let hello = Hello { protocol: PROTOCOL, version: "0".to_owned(), client: ClientKind::Tui, profile: None };
    for (id, request) in [Request::Hello(hello), Request::Subscribe].into_iter().enumerate() {
        let message = ClientMessage { id: id as u64, request };
        framed.send(frame::encode(&message).expect("JSON")).await.expect("sent");
        let answer = framed.next().await.expect("an answer").expect("a frame");
        let answer = frame::decode::<ServerMessage>(&answer).expect("a message");
        assert!(matches!(answer, ServerMessage::Response { result: Ok(_), .. }), "{answer:?}");
    }
    framed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_reads_nothing_holds_nobody_up() {
    let home = Home::new();
    home.workflow("look", "  - id: look\n    title: Look\n    actions: [Look at it]");
    let slow = home.client().await;
    // Never read from: the queue on this side fills up first.
    let mut updates = slow.subscribe().await.expect("subscribed");
    // Reads nothing off its socket: the queue in the engine fills up.
    let mut stuck = subscribed(&home).await;
    let client = home.client().await;
    let text = "x".repeat(3000);
    let mut started = client.start(home.start("look")).await.expect("started");
    let mut last = started.seq;
    for n in 1..=1200 {
        // Several runs, for one with thousands of notes is slow by itself.
        if n % 50 == 0 {
            started = client.start(home.start("look")).await.expect("started");
        }
        let note = Verb::Note { step: None, text: text.clone() };
        last = client.act(started.run.clone(), note).await.expect("noted").seq;
    }
    let (mut heard, mut told) = (0, false);
    while !told {
        let frame = stuck.next().await.expect("still connected").expect("a frame");
        match frame::decode(&frame).expect("a message") {
            ServerMessage::Update { update: Update::Run { .. } } => heard += 1,
            ServerMessage::Update { update: Update::Missed } => told = true,
            ServerMessage::Update { update: Update::Session(_) } => {}
            other => panic!("neither news of what happened nor missed: {other:?}"),
        }
    }
    assert!((1000..1200).contains(&heard), "{heard}");
    let (mut missed, mut count) = (0, 0);
    while missed == 0 {
        match updates.recv().await.expect("still connected") {
            Update::Missed => missed += 1,
            Update::Run { .. } => count += 1,
            _ => {}
        }
    }
    assert!(count > 500, "{count}");
    // Having caught up, it hears the next thing.
    let run = slow.run(started.run.clone()).await.expect("asked again");
    assert_eq!(run.seq, last);
    client.act(started.run, Verb::Note { step: None, text }).await.expect("noted");
    let Some(Update::Run { summary, .. }) = updates.recv().await else { panic!("the last note") };
    assert_eq!(summary.seq, last + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_lose_nothing() {
    let home = Home::new();
    home.workflow("look", "  - id: look\n    title: Look\n    actions: [Look at it]");
    let client = home.client().await;
    let started = client.start(home.start("look")).await.expect("started");
    let acting: Vec<_> = (0..100)
        .map(|n| {
            let (client, run) = (client.clone(), started.run.clone());
            tokio::spawn(async move { client.act(run, Verb::Note { step: None, text: n.to_string() }).await })
        })
        .collect();
    for act in acting {
        act.await.expect("no panic").expect("noted");
    }
    kill(client.engine().pid);
    let run = home.client().await.run(started.run).await.expect("it is there");
    let mut texts: Vec<usize> = run.notes.iter().filter_map(|n| n.text.parse().ok()).collect();
    texts.sort_unstable();
    assert!(texts.into_iter().eq(0..100));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_clients_requests_are_taken_in_their_order() {
    let home = Home::new();
    home.workflow("look", "  - id: look\n    title: Look\n    actions: [Look at it]");
    let client = home.client().await;
    let started = client.start(home.start("look")).await.expect("started");
    let note = |n: usize| client.act(started.run.clone(), Verb::Note { step: None, text: n.to_string() });
    let answers = futures_util::future::join_all((0..60).map(note)).await;
    assert!(answers.iter().all(Result::is_ok));
    let run = client.run(started.run.clone()).await.expect("run");
    assert!(run.notes.iter().map(|n| n.text.clone()).eq((0..60).map(|n: usize| n.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_fire_by_themselves() {
    let home = Home::new();
    let steps = "  - id: slow
    title: Too slow
    run: echo $$ > own.pid; sleep 300
    timeout: 200ms
  - id: after
    title: After it
    run: 'true'";
    home.workflow_with("slow", "config: { continue_on_error: true }", steps);
    let client = home.client().await;
    let started = client.start(home.start("slow")).await.expect("started");
    let run = ended(&client, &started).await;
    assert!(matches!(run.record(&StepId::new("slow")).expect("step").1.state, StepState::Failed { .. }));
    let own = pid_in(&home.project.join("own.pid")).await;
    until("what took too long is gone", async || (!is_alive(own)).then_some(())).await;
}

/// What clients are told of the store next.
async fn told_of_store(updates: &mut tokio::sync::mpsc::Receiver<Update>) -> Option<StoreTrouble> {
    loop {
        if let Update::Store { trouble } = updates.recv().await.expect("the engine is there") {
            return trouble;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_no_report_and_acknowledges_nothing() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    // A write past the limit is to fail, not to end the process.
    let home = Home::launched_by("trap '' XFSZ");
    home.workflow("wait", "  - id: wait\n    title: Wait\n    run: while [ ! -e go ]; do sleep 0.01; done");
    let client = home.client().await;
    let mut updates = client.subscribe().await.expect("subscribed");
    let started = client.start(home.start("wait")).await.expect("started");
    let engine = i32::try_from(client.engine().pid).ok().and_then(Pid::from_raw).expect("a process");
    let unlimited =
        prlimit(Some(engine), Resource::Fsize, Rlimit { current: Some(0), maximum: None }).expect("limited");
    // No file can grow any more: not the store, nor the log that would say so.
    let note = Verb::Note { step: None, text: "never".to_owned() };
    let failed = client.act(started.run.clone(), note).await.expect_err("it cannot be written");
    assert_eq!(failed.kind, ErrorKind::NoRoom);
    let trouble = told_of_store(&mut updates).await.expect("every client is told");
    assert!(trouble.error.message.contains("disk is full") && trouble.error.hint.is_some(), "{trouble:?}");
    let said = say(&home, &["note", started.run.as_str(), "never"]);
    assert_eq!(said.code, 6, "{said:?}");
    assert!(said.err.contains("disk is full") && said.err.contains("goes on by itself"), "{said:?}");
    assert!(client.engine_status().await.expect("status").trouble.is_some());
    std::fs::write(home.project.join("go"), "").expect("written");
    until("the script has ended", async || home.scripts().is_empty().then_some(())).await;
    let during = client.run(started.run.clone()).await.expect("reading still works");
    assert_eq!((during.status(), during.seq), (RunStatus::Running, started.seq));
    prlimit(Some(engine), Resource::Fsize, unlimited).expect("room again");
    // Trying again may find another reason before it finds room.
    while told_of_store(&mut updates).await.is_some() {}
    let run = ended(&client, &started).await;
    assert_eq!(run.status(), RunStatus::Completed);
    assert!(run.notes.is_empty(), "what was refused has not happened");
    let events = client.events(started.run, 0).await.expect("the journal");
    assert!(events.iter().map(|e| e.seq).eq(1..=run.seq), "without gaps");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_rollback_of_a_child_run_is_taken_up_again() {
    let home = Home::new();
    home.workflow(
        "parent",
        "  - id: first\n    title: First\n    run: echo first\n    rollback: echo un-first >> log\n  - id: sub\n    title: Sub\n    workflow: child\n",
    );
    home.workflow(
        "child",
        "  - id: one\n    title: One\n    run: echo one\n    rollback: { run: \"echo $$ > own.pid; until test -e go; do sleep 0.05; done; echo un-one >> log\", idempotent: true }\n",
    );
    let client = home.client().await;
    let started = client.start(home.start("parent")).await.expect("started");
    run_is(&client, &started.run, RunStatus::Completed).await;
    let undo = Verb::Rollback { reason: "it is broken".to_owned() };
    client.act(started.run.clone(), undo).await.expect("it begins");
    pid_in(&home.project.join("own.pid")).await;
    kill(client.engine().pid);
    client.lost().await;
    std::fs::write(home.project.join("go"), "").expect("written");
    let client = home.client().await;
    let run = ended(&client, &started).await;
    assert_eq!(run.status(), RunStatus::Cancelled, "{run:#?}");
    let log = std::fs::read_to_string(home.project.join("log")).expect("the log");
    assert_eq!(log.lines().last(), Some("un-first"));
    assert!(log.starts_with("un-one\n"), "{log}");
}
