//! Order: graphs, loops, what runs side by side, holds, and forks.

use serde_json::{Value, json};

use super::{completed, digest_of, done, failed};
use crate::base::{Actor, StepId};
use crate::run::testing::{Driver, ana, approval, manual, question, script, workflow};
use crate::run::{
    Command, Edit, EventBody, Held, Outcome, Prompt, Report, RunStatus, StepState, Verb, Work, fork,
};
use crate::workflow::{ForEach, Items, Step, StepKind};

pub fn needs(mut step: Step, needs: &[&str]) -> Step {
    step.needs = Some(needs.iter().map(|n| StepId::new(*n)).collect());
    step
}

pub fn each(mut step: Step, items: &[&str], parallel: u32) -> Step {
    let items = items.iter().map(|i| Value::from(*i)).collect();
    step.for_each = Some(ForEach { items: Items::Listed(items), parallel });
    step
}

fn env(mut step: Step, name: &str, value: &str) -> Step {
    if let StepKind::Run { env, .. } = &mut step.kind {
        env.insert(name.to_owned(), value.to_owned());
    }
    step
}

fn diamond() -> Vec<Step> {
    vec![
        script("plan", "true"),
        needs(script("left", "true"), &["plan"]),
        needs(script("right", "true"), &["plan"]),
        needs(script("join", "true"), &["left", "right"]),
    ]
}

#[test]
fn what_is_ready_runs_side_by_side() {
    let mut driver = Driver::start(workflow(diamond()));
    driver.report(completed("plan", 1));
    assert_eq!(
        (driver.word("left"), driver.word("right"), driver.word("join")),
        ("running", "running", "pending")
    );
    driver.report(completed("right", 1));
    assert_eq!(driver.word("join"), "pending");
    driver.report(completed("left", 1));
    driver.report(completed("join", 1));
    assert_eq!(driver.run.status(), RunStatus::Completed);
}

#[test]
fn a_failure_stops_its_branch_only() {
    let mut driver = Driver::start(workflow(diamond()));
    driver.report(completed("plan", 1));
    driver.report(failed("left", 1));
    assert_eq!((driver.word("right"), driver.run.status()), ("running", RunStatus::Running));
    driver.report(completed("right", 1));
    assert_eq!((driver.word("join"), driver.run.status()), ("pending", RunStatus::Waiting));
    driver.act(Verb::Retry { step: None, edit: None }).expect("left again");
    driver.report(completed("left", 2));
    assert_eq!(driver.word("join"), "running");
}

#[test]
fn a_limit_holds_back_what_is_ready() {
    let steps = (0..5).map(|n| needs(script(&format!("s{n}"), "true"), &[])).collect();
    let mut definition = workflow(steps);
    definition.config.parallel = Some(2);
    let mut driver = Driver::start(definition);
    let running = |driver: &Driver| driver.run.steps.iter().filter(|s| s.state.is_open()).count();
    assert_eq!(running(&driver), 2);
    driver.report(completed("s1", 1));
    assert_eq!((running(&driver), driver.word("s2")), (2, "running"));
}

#[test]
fn going_back_resets_what_needs_the_step_and_nothing_else() {
    let mut driver = Driver::start(workflow(diamond()));
    for step in ["plan", "left", "right"] {
        driver.report(completed(step, 1));
    }
    driver.act(Verb::Back { to: StepId::new("left"), reason: None }).expect("back");
    assert_eq!(
        (driver.word("left"), driver.word("right"), driver.word("join")),
        ("running", "done", "pending")
    );
}

