//! Steps that somebody has taken, on the Run screen and its cards.

use crate::base::{Actor, Millis, StepId};
use crate::run::testing::Driver;
use crate::run::{Command, Report, Verb};
use crate::tui::screens::run::engine_tests::SIZES;
use crate::tui::screens::run::family_tests::family;
use crate::tui::screens::run::tests::{at_approval, at_manual, open, shown};
use crate::tui::testing::Harness;

fn ben() -> Actor {
    Actor::Person("ben@desk".to_owned())
}

fn taken(mut driver: Driver, by: &Actor) -> Driver {
    let verb = Verb::Take { step: None, length: Some(Millis::from_secs(1_200)) };
    driver.act_as(by, Command::Verb(verb)).expect("it is free");
    driver.later(60_000);
    driver
}

fn step(id: &str) -> StepId {
    StepId::new(id)
}

#[test]
fn a_step_that_somebody_else_has_says_so_and_is_taken_back() {
    for (width, height) in SIZES {
        let driver = taken(at_manual(), &ben());
        let harness = shown(&driver, width, height, "").see("ben").see("take back");
        harness.golden(&format!("run_taken_{width}x{height}"));
    }
    let harness = shown(&taken(at_manual(), &ben()), 80, 24, "").see("ben@desk").see("until 00:56");
    let harness = harness.keys("d").see("It is taken by ben@desk until").keys("T");
    assert_eq!(harness.verbs(), [&Verb::TakeBack { step: Some(step("verify")), length: None }]);
}

#[test]
fn a_step_is_taken_and_handed_over_by_its_keys() {
    let free = shown(&at_manual(), 80, 24, "").keys("T");
    assert_eq!(free.verbs(), [&Verb::Take { step: Some(step("verify")), length: None }]);
    let mine = shown(&taken(at_manual(), &crate::run::testing::ana()), 80, 24, "").see("you, until");
    let renewed = mine.keys("T");
    assert_eq!(renewed.verbs(), [&Verb::Take { step: Some(step("verify")), length: None }]);
    let handed = renewed.keys("H").see("to whom?").golden("run_hand_over_80x24").keys("ben@desk<ret>");
    let to = |to| Verb::HandOver { step: Some(step("verify")), to, length: None };
    assert_eq!(handed.verbs().last(), Some(&&to(Some(ben()))));
    let agent = handed.keys("Hclaude<ret>");
    assert_eq!(agent.verbs().last(), Some(&&to(Some(Actor::Agent("claude".to_owned())))));
    let given_up = agent.keys("H<ret>");
    assert_eq!(given_up.verbs().last(), Some(&&to(None)));
}

#[test]
fn an_approval_that_somebody_else_has_is_not_put_before_others() {
    let driver = taken(at_approval(), &ben());
    let harness = shown(&driver, 80, 24, "").see("T take back");
    assert!(harness.model.layers.is_empty(), "it is ben's to decide");
    let card = harness.keys("<ret>").see("taken by").see("take back").golden("approval_taken_80x24");
    let refused = card.keys("a").see("It is taken by ben@desk");
    assert!(refused.verbs().is_empty());
    let back = refused.keys("T");
    assert_eq!(back.verbs(), [&Verb::TakeBack { step: Some(step("gate")), length: None }]);
}

#[test]
fn what_a_child_run_asks_is_shown_as_taken_in_its_parent() {
    let (mut parent, mut child) = family();
    let lease = {
        let verb = Verb::Take { step: None, length: None };
        child.act_as(&ben(), Command::Verb(verb)).expect("it is free");
        child.run.waiting_steps().find_map(|(_, record)| record.state.lease().cloned())
    };
    let (_, record) = parent.run.record(&StepId::new("rollback")).expect("the step exists");
    let crate::run::StepState::Running { need: Some(need), .. } = record.state.clone() else {
        panic!("its child run asks")
    };
    let need = Some(crate::run::ChildNeed { lease, ..need });
    parent.report(Report::Child { step: StepId::new("rollback"), attempt: 1, need });
    let mut harness = Harness::new(80, 24).with_run(parent.run.clone()).with_run(child.run);
    harness.model.now = parent.now;
    let harness = open(harness.connected(), parent.run.id()).see("ben@desk").see("go to its run");
    let there = harness.keys("T").see("goes there");
    assert_eq!(there.verbs(), [&Verb::TakeBack { step: Some(step("gate")), length: None }]);
}
