//! Failures and what follows from them: final errors, going back, escalation, rollback, and child runs.

use serde_json::{Map, json};

use super::flow::{each, needs};
use super::{completed, digest_of, done, exit, failed};
use crate::base::{Millis, StepId};
use crate::run::testing::{Driver, approval, manual, script, workflow};
use crate::run::{
    ChildNeed, Effect, EventBody, Failure, FailureKind, NeedKind, Outcome, Phase, Prompt, Report, Run,
    RunStatus, StepState, Verb, Work, addressee, effects, passed_down, passed_up, summarise,
};
use crate::workflow::testing::step;
use crate::workflow::{Backoff, Final, Moves, OnFailure, OnTimeout, Retry, Step, StepKind};

fn retry(attempts: u32) -> Retry {
    Retry {
        max_attempts: attempts,
        backoff: Backoff::Fixed,
        initial: Millis(1_000),
        max: Millis(60_000),
        jitter: false,
        finals: Vec::new(),
    }
}

pub(super) fn undone_by(mut step: Step, undo: &str) -> Step {
    step.rollback = Some(Box::new(script(&format!("{}.rollback", step.id), undo)));
    step
}

#[test]
fn what_is_final_is_not_tried_again() {
    let mut definition = script("a", "false");
    definition.retry = Some(Retry { finals: vec![Final::Exit(2), Final::Timeout], ..retry(5) });
    let mut driver = Driver::start(workflow(vec![definition]));
    driver.report(failed("a", 1));
    assert_eq!(driver.word("a"), "waiting", "exit 1 is tried again");
    driver.later(1_000).report(Report::Wake);
    driver.report(Report::Failed { step: "a".into(), attempt: 2, failure: exit(2) });
    assert_eq!(driver.word("a"), "failed", "exit 2 is not");
}

#[test]
fn jitter_stays_between_half_and_whole_and_grows_as_told() {
    let retry = Retry { backoff: Backoff::Exponential { percent: 150 }, jitter: true, ..retry(5) };
    for chance in [0, 1, 7, u64::MAX] {
        for (failed, whole) in [(1, 1_000), (2, 1_500), (3, 2_250), (30, 60_000)] {
            let delay = retry.delay(failed, chance).0;
            assert!((whole / 2..=whole).contains(&delay), "{failed}: {delay}");
        }
    }
    assert_eq!(Retry { jitter: false, ..retry }.delay(3, 9), Millis(2_250));
}

#[test]
fn a_failure_may_go_back_by_itself_but_not_for_ever() {
    let mut test = script("test", "false");
    test.on_failure = OnFailure::Back { to: "build".into(), times: 1 };
    let mut driver = Driver::start(workflow(vec![script("build", "make"), test]));
    driver.report(completed("build", 1));
    driver.report(failed("test", 1));
    assert_eq!((driver.word("build"), driver.word("test")), ("running", "pending"));
    driver.report(completed("build", 2));
    driver.report(failed("test", 2));
    assert_eq!((driver.word("build"), driver.word("test")), ("done", "failed"), "then a person decides");
}

#[test]
fn an_escalation_goes_down_the_line() {
    let mut deploy = script("deploy", "false");
    deploy.on_failure =
        OnFailure::Escalate { to: vec!["ana".into(), "team lead".into()], within: Millis(1_000) };
    let mut driver = Driver::start(workflow(vec![deploy]));
    driver.report(failed("deploy", 1));
    let asked = |driver: &Driver| summarise(&driver.run).need.and_then(|n| n.to);
    assert_eq!(asked(&driver).as_deref(), Some("ana"));
    driver.later(999).report(Report::Wake);
    assert_eq!(asked(&driver).as_deref(), Some("ana"));
    driver.later(1).report(Report::Wake);
    assert_eq!(asked(&driver).as_deref(), Some("team lead"));
    assert_eq!(driver.run.next_timer(), None, "nobody comes after the last");
    driver.act(Verb::Retry { step: None, edit: None }).expect("decided");
    assert_eq!(asked(&driver), None);
}

