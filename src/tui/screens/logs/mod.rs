//! Logs: the program's own log and, beside it, the output of the run at hand; time, level, run
//! and step, text. Follows the newest line until one moves away from it.

use std::cell::Cell;
use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Millis, Result, RunId, SafeLine, Timestamp};
use crate::config::{Action, Context, Key};
use crate::protocol::{Request, Response, Update};
use crate::tui::Model;
use crate::tui::logfile::{Entry, LINES, Level, Piece, Place};
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, ScreenId};
use crate::tui::widgets::{Hint, LineInput};

mod output;
mod search;
mod view;

#[cfg(test)]
mod tests;

/// How often what was appended is read, while the screen is shown.
const FOLLOWING: Millis = Millis(500);
const RESTING: Millis = Millis(2_000);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Source {
    #[default]
    Program,
    Output,
}

#[derive(Debug)]
pub struct State {
    source: Source,
    /// This level and what is graver; `Trace` is everything.
    level: Level,
    program: Program,
    output: output::Output,
    /// By source.
    views: [View; 2],
    search: search::Search,
}

impl Default for State {
    fn default() -> Self {
        Self {
            source: Source::Program,
            level: Level::Info,
            program: Program::default(),
            output: output::Output::default(),
            views: [View::default(), View::default()],
            search: search::Search::default(),
        }
    }
}

/// The program's log as far as it has been read.
#[derive(Debug, Default)]
struct Program {
    book: Book,
    next: Option<Place>,
    reading: bool,
    read_at: Option<Timestamp>,
    failed: Option<SafeLine>,
}

/// The newest lines, each with a number that stays its own.
#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<Entry>,
    /// The number of the first one.
    first: u64,
}

impl Book {
    fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
        if self.entries.len() > LINES {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    /// The number that the next line gets.
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn numbered(&self) -> impl Iterator<Item = (u64, &Entry)> {
        (self.first..).zip(&self.entries)
    }
}

/// What is looked at in one source.
#[derive(Debug)]
struct View {
    follow: bool,
    /// The selected line's number, while nothing is followed.
    selected: u64,
    /// Lines from here on have not been seen.
    unseen: u64,
    /// The first line shown and the height, as last drawn.
    top: Cell<usize>,
    height: Cell<usize>,
}

impl Default for View {
    fn default() -> Self {
        Self { follow: true, selected: 0, unseen: 0, top: Cell::new(0), height: Cell::new(0) }
    }
}

pub struct Logs;

impl State {
    fn view(&self) -> &View {
        &self.views[self.source as usize]
    }

    fn view_mut(&mut self) -> &mut View {
        &mut self.views[self.source as usize]
    }

    /// The lines of the source that pass the level, oldest first.
    fn shown(&self) -> Vec<(u64, &Entry)> {
        match self.source {
            Source::Program => self
                .program
                .book
                .numbered()
                .filter(|(_, e)| e.level.is_none_or(|l| l <= self.level))
                .collect(),
            Source::Output => self.output.numbered().collect(),
        }
    }

    /// Which of the shown lines is selected.
    fn place(&self, shown: &[(u64, &Entry)]) -> usize {
        let last = shown.len().saturating_sub(1);
        if self.view().follow {
            return last;
        }
        shown.partition_point(|(number, _)| *number < self.view().selected).min(last)
    }

    fn selected(&self) -> Option<&Entry> {
        let shown = self.shown();
        shown.get(self.place(&shown)).map(|(_, entry)| *entry)
    }

    /// Selects the shown line at `to`; nothing is followed any more.
    fn select(&mut self, to: usize) {
        let Some((number, end)) = ({
            let shown = self.shown();
            shown.get(to).map(|(number, _)| (*number, shown.last().map_or(0, |(last, _)| last + 1)))
        }) else {
            return;
        };
        let view = self.view_mut();
        if view.follow {
            view.unseen = end;
        }
        view.follow = false;
        view.selected = number;
        view.unseen = view.unseen.max(number + 1);
    }

