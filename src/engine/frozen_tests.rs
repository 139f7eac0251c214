//! Stores of earlier days, frozen: whatever has become of the code, a copy of each opens, is brought
//! up to date, and every run in it folds to what it was. They are never changed and never made anew.
//!
//! A further one, with the runs that the present code can make:
//! `MWTUI_FREEZE=NAME cargo test --lib freeze -- --ignored`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::base::{Actor, Paths, RunId, SessionId, StepId, Timestamp, digest};
use crate::engine::{examine, load};
use crate::matching::{Chosen, Memory, MemoryEvent, MemoryEventBody};
use crate::run::{
    AttemptEnd, Command, Context, Event, Evidence, EvidenceKind, Export, Failure, FailureKind, Outcome,
    PrerequisiteResult, Prompt, Repo, Report, Run, RunFilter, RunStarted, Session, SessionEvent,
    SessionEventBody, StepState, Verb, WorkflowRef, apply, decide, replay, start, summarise,
};
use crate::store::{Append, Store};
use crate::workflow::{self, Origin, Workflow};

const DEFINITION: &str = r##"id: frozen
name: Frozen for ever
version: 2
status: active
trigger_phrases: [freeze a run of every kind]
scope: Holds a step of every kind, for a store that must open for ever
inputs:
  service: { type: string, prompt: Which service?, default: checkout }
config: { timeout: 10h }
steps:
  - id: look
    title: Look around “über” <all>
    actions: [Open the dashboard, Read the log]
    validation: Nothing is red
    evidence: required
  - id: ask
    title: Decide
    ask:
      - { name: plan, prompt: What shall we do?, type: choice, options: [patch, rollback] }
      - { name: replicas, prompt: How many?, type: number, default: 2 }
  - id: build
    title: Build it
    run: make "$SERVICE"
    env: { SERVICE: "${{ inputs.service }}" }
    timeout: 1m
    retry: { max_attempts: 2, backoff: exponential, initial: 1s, max: 30s }
  - id: lint
    title: Lint it
    run: make lint
    continue_on_error: true
  - id: agree
    title: Agree
    approve: Roll ${{ inputs.service }} out with ${{ answers.replicas }} replicas?
    within: 1h
  - id: never
    title: Only for a rollback
    if: answers.plan == "rollback"
    run: make rollback
  - id: write
    title: Write it down
    write: notes/${{ inputs.service }}.md
    template: "# ${{ inputs.service }}"
  - id: last
    title: Look again
    actions: [Look]
"##;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores")
}

#[test]
fn every_frozen_store_opens_and_every_run_in_it_is_what_it_was() {
    let mut looked = 0;
    for entry in std::fs::read_dir(folder()).expect("the folder of frozen stores") {
        let frozen = entry.expect("an entry").path();
        if frozen.extension().is_none_or(|e| e != "redb") {
            continue;
        }
        let home = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(home.path());
        paths.create().expect("folders");
        std::fs::copy(&frozen, paths.store_file()).expect("a copy");
        let store = Store::open(&paths.store_file()).expect("it opens for ever");
        let live: Vec<Run> = store
            .live_runs()
            .expect("read")
            .iter()
            .map(|id| load::run(&store, id).expect("it folds for ever"))
            .collect();
        // As an engine does that starts on it: a later version may count something else in a row.
        examine::mend(&store, live.iter()).expect("mended");
        let examined = examine::examine(&paths, &store).expect("examined");
        assert!(examined.faults.is_empty(), "{}: {:#?}", frozen.display(), examined.faults);
        assert_eq!(examined.folded, examined.contents.runs);
        let golden = std::fs::read_to_string(frozen.with_extension("txt")).expect("what was in it");
        assert_eq!(told(&store), golden, "{} is not what it was", frozen.display());
        looked += 1;
    }
    assert!(looked > 0, "there is no frozen store in {}", folder().display());
}

#[test]
#[ignore = "makes a new frozen store: see the head of this file"]
fn freeze() {
    let name = std::env::var("MWTUI_FREEZE").expect("MWTUI_FREEZE says the new store's name");
    let file = folder().join(format!("{name}.redb"));
    assert!(!file.exists(), "{} is frozen: it is never made anew", file.display());
    let dir = tempfile::tempdir().expect("temp dir");
    let store = Store::open(&dir.path().join("mwtui.redb")).expect("a new store");
    fill(&store);
    // A copy has no room left over.
    store.backup(crate::store::backup::Target::File(&file)).expect("frozen");
    std::fs::write(file.with_extension("txt"), told(&store)).expect("written");
}

