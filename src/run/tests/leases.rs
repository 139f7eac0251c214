//! A step that waits can be taken for a while, handed over and taken back; whatever ends the prompt ends that.

use super::flow::needs;
use super::{digest_of, done, failed};
use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::run::testing::{Driver, ana, approval, manual, question, script, workflow};
use crate::run::{
    BackCause, ChildNeed, Command, EventBody, LeaseEnd, NeedKind, Refusal, Report, RunStatus, Verb, summarise,
};
use crate::workflow::testing::step;
use crate::workflow::{OnFailure, OnTimeout, StepKind};

fn ben() -> Actor {
    Actor::Person("ben@desk".to_owned())
}

fn aide() -> Actor {
    Actor::Agent("aide".to_owned())
}

fn take() -> Verb {
    Verb::Take { step: None, length: None }
}

fn take_back() -> Verb {
    Verb::TakeBack { step: None, length: None }
}

fn hand_over(to: Option<Actor>) -> Verb {
    Verb::HandOver { step: None, to, length: None }
}

fn says(driver: &mut Driver, actor: &Actor, verb: Verb) -> Result<Vec<EventBody>, Refusal> {
    let events = driver.act_as(actor, Command::Verb(verb))?;
    Ok(events.into_iter().map(|event| event.body).collect())
}

fn holder(driver: &Driver, step: &str) -> Option<Actor> {
    let (_, record) = driver.run.record(&StepId::new(step)).expect("the step exists");
    record.state.lease().map(|lease| lease.holder.clone())
}

#[test]
fn only_the_holder_answers_a_step_that_is_taken() {
    let mut driver = Driver::start(workflow(vec![manual("look"), manual("act")]));
    driver.act(take()).expect("it is free");
    assert_eq!(holder(&driver, "look"), Some(ana()));
    for (actor, hint) in [(ben(), "Take it back"), (aide(), "ask a person")] {
        for verb in [
            done(),
            take(),
            hand_over(Some(ben())),
            Verb::Skip { step: None, reason: "no".to_owned() },
            Verb::Fail { step: None, reason: "no".to_owned() },
            Verb::Check { step: None, action: 0, checked: true },
        ] {
            let refusal = says(&mut driver, &actor, verb).expect_err("it is ana's");
            assert!(refusal.reason.starts_with("“look” is taken by ana@laptop until "), "{refusal:?}");
            assert!(refusal.hint.is_some_and(|h| h.contains(hint)));
        }
    }
    let note = Verb::Note { step: Some(StepId::new("look")), text: "I wait".to_owned() };
    says(&mut driver, &ben(), note).expect("a note is no answer");
    driver.act(done()).expect("it is hers");
    assert_eq!(holder(&driver, "act"), None, "the next step is nobody's");
    says(&mut driver, &ben(), done()).expect("so anybody does it");
    assert_eq!(driver.run.status(), RunStatus::Completed);
}

#[test]
fn a_lease_is_renewed_by_its_holder_and_ends_with_its_time() {
    let mut driver = Driver::start(workflow(vec![question("ask")]));
    let minutes = |n: u64| Some(Millis::from_secs(n * 60));
    driver.act(Verb::Take { step: None, length: minutes(5) }).expect("it is free");
    driver.later(240_000);
    driver.act(Verb::Take { step: None, length: minutes(5) }).expect("once more");
    assert_eq!(driver.run.next_timer(), Some(driver.now.plus(Millis(300_000))));
    assert!(driver.later(299_999).report(Report::Wake).is_empty());
    let events = driver.later(1).report(Report::Wake);
    assert_eq!(events[0].actor, Actor::Engine);
    let ended = |why| EventBody::LeaseEnded { step: StepId::new("ask"), holder: ana(), why };
    assert_eq!(events[0].body, ended(LeaseEnd::Expired));
    assert_eq!((holder(&driver, "ask"), driver.word("ask")), (None, "waiting"));
    assert_eq!(driver.run.next_timer(), None);
    driver.act(take()).expect("free again");
    // The timer may come late: the end is written down before what it makes possible.
    let told = says(driver.later(15 * 60_000), &ben(), take()).expect("its time is over");
    let taken = EventBody::StepTaken { step: StepId::new("ask"), until: driver.now.plus(Millis(900_000)) };
    assert_eq!(told, [ended(LeaseEnd::Expired), taken]);
    for length in [Millis::ZERO, Millis(24 * 3_600_000 + 1)] {
        let wish = Verb::Take { step: None, length: Some(length) };
        assert!(says(&mut driver, &ben(), wish).is_err(), "{length} is too short or too long");
    }
}

