//! Properties of any graph with loops, gates, rollbacks and people who say anything at any time.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::flow::each;
use super::{completed, digest_of, done, exit};
use crate::base::{Actor, Millis, StepId};
use crate::run::testing::{Driver, ana, approval, manual, question, script, version, workflow};
use crate::run::{
    Command, Edit, Event, EventBody, Outcome, Report, Role, Run, RunStatus, StepRecord, StepState, Verb,
    Version, Work, fold, replay_with, resolve,
};
use crate::workflow::testing::step;
use crate::workflow::{OnFailure, Step, StepKind, Workflow};

const LIMIT: u32 = 2;

fn any_step(index: usize, kind: u8, bits: u16) -> Step {
    let id = format!("s{index}");
    let mut step = match kind {
        0 => manual(&id),
        1 => {
            let mut asks = question(&id);
            if let StepKind::Ask { fields } = &mut asks.kind {
                fields[0].name = format!("why{index}");
            }
            asks
        }
        2 | 3 => approval(&id),
        4 => each(script(&id, "each"), &["x", "y", "z"], 1 + u32::from(bits & 1)),
        5 => step(
            &id,
            StepKind::Agent { agent: "a".into(), persona: String::new(), prompt: "?".into(), expects: None },
        ),
        6 => {
            let mut child =
                step(&id, StepKind::Workflow { workflow: "child".into(), inputs: serde_json::Map::new() });
            child.rollback = Some(Box::new(step(&format!("{id}.rollback"), StepKind::Rollback)));
            child
        }
        _ => script(&id, "true"),
    };
    if index > 0 && bits & 2 == 0 {
        let needs = (0..index).filter(|n| bits >> (4 + n) & 1 == 1).map(|n| StepId::new(format!("s{n}")));
        step.needs = Some(needs.collect());
    }
    if step.kind.is_automatic() {
        step.timeout = Some(Millis(5_000));
        step.idempotent = bits & 4 == 0;
        step.continue_on_error = bits & 8 == 0;
        step.on_failure = match bits % 7 {
            0 => OnFailure::Rollback,
            1 => OnFailure::Escalate { to: vec!["ana".into(), "lead".into()], within: Millis(3_000) },
            _ => OnFailure::Ask,
        };
        if bits & 16 == 0 && step.rollback.is_none() {
            step.rollback = Some(Box::new(script(&format!("{id}.rollback"), "undo")));
        }
    }
    step
}

fn any_graph() -> impl Strategy<Value = Workflow> {
    proptest::collection::vec((0..9_u8, any::<u16>()), 1..7).prop_map(|kinds| {
        let steps = kinds.into_iter().enumerate().map(|(index, (kind, bits))| any_step(index, kind, bits));
        let mut definition = workflow(steps.collect());
        definition.config.parallel = Some(LIMIT);
        definition
    })
}

