//! The questions of the walk: what a waiting step, a failed one or a paused run asks, and the
//! verbs that the answers become. A refused verb is shown, and the run looked at again.

use serde_json::Map;

use crate::base::Result;
use crate::cli::output::{Line, Tone};
use crate::cli::questions::Questions;
use crate::cli::walk::Turn;
use crate::cli::{Env, ask, done, find, link::Link, status, tell};
use crate::protocol::OptionsOf;
use crate::run::{Prompt, Run, StepRecord, StepState, Verb, resolve};
use crate::workflow::{Step, StepKind};

/// What can be typed at any step, in the order of the key line.
/// To an approval `n` is a no.
const ALWAYS: &[(&str, &str)] =
    &[("s", "skip"), ("b", "back"), ("note", "…"), ("p", "pause"), ("c", "cancel"), ("q", "leave")];

/// Asks about one waiting step.
pub async fn step(env: &Env, link: &Link, run: &Run, step: &Step, record: &StepRecord) -> Result<Turn> {
    env.out.blank();
    status::prompt(env, step, record);
    let own: &[(&str, &str)] = match &record.state {
        StepState::Waiting { on: Prompt::Answers, .. } => &[("Enter", "answer")],
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => {
            &[("y", "approve"), ("N", "not now"), ("r", "reject")]
        }
        StepState::Failed { .. } | StepState::Uncertain { .. } => {
            &[("r", "retry"), ("d", "done with evidence")]
        }
        _ if step.evidence_required => &[("Enter", "done with evidence"), ("t N", "tick"), ("f", "failed")],
        _ => &[("Enter", "done"), ("e", "done with evidence"), ("t N", "tick"), ("f", "failed")],
    };
    let Some(typed) = ask::line(env, &key_line(own)).await? else { return Ok(Turn::Leave) };
    let typed = typed.trim().to_lowercase();
    let at = Some(step.id.clone());
    let verb = match (&record.state, typed.as_str()) {
        // To an approval, Enter is no answer: nothing is decided, and the run is left as it is.
        (_, "q") | (StepState::Waiting { on: Prompt::Approval { .. }, .. }, "" | "n" | "no") => {
            return Ok(Turn::Leave);
        }
        (_, "s") => {
            ask::sentence(env, "Why is it skipped?").await?.map(|reason| Verb::Skip { step: at, reason })
        }
        (_, "b") => back(env, run).await?,
        (_, "note") => ask::sentence(env, "Note:").await?.map(|text| Verb::Note { step: at, text }),
        (_, "p") => Some(Verb::Pause { freeze: false }),
        (_, "c") => cancel(env).await?,
        (StepState::Waiting { on: Prompt::Answers, .. }, "") => match &step.kind {
            StepKind::Ask { fields } => {
                let of = OptionsOf::Step { run: run.id().clone(), step: step.id.clone() };
                let questions = Questions { fields, asking: resolve::asking(run), of };
                let values = questions.ask(env, Some(link), &Map::new()).await?;
                values.map(|values| Verb::Answer { step: at, values })
            }
            _ => None,
        },
        (StepState::Waiting { on: Prompt::Approval { digest, .. }, .. }, "y" | "yes") => {
            Some(Verb::Approve { step: at, digest: digest.clone() })
        }
        (StepState::Waiting { on: Prompt::Approval { .. }, .. }, "r") => {
            ask::sentence(env, "Why is it rejected?").await?.map(|reason| Verb::Reject { step: at, reason })
        }
        (StepState::Failed { .. } | StepState::Uncertain { .. }, "r") => {
            Some(Verb::Retry { step: at, edit: None })
        }
        (StepState::Waiting { on: Prompt::Check { .. }, .. }, "") if !step.evidence_required => {
            Some(Verb::Done { step: at, evidence: Vec::new() })
        }
        (StepState::Failed { .. } | StepState::Uncertain { .. }, "d")
        | (StepState::Waiting { on: Prompt::Check { .. }, .. }, "" | "e") => with_evidence(env, at).await?,
        (StepState::Waiting { on: Prompt::Check { .. }, .. }, "f") => {
            ask::sentence(env, "What went wrong?").await?.map(|reason| Verb::Fail { step: at, reason })
        }
        (StepState::Waiting { on: Prompt::Check { checked }, .. }, other) => {
            tick(other, checked).map(|(action, checked)| Verb::Check { step: at, action, checked })
        }
        _ => None,
    };
    act(env, link, run, verb).await
}

