//! The runs that a frozen store holds: one for each state that the state machine can make, driven as
//! the engine drives them, on a clock of their own.

use std::sync::Arc;

use serde_json::json;

use crate::base::{Actor, Millis, RunId, SessionId, StepId, Timestamp, digest};
use crate::matching::{Chosen, MemoryEvent, MemoryEventBody};
use crate::run::{
    ChildNeed, Command, Context, Edit, Event, Evidence, EvidenceKind, Export, Failure, FailureKind, Lease,
    NeedKind, Outcome, Parent, PrerequisiteResult, Prompt, Repo, Report, Run, RunStarted, Session,
    SessionEvent, SessionEventBody, StepState, Subject, SubjectMove, SubjectState, Verb, Version, Work,
    WorkflowRef, apply, decide, fold, fork, replay, start, summarise,
};
use crate::store::{Append, Store};
use crate::workflow::{self, Origin, Workflow};

/// Steps that follow each other.
const LINE: &str = include_str!("line.yaml");
/// Order, loops, tools, agents, child runs, escalation and rollback.
const GRAPH: &str = include_str!("graph.yaml");

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
    fn line(store: &'s Store, name: &str) -> Self {
        Self::begin(store, name, LINE, |_| {})
    }

    fn graph(store: &'s Store, name: &str) -> Self {
        Self::begin(store, name, GRAPH, |header| {
            let state = Some("Validated".to_owned());
            header.subject = Some(Subject { root: "/work/shop".to_owned(), name: name.to_owned(), state });
        })
    }

    fn begin(store: &'s Store, name: &str, text: &str, otherwise: impl FnOnce(&mut RunStarted)) -> Self {
        let source: Arc<[u8]> = Arc::from(text.as_bytes());
        let (workflow, _) = workflow::parse("frozen", &source).expect("a valid definition");
        let workflow: Arc<Workflow> = Arc::new(workflow);
        let mut header = RunStarted {
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
            prerequisites: vec![PrerequisiteResult::unticked("You are on call")],
            parent: None,
            subject: None,
            fork: None,
            step_through: false,
            breakpoints: Vec::new(),
        };
        otherwise(&mut header);
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

    /// To the same file with another text for one of its own.
    fn move_over(&mut self, old: &str, new: &str) -> &mut Self {
        self.now = Timestamp(self.now.0 + 1000);
        let before = self.store.definition(&self.run.header.workflow.digest).expect("read").expect("kept");
        let text = String::from_utf8(before).expect("UTF-8");
        assert!(text.contains(old), "{text}");
        let source: Arc<[u8]> = Arc::from(text.replacen(old, new, 1).into_bytes());
        let (workflow, _) = workflow::parse("frozen", &source).expect("it reads");
        let reference = WorkflowRef {
            version: workflow.version,
            digest: digest(&source),
            ..self.run.header.workflow.clone()
        };
        let version = Version {
            workflow: Arc::new(workflow),
            source: Arc::clone(&source),
            reference,
            inputs: serde_json::Map::new(),
            env: indexmap::IndexMap::new(),
        };
        let command = Command::MoveOver(Box::new(version.clone()));
        let events = decide(&self.run, &command, &ana(), self.now).expect("it is allowed");
        for event in &events {
            fold(&mut self.run, event, Some(&version));
        }
        self.keep(events, Some((version.reference.digest, source)));
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

    /// What the executor and child runs would report of everything that works now.
    fn complete_all(&mut self) -> &mut Self {
        let at_work = |run: &Run| -> Vec<String> {
            let records = run.steps.iter().filter(|record| {
                matches!(record.state, StepState::Running { .. })
                    && !matches!(record.attempts.last().map(|a| &a.work), Some(Work::ForEach { .. }))
            });
            records.map(|record| record.id.to_string()).collect()
        };
        for id in at_work(&self.run) {
            self.complete(&id);
        }
        self
    }

    /// Until the agent is asked: the loop is through, and so is the call.
    fn until_think(&mut self) -> &mut Self {
        self.complete_all().complete_all().complete_all()
    }

    fn until_child(&mut self) -> &mut Self {
        let values =
            serde_json::from_value(json!({ "text": "A full disk.\nSTATUS: done" })).expect("an object");
        self.until_think().act(Verb::Answer { step: None, values })
    }

    fn until_sure(&mut self) -> &mut Self {
        self.until_child().complete("child")
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

pub fn fill(store: &Store) {
    session(store);
    memory(store);
    fill_graphs(store);
    fill_shared(store);
    let scene = |name: &str| Scene::line(store, name);
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

fn fill_graphs(store: &Store) {
    let scene = |name: &str| Scene::graph(store, name);
    let text = |text: &str| text.to_owned();
    scene("side by side").complete("fetch");
    scene("escalated").complete("fetch").fail("ask");
    scene("escalated in vain").complete("fetch").fail("ask").later(1800).report(Report::Wake);
    scene("edited").complete("fetch").fail("ask").act(Verb::Retry {
        step: Some(StepId::new("ask")),
        edit: Some(Box::new(Edit {
            with: Some(serde_json::from_value(json!({ "service": "api" })).expect("an object")),
            ..Edit::default()
        })),
    });
    scene("asks an agent").until_think();
    scene("a child works").until_child();
    let need = ChildNeed {
        kind: NeedKind::Answer,
        step: StepId::new("ask"),
        title: text("Decide"),
        deadline: None,
        lease: None,
    };
    let waits = Report::Child { step: StepId::new("child"), attempt: 1, need: Some(need) };
    scene("a child waits").until_child().report(waits);
    scene("reminded").until_sure().later(600).report(Report::Wake);
    scene("approval escalated").until_sure().later(1800).report(Report::Wake);
    scene("pushed back").until_sure().act(Verb::PushBack {
        step: None,
        to: StepId::new("ask"),
        feedback: text("look again"),
    });
    scene("stepped through").act(Verb::StepThrough { on: true }).complete("fetch");
    scene("at a breakpoint").act(Verb::Breakpoint { step: StepId::new("child"), set: true }).until_child();
    scene("released")
        .act(Verb::Breakpoint { step: StepId::new("child"), set: true })
        .until_child()
        .act(Verb::Proceed { step: None });
    scene("is rolled back").until_sure().approve().fail("out");
    let mut undone = scene("was rolled back");
    undone.until_sure().approve().fail("out");
    while !undone.run.is_ended() {
        undone.complete_all();
    }
    scene("rolled back by hand").until_think().act(Verb::Rollback { reason: text("not needed") });
    let mut moved = scene("moved its subject");
    moved.until_sure().approve().complete_all();
    let old = moved.run;
    assert!(old.is_ended(), "{:?}", old.phase);
    Scene::begin(store, "forked", GRAPH, |header| {
        header.fork = Some(fork(&old, &StepId::new("think")).expect("it can be forked"));
    });
    Scene::begin(store, "a child", LINE, |header| {
        let step = StepId::new("child");
        header.parent = Some(Parent { run: old.id().clone(), step, attempt: 1 });
    });
    Scene::begin(store, "an agent's command", GRAPH, |header| header.context.agents = vec![text("analyst")])
        .until_think();
    let mut state = SubjectState::unknown("/work/shop", "main");
    let (from, to) = (Some(text("Validated")), Some(text("Deployed")));
    let run = Some(old.id().clone());
    state.moved(SubjectMove { at: Timestamp(1_800_000_000_000), by: ana(), from, to, run, reason: None });
    store.commit(&[Append::Subject { state: Box::new(state) }]).expect("kept");
}

/// Steps that people and an assistant share, and a run that goes on in another version.
fn fill_shared(store: &Store) {
    let scene = |name: &str| Scene::graph(store, name);
    let aide = || Actor::Agent("aide".to_owned());
    let take = || Verb::Take { step: None, length: Some(Millis::from_secs(600)) };
    scene("taken").until_think().act(take());
    scene("taken by an agent").until_think().command(&aide(), &Command::Verb(take()));
    let mut back = scene("taken back");
    back.until_think().command(&aide(), &Command::Verb(take()));
    back.act(Verb::TakeBack { step: None, length: None });
    scene("handed over").until_think().act(Verb::HandOver { step: None, to: Some(aide()), length: None });
    scene("given up").until_think().act(take()).act(Verb::HandOver { step: None, to: None, length: None });
    scene("expired").until_think().act(take()).later(600).report(Report::Wake);
    let mut paused = scene("taken and paused");
    paused.until_think().act(take()).act(Verb::Pause { freeze: false }).later(3600).act(Verb::Resume);
    let lease = Lease { holder: ana(), since: Timestamp(0), until: Timestamp(1_800_000_900_000) };
    let (kind, step, title) = (NeedKind::Check, StepId::new("look"), "Look".to_owned());
    let need = Some(ChildNeed { kind, step, title, deadline: None, lease: Some(lease) });
    scene("a child's step is taken").until_child().report(Report::Child {
        step: StepId::new("child"),
        attempt: 1,
        need,
    });
    scene("moved over").until_think().move_over("version: 1", "version: 2");
    let mut twice = scene("moved over twice");
    twice.until_think().move_over("version: 1", "version: 2").move_over("version: 2", "version: 3");
    twice.until_child();
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
