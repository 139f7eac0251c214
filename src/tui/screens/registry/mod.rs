//! Registry: every workflow of the bank in a list, and beside it the selected one as one reads it.
//! Broken and untrusted files stay in the list, with the word and what helps.

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Millis, Result, RunId, Timestamp, WorkflowId};
use crate::config::{Action, Context, Key};
use crate::protocol::{Request, Response, Update};
use crate::run::{RunFilter, RunStatus, RunSummary};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::confirm::Confirm;
use crate::tui::overlays::trust::Trust;
use crate::tui::screens::{Screen, ScreenId};
use crate::tui::widgets::filter::contains;
use crate::tui::widgets::{Filter, Hint, ListState, PaneState};
use crate::workflow::{Entry, Workflow};

mod document;
mod draw;
#[cfg(test)]
mod tests;

/// How far back the rate of success looks.
const MONTH: Millis = Millis(30 * 24 * 3_600_000);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    List,
    Document,
}

#[derive(Debug, Default)]
pub struct State {
    filter: Filter,
    focus: Focus,
    /// Places in the bank's entries that fit the filter, in its order.
    shown: Vec<usize>,
    /// The file of the selected entry: what stays selected when the bank is read again.
    file: Option<String>,
    list: ListState,
    scroll: PaneState,
    /// The other ways to say it are unfolded.
    examples: bool,
    /// A workflow to select as soon as the bank is there.
    wanted: Option<WorkflowId>,
    /// The runs of the last month have been asked for over this connection.
    asked: bool,
    past: HashMap<RunId, Past>,
}

/// What the list counts of a run.
#[derive(Debug, Clone)]
struct Past {
    workflow: WorkflowId,
    started_at: Timestamp,
    seq: u64,
    /// `None` while it lives, and where it was cancelled without a failure.
    succeeded: Option<bool>,
}

impl Past {
    fn of(row: &RunSummary) -> Self {
        let succeeded = match row.status {
            RunStatus::Completed => Some(true),
            RunStatus::Failed => Some(false),
            // Given up after a failure is no success; called off in good order counts as nothing.
            RunStatus::Cancelled if !row.failed_steps.is_empty() => Some(false),
            _ => None,
        };
        Self { workflow: row.workflow.clone(), started_at: row.started_at, seq: row.seq, succeeded }
    }
}

/// How a workflow has gone over the last month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Record {
    last: Option<Timestamp>,
    succeeded: usize,
    ended: usize,
}

pub struct Registry;

/// Goes to the registry, to this workflow.
pub fn show(model: &mut Model, id: &WorkflowId) -> Vec<Effect> {
    model.registry.filter.clear();
    model.registry.focus = Focus::List;
    model.registry.wanted = Some(id.clone());
    narrow(model);
    model.go(ScreenId::Registry)
}

fn entries(model: &Model) -> &[Entry] {
    model.bank.as_ref().map_or(&[], |bank| &bank.registry.entries)
}

/// The entry on the selected line.
fn selected(model: &Model) -> Option<&Entry> {
    let place = *model.registry.shown.get(model.registry.list.selected)?;
    entries(model).get(place)
}

/// What the filter looks in.
fn haystack(entry: &Entry) -> String {
    let mut text = format!("{} {} {}", entry.label(), entry.origin.word(), draw::state(entry).unwrap_or(""));
    if let Some(workflow) = entry.workflow() {
        for part in [&workflow.name, &workflow.scope, workflow.category.as_ref().unwrap_or(&String::new())] {
            text.push(' ');
            text.push_str(part);
        }
        for part in workflow.tags.iter().chain(&workflow.trigger_phrases) {
            text.push(' ');
            text.push_str(part);
        }
    }
    text
}

/// Finds again what fits the filter, and the selected entry's place in it.
fn narrow(model: &mut Model) {
    let Some(bank) = model.bank.clone() else { return };
    let entries = &bank.registry.entries;
    let state = &mut model.registry;
    let words = state.filter.words();
    state.shown = (0..entries.len()).filter(|n| contains(&haystack(&entries[*n]), &words)).collect();
    if let Some(id) = state.wanted.take() {
        let found = entries.iter().find(|e| e.workflow().is_some_and(|w| w.id == id));
        if let Some(entry) = found {
            state.file = Some(entry.file.clone());
        }
    }
    match state.shown.iter().position(|n| Some(&entries[*n].file) == state.file.as_ref()) {
        Some(place) => state.list.selected = place,
        None => state.list.clamp(state.shown.len()),
    }
    pin(model);
}