fn command(choice: u8, n: u8, run: &Run) -> Command {
    let record = |offset: usize| {
        let open: Vec<&StepRecord> = run.steps.iter().map(|s| &**s).filter(|s| s.state.is_open()).collect();
        match open.get((usize::from(n) + offset) % open.len().max(1)) {
            Some(record) if !n.is_multiple_of(5) => *record,
            _ => &run.steps[usize::from(n) % run.steps.len()],
        }
    };
    let target = record(0);
    let step = Some(target.id.clone());
    let attempt = target.attempt().saturating_sub(u32::from(n.is_multiple_of(7)));
    let text = |text: &str| json!({ "text": text }).as_object().cloned().unwrap_or_default();
    Command::Verb(match choice {
        0 => Verb::Pause { freeze: n.is_multiple_of(2) },
        1 | 2 => Verb::Resume,
        3 if n < 30 => Verb::Cancel { reason: None },
        4 => {
            let edit = Edit { script: Some("other".into()), ..Edit::default() };
            let edit = (n.is_multiple_of(2)
                && matches!(target.attempts.last().map(|a| &a.work), Some(Work::Run { .. })))
            .then(|| Box::new(edit));
            Verb::Retry { step, edit }
        }
        5 => Verb::Skip { step, reason: "no".into() },
        6 => Verb::Back { to: target.id.clone(), reason: None },
        7 | 8 => match done() {
            Verb::Done { evidence, .. } => Verb::Done { step, evidence },
            other => other,
        },
        9 => {
            let name = target.id.as_str().replace('s', "why");
            let mut values = text("because");
            if let Some(value) = values.remove("text")
                && !matches!(run.definition(target).map(|s| &s.kind), Some(StepKind::Agent { .. }))
            {
                values.insert(name, value);
            } else {
                values = text("RESULT: fine");
            }
            Verb::Answer { step, values }
        }
        10 | 11 => Verb::Approve { step: None, digest: digest_of(run) },
        12 => Verb::PushBack { step: None, to: record(1).id.clone(), feedback: "again".into() },
        13 => Verb::Proceed { step },
        14 => Verb::StepThrough { on: n.is_multiple_of(3) },
        15 => Verb::Breakpoint { step: target.id.clone(), set: n.is_multiple_of(2) },
        16 if n < 60 => Verb::Rollback { reason: "undo it".into() },
        17..=20 => {
            return Command::Report(match completed("", 0) {
                Report::Completed { outcome, .. } => {
                    Report::Completed { step: target.id.clone(), attempt, outcome }
                }
                other => other,
            });
        }
        21 => return Command::Report(Report::Failed { step: target.id.clone(), attempt, failure: exit(1) }),
        22 => return Command::Report(Report::Stopped { left_behind: Vec::new() }),
        27..=29 if n < 120 => return Command::MoveOver(Box::new(version(otherwise(&run.workflow, n)))),
        24 => Verb::Take { step, length: Some(Millis(u64::from(n) * 100)) },
        25 => {
            let to = match n % 4 {
                0 => None,
                1 => Some(Actor::Agent("aide".into())),
                _ => Some(Actor::Person("ben@desk".into())),
            };
            Verb::HandOver { step, to, length: Some(Millis(u64::from(n) * 100)) }
        }
        26 => Verb::TakeBack { step, length: None },
        23 if n < 60 => return Command::Report(Report::Recovered),
        _ => return Command::Report(Report::Wake),
    })
}

fn lawful(run: &Run, before: &Run) {
    let settled = |id: &StepId| run.record(id).is_some_and(|(_, r)| r.state.is_settled());
    for record in &run.steps {
        for (index, attempt) in record.attempts.iter().enumerate() {
            assert_eq!(attempt.number as usize, index + 1);
            assert!(attempt.ended.is_some() || index + 1 == record.attempts.len());
        }
        if let (Role::Step { index } | Role::Iteration { index, .. }, true) =
            (&record.role, record.state.is_open())
        {
            let needs = run.workflow.needs(*index);
            assert!(needs.iter().all(|id| settled(id)), "{} runs before what it needs", record.id);
            open_behind_its_gates(run, record, *index);
        }
        if let (Role::Step { index }, StepState::Done { .. }) = (&record.role, &record.state) {
            assert!(run.iterations(*index).all(|r| r.state.is_settled()), "a loop is done when all of it is");
        }
        if let Role::Undo { of, .. } = &record.role {
            assert!(run.rollback.is_some() || record.attempts.is_empty());
            let times = record
                .attempts
                .iter()
                .filter(|a| matches!(a.ended, Some(crate::run::AttemptEnd::Done { .. })));
            assert!(times.count() <= 1, "{of} is undone once");
        }
    }
    let working =
        run.steps.iter().filter(|r| matches!(r.state, StepState::Running { .. }) && !r.is_loop()).count();
    assert!(working <= LIMIT as usize, "no more side by side than allowed");
    if run.status() == RunStatus::Completed {
        assert!(run.steps.iter().all(|s| s.state.is_settled()) && run.waiting_steps().count() == 0);
    }
    if before.is_ended() && run.rollback == before.rollback {
        assert_eq!(before.phase, run.phase, "an end is an end, but for what undoes it");
    }
    if run.is_ended() {
        assert!(run.segments.iter().all(|s| s.to.is_some()));
        assert!(run.steps.iter().all(|s| !s.state.is_open()), "nothing stays open");
        assert_eq!(run.next_timer(), None);
    }
    if before.is_paused() && run.is_paused() {
        let tries = |r: &Run| r.steps.iter().map(|s| s.attempts.len()).sum::<usize>();
        assert_eq!(tries(before), tries(run), "a pause starts nothing");
    }
}

