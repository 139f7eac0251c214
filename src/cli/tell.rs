//! The wording that commands share: statuses with glyph and word, one row of a run, one line of a
//! step, what a run waits for, and what to type about it. What happened is told by `happened`.

use crate::base::{Millis, Timestamp};
use crate::cli::family::{self, Open};
pub use crate::cli::happened::event_text;
use crate::cli::output::{Line, Tone};
use crate::run::{
    Escalation, Need, NeedKind, Prompt, Role, Run, RunStatus, RunSummary, SkipReason, StepRecord, StepState,
    StepStatus, summary,
};
use crate::workflow::Step;

pub fn run_tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Running => Tone::Info,
        RunStatus::Waiting => Tone::Warning,
        RunStatus::Paused => Tone::Dim,
        RunStatus::Completed => Tone::Success,
        RunStatus::Failed => Tone::Failure,
        RunStatus::Cancelled => Tone::Plain,
    }
}

/// Glyph and word: nothing is told by colour alone.
pub fn run_word(status: RunStatus) -> String {
    let glyph = match status {
        RunStatus::Running => "*",
        RunStatus::Waiting => "▲",
        RunStatus::Paused => "‖",
        RunStatus::Completed => "✓",
        RunStatus::Failed => "✗",
        RunStatus::Cancelled => "-",
    };
    format!("{glyph} {}", status.word())
}

pub fn step_tone(status: StepStatus) -> Tone {
    match status {
        StepStatus::Pending | StepStatus::Skipped | StepStatus::Cancelled => Tone::Dim,
        StepStatus::Running => Tone::Info,
        StepStatus::Waiting | StepStatus::Uncertain => Tone::Warning,
        StepStatus::Done => Tone::Success,
        StepStatus::Failed => Tone::Failure,
    }
}

pub fn step_word(status: StepStatus) -> String {
    let glyph = match status {
        StepStatus::Pending => "·",
        StepStatus::Running => "*",
        StepStatus::Waiting => "▲",
        StepStatus::Done => "✓",
        StepStatus::Failed => "✗",
        StepStatus::Skipped | StepStatus::Cancelled => "-",
        StepStatus::Uncertain => "?",
    };
    format!("{glyph} {}", status.word())
}

/// `7f3a  MW-004  Deploy MCP changes  ▲ waiting  3/5  Run the tests`
pub fn summary_line(run: &RunSummary) -> Line {
    let line = Line::new()
        .strong(run.run.short())
        .plain("  ")
        .plain(run.workflow.as_str())
        .plain("  ")
        .plain(&run.name)
        .plain("  ")
        .put(run_tone(run.status), run_word(run.status));
    if run.status.is_ended() {
        let line = if run.rolled_back { line.plain(", rolled back") } else { line };
        return line.dim(format!("  {}/{} steps settled", run.settled, run.steps));
    }
    line.dim(format!("  {}/{}  ", run.current, run.steps)).plain(&run.current_title)
}

/// What to type next about a run that needs a person.
pub fn next_line(run: &RunSummary) -> Option<Line> {
    let id = run.run.short();
    if run.status == RunStatus::Paused {
        return Some(Line::new().dim("next: ").plain(format!("mwtui resume {id}")));
    }
    let need = run.need.as_ref()?;
    Some(Line::new().dim("next: ").plain(next_words(need, id, "")))
}

/// The same for one of several open steps.
pub fn next_of(id: &str, open: &Open<'_>) -> Option<Line> {
    let need = open.need()?;
    let at = format!(" --step {}", open.name);
    Some(Line::new().dim("next: ").plain(next_words(&need, id, &at)))
}

fn next_words(need: &Need, id: &str, at: &str) -> String {
    if let Some(lease) = &need.lease {
        let holder = lease.holder.short();
        return format!(
            "{holder} answers it; or mwtui take-back {id}{at}, mwtui hand-over {id}{at} --to WHOM"
        );
    }
    let skip = format!("mwtui skip {id}{at} --reason TEXT");
    match need.kind {
        NeedKind::Check => format!("mwtui done {id}{at}, or {skip}"),
        NeedKind::Answer => format!("mwtui answer {id}{at} --set NAME=VALUE…"),
        NeedKind::Approve => format!(
            "mwtui approve {id}{at}, mwtui reject {id}{at} --reason TEXT, or mwtui push-back {id}{at} --to STEP --feedback TEXT"
        ),
        NeedKind::Failed => format!(
            "mwtui retry {id}{at} (--edit to change it), {skip}, mwtui back {id} STEP, or mwtui rollback {id} --reason TEXT"
        ),
        NeedKind::Agent => format!("mwtui answer {id}{at} --file FILE (- is standard input), or {skip}"),
        NeedKind::Proceed => {
            format!("mwtui proceed {id}{at}, mwtui retry {id}{at} --edit to change it, or {skip}")
        }
        NeedKind::Uncertain => {
            format!("mwtui retry {id}{at}, mwtui done {id}{at} --evidence TEXT, or {skip}")
        }
    }
}

