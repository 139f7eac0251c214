//! What went otherwise than the workflow has it written: skips, failures, second tries, steps
//! gone back to, crashes, cancelled runs, pauses, conditions that were not met at the start.

use std::fmt::Write as _;

use serde::Serialize;

use crate::base::{Millis, Timestamp};
use crate::report::content::{When, actor, named};
use crate::report::escape::line;
use crate::run::{AttemptEnd, FailureKind, Phase, Run, SegmentKind, SkipReason, StepRecord, StepState};
use crate::workflow::Step;

#[derive(Debug, Serialize)]
pub struct Deviation {
    pub at: When,
    pub run: String,
    /// `MW-004 (run 7f3a)`.
    pub workflow: String,
    /// The title of the step, where it is about one.
    pub step: Option<String>,
    pub kind: &'static str,
    pub text: String,
}

/// Everything of one run, in order of time.
pub fn of(run: &Run, now: Timestamp) -> Vec<Deviation> {
    let mut found = Vec::new();
    let mut push = |at: Timestamp, step: Option<&Step>, kind: &'static str, text: String| {
        found.push(Deviation {
            at: When(at),
            run: run.id().to_string(),
            workflow: named(run),
            step: step.map(|s| line(&s.title)),
            kind,
            text,
        });
    };
    for condition in &run.header.prerequisites {
        let how = match condition.passed {
            Some(true) => continue,
            Some(false) => "was not met at the start",
            None => "was not confirmed at the start",
        };
        push(run.started_at, None, "prerequisite", format!("“{}” {how}", line(&condition.says)));
    }
    for (step, state) in run.each_step() {
        of_step(step, state, &mut push);
    }
    for back in &run.backs {
        let step = run.workflow.step(&back.to);
        let why = back.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", line(reason)));
        push(back.at, step, "back", format!("{} went back to it{why}", actor(&back.by)));
    }
    for moved in &run.moved {
        let (from, to) = (moved.from.version, moved.to.version);
        let which = if from == to { String::new() } else { format!(" from version {from} to {to}") };
        push(moved.at, None, "version", format!("was moved over by {}{which}", actor(&moved.by)));
    }
    for pause in run.segments.iter().filter(|s| s.kind == SegmentKind::Paused) {
        let still = if pause.to.is_none() && !run.is_ended() { ", and still is" } else { "" };
        let length: Millis = pause.length(run.ended_at().unwrap_or(now));
        push(pause.from, None, "pause", format!("was paused for {length}{still}"));
    }
    match &run.phase {
        Phase::Cancelled { at, by, reason, left_behind } => {
            let why = reason.as_deref().map_or("no reason was given".to_owned(), line);
            let mut text = format!("was cancelled by {}: {why}", actor(by));
            if !left_behind.is_empty() {
                let left: Vec<String> = left_behind.iter().map(|p| line(p)).collect();
                let _ = write!(text, "; could not be ended: {}", left.join(", "));
            }
            push(*at, None, "cancelled", text);
        }
        Phase::Failed { at, reason } => push(*at, None, "failed", format!("failed: {}", line(reason))),
        Phase::Active { .. } | Phase::Paused { .. } | Phase::Cancelling { .. } | Phase::Completed { .. } => {}
    }
    found.sort_by_key(|d| d.at);
    found
}

fn of_step(
    step: &Step,
    state: &StepRecord,
    push: &mut impl FnMut(Timestamp, Option<&Step>, &'static str, String),
) {
    let mut skips = Vec::new();
    for (place, attempt) in state.attempts.iter().enumerate() {
        let next = state.attempts.get(place + 1);
        let again = |settled: &str| {
            next.map_or_else(|| settled.to_owned(), |n| format!("; tried again (attempt {})", n.number))
        };
        let number = attempt.number;
        match &attempt.ended {
            Some(AttemptEnd::Failed { at, by, failure }) => {
                let what = line(&failure.message);
                let told =
                    |code: &i32| what.split(|c: char| !c.is_ascii_digit()).any(|n| n == code.to_string());
                let exit = failure.exit.filter(|code| !told(code));
                let exit = exit.map_or(String::new(), |code| format!(", exit {code}"));
                let settled = match &state.state {
                    StepState::Failed { continued: true, .. } => "; noted, and the run went on",
                    StepState::Done { .. } => "; marked as done afterwards",
                    StepState::Skipped { .. } => "; then skipped",
                    StepState::Failed { .. } => "; not mended",
                    _ => "",
                };
                if failure.kind == FailureKind::Rejected {
                    push(
                        *at,
                        Some(step),
                        "rejected",
                        format!("was rejected by {}: {what}{}", actor(by), again(settled)),
                    );
                } else {
                    let text = format!("attempt {number} failed{exit}: {what}{}", again(settled));
                    push(*at, Some(step), "failure", text);
                }
            }
            Some(AttemptEnd::Interrupted { at, by }) => {
                push(
                    *at,
                    Some(step),
                    "interrupted",
                    format!("attempt {number} was stopped by {}{}", actor(by), again("")),
                );
            }
            Some(AttemptEnd::Uncertain { at }) => {
                let settled = match &state.state {
                    StepState::Uncertain { .. } => "; nobody has looked yet",
                    StepState::Done { .. } => "; a person marked it as done",
                    StepState::Skipped { .. } => "; then skipped",
                    _ => "",
                };
                let text = format!("the engine died while attempt {number} ran{}", again(settled));
                push(*at, Some(step), "uncertain", text);
            }
            Some(AttemptEnd::Skipped { at, reason, .. }) => {
                skips.push(*at);
                push(*at, Some(step), "skip", format!("was skipped: {}", skip_reason(reason)));
            }
            Some(AttemptEnd::Done { at, .. })
                if next.is_some() || !matches!(state.state, StepState::Done { .. }) =>
            {
                push(*at, Some(step), "back", format!("was done by attempt {number}, then gone back to"));
            }
            Some(AttemptEnd::Done { .. } | AttemptEnd::Cancelled { .. }) | None => {}
        }
    }
    if let StepState::Skipped { at, reason, .. } = &state.state
        && !skips.contains(at)
    {
        push(*at, Some(step), "skip", format!("was skipped: {}", skip_reason(reason)));
    }
    if let StepState::Uncertain { since, .. } = &state.state
        && !state.attempts.iter().any(|a| matches!(a.ended, Some(AttemptEnd::Uncertain { .. })))
    {
        push(
            *since,
            Some(step),
            "uncertain",
            "the engine died while it ran; nobody has looked yet".to_owned(),
        );
    }
}

pub fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Condition { expression } => format!("its condition {} was false", line(expression)),
        SkipReason::Person { reason } => line(reason),
        SkipReason::NotListed => "its item was no longer in the list".to_owned(),
    }
}