/// The same workflow after somebody edited its file: a step otherwise, one more, one less, another order.
fn otherwise(workflow: &Workflow, n: u8) -> Workflow {
    let mut new = workflow.clone();
    let place = usize::from(n) % new.steps.len();
    let fresh =
        |kind: u8| Step { id: StepId::new(format!("new{n}")), ..any_step(0, kind, u16::from(n) * 31) };
    match n % 6 {
        0 => new.steps[place].title = format!("Title {n}"),
        1 => match &mut new.steps[place].kind {
            StepKind::Run { script, .. } => *script = format!("do {n}"),
            StepKind::Approve { question, .. } => *question = format!("And {n}?"),
            StepKind::Manual { actions } => actions.push(format!("Act {n}")),
            _ => new.steps[place].timeout = Some(Millis(u64::from(n) * 100)),
        },
        2 if new.steps.iter().all(|s| s.id != fresh(0).id) => new.steps.push(fresh(n % 9)),
        3 if new.steps.iter().all(|s| s.id != fresh(0).id) => new.steps.insert(place, fresh(n % 9)),
        4 if new.steps.len() > 1 => {
            let gone = new.steps.remove(place).id;
            for step in &mut new.steps {
                if let Some(needs) = &mut step.needs {
                    needs.retain(|id| *id != gone);
                }
            }
        }
        _ => {
            new.steps[place].rollback = Some(Box::new(script(&format!("undo{n}"), "undo otherwise")));
            new.config.timeout = Some(Millis(u64::from(n) * 1_000));
        }
    }
    new
}

/// A move changes nothing of what was done, starts nothing twice, and only a person makes one.
fn what_is_done_stays(before: &Run, after: &Run, by: &Actor) {
    assert!(by.is_person(), "{by} moves a run over");
    assert!(before.steps.iter().all(|r| !matches!(r.state, StepState::Running { .. }) || r.is_loop()));
    for old in &before.steps {
        let new = after.record(&old.id).map(|(_, record)| record);
        let Some(new) = new else {
            assert!(old.attempts.is_empty() && old.state == StepState::Pending, "{} is gone", old.id);
            continue;
        };
        assert!(new.attempts.len() >= old.attempts.len(), "the history of {} is shorter", old.id);
        let kept = old
            .attempts
            .iter()
            .zip(&new.attempts)
            .all(|(old, new)| old.work == new.work && (old.ended.is_none() || old.ended == new.ended));
        assert!(kept, "the history of {} is another one", old.id);
        if old.state.is_settled() {
            // An approval that showed something else is asked again.
            let asked_again = new.state != old.state && after.backs.len() > before.backs.len();
            assert!(new.state == old.state || asked_again, "{} was {:?}", old.id, old.state);
        }
    }
}

fn somebody(who: u8) -> Actor {
    match who {
        0 => Actor::Agent("aide".to_owned()),
        1 => Actor::Person("ben@desk".to_owned()),
        _ => ana(),
    }
}

/// While a step is taken only its holder answers it, and no agent has an approval or ends what a person has.
fn leases_are_kept(before: &Run, events: &[Event], version: Option<&Version>) {
    let mut run = before.clone();
    for event in events {
        for record in &run.steps {
            let Some(lease) = record.state.lease() else { continue };
            assert!(!run.is_ended(), "a lease ends with its run");
            let (holder, by) = (&lease.holder, &event.actor);
            if *by == *holder || *by == Actor::Engine {
                continue;
            }
            match &event.body {
                EventBody::StepTakenBack { step, from, .. } if *step == record.id => {
                    assert!(by.is_person() && from == holder);
                }
                EventBody::StepCompleted { step, .. }
                | EventBody::StepFailed { step, .. }
                | EventBody::StepSkipped { step, .. }
                | EventBody::StepRetried { step, .. }
                | EventBody::StepReleased { step }
                | EventBody::ActionChecked { step, .. }
                | EventBody::StepTaken { step, .. }
                | EventBody::StepHandedOver { step, .. } => {
                    assert_ne!(*step, record.id, "{by} answers what {holder} has taken");
                }
                EventBody::WentBack { to, .. } if !by.is_person() && holder.is_person() => {
                    let places = run.place(to).map(|place| run.workflow.with_dependents(place));
                    assert!(!places.unwrap_or_default().contains(&record.role.index()));
                }
                EventBody::RollbackStarted { .. } => assert!(by.is_person() || !holder.is_person()),
                _ => {}
            }
        }
        fold(&mut run, event, version);
        for (step, record) in run.each_step() {
            let lease = record.state.lease();
            assert!(lease.is_none() || record.state.needs_person(), "only what waits for somebody is taken");
            assert!(
                lease.is_none_or(|l| l.holder.is_person() || !matches!(step.kind, StepKind::Approve { .. }))
            );
        }
    }
}