#[test]
fn a_loop_goes_in_order_and_gives_every_result() {
    let step = env(each(script("build", "make"), &["api", "web"], 1), "NAME", "${{ item }}");
    let mut driver = Driver::start(workflow(vec![step, manual("look")]));
    assert_eq!(
        (driver.word("build"), driver.word("build.1"), driver.word("build.2")),
        ("running", "running", "pending")
    );
    let outcome = Outcome {
        outputs: json!({ "text": "built api" }).as_object().cloned().expect("an object"),
        ..Outcome::default()
    };
    driver.report(Report::Completed { step: "build.1".into(), attempt: 1, outcome });
    let Some(Work::Run { env, .. }) = driver.run.steps[2].attempts.last().map(|a| &a.work) else {
        panic!("runs")
    };
    assert_eq!(env["NAME"], "web");
    driver.report(failed("build.2", 1));
    assert_eq!((driver.word("build"), driver.word("look")), ("running", "pending"));
    driver.act(Verb::Skip { step: Some("build.2".into()), reason: "not now".into() }).expect("skipped");
    let StepState::Done { outcome, .. } = &driver.run.steps[0].state else { panic!("done") };
    assert_eq!(outcome.outputs["count"], json!(2));
    assert_eq!(outcome.outputs["items"][0]["outputs"]["text"], json!("built api"));
    assert_eq!(outcome.outputs["items"][1]["status"], json!("skipped"));
    assert_eq!(driver.word("look"), "waiting");
}

#[test]
fn a_loop_may_run_side_by_side_and_is_skipped_as_one() {
    let mut driver =
        Driver::start(workflow(vec![each(script("b", "true"), &["1", "2", "3"], 2), manual("end")]));
    assert_eq!(
        (driver.word("b.1"), driver.word("b.2"), driver.word("b.3")),
        ("running", "running", "pending")
    );
    let events = driver.act(Verb::Skip { step: Some("b".into()), reason: "enough".into() }).expect("skipped");
    let stopped = events.iter().filter(|e| matches!(e.body, EventBody::StepInterrupted { .. })).count();
    assert_eq!((stopped, driver.word("b.3"), driver.word("end")), (2, "skipped", "waiting"));
}

#[test]
fn only_its_iterations_complete_a_loop() {
    let mut driver = Driver::start(workflow(vec![each(script("b", "true"), &["x"], 1)]));
    assert!(driver.report(completed("b", 1)).is_empty());
    assert_eq!(driver.word("b"), "running");
}

#[test]
fn a_loop_over_nothing_is_done_at_once() {
    let driver = Driver::start(workflow(vec![each(script("b", "true"), &[], 1), manual("end")]));
    assert_eq!((driver.word("b"), driver.word("end")), ("done", "waiting"));
}

#[test]
fn a_shorter_list_leaves_earlier_iterations_behind() {
    let mut step = each(script("b", "true"), &[], 1);
    step.for_each =
        Some(ForEach { items: Items::Expression("answers.why | split(\",\")".into()), parallel: 1 });
    let mut driver = Driver::start(workflow(vec![question("q"), step, manual("end")]));
    let answer = |driver: &mut Driver, text: &str| {
        let values = json!({ "why": text }).as_object().cloned().expect("an object");
        driver.act(Verb::Answer { step: None, values }).expect("answered");
    };
    answer(&mut driver, "a,b");
    driver.report(completed("b.1", 1));
    driver.report(completed("b.2", 1));
    driver.act(Verb::Back { to: "q".into(), reason: None }).expect("back");
    answer(&mut driver, "c");
    assert_eq!((driver.word("b.1"), driver.word("b.2")), ("running", "skipped"));
    driver.report(completed("b.1", 2));
    assert_eq!(driver.word("end"), "waiting");
    assert_eq!(driver.run.steps[3].attempts.len(), 1, "what it did stays in its history");
}

