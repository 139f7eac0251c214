//! Answers: of the step that asks, and the text that stands for an agent's.

use serde_json::{Map, Value};

use crate::base::StepId;
use crate::run::decide::Draft;
use crate::run::state::{Prompt, StepRecord, StepState};
use crate::run::verbs::target;
use crate::run::{Evidence, EvidenceKind, Outcome, Refusal, Work, resolve, values};
use crate::workflow::{Field, Step, StepKind, field};

pub(super) fn answer(
    draft: &mut Draft,
    step: Option<&StepId>,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    let (step, definition, record) = target(draft, step, "answer")?;
    if let StepState::Waiting { on: Prompt::Agent { .. }, .. } = record.state {
        return answer_for_agent(draft, &step, &definition, &record, values);
    }
    let (StepKind::Ask { fields }, StepState::Waiting { on: Prompt::Answers, .. }) =
        (&definition.kind, &record.state)
    else {
        return Err(Refusal::new(format!(
            "“{step}” asks nothing now; it is {}",
            record.state.status().word()
        )));
    };
    secrets_by_person(draft, fields, values)?;
    let answers = resolve::asking(&draft.run).complete(fields, values).map_err(|problems| {
        Refusal::new(problems.join("; ")).hint(format!("Answer “{}” again", definition.title))
    })?;
    let count = answers.values().filter(|v| !v.is_null()).count();
    let text = format!("{count} of {} answered by {}", fields.len(), draft.actor);
    let outcome = Outcome {
        evidence: vec![Evidence { kind: EvidenceKind::Answer, text }],
        answers,
        ..Outcome::default()
    };
    draft.complete_step(&step, record.attempt(), outcome);
    Ok(())
}

/// A reference names what a step is given: only a person chooses that.
pub(super) fn secrets_by_person(
    draft: &Draft,
    fields: &[Field],
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    let given = |f: &Field| f.is_secret() && values.get(&f.name).is_some_and(|v| !v.is_null());
    if !draft.actor.is_person() && fields.iter().any(given) {
        return Err(Refusal::new("Only a person gives a secret")
            .hint("Leave it out, or ask the person at the console"));
    }
    Ok(())
}

/// The text that an agent without a command would have given.
fn answer_for_agent(
    draft: &mut Draft,
    step: &StepId,
    definition: &Step,
    record: &StepRecord,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    let text = match (values.get("text"), values.len()) {
        (Some(Value::String(text)), 1) if !text.trim().is_empty() => text,
        _ => {
            return Err(Refusal::new(format!("“{}” waits for the text of an answer", definition.title))
                .hint("Give it as text: --set text=…"));
        }
    };
    if text.len() > field::TEXT_LIMIT {
        return Err(Refusal::new(format!("The answer is longer than {} KiB", field::TEXT_LIMIT / 1024)));
    }
    let expects = match record.attempts.last().map(|a| &a.work) {
        Some(Work::Agent { expects, .. }) => expects.as_deref(),
        _ => None,
    };
    let reading = values::read(text, expects);
    if let (false, Some(expects)) = (reading.met, expects) {
        return Err(Refusal::new(format!("The answer should have “{expects}” in it"))
            .hint("Add it, or mark the step as failed with a reason"));
    }
    let evidence =
        vec![Evidence { kind: EvidenceKind::Answer, text: format!("Answered by {}", draft.actor) }];
    let outcome = Outcome {
        evidence,
        outputs: values::outputs(None, text, text.lines().count() as u64, &reading),
        ..Outcome::default()
    };
    // Told while it can still be put right, as it would fail the step.
    resolve::outcome(definition, outcome.clone(), || resolve::scope_of(&draft.run, record)).map_err(|failure| {
        Refusal::new(format!("The answer lacks what the workflow reads from it: {}", failure.message)).hint(
            "What is read as output.NAME is a line “NAME: …”. Add it, or mark the step as failed with a reason",
        )
    })?;
    draft.complete_step(step, record.attempt(), outcome);
    Ok(())
}