#[test]
fn resuming_does_not_escalate_at_once() {
    let mut deploy = script("deploy", "false");
    deploy.on_failure = OnFailure::Escalate { to: vec!["ana".into(), "lead".into()], within: Millis(1_000) };
    let mut driver = Driver::start(workflow(vec![deploy]));
    driver.report(failed("deploy", 1));
    driver.later(500).act(Verb::Pause { freeze: false }).expect("paused");
    driver.later(60_000).report(Report::Wake);
    driver.act(Verb::Resume).expect("resumed");
    assert!(driver.report(Report::Wake).is_empty(), "its clock stood still");
    assert_eq!(driver.later(500).report(Report::Wake).len(), 1);
}

#[test]
fn an_approval_reminds_escalates_and_is_rejected_in_the_end() {
    let mut gate = approval("gate");
    gate.kind = StepKind::Approve {
        question: "Go on?".into(),
        within: Some(Millis(10_000)),
        remind: Some(Millis(4_000)),
        on_timeout: OnTimeout::Escalate,
        escalate: vec!["lead".into()],
    };
    let mut driver = Driver::start(workflow(vec![gate, script("ship", "ship")]));
    let digest = digest_of(&driver.run);
    let names = |driver: &mut Driver, wait: u64| -> Vec<String> {
        let events = driver.later(wait).report(Report::Wake);
        events.iter().map(|e| serde_json::to_value(&e.body).expect("JSON")["event"].to_string()).collect()
    };
    assert_eq!(names(&mut driver, 4_000), ["\"approval.reminded\""]);
    assert_eq!(names(&mut driver, 4_000), ["\"approval.reminded\""]);
    assert_eq!(names(&mut driver, 2_000), ["\"step.escalated\""]);
    assert_eq!(digest_of(&driver.run), digest, "what is asked stays the same");
    driver.later(10_000).report(Report::Wake);
    assert_eq!((driver.word("gate"), driver.word("ship")), ("failed", "pending"));
    driver.act(Verb::Approve { step: Some("gate".into()), digest }).expect_err("too late");
}

#[test]
fn a_rollback_undoes_in_reverse_order_what_was_done() {
    let mut last = script("three", "false");
    last.on_failure = OnFailure::Rollback;
    let steps = vec![
        undone_by(script("one", "1"), "undo 1"),
        script("between", "true"),
        undone_by(each(script("two", "2"), &["x", "y"], 1), "undo 2"),
        last,
    ];
    let mut driver = Driver::start(workflow(steps));
    for step in ["one", "between", "two.1", "two.2"] {
        driver.report(completed(step, 1));
    }
    driver.report(failed("three", 1));
    assert!(driver.run.is_rolling_back());
    for step in ["two.2.rollback", "two.1.rollback", "one.rollback"] {
        assert_eq!(driver.word(step), "running", "{step}");
        driver.act(Verb::Back { to: "one".into(), reason: None }).expect_err("not now");
        driver.report(completed(step, 1));
    }
    assert_eq!(driver.run.status(), RunStatus::Failed);
    assert!(summarise(&driver.run).rolled_back);
    driver.act(Verb::Rollback { reason: "again".into() }).expect_err("nothing is left to undo");
}

#[test]
fn a_rollback_that_fails_waits_for_a_person() {
    let mut driver = Driver::start(workflow(vec![undone_by(script("one", "1"), "undo"), manual("end")]));
    driver.report(completed("one", 1));
    driver.act(Verb::Rollback { reason: String::new() }).expect_err("needs a reason");
    driver.act(Verb::Rollback { reason: "wrong version".into() }).expect("begins");
    driver.report(failed("one.rollback", 1));
    assert_eq!(driver.run.status(), RunStatus::Waiting);
    driver.act(Verb::Retry { step: None, edit: None }).expect("again");
    driver.report(completed("one.rollback", 2));
    assert_eq!(driver.run.status(), RunStatus::Cancelled);
}

#[test]
fn a_cancelled_run_can_still_be_rolled_back() {
    let mut driver = Driver::start(workflow(vec![undone_by(script("one", "1"), "undo"), manual("end")]));
    driver.report(completed("one", 1));
    driver.act(Verb::Cancel { reason: None }).expect("cancelled");
    driver.report(Report::Stopped { left_behind: Vec::new() });
    assert_eq!(driver.run.status(), RunStatus::Cancelled);
    driver.act(Verb::Retry { step: None, edit: None }).expect_err("it has ended");
    driver.act(Verb::Rollback { reason: "leave nothing".into() }).expect("begins");
    assert_eq!((driver.word("one.rollback"), driver.run.status()), ("running", RunStatus::Running));
    driver.report(completed("one.rollback", 1));
    assert_eq!(driver.run.status(), RunStatus::Cancelled);
}

