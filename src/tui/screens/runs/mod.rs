//! Runs: one line a run, live ones on top. The mirror holds them; what is older than its list is
//! asked for when a filter is kept.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Millis, Result, RunId};
use crate::config::{Action, Context, Key};
use crate::protocol::{Request, Response, Update};
use crate::run::{NeedKind, RunFilter, RunStatus, RunSummary};
use crate::tui::Model;
use crate::tui::mirror::ENDED_RUNS;
use crate::tui::msg::{Asker, Effect};
use crate::tui::screens::{Screen, ScreenId};
use crate::tui::widgets::filter::contains;
use crate::tui::widgets::{Filter, Hint, ListState};

mod draw;
#[cfg(test)]
mod tests;

/// Which runs are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    All,
    Live,
    Waiting,
    Failed,
    Completed,
    Cancelled,
}

impl Shown {
    fn next(self) -> Self {
        match self {
            Self::All => Self::Live,
            Self::Live => Self::Waiting,
            Self::Waiting => Self::Failed,
            Self::Failed => Self::Completed,
            Self::Completed => Self::Cancelled,
            Self::Cancelled => Self::All,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Live => "live",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    fn fits(self, row: &RunSummary) -> bool {
        match self {
            Self::All => true,
            Self::Live => !row.status.is_ended(),
            Self::Waiting => row.status == RunStatus::Waiting,
            // One that waits for a decision on its failed step has not failed yet, but is looked for here.
            Self::Failed => row.status == RunStatus::Failed || has_failed_need(row),
            Self::Completed => row.status == RunStatus::Completed,
            Self::Cancelled => row.status == RunStatus::Cancelled,
        }
    }
}

#[derive(Debug, Default)]
pub struct State {
    filter: Filter,
    shown: Shown,
    /// Older runs than the mirror holds, found by a filter.
    found: BTreeMap<RunId, RunSummary>,
    at: RefCell<At>,
}

/// What is selected. The run counts and not its place, which changes as runs come and end; drawing
/// pins it, so that a key always means the line that was seen.
#[derive(Debug, Default)]
struct At {
    run: Option<RunId>,
    list: ListState,
}

impl At {
    /// Finds the run's place again; one that is no longer shown leaves the selection at its place.
    fn settle(&mut self, rows: &[&RunSummary]) {
        if let Some(place) = self.run.as_ref().and_then(|run| rows.iter().position(|r| &r.run == run)) {
            self.list.selected = place;
        } else {
            self.list.clamp(rows.len());
            self.run = rows.get(self.list.selected).map(|r| r.run.clone());
        }
    }
}

pub struct Runs;

fn has_failed_need(row: &RunSummary) -> bool {
    row.need.as_ref().is_some_and(|n| n.kind == NeedKind::Failed)
}

/// What the filter looks in.
fn haystack(row: &RunSummary) -> String {
    let parts = [
        row.run.as_str(),
        row.workflow.as_str(),
        &row.name,
        &row.subject,
        row.status.word(),
        &row.current_title,
        row.started_by.short(),
        &row.failed_steps.join(" "),
    ];
    parts.join(" ")
}

/// All runs that are known here: live ones on top, the newest first.
fn known(model: &Model) -> Vec<&RunSummary> {
    let mut rows = model.mirror.newest();
    rows.extend(model.runs.found.values().filter(|r| model.mirror.summary(&r.run).is_none()));
    rows.sort_by_key(|r| (r.status.is_ended(), std::cmp::Reverse((r.started_at, r.run.clone()))));
    rows
}

/// Those that fit the filters.
fn rows(model: &Model) -> Vec<&RunSummary> {
    let words = model.runs.filter.words();
    let mut rows = known(model);
    rows.retain(|r| model.runs.shown.fits(r) && contains(&haystack(r), &words));
    rows
}

/// The run on the selected line.
fn selected(model: &Model) -> Option<&RunSummary> {
    let rows = rows(model);
    let mut at = model.runs.at.borrow_mut();
    at.settle(&rows);
    rows.get(at.list.selected).copied()
}

/// Moves in the list; false where there is nothing further in that direction.
fn moves(model: &Model, action: Action) -> bool {
    let rows = rows(model);
    let mut at = model.runs.at.borrow_mut();
    at.settle(&rows);
    let last = rows.len().saturating_sub(1);
    let moved = match action {
        Action::NextMatch if at.list.selected == last => at.list.on_action(Action::Top, rows.len()),
        Action::NextMatch => at.list.on_action(Action::Down, rows.len()),
        Action::PreviousMatch if at.list.selected == 0 => at.list.on_action(Action::Bottom, rows.len()),
        Action::PreviousMatch => at.list.on_action(Action::Up, rows.len()),
        other => at.list.on_action(other, rows.len()),
    };
    at.run = rows.get(at.list.selected).map(|r| r.run.clone());
    moved
}

/// Asks for older runs where the mirror's list is full. The engine looks for one text, so the
/// longest word goes there and the rest is sifted here.
fn look_further(model: &Model) -> Vec<Effect> {
    let held = model.mirror.newest().iter().filter(|r| r.status.is_ended()).count();
    let Some(word) = model.runs.filter.words().into_iter().max_by_key(String::len) else { return Vec::new() };
    if held < ENDED_RUNS {
        return Vec::new();
    }
    let filter = RunFilter { search: Some(word), limit: Some(ENDED_RUNS), ..RunFilter::default() };
    vec![Effect::ask(Asker::Screen(ScreenId::Runs), Request::Runs { filter })]
}

impl Screen for Runs {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Runs, Context::List]
    }

