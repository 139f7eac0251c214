use std::collections::BTreeSet;

use super::*;
use crate::base::{Actor, Timestamp};
use crate::config::events::{self, EVENTS};
use crate::run::testing::{Driver, manual, workflow};
use crate::run::{
    AfterFailure, AfterRollback, BackCause, Context, Escalation, Failure, FailureKind, Fork, Held, LeaseEnd,
    MovedOver, Need, NeedKind, Outcome, Parent, RunStarted, SkipReason, Subject, WorkflowRef,
};
use crate::workflow::Origin;

/// One of every kind. The test below reads the source for what is missing here.
fn bodies() -> Vec<EventBody> {
    let step = || StepId::new("build");
    let started = RunStarted {
        run: RunId::new("7f3a"),
        workflow: reference(),
        inputs: Map::new(),
        context: Context::default(),
        session: "s".into(),
        session_name: "shop".to_owned(),
        phrase: Some("do it".to_owned()),
        prerequisites: vec![crate::run::PrerequisiteResult::unticked("you may")],
        parent: Some(Parent { run: RunId::new("1a"), step: step(), attempt: 1 }),
        subject: Some(Subject { root: "/p".to_owned(), name: "main".to_owned(), state: None }),
        fork: Some(Fork { run: RunId::new("2b"), from: step(), carried: Vec::new() }),
        step_through: true,
        breakpoints: vec![step()],
    };
    let failure = Failure { kind: FailureKind::Exit, message: "exit 1".to_owned(), exit: Some(1) };
    vec![
        EventBody::RunStarted(Box::new(started)),
        EventBody::StepStarted {
            step: step(),
            attempt: 1,
            work: Work::Manual,
            deadline: None,
            remind: Some(Timestamp(1)),
        },
        EventBody::StepHeld { step: step(), work: None, why: Held::Breakpoint },
        EventBody::StepReleased { step: step() },
        EventBody::StepChild { step: step(), attempt: 1, need: None },
        EventBody::StepTaken { step: step(), until: Timestamp(1) },
        EventBody::StepHandedOver { step: step(), to: Actor::Engine, until: Timestamp(1) },
        EventBody::StepTakenBack { step: step(), from: Actor::Engine, until: Timestamp(1) },
        EventBody::LeaseEnded { step: step(), holder: Actor::Engine, why: LeaseEnd::Expired },
        EventBody::StepEscalated {
            step: step(),
            to: Escalation { level: 0, to: "ops".to_owned(), deadline: None },
        },
        EventBody::ApprovalReminded { step: step(), next: Timestamp(1) },
        EventBody::ActionChecked { step: step(), action: 0, checked: true },
        EventBody::StepCompleted { step: step(), attempt: 1, outcome: Outcome::default() },
        EventBody::StepFailed { step: step(), attempt: 1, failure, next: AfterFailure::Decide },
        EventBody::StepSkipped { step: step(), reason: SkipReason::Person { reason: "no".to_owned() } },
        EventBody::StepUncertain { step: step(), attempt: 1 },
        EventBody::StepRetried { step: step(), edit: Some(Box::default()) },
        EventBody::StepInterrupted { step: step(), attempt: 1 },
        EventBody::WentBack { to: step(), reason: None, cause: BackCause::PushedBack { from: step() } },
        EventBody::StepThroughSet { on: true },
        EventBody::BreakpointSet { step: step(), set: true },
        EventBody::RollbackStarted {
            reason: "why".to_owned(),
            steps: vec![step()],
            then: AfterRollback::Failed,
        },
        EventBody::RolledBack,
        EventBody::MovedOver(Box::new(MovedOver {
            from: reference(),
            to: reference(),
            inputs: Map::new(),
            env: std::iter::once(("HOME".to_owned(), "/h".to_owned())).collect(),
        })),
        EventBody::SubjectMoved { subject: "main".to_owned(), from: None, to: None },
        EventBody::NoteAdded { step: Some(step()), text: "a note".to_owned() },
        EventBody::RunPaused { freeze: true },
        EventBody::RunResumed,
        EventBody::CancelRequested { reason: None },
        EventBody::RunCancelled { reason: None, left_behind: vec!["7 sleep".to_owned()] },
        EventBody::RunCompleted,
        EventBody::RunFailed { reason: "why".to_owned() },
    ]
}

fn reference() -> WorkflowRef {
    WorkflowRef {
        id: WorkflowId::new("MW-001"),
        name: "One".to_owned(),
        version: 1,
        digest: "d".to_owned(),
        origin: Origin::User,
    }
}

fn told(body: EventBody) -> Value {
    let event = Event {
        seq: 3,
        at: Timestamp(1_732_200_000_250),
        actor: Actor::Person("ana@laptop".to_owned()),
        body,
    };
    line(&RunId::new("7f3a"), &WorkflowId::new("MW-001"), &event)
}