/// The line under the pointer is what is selected from now on; its document begins at its top.
fn pin(model: &mut Model) {
    let file = selected(model).map(|e| e.file.clone());
    // An empty list forgets nothing: a filter that fits again finds the entry again.
    if file.is_some() && file != model.registry.file {
        model.registry.file = file;
        model.registry.scroll.to_top();
        model.registry.examples = false;
    }
}

fn move_in_list(model: &mut Model, action: Action) -> bool {
    let count = model.registry.shown.len();
    let list = &mut model.registry.list;
    let last = count.saturating_sub(1);
    let moved = match action {
        Action::NextMatch if list.selected == last => list.on_action(Action::Top, count),
        Action::NextMatch => list.on_action(Action::Down, count),
        Action::PreviousMatch if list.selected == 0 => list.on_action(Action::Bottom, count),
        Action::PreviousMatch => list.on_action(Action::Up, count),
        other => list.on_action(other, count),
    };
    pin(model);
    moved
}

/// How every workflow has gone, from the runs of the last month and the mirror's.
fn records(model: &Model) -> HashMap<&WorkflowId, Record> {
    let mut records: HashMap<&WorkflowId, Record> = HashMap::new();
    let since = Timestamp(model.now.0.saturating_sub_unsigned(MONTH.0));
    for past in model.registry.past.values() {
        let record = records.entry(&past.workflow).or_default();
        record.last = record.last.max(Some(past.started_at));
        if let Some(succeeded) = past.succeeded.filter(|_| past.started_at >= since) {
            record.ended += 1;
            record.succeeded += usize::from(succeeded);
        }
    }
    // Workflows that have not run for a month may still have run before.
    for row in model.mirror.newest() {
        let record = records.entry(&row.workflow).or_default();
        record.last = record.last.max(Some(row.started_at));
    }
    records
}

fn ask_past(model: &mut Model) -> Vec<Effect> {
    if model.registry.asked || !matches!(model.link, crate::tui::model::LinkState::Connected) {
        return Vec::new();
    }
    model.registry.asked = true;
    let since = Some(Timestamp(model.now.0.saturating_sub_unsigned(MONTH.0)));
    let filter = RunFilter { since, ..RunFilter::default() };
    vec![Effect::ask(Asker::Screen(ScreenId::Registry), Request::Runs { filter })]
}

fn keep(model: &mut Model, row: &RunSummary) {
    let known = model.registry.past.get(&row.run);
    if known.is_none_or(|known| known.seq <= row.seq) {
        model.registry.past.insert(row.run.clone(), Past::of(row));
    }
}