/// Asks about a paused run.
pub async fn paused(env: &Env, link: &Link, run: &Run) -> Result<Turn> {
    env.out.blank();
    env.out.line(Line::new().put(Tone::Warning, "‖ ").plain("The run is paused."));
    let mut line = Line::new();
    for (key, word) in [("Enter", "resume"), ("c", "cancel"), ("q", "leave")] {
        line = line.put(Tone::Accent, key).dim(format!(" {word}   "));
    }
    let Some(typed) = ask::line(env, &line.plain("› ")).await? else { return Ok(Turn::Leave) };
    let verb = match typed.trim() {
        "" => Some(Verb::Resume),
        "c" => cancel(env).await?,
        "q" => return Ok(Turn::Leave),
        _ => None,
    };
    act(env, link, run, verb).await
}

async fn act(env: &Env, link: &Link, run: &Run, verb: Option<Verb>) -> Result<Turn> {
    let Some(verb) = verb else { return Ok(Turn::Look) };
    match link.act(run.id(), verb).await {
        Ok(_) => Ok(Turn::Look),
        // Somebody else was quicker, or a rule says no: the person sees why and chooses anew.
        Err(error) if error.kind != crate::base::ErrorKind::Internal => {
            env.out.error(&error);
            Ok(Turn::Look)
        }
        Err(error) => Err(error),
    }
}

fn key_line(own: &[(&str, &str)]) -> Line {
    let mut line = Line::new();
    for (key, word) in own.iter().chain(ALWAYS) {
        line = line.put(Tone::Accent, key).dim(format!(" {word}")).plain("  ");
    }
    line.plain("› ")
}

async fn with_evidence(env: &Env, step: Option<crate::base::StepId>) -> Result<Option<Verb>> {
    let typed = ask::sentence(env, "Evidence:").await?;
    Ok(typed.map(|text| Verb::Done { step, evidence: done::evidence(&[text]) }))
}

async fn cancel(env: &Env) -> Result<Option<Verb>> {
    let question = Line::new().put(Tone::Warning, "Cancel the run and end its processes?");
    if !ask::yes(env, question).await? {
        return Ok(None);
    }
    Ok(Some(Verb::Cancel { reason: ask::sentence(env, "Why? (may be empty)").await? }))
}

async fn back(env: &Env, run: &Run) -> Result<Option<Verb>> {
    let now = crate::base::Timestamp::now();
    for (index, (step, record)) in run.each_step().enumerate() {
        env.out.line(tell::step_line(index + 1, step, record, run, now));
    }
    let Some(typed) = ask::sentence(env, "Back to which step?").await? else { return Ok(None) };
    match find::step(run, &typed) {
        Ok(to) => {
            let reason = ask::sentence(env, "Why? (may be empty)").await?;
            Ok(Some(Verb::Back { to, reason }))
        }
        Err(error) => {
            env.out.error(&error);
            Ok(None)
        }
    }
}

/// `t 2`, `t2` or `2`: the tick of action 2 is set, or taken away where it is set.
fn tick(typed: &str, checked: &[bool]) -> Option<(usize, bool)> {
    let number: usize = typed.trim_start_matches('t').trim().parse().ok()?;
    let action = number.checked_sub(1)?;
    checked.get(action).map(|ticked| (action, !ticked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_names_its_action_and_turns_it() {
        let checked = [false, true];
        assert_eq!(tick("t 1", &checked), Some((0, true)));
        assert_eq!(tick("t2", &checked), Some((1, false)));
        assert_eq!(tick("2", &checked), Some((1, false)));
        assert_eq!(tick("t 3", &checked), None);
        assert_eq!(tick("0", &checked), None);
        assert_eq!(tick("x", &checked), None);
    }
}