#[test]
fn the_clock_of_a_lease_stands_still_in_a_pause() {
    let mut driver = Driver::start(workflow(vec![manual("look"), manual("other")]));
    driver.act(take()).expect("it is free");
    driver.later(60_000).act(Verb::Pause { freeze: false }).expect("it pauses");
    assert_eq!(driver.run.next_timer(), None);
    let refused = says(driver.later(3_600_000), &ben(), done()).expect_err("an hour that does not count");
    assert!(refused.reason.contains("taken by ana@laptop"));
    // Taken in the pause: its whole length is still to come.
    driver.act(take()).expect("renewed");
    driver.later(3_600_000).act(Verb::Resume).expect("it goes on");
    assert_eq!(driver.run.next_timer(), Some(driver.now.plus(Millis(15 * 60_000))));
}

#[test]
fn a_step_is_handed_over_to_somebody_or_to_whoever_comes() {
    let mut driver = Driver::start(workflow(vec![manual("look")]));
    assert!(driver.act(hand_over(None)).is_err(), "nobody has it");
    assert!(driver.act(hand_over(Some(ana()))).is_err(), "that is herself");
    for nobody in [
        Actor::Engine,
        Actor::Person("ben".to_owned()),
        Actor::Person("@desk".to_owned()),
        Actor::Agent(" ".to_owned()),
        Actor::Agent("a\u{1b}[31m".to_owned()),
        Actor::Agent("a".repeat(400)),
    ] {
        assert!(driver.act(hand_over(Some(nobody.clone()))).is_err(), "{nobody:?}");
    }
    assert!(says(&mut driver, &aide(), hand_over(Some(ben()))).is_err(), "it is not the agent's to give");
    let told = driver.act(hand_over(Some(aide()))).expect("a person gives what is free");
    assert!(matches!(&told[0].body, EventBody::StepHandedOver { to, .. } if *to == aide()));
    assert!(driver.act(done()).is_err(), "it is the agent's now");
    says(&mut driver, &aide(), hand_over(Some(ben()))).expect("what it has, it may hand on");
    assert_eq!(holder(&driver, "look"), Some(ben()));
    says(&mut driver, &ben(), hand_over(None)).expect("given up");
    assert_eq!(holder(&driver, "look"), None);
    driver.act(done()).expect("whoever comes");
}

#[test]
fn a_person_takes_back_from_anybody_and_an_agent_from_nobody() {
    let mut driver = Driver::start(workflow(vec![manual("look")]));
    assert!(driver.act(take_back()).is_err(), "nobody has it");
    says(&mut driver, &aide(), take()).expect("an agent takes what is free");
    let told = driver.act(take_back()).expect("from an agent");
    assert!(matches!(&told[0].body, EventBody::StepTakenBack { from, .. } if *from == aide()));
    assert_eq!(holder(&driver, "look"), Some(ana()), "and has it, so that the agent cannot take it again");
    assert!(driver.act(take_back()).is_err(), "she has it already");
    assert!(says(&mut driver, &aide(), take_back()).is_err());
    says(&mut driver, &ben(), take_back()).expect("from a person");
    let other = Actor::Agent("other".to_owned());
    says(&mut driver, &ben(), hand_over(Some(other))).expect("to an agent");
    assert!(says(&mut driver, &aide(), take_back()).is_err(), "agents take nothing from each other");
}

#[test]
fn an_approval_is_never_an_agents() {
    let mut driver = Driver::start(workflow(vec![approval("gate"), script("ship", "ship")]));
    assert!(says(&mut driver, &aide(), take()).is_err());
    assert!(driver.act(hand_over(Some(aide()))).is_err());
    driver.act(take()).expect("a person's");
    let digest = digest_of(&driver.run);
    let yes = Verb::Approve { step: None, digest };
    let refusal = says(&mut driver, &ben(), yes.clone()).expect_err("ana has it");
    assert!(refusal.reason.contains("taken by ana@laptop"));
    assert!(says(&mut driver, &ben(), Verb::Reject { step: None, reason: "no".to_owned() }).is_err());
    driver.act(yes).expect("hers to approve");
    // Once rejected it waits for a decision, which stays one about an approval.
    let mut driver = Driver::start(workflow(vec![approval("gate")]));
    driver.act(Verb::Reject { step: None, reason: "no".to_owned() }).expect("rejected");
    assert!(says(&mut driver, &aide(), take()).is_err());
}