impl Screen for Registry {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Registry, Context::List]
    }

    fn takes(&self, model: &Model, key: Key) -> bool {
        model.registry.filter.takes(key)
    }

    fn on_key(&self, model: &mut Model, key: Key) -> Vec<Effect> {
        model.registry.filter.key(key);
        narrow(model);
        Vec::new()
    }

    fn on_paste(&self, model: &mut Model, text: &str) -> Vec<Effect> {
        if model.registry.filter.paste(text) {
            narrow(model);
        }
        Vec::new()
    }

    fn on_enter(&self, model: &mut Model) -> Vec<Effect> {
        // Files may have come or changed since they were read.
        let mut effects = if model.bank.is_some() { vec![Effect::LoadBank] } else { Vec::new() };
        effects.extend(ask_past(model));
        effects
    }

    fn on_connected(&self, model: &mut Model) -> Vec<Effect> {
        model.registry.asked = false;
        if model.screen == ScreenId::Registry { ask_past(model) } else { Vec::new() }
    }

    fn on_bank(&self, model: &mut Model) {
        narrow(model);
    }

    fn on_answer(&self, model: &mut Model, _request: &Request, result: Result<Response>) -> Vec<Effect> {
        match result {
            Ok(Response::Runs(rows)) => rows.iter().for_each(|row| keep(model, row)),
            Ok(_) => {}
            Err(error) => {
                model.registry.asked = false;
                model.report(&error);
            }
        }
        Vec::new()
    }

    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        match update {
            Update::Run { summary, .. } => keep(model, summary),
            Update::Missed => return self.on_connected(model),
            _ => {}
        }
        Vec::new()
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
        if action == Action::Escape && model.registry.focus == Focus::Document {
            model.registry.focus = Focus::List;
            return Some(Vec::new());
        }
        if model.registry.filter.on_action(action) {
            model.registry.focus = Focus::List;
            narrow(model);
            return Some(Vec::new());
        }
        let in_list = model.registry.focus == Focus::List;
        match action {
            Action::Focus | Action::FocusBack => {
                model.registry.focus = if in_list { Focus::Document } else { Focus::List };
            }
            Action::Right if in_list => model.registry.focus = Focus::Document,
            Action::Left if !in_list => model.registry.focus = Focus::List,
            Action::Examples => model.registry.examples = !model.registry.examples,
            Action::Activate => {
                let id = selected(model)?.workflow()?.id.clone();
                return Some(Confirm::open(model, &id, None, "you chose it from the registry"));
            }
            Action::Trust => {
                let question = Trust::of(selected(model)?)?;
                model.open(question);
            }
            Action::Edit => return Some(vec![Effect::Edit(selected(model)?.path.clone()?)]),
            Action::Copy => return Some(vec![Effect::Copy(selected(model)?.label().to_owned())]),
            Action::NextMatch | Action::PreviousMatch => {
                move_in_list(model, action);
            }
            _ if in_list => return move_in_list(model, action).then(Vec::new),
            _ => return model.registry.scroll.on_action(action).then(Vec::new),
        }
        Some(Vec::new())
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        if model.registry.filter.is_typing() && action == Action::Activate {
            return None;
        }
        let on_one = matches!(
            action,
            Action::Activate | Action::Trust | Action::Edit | Action::Copy | Action::Examples
        );
        if !on_one {
            return None;
        }
        let Some(entry) = selected(model) else { return Some("No workflow is selected".to_owned()) };
        let Some(workflow) = entry.workflow().map(|w| &**w) else {
            return match action {
                Action::Activate => Some(format!("{} is broken: mend its file first", entry.label())),
                Action::Trust => Some("A broken file cannot be trusted: mend it first".to_owned()),
                Action::Examples => Some("There are no other ways to say it".to_owned()),
                Action::Edit if entry.path.is_none() => Some(bundled()),
                _ => None,
            };
        };
        refused(entry, workflow, action)
    }

    /// Ages, by the minute.
    fn next_tick(&self, model: &Model) -> Option<Millis> {
        (!model.registry.past.is_empty() || model.mirror.loaded).then_some(Millis::from_secs(60))
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        draw::draw(model, frame, area);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        if model.registry.filter.is_typing() {
            return vec![
                Hint::labelled(Action::Activate, "keep it"),
                Hint::labelled(Action::Escape, "show all"),
                Hint::labelled(Action::Down, "move"),
            ];
        }
        if entries(model).is_empty() {
            return vec![Hint::labelled(Action::GoRegistry, "look again"), Action::GoConsole.into()];
        }
        let other = match model.registry.focus {
            Focus::List => Hint::labelled(Action::Focus, "read it"),
            Focus::Document => Hint::labelled(Action::Focus, "list"),
        };
        let mut all = vec![
            Hint::labelled(Action::Activate, "start…"),
            Action::Trust.into(),
            Action::Edit.into(),
            other,
            Action::Filter.into(),
            Action::Examples.into(),
            Hint::labelled(Action::Copy, "copy its id"),
        ];
        all.retain(|h| self.refused(model, h.action).is_none());
        if selected(model).is_none() {
            all.retain(|h| h.action != Action::Focus);
        }
        if !model.registry.filter.is_empty() {
            all.push(Hint::labelled(Action::Escape, "show all"));
        }
        all
    }
}

fn bundled() -> String {
    "A bundled workflow is part of the program".to_owned()
}

fn refused(entry: &Entry, workflow: &Workflow, action: Action) -> Option<String> {
    match action {
        Action::Trust | Action::Edit if entry.path.is_none() => Some(bundled()),
        Action::Trust if entry.is_trusted() => Some("It is trusted already".to_owned()),
        Action::Examples if workflow.examples.is_empty() => {
            Some("There are no other ways to say it".to_owned())
        }
        _ => None,
    }
}