/// A run that is being made, as the engine makes it, on a clock of its own.
struct Scene<'s> {
    store: &'s Store,
    run: Run,
    now: Timestamp,
}

fn ana() -> Actor {
    Actor::Person("ana@laptop".to_owned())
}

impl<'s> Scene<'s> {
    fn begin(store: &'s Store, name: &str) -> Self {
        let source: Arc<[u8]> = Arc::from(DEFINITION.as_bytes());
        let (workflow, _) = workflow::parse("frozen", &source).expect("a valid definition");
        let workflow: Arc<Workflow> = Arc::new(workflow);
        let header = RunStarted {
            run: RunId::new(&digest(name.as_bytes())[..16]),
            workflow: WorkflowRef {
                id: workflow.id.clone(),
                name: workflow.name.clone(),
                version: workflow.version,
                digest: digest(&source),
                origin: Origin::Project,
            },
            inputs: serde_json::from_value(json!({ "service": name })).expect("an object"),
            context: Context {
                folder: "/work/shop".to_owned(),
                repo: Some(Repo {
                    root: "/work/shop".to_owned(),
                    branch: "main".to_owned(),
                    owner: "ana".to_owned(),
                    name: "shop".to_owned(),
                }),
                ..Context::default()
            },
            session: SessionId::new("5e55000000000000"),
            session_name: "shop".to_owned(),
            phrase: Some("freeze a run".to_owned()),
            prerequisites: vec![PrerequisiteResult {
                says: "You are on call".to_owned(),
                passed: None,
                detail: None,
            }],
            parent: None,
            subject: None,
            fork: None,
            step_through: false,
            breakpoints: Vec::new(),
        };
        let now = Timestamp(1_800_000_000_000);
        let events = start(Arc::clone(&workflow), header, &ana(), now).expect("it starts");
        let run = replay(workflow, &events).expect("it folds");
        let scene = Self { store, run, now };
        scene.keep(events, Some((digest(&source), source)));
        scene
    }

    fn keep(&self, events: Vec<Event>, definition: Option<(String, Arc<[u8]>)>) {
        let (run, summary) = (self.run.id().clone(), Box::new(summarise(&self.run)));
        self.store.commit(&[Append::Run { run, events, summary, definition }]).expect("kept");
    }

    fn command(&mut self, actor: &Actor, command: &Command) -> &mut Self {
        self.now = Timestamp(self.now.0 + 1000);
        let events = decide(&self.run, command, actor, self.now).expect("it is allowed");
        assert!(!events.is_empty(), "{command:?} changes nothing");
        for event in &events {
            apply(&mut self.run, event);
        }
        self.keep(events, None);
        self
    }

    fn act(&mut self, verb: Verb) -> &mut Self {
        self.command(&ana(), &Command::Verb(verb))
    }

    fn report(&mut self, report: Report) -> &mut Self {
        self.command(&Actor::Engine, &Command::Report(report))
    }

    fn later(&mut self, seconds: i64) -> &mut Self {
        self.now = Timestamp(self.now.0 + seconds * 1000);
        self
    }

    fn done(&mut self) -> &mut Self {
        let note = Evidence { kind: EvidenceKind::Note, text: "seen".to_owned() };
        self.act(Verb::Done { step: None, evidence: vec![note] })
    }

    fn fail(&mut self, step: &str) -> &mut Self {
        let (_, record) = self.run.record(&StepId::new(step)).expect("the step");
        let (step, attempt) = (record.id.clone(), record.attempt());
        let failure = Failure { kind: FailureKind::Exit, message: "exit 2".to_owned(), exit: Some(2) };
        self.report(Report::Failed { step, attempt, failure })
    }

    fn complete(&mut self, step: &str) -> &mut Self {
        let (_, record) = self.run.record(&StepId::new(step)).expect("the step");
        let (step, attempt) = (record.id.clone(), record.attempt());
        let outputs =
            serde_json::from_value(json!({ "exit": 0, "text": "ok", "lines": 1 })).expect("an object");
        let evidence = vec![Evidence { kind: EvidenceKind::Output, text: "exit 0, 1 line".to_owned() }];
        self.report(Report::Completed {
            step,
            attempt,
            outcome: Outcome { evidence, outputs, ..Outcome::default() },
        })
    }