#[test]
fn a_subject_is_moved_by_a_completed_run_and_put_back_by_a_rollback() {
    let moved = |driver: &Driver| -> Vec<(Option<String>, Option<String>)> {
        let moves = driver.journal.iter().filter_map(|e| match &e.body {
            EventBody::SubjectMoved { from, to, .. } => Some((from.clone(), to.clone())),
            _ => None,
        });
        moves.collect()
    };
    let mut definition = workflow(vec![undone_by(script("one", "1"), "undo")]);
    definition.moves = Some(Moves { from: vec!["Validated".into()], to: "Deployed".into(), condition: None });
    let subject =
        crate::run::Subject { root: "/w".into(), name: "x".into(), state: Some("Validated".into()) };
    let mut driver = Driver::start_with(definition, |header| header.subject = Some(subject));
    driver.report(failed("one", 1));
    assert_eq!(moved(&driver), [], "a failure moves nothing");
    driver.act(Verb::Retry { step: None, edit: None }).expect("again");
    driver.report(completed("one", 2));
    let (validated, deployed) = (Some("Validated".to_owned()), Some("Deployed".to_owned()));
    assert_eq!(moved(&driver), [(validated.clone(), deployed.clone())]);
    driver.act(Verb::Rollback { reason: "broken".into() }).expect("begins");
    driver.report(completed("one.rollback", 1));
    assert_eq!(moved(&driver)[1], (deployed, validated));
}

#[test]
fn a_condition_over_the_inputs_leaves_the_subject_where_it_is() {
    let mut definition = workflow(vec![undone_by(script("one", "1"), "undo")]);
    let condition = Some("not inputs.rehearsal".to_owned());
    definition.moves = Some(Moves { from: Vec::new(), to: "Deployed".into(), condition });
    for (rehearsal, moved) in [(true, 0), (false, 1)] {
        let mut driver = Driver::start_with(definition.clone(), |header| {
            header.subject = Some(crate::run::Subject { root: "/w".into(), name: "x".into(), state: None });
            header.inputs.insert("rehearsal".into(), rehearsal.into());
        });
        let moves = |driver: &Driver| {
            driver.journal.iter().filter(|e| matches!(e.body, EventBody::SubjectMoved { .. })).count()
        };
        driver.report(completed("one", 1));
        assert_eq!((driver.run.status(), moves(&driver)), (RunStatus::Completed, moved));
        driver.act(Verb::Rollback { reason: "broken".into() }).expect("begins");
        driver.report(completed("one.rollback", 1));
        assert_eq!(moves(&driver), 2 * moved, "what was not moved is not put back");
    }
}

pub(super) fn parent() -> Driver {
    let kind = StepKind::Workflow { workflow: "other".into(), inputs: Map::new() };
    Driver::start(workflow(vec![step("sub", kind), manual("end")]))
}

pub(super) fn child_of(driver: &Driver, steps: Vec<Step>) -> Driver {
    let (record, id) = driver.run.children().next().expect("a child");
    let parent = crate::run::Parent {
        run: driver.run.id().clone(),
        step: record.id.clone(),
        attempt: record.attempt(),
    };
    let id = id.clone();
    Driver::start_with(workflow(steps), |header| {
        header.run = id;
        header.parent = Some(parent);
    })
}

pub(super) fn tell(parent: &mut Driver, child: &Run) {
    let (to, report) = passed_up(child).expect("it has a parent");
    assert_eq!(&to, parent.run.id());
    parent.report(report);
}

