//! Bugs of gates that were seen in other systems, each as a test that fails when it is put in.

use serde_json::json;

use super::flow::needs;
use super::{completed, digest_of, done, failed};
use crate::base::{Actor, Millis, StepId};
use crate::run::testing::{Driver, approval, manual, question, script, workflow};
use crate::run::{Command, EventBody, Report, RunStatus, StepState, Verb, Work};
use crate::workflow::OnFailure;

fn approve(driver: &mut Driver, step: &str) {
    let digest = digest_of_step(driver, step);
    driver.act(Verb::Approve { step: Some(step.into()), digest }).expect("approved");
}

fn digest_of_step(driver: &Driver, step: &str) -> String {
    let (_, record) = driver.run.record(&step.into()).expect("the step");
    match record.attempts.last().map(|a| &a.work) {
        Some(Work::Approve { digest, .. }) => digest.clone(),
        _ => String::new(),
    }
}

fn tries(driver: &Driver) -> Vec<usize> {
    driver.run.steps.iter().map(|s| s.attempts.len()).collect()
}

#[test]
fn a_run_is_not_finished_while_a_prompt_is_open() {
    let steps = vec![script("work", "true"), needs(manual("look"), &[]), needs(approval("gate"), &[])];
    let mut driver = Driver::start(workflow(steps));
    driver.report(completed("work", 1));
    assert_eq!(driver.run.status(), RunStatus::Waiting);
    approve(&mut driver, "gate");
    assert_eq!(driver.run.status(), RunStatus::Waiting, "one prompt is still open");
    driver.act(done()).expect("looked");
    assert_eq!(driver.run.status(), RunStatus::Completed);
}

#[test]
fn approving_runs_no_earlier_step_again() {
    let steps =
        vec![script("build", "make"), script("test", "make test"), approval("gate"), script("ship", "ship")];
    let mut driver = Driver::start(workflow(steps));
    driver.report(completed("build", 1));
    driver.report(completed("test", 1));
    approve(&mut driver, "gate");
    assert_eq!(tries(&driver), [1, 1, 1, 1], "only what it opens begins");
}

#[test]
fn two_gates_that_read_alike_are_two_gates() {
    let mut second = approval("gate-2");
    second.title.clone_from(&approval("gate").title);
    let steps = vec![approval("gate"), script("staging", "ship"), second, script("production", "ship")];
    let mut driver = Driver::start(workflow(steps));
    let first = digest_of(&driver.run);
    approve(&mut driver, "gate");
    driver.report(completed("staging", 1));
    assert_eq!((driver.word("gate-2"), driver.word("production")), ("waiting", "pending"));
    driver.act(Verb::Approve { step: None, digest: first }).expect_err("the first one's digest is another");
    approve(&mut driver, "gate-2");
    assert_eq!(driver.word("production"), "running");
}

#[test]
fn answering_lets_the_run_go_on() {
    let mut driver = Driver::start(workflow(vec![question("q"), script("next", "true")]));
    let values = json!({ "why": "because" }).as_object().cloned().expect("an object");
    let events = driver.act(Verb::Answer { step: None, values }).expect("answered");
    let begun = events
        .iter()
        .any(|e| matches!(&e.body, EventBody::StepStarted { step, .. } if step.as_str() == "next"));
    assert!(begun, "in the same answer");
}

#[test]
fn an_approval_gates_what_needs_it_and_nothing_gets_past() {
    let steps =
        vec![approval("gate"), needs(script("a", "a"), &["gate"]), needs(script("b", "b"), &["gate"])];
    let mut driver = Driver::start(workflow(steps));
    let gate = || Some(StepId::new("gate"));
    for verb in [
        Verb::Skip { step: gate(), reason: "hurry".into() },
        Verb::Retry { step: gate(), edit: None },
        Verb::Proceed { step: gate() },
        Verb::Back { to: "a".into(), reason: None },
        Verb::Fail { step: gate(), reason: "no".into() },
    ] {
        driver.act(verb.clone()).expect_err(verb.name());
    }
    driver.act(done()).expect_err("done");
    driver.later(60_000).report(Report::Wake);
    assert_eq!((driver.word("gate"), driver.word("a"), driver.word("b")), ("failed", "pending", "pending"));
    driver.act(Verb::Skip { step: gate(), reason: "hurry".into() }).expect_err("a failed gate neither");
}

#[test]
fn a_waiting_run_is_cancelled() {
    let mut driver = Driver::start(workflow(vec![approval("gate"), script("ship", "ship")]));
    driver.act(Verb::Cancel { reason: None }).expect("cancelled");
    assert_eq!(driver.run.status(), RunStatus::Cancelled);
    let digest = digest_of_step(&driver, "gate");
    driver.act(Verb::Approve { step: Some("gate".into()), digest }).expect_err("nobody approves it now");
    assert_eq!(driver.word("ship"), "pending");
}

#[test]
fn a_resumed_run_does_not_use_up_the_same_limit_at_once() {
    let mut ship = script("ship", "ship");
    ship.retry = Some(crate::workflow::Retry {
        max_attempts: 2,
        backoff: crate::workflow::Backoff::Fixed,
        initial: Millis(100),
        max: Millis(100),
        jitter: false,
        finals: Vec::new(),
    });
    ship.on_failure = OnFailure::Escalate { to: vec!["ana".into(), "lead".into()], within: Millis(1_000) };
    let mut driver = Driver::start(workflow(vec![ship]));
    driver.report(failed("ship", 1));
    driver.later(100).report(Report::Wake);
    driver.report(failed("ship", 2));
    driver.act(Verb::Pause { freeze: false }).expect("paused");
    driver.later(3_600_000).act(Verb::Resume).expect("resumed");
    assert!(driver.report(Report::Wake).is_empty(), "nothing is escalated by resuming");
    driver.act(Verb::Retry { step: None, edit: None }).expect("again");
    driver.report(failed("ship", 3));
    assert_eq!(driver.word("ship"), "waiting", "and it has its tries anew");
}

#[test]
fn a_late_approval_runs_nothing_and_one_in_time_runs_it_once() {
    let mut driver = Driver::start(workflow(vec![approval("gate"), script("ship", "ship")]));
    let digest = digest_of(&driver.run);
    driver.later(60_000);
    let late = Verb::Approve { step: None, digest: digest.clone() };
    driver.act(late).expect_err("its time was over, whether or not the timer has come");
    assert_eq!(driver.word("ship"), "pending");
    driver.report(Report::Wake);
    driver.act(Verb::Retry { step: None, edit: None }).expect("asked again");
    approve(&mut driver, "gate");
    let second = driver.act(Verb::Approve { step: Some("gate".into()), digest });
    assert!(second.expect_err("it was decided").reason.contains("ana"), "and it says by whom");
    assert_eq!(tries(&driver)[1], 1);
}

#[test]
fn no_agent_approves_rejects_or_pushes_back() {
    let mut driver =
        Driver::start(workflow(vec![script("a", "a"), approval("gate"), script("ship", "ship")]));
    driver.report(completed("a", 1));
    let agent = Actor::Agent("assistant".into());
    let digest = digest_of(&driver.run);
    for verb in [
        Verb::Approve { step: None, digest },
        Verb::Reject { step: None, reason: "no".into() },
        Verb::PushBack { step: None, to: "a".into(), feedback: "no".into() },
    ] {
        driver.act_as(&agent, Command::Verb(verb)).expect_err("a person's");
    }
    assert!(matches!(driver.run.steps[1].state, StepState::Waiting { .. }));
}
