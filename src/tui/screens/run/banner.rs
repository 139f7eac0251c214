//! Lines on what holds for the whole run: how it stands or ended, what it is a part of, what it moves.

use ratatui::text::{Line, Span};

use crate::base::SafeLine;
use crate::config::{Action, Role};
use crate::run::{Phase, Run};
use crate::tui::Model;
use crate::tui::overlays::help::keys_of;
use crate::tui::overlays::move_over::versions;
use crate::tui::screens::run::detail::ago;
use crate::tui::screens::run::rows;
use crate::tui::verbs;
use crate::tui::widgets::text::{span, untrusted};

pub fn lines(model: &Model, run: &Run) -> Vec<Line<'static>> {
    [phase(model, run), rollback(model, run), version(model, run), place(model, run)]
        .into_iter()
        .flatten()
        .collect()
}

/// That the workflow's file is another one now.
fn version(model: &Model, run: &Run) -> Option<Line<'static>> {
    let look = &model.look;
    let entry = verbs::newer(model, run)?;
    let workflow = entry.workflow()?;
    let versions = versions(model, &run.header.workflow, workflow.version);
    let since = if run.moved.is_empty() { "this run started" } else { "this run was moved over" };
    Some(Line::from(vec![
        untrusted(&format!("{} has changed since {since} ({versions}): ", workflow.id), look.subtext()),
        Span::styled(keys_of(model, Action::MoveOver), look.accent()),
        Span::styled(" shows the difference", look.subtext()),
    ]))
}

fn because(reason: Option<&String>) -> String {
    reason.map(|r| format!(": {r}")).unwrap_or_default()
}

/// Paused, ended, how and by whom.
fn phase(model: &Model, run: &Run) -> Option<Line<'static>> {
    let look = &model.look;
    let (text, style) = match &run.phase {
        Phase::Active { .. } => return None,
        Phase::Paused { since, by, frozen, .. } => {
            let how = if *frozen { "its processes are frozen" } else { "nothing new starts" };
            (format!("Paused by {by}, {}; {how}.", ago(model, *since)), look.subtext())
        }
        Phase::Cancelling { by, reason, .. } => (
            format!("Being cancelled by {by}{}; its processes are asked to end.", because(reason.as_ref())),
            look.subtext(),
        ),
        Phase::Completed { at } => {
            (format!("Completed {}; started by {}.", ago(model, *at), run.started_by), look.subtext())
        }
        Phase::Failed { at, reason } => {
            (format!("Failed {}: {reason}", ago(model, *at)), look.style(Role::Error))
        }
        Phase::Cancelled { at, by, reason, left_behind } => {
            let left = if left_behind.is_empty() {
                String::new()
            } else {
                format!("  Left behind: {}", left_behind.join(", "))
            };
            let style = if left.is_empty() { look.subtext() } else { look.style(Role::Warning) };
            (format!("Cancelled by {by}, {}{}.{left}", ago(model, *at), because(reason.as_ref())), style)
        }
    };
    Some(Line::from(span(&SafeLine::new(&text), style)))
}

/// What was done is being undone. Once that is through, the end of the run says so.
fn rollback(model: &Model, run: &Run) -> Option<Line<'static>> {
    let rollback = run.rollback.as_ref().filter(|r| r.done.is_none())?;
    let text = format!(
        "Being rolled back by {}, {}: {}. What was done last is undone first.",
        rollback.by,
        ago(model, rollback.since),
        rollback.reason.trim_end_matches('.')
    );
    Some(Line::from(untrusted(&text, model.look.style(Role::Warning))))
}

/// What it is a part of, comes from and changes; whether it steps through.
fn place(model: &Model, run: &Run) -> Option<Line<'static>> {
    let look = &model.look;
    let mut parts: Vec<Vec<Span<'static>>> = Vec::new();
    let key = |action| Span::styled(keys_of(model, action), look.accent());
    let dim = |text: &str| untrusted(text, look.subtext());
    if let Some(parent) = &run.header.parent {
        parts.push(vec![
            dim(&format!("Step {} of run {}, ", parent.step, parent.run.short())),
            key(Action::OpenParent),
            dim(" goes there"),
        ]);
    }
    if let Some(fork) = &run.header.fork {
        let count = fork.carried.iter().filter(|c| run.place(&c.step).is_some()).count();
        let carried = match count {
            0 => "nothing".to_owned(),
            1 => "1 step".to_owned(),
            n => format!("{n} steps"),
        };
        let from = rows::title_of(run, &fork.from);
        parts.push(vec![dim(&format!(
            "Forked from run {} at “{from}”, {carried} taken over",
            fork.run.short()
        ))]);
    }
    if let Some((moves, subject)) = run.moves() {
        let undone = run.rollback.as_ref().is_some_and(|r| r.done.is_some());
        let (name, to) = (&subject.name, &moves.to);
        let from = subject.state.as_ref().map(|state| format!(" from {state}")).unwrap_or_default();
        let text = match (run.completed, run.is_ended()) {
            (true, true) if undone => {
                format!("{name} is {} again", subject.state.as_deref().unwrap_or("in no known state"))
            }
            (true, _) => format!("It took {name}{from} to {to}"),
            (false, true) => format!("{name} was not moved to {to}"),
            (false, false) => format!("It takes {name}{from} to {to}"),
        };
        parts.push(vec![dim(&text)]);
    }
    if run.step_through && !run.is_ended() {
        parts.push(vec![
            dim("Every automatic step waits for you, "),
            key(Action::StepThrough),
            dim(" ends that"),
        ]);
    }
    let mut spans = Vec::new();
    for (n, part) in parts.into_iter().enumerate() {
        if n > 0 {
            spans.push(Span::styled(" · ", look.muted()));
        }
        spans.extend(part);
    }
    (!spans.is_empty()).then(|| Line::from(spans))
}