/// The names that the journal has, read from where they are declared.
fn journal() -> BTreeSet<String> {
    let source = include_str!("../event.rs");
    let (_, body) = source.split_once("pub enum EventBody {").expect("the declaration");
    let (body, _) = body.split_once("\n}").expect("its end");
    let renamed = body.split("#[serde(rename = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let names: BTreeSet<String> = renamed.map(str::to_owned).collect();
    let variants = body
        .lines()
        .filter(|l| l.starts_with("    ") && l.as_bytes().get(4).is_some_and(u8::is_ascii_uppercase));
    assert_eq!(variants.count(), names.len(), "every variant has a name of its own");
    names
}

#[test]
fn every_event_of_the_journal_is_declared_and_has_its_line() {
    let declared: BTreeSet<String> =
        EVENTS.iter().filter(|e| !e.derived).map(|e| e.name.to_owned()).collect();
    assert_eq!(declared, journal(), "config::events is the table of all names");
    let mut seen = BTreeSet::new();
    for body in bodies() {
        let journal = serde_json::to_value(&body).expect("JSON");
        let line = told(body);
        let name = line["event"].as_str().expect("a name").to_owned();
        assert_eq!(line["event"], journal["event"], "one name everywhere");
        let of_a_step = ["run.back", "run.note", "run.breakpoint", "approval.reminded"];
        let is_of_one = name.starts_with("step.") || of_a_step.contains(&name.as_str());
        assert_eq!(line["step"].is_string(), is_of_one, "{name}");
        let data = line["data"].as_object().expect("data is an object");
        let keys: BTreeSet<&str> = data.keys().map(String::as_str).collect();
        let told: BTreeSet<&str> = events::find(&name).expect("declared").data.iter().copied().collect();
        assert_eq!(keys, told, "{name}: what the table says of its data");
        seen.insert(name);
    }
    assert_eq!(seen, declared, "one of every kind is looked at here");
}

#[test]
fn a_line_is_flat_and_its_names_are_always_there() {
    let line = told(EventBody::StepFailed {
        step: "build".into(),
        attempt: 2,
        failure: Failure { kind: FailureKind::Timeout, message: "late".to_owned(), exit: None },
        next: AfterFailure::Retry { due: Timestamp(5) },
    });
    assert_eq!(
        line.to_string(),
        r#"{"event":"step.failed","run":"7f3a","workflow":"MW-001","step":"build","attempt":2,"actor":{"kind":"person","name":"ana@laptop"},"at":"2024-11-21T14:40:00.25Z","seq":3,"data":{"failure":{"kind":"timeout","message":"late"},"next":{"then":"retry","due":5}},"schema_version":1}"#
    );
    let resumed = told(EventBody::RunResumed);
    assert_eq!(
        (&resumed["step"], &resumed["attempt"], &resumed["data"]),
        (&Value::Null, &Value::Null, &json!({}))
    );
}

fn summary(need: Option<Need>) -> RunSummary {
    let driver = Driver::start(workflow(vec![manual("ask")]));
    RunSummary { need, ..crate::run::summarise(&driver.run) }
}

#[test]
fn what_a_person_is_needed_for_is_told_when_it_begins() {
    let at = Timestamp(1000);
    let event = |seq, at, body| Event { seq, at, actor: Actor::Engine, body };
    let work = Work::Approve { question: "May I?".to_owned(), opens: Vec::new(), digest: "d".to_owned() };
    let started = EventBody::StepStarted {
        step: "ask".into(),
        attempt: 2,
        work,
        deadline: Some(Timestamp(9)),
        remind: Some(Timestamp(5)),
    };
    let need = Need {
        kind: NeedKind::Approve,
        step: "ask".into(),
        title: "Ask".to_owned(),
        since: at,
        deadline: Some(Timestamp(9)),
        detail: None,
        to: None,
        child: None,
        lease: None,
    };
    let lines =
        derived(&summary(Some(need.clone())), &[event(4, at, EventBody::RunResumed), event(5, at, started)]);
    let [(approval, first), (person, second)] = &lines[..] else { panic!("two: {lines:?}") };
    assert_eq!((*approval, *person), (APPROVAL_NEEDED, PERSON_NEEDED));
    assert_eq!(
        (&first["event"], &first["seq"], &first["data"]["work"]["question"]),
        (&json!("approval.needed"), &json!(5), &json!("May I?"))
    );
    assert_eq!(
        (&second["step"], &second["attempt"], &second["data"]["kind"]),
        (&json!("ask"), &json!(2), &json!("approve"))
    );
    for (name, line) in &lines {
        let keys: BTreeSet<&str> =
            line["data"].as_object().expect("data").keys().map(String::as_str).collect();
        let told: BTreeSet<&str> = events::find(name).expect("declared").data.iter().copied().collect();
        assert_eq!(keys, told, "{name}");
    }
    let note = event(6, Timestamp(2000), EventBody::NoteAdded { step: None, text: String::new() });
    assert!(derived(&summary(Some(need)), &[note]).is_empty(), "it was needed before");
    assert!(derived(&summary(None), &[event(7, at, EventBody::RunCompleted)]).is_empty());
}
