//! Laws of the state machine: examples for each promise, and properties for any sequence of
//! commands.

mod flow;
mod gates;
mod laws;
mod leases;
mod mending;
mod moving;
mod undoing;

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::run::testing::{Driver, ana, approval, manual, question, script, workflow};
use crate::run::{
    AttemptEnd, Command, Effect, EventBody, Evidence, EvidenceKind, Failure, FailureKind, Outcome, Prompt,
    Report, Run, RunStatus, SegmentKind, StepState, Verb, effects, replay, summarise,
};
use crate::workflow::{Backoff, Retry, StepKind, Workflow};

fn evidence(text: &str) -> Vec<Evidence> {
    vec![Evidence { kind: EvidenceKind::Note, text: text.to_owned() }]
}

fn done() -> Verb {
    Verb::Done { step: None, evidence: evidence("seen") }
}

fn exit(code: i32) -> Failure {
    Failure { kind: FailureKind::Exit, message: format!("exit {code}"), exit: Some(code) }
}

fn failed(step: &str, attempt: u32) -> Report {
    Report::Failed { step: StepId::new(step), attempt, failure: exit(1) }
}

fn completed(step: &str, attempt: u32) -> Report {
    Report::Completed { step: StepId::new(step), attempt, outcome: Outcome::default() }
}

