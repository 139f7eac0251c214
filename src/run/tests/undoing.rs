//! Child runs that are rolled back with their parents, as far as it is decided without an engine.

use serde_json::Map;

use super::mending::{child_of, tell, undone_by};
use super::{completed, failed};
use crate::run::testing::{Driver, ana, manual, script, workflow};
use crate::run::{
    AttemptEnd, Command, FailureKind, NeedKind, Report, Role, Run, RunStatus, StepState, Undoing, Verb, Work,
    addressee, passed_down, summarise, undoing,
};
use crate::workflow::testing::step;
use crate::workflow::{Step, StepKind, Workflow};

/// A step whose child run is rolled back.
fn sub() -> Step {
    let mut sub = step("sub", StepKind::Workflow { workflow: "other".into(), inputs: Map::new() });
    sub.rollback = Some(Box::new(step("sub.rollback", StepKind::Rollback)));
    sub
}

fn family() -> Workflow {
    workflow(vec![undone_by(script("first", "1"), "undo 1"), sub(), manual("end")])
}

/// A parent whose child run is at work at the first of two steps.
fn begun() -> (Driver, Driver) {
    let mut parent = Driver::start(family());
    parent.report(completed("first", 1));
    let steps = vec![undone_by(script("a", "a"), "undo a"), undone_by(script("b", "b"), "undo b")];
    let child = child_of(&parent, steps);
    (parent, child)
}

/// The same, where the child run has completed and the parent is rolled back.
fn rolled_back() -> (Driver, Driver) {
    let (mut parent, mut child) = begun();
    child.report(completed("a", 1));
    child.report(completed("b", 1));
    tell(&mut parent, &child.run);
    roll_back(&mut parent);
    (parent, child)
}

fn roll_back(parent: &mut Driver) {
    parent.act(Verb::Rollback { reason: "it is broken".into() }).expect("begins");
}

fn next(parent: &Driver, child: Option<&Run>, broke_off: bool) -> Option<Undoing> {
    let (_, record) = parent.run.record(&"sub.rollback".into()).expect("it is undone");
    undoing(&parent.run, record, child, broke_off)
}

#[track_caller]
fn begins(parent: &Driver, child: &mut Driver, broke_off: bool) {
    let Some(Undoing::Begin { reason, by }) = next(parent, Some(&child.run), broke_off) else {
        panic!("it begins: {:?}", next(parent, Some(&child.run), broke_off))
    };
    assert!(reason.contains(parent.run.id().short()) && reason.contains("it is broken"), "{reason}");
    assert_eq!(by, ana());
    child.act_as(&by, Command::Verb(Verb::Rollback { reason })).expect("it is rolled back");
}

#[track_caller]
fn told(parent: &mut Driver, child: Option<&Run>, broke_off: bool) -> String {
    let Some(Undoing::Tell(report)) = next(parent, child, broke_off) else {
        panic!("it is told: {:?}", next(parent, child, broke_off))
    };
    parent.report(report);
    let (_, record) = parent.run.record(&"sub.rollback".into()).expect("it is undone");
    match record.attempts.last().and_then(|attempt| attempt.ended.as_ref()) {
        Some(AttemptEnd::Done { outcome, .. }) => outcome.evidence[0].text.clone(),
        Some(AttemptEnd::Failed { failure, .. }) => failure.message.clone(),
        _ => String::new(),
    }
}

#[test]
fn a_child_run_is_undone_in_its_turn_by_rolling_it_back() {
    let (mut parent, mut child) = rolled_back();
    let (_, record) = parent.run.record(&"sub.rollback".into()).expect("it is undone");
    assert_eq!(record.attempts[0].work, Work::Rollback { run: child.run.id().clone() });
    begins(&parent, &mut child, false);
    told(&mut parent, Some(&child.run), false);
    assert_eq!((parent.word("sub.rollback"), parent.word("first.rollback")), ("running", "pending"));
    for step in ["b.rollback", "a.rollback"] {
        assert_eq!(child.word(step), "running", "newest first");
        child.report(completed(step, 1));
    }
    let evidence = told(&mut parent, Some(&child.run), false);
    assert!(evidence.ends_with("was rolled back"), "{evidence}");
    assert_eq!((parent.word("sub.rollback"), parent.word("first.rollback")), ("done", "running"));
    parent.report(completed("first.rollback", 1));
    assert_eq!(parent.run.status(), RunStatus::Cancelled);
    assert_eq!(next(&parent, Some(&child.run), false), None, "it is over");
}

#[test]
fn a_child_run_that_goes_on_is_ended_first() {
    let (mut parent, mut child) = begun();
    child.report(completed("a", 1));
    roll_back(&mut parent);
    assert_eq!(next(&parent, Some(&child.run), false), Some(Undoing::Cancel));
    child.act(Verb::Cancel { reason: None }).expect("it ends");
    assert_eq!(next(&parent, Some(&child.run), false), Some(Undoing::Wait));
    child.report(Report::Stopped { left_behind: Vec::new() });
    begins(&parent, &mut child, false);
    assert_eq!(child.word("b.rollback"), "running", "it may have done a part of it");
}