    /// Moves; false where the action is no movement.
    fn moved(&mut self, action: Action) -> bool {
        let (at, last) = {
            let shown = self.shown();
            (self.place(&shown), shown.len().saturating_sub(1))
        };
        let page = self.view().height.get().max(2) - 1;
        let to = match action {
            Action::Up => at.saturating_sub(1),
            Action::Down => at + 1,
            Action::PageUp => at.saturating_sub(page),
            Action::PageDown => at + page,
            Action::Top => 0,
            Action::Bottom => {
                self.view_mut().follow = true;
                return true;
            }
            _ => return false,
        };
        // Down from the newest line is no movement away from it.
        if !(self.view().follow && to >= last) {
            self.select(to.min(last));
        }
        true
    }

    /// Lines that came since one left the newest.
    fn unseen(&self) -> usize {
        let from = self.view().unseen;
        self.shown().iter().rev().take_while(|(number, _)| *number >= from).count()
    }
}

/// Reads what was appended, unless that is under way.
fn read(model: &mut Model) -> Vec<Effect> {
    let program = &mut model.logs.program;
    if program.reading {
        return Vec::new();
    }
    program.reading = true;
    vec![Effect::ReadLog { from: program.next.clone() }]
}

/// Takes in what a reading brought.
pub fn on_log(model: &mut Model, piece: Result<Piece>) -> Vec<Effect> {
    let now = model.now;
    let program = &mut model.logs.program;
    program.reading = false;
    program.read_at = Some(now);
    match piece {
        Ok(piece) => {
            program.failed = None;
            program.next = piece.next;
            for entry in piece.entries {
                program.book.push(entry);
            }
        }
        Err(error) => {
            let told = SafeLine::new(&error.to_string());
            // Told once; it is tried again as long as the screen is shown.
            if program.failed.as_ref() != Some(&told) {
                program.failed = Some(told);
                model.report(&error);
            }
        }
    }
    Vec::new()
}

/// Reads on, in the source that is shown.
fn refresh(model: &mut Model) -> Vec<Effect> {
    match model.logs.source {
        Source::Program => read(model),
        Source::Output => output::look(model),
    }
}

fn interval(state: &State) -> Millis {
    if state.view().follow { FOLLOWING } else { RESTING }
}

/// The selected line as text, for the clipboard.
fn as_text(entry: &Entry) -> String {
    let at = entry.at.map(Timestamp::rfc3339).unwrap_or_default();
    let level = entry.level.map(Level::word).unwrap_or_default();
    let run = entry.run.as_ref().map(RunId::as_str).unwrap_or_default();
    let text = entry.text.plain();
    [at.as_str(), level, run, entry.step.as_str(), text.as_str(), entry.fields.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Screen for Logs {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Logs, Context::List]
    }

    fn takes(&self, model: &Model, key: Key) -> bool {
        model.logs.search.editing && LineInput::takes(key)
    }

    fn on_key(&self, model: &mut Model, key: Key) -> Vec<Effect> {
        model.logs.search.input.key(key);
        Vec::new()
    }

    fn on_paste(&self, model: &mut Model, text: &str) -> Vec<Effect> {
        if model.logs.search.editing {
            model.logs.search.input.insert(text.trim());
        }
        Vec::new()
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        let state = &model.logs;
        match action {
            Action::Level if state.source == Source::Output => Some("Output has no levels".to_owned()),
            Action::NextMatch | Action::PreviousMatch if state.search.text().is_empty() => {
                Some("Nothing is searched for".to_owned())
            }
            Action::NextMatch | Action::PreviousMatch if !state.has_match() => {
                Some(format!("No line contains “{}”", state.search.text()))
            }
            Action::Copy if state.selected().is_none() => Some("There is no line to copy".to_owned()),
            Action::Activate if !state.search.editing && self.run_at_hand(model).is_none() => {
                Some("This line belongs to no run".to_owned())
            }
            _ => None,
        }
    }

    fn run_at_hand(&self, model: &Model) -> Option<RunId> {
        model.logs.selected()?.run.clone()
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
        if model.logs.search.editing {
            match action {
                Action::Activate => model.logs.find(),
                Action::Escape => model.logs.search.clear(),
                _ if model.logs.moved(action) => {}
                _ => return None,
            }
            return Some(Vec::new());
        }
        match action {
            Action::Focus | Action::FocusBack => {
                model.logs.source = match model.logs.source {
                    Source::Program => Source::Output,
                    Source::Output => Source::Program,
                };
                return Some(refresh(model));
            }
            Action::Follow => {
                let following = model.logs.view().follow;
                if following {
                    let last = model.logs.shown().len().saturating_sub(1);
                    model.logs.select(last);
                } else {
                    model.logs.view_mut().follow = true;
                    return Some(refresh(model));
                }
            }
            Action::Level => {
                model.logs.level = match model.logs.level {
                    Level::Error => Level::Warn,
                    Level::Warn => Level::Info,
                    Level::Info => Level::Debug,
                    Level::Debug => Level::Trace,
                    Level::Trace => Level::Error,
                };
            }
            Action::Filter => model.logs.search.editing = true,
            Action::NextMatch => model.logs.next_match(),
            Action::PreviousMatch => model.logs.previous_match(),
            Action::Escape if !model.logs.search.text().is_empty() => model.logs.search.clear(),
            Action::Copy => {
                let text = model.logs.selected().map(as_text)?;
                return Some(vec![Effect::Copy(text)]);
            }
            Action::Activate => {
                let run = self.run_at_hand(model)?;
                return Some(model.open_run(&run));
            }
            _ if model.logs.moved(action) => {}
            _ => return None,
        }
        Some(Vec::new())
    }

    fn on_enter(&self, model: &mut Model) -> Vec<Effect> {
        refresh(model)
    }

    fn on_connected(&self, model: &mut Model) -> Vec<Effect> {
        output::reconnected(model);
        if model.screen == ScreenId::Logs { refresh(model) } else { Vec::new() }
    }

    fn on_mirror(&self, model: &mut Model) -> Vec<Effect> {
        if model.screen == ScreenId::Logs && model.logs.source == Source::Output {
            return output::look(model);
        }
        Vec::new()
    }

    fn on_answer(&self, model: &mut Model, request: &Request, result: Result<Response>) -> Vec<Effect> {
        output::on_answer(model, request, result)
    }

    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        let shown = model.screen == ScreenId::Logs && model.logs.source == Source::Output;
        output::on_update(model, update, shown)
    }