/// What an approval opens runs only as a person approved it.
fn open_behind_its_gates(run: &Run, record: &StepRecord, index: usize) {
    let (StepState::Running { .. }, Some(work)) = (&record.state, record.attempts.last().map(|a| &a.work))
    else {
        return;
    };
    if matches!(work, Work::ForEach { .. }) {
        return;
    }
    for (_, gate) in run.workflow.needs(index).into_iter().filter_map(|id| run.record(id)) {
        let Some(Work::Approve { opens, .. }) = gate.attempts.last().map(|a| &a.work) else { continue };
        let StepState::Done { by, .. } = &gate.state else { panic!("{} is passed by", gate.id) };
        assert!(by.is_person(), "only a person approves");
        if resolve::shows(&run.workflow, gate.role.index(), index) {
            let shown = opens.iter().find(|o| o.step == record.id).map(|o| &o.work);
            let is_it = shown.is_some_and(|shown| resolve::is_as_opened(shown, work));
            assert!(is_it, "what runs is what was approved: {shown:?}, {work:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn any_graph_keeps_the_laws(
        workflow in any_graph(),
        commands in proptest::collection::vec((0..31_u8, any::<u8>(), 0..4_000_u64, 0..6_u8), 0..80),
    ) {
        let mut driver = Driver::start(workflow);
        let begun = Arc::clone(&driver.run.workflow);
        let mut versions: HashMap<String, Arc<Workflow>> = HashMap::new();
        lawful(&driver.run, &driver.run);
        for (choice, n, wait, who) in commands {
            let before = driver.run.clone();
            let command = command(choice, n, &driver.run);
            let actor = if matches!(command, Command::Report(_)) { Actor::Engine } else { somebody(who) };
            driver.later(wait);
            let moved = match &command {
                Command::MoveOver(version) => Some(version.clone()),
                _ => None,
            };
            match driver.act_as(&actor, command) {
                Ok(events) => {
                    leases_are_kept(&before, &events, moved.as_deref());
                    if let Some(version) = moved {
                        what_is_done_stays(&before, &driver.run, &actor);
                        versions.insert(version.reference.digest.clone(), version.workflow);
                    }
                }
                Err(refusal) => {
                    prop_assert!(!refusal.reason.is_empty());
                    prop_assert_eq!(&driver.run, &before, "a refusal changes nothing");
                }
            }
            lawful(&driver.run, &before);
        }
        let stored = serde_json::to_string(&driver.journal).expect("events are JSON");
        let read = serde_json::from_str::<Vec<_>>(&stored).expect("and read back");
        let again = replay_with(begun, &read, |digest| versions.get(digest).cloned().ok_or("unknown"));
        let again = again.expect("every version is known");
        prop_assert_eq!(again.as_ref(), Some(&driver.run), "replay equals live");
    }

    /// Left alone, with everything going well and people who say yes, every run comes to its end.
    #[test]
    fn every_graph_comes_to_its_end(workflow in any_graph()) {
        let mut driver = Driver::start(workflow);
        for round in 0..200_u8 {
            if driver.run.is_ended() {
                break;
            }
            let Some(open) = driver.run.steps.iter().find(|s| s.state.is_open() && !s.is_loop()).cloned() else {
                panic!("nothing is open after {round} rounds: {:#?}", driver.run.steps)
            };
            let (step, attempt) = (open.id.clone(), open.attempt());
            if matches!(open.state, StepState::Running { .. }) {
                driver.report(Report::Completed { step, attempt, outcome: Outcome::default() });
                continue;
            }
            let verb = match driver.run.definition(&open).map(|s| &s.kind) {
                Some(StepKind::Approve { .. }) => Verb::Approve { step: Some(step), digest: digest_of_step(&open) },
                Some(StepKind::Ask { fields }) => {
                    let name = fields[0].name.clone();
                    Verb::Answer { step: Some(step), values: [(name, json!("x"))].into_iter().collect() }
                }
                Some(StepKind::Agent { .. }) => {
                    Verb::Answer { step: Some(step), values: [("text".to_owned(), json!("x"))].into_iter().collect() }
                }
                _ => match done() {
                    Verb::Done { evidence, .. } => Verb::Done { step: Some(step), evidence },
                    other => other,
                },
            };
            driver.act(verb).expect("it waits for this");
        }
        prop_assert_eq!(driver.run.status(), RunStatus::Completed);
    }
}

fn digest_of_step(record: &StepRecord) -> String {
    match record.attempts.last().map(|a| &a.work) {
        Some(Work::Approve { digest, .. }) => digest.clone(),
        _ => String::new(),
    }
}
