//! The Run screen on what the whole run engine can do: graphs, loops, child runs, agents, held steps, edits,
//! escalation, rollback, forks.

use serde_json::{Map, Value, json};

use crate::base::{Millis, StepId, WorkflowId};
use crate::config::{ColourDepth, GlyphSet};
use crate::run::testing::{Driver, approval, script, workflow};
use crate::run::{
    Escalation, Event, EventBody, Failure, FailureKind, Outcome, Report, StepState, Verb, Work,
};
use crate::tui::screens::run::tests::shown;
use crate::workflow::testing::step;
use crate::workflow::{ForEach, Items, OnFailure, OnTimeout, Step, StepKind, Workflow};

pub const SIZES: [(u16, u16); 3] = [(80, 24), (140, 40), (60, 15)];

pub fn titled(mut step: Step, title: &str) -> Step {
    title.clone_into(&mut step.title);
    step
}

fn needs(mut step: Step, ids: &[&str]) -> Step {
    step.needs = Some(ids.iter().map(|id| StepId::new(*id)).collect());
    step
}

fn undone_by(mut step: Step, title: &str, by: &str) -> Step {
    step.rollback = Some(Box::new(titled(script("undo", by), title)));
    step
}

fn env(mut step: Step, name: &str, value: &str) -> Step {
    if let StepKind::Run { env, .. } = &mut step.kind {
        env.insert(name.to_owned(), value.to_owned());
    }
    step
}

fn each(mut step: Step, items: &[&str], parallel: u32) -> Step {
    let items = items.iter().map(|i| Value::from(*i)).collect();
    step.for_each = Some(ForEach { items: Items::Listed(items), parallel });
    step
}

pub const SERVICES: [&str; 12] =
    ["api", "web", "worker", "billing", "search", "mail", "auth", "files", "events", "cron", "admin", "docs"];

/// Build and lint side by side, tests for each service after the build, then a gate for two works.
pub fn release() -> Workflow {
    let build = needs(
        undone_by(titled(script("build", "make image"), "Build the image"), "Remove the image", "make clean"),
        &[],
    );
    let lint = needs(titled(script("lint", "make lint"), "Lint"), &[]);
    let test = each(
        needs(
            env(
                titled(script("test", "make test SERVICE=\"$SERVICE\""), "Test each service"),
                "SERVICE",
                "${{ item }}",
            ),
            &["build"],
        ),
        &SERVICES,
        3,
    );
    let mut gate = needs(titled(approval("gate"), "Approve the release"), &["test", "lint"]);
    gate.kind = StepKind::Approve {
        question: "Release it to production?".to_owned(),
        within: Some(Millis::from_secs(1800)),
        remind: Some(Millis::from_secs(600)),
        on_timeout: OnTimeout::Escalate,
        escalate: vec!["ops-lead@corp".to_owned(), "cto@corp".to_owned()],
    };
    let deploy = needs(
        undone_by(
            env(
                titled(script("deploy", "kubectl apply -f \"$MANIFEST\""), "Deploy"),
                "MANIFEST",
                "deploy/prod.yaml",
            ),
            "Deploy the last release again",
            "kubectl rollout undo deploy/checkout",
        ),
        &["gate"],
    );
    let tell = needs(titled(script("tell", "notify '#releases'"), "Tell the channel"), &["gate"]);
    let mut flow = workflow(vec![build, lint, test, gate, deploy, tell]);
    flow.id = WorkflowId::new("release");
    flow.name = "Release the checkout".to_owned();
    flow.config.parallel = Some(4);
    flow
}

pub fn done(driver: &mut Driver, step: &str) -> Vec<Event> {
    let attempt = driver.run.record(&StepId::new(step)).expect("the step exists").1.attempt();
    driver.report(Report::Completed { step: StepId::new(step), attempt, outcome: Outcome::default() })
}

pub fn failed(driver: &mut Driver, step: &str, message: &str) -> Vec<Event> {
    let attempt = driver.run.record(&StepId::new(step)).expect("the step exists").1.attempt();
    let failure = Failure { kind: FailureKind::Exit, message: message.to_owned(), exit: Some(2) };
    driver.report(Report::Failed { step: StepId::new(step), attempt, failure })
}

/// Three tests are done, one has failed, three run.
fn in_the_loop() -> Driver {
    let mut driver = Driver::start(release());
    done(driver.later(41_000), "build");
    for n in [1, 2, 3] {
        done(driver.later(20_000), &format!("test.{n}"));
    }
    done(driver.later(5_000), "lint");
    failed(driver.later(9_000), "test.5", "The command ended with exit code 2");
    driver.later(61_000);
    driver
}

