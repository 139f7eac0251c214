//! A run can be moved over to another version of its workflow, as far as what was done stays what it was.

use serde_json::json;

use super::flow::each;
use super::{completed, digest_of, done, failed};
use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::run::testing::{Driver, ana, approval, manual, question, script, version, workflow};
use crate::run::{
    Command, Edit, Event, EventBody, Phase, Refusal, RunStatus, StepState, Verb, Version, Work, changes,
    replay_with,
};
use crate::workflow::{Field, FieldKind, Moves, Status, Step, StepKind, Workflow};

fn moves(driver: &mut Driver, to: Version) -> Result<Vec<Event>, Refusal> {
    driver.act_as(&ana(), Command::MoveOver(Box::new(to)))
}

fn to(steps: Vec<Step>) -> Version {
    version(workflow(steps))
}

fn ids(steps: &[StepId]) -> Vec<&str> {
    steps.iter().map(StepId::as_str).collect()
}

fn reason(driver: &mut Driver, steps: Vec<Step>) -> String {
    let before = driver.run.clone();
    let refusal = moves(driver, to(steps)).expect_err("it cannot be moved over");
    assert_eq!(driver.run, before);
    assert!(refusal.hint.is_some(), "{refusal:?}");
    refusal.reason
}

/// `build` is done, `look` waits, `ship` and `tell` are still to come.
fn half_way() -> Driver {
    let steps = vec![script("build", "make"), manual("look"), script("ship", "ship"), manual("tell")];
    let mut driver = Driver::start(workflow(steps));
    driver.report(completed("build", 1));
    driver
}

#[test]
fn what_is_still_to_come_may_be_anything() {
    let mut driver = half_way();
    let new = to(vec![
        script("build", "make"),
        manual("look"),
        script("check", "check"),
        script("ship", "ship --slowly"),
    ]);
    let told = changes(&driver.run, &new).expect("it may");
    assert_eq!(
        (ids(&told.changed), ids(&told.added), ids(&told.removed)),
        (vec!["ship"], vec!["check"], vec!["tell"])
    );
    assert!(told.asked_anew.is_empty(), "the prompt is the same");
    let events = moves(&mut driver, new.clone()).expect("moved");
    let [Event { body: EventBody::MovedOver(moved), actor, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&moved.to, actor), (&new.reference, &ana()));
    assert_eq!(moved.from.digest, "0".repeat(64));
    assert_eq!(
        (driver.word("build"), driver.word("look"), driver.word("check")),
        ("done", "waiting", "pending")
    );
    assert_eq!(driver.run.header.workflow, new.reference);
    driver.act(done()).expect("looked");
    driver.report(completed("check", 1));
    let (_, ship) = driver.run.record(&"ship".into()).expect("it is there");
    assert!(matches!(&ship.attempts[0].work, Work::Run { script, .. } if script == "ship --slowly"));
    driver.report(completed("ship", 1));
    assert_eq!(driver.run.status(), RunStatus::Completed);
    let again = replay_with(
        Driver::start(workflow(vec![
            script("build", "make"),
            manual("look"),
            script("ship", "ship"),
            manual("tell"),
        ]))
        .run
        .workflow,
        &driver.journal,
        |digest| (digest == new.reference.digest).then(|| new.workflow.clone()).ok_or("unknown"),
    );
    assert_eq!(again.expect("known").as_ref(), Some(&driver.run), "its journal gives the same run");
    assert!(
        replay_with(driver.run.workflow.clone(), &driver.journal, |_| Err("unknown")).is_err(),
        "a version that is not known is not passed over"
    );
}