#[test]
fn a_childs_prompt_is_its_parents() {
    let mut parent = parent();
    let started = parent.journal.last().expect("step.started");
    assert!(matches!(effects(&parent.run, &started.body).as_slice(), [Effect::StartChild { .. }]));
    let mut first = manual("first");
    first.assign = Some("report".into());
    let mut child = child_of(&parent, vec![first]);
    tell(&mut parent, &child.run);
    let need = summarise(&parent.run).need.expect("it needs somebody");
    assert_eq!((need.kind, need.child.as_ref()), (NeedKind::Check, Some(child.run.id())));
    assert_eq!(parent.run.status(), RunStatus::Waiting, "waiting is not working");
    let (to, verb) = addressee(&parent.run, &done()).expect("it is meant for the child");
    assert_eq!(&to, child.run.id());
    child.act(verb).expect("done there");
    tell(&mut parent, &child.run);
    assert_eq!((parent.word("sub"), parent.word("end")), ("done", "waiting"));
    let StepState::Done { outcome, .. } = &parent.run.steps[0].state else { panic!("done") };
    assert!(outcome.outputs.contains_key("report"), "what it assigned comes up");
    assert_eq!(addressee(&parent.run, &done()), None);
}

#[test]
fn a_step_of_a_child_is_named_through_its_parent() {
    let mut parent = parent();
    let child = child_of(&parent, vec![manual("first")]);
    tell(&mut parent, &child.run);
    let skip = Verb::Skip { step: Some("sub/first".into()), reason: "no".into() };
    let (_, verb) = addressee(&parent.run, &skip).expect("for the child");
    assert_eq!(verb, Verb::Skip { step: Some("first".into()), reason: "no".into() });
    let deep = Verb::Skip { step: Some("sub/deploy/verify".into()), reason: "no".into() };
    let (_, verb) = addressee(&parent.run, &deep).expect("for a child of the child");
    assert_eq!(verb, Verb::Skip { step: Some("deploy/verify".into()), reason: "no".into() });
    let own = Verb::Skip { step: Some("sub".into()), reason: "no".into() };
    assert_eq!(addressee(&parent.run, &own), None, "the whole step is the parent's");
}

#[test]
fn what_happens_to_a_parent_reaches_its_children() {
    let mut parent = parent();
    let child = parent.run.children().next().map(|(_, id)| id.clone()).expect("a child");
    let down = |before: &Run, events: &[crate::run::Event]| -> Vec<(crate::base::RunId, String)> {
        let all = events.iter().flat_map(|e| passed_down(before, &e.body));
        all.map(|(id, verb)| (id, verb.name().to_owned())).collect()
    };
    for (verb, name) in [
        (Verb::Pause { freeze: true }, "pause"),
        (Verb::Resume, "resume"),
        (Verb::Cancel { reason: None }, "cancel"),
    ] {
        let before = parent.run.clone();
        let events = parent.act(verb).expect(name);
        assert_eq!(down(&before, &events), [(child.clone(), name.to_owned())]);
    }
    assert!(!parent.run.is_ended(), "not before its children have ended");
}

#[test]
fn a_child_that_fails_fails_its_step() {
    let mut parent = parent();
    let mut child = child_of(&parent, vec![manual("first")]);
    child.act(Verb::Cancel { reason: Some("wrong one".into()) }).expect("cancelled");
    tell(&mut parent, &child.run);
    let StepState::Failed { failure, .. } = &parent.run.steps[0].state else { panic!("failed") };
    assert_eq!(failure.kind, FailureKind::Child);
    assert!(
        failure.message.contains("cancelled") && failure.message.contains("wrong one"),
        "{}",
        failure.message
    );
    let first = parent.run.steps[0].attempts[0].work.clone();
    parent.act(Verb::Retry { step: None, edit: None }).expect("again");
    let (Work::Workflow { run: a, .. }, Work::Workflow { run: b, .. }) =
        (&first, &parent.run.steps[0].attempts[1].work)
    else {
        panic!("child runs")
    };
    assert_ne!(a, b, "a run id is never used twice");
}

#[test]
fn after_a_crash_a_child_run_and_a_loop_are_not_uncertain() {
    let mut parent = parent();
    assert!(parent.report(Report::Recovered).is_empty());
    let mut looping = Driver::start(workflow(vec![each(script("b", "true"), &["x"], 1)]));
    looping.report(Report::Recovered);
    assert_eq!((looping.word("b"), looping.word("b.1")), ("running", "uncertain"));
}

