//! The rules of a workflow and of its steps in words: order, loops, limits, tries, what follows a failure.

use std::fmt::Display;

use crate::base::StepId;
use crate::workflow::{
    Backoff, Defaults, Final, ForEach, Items, OnFailure, OnTimeout, Retry, Step, StepKind, Workflow,
};

/// How a child run is undone whose step does not say it otherwise.
pub const ROLLBACK: &str = "Where the run is rolled back, the run of this step is rolled back too.";

/// What holds for the whole run.
pub fn limits(workflow: &Workflow) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(moves) = &workflow.moves {
        let from = match &moves.from[..] {
            [] => String::new(),
            from => format!(" from {}", or(from)),
        };
        let only = moves.condition.as_ref().map_or_else(String::new, |source| format!(", if `{source}`"));
        limits.push(format!("A completed run moves its subject{from} to {}{only}", moves.to));
    }
    limits.extend(workflow.config.timeout.map(|t| format!("The whole run may take {t}")));
    limits.extend(workflow.config.parallel.map(|n| match n {
        1 => "One step runs at a time".to_owned(),
        n => format!("At most {n} steps run side by side"),
    }));
    limits.extend(workflow.config.retry.as_ref().map(|r| format!("A failed step is {}", retry(r))));
    if workflow.config.continue_on_error {
        limits.push("A failed step is noted, and the run goes on".to_owned());
    }
    limits
}

/// When the step is done, and for what.
pub fn before(step: &Step, workflow: &Workflow) -> Vec<String> {
    let condition = step.condition.as_ref().map(|condition| format!("Only if `{condition}`."));
    let mut said: Vec<String> = order(step, workflow).into_iter().chain(condition).collect();
    said.extend(step.for_each.as_ref().map(each));
    said
}

/// What it waits for, where that is not the step before it.
pub fn order(step: &Step, workflow: &Workflow) -> Option<String> {
    let needs = step.needs.as_ref()?;
    let titles: Vec<String> = needs.iter().map(|id| format!("“{}”", title(workflow, id))).collect();
    Some(match &titles[..] {
        [] => "Waits for no other step.".to_owned(),
        titles => format!("After {}.", and(titles)),
    })
}

/// What follows it, and what it gives.
pub fn after(step: &Step, workflow: &Workflow) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(match &step.on_failure {
        OnFailure::Ask => None,
        OnFailure::Back { to, times } => {
            let times = match times {
                1 => "once".to_owned(),
                times => format!("at most {times} times"),
            };
            Some(format!(
                "If it fails, the run goes back to “{}”, {times}; then a person decides.",
                title(workflow, to)
            ))
        }
        OnFailure::Escalate { to, within } => Some(match &to[..] {
            [one] => format!("If it fails, {one} decides."),
            line => format!("If it fails, {} decide: each within {within}, then the next.", then(line)),
        }),
        OnFailure::Rollback => {
            Some("If it fails, what was done is undone, newest first, and the run has failed.".to_owned())
        }
    });
    if !step.outputs.is_empty() {
        let outputs: Vec<String> =
            step.outputs.iter().map(|(name, source)| format!("`{name}` = `{source}`")).collect();
        said.push(format!("Further outputs: {}.", outputs.join(", ")));
    }
    said
}

/// The short ones, in one line.
pub fn rules(step: &Step, defaults: &Defaults) -> Vec<String> {
    let mut rules = Vec::new();
    if step.evidence_required {
        rules.push("evidence required".to_owned());
    }
    rules.extend(step.timeout.map(|t| format!("at most {t}")));
    rules.extend(step.retry.as_ref().map(retry));
    // What holds for every step has been said on top.
    if step.continue_on_error && !defaults.continue_on_error {
        rules.push("a failure is noted, and the run goes on".to_owned());
    }
    if step.idempotent {
        rules.push("may be run again by itself".to_owned());
    }
    rules.extend(step.assign.as_ref().map(|name| format!("its outputs are called `{name}`")));
    rules
}

/// How long people have, and who comes after them.
pub fn approval(kind: &StepKind) -> Vec<String> {
    let StepKind::Approve { within, remind, on_timeout, escalate, .. } = kind else { return Vec::new() };
    let mut said = Vec::new();
    said.extend(within.map(|within| match on_timeout {
        OnTimeout::Reject => format!("To be answered within {within}."),
        OnTimeout::Escalate => format!(
            "To be answered within {within}; then {} asked, for as long each. In the end it is rejected.",
            match &escalate[..] {
                [one] => format!("{one} is"),
                line => format!("{} are", then(line)),
            }
        ),
    }));
    said.extend(remind.map(|remind| format!("People are reminded every {remind}.")));
    said
}

/// For what a loop is done.
pub fn each(each: &ForEach) -> String {
    let what = match &each.items {
        Items::Listed(items) => {
            let shown: Vec<String> = items.iter().take(12).map(|item| format!("`{}`", plain(item))).collect();
            let more = if items.len() > shown.len() { ", …" } else { "" };
            format!("{}{more}", shown.join(", "))
        }
        Items::Expression(source) => format!("each item of `{source}`"),
    };
    match each.parallel {
        1 => format!("Once for {what}, one after the other."),
        n => format!("Once for {what}, {n} side by side."),
    }
}

/// How often it is tried, and how long apart.
pub fn retry(retry: &Retry) -> String {
    let backoff = match retry.backoff {
        Backoff::Fixed => format!("{} apart", retry.initial),
        Backoff::Linear => format!("{} apart and more each time, at most {}", retry.initial, retry.max),
        Backoff::Exponential { percent: 200 } => {
            format!("{} apart, doubling, at most {}", retry.initial, retry.max)
        }
        Backoff::Exponential { percent } => format!(
            "{} apart, {} times as long each time, at most {}",
            retry.initial,
            f64::from(percent) / 100.0,
            retry.max
        ),
    };
    if retry.max_attempts == 1 {
        return "tried once".to_owned();
    }
    let jitter = if retry.jitter { ", spread by chance" } else { "" };
    let finals: Vec<String> = retry.finals.iter().copied().map(failure).collect();
    let finals = if finals.is_empty() { String::new() } else { format!(", but not after {}", or(&finals)) };
    format!("tried up to {} times, {backoff}{jitter}{finals}", retry.max_attempts)
}

fn failure(one: Final) -> String {
    match one {
        Final::Exit(code) => format!("exit {code}"),
        Final::Spawn => "a start that failed".to_owned(),
        Final::Timeout => "a timeout".to_owned(),
        Final::Write => "a file that could not be written".to_owned(),
        Final::Call => "a call that failed".to_owned(),
        Final::Agent => "an agent that failed".to_owned(),
        Final::Expectation => "an answer that was not as expected".to_owned(),
        Final::Child => "a child run that failed".to_owned(),
    }
}

fn title<'w>(workflow: &'w Workflow, id: &'w StepId) -> &'w str {
    workflow.step(id).map_or(id.as_str(), |step| step.title.as_str())
}

/// A value as its author wrote it, texts without quotes.
pub fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// “a, b and c”.
fn and<T: Display>(words: &[T]) -> String {
    joined(words, ", ", " and ")
}

/// “a, b or c”.
pub fn or<T: Display>(words: &[T]) -> String {
    joined(words, ", ", " or ")
}

/// “a, b, then c”.
fn then<T: Display>(words: &[T]) -> String {
    joined(words, ", ", ", then ")
}

fn joined<T: Display>(words: &[T], comma: &str, last: &str) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    match &words[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{}{last}{end}", first.join(comma)),
    }
}