    fn takes(&self, model: &Model, key: Key) -> bool {
        model.runs.filter.takes(key)
    }

    fn on_key(&self, model: &mut Model, key: Key) -> Vec<Effect> {
        model.runs.filter.key(key);
        Vec::new()
    }

    fn on_paste(&self, model: &mut Model, text: &str) -> Vec<Effect> {
        model.runs.filter.paste(text);
        Vec::new()
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
        let keeps = action == Action::Activate && model.runs.filter.is_typing();
        if model.runs.filter.on_action(action) {
            if model.runs.filter.is_empty() {
                model.runs.found.clear();
            }
            return Some(if keeps { look_further(model) } else { Vec::new() });
        }
        match action {
            Action::Escape if model.runs.shown != Shown::All => model.runs.shown = Shown::All,
            Action::FilterStatus => model.runs.shown = model.runs.shown.next(),
            Action::Activate => {
                let run = selected(model)?.run.clone();
                return Some(model.open_run(&run));
            }
            Action::Copy => return Some(vec![Effect::Copy(selected(model)?.run.to_string())]),
            _ if moves(model, action) => {}
            _ => return None,
        }
        Some(Vec::new())
    }

    fn on_answer(&self, model: &mut Model, _request: &Request, result: Result<Response>) -> Vec<Effect> {
        match result {
            Ok(Response::Runs(rows)) if !model.runs.filter.is_empty() => {
                model.runs.found = rows.into_iter().map(|r| (r.run.clone(), r)).collect();
            }
            Ok(_) => {}
            Err(error) => model.report(&error),
        }
        Vec::new()
    }

    /// What was found and changes after all is told by the mirror from then on.
    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        if let Update::Run { summary, .. } = update {
            model.runs.found.remove(&summary.run);
        }
        Vec::new()
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        let on_a_run = matches!(
            action,
            Action::Copy | Action::Pause | Action::PauseNow | Action::Resume | Action::Retry | Action::Cancel
        );
        if !on_a_run {
            return None;
        }
        let Some(row) = selected(model) else { return Some("No run is selected".to_owned()) };
        if action == Action::Copy {
            return None;
        }
        let status = row.status;
        match action {
            _ if status.is_ended() => Some(format!("The run is {}", status.word())),
            Action::Pause | Action::PauseNow if status == RunStatus::Paused => {
                Some("The run is paused already".to_owned())
            }
            Action::Resume if status != RunStatus::Paused => Some("The run is not paused".to_owned()),
            Action::Retry if !has_failed_need(row) => Some("No step of the run has failed".to_owned()),
            _ => None,
        }
    }

    fn run_at_hand(&self, model: &Model) -> Option<RunId> {
        selected(model).map(|r| r.run.clone())
    }

    /// Ages and lengths: by the second while something young is shown, later by the minute.
    fn next_tick(&self, model: &Model) -> Option<Millis> {
        let newest = known(model).into_iter().map(|r| r.updated_at).max()?;
        let young = model.now.since(newest) < Millis::from_secs(90);
        Some(Millis::from_secs(if young { 1 } else { 20 }))
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        draw::draw(model, frame, area);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        if model.runs.filter.is_typing() {
            return vec![
                Hint::labelled(Action::Activate, "keep it"),
                Hint::labelled(Action::Escape, "show all"),
                Hint::labelled(Action::Down, "move"),
            ];
        }
        let Some(row) = selected(model) else {
            let narrowed = model.runs.shown != Shown::All || !model.runs.filter.is_empty();
            return if narrowed {
                vec![Hint::labelled(Action::Escape, "show all"), Action::FilterStatus.into()]
            } else {
                vec![Action::GoConsole.into(), Action::GoRegistry.into()]
            };
        };
        let mut all: Vec<Hint> = vec![Action::Activate.into()];
        let verbs = [Action::Retry, Action::Resume, Action::Pause, Action::Cancel];
        if !row.status.is_ended() {
            all.extend(verbs.into_iter().filter(|a| self.refused(model, *a).is_none()).map(Hint::new));
        }
        all.extend([Hint::new(Action::Filter), Hint::new(Action::FilterStatus)]);
        if model.runs.shown != Shown::All || !model.runs.filter.is_empty() {
            all.push(Hint::labelled(Action::Escape, "show all"));
        } else if row.status.is_ended() {
            all.push(Hint::labelled(Action::Copy, "copy its id"));
        }
        all
    }
}