#[test]
fn where_nothing_is_left_to_undo_it_is_done_at_once() {
    let (mut parent, _) = begun();
    roll_back(&mut parent);
    let evidence = told(&mut parent, None, false);
    assert!(evidence.contains("never began"), "{evidence}");

    let mut parent = Driver::start(family());
    parent.report(completed("first", 1));
    let mut child = child_of(&parent, vec![script("a", "a")]);
    child.report(completed("a", 1));
    tell(&mut parent, &child.run);
    roll_back(&mut parent);
    let evidence = told(&mut parent, Some(&child.run), false);
    assert!(evidence.contains("did nothing that can be undone"), "{evidence}");

    let (mut parent, mut child) = begun();
    child.act(Verb::Rollback { reason: "by itself".into() }).expect("begins");
    child.report(completed("a.rollback", 1));
    tell(&mut parent, &child.run);
    parent.later(1_000);
    roll_back(&mut parent);
    let evidence = told(&mut parent, Some(&child.run), false);
    assert!(evidence.contains("was rolled back before"), "{evidence}");
    assert_eq!(parent.word("sub.rollback"), "done");
}

#[test]
fn a_rollback_that_was_cancelled_has_failed_and_can_be_taken_up_again() {
    let (mut parent, mut child) = rolled_back();
    begins(&parent, &mut child, false);
    child.report(completed("b.rollback", 1));
    child.act(Verb::Cancel { reason: Some("stop it".into()) }).expect("cancelled");
    child.report(Report::Stopped { left_behind: Vec::new() });
    let why = told(&mut parent, Some(&child.run), true);
    assert!(why.contains("was cancelled by ana@laptop: stop it"), "{why}");
    let StepState::Failed { failure, continued: false, .. } =
        &parent.run.record(&"sub.rollback".into()).expect("a record").1.state
    else {
        panic!("a person decides")
    };
    assert_eq!(failure.kind, FailureKind::Reported, "it is not tried again by itself");
    parent.later(1_000).act(Verb::Retry { step: None, edit: None }).expect("again");
    begins(&parent, &mut child, false);
    child.report(completed("a.rollback", 2));
    told(&mut parent, Some(&child.run), false);
    assert_eq!((parent.word("sub.rollback"), child.word("b.rollback")), ("done", "done"));
}

#[test]
fn what_its_rollback_asks_is_its_parents() {
    let (mut parent, mut child) = rolled_back();
    begins(&parent, &mut child, false);
    child.report(failed("b.rollback", 1));
    told(&mut parent, Some(&child.run), false);
    let need = summarise(&parent.run).need.expect("somebody is needed");
    assert_eq!((need.kind, need.child.as_ref()), (NeedKind::Failed, Some(child.run.id())));
    let retry = Verb::Retry { step: None, edit: None };
    assert_eq!(addressee(&parent.run, &retry), Some((child.run.id().clone(), retry)));
    let named = Verb::Skip { step: Some("sub.rollback/b.rollback".into()), reason: "no".into() };
    let (_, verb) = addressee(&parent.run, &named).expect("it is the child's");
    assert_eq!(verb, Verb::Skip { step: Some("b.rollback".into()), reason: "no".into() });
    let before = parent.run.clone();
    let skip = Verb::Skip { step: Some("sub.rollback".into()), reason: "by hand".into() };
    let events = parent.act(skip).expect("the whole of it");
    let down = passed_down(&before, &events[0].body);
    assert!(matches!(&down[..], [(id, Verb::Cancel { .. })] if id == child.run.id()), "{down:?}");
}

#[test]
fn a_paused_parent_begins_no_rollback_of_its_child() {
    let (mut parent, mut child) = rolled_back();
    parent.act(Verb::Pause { freeze: false }).expect("paused");
    assert_eq!(next(&parent, Some(&child.run), false), Some(Undoing::Wait));
    parent.act(Verb::Resume).expect("resumed");
    begins(&parent, &mut child, false);
    assert!(parent.report(Report::Recovered).is_empty(), "a crash makes nothing of it uncertain");
}

#[test]
fn what_a_child_run_did_is_undone_whatever_became_of_its_step() {
    let (mut parent, mut child) = begun();
    child.act(Verb::Cancel { reason: None }).expect("cancelled");
    child.report(Report::Stopped { left_behind: Vec::new() });
    tell(&mut parent, &child.run);
    parent.act(Verb::Skip { step: Some("sub".into()), reason: "not needed".into() }).expect("skipped");
    assert_eq!(parent.run.undoable(), ["sub".into(), "first".into()]);
    parent.act(Verb::Back { to: "sub".into(), reason: None }).expect("back");
    let again = parent.run.record(&"sub".into()).and_then(|(_, record)| record.child().cloned());
    assert_ne!(again.as_ref(), Some(child.run.id()), "a run of its own each time");
    roll_back(&mut parent);
    let (_, undo) = parent.run.record(&"sub.rollback".into()).expect("it is undone");
    assert_eq!(undo.child(), again.as_ref());
    assert!(matches!(undo.role, Role::Undo { .. }));
}

#[test]
fn an_authors_own_rollback_takes_the_place_of_it() {
    let own = undone_by(step("sub", sub().kind), "by hand");
    let mut parent = Driver::start(workflow(vec![own, manual("end")]));
    let mut child = child_of(&parent, vec![undone_by(script("a", "a"), "undo a")]);
    child.report(completed("a", 1));
    tell(&mut parent, &child.run);
    roll_back(&mut parent);
    let (_, undo) = parent.run.record(&"sub.rollback".into()).expect("it is undone");
    assert!(matches!(&undo.attempts[0].work, Work::Run { script, .. } if script == "by hand"));
    assert_eq!(next(&parent, Some(&child.run), false), None);
}
