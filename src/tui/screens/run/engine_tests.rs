//! The Run screen on what the whole run engine can do: graphs, loops, child runs, agents, held steps, edits,
//! escalation, rollback, forks.

use serde_json::{Map, Value, json};

use crate::base::{Actor, Millis, RunId, StepId, WorkflowId};
use crate::config::{ColourDepth, GlyphSet};
use crate::protocol::Request;
use crate::run::testing::{Driver, approval, script, workflow};
use crate::run::{
    ChildNeed, Command, Escalation, Event, EventBody, Failure, FailureKind, NeedKind, Outcome, Parent,
    Report, StepState, Subject, Verb, Work, apply, fork,
};
use crate::tui::screens::run::tests::{open, shown};
use crate::tui::testing::Harness;
use crate::workflow::testing::step;
use crate::workflow::{ForEach, Items, Moves, OnFailure, OnTimeout, Step, StepKind, Workflow};

const SIZES: [(u16, u16); 3] = [(80, 24), (140, 40), (60, 15)];

fn titled(mut step: Step, title: &str) -> Step {
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

const SERVICES: [&str; 12] =
    ["api", "web", "worker", "billing", "search", "mail", "auth", "files", "events", "cron", "admin", "docs"];

/// Build and lint side by side, tests for each service after the build, then a gate for two works.
fn release() -> Workflow {
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

fn done(driver: &mut Driver, step: &str) -> Vec<Event> {
    let attempt = driver.run.record(&StepId::new(step)).expect("the step exists").1.attempt();
    driver.report(Report::Completed { step: StepId::new(step), attempt, outcome: Outcome::default() })
}

fn failed(driver: &mut Driver, step: &str, message: &str) -> Vec<Event> {
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

fn at_the_gate() -> Driver {
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

fn approve(driver: &mut Driver) {
    let digest = digest(driver);
    driver.act(Verb::Approve { step: None, digest }).expect("approved");
}

/// Deployed, and telling about it has failed.
fn after_the_gate() -> Driver {
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
fn edit_and_retry_shows_what_would_be_otherwise() {
    let mut flow = release();
    flow.inputs = vec![crate::workflow::Field::new(
        "environment",
        crate::workflow::FieldKind::Choice { options: vec!["staging".to_owned(), "production".to_owned()] },
        "Where to?",
    )];
    if let StepKind::Run { env, script, .. } = &mut flow.steps[4].kind {
        env.insert("TARGET".to_owned(), "${{ inputs.environment }}".to_owned());
        "set -eu\nkubectl config use-context \"$TARGET\"\nkubectl apply -f \"$MANIFEST\"\n"
            .clone_into(script);
    }
    let begin = || {
        let mut driver = Driver::start(flow.clone());
        driver.run.inputs.insert("environment".to_owned(), json!("staging"));
        done(driver.later(41_000), "build");
        done(driver.later(5_000), "lint");
        for n in 1..=SERVICES.len() {
            done(driver.later(8_000), &format!("test.{n}"));
        }
        approve(&mut driver);
        failed(driver.later(30_000), "deploy", "The command ended with exit code 2");
        done(driver.later(1_000), "tell");
        driver
    };
    let driver = begin();
    let edit = |width, height| {
        let card = shown(&driver, width, height, "").later(Millis(600)).see("edit and retry…").keys("e");
        card.see("Nothing is changed").keys("<down><down><end> --server-side").see("+ ")
    };
    for (width, height) in SIZES {
        edit(width, height).golden(&format!("engine_edit_{width}x{height}"));
    }
    let card = edit(140, 40).see("“Approve the release” has approved something else");
    // What cannot be is said at once, and not sent.
    let card = card.keys(" ${{ inputs.environment }}").see("A script is never filled in").keys("<ctrl-s>");
    assert!(card.verbs().is_empty());
    let card = edit(140, 40).keys("<tab><ctrl-e>").keys("<down><down><end>").keys("<ret>B").see("has no `=`");
    assert!(card.keys("<ctrl-s>").verbs().is_empty());
    // What was typed and left comes back.
    let card =
        edit(140, 40).keys("<esc>").see_no("What it would do").keys("<ret>").keys("e").see("--server-side");
    let card = card.keys("<ctrl-s>");
    let [Verb::Retry { step: Some(step), edit: Some(sent) }] = card.verbs()[..] else {
        panic!("{:?}", card.verbs())
    };
    assert_eq!(step.as_str(), "deploy");
    assert!(sent.script.as_deref().is_some_and(|s| s.ends_with("--server-side")) && sent.env.is_none());
    // An input holds for every later step; its rules are the workflow's.
    let inputs = |text: &str| {
        let card =
            shown(&driver, 140, 40, "").later(Millis(600)).keys("e<tab><tab>").see("environment = staging");
        card.keys("<ctrl-e>").keys(&"<backspace>".repeat(7)).keys(text)
    };
    let card =
        inputs("production").see("Changed for every later step: environment").see("+ TARGET = production");
    card.golden("engine_edit_inputs_140x40");
    let refused = inputs("moon");
    assert!(!refused.screen().contains("Changed for every"), "{}", refused.screen());
    assert!(refused.keys("<ctrl-s>").verbs().is_empty());
    // Once it is edited, the step says so.
    let mut driver = begin();
    let edit = crate::run::Edit { script: Some("true".to_owned()), ..Default::default() };
    let verb = Verb::Retry { step: Some(StepId::new("deploy")), edit: Some(Box::new(edit)) };
    driver.act(verb).expect("tried again");
    let harness = shown(&driver, 100, 30, "").keys("<esc><tab>G<up>");
    harness.see("Deploy ✎").see("script, since the file");
}

/// A run whose step does another workflow, and that one, which waits for an approval.
fn family() -> (Driver, Driver) {
    let start = titled(
        step(
            "rollback",
            StepKind::Workflow {
                workflow: WorkflowId::new("release"),
                inputs: [("service".to_owned(), json!("checkout"))].into_iter().collect(),
            },
        ),
        "Release it",
    );
    let mut flow = workflow(vec![script("look", "true"), start, script("after", "true")]);
    flow.id = WorkflowId::new("feature");
    flow.name = "Bring a feature out".to_owned();
    let mut parent = Driver::start(flow);
    done(parent.later(3_000), "look");
    let (_, record) = parent.run.record(&StepId::new("rollback")).expect("the step exists");
    let Some(Work::Workflow { run, .. }) = record.attempts.last().map(|a| a.work.clone()) else {
        panic!("it starts a run")
    };
    let mut child = at_the_gate();
    child.run.header.run = run;
    child.run.header.parent =
        Some(Parent { run: parent.run.id().clone(), step: StepId::new("rollback"), attempt: 1 });
    let need = ChildNeed {
        kind: NeedKind::Approve,
        step: StepId::new("gate"),
        title: "Approve the release".to_owned(),
        deadline: Some(child.now.plus(Millis::from_secs(1_500))),
    };
    parent.now = child.now;
    parent.report(Report::Child { step: StepId::new("rollback"), attempt: 1, need: Some(need) });
    parent.later(240_000);
    (parent, child)
}

fn with_child(width: u16, height: u16) -> Harness {
    let (parent, child) = family();
    let mut harness = Harness::new(width, height).with_run(parent.run.clone()).with_run(child.run);
    harness.model.now = parent.now;
    open(harness.connected(), parent.run.id())
}

#[test]
fn a_child_run_shows_in_its_parent_and_is_answered_in_the_child() {
    for (width, height) in SIZES {
        let harness = with_child(width, height).golden(&format!("engine_parent_{width}x{height}"));
        let child = harness.keys("<ret>").see("Release it to production?").keys("<esc>");
        child.see("goes there").golden(&format!("engine_child_{width}x{height}"));
    }
    let harness = with_child(80, 24).see("Release the checkout").see("waiting");
    // The keys of an answer lead to the child's own card.
    let child = harness.keys("a").see("bound to").see("Release it to production?").keys("<esc>");
    let parent = child.keys("<lt>").see("goes to it").see_no("Esc follows").see("Asks");
    let parent = parent.keys("o").see("waits for an approval");
    assert!(parent.verbs().is_empty());
    // What is about the step itself is the parent's.
    let parent = parent.keys("sno release<ret>");
    let step = Some(StepId::new("rollback"));
    assert_eq!(parent.verbs(), [&Verb::Skip { step, reason: "no release".to_owned() }]);
    let child = parent.keys(">").see("goes there");
    child.keys("<alt-4>").keys("<lt><lt>").see("no step of another one");
}

#[test]
fn the_lists_tell_what_a_child_asks_once() {
    let harness =
        with_child(140, 40).keys("<alt-1>").see("1 needs you").see("Release it › Approve the release");
    let harness = harness.golden("engine_console_child_140x40");
    let harness = harness.keys("<down><ret>").see("Release it to production?").keys("<esc>");
    harness.keys("<alt-3>").see("↳ 7f3a").golden("engine_runs_child_140x40");
}

#[test]
fn a_fork_takes_over_what_was_settled() {
    let driver = after_the_gate();
    for (width, height) in SIZES {
        let card = shown(&driver, width, height, "").keys("<esc><tab>G<up>F");
        card.see("Fork from “Deploy”").golden(&format!("engine_fork_{width}x{height}"));
    }
    let (id, from) = (driver.run.id().clone(), StepId::new("lint"));
    let mut new = driver.run.clone();
    new.header.run = RunId::new("91c0000000000000");
    new.header.fork = Some(fork(&driver.run, &from).expect("it forks"));
    let answer = crate::run::summarise(&new);
    let started = new.clone();
    let wanted = id.clone();
    let card = shown(&driver, 80, 24, "").answering(move |request| match request {
        Request::Fork { run, from, inputs }
            if *run == wanted && from.as_str() == "lint" && inputs.is_empty() =>
        {
            Some(Ok(crate::protocol::Response::Summary(Box::new(answer.clone()))))
        }
        Request::Run { run } if run == started.id() => {
            Some(Ok(crate::protocol::Response::Run(Box::new(started.clone()))))
        }
        _ => None,
    });
    let card = card.keys("<esc><tab>g<down>F").see("Build the image  taken over").see("Lint  done anew");
    let new = card.keys("<ret>").see("Forked from run 7f3a at “Lint”");
    assert_eq!(new.model.run.open, Some(RunId::new("91c0000000000000")));
    let refused = shown(&driver, 80, 24, "")
        .answering(|request| {
            let error = crate::base::Error::refused("The workflow is not trusted").hint("Trust it first");
            matches!(request, Request::Fork { .. }).then(|| Err(error))
        })
        .keys("<esc>F<ret>");
    refused.see("is not trusted. Trust it first").keys("<ret>").see("start it");
}

#[test]
fn what_was_taken_over_says_from_where() {
    let driver = after_the_gate();
    let made = fork(&driver.run, &StepId::new("gate")).expect("it forks");
    let mut header = driver.run.header.clone();
    header.run = RunId::new("91c0000000000000");
    header.fork = Some(made);
    header.subject = Some(Subject {
        root: "/work".to_owned(),
        name: "checkout-2".to_owned(),
        state: Some("Validated".to_owned()),
    });
    let mut flow = release();
    flow.moves = Some(Moves { from: vec!["Validated".to_owned()], to: "Deployed".to_owned() });
    let actor = Actor::Person("ana@laptop".to_owned());
    let flow = std::sync::Arc::new(flow);
    let events =
        crate::run::start(std::sync::Arc::clone(&flow), header, &actor, driver.now).expect("it starts");
    let run = crate::run::replay(flow, &events).expect("it replays");
    let forked = Driver { run, journal: events, now: driver.now.plus(Millis(5_000)) };
    let harness = shown(&forked, 100, 30, "").keys("<esc>").see("It takes checkout-2 from");
    let harness = harness.see("3 steps taken over").keys("<tab>g").see("7f3a, taken over as it was");
    harness.golden("engine_forked_100x30");
}

#[test]
fn every_new_place_is_drawn_at_every_size() {
    let (parent, _) = family();
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

#[test]
fn what_a_child_does_is_followed_in_its_parent() {
    let (mut parent, child) = family();
    let mut harness = Harness::new(100, 30).with_run(parent.run.clone()).with_run(child.run);
    harness.model.now = parent.now;
    let harness = open(harness.connected(), parent.run.id()).see("▲");
    let events = parent
        .act_as(
            &Actor::Engine,
            Command::Report(Report::Child { step: StepId::new("rollback"), attempt: 1, need: None }),
        )
        .expect("told");
    let harness = harness.update_run(&parent.run, events).see("running");
    let mut copy = parent.run.clone();
    let events = done(&mut parent, "rollback");
    for event in &events {
        apply(&mut copy, event);
    }
    harness.update_run(&parent.run, events).see("Do after");
}
