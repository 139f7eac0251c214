//! How a step ended, or what it waits for, and the tries before.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::base::{Actor, Timestamp};
use crate::config::Role;
use crate::run::{
    Attempt, AttemptEnd, Escalation, Evidence, Held, Lease, Outcome, Prompt, Run, SkipReason, StepRecord,
    StepState, StepStatus, Work,
};
use crate::tui::Model;
use crate::tui::model::short;
use crate::tui::screens::run::detail::{ago, failure_line, left};
use crate::tui::screens::run::rows;
use crate::tui::screens::run::sheet::{Sheet, evidence_word};
use crate::tui::widgets::text::{cut, untrusted};
use crate::workflow::field;

/// Cells of a value; the whole of it is in the journal.
const LONGEST: usize = 400;

/// How the step ended, or what it waits for, before anything else.
pub fn tell(model: &Model, sheet: &mut Sheet<'_>, run: &Run, record: &StepRecord) {
    let look = sheet.look;
    let who = |by: &Actor, at: Timestamp| {
        vec![
            untrusted(&by.to_string(), look.subtext()),
            Span::styled(format!(", {}", ago(model, at)), look.muted()),
        ]
    };
    if let Some(lease) = record.state.taken() {
        taken(model, sheet, run, lease, "Taken by");
    }
    match &record.state {
        StepState::Done { at, by, outcome } => {
            sheet.labelled("Done by", who(by, *at));
            carried(sheet, run, record);
            evidence(sheet, run, record, outcome);
        }
        StepState::Failed { at, by, failure, continued, escalation, .. } => {
            sheet.labelled("Failed", vec![untrusted(&failure.message, look.style(Role::Error))]);
            if let Some(code) = failure.exit {
                sheet.labelled("Exit", vec![Span::styled(code.to_string(), look.text())]);
            }
            sheet.labelled("Noted by", who(by, *at));
            carried(sheet, run, record);
            if let Some(escalation) = escalation {
                escalated(model, sheet, run, escalation);
            }
            if *continued {
                let told = if run.rollback.is_some() {
                    "What was done is undone, as somebody has decided."
                } else {
                    "The run went on, as its author has decided."
                };
                sheet.line(Line::styled(told, look.muted()), 0);
            }
        }
        StepState::Skipped { at, by, reason } => {
            sheet.labelled("Skipped by", who(by, *at));
            carried(sheet, run, record);
            match reason {
                SkipReason::Person { reason } => sheet.field("Reason", reason, look.text()),
                SkipReason::NotListed => {
                    sheet.field("Because", "its item is no longer in the list", look.text());
                }
                SkipReason::Condition { expression } => {
                    sheet.field("Because", &format!("`{expression}` is false"), look.text());
                }
            }
        }
        StepState::Uncertain { since, .. } => {
            let told = format!(
                "The engine died while this ran, {}. Nobody knows how far it came: look, then decide.",
                ago(model, *since)
            );
            sheet.line(Line::styled(told, look.style(Role::Warning)), 0);
        }
        StepState::Cancelled { at } => {
            sheet.line(
                Line::styled(format!("Cancelled with the run, {}.", ago(model, *at)), look.subtext()),
                0,
            );
        }
        StepState::Waiting { on: Prompt::Retry { due, failure }, .. } => {
            sheet.labelled("Failed", vec![untrusted(&failure_line(failure), look.style(Role::Error))]);
            let when = if run.is_paused() {
                "when the run goes on".to_owned()
            } else {
                format!("in {}", short(due.since(model.now)))
            };
            sheet.labelled("Next try", vec![Span::styled(when, look.text())]);
        }
        StepState::Waiting { since, on: Prompt::Proceed { why, .. }, .. } => {
            let why = match why {
                Held::StepThrough => "as the run steps through",
                Held::Breakpoint => "by a breakpoint",
            };
            let told = format!("Held {}, {why}: it waits until you let it proceed.", ago(model, *since));
            sheet.line(Line::styled(told, look.style(Role::Warning)), 0);
        }
        StepState::Pending if !run.is_ended() => {
            sheet.line(Line::styled("Not begun yet.", look.muted()), 0);
        }
        StepState::Pending => sheet.line(Line::styled("Never begun.", look.muted()), 0),
        StepState::Running { .. } | StepState::Waiting { .. } => {}
    }
}

/// A settled step that was taken over from the run that this one was forked from.
fn carried(sheet: &mut Sheet<'_>, run: &Run, record: &StepRecord) {
    let Some(fork) = &run.header.fork else { return };
    if record.attempts.is_empty() && fork.carried.iter().any(|c| c.step == record.id) {
        let look = sheet.look;
        sheet.field("From run", &format!("{}, taken over as it was", fork.run.short()), look.subtext());
    }
}