#[test]
fn what_was_done_must_be_as_it_was() {
    let rest = || vec![manual("look"), script("ship", "ship"), manual("tell")];
    let with = |first: Step| std::iter::once(first).chain(rest()).collect::<Vec<_>>();
    let why = reason(&mut half_way(), rest());
    assert_eq!(why, "“build” was begun and is done, and it is not in the new version");
    let why = reason(&mut half_way(), with(script("build", "make all")));
    assert_eq!(why, "“build” is done, and what it does is otherwise in the new version");
    let why = reason(&mut half_way(), with(manual("build")));
    assert_eq!(why, "“build” is done, a run step, and a manual step in the new version");
    let mut conditional = script("build", "make");
    conditional.condition = Some("true".to_owned());
    assert!(reason(&mut half_way(), with(conditional)).contains("its condition"));
    let mut named = script("build", "make");
    named.assign = Some("built".to_owned());
    assert!(reason(&mut half_way(), with(named)).contains("what it gives"));
    assert!(reason(&mut half_way(), with(each(script("build", "make"), &["a"], 1))).contains("its list"));
    let why = reason(
        &mut half_way(),
        std::iter::once(manual("first")).chain(with(script("build", "make"))).collect(),
    );
    assert!(why.contains("“build”") && why.contains("what comes before it"), "{why}");
    // What tells people about it, and what would be done in other cases, has changed nothing of it.
    let mut same = script("build", "make");
    same.title = "Make it".to_owned();
    same.timeout = Some(Millis(1));
    same.rollback = Some(Box::new(script("build.rollback", "unmake")));
    let mut driver = half_way();
    moves(&mut driver, to(with(same))).expect("it may");
    assert_eq!(ids(&driver.run.undoable()), ["build"], "it can be undone as the new version says");
}

#[test]
fn nothing_is_moved_under_what_runs() {
    let mut driver = Driver::start(workflow(vec![script("build", "make"), manual("look")]));
    let new = || vec![script("build", "make"), manual("look"), manual("more")];
    let why = reason(&mut driver, new());
    assert_eq!(why, "“build” is running");
    driver.act(Verb::Pause { freeze: true }).expect("it pauses");
    assert_eq!(reason(&mut driver, new()), "“build” is running", "also where it stands still");
    driver.report(completed("build", 1));
    let events = moves(&mut driver, to(new())).expect("paused and quiet");
    assert_eq!(events.len(), 1, "a pause starts nothing");
    driver.act(Verb::Resume).expect("it goes on");
    assert_eq!(driver.word("look"), "waiting");
}

#[test]
fn a_prompt_that_is_otherwise_is_asked_anew_and_its_lease_ends() {
    let mut driver = half_way();
    driver.act(Verb::Take { step: None, length: None }).expect("taken");
    let mut look = manual("look");
    look.validation = Some("It shines".to_owned());
    let new = to(vec![script("build", "make"), look]);
    assert_eq!(ids(&changes(&driver.run, &new).expect("it may").asked_anew), ["look"]);
    let events = moves(&mut driver, new).expect("moved");
    let names: Vec<&str> = events.iter().map(|e| crate::run::line::describe(&e.body).0).collect();
    assert_eq!(names, ["step.interrupted", "run.moved_over", "step.started"]);
    let (_, record) = driver.run.record(&"look".into()).expect("it is there");
    assert_eq!((record.attempts.len(), record.state.lease()), (2, None));
    // Of another kind, or behind another step, it is asked as that.
    let mut driver = half_way();
    moves(&mut driver, to(vec![script("build", "make"), question("look")])).expect("moved");
    assert!(matches!(driver.run.steps[1].attempts[1].work, Work::Ask));
    let mut driver = half_way();
    moves(&mut driver, to(vec![script("build", "make"), script("lint", "lint"), manual("look")]))
        .expect("moved");
    assert_eq!((driver.word("lint"), driver.word("look")), ("running", "pending"));
}

#[test]
fn an_approval_counts_only_for_what_it_showed() {
    let steps = |does: &str| vec![approval("gate"), script("ship", does)];
    // While it waits: the digest that was shown is void.
    let mut driver = Driver::start(workflow(steps("ship")));
    let shown = digest_of(&driver.run);
    moves(&mut driver, to(steps("ship --force"))).expect("moved");
    assert_ne!(digest_of(&driver.run), shown, "it shows the new work");
    assert!(driver.act(Verb::Approve { step: None, digest: shown }).is_err());
    // Once it was given: for other work it is asked again before that begins.
    driver.act(Verb::Pause { freeze: false }).expect("it pauses");
    let digest = digest_of(&driver.run);
    driver.act(Verb::Approve { step: None, digest }).expect("approved");
    moves(&mut driver, to(steps("ship --slowly"))).expect("moved");
    assert_eq!(driver.word("gate"), "done");
    driver.act(Verb::Resume).expect("it goes on");
    assert_eq!((driver.word("gate"), driver.word("ship")), ("waiting", "pending"), "nobody approved this");
}