#[test]
fn stepping_through_asks_before_every_automatic_step() {
    let mut driver = Driver::start(workflow(vec![manual("a"), script("b", "true"), script("c", "true")]));
    driver.act(Verb::StepThrough { on: true }).expect("on");
    driver.act(done()).expect("a");
    let StepState::Waiting { on: Prompt::Proceed { why: Held::StepThrough, work: Some(work) }, .. } =
        &driver.run.steps[1].state
    else {
        panic!("held: {:?}", driver.run.steps[1].state)
    };
    assert!(matches!(&**work, Work::Run { script, .. } if script == "true"), "shown exactly");
    driver.act(Verb::Proceed { step: None }).expect("goes on");
    assert_eq!(driver.word("b"), "running");
    driver.report(completed("b", 1));
    assert_eq!(driver.word("c"), "waiting");
    driver.act(Verb::StepThrough { on: false }).expect("off");
    assert_eq!(driver.word("c"), "waiting", "what is held stays held until somebody has looked");
    driver.act(Verb::Proceed { step: None }).expect("goes on");
    driver.act(Verb::Proceed { step: Some("c".into()) }).expect_err("it is not held");
}

#[test]
fn a_breakpoint_holds_one_step() {
    let mut driver = Driver::start(workflow(vec![manual("a"), script("b", "true"), script("c", "true")]));
    driver.act(Verb::Breakpoint { step: "c".into(), set: true }).expect("set");
    driver.act(Verb::Breakpoint { step: "c".into(), set: true }).expect_err("it has one");
    driver.act(Verb::Breakpoint { step: "x".into(), set: true }).expect_err("no such step");
    driver.act(done()).expect("a");
    driver.report(completed("b", 1));
    assert_eq!(driver.word("c"), "waiting");
    driver.act(Verb::Skip { step: None, reason: "seen enough".into() }).expect("skipped");
    assert_eq!(driver.run.status(), RunStatus::Completed);
}