pub fn at_the_gate() -> Driver {
    let mut driver = Driver::start(release());
    done(driver.later(41_000), "build");
    done(driver.later(5_000), "lint");
    for n in 1..=SERVICES.len() {
        done(driver.later(8_000), &format!("test.{n}"));
    }
    driver.later(300_000);
    driver
}

fn digest(driver: &Driver) -> String {
    match driver.run.record(&StepId::new("gate")).map(|(_, r)| r.attempts.last().map(|a| &a.work)) {
        Some(Some(Work::Approve { digest, .. })) => digest.clone(),
        other => panic!("no approval waits: {other:?}"),
    }
}

pub fn approve(driver: &mut Driver) {
    let digest = digest(driver);
    driver.act(Verb::Approve { step: None, digest }).expect("approved");
}

/// Deployed, and telling about it has failed.
pub fn after_the_gate() -> Driver {
    let mut driver = at_the_gate();
    approve(&mut driver);
    done(driver.later(30_000), "deploy");
    failed(driver.later(2_000), "tell", "The command ended with exit code 2");
    driver.later(60_000);
    driver
}

#[test]
fn steps_side_by_side_and_a_long_loop() {
    let driver = in_the_loop();
    for (width, height) in SIZES {
        let harness = shown(&driver, width, height, "").keys("<esc>");
        harness.golden(&format!("engine_loop_{width}x{height}"));
    }
    shown(&driver, 80, 24, "")
        .look("dark", ColourDepth::None, GlyphSet::Ascii)
        .keys("<esc>")
        .golden("engine_loop_ascii");
    let harness = shown(&driver, 60, 15, "").keys("<esc><tab>").see("⋯").golden("engine_loop_steps_60x15");
    // The selection goes over what is shown; z shows all of it.
    let harness = harness.resize(120, 40).see("3 done, 6 pending");
    let harness = harness.keys("z").see("12. docs").see("1. api").see_no("6 pending");
    harness.keys("z").see("6 pending");
    let harness = shown(&driver, 140, 40, "").keys("<esc><tab>g<down><down>").see("Once for");
    let harness = harness.see("up to 3 side by side").golden("engine_loop_whole_140x40");
    assert!(harness.screen().contains("3/12, 1 failed"));
}

#[test]
fn a_part_of_a_loop_is_decided_about_by_itself() {
    let driver = in_the_loop();
    let harness = shown(&driver, 100, 30, "").later(Millis(600)).see("Test each service: search failed");
    let harness = harness.keys("r");
    let step = || Some(StepId::new("test.5"));
    assert_eq!(harness.verbs(), [&Verb::Retry { step: step(), edit: None }]);
    let harness = harness.keys("sflaky<ret>");
    assert_eq!(harness.verbs()[1], &Verb::Skip { step: step(), reason: "flaky".to_owned() });
    // On another step of the loop that runs, the verbs mean that one.
    let harness = shown(&driver, 100, 30, "").keys("<esc><tab><down>").see("6. mail");
    let harness = harness.keys("sno need<ret>");
    let mail = Some(StepId::new("test.6"));
    assert_eq!(harness.verbs(), [&Verb::Skip { step: mail, reason: "no need".to_owned() }]);
    let harness = harness.keys("r").see("only a failed or uncertain step");
    assert_eq!(harness.verbs().len(), 1);
}

#[test]
fn what_a_step_comes_after_is_told() {
    let driver = in_the_loop();
    let harness = shown(&driver, 100, 30, "").keys("<esc><tab>G<up><up>");
    harness.see("Approve the release").see("After").see("Test each service  ✓ Lint");
    shown(&driver, 140, 40, "").keys("<esc>").see("after 3, 2");
}

#[test]
fn an_approval_opens_several_works_and_may_be_pushed_back() {
    let mut driver = at_the_gate();
    for (width, height) in SIZES {
        let harness = shown(&driver, width, height, "").see("Release it to production?");
        harness.golden(&format!("engine_gate_{width}x{height}"));
    }
    let card = shown(&driver, 80, 24, "").see("deploy").see("tell").later(Millis(600)).keys("b");
    let card = card.see("What must be different?").golden("engine_push_back_80x24");
    shown(&driver, 60, 15, "").later(Millis(600)).keys("b").golden("engine_push_back_60x15");
    let card = card.keys("<ret>").see("Say what must be different").keys("<up><up>split it<ret>");
    let verb = Verb::PushBack {
        step: Some(StepId::new("gate")),
        to: StepId::new("build"),
        feedback: "split it".to_owned(),
    };
    assert_eq!(card.verbs(), [&verb]);
    let events = driver.act(verb).expect("pushed back");
    card.update_run(&driver.run, events).see_no("bound to").see_no("no longer waits").see("Build the image");
}