#[test]
fn a_failed_step_is_tried_again_as_the_new_version_says() {
    let mut driver = Driver::start(workflow(vec![script("build", "maek"), manual("look")]));
    driver.report(failed("build", 1));
    let edit = Edit { script: Some("mkae".to_owned()), ..Edit::default() };
    driver.act(Verb::Retry { step: None, edit: Some(Box::new(edit)) }).expect("edited");
    driver.report(failed("build", 2));
    moves(&mut driver, to(vec![script("build", "make"), manual("look")])).expect("the file is mended");
    assert_eq!(driver.word("build"), "failed", "nothing begins by itself");
    driver.act(Verb::Retry { step: None, edit: None }).expect("again");
    let work = driver.run.steps[0].attempts.last().map(|a| a.work.clone());
    assert!(
        matches!(work, Some(Work::Run { script, .. }) if script == "make"),
        "and the edit was of the old one"
    );
    driver.report(completed("build", 3));
    driver.act(Verb::Back { to: "build".into(), reason: None }).expect("gone back");
    assert_eq!(driver.run.steps[0].attempts.len(), 4);
}

#[test]
fn a_loop_goes_on_as_it_is() {
    let parts = |script: Step| each(script, &["a", "b"], 1);
    let mut driver = Driver::start(workflow(vec![parts(manual("check")), manual("look")]));
    driver.act(done()).expect("a is done");
    let why = reason(&mut driver, vec![each(manual("check"), &["a", "b", "c"], 1), manual("look")]);
    assert!(why.contains("“check”") && why.contains("its list"), "{why}");
    let mut other = manual("check");
    other.kind = StepKind::Manual { actions: vec!["Otherwise".to_owned()] };
    assert!(reason(&mut driver, vec![parts(other), manual("look")]).contains("what it does"));
    moves(&mut driver, to(vec![parts(manual("check")), manual("before"), manual("look")])).expect("moved");
    driver.act(done()).expect("b is done");
    assert_eq!((driver.word("check"), driver.word("before")), ("done", "waiting"));
}

#[test]
fn inputs_that_the_new_version_needs_are_asked_for() {
    let field = |name: &str| Field::new(name, FieldKind::String { max_length: None }, "What?");
    let with = |fields: Vec<Field>| Workflow { inputs: fields, ..workflow(vec![manual("look")]) };
    let mut driver = Driver::start_with(with(vec![field("old"), field("kept")]), |header| {
        header.inputs = json!({ "old": "a", "kept": "b" }).as_object().cloned().expect("an object");
    });
    let new = version(with(vec![field("kept"), field("more")]));
    let refusal = moves(&mut driver, new.clone()).expect_err("one is missing");
    assert!(refusal.reason.contains("more"), "{refusal:?}");
    let given = Version { inputs: json!({ "more": "c" }).as_object().cloned().expect("an object"), ..new };
    moves(&mut driver, given).expect("moved");
    assert_eq!(json!(driver.run.inputs), json!({ "kept": "b", "more": "c" }));
}

#[test]
fn who_may_move_what_and_when() {
    let steps = || vec![manual("look")];
    let mut driver = Driver::start(workflow(steps()));
    let new = to(vec![manual("look"), manual("more")]);
    let agent = Actor::Agent("aide".to_owned());
    assert!(driver.act_as(&agent, Command::MoveOver(Box::new(new.clone()))).is_err(), "a person's decision");
    let with = |change: fn(&mut Workflow)| {
        let mut other = workflow(vec![manual("look"), manual("more")]);
        change(&mut other);
        version(other)
    };
    for refused in [
        with(|w| w.id = "another".into()),
        with(|w| w.status = Status::Deprecated { replaced_by: None, reason: None }),
        with(|w| w.moves = Some(Moves { from: Vec::new(), to: "Shipped".to_owned(), condition: None })),
    ] {
        assert!(moves(&mut driver, refused).is_err());
    }
    moves(&mut driver, new.clone()).expect("moved");
    assert!(moves(&mut driver, new.clone()).is_err(), "it has that version already");
    // A limit of the whole run that is otherwise counts from here on.
    let limited = with(|w| w.config.timeout = Some(Millis(60_000)));
    driver.later(3_600_000);
    moves(&mut driver, limited).expect("moved");
    let deadline = Some(driver.now.plus(Millis(60_000)));
    assert_eq!(driver.run.phase, Phase::Active { deadline });
    assert_ne!(driver.run.started_at, Timestamp(0));
    driver.act(done()).expect("looked");
    driver.act(done()).expect("more");
    assert!(matches!(driver.run.steps[1].state, StepState::Done { .. }));
    let why = moves(&mut driver, new).expect_err("it has ended").reason;
    assert!(why.contains("completed"), "{why}");
}