/// What is the matter with an open step, in a word.
pub fn need_word(state: &StepState) -> &'static str {
    match state {
        StepState::Waiting { on, .. } => match on {
            Prompt::Check { .. } => NeedKind::Check.word(),
            Prompt::Answers => NeedKind::Answer.word(),
            Prompt::Approval { .. } => NeedKind::Approve.word(),
            Prompt::Agent { .. } => NeedKind::Agent.word(),
            Prompt::Proceed { .. } => NeedKind::Proceed.word(),
            Prompt::Retry { .. } => "retry",
        },
        state => state.status().word(),
    }
}

/// One step of a run, as `status` and the walk list it; what is a part of another is indented under it.
pub fn step_line(number: usize, step: &Step, record: &StepRecord, run: &Run, now: Timestamp) -> Line {
    let status = record.state.status();
    let part = if matches!(record.role, Role::Iteration { .. }) { "  " } else { "" };
    let kind = match &record.role {
        Role::Step { .. } if step.for_each.is_some() => format!("each {}", step.kind.word()),
        Role::Step { .. } => step.kind.word().to_owned(),
        Role::Iteration { .. } => record.id.to_string(),
        Role::Undo { of, .. } => format!("undoes {of}"),
    };
    let mut line = Line::new()
        .put(step_tone(status), format!("  {:<11}", step_word(status)))
        .dim(format!("{number:>3}  {part}"))
        .plain(summary::title(step, record))
        .dim(format!("  {kind}"));
    if record.attempt() > 1 {
        line = line.dim(format!("  attempt {}", record.attempt()));
    }
    let spent: u64 =
        run.segments.iter().filter(|s| s.step.as_ref() == Some(&record.id)).map(|s| s.length(now).0).sum();
    if spent >= 1000 {
        line = line.dim(format!("  {}", Millis(spent)));
    }
    if record.edit.is_some() {
        line = line.put(Tone::Info, "  edited");
    }
    if run.breakpoints.contains(&record.id) && !record.state.is_settled() {
        line = line.dim("  breakpoint");
    }
    if let Some(child) = family::child_of(record) {
        line = line.dim(format!("  run {}", child.short()));
    }
    if let Some(lease) = record.state.taken() {
        line = line.put(Tone::Info, format!("  {lease}"));
    }
    match &record.state {
        StepState::Failed { failure, continued, escalation, .. } => {
            let on = if *continued { "  noted, the run went on" } else { "" };
            let line = line.put(Tone::Failure, format!("  {}", failure.message)).dim(on);
            escalated(line, escalation.as_ref())
        }
        StepState::Skipped { reason, .. } => line.dim(format!("  {}", skip_reason(reason))),
        StepState::Done { outcome, .. } if outcome.evidence.is_empty() && outcome.answers.is_empty() => {
            line.dim("  unverified")
        }
        StepState::Waiting { on, .. } => match on {
            Prompt::Retry { due, .. } => line.dim(format!("  next try in {}", due.since(now))),
            Prompt::Proceed { .. } => line.put(Tone::Warning, "  held"),
            Prompt::Approval { escalation, .. } => escalated(line, escalation.as_ref()),
            Prompt::Agent { agent, .. } => line.dim("  for ").plain(agent),
            Prompt::Check { .. } | Prompt::Answers => line,
        },
        _ => line,
    }
}

fn escalated(line: Line, escalation: Option<&Escalation>) -> Line {
    match escalation {
        Some(escalation) => line.put(Tone::Warning, "  ").plain(asked_line(escalation)),
        None => line,
    }
}

/// `ana is asked, until 14:30`.
pub fn asked_line(escalation: &Escalation) -> String {
    let until = escalation.deadline.map_or_else(String::new, |d| format!(", until {}", d.local_minute()));
    format!("{} is asked{until}", escalation.to)
}

pub fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Condition { expression } => format!("{expression} is false"),
        SkipReason::Person { reason } => reason.clone(),
        SkipReason::NotListed => "its item is no longer in the list".to_owned(),
    }
}