#[test]
fn what_changes_the_prompt_ends_the_lease() {
    let mut failing = script("build", "make");
    failing.on_failure =
        OnFailure::Escalate { to: vec!["lead".into(), "head".into()], within: Millis(60_000) };
    let mut driver = Driver::start(workflow(vec![failing]));
    driver.report(failed("build", 1));
    driver.act(take()).expect("a failure waits for somebody too");
    driver.later(60_000).report(Report::Wake);
    assert_eq!(holder(&driver, "build"), None, "the next in line is asked, and not kept out");
    driver.act(take()).expect("taken again");
    driver.act(Verb::Retry { step: None, edit: None }).expect("hers");
    assert_eq!((holder(&driver, "build"), driver.word("build")), (None, "running"));
    let refusal = driver.act(Verb::Take { step: Some("build".into()), length: None }).expect_err("it works");
    assert!(refusal.reason.contains("waits for nobody"));

    let mut gate = approval("gate");
    if let StepKind::Approve { on_timeout, escalate, .. } = &mut gate.kind {
        *on_timeout = OnTimeout::Escalate;
        *escalate = vec!["lead".to_owned()];
    }
    let mut driver = Driver::start(workflow(vec![gate]));
    driver.act(take()).expect("taken");
    driver.later(60_000).report(Report::Wake);
    assert_eq!(holder(&driver, "gate"), None);
    driver.act(take()).expect("taken");
    driver.later(60_000).report(Report::Wake);
    assert_eq!(
        (driver.word("gate"), holder(&driver, "gate")),
        ("failed", None),
        "a deadline waits for nobody"
    );
}

#[test]
fn an_agent_ends_nothing_that_a_person_has_taken() {
    let mut build = script("build", "make");
    build.rollback = Some(Box::new(script("build.rollback", "undo")));
    let steps = vec![build, manual("look"), needs(manual("beside"), &["build"])];
    let mut driver = Driver::start(workflow(steps));
    driver.report(super::completed("build", 1));
    driver.act(Verb::Take { step: Some("look".into()), length: None }).expect("taken");
    let back = Verb::Back { to: "build".into(), reason: None };
    let undo = Verb::Rollback { reason: "undo it".to_owned() };
    for verb in [back.clone(), undo] {
        let refusal = says(&mut driver, &aide(), verb).expect_err("it would end ana's prompt");
        assert!(refusal.reason.contains("taken by ana@laptop"));
    }
    let beside = Verb::Back { to: "beside".into(), reason: None };
    says(&mut driver, &aide(), beside).expect("that one is nobody's");
    let told = says(&mut driver, &ben(), back).expect("a person may");
    assert!(matches!(told[0], EventBody::WentBack { cause: BackCause::Wish, .. }));
    assert_eq!(holder(&driver, "look"), None);
}

#[test]
fn what_a_child_run_asks_is_taken_there_and_shown_here() {
    let kind = StepKind::Workflow { workflow: "child".into(), inputs: serde_json::Map::new() };
    let mut driver = Driver::start(workflow(vec![step("deploy", kind)]));
    let lease = crate::run::Lease { holder: ana(), since: Timestamp(0), until: Timestamp(9_000_000) };
    let need = ChildNeed {
        kind: NeedKind::Check,
        step: "verify".into(),
        title: "Look".to_owned(),
        deadline: None,
        lease: Some(lease.clone()),
    };
    driver.report(Report::Child { step: "deploy".into(), attempt: 1, need: Some(need.clone()) });
    assert_eq!(summarise(&driver.run).need.and_then(|need| need.lease), Some(lease));
    let refusal = driver.act(Verb::Take { step: Some("deploy".into()), length: None }).expect_err("not here");
    assert_eq!(refusal.hint.as_deref(), Some("Name it there: deploy/verify"));
    let skip = Verb::Skip { step: Some("deploy".into()), reason: "no".to_owned() };
    assert!(says(&mut driver, &ben(), skip.clone()).is_err(), "it would end what ana has taken");
    let free = ChildNeed { lease: None, ..need };
    let told = driver.report(Report::Child { step: "deploy".into(), attempt: 1, need: Some(free) });
    assert_eq!(told.len(), 1, "that it is free is news");
    says(&mut driver, &ben(), skip).expect("nobody's");
}
