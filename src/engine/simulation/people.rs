//! Several people and an assistant, who ask for things at random: mostly what a run waits for, as
//! they last saw it, sometimes anything at all.

use serde_json::{Map, Value};

use crate::base::{Actor, Millis, StepId};
use crate::engine::simulation::chance::Chance;
use crate::run::{Edit, Evidence, EvidenceKind, Phase, Prompt, Run, StepState, Verb};
use crate::workflow::StepKind;

pub fn somebody(chance: &mut Chance) -> Actor {
    match chance.below(5) {
        0 => Actor::Agent("aide".to_owned()),
        1 | 2 => Actor::Person("ben@desk".to_owned()),
        _ => Actor::Person("ana@laptop".to_owned()),
    }
}

/// What somebody who sees the run like this asks for. `number` makes notes tell apart.
pub fn wish(chance: &mut Chance, run: &Run, number: u64) -> Verb {
    let has_children = run.steps.iter().any(|record| record.child().is_some());
    if has_children && chance.one_in(8) {
        return Verb::Rollback { reason: "Not like this".to_owned() };
    }
    match chance.below(12) {
        10 | 11 => lease(chance, run).unwrap_or_else(|| anything(chance, run, number)),
        0..=5 => helpful(run).unwrap_or_else(|| anything(chance, run, number)),
        _ => anything(chance, run, number),
    }
}

fn evidence() -> Vec<Evidence> {
    vec![Evidence { kind: EvidenceKind::Note, text: "Seen".to_owned() }]
}

/// What takes the run further; `None` while nobody is needed.
pub fn helpful(run: &Run) -> Option<Verb> {
    match run.phase {
        Phase::Paused { .. } => return Some(Verb::Resume),
        Phase::Active { .. } => {}
        _ => return None,
    }
    run.each_step().find_map(|(definition, record)| {
        let step = Some(record.id.clone());
        let is_gate = matches!(definition.kind, StepKind::Approve { .. });
        match &record.state {
            StepState::Waiting { on: Prompt::Answers, .. } => {
                Some(Verb::Answer { step, values: values(&record.id) })
            }
            StepState::Waiting { on: Prompt::Agent { .. }, .. } => {
                let values = std::iter::once(("text".to_owned(), Value::from("STATUS: done"))).collect();
                Some(Verb::Answer { step, values })
            }
            StepState::Waiting { on: Prompt::Approval { digest, .. }, .. } => {
                Some(Verb::Approve { step, digest: digest.clone() })
            }
            StepState::Waiting { on: Prompt::Proceed { .. }, .. } => Some(Verb::Proceed { step }),
            StepState::Failed { continued: false, .. } if is_gate => Some(Verb::Retry { step, edit: None }),
            StepState::Waiting { on: Prompt::Check { .. }, .. }
            | StepState::Failed { continued: false, .. }
            | StepState::Uncertain { .. } => Some(Verb::Done { step, evidence: evidence() }),
            _ => None,
        }
    })
}

/// The question of a step, or of its iteration, is called after it.
fn values(step: &StepId) -> Map<String, Value> {
    let own = step.as_str().split('.').next().unwrap_or_default();
    let name = own.replace('s', "a");
    std::iter::once((name, Value::from("that"))).collect()
}

fn anything(chance: &mut Chance, run: &Run, number: u64) -> Verb {
    let id = chance.pick(&run.steps).map_or_else(|| StepId::new("s0"), |record| record.id.clone());
    let step = (!chance.one_in(4)).then(|| id.clone());
    let reason = "So be it".to_owned();
    match chance.below(28) {
        0 => Verb::Pause { freeze: chance.one_in(2) },
        1 | 2 => Verb::Resume,
        3 if chance.one_in(2) => Verb::Cancel { reason: Some(reason) },
        4 | 5 => Verb::Retry { step, edit: None },
        6 => Verb::Skip { step, reason },
        7 | 8 => Verb::Back { to: id, reason: None },
        9 => Verb::Done { step, evidence: if chance.one_in(2) { evidence() } else { Vec::new() } },
        10 => Verb::Answer { step, values: values(&id) },
        11 => Verb::Approve { step, digest: "0".repeat(64) },
        12 => Verb::Approve { step, digest: shown(run).unwrap_or_default() },
        13 => Verb::Reject { step, reason },
        14 => Verb::Fail { step, reason },
        15 => Verb::Check { step, action: chance.below(3), checked: chance.one_in(2) },
        16 => Verb::PushBack { step, to: id, feedback: reason },
        17 => Verb::Proceed { step },
        18 => Verb::StepThrough { on: chance.one_in(2) },
        19 => Verb::Breakpoint { step: id, set: chance.one_in(2) },
        20 if chance.one_in(2) => Verb::Rollback { reason },
        21 => {
            let inputs = std::iter::once(("go".to_owned(), Value::from(chance.one_in(2)))).collect();
            Verb::Retry { step, edit: Some(Box::new(Edit { inputs, ..Edit::default() })) }
        }
        22 | 23 => Verb::Take { step, length: length(chance) },
        24 => {
            let to = (!chance.one_in(4)).then(|| somebody(chance));
            Verb::HandOver { step, to, length: length(chance) }
        }
        25 => Verb::TakeBack { step, length: length(chance) },
        _ => Verb::Note { step: None, text: format!("note {number}") },
    }
}

/// What waits is taken, what is taken is taken back or handed on.
fn lease(chance: &mut Chance, run: &Run) -> Option<Verb> {
    let (_, record) = run.waiting_steps().next()?;
    let (step, length) = (Some(record.id.clone()), length(chance));
    Some(match record.state.lease() {
        None => Verb::Take { step, length },
        Some(_) if chance.one_in(4) => Verb::HandOver { step, to: Some(somebody(chance)), length },
        Some(_) => Verb::TakeBack { step, length },
    })
}

fn length(chance: &mut Chance) -> Option<Millis> {
    (!chance.one_in(6)).then(|| Millis(chance.between(0, 40_000)))
}

/// The digest of any approval that was ever asked for, used up or not.
fn shown(run: &Run) -> Option<String> {
    run.steps.iter().flat_map(|record| &record.attempts).find_map(|attempt| match &attempt.work {
        crate::run::Work::Approve { digest, .. } => Some(digest.clone()),
        _ => None,
    })
}