#[test]
fn an_agent_without_a_command_is_answered_by_somebody() {
    let kind = StepKind::Agent {
        agent: "analyst".into(),
        persona: "You are careful.".into(),
        prompt: "What is wrong?".into(),
        expects: Some("STATUS: done".into()),
    };
    let mut ask = step("ask", kind);
    ask.assign = Some("found".into());
    ask.outputs.insert("cause".into(), "${{ output.CAUSE | trim }}".into());
    ask.outputs.insert("also".into(), "${{ output.ALSO | default('nothing') }}".into());
    let mut driver = Driver::start(workflow(vec![ask, manual("end")]));
    assert!(matches!(&driver.run.steps[0].state, StepState::Waiting { on: Prompt::Agent { .. }, .. }));
    let text = |text: &str| Verb::Answer {
        step: None,
        values: json!({ "text": text }).as_object().cloned().expect("an object"),
    };
    driver.act(done()).expect_err("it wants a text");
    driver.act(text("no idea")).expect_err("not what is expected");
    let refusal = driver.act(text("A full disk. STATUS: done")).expect_err("an output would lack its value");
    assert!(refusal.reason.contains("there is no `output.CAUSE`"), "{refusal:?}");
    driver.act(text("CAUSE: a full disk\nstatus:   DONE")).expect("blind to case and space");
    let StepState::Done { outcome, .. } = &driver.run.steps[0].state else { panic!("done") };
    assert_eq!(outcome.outputs["CAUSE"], json!("a full disk"));

    let Driver { run, .. } = Driver::start_with(driver.run.workflow.as_ref().clone(), |header| {
        header.context.agents = vec!["analyst".into()];
    });
    assert!(matches!(run.steps[0].state, StepState::Running { .. }), "with a command it is asked by itself");
}

#[test]
fn declared_outputs_are_read_from_what_came_out() {
    let mut build = script("build", "make");
    build.outputs.insert("version".into(), "${{ output.VERSION }}".into());
    let mut driver = Driver::start(workflow(vec![build, manual("end")]));
    driver.report(completed("build", 1));
    let StepState::Failed { failure, .. } = &driver.run.steps[0].state else { panic!("failed") };
    assert_eq!(failure.kind, FailureKind::Expression, "a missing output is no empty text");
    driver.act(Verb::Retry { step: None, edit: None }).expect("again");
    let outputs = json!({ "VERSION": "1.2.3" }).as_object().cloned().expect("an object");
    let outcome = Outcome { outputs, ..Outcome::default() };
    driver.report(Report::Completed { step: "build".into(), attempt: 2, outcome });
    let StepState::Done { outcome, .. } = &driver.run.steps[0].state else { panic!("done") };
    assert_eq!(outcome.outputs["version"], json!("1.2.3"));
}

#[test]
fn a_loop_and_a_graph_are_cancelled_whole() {
    let steps =
        vec![needs(script("a", "sleep"), &[]), needs(each(script("b", "sleep"), &["x", "y"], 2), &[])];
    let mut driver = Driver::start(workflow(steps));
    driver.act(Verb::Cancel { reason: None }).expect("cancelling");
    driver.report(Report::Stopped { left_behind: Vec::new() });
    assert!(matches!(driver.run.phase, Phase::Cancelled { .. }));
    assert!(driver.run.steps.iter().all(|s| !s.state.is_open()));
    assert!(driver.run.segments.iter().all(|s| s.to.is_some()));
}

#[test]
fn what_a_child_needs_is_told_once_and_late_reports_of_it_change_nothing() {
    let need =
        ChildNeed { kind: NeedKind::Check, step: "x".into(), title: "X".into(), deadline: None, lease: None };
    let mut parent = parent();
    let report = Report::Child { step: "sub".into(), attempt: 1, need: Some(need.clone()) };
    assert_eq!(parent.report(report.clone()).len(), 1);
    assert!(parent.report(report).is_empty(), "the same again tells nothing");
    let late = Report::Failed {
        step: StepId::new("sub"),
        attempt: 7,
        failure: Failure { kind: FailureKind::Child, message: "x".into(), exit: None },
    };
    assert!(parent.report(late).is_empty());
}
