//! The checker put to the test: an engine that is broken on purpose is found out.

use crate::base::{Actor, Timestamp};
use crate::engine::simulation::first_wrong;
use crate::engine::simulation::world::Broken;
use crate::run::{
    BackCause, Command, Event, EventBody, Outcome, Phase, Prompt, Refusal, Report, Run, StepState, Verb,
    Work, apply, decide,
};

/// Within so many lives.
const SEEDS: u64 = 600;

#[track_caller]
fn is_found_out(broken: Broken, as_: &str) {
    let (wrong, _) = first_wrong(0..SEEDS, broken);
    let (seed, why) = wrong.unwrap_or_else(|| panic!("{broken:?} is not found out in {SEEDS} lives"));
    assert!(why.contains(as_), "seed {seed} finds something else: {why}");
}

/// What `decide` says, and one more event.
fn and(run: &Run, events: Vec<Event>, actor: Actor, body: EventBody, at: Timestamp) -> Vec<Event> {
    let mut events = events;
    let mut after = run.clone();
    for event in &events {
        apply(&mut after, event);
    }
    events.push(Event { seq: after.seq + 1, at, actor, body });
    events
}

fn waiting_gate(run: &Run) -> Option<EventBody> {
    run.steps.iter().find_map(|record| match &record.state {
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => Some(EventBody::StepCompleted {
            step: record.id.clone(),
            attempt: record.attempt(),
            outcome: Outcome::default(),
        }),
        _ => None,
    })
}

#[test]
fn an_approval_whose_time_is_over_lets_pass() {
    fn lets_pass(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        match (command, waiting_gate(run)) {
            (Command::Report(Report::Wake), Some(body)) if !run.is_paused() => {
                Ok(and(run, Vec::new(), Actor::Engine, body, at))
            }
            _ => decide(run, command, actor, at),
        }
    }
    is_found_out(Broken { decide: Some(lets_pass), ..Broken::default() }, "engine approved");
}

#[test]
fn an_agent_may_approve() {
    fn may(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        if !matches!(command, Command::Verb(Verb::Approve { .. })) {
            return decide(run, command, actor, at);
        }
        let person = Actor::Person(actor.to_string());
        let mut events = decide(run, command, &person, at)?;
        for event in &mut events {
            if event.actor == person {
                event.actor = actor.clone();
            }
        }
        Ok(events)
    }
    is_found_out(Broken { decide: Some(may), ..Broken::default() }, "aide approved");
}

#[test]
fn a_step_starts_before_the_gate_is_decided() {
    fn starts(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = decide(run, command, actor, at)?;
        let mut after = run.clone();
        for event in &events {
            apply(&mut after, event);
        }
        let Some(EventBody::StepCompleted { step: gate, .. }) = waiting_gate(&after) else {
            return Ok(events);
        };
        let behind = after.steps.iter().find(|record| {
            record.state == StepState::Pending && after.workflow.needs(record.role.index()).contains(&&gate)
        });
        match (command, behind) {
            (Command::Verb(_), Some(record))
                if !events.is_empty() && matches!(after.phase, Phase::Active { .. }) =>
            {
                let (step, attempt) = (record.id.clone(), record.attempt() + 1);
                let work = Work::Write { path: "file".to_owned(), content: String::new(), overwrite: false };
                let body = EventBody::StepStarted { step, attempt, work, deadline: None, remind: None };
                Ok(and(run, events, Actor::Engine, body, at))
            }
            _ => Ok(events),
        }
    }
    is_found_out(Broken { decide: Some(starts), ..Broken::default() }, "nobody approved");
}

#[test]
fn a_late_report_counts_a_second_time() {
    fn counts(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = decide(run, command, actor, at)?;
        match command {
            Command::Report(Report::Completed { step, attempt, outcome })
                if events.is_empty()
                    && !run.is_ended()
                    && run.record(step).is_some_and(|(_, record)| record.attempt() == *attempt) =>
            {
                let (step, attempt, outcome) = (step.clone(), *attempt, outcome.clone());
                Ok(and(run, events, actor.clone(), EventBody::StepCompleted { step, attempt, outcome }, at))
            }
            _ => Ok(events),
        }
    }
    // What is done twice is found out by the step, or by what its run is in.
    is_found_out(Broken { decide: Some(counts), ..Broken::default() }, "StepCompleted");
}