    fn on_tick(&self, model: &mut Model) -> Vec<Effect> {
        let state = &model.logs;
        let due = state.program.read_at.is_none_or(|at| model.now.since(at) >= interval(state));
        if state.source == Source::Program && due { read(model) } else { Vec::new() }
    }

    fn next_tick(&self, model: &Model) -> Option<Millis> {
        let state = &model.logs;
        if state.source != Source::Program || state.program.reading {
            return None;
        }
        let passed = state.program.read_at.map_or(Millis::ZERO, |at| model.now.since(at));
        Some(Millis(interval(state).0.saturating_sub(passed.0).max(1)))
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        view::draw(model, frame, area);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let state = &model.logs;
        if state.search.editing {
            return vec![
                Hint::labelled(Action::Activate, "search"),
                Hint::labelled(Action::Escape, "no search"),
            ];
        }
        let mut hints = Vec::new();
        if !state.view().follow {
            hints.push(Action::Follow.into());
        }
        if self.run_at_hand(model).is_some() {
            hints.push(Hint::labelled(Action::Activate, "open the run"));
        }
        hints.push(match state.source {
            Source::Program => Hint::labelled(Action::Focus, "output"),
            Source::Output => Hint::labelled(Action::Focus, "program log"),
        });
        if !state.search.text().is_empty() {
            hints.push(Hint::labelled(Action::NextMatch, "next match"));
        }
        hints.push(Hint::labelled(Action::Filter, "search"));
        if state.source == Source::Program {
            hints.push(Action::Level.into());
        }
        hints.push(Action::Copy.into());
        hints
    }
}