#[test]
fn an_edit_changes_the_next_try_and_both_stay_in_the_history() {
    let mut driver = Driver::start(workflow(vec![script("a", "false")]));
    driver.report(failed("a", 1));
    let edit = |script: &str| Some(Box::new(Edit { script: Some(script.to_owned()), ..Edit::default() }));
    let refusal = driver.act(Verb::Retry { step: None, edit: edit("echo ${{ inputs.x }}") });
    assert!(refusal.expect_err("never filled in").hint.is_some_and(|h| h.contains("env")));
    let wrong = Edit { text: Some("x".into()), ..Edit::default() };
    driver.act(Verb::Retry { step: None, edit: Some(Box::new(wrong)) }).expect_err("a script has no text");
    driver.act(Verb::Retry { step: None, edit: edit("true") }).expect("tried again");
    let scripts: Vec<&str> = driver.run.steps[0]
        .attempts
        .iter()
        .map(|a| match &a.work {
            Work::Run { script, .. } => script.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(scripts, ["false", "true"]);
    driver.report(failed("a", 2));
    driver.act(Verb::Retry { step: None, edit: None }).expect("again");
    let last = driver.run.steps[0].attempts.last().map(|a| a.work.clone());
    assert!(matches!(last, Some(Work::Run { script, .. }) if script == "true"), "the edit stays");
}

#[test]
fn an_edit_behind_an_approval_is_asked_about_again() {
    let mut driver =
        Driver::start(workflow(vec![approval("gate"), script("deploy", "deploy"), manual("end")]));
    let digest = digest_of(&driver.run);
    driver.act(Verb::Approve { step: None, digest: digest.clone() }).expect("approved");
    driver.report(failed("deploy", 1));
    driver.act(Verb::Retry { step: None, edit: None }).expect("the same again");
    assert_eq!(driver.word("deploy"), "running", "what was approved is what runs");
    driver.report(failed("deploy", 2));
    let edit = Edit { script: Some("deploy --force".into()), ..Edit::default() };
    driver.act(Verb::Retry { step: None, edit: Some(Box::new(edit)) }).expect("edited");
    assert_eq!((driver.word("gate"), driver.word("deploy")), ("waiting", "pending"));
    assert_ne!(digest_of(&driver.run), digest, "it shows the edit");
    driver.act(Verb::Approve { step: None, digest }).expect_err("the old one is void");
    driver.act(Verb::Approve { step: None, digest: digest_of(&driver.run) }).expect("approved anew");
    assert_eq!(driver.word("deploy"), "running");
}

#[test]
fn going_back_to_what_an_approval_opened_asks_again() {
    let mut driver =
        Driver::start(workflow(vec![approval("gate"), script("deploy", "deploy"), manual("end")]));
    driver.act(Verb::Approve { step: None, digest: digest_of(&driver.run) }).expect("approved");
    driver.report(completed("deploy", 1));
    driver.act(Verb::Back { to: "deploy".into(), reason: None }).expect("back");
    assert_eq!(
        (driver.word("gate"), driver.word("deploy")),
        ("waiting", "pending"),
        "an approval is used once"
    );
}

#[test]
fn an_approval_opens_every_step_that_needs_it() {
    let steps = vec![
        approval("gate"),
        needs(script("one", "one"), &["gate"]),
        needs(each(script("two", "two"), &["x", "y"], 2), &["gate"]),
        needs(script("three", "three"), &["one"]),
    ];
    let mut driver = Driver::start(workflow(steps));
    let Some(Work::Approve { opens, .. }) = driver.run.steps[0].attempts.last().map(|a| a.work.clone())
    else {
        panic!("an approval")
    };
    let shown: Vec<&str> = opens.iter().map(|o| o.step.as_str()).collect();
    assert_eq!(shown, ["one", "two.1", "two.2"]);
    driver.act(Verb::Approve { step: None, digest: digest_of(&driver.run) }).expect("approved");
    assert_eq!(
        (driver.word("one"), driver.word("two.1"), driver.word("two.2")),
        ("running", "running", "running")
    );
}

#[test]
fn feedback_takes_the_run_back_and_can_be_read() {
    let mut draft = script("draft", "write");
    draft = env(draft, "FEEDBACK", "${{ run.feedback }}");
    let mut driver = Driver::start(workflow(vec![draft, approval("gate"), script("ship", "ship")]));
    driver.report(completed("draft", 1));
    let push =
        |to: &str, feedback: &str| Verb::PushBack { step: None, to: to.into(), feedback: feedback.into() };
    let agent = Actor::Agent("assistant".into());
    driver.act_as(&agent, Command::Verb(push("draft", "no"))).expect_err("a person's");
    driver.act(push("ship", "shorter")).expect_err("it comes after");
    driver.act(push("draft", "  ")).expect_err("needs feedback");
    driver.act(push("draft", "shorter, please")).expect("pushed back");
    assert_eq!((driver.word("draft"), driver.word("gate")), ("running", "pending"));
    let Some(Work::Run { env, .. }) = driver.run.steps[0].attempts.last().map(|a| &a.work) else {
        panic!("runs")
    };
    assert_eq!(env["FEEDBACK"], "shorter, please");
}

#[test]
fn a_fork_takes_over_what_was_settled_but_no_approval_for_what_is_done_anew() {
    let steps = vec![script("build", "make"), approval("gate"), script("deploy", "deploy"), manual("end")];
    let mut driver = Driver::start(workflow(steps));
    driver.report(completed("build", 1));
    driver.act(Verb::Approve { step: None, digest: digest_of(&driver.run) }).expect("approved");
    driver.report(completed("deploy", 1));
    fork(&driver.run, &"nowhere".into()).expect_err("no such step");
    let taken = fork(&driver.run, &"deploy".into()).expect("forked");
    let steps: Vec<&str> = taken.carried.iter().map(|c| c.step.as_str()).collect();
    assert_eq!(steps, ["build"], "the approval is asked for again");
    let mut header = driver.run.header.clone();
    header.run = "8888000000000000".into();
    header.fork = Some(taken);
    let events = crate::run::start(driver.run.workflow.clone(), header, &ana(), driver.now).expect("starts");
    let again = crate::run::replay(driver.run.workflow.clone(), &events).expect("replays");
    let word = |step: &str| again.record(&step.into()).map(|(_, r)| r.state.status().word());
    assert_eq!(
        (word("build"), word("gate"), word("deploy")),
        (Some("done"), Some("waiting"), Some("pending"))
    );
}