#[test]
fn an_ended_run_goes_on() {
    fn goes_on(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Verb(Verb::Back { to, .. }) if run.is_ended() => {
                let body = EventBody::WentBack { to: to.clone(), reason: None, cause: BackCause::Wish };
                Ok(and(run, Vec::new(), actor.clone(), body, at))
            }
            _ => decide(run, command, actor, at),
        }
    }
    is_found_out(Broken { decide: Some(goes_on), ..Broken::default() }, "may not come while");
}

#[test]
fn a_paused_run_starts_its_next_step() {
    fn starts(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = decide(run, command, actor, at)?;
        let next = run.steps.iter().find(|r| r.state == StepState::Pending);
        match (&command, next) {
            (Command::Verb(Verb::Pause { .. }), Some(record)) => {
                let (step, attempt) = (record.id.clone(), record.attempt() + 1);
                let work = Work::Manual;
                let body = EventBody::StepStarted { step, attempt, work, deadline: None, remind: None };
                Ok(and(run, events, Actor::Engine, body, at))
            }
            _ => Ok(events),
        }
    }
    is_found_out(Broken { decide: Some(starts), ..Broken::default() }, "may not come while");
}

#[test]
fn what_somebody_has_taken_is_answered_by_others() {
    fn answers(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let taken = run.steps.iter().find_map(|record| match (&record.state, record.state.lease()) {
            (StepState::Waiting { on: Prompt::Check { .. }, .. }, Some(lease)) if lease.holder != *actor => {
                Some((record.id.clone(), record.attempt()))
            }
            _ => None,
        });
        match (command, taken) {
            (Command::Verb(Verb::Done { .. }), Some((step, attempt))) if !run.is_paused() => {
                let body = EventBody::StepCompleted { step, attempt, outcome: Outcome::default() };
                Ok(and(run, Vec::new(), actor.clone(), body, at))
            }
            _ => decide(run, command, actor, at),
        }
    }
    is_found_out(Broken { decide: Some(answers), ..Broken::default() }, "which");
}

#[test]
fn an_agent_moves_a_run_over() {
    fn may(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let person = Actor::Person(actor.to_string());
        let mut events = match command {
            Command::MoveOver(_) => decide(run, command, &person, at)?,
            _ => return decide(run, command, actor, at),
        };
        for event in events.iter_mut().filter(|event| event.actor == person) {
            event.actor = actor.clone();
        }
        Ok(events)
    }
    is_found_out(Broken { decide: Some(may), ..Broken::default() }, "moves it over");
}

#[test]
fn a_child_run_is_said_to_be_undone_and_is_not() {
    fn says(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = decide(run, command, actor, at)?;
        let begun = events.iter().find_map(|event| match &event.body {
            EventBody::StepStarted { step, attempt, work: Work::Rollback { .. }, .. } => {
                Some((step.clone(), *attempt))
            }
            _ => None,
        });
        Ok(match begun {
            Some((step, attempt)) => {
                let body = EventBody::StepCompleted { step, attempt, outcome: Outcome::default() };
                and(run, events, Actor::Engine, body, at)
            }
            None => events,
        })
    }
    is_found_out(Broken { decide: Some(says), ..Broken::default() }, "was not undone");
}

#[test]
fn an_acknowledged_event_is_lost_by_the_disk() {
    is_found_out(Broken { disk_lies: true, ..Broken::default() }, "lost in a crash");
}

#[test]
fn an_attempt_is_executed_twice() {
    is_found_out(Broken { executes_twice: true, ..Broken::default() }, "executed twice");
}

#[test]
fn a_report_is_lost_and_its_step_runs_for_ever() {
    is_found_out(Broken { loses_reports: true, ..Broken::default() }, "nobody is at work");
}
