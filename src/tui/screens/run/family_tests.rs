//! The Run screen on runs that belong together: a child run in its parent, and a fork.

use serde_json::json;

use crate::base::{Actor, Millis, RunId, StepId, WorkflowId};
use crate::protocol::Request;
use crate::run::testing::{Driver, script, workflow};
use crate::run::{ChildNeed, Command, NeedKind, Parent, Report, Subject, Verb, Work, apply, fork};
use crate::tui::screens::run::engine_tests::{SIZES, after_the_gate, at_the_gate, done, release, titled};
use crate::tui::screens::run::tests::{open, shown};
use crate::tui::testing::Harness;
use crate::workflow::testing::step;
use crate::workflow::{Moves, StepKind};

/// A run whose step does another workflow, and that one, which waits for an approval.
pub fn family() -> (Driver, Driver) {
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
        lease: None,
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
    flow.moves =
        Some(Moves { from: vec!["Validated".to_owned()], to: "Deployed".to_owned(), condition: None });
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

#[test]
fn a_child_run_is_rolled_back_with_its_parent() {
    let kind = StepKind::Workflow { workflow: WorkflowId::new("release"), inputs: serde_json::Map::new() };
    let mut start = titled(step("sub", kind), "Release it");
    start.rollback =
        Some(Box::new(titled(step("sub.rollback", StepKind::Rollback), "Take the release back")));
    let mut parent = Driver::start(workflow(vec![start, script("after", "true")]));
    let child = parent.run.children().next().map(|(_, id)| id.clone()).expect("a child run");
    done(&mut parent, "sub");
    let card = shown(&parent, 80, 24, "").keys("u").see("1 step is undone");
    card.see("Release it").see("Take the release back  rollback");
    parent.act(Verb::Rollback { reason: "it is broken".to_owned() }).expect("it begins");
    let harness = shown(&parent, 100, 30, "").see("Take the release back");
    harness.see(&format!("run {}", child.short())).see("rolls back").see("Its run");
}