/// Who alone answers the step, and until when.
pub fn taken(model: &Model, sheet: &mut Sheet<'_>, run: &Run, lease: &Lease, label: &'static str) {
    let look = sheet.look;
    let mine = lease.holder == model.me;
    let who = if mine { "you".to_owned() } else { lease.holder.to_string() };
    let style = look.style(if mine { Role::Info } else { Role::Warning });
    let until = if run.is_paused() {
        format!(", {}", left(model, run, lease.until))
    } else {
        format!(", until {}", clock(model, lease.until))
    };
    sheet.labelled(label, vec![untrusted(&who, style), Span::styled(until, look.subtext())]);
}

/// `14:05`; with the day where that is another one.
fn clock(model: &Model, at: Timestamp) -> String {
    let zone = &model.facts.zone;
    let [now, at] = [model.now, at].map(|at| jiff::Timestamp::from_millisecond(at.0).ok());
    let (Some(now), Some(at)) = (now, at) else { return String::new() };
    let (now, at) = (now.to_zoned(zone.clone()), at.to_zoned(zone.clone()));
    let format = if now.date() == at.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    at.strftime(format).to_string()
}

/// Who is asked now, and until when.
pub fn escalated(model: &Model, sheet: &mut Sheet<'_>, run: &Run, escalation: &Escalation) {
    let look = sheet.look;
    let until = match escalation.deadline {
        Some(deadline) => format!(", {}", left(model, run, deadline)),
        None => ", the last in line".to_owned(),
    };
    sheet.labelled(
        "asked now",
        vec![untrusted(&escalation.to, look.style(Role::Warning)), Span::styled(until, look.subtext())],
    );
}

fn evidence(sheet: &mut Sheet<'_>, run: &Run, record: &StepRecord, outcome: &Outcome) {
    let look = sheet.look;
    if outcome.evidence.is_empty() {
        sheet.labelled("Evidence", vec![Span::styled("none: unverified", look.style(Role::Warning))]);
    }
    for (n, Evidence { kind, text }) in outcome.evidence.iter().enumerate() {
        let label = if n == 0 { "Evidence" } else { "" };
        let word = Span::styled(format!("{}  ", evidence_word(*kind)), look.muted());
        sheet.labelled(label, vec![word, untrusted(text, look.text())]);
    }
    // What a loop's parts gave, and what a command printed, stands below.
    let by_itself = record.attempts.last().is_some_and(|a| match &a.work {
        Work::Run { .. } => true,
        Work::Agent { by_command, .. } => *by_command,
        _ => false,
    });
    let told_elsewhere = |name: &str| {
        (rows::is_loop(run, record) && name == "items")
            || (by_itself && matches!(name, "text" | "lines" | "exit" | "json"))
    };
    let outputs = outcome.outputs.iter().filter(|(name, _)| !told_elsewhere(name));
    for (n, (name, value)) in outputs.enumerate() {
        let label = if n == 0 { "Outputs" } else { "" };
        let told =
            [untrusted(name, look.text()), Span::styled(" = ", look.muted()), value_span(sheet, value)];
        sheet.labelled(label, told.to_vec());
    }
}

pub fn value_span(sheet: &Sheet<'_>, value: &Value) -> Span<'static> {
    match value {
        Value::String(text) => untrusted(&cut(text, LONGEST), sheet.look.text()),
        Value::Null => Span::styled("no answer", sheet.look.muted()),
        Value::Bool(yes) => Span::styled(if *yes { "yes" } else { "no" }, sheet.look.text()),
        other => untrusted(&cut(&field::shown(other), LONGEST), sheet.look.text()),
    }
}

pub fn earlier(model: &Model, sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let look = sheet.look;
    let (badge, told) = match &attempt.ended {
        Some(AttemptEnd::Done { by, .. }) => (look.step(StepStatus::Done), format!("by {by}")),
        Some(AttemptEnd::Failed { failure, .. }) => (look.step(StepStatus::Failed), failure_line(failure)),
        Some(AttemptEnd::Skipped { by, .. }) => (look.step(StepStatus::Skipped), format!("by {by}")),
        Some(AttemptEnd::Interrupted { by, .. }) => {
            (look.step(StepStatus::Cancelled), format!("stopped by {by}"))
        }
        Some(AttemptEnd::Uncertain { .. }) => {
            (look.step(StepStatus::Uncertain), "the engine died".to_owned())
        }
        Some(AttemptEnd::Cancelled { .. }) | None => (look.step(StepStatus::Cancelled), String::new()),
    };
    let took = attempt.ended.as_ref().map(|end| end.at().since(attempt.started));
    let after =
        took.map(|t| format!("  after {}, {}", short(t), ago(model, attempt.started))).unwrap_or_default();
    sheet.line(
        Line::from(vec![
            Span::styled(format!("{:>2}  ", attempt.number), look.muted()),
            Span::styled(format!("{} {}  ", badge.glyph, badge.word), badge.style),
            untrusted(&told, look.subtext()),
            Span::styled(after, look.muted()),
        ]),
        4,
    );
}