#[test]
fn who_is_asked_now_and_until_when() {
    let mut driver = at_the_gate();
    let events = driver.later(1_500_000).report(Report::Wake);
    assert!(events.iter().any(|e| matches!(e.body, EventBody::StepEscalated { .. })), "{events:?}");
    driver.later(60_000);
    let harness = shown(&driver, 80, 24, "").see("asked now").see("ops-lead@corp, 29 m left");
    let harness = harness.see("reminder").golden("engine_escalated_80x24");
    harness.keys("<esc><alt-1>").see("ops-lead, 29 m left").golden("engine_console_escalated_80x24");

    let mut flow = release();
    flow.steps[1].on_failure = OnFailure::Escalate {
        to: vec!["ops@corp".to_owned(), "lead@corp".to_owned()],
        within: Millis::from_secs(600),
    };
    let mut driver = Driver::start(flow);
    failed(driver.later(5_000), "lint", "The command ended with exit code 2");
    let to = Escalation {
        level: 0,
        to: "ops@corp".to_owned(),
        deadline: Some(driver.now.plus(Millis::from_secs(600))),
    };
    let (_, record) = driver.run.record(&StepId::new("lint")).expect("the step exists");
    assert!(matches!(&record.state, StepState::Failed { escalation: Some(now), .. } if *now == to));
    shown(&driver, 80, 24, "").see("asked now").see("ops@corp, 10 m left");
}

#[test]
fn a_rollback_is_asked_with_the_focus_on_leaving_it() {
    let driver = after_the_gate();
    for (width, height) in SIZES {
        let card = shown(&driver, width, height, "").later(Millis(600)).see("roll back…").keys("u");
        card.see("Roll the run back?").golden(&format!("engine_rollback_{width}x{height}"));
    }
    let card = || shown(&driver, 80, 24, "").later(Millis(600)).keys("u");
    let left = card().see("Deploy the last release again").keys("<ret>").see_no("Roll the run back?");
    assert!(left.verbs().is_empty(), "Enter at once changes nothing");
    let back = card().keys("<tab><ret>");
    assert_eq!(back.verbs(), [&Verb::Rollback { reason: "“Tell the channel” failed".to_owned() }]);
    // What is done meanwhile changes the question.
    let mut later = after_the_gate();
    let card = shown(&later, 80, 24, "").later(Millis(600)).keys("u<tab>").see("Deploy the last");
    let events = later.act(Verb::Back { to: StepId::new("build"), reason: None }).expect("back");
    let card = card.update_run(&later.run, events);
    assert!(card.keys("<ret>").verbs().is_empty());
}

#[test]
fn what_is_undone_stands_under_a_heading_of_its_own() {
    let mut driver = after_the_gate();
    driver.act(Verb::Rollback { reason: "wrong release".to_owned() }).expect("rolled back");
    driver.later(12_000);
    for (width, height) in SIZES {
        let harness = shown(&driver, width, height, "");
        harness.see("rolling back").golden(&format!("engine_undoing_{width}x{height}"));
    }
    shown(&driver, 60, 15, "").keys("<tab>").see("Rolling back").golden("engine_undoing_steps_60x15");
    done(&mut driver, "deploy.rollback");
    done(driver.later(4_000), "build.rollback");
    driver.later(30_000);
    let harness = shown(&driver, 80, 24, "").see("cancelled, rolled back").see("wrong release");
    harness.golden("engine_rolled_back_80x24").keys("<alt-3>").see("rolled back");
}

#[test]
fn a_run_that_has_ended_can_be_rolled_back() {
    let mut driver = after_the_gate();
    driver.act(Verb::Skip { step: Some(StepId::new("tell")), reason: "later".to_owned() }).expect("skipped");
    assert!(driver.run.is_ended());
    let card = shown(&driver, 100, 24, "").see("u roll back…").keys("u").see("Deploy the last release again");
    let card = card.keys("<right><ret>");
    assert!(matches!(card.verbs()[..], [Verb::Rollback { .. }]));
    let never = Driver::start(workflow(vec![script("one", "true")]));
    shown(&never, 80, 24, "").keys("u").see("has done nothing that can be undone");
}