    fn until_ask(&mut self) -> &mut Self {
        self.act(Verb::Check { step: None, action: 0, checked: true }).done()
    }

    fn until_build(&mut self) -> &mut Self {
        let values = serde_json::from_value(json!({ "plan": "patch", "replicas": 3 })).expect("an object");
        self.until_ask().act(Verb::Answer { step: None, values })
    }

    fn until_agree(&mut self) -> &mut Self {
        self.until_build().complete("build").fail("lint")
    }

    fn approve(&mut self) -> &mut Self {
        let digest = self.run.steps.iter().find_map(|record| match &record.state {
            StepState::Waiting { on: Prompt::Approval { digest, .. }, .. } => Some(digest.clone()),
            _ => None,
        });
        self.act(Verb::Approve { step: None, digest: digest.expect("it waits for an approval") })
    }

    fn back(&mut self, to: &str) -> &mut Self {
        self.act(Verb::Back { to: StepId::new(to), reason: Some("once more".to_owned()) })
    }
}

fn fill(store: &Store) {
    session(store);
    memory(store);
    let scene = |name: &str| Scene::begin(store, name);
    let text = |text: &str| text.to_owned();
    scene("waits for a check");
    scene("waits for answers").until_ask();
    scene("runs").until_build();
    scene("waits for a retry").until_build().fail("build");
    scene("retries").until_build().fail("build").later(60).report(Report::Wake);
    scene("failed").until_build().fail("build").later(60).report(Report::Wake).fail("build");
    scene("timed out").until_build().later(60).report(Report::Wake);
    scene("uncertain").until_build().report(Report::Recovered);
    scene("waits for approval").until_agree();
    scene("rejected").until_agree().act(Verb::Reject { step: None, reason: text("not today") });
    scene("too late to approve").until_agree().later(3600).report(Report::Wake);
    scene("paused").until_build().act(Verb::Pause { freeze: false });
    scene("paused now").until_build().act(Verb::Pause { freeze: true });
    scene("resumed").until_build().act(Verb::Pause { freeze: true }).later(30).act(Verb::Resume);
    scene("is cancelled").until_build().act(Verb::Cancel { reason: Some(text("no need")) });
    scene("cancelled")
        .until_build()
        .act(Verb::Cancel { reason: None })
        .report(Report::Stopped { left_behind: vec![text("sleep (4711)")] });
    scene("out of time").later(36_000).report(Report::Wake);
    scene("reported failed").act(Verb::Fail { step: None, reason: text("it is red") });
    scene("skipped").until_ask().act(Verb::Skip { step: None, reason: text("known already") });
    scene("marked done").until_build().fail("build").later(60).report(Report::Wake).fail("build").done();
    scene("went back").until_agree().approve().complete("write").back("ask");
    scene("left its work").until_build().back("look");
    scene("completed")
        .until_agree()
        .act(Verb::Note { step: None, text: text("a note “ü”\u{202e}") })
        .approve()
        .complete("write")
        .act(Verb::Note { step: Some(StepId::new("last")), text: text("a second note") })
        .done();
}

fn session(store: &Store) {
    let id = SessionId::new("5e55000000000000");
    let bodies = [
        SessionEventBody::Opened {
            session: id.clone(),
            name: "work".to_owned(),
            folder: "/work/shop".to_owned(),
            start_commit: Some("0123abc".to_owned()),
        },
        SessionEventBody::Noted { text: "began".to_owned() },
        SessionEventBody::Renamed { name: "shop".to_owned() },
        SessionEventBody::Exported(Export { path: "/work/shop/S.md".to_owned(), digest: digest(b"") }),
        SessionEventBody::Ended,
    ];
    let events: Vec<SessionEvent> = (1..)
        .zip(bodies)
        .map(|(seq, body)| SessionEvent { seq, at: Timestamp(1_800_000_000_000), actor: ana(), body })
        .collect();
    let state = Box::new(Session::replay(&events).expect("it folds"));
    store.commit(&[Append::Session { session: id, events, state }]).expect("kept");
}

