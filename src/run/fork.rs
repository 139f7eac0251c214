//! What a forked run takes over from an old one: the settled steps that do not come after the step
//! that it begins with. Approvals are never taken over for work that is still to be done.

use crate::base::StepId;
use crate::run::state::{Role, Run, StepRecord, StepState};
use crate::run::{Carried, CarriedResult, Fork, Refusal};
use crate::workflow::StepKind;

/// The fork of `run` that begins with `from`.
pub fn fork(run: &Run, from: &StepId) -> Result<Fork, Refusal> {
    let Some(place) = run.place(from) else {
        let names: Vec<&str> = run.workflow.steps.iter().map(|s| s.id.as_str()).collect();
        return Err(Refusal::new(format!("There is no step “{from}” to fork from"))
            .hint(format!("The steps are: {}", names.join(", "))));
    };
    let anew = anew(run, place);
    let carried = run
        .steps
        .iter()
        .filter(|r| !matches!(r.role, Role::Undo { .. }) && !anew.contains(&r.role.index()))
        .filter_map(|record| carried(run, record))
        .collect();
    Ok(Fork { run: run.id().clone(), from: from.clone(), carried })
}

/// The places of the steps that are done anew: those from `place` on, those that were not settled,
/// and every approval, with all that comes after it, that opens one of these.
fn anew(run: &Run, place: usize) -> Vec<usize> {
    let workflow = &run.workflow;
    let mut anew = workflow.with_dependents(place);
    for record in &run.steps {
        if matches!(record.role, Role::Step { .. }) && !record.state.is_settled() {
            anew.extend(workflow.with_dependents(record.role.index()));
        }
    }
    loop {
        let gate = workflow.steps.iter().enumerate().find(|(index, step)| {
            matches!(step.kind, StepKind::Approve { .. })
                && !anew.contains(index)
                && anew.iter().any(|open| workflow.needs(*open).contains(&&step.id))
        });
        let Some((gate, _)) = gate else { return anew };
        anew.extend(workflow.with_dependents(gate));
    }
}

fn carried(run: &Run, record: &StepRecord) -> Option<Carried> {
    let is_loop = matches!(record.role, Role::Step { .. })
        && run.definition(record).is_some_and(|step| step.for_each.is_some());
    let (at, by, result) = match &record.state {
        StepState::Done { at, by, outcome } if is_loop => {
            let items = run
                .iterations(record.role.index())
                .filter_map(|r| match &r.role {
                    Role::Iteration { item, .. } => Some(item.clone()),
                    _ => None,
                })
                .collect();
            (at, by, CarriedResult::Looped { outcome: outcome.clone(), items })
        }
        StepState::Done { at, by, outcome } => (at, by, CarriedResult::Done { outcome: outcome.clone() }),
        StepState::Skipped { at, by, reason } => (at, by, CarriedResult::Skipped { reason: reason.clone() }),
        StepState::Failed { at, by, failure, continued: true, .. } => {
            (at, by, CarriedResult::Failed { failure: failure.clone() })
        }
        _ => return None,
    };
    Some(Carried { step: record.id.clone(), at: *at, by: by.clone(), result })
}
