//! The questions of the walk: what an open step or a paused run asks, and the verbs that the answers
//! become. A refused verb is shown, and the run looked at again.

use serde_json::{Map, Value};

use crate::base::{Actor, Result, RunId, StepId};
use crate::cli::family::{Family, Open};
use crate::cli::output::{Line, Tone};
use crate::cli::questions::Questions;
use crate::cli::walk::Turn;
use crate::cli::{Env, ask, done, find, link::Link, prompts, retry, rollback, tell, writing};
use crate::protocol::OptionsOf;
use crate::run::{Edit, Prompt, Run, StepState, Verb, resolve};
use crate::workflow::StepKind;

/// What can be typed at any step, in the order of the key line.
/// To an approval `n` is a no.
const ALWAYS: &[(&str, &str)] =
    &[("s", "skip"), ("b", "back"), ("note", "…"), ("p", "pause"), ("c", "cancel"), ("q", "leave")];

const WATCH: (&str, &str) = ("w", "watch what works");

/// Asks about the steps that need somebody; where there are several, first which of them.
pub async fn ask(env: &Env, link: &Link, family: &Family, asked: &[Open<'_>], working: bool) -> Result<Turn> {
    match asked {
        [] => Ok(Turn::Look),
        [one] => step(env, link, family, one, working).await,
        several => match which(env, several, working).await? {
            Choice::Step(index) => match several.get(index) {
                Some(open) => step(env, link, family, open, working).await,
                None => Ok(Turn::Look),
            },
            Choice::Turn(turn) => Ok(turn),
        },
    }
}

enum Choice {
    Step(usize),
    Turn(Turn),
}

/// Which of several is looked at first.
async fn which(env: &Env, asked: &[Open<'_>], working: bool) -> Result<Choice> {
    env.out.blank();
    env.out.line(Line::new().put(Tone::Warning, "▲ ").strong(format!("{} steps need you", asked.len())));
    for (index, open) in asked.iter().enumerate() {
        let line = Line::new()
            .put(Tone::Accent, format!("  {:>2}  ", index + 1))
            .put(Tone::Warning, format!("{:<9} ", tell::need_word(&open.record.state)))
            .plain(open.title());
        env.out.line(line.dim(format!("  {}", open.name)));
    }
    let mut line =
        Line::new().put(Tone::Accent, format!("1-{}", asked.len())).dim(" which first").plain("  ");
    for (key, word) in working.then_some(WATCH).into_iter().chain([("q", "leave")]) {
        line = line.put(Tone::Accent, key).dim(format!(" {word}")).plain("  ");
    }
    loop {
        let Some(typed) = ask::line(env, &line.clone().plain("› ")).await? else {
            return Ok(Choice::Turn(Turn::Leave));
        };
        match typed.trim().to_lowercase().as_str() {
            "q" => return Ok(Choice::Turn(Turn::Leave)),
            "w" if working => return Ok(Choice::Turn(Turn::Watch)),
            "" => return Ok(Choice::Step(0)),
            number => {
                let index = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                if let Some(index) = index.filter(|i| *i < asked.len()) {
                    return Ok(Choice::Step(index));
                }
            }
        }
    }
}

/// The keys that only this state of a step has.
fn own_keys(open: &Open<'_>) -> &'static [(&'static str, &'static str)] {
    match &open.record.state {
        StepState::Waiting { on: Prompt::Answers, .. } => &[("Enter", "answer")],
        StepState::Waiting { on: Prompt::Agent { .. }, .. } => {
            &[("Enter", "answer"), ("e", "answer in the editor"), ("f", "failed")]
        }
        StepState::Waiting { on: Prompt::Proceed { .. }, .. } => {
            &[("Enter", "proceed"), ("e", "edit"), ("o", "step through no more")]
        }
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => {
            &[("y", "approve"), ("N", "not now"), ("r", "reject"), ("f", "send back with feedback")]
        }
        StepState::Failed { .. } | StepState::Uncertain { .. } => {
            &[("r", "retry"), ("e", "edit and retry"), ("d", "done with evidence"), ("u", "roll back")]
        }
        _ if open.step.evidence_required => {
            &[("Enter", "done with evidence"), ("t N", "tick"), ("f", "failed")]
        }
        _ => &[("Enter", "done"), ("e", "done with evidence"), ("t N", "tick"), ("f", "failed")],
    }
}

/// What can be typed about who answers a step: others are only to be taken it from.
fn lease_key(link: &Link, open: &Open<'_>) -> (&'static str, &'static str) {
    match open.record.state.lease() {
        None => ("take", "it"),
        Some(lease) if lease.holder == *link.actor() => ("h", "hand over…"),
        Some(_) => ("take", "it back"),
    }
}

/// Asks about one open step.
async fn step(env: &Env, link: &Link, family: &Family, open: &Open<'_>, working: bool) -> Result<Turn> {
    env.out.blank();
    prompts::show(env, open);
    let own = own_keys(open).iter().copied().chain([lease_key(link, open)]);
    let keys: Vec<_> = own.chain(working.then_some(WATCH)).collect();
    let Some(typed) = ask::line(env, &key_line(&keys)).await? else { return Ok(Turn::Leave) };
    let typed = typed.trim().to_lowercase();
    let root = family.run.id();
    // What is about the whole run is said to the one that is walked, everything else to the step's own.
    let mut target = open.run.id();
    let verb = match (&open.record.state, typed.as_str()) {
        // To an approval, Enter is no answer: nothing is decided, and the run is left as it is.
        (_, "q") | (StepState::Waiting { on: Prompt::Approval { .. }, .. }, "" | "n" | "no") => {
            return Ok(Turn::Leave);
        }
        (_, "w") if working => return Ok(Turn::Watch),
        (_, "p") => {
            target = root;
            Some(Verb::Pause { freeze: false })
        }
        (_, "c") => {
            target = root;
            cancel(env).await?
        }
        (StepState::Failed { .. } | StepState::Uncertain { .. }, "u") => {
            target = root;
            roll_back(env, &family.run).await?
        }
        _ => verb(env, link, open, &typed).await?,
    };
    act(env, link, target, verb).await
}

/// The verb that is said to the step itself.
async fn verb(env: &Env, link: &Link, open: &Open<'_>, typed: &str) -> Result<Option<Verb>> {
    let (step, run) = (open.step, open.run);
    let at = Some(open.record.id.clone());
    Ok(match (&open.record.state, typed) {
        (_, "s") => {
            ask::sentence(env, "Why is it skipped?").await?.map(|reason| Verb::Skip { step: at, reason })
        }
        (_, "b") => back(env, run).await?,
        (state, "take") if state.lease().is_some_and(|lease| lease.holder != *link.actor()) => {
            Some(Verb::TakeBack { step: at, length: None })
        }
        (_, "take") => Some(Verb::Take { step: at, length: None }),
        (_, "h") => {
            let to = ask::sentence(env, "To whom? (empty: to whoever comes)").await?;
            Some(Verb::HandOver { step: at, to: to.map(|name| Actor::named(&name)), length: None })
        }
        (_, "note") => ask::sentence(env, "Note:").await?.map(|text| Verb::Note { step: at, text }),
        (StepState::Waiting { on: Prompt::Answers, .. }, "") => match &step.kind {
            StepKind::Ask { fields } => {
                let of = OptionsOf::Step { run: run.id().clone(), step: open.record.id.clone() };
                let questions = Questions { fields, asking: resolve::asking(run), of };
                let values = questions.ask(env, Some(link), &Map::new()).await?;
                values.map(|values| Verb::Answer { step: at, values })
            }
            _ => None,
        },
        (StepState::Waiting { on: Prompt::Agent { .. }, .. }, "") => {
            writing::typed(env).await?.map(|text| answer(at, text))
        }
        (StepState::Waiting { on: Prompt::Agent { .. }, .. }, "e") => {
            or_shown(env, writing::edited(env, "answer.md", "").await).flatten().map(|text| answer(at, text))
        }
        (StepState::Waiting { on: Prompt::Proceed { .. }, .. }, "") => Some(Verb::Proceed { step: at }),
        (StepState::Waiting { on: Prompt::Proceed { .. }, .. }, "o") => Some(Verb::StepThrough { on: false }),
        (StepState::Waiting { on: Prompt::Approval { digest, .. }, .. }, "y" | "yes") => {
            Some(Verb::Approve { step: at, digest: digest.clone() })
        }
        (StepState::Waiting { on: Prompt::Approval { .. }, .. }, "r") => {
            ask::sentence(env, "Why is it rejected?").await?.map(|reason| Verb::Reject { step: at, reason })
        }
        (StepState::Waiting { on: Prompt::Approval { .. }, .. }, "f") => push_back(env, run, at).await?,
        (StepState::Failed { .. } | StepState::Uncertain { .. }, "r") => {
            Some(Verb::Retry { step: at, edit: None })
        }
        (
            StepState::Failed { .. }
            | StepState::Uncertain { .. }
            | StepState::Waiting { on: Prompt::Proceed { .. }, .. },
            "e",
        ) => {
            let edited = retry::edit_step(env, run, step, open.record, Edit::default()).await;
            let edit = or_shown(env, edited).flatten();
            edit.map(|edit| Verb::Retry { step: at, edit: Some(Box::new(edit)) })
        }
        (StepState::Waiting { on: Prompt::Check { .. }, .. }, "") if !step.evidence_required => {
            Some(Verb::Done { step: at, evidence: Vec::new() })
        }
        (StepState::Failed { .. } | StepState::Uncertain { .. }, "d")
        | (StepState::Waiting { on: Prompt::Check { .. }, .. }, "" | "e") => with_evidence(env, at).await?,
        (StepState::Waiting { on: Prompt::Check { .. } | Prompt::Agent { .. }, .. }, "f") => {
            ask::sentence(env, "What went wrong?").await?.map(|reason| Verb::Fail { step: at, reason })
        }
        (StepState::Waiting { on: Prompt::Check { checked }, .. }, other) => {
            tick(other, checked).map(|(action, checked)| Verb::Check { step: at, action, checked })
        }
        _ => None,
    })
}

fn answer(step: Option<StepId>, text: String) -> Verb {
    Verb::Answer { step, values: Map::from_iter([("text".to_owned(), Value::String(text))]) }
}

/// Asks about a paused run.
pub async fn paused(env: &Env, link: &Link, run: &Run) -> Result<Turn> {
    env.out.blank();
    let line = Line::new().put(Tone::Warning, "‖ ").plain("The run is paused.");
    env.out.line(line.dim(format!("  {} {}", run.id().short(), run.header.workflow.name)));
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
    act(env, link, run.id(), verb).await
}

async fn act(env: &Env, link: &Link, run: &RunId, verb: Option<Verb>) -> Result<Turn> {
    let Some(verb) = verb else { return Ok(Turn::Look) };
    match link.act(run, verb).await {
        Ok(_) => Ok(Turn::Look),
        // Somebody else was quicker, or a rule says no: the person sees why and chooses anew.
        Err(error) if error.kind != crate::base::ErrorKind::Internal => {
            env.out.error(&error);
            Ok(Turn::Look)
        }
        Err(error) => Err(error),
    }
}

/// The value, or `None` once the person has been told what is wrong.
fn or_shown<T>(env: &Env, outcome: Result<T>) -> Option<T> {
    outcome.map_err(|error| env.out.error(&error)).ok()
}

fn key_line(own: &[(&str, &str)]) -> Line {
    let mut line = Line::new();
    for (key, word) in own.iter().chain(ALWAYS) {
        line = line.put(Tone::Accent, key).dim(format!(" {word}")).plain("  ");
    }
    line.plain("› ")
}

async fn with_evidence(env: &Env, step: Option<StepId>) -> Result<Option<Verb>> {
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

async fn roll_back(env: &Env, run: &Run) -> Result<Option<Verb>> {
    rollback::list(env, run, &run.undoable());
    let question = Line::new().put(Tone::Warning, "Undo this, and end the run?");
    if !run.undoable().is_empty() && !ask::yes(env, question).await? {
        return Ok(None);
    }
    Ok(ask::sentence(env, "Why?").await?.map(|reason| Verb::Rollback { reason }))
}

async fn back(env: &Env, run: &Run) -> Result<Option<Verb>> {
    let Some(to) = which_step(env, run, "Back to which step?").await? else { return Ok(None) };
    let reason = ask::sentence(env, "Why? (may be empty)").await?;
    Ok(Some(Verb::Back { to, reason }))
}

async fn push_back(env: &Env, run: &Run, step: Option<StepId>) -> Result<Option<Verb>> {
    let Some(to) = which_step(env, run, "Back to which step?").await? else { return Ok(None) };
    let feedback = ask::sentence(env, "What must be different?").await?;
    Ok(feedback.map(|feedback| Verb::PushBack { step, to, feedback }))
}

/// A step of this run, out of all of them; `None` where the person names none.
async fn which_step(env: &Env, run: &Run, question: &str) -> Result<Option<StepId>> {
    let now = crate::base::Timestamp::now();
    for (index, (step, record)) in run.each_step().enumerate() {
        env.out.line(tell::step_line(index + 1, step, record, run, now));
    }
    let Some(typed) = ask::sentence(env, question).await? else { return Ok(None) };
    Ok(or_shown(env, find::step(run, &typed)))
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