fn memory(store: &Store) {
    let bodies = [
        MemoryEventBody::Missed { phrase: "make coffee".to_owned(), project: None },
        MemoryEventBody::Chosen {
            phrase: "freeze it".to_owned(),
            workflow: "frozen".into(),
            how: Chosen::Asked,
            project: Some("/work/shop".to_owned()),
        },
        MemoryEventBody::Forgotten { phrase: Some("make coffee".to_owned()), project: None },
        MemoryEventBody::Missed { phrase: "make tea".to_owned(), project: None },
    ];
    let events = (1..)
        .zip(bodies)
        .map(|(seq, body)| MemoryEvent { seq, at: Timestamp(1_800_000_000_000), actor: ana(), body })
        .collect();
    store.commit(&[Append::Memory { events }]).expect("kept");
}

/// Everything in a store in words of this file's own, which no new field changes.
fn told(store: &Store) -> String {
    let mut text = String::new();
    let mut rows = store.runs(&RunFilter::default()).expect("read");
    rows.sort_by(|a, b| a.subject.cmp(&b.subject).then_with(|| a.run.cmp(&b.run)));
    for row in rows {
        let run = load::run(store, &row.run).expect("it folds");
        tell_run(&mut text, &run);
    }
    for session in store.sessions().expect("read") {
        let events = store.session_events(&session.id).expect("read");
        let folded = Session::replay(&events).expect("it folds");
        assert_eq!(folded, session);
        let _ = writeln!(
            text,
            "session {} “{}”: {} notes, {} exports, ended {}",
            folded.id,
            folded.name,
            folded.notes.len(),
            folded.exports.len(),
            folded.ended.is_some()
        );
    }
    let mut memory = Memory::default();
    for (_, event) in store.memory_events(usize::MAX).expect("read") {
        memory.apply(&event.expect("it is readable"));
    }
    let missed: Vec<&str> = memory.missed("/work/shop").map(|missed| missed.phrase.as_str()).collect();
    let _ = writeln!(text, "learned: event {}, missed {}", memory.seq, missed.join(", "));
    text
}

fn tell_run(text: &mut String, run: &Run) {
    let row = summarise(run);
    let begin = run.started_at;
    let seconds = |at: Timestamp| (at.0 - begin.0) / 1000;
    let _ = writeln!(
        text,
        "run {} {} “{}”: {}, event {}, {}/{} settled, at {} “{}” {}",
        row.run,
        row.workflow,
        row.subject,
        row.status.word(),
        row.seq,
        row.settled,
        row.steps,
        row.current,
        row.current_title,
        row.current_status.word()
    );
    let need = row.need.as_ref().map(|need| {
        let deadline = need.deadline.map(seconds);
        format!("{} at {}, {:?}, deadline {deadline:?}", need.kind.word(), need.step, need.detail)
    });
    let _ = writeln!(
        text,
        "  needs {}; updated {} s, ended {:?} s; work {}, waiting {}, retry {}, paused {}; failed {:?}",
        need.unwrap_or_else(|| "nobody".to_owned()),
        seconds(row.updated_at),
        row.ended_at.map(seconds),
        row.times.work.0,
        row.times.waiting.0,
        row.times.retry.0,
        row.times.paused.0,
        row.failed_steps
    );
    for record in &run.steps {
        let attempts: Vec<String> = record
            .attempts
            .iter()
            .map(|attempt| {
                let end = match &attempt.ended {
                    None => "open".to_owned(),
                    Some(AttemptEnd::Done { by, outcome, .. }) => {
                        let outputs = serde_json::to_string(&outcome.outputs).expect("JSON");
                        let answers = serde_json::to_string(&outcome.answers).expect("JSON");
                        format!("done by {by} {outputs} {answers} {} evidence", outcome.evidence.len())
                    }
                    Some(AttemptEnd::Failed { failure, .. }) => {
                        format!("failed {:?} {} {:?}", failure.kind, failure.message, failure.exit)
                    }
                    Some(AttemptEnd::Skipped { .. }) => "skipped".to_owned(),
                    Some(AttemptEnd::Interrupted { .. }) => "interrupted".to_owned(),
                    Some(AttemptEnd::Uncertain { .. }) => "uncertain".to_owned(),
                    Some(AttemptEnd::Cancelled { .. }) => "cancelled".to_owned(),
                };
                format!("{}. {end}", attempt.number)
            })
            .collect();
        let _ = writeln!(text, "  {} {}: {}", record.id, record.state.status().word(), attempts.join("; "));
    }
    let _ = writeln!(text, "  notes {}, went back {}", run.notes.len(), run.backs.len());
}