#[test]
fn a_held_step_shows_exactly_what_it_would_do() {
    let mut driver = at_the_gate();
    driver.act(Verb::StepThrough { on: true }).expect("steps through");
    driver.act(Verb::Breakpoint { step: StepId::new("tell"), set: true }).expect("set");
    approve(&mut driver);
    driver.later(7_000);
    for (width, height) in SIZES {
        let card = shown(&driver, width, height, "").see("Deploy is held").see("kubectl apply");
        card.golden(&format!("engine_held_{width}x{height}"));
    }
    let behind =
        shown(&driver, 100, 30, "").keys("<esc>").see("held").see("Every automatic step waits for you");
    let behind = behind.see("as the run steps through").golden("engine_held_behind_100x30");
    // Enter opens the card again; nothing proceeds by a key that was meant for something else.
    let card = shown(&driver, 80, 24, "").keys("o").see("only just opened");
    assert!(card.verbs().is_empty());
    let card = behind.keys("o").see("is held").keys("o");
    assert_eq!(card.verbs(), [&Verb::Proceed { step: Some(StepId::new("deploy")) }]);
    let events = driver.act(Verb::Proceed { step: Some(StepId::new("deploy")) }).expect("proceeds");
    let next = card.update_run(&driver.run, events).see("Tell the channel is held").see("breakpoint");
    let next = next.later(Millis(600)).keys(".");
    assert_eq!(next.verbs()[1], &Verb::Breakpoint { step: StepId::new("tell"), set: false });
    let next = next.keys("t").keys("snot today<ret>");
    assert_eq!(next.verbs()[2], &Verb::StepThrough { on: false });
    assert!(matches!(next.verbs()[3], Verb::Skip { step: Some(step), .. } if step.as_str() == "tell"));
}

#[test]
fn a_breakpoint_is_set_on_the_step_that_is_looked_at() {
    let driver = in_the_loop();
    let harness = shown(&driver, 100, 30, "").keys("<esc><tab>G.");
    assert_eq!(harness.verbs(), [&Verb::Breakpoint { step: StepId::new("tell"), set: true }]);
    let mut driver = in_the_loop();
    driver.act(Verb::Breakpoint { step: StepId::new("tell"), set: true }).expect("set");
    shown(&driver, 100, 30, "")
        .keys("<esc>")
        .see("Tell the channel ◉")
        .keys("<tab>G")
        .see("waits for you before it begins");
}

fn agent(id: &str, title: &str) -> Step {
    titled(
        step(
            id,
            StepKind::Agent {
                agent: "analyst".to_owned(),
                persona: "You read logs of Kubernetes and name the one most likely cause.".to_owned(),
                prompt: "These are the logs of checkout:\n\npanic: connection refused (db:5432)\nretrying in 5 s\npanic: connection refused (db:5432)\n\nFind the cause.".to_owned(),
                expects: Some("STATUS: done".to_owned()),
            },
        ),
        title,
    )
}

#[test]
fn somebody_answers_in_place_of_an_agent() {
    let mut flow = workflow(vec![agent("diagnose", "Find the cause"), script("fix", "true")]);
    flow.id = WorkflowId::new("fix-deploy-failure");
    let mut driver = Driver::start(flow);
    driver.later(65_000);
    for (width, height) in SIZES {
        let harness = shown(&driver, width, height, "").see("in place of").see("analyst");
        let harness = harness.golden(&format!("engine_agent_{width}x{height}"));
        harness.keys("<ret>The database is down.").golden(&format!("engine_answer_{width}x{height}"));
    }
    let card = shown(&driver, 80, 24, "").keys("a").see("It must have “STATUS: done” in it");
    let card = card.keys("The database is down.<ctrl-s>").see("should have “STATUS: done” in it");
    assert!(card.verbs().is_empty(), "what would be refused is not sent");
    let card = card.keys("<esc>").see_no("Answer in place").keys("a").see("The database is down.");
    let card = card.keys("<ret>status:DONE<ctrl-s>");
    let values: Map<String, Value> =
        [("text".to_owned(), json!("The database is down.\nstatus:DONE"))].into_iter().collect();
    let verb = Verb::Answer { step: Some(StepId::new("diagnose")), values };
    assert_eq!(card.verbs(), [&verb]);
    let events = driver.act(verb).expect("answered");
    let after = card.update_run(&driver.run, events).see_no("Answer in place").see_no("no longer waits");
    assert!(after.model.run.drafts.is_empty());
}

#[test]
fn every_new_place_is_drawn_at_every_size() {
    let (parent, _) = crate::tui::screens::run::family_tests::family();
    let mut held = at_the_gate();
    held.act(Verb::StepThrough { on: true }).expect("steps through");
    approve(&mut held);
    for driver in [in_the_loop(), at_the_gate(), after_the_gate(), parent, held] {
        for (width, height) in [(1, 1), (20, 5), (40, 8), (41, 60), (69, 19), (250, 9), (250, 90)] {
            let harness = shown(&driver, width, height, "").later(Millis(600));
            harness
                .keys("e<esc>")
                .keys("u<esc>")
                .keys("b<esc>")
                .keys("F<esc>")
                .keys("<esc><tab>G")
                .keys("F<esc>");
        }
    }
}