fn digest_of(run: &Run) -> String {
    run.steps
        .iter()
        .find_map(|s| match &s.state {
            StepState::Waiting { on: Prompt::Approval { digest, .. }, .. } => Some(digest.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

#[test]
fn a_run_goes_from_step_to_step_and_completes() {
    let mut driver = Driver::start(workflow(vec![manual("a"), script("b", "true"), manual("c")]));
    assert_eq!(driver.run.status(), RunStatus::Waiting);
    driver.act(done()).expect("a is done");
    assert_eq!((driver.word("a"), driver.word("b")), ("done", "running"));
    driver.report(completed("b", 1));
    driver.act(done()).expect("c is done");
    assert_eq!(driver.run.status(), RunStatus::Completed);
    let refusal = driver.act(Verb::Resume).expect_err("it has ended");
    assert!(refusal.reason.contains("completed"), "{refusal}");
}

#[test]
fn the_start_of_the_next_step_is_in_the_same_answer() {
    let mut driver = Driver::start(workflow(vec![manual("a"), script("b", "true")]));
    let events = driver.act(done()).expect("done");
    assert!(matches!(events[0].body, EventBody::StepCompleted { .. }));
    assert!(matches!(events[1].body, EventBody::StepStarted { .. }));
    let effects = effects(&driver.run, &events[1].body);
    assert!(matches!(effects.as_slice(), [Effect::Execute { attempt: 1, .. }]), "{effects:?}");
}

#[test]
fn a_failure_waits_for_a_decision() {
    let mut driver = Driver::start(workflow(vec![script("a", "false"), manual("b")]));
    driver.report(failed("a", 1));
    assert_eq!((driver.word("a"), driver.run.status()), ("failed", RunStatus::Waiting));
    driver.act(Verb::Done { step: None, evidence: Vec::new() }).expect_err("done needs evidence");
    driver.act(Verb::Skip { step: None, reason: "  ".into() }).expect_err("a skip needs a reason");
    driver.act(Verb::Retry { step: None, edit: None }).expect("tried again");
    assert_eq!(driver.run.steps[0].attempts.len(), 2, "history is kept");
    driver.report(failed("a", 1));
    assert_eq!(driver.word("a"), "running", "a report about the old attempt changes nothing");
    driver.report(failed("a", 2));
    driver.act(done()).expect("marked done with evidence");
    assert_eq!(driver.word("b"), "waiting");
}

#[test]
fn retries_wait_their_turn_and_run_out() {
    let mut step = script("a", "false");
    let (initial, max) = (Millis(100), Millis(150));
    step.retry = Some(Retry {
        max_attempts: 3,
        backoff: Backoff::DOUBLING,
        initial,
        max,
        jitter: false,
        finals: Vec::new(),
    });
    let mut driver = Driver::start(workflow(vec![step]));
    driver.report(failed("a", 1));
    assert_eq!(driver.run.next_timer(), Some(driver.now.plus(Millis(100))));
    assert!(driver.report(Report::Wake).is_empty(), "too early");
    driver.later(100).report(Report::Wake);
    assert_eq!((driver.word("a"), driver.run.steps[0].attempt()), ("running", 2));
    driver.report(failed("a", 2));
    assert_eq!(driver.run.next_timer(), Some(driver.now.plus(Millis(150))), "capped");
    driver.later(150).report(Report::Wake);
    driver.report(failed("a", 3));
    assert_eq!(driver.word("a"), "failed", "three attempts in all");
    driver.act(Verb::Retry { step: None, edit: None }).expect("a person tries again");
    driver.report(failed("a", 4));
    assert_eq!(driver.word("a"), "waiting", "and the limit counts anew");
    let retries = driver.run.segments.iter().filter(|s| s.kind == SegmentKind::Retry).count();
    assert_eq!(retries, 3, "waiting for retries is told apart");
}

#[test]
fn a_timeout_fails_the_step_and_ends_its_processes() {
    let mut step = script("a", "sleep 100");
    step.timeout = Some(Millis::from_secs(10));
    let mut driver = Driver::start(workflow(vec![step]));
    driver.later(10_000);
    let events = driver.report(Report::Wake);
    let EventBody::StepFailed { failure, .. } = &events[0].body else { panic!("{events:?}") };
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(matches!(effects(&driver.run, &events[0].body).as_slice(), [Effect::Stop { attempt: 1, .. }]));
}

#[test]
fn clocks_stand_still_in_a_pause() {
    let mut step = script("a", "sleep 100");
    step.timeout = Some(Millis::from_secs(10));
    let mut driver = Driver::start(workflow(vec![step, manual("b")]));
    let due = driver.run.next_timer().expect("a timeout");
    driver.later(4_000).act(Verb::Pause { freeze: false }).expect("paused");
    assert_eq!((driver.run.next_timer(), driver.run.status()), (None, RunStatus::Paused));
    driver.later(60_000);
    assert!(driver.report(Report::Wake).is_empty());
    driver.act(Verb::Resume).expect("resumed");
    assert_eq!(driver.run.next_timer(), Some(due.plus(Millis(60_000))));
    driver.act(Verb::Pause { freeze: false }).expect("paused");
    driver.report(completed("a", 1));
    assert_eq!(driver.word("b"), "pending", "a pause starts nothing new");
    driver.act(Verb::Pause { freeze: false }).expect_err("paused already");
    driver.act(Verb::Resume).expect("resumed");
    assert_eq!(driver.word("b"), "waiting");
    assert_eq!(driver.run.times(driver.now).paused, Millis(60_000));
}

#[test]
fn answers_given_in_a_pause_count_at_resume() {
    let mut driver = Driver::start(workflow(vec![question("q"), script("a", "true")]));
    driver.act(Verb::Pause { freeze: false }).expect("paused");
    let values = json!({ "why": "because" }).as_object().cloned().expect("an object");
    driver.act(Verb::Answer { step: None, values }).expect("answered");
    assert_eq!((driver.word("q"), driver.word("a")), ("done", "pending"));
    driver.act(Verb::Resume).expect("resumed");
    assert_eq!(driver.word("a"), "running");
}

#[test]
fn wrong_answers_are_all_told_at_once() {
    let mut driver = Driver::start(workflow(vec![question("q")]));
    let values = json!({ "wy": "typo" }).as_object().cloned().expect("an object");
    let refusal = driver.act(Verb::Answer { step: None, values }).expect_err("two problems");
    assert!(refusal.reason.contains("“wy”") && refusal.reason.contains("why"), "{refusal}");
}

#[test]
fn an_approval_is_a_persons_and_bound_to_what_was_shown() {
    let steps = || vec![approval("gate"), script("deploy", "deploy")];
    let mut driver = Driver::start(workflow(steps()));
    let digest = digest_of(&driver.run);
    let agent = Actor::Agent("assistant".to_owned());
    let approve = || Command::Verb(Verb::Approve { step: None, digest: digest.clone() });
    driver.act_as(&agent, approve()).expect_err("an agent gives no approval");
    driver.act(Verb::Approve { step: None, digest: "other".into() }).expect_err("another digest");
    driver.act(Verb::Skip { step: None, reason: "no".into() }).expect_err("a gate is not skipped");
    driver.act(done()).expect_err("a gate is not marked done");
    driver.act_as(&ana(), approve()).expect("approved");
    assert_eq!(driver.word("deploy"), "running");
    let second = driver.act(Verb::Approve { step: Some(StepId::new("gate")), digest: digest.clone() });
    assert!(second.expect_err("it was decided").reason.contains("done"));

    let mut other = workflow(steps());
    if let StepKind::Run { script, .. } = &mut other.steps[1].kind {
        "rm -rf /".clone_into(script);
    }
    assert_ne!(digest_of(&Driver::start(other).run), digest, "what it opens is part of it");
}

#[test]
fn a_rejected_or_late_approval_lets_nothing_through() {
    let mut driver = Driver::start(workflow(vec![approval("gate"), script("deploy", "deploy")]));
    driver.later(60_000).report(Report::Wake);
    assert_eq!((driver.word("gate"), driver.word("deploy")), ("failed", "pending"));
    driver.act(Verb::Skip { step: None, reason: "hurry".into() }).expect_err("no way past it");
    driver.act(done()).expect_err("no way past it");
    driver.act(Verb::Retry { step: None, edit: None }).expect("asked again");
    driver.act(Verb::Reject { step: None, reason: "not today".into() }).expect("rejected");
    assert_eq!((driver.word("gate"), driver.word("deploy")), ("failed", "pending"));
}

#[test]
fn cancel_ends_processes_before_it_is_true() {
    let mut driver = Driver::start(workflow(vec![script("a", "sleep 9"), manual("b")]));
    let events = driver.act(Verb::Cancel { reason: Some("wrong one".into()) }).expect("cancelling");
    assert!(matches!(effects(&driver.run, &events[0].body).as_slice(), [Effect::StopAll { .. }]));
    assert!(!driver.run.is_ended());
    driver.report(completed("a", 1));
    assert_eq!(driver.word("a"), "running", "a late report does not undo the wish");
    driver.act(Verb::Pause { freeze: false }).expect_err("being cancelled");
    driver.report(Report::Stopped { left_behind: Vec::new() });
    assert_eq!(
        (driver.run.status(), driver.word("a"), driver.word("b")),
        (RunStatus::Cancelled, "cancelled", "pending")
    );
    let mut waiting = Driver::start(workflow(vec![manual("a")]));
    waiting.act(Verb::Cancel { reason: None }).expect("cancelled");
    assert_eq!(waiting.run.status(), RunStatus::Cancelled, "with nothing to end, at once");
}

#[test]
fn going_back_keeps_history_and_stops_what_runs() {
    let mut driver =
        Driver::start(workflow(vec![manual("a"), manual("b"), script("c", "sleep 9"), manual("d")]));
    driver.act(done()).expect("a");
    driver.act(done()).expect("b");
    driver.act(Verb::Back { to: StepId::new("d"), reason: None }).expect_err("not reached yet");
    let events =
        driver.act(Verb::Back { to: StepId::new("b"), reason: Some("forgot".into()) }).expect("back");
    assert!(matches!(effects(&driver.run, &events[0].body).as_slice(), [Effect::Stop { attempt: 1, .. }]));
    assert_eq!((driver.word("a"), driver.word("b"), driver.word("c")), ("done", "waiting", "pending"));
    let b = &driver.run.steps[1];
    assert!(matches!(b.attempts[0].ended, Some(AttemptEnd::Done { .. })), "the first try stays");
    assert_eq!(b.attempts.len(), 2);
    driver.act(done()).expect("b again");
    assert_eq!(driver.run.steps[2].attempt(), 2);
}

#[test]
fn after_a_crash_only_idempotent_steps_run_again() {
    let mut driver = Driver::start(workflow(vec![script("a", "deploy")]));
    let events = driver.report(Report::Recovered);
    assert!(effects(&driver.run, &events[0].body).is_empty(), "nothing is run by itself");
    assert_eq!((driver.word("a"), driver.run.status()), ("uncertain", RunStatus::Waiting));
    let events = driver.act(Verb::Retry { step: None, edit: None }).expect("run again");
    assert!(
        matches!(effects(&driver.run, &events[0].body).as_slice(), [Effect::Stop { attempt: 1, .. }]),
        "what the crashed engine left is ended first"
    );
    let mut step = script("a", "cat file");
    step.idempotent = true;
    let mut driver = Driver::start(workflow(vec![step]));
    driver.report(Report::Recovered);
    assert_eq!((driver.word("a"), driver.run.steps[0].attempt()), ("running", 2));
}

#[test]
fn unticked_actions_are_remembered() {
    let mut driver = Driver::start(workflow(vec![manual("a")]));
    driver.act(Verb::Check { step: None, action: 0, checked: true }).expect("ticked");
    driver.act(Verb::Check { step: None, action: 2, checked: true }).expect_err("there are two");
    driver.act(done()).expect("done all the same");
    let StepState::Done { outcome, .. } = &driver.run.steps[0].state else { panic!("done") };
    assert_eq!(outcome.unchecked, ["Act"]);
}

#[test]
fn a_condition_that_cannot_be_evaluated_fails_the_step() {
    let mut step = script("a", "true");
    step.condition = Some("answers.nobody_asked == 1".to_owned());
    let driver = Driver::start(workflow(vec![step]));
    assert_eq!(driver.word("a"), "failed");
}

#[test]
fn the_run_has_a_limit_of_its_own() {
    let mut slow = workflow(vec![script("a", "sleep 99")]);
    slow.config.timeout = Some(Millis(500));
    let mut driver = Driver::start(slow);
    driver.later(500);
    let events = driver.report(Report::Wake);
    assert_eq!(driver.run.status(), RunStatus::Failed);
    assert!(matches!(effects(&driver.run, &events[0].body).as_slice(), [Effect::StopAll { .. }]));
}

fn any_workflow() -> impl Strategy<Value = Workflow> {
    let kind = (0..4_u8, any::<bool>(), any::<bool>(), 1..4_u32);
    proptest::collection::vec(kind, 1..6).prop_map(|kinds| {
        let steps = kinds.into_iter().enumerate().map(|(index, (kind, lenient, idempotent, attempts))| {
            let id = format!("s{index}");
            let mut step = match kind {
                0 => manual(&id),
                1 => question(&id),
                2 => approval(&id),
                _ => script(&id, "true"),
            };
            step.continue_on_error = lenient;
            step.idempotent = idempotent;
            step.timeout = Some(Millis(5_000));
            let (initial, max) = (Millis(1_000), Millis(4_000));
            step.retry = Some(Retry {
                max_attempts: attempts,
                backoff: Backoff::Linear,
                initial,
                max,
                jitter: false,
                finals: Vec::new(),
            });
            step
        });
        workflow(steps.collect())
    })
}

/// A verb or report by number; `n` picks steps and attempts, right and wrong ones.
fn command(choice: u8, n: u8, run: &Run) -> Command {
    let step = || run.steps.get(usize::from(n) % run.steps.len()).map(|s| s.id.clone());
    let current = run.steps[run.current_index()].id.clone();
    let attempt = run.steps[run.current_index()].attempt().saturating_sub(u32::from(n.is_multiple_of(7)));
    Command::Verb(match choice {
        0 => Verb::Pause { freeze: n.is_multiple_of(2) },
        1 => Verb::Resume,
        2 if n < 40 => Verb::Cancel { reason: None },
        3 => Verb::Retry { step: None, edit: None },
        4 => Verb::Skip { step: None, reason: "not needed".into() },
        5 => Verb::Back { to: step().unwrap_or(current), reason: None },
        6 | 7 => done(),
        8 => {
            let values = json!({ "why": "because" }).as_object().cloned().unwrap_or_default();
            Verb::Answer { step: None, values }
        }
        9 => Verb::Approve {
            step: None,
            digest: if n.is_multiple_of(3) { "x".into() } else { digest_of(run) },
        },
        10 => Verb::Reject { step: None, reason: "no".into() },
        11 => Verb::Check { step: None, action: usize::from(n % 3), checked: n.is_multiple_of(2) },
        12 => Verb::Fail { step: None, reason: "broken".into() },
        13 => Verb::Note { step: None, text: "noted".into() },
        14 | 15 => {
            let outcome = Outcome::default();
            return Command::Report(Report::Completed { step: current, attempt, outcome });
        }
        16 => return Command::Report(Report::Failed { step: current, attempt, failure: exit(1) }),
        17 => return Command::Report(Report::Stopped { left_behind: Vec::new() }),
        18 if n < 60 => return Command::Report(Report::Recovered),
        _ => return Command::Report(Report::Wake),
    })
}

fn lawful(driver: &Driver, before: &Run) {
    let run = &driver.run;
    let open: Vec<_> = run.steps.iter().filter(|s| s.state.is_open()).collect();
    assert!(open.len() <= 1, "steps follow each other");
    if let Some(first_open) = run.steps.iter().position(|s| !s.state.is_settled()) {
        let later = run.steps.iter().skip(first_open + 1);
        assert!(later.map(|s| &s.state).all(|s| matches!(s, StepState::Pending)), "nothing runs ahead");
    }
    for record in &run.steps {
        for (index, attempt) in record.attempts.iter().enumerate() {
            assert_eq!(attempt.number as usize, index + 1, "attempts count from 1 without gaps");
            let is_last = index + 1 == record.attempts.len();
            assert!(attempt.ended.is_some() || is_last, "only the last try is open");
        }
        let working = matches!(&record.state, StepState::Running { .. })
            || matches!(&record.state, StepState::Waiting { on, .. } if !matches!(on, Prompt::Retry { .. }));
        let is_open = record.attempts.last().is_some_and(|a| a.ended.is_none());
        assert_eq!(working, is_open, "a try is open exactly while its step is at work: {record:?}");
    }
    if run.status() == RunStatus::Completed {
        assert!(run.steps.iter().all(|s| s.state.is_settled()), "complete means all of it");
        assert_eq!(run.waiting_steps().count(), 0, "no prompt is open");
    }
    if before.is_ended() {
        assert_eq!(before.phase, run.phase, "an end is an end");
    }
    if run.is_ended() {
        assert!(run.segments.iter().all(|s| s.to.is_some()), "no clock runs on");
        assert_eq!(run.next_timer(), None);
    }
    if before.is_paused() && run.is_paused() {
        let tries = |r: &Run| r.steps.iter().map(|s| s.attempts.len()).sum::<usize>();
        assert_eq!(tries(before), tries(run), "a pause starts nothing");
    }
    for ((step, record), old) in run.each_step().zip(&before.steps) {
        let is_gate = matches!(step.kind, StepKind::Approve { .. });
        if is_gate && record.state.is_settled() && !old.state.is_settled() {
            let StepState::Done { by, outcome, .. } = &record.state else {
                panic!("a gate opened: {record:?}")
            };
            assert!(by.is_person() && outcome.evidence[0].kind == EvidenceKind::Decision, "only by approval");
        }
    }
    assert_eq!(summarise(run).seq, run.seq);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_commands_keep_the_laws(
        workflow in any_workflow(),
        commands in proptest::collection::vec((0..22_u8, any::<u8>(), 0..9_000_u64), 0..60),
    ) {
        let mut driver = Driver::start(workflow);
        for (choice, n, wait) in commands {
            let before = driver.run.clone();
            let command = command(choice, n, &driver.run);
            let actor = if matches!(command, Command::Report(_)) { Actor::Engine } else { ana() };
            driver.later(wait);
            if let Err(refusal) = driver.act_as(&actor, command) {
                prop_assert!(!refusal.reason.is_empty());
                prop_assert_eq!(&driver.run, &before, "a refusal changes nothing");
            }
            lawful(&driver, &before);
        }
        for (index, event) in driver.journal.iter().enumerate() {
            prop_assert_eq!(event.seq, index as u64 + 1, "no gap in the journal");
        }
        let stored = serde_json::to_string(&driver.journal).expect("events are JSON");
        let read = serde_json::from_str::<Vec<_>>(&stored).expect("and read back");
        let again = replay(Arc::clone(&driver.run.workflow), &read).expect("replayed");
        prop_assert_eq!(&again, &driver.run, "replay equals live");
    }

    #[test]
    fn time_is_counted_once(waits in proptest::collection::vec(1..10_000_u64, 4)) {
        let mut driver = Driver::start(workflow(vec![manual("a"), script("b", "true"), approval("c")]));
        driver.later(waits[0]).act(done()).expect("a");
        driver.later(waits[1]).report(completed("b", 1));
        driver.later(waits[2]).act(Verb::Pause { freeze: false }).expect("paused");
        driver.later(waits[3]).act(Verb::Resume).expect("resumed");
        let times = driver.run.times(driver.now);
        prop_assert_eq!(times.waiting, Millis(waits[0] + waits[2]));
        prop_assert_eq!(times.work, Millis(waits[1]));
        prop_assert_eq!(times.paused, Millis(waits[3]));
        prop_assert_eq!(driver.now.since(Timestamp(1_000_000)), Millis(waits.iter().sum()));
    }
}
