//! One run, large: its steps, the current one in full, output, timeline.
//!
//! Here: the state and the screen itself. `act` does what keys ask for; `rows` says what the list is made of;
//! `steps`, `timeline`, `banner`, `detail` and `output` draw.

use std::cell::Cell;
use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{Millis, Result, RunId, StepId};
use crate::config::{Action, Context, Role};
use crate::protocol::{Request, Response, Update};
use crate::run::{Prompt, Role as RecordRole, Run, StepState};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::overlays::pager::Pager;
use crate::tui::overlays::reason::{Reason, Wanted};
use crate::tui::screens::run::act::{activate, copied, move_in_detail, scroll, select, tick};
use crate::tui::screens::{Screen, ScreenId, empty};
use crate::tui::verbs;
use crate::tui::widgets::text::wrap;
use crate::tui::widgets::{Hint, PaneState, card};

mod act;
mod banner;
pub mod detail;
#[cfg(test)]
pub mod engine_tests;
#[cfg(test)]
mod family_tests;
mod hints;
#[cfg(test)]
mod lease_tests;
#[cfg(test)]
mod move_over_tests;
pub mod output;
#[cfg(test)]
mod output_tests;
pub mod rows;
pub mod sheet;
mod steps;
#[cfg(test)]
pub mod tests;
mod timeline;

/// Which side the arrows move in; where there is room for one side only, it is this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    Steps,
    Detail,
}

#[derive(Debug, Default)]
pub struct State {
    /// The run that is shown.
    pub open: Option<RunId>,
    /// Answers that were typed and left.
    pub drafts: crate::tui::overlays::form::Drafts,
    /// Edits of steps that were typed and left.
    pub edits: crate::tui::overlays::edit::Edits,
    /// `None`: the selection follows the run.
    selected: Option<StepId>,
    /// Long loops of which every part is shown.
    unfolded: BTreeSet<StepId>,
    /// `None`: the step of a live run, the list of an ended one.
    focus: Option<Focus>,
    /// The action of a manual step that `space` ticks.
    action: usize,
    detail: PaneState,
    /// The cursor has moved: the next drawing scrolls to it.
    reveal: Cell<bool>,
    output: output::Output,
    /// What was shown last, to see that it is another one now.
    last: Option<output::Of>,
    /// The cards that have opened by themselves already: each does so once.
    offered: BTreeSet<(RunId, StepId, u32, &'static str)>,
    /// Only one side is drawn.
    narrow: Cell<bool>,
}

impl State {
    /// Whose output is shown.
    pub fn output_of(&self) -> Option<output::Of> {
        self.output.of().cloned()
    }

    /// The step that is shown large, by its place among the records.
    fn shown(&self, run: &Run) -> usize {
        let selected = self.selected.as_ref().and_then(|id| run.record(id)).map(|(place, _)| place);
        selected.unwrap_or_else(|| current(run)).min(run.steps.len().saturating_sub(1))
    }

    fn focus(&self, run: &Run) -> Focus {
        self.focus.unwrap_or(if run.is_ended() { Focus::Steps } else { Focus::Detail })
    }
}

pub use act::{decide, offer};
pub use detail::edited;

pub struct RunScreen;

/// The step that the run is at; of one that has ended, the last that was begun.
fn current(run: &Run) -> usize {
    if run.is_ended() {
        let begun = run.steps.iter().rposition(|s| !matches!(s.state, StepState::Pending));
        return begun.unwrap_or_default();
    }
    let at = run.current_index();
    // A loop is where its iterations are.
    let index = run.steps.get(at).filter(|r| rows::is_loop(run, r)).map(|r| r.role.index());
    let inside = run.steps.iter().position(|r| {
        matches!(r.role, RecordRole::Iteration { index: of, .. } if Some(of) == index) && r.state.is_open()
    });
    inside.unwrap_or(at)
}

/// Shows another run from now on; its whole copy is kept in the mirror.
pub fn open(model: &mut Model, run: &RunId) -> Vec<Effect> {
    if model.run.open.as_ref() != Some(run) {
        if let Some(last) = model.run.open.replace(run.clone()) {
            model.mirror.unwatch(&last);
        }
        model.run.selected = None;
        model.run.focus = None;
        model.run.unfolded.clear();
        // Its workflow's file may have changed.
        if model.bank.is_some() {
            let mut effects = model.mirror.watch(run);
            effects.push(Effect::LoadBank);
            return effects;
        }
    }
    model.mirror.watch(run)
}

/// The same, with this step selected.
pub fn open_at(model: &mut Model, run: &RunId, step: &StepId) -> Vec<Effect> {
    let mut effects = model.open_run(run);
    let is_current = model
        .mirror
        .run(run)
        .is_some_and(|copy| copy.steps.get(current(copy)).is_some_and(|r| &r.id == step));
    model.run.selected = Some(step.clone()).filter(|_| !is_current);
    effects.extend(refresh(model));
    effects
}

fn run(model: &Model) -> Option<&Run> {
    model.mirror.run(model.run.open.as_ref()?)
}

/// Brings what this screen holds in line with the run and the selection.
fn refresh(model: &mut Model) -> Vec<Effect> {
    let Some(run) = run(model) else { return Vec::new() };
    let index = model.run.shown(run);
    let Some(record) = run.steps.get(index) else { return Vec::new() };
    let of: output::Of = (run.id().clone(), record.id.clone(), record.attempt());
    let has_output = record.attempts.last().is_some_and(|a| a.work.runs_processes());
    let ended = record.attempts.last().is_some_and(|a| a.ended.is_some());
    let first_open = unticked(record.state.clone(), 0);
    if model.run.last.as_ref() != Some(&of) {
        model.run.last = Some(of.clone());
        model.run.detail = PaneState::default();
        model.run.action = first_open.unwrap_or_default();
    }
    output::refresh(model, has_output.then_some(of), ended)
}

/// The next action from `from` on, round the end, that is not ticked.
fn unticked(state: StepState, from: usize) -> Option<usize> {
    let StepState::Waiting { on: Prompt::Check { checked }, .. } = state else { return None };
    (from..checked.len()).chain(0..from.min(checked.len())).find(|n| !checked[*n])
}

impl Screen for RunScreen {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Run, Context::List]
    }

    fn run_at_hand(&self, model: &Model) -> Option<RunId> {
        model.run.open.clone()
    }

    fn step_at_hand(&self, model: &Model) -> Option<StepId> {
        let run = run(model)?;
        run.steps.get(model.run.shown(run)).map(|r| r.id.clone())
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        let run = run(model)?;
        let record = run.steps.get(model.run.shown(run))?;
        let of_step = verbs::is_of_step(action) || action == Action::Evidence;
        if of_step && !run.is_ended() && !record.state.is_open() {
            // A verb acts on the step that is looked at, so that one must be open.
            let at = run.steps.get(current(run)).filter(|r| r.state.is_open())?;
            return Some(format!(
                "You look at step {}, which is {}; the run is at step {}, “{}” (Esc goes there)",
                rows::full_number(record, &model.look),
                record.state.status().word(),
                rows::full_number(at, &model.look),
                rows::title(run, at)
            ));
        }
        match action {
            Action::Evidence => verbs::refused(model, Action::Done),
            // One key for both: what there is to say of a step without an approval.
            Action::Reject => verbs::refused(model, action)
                .and_then(|why| verbs::refused(model, Action::Retry).or(Some(why))),
            Action::Output | Action::Follow if model.run.output.is_empty() => {
                Some("This step has no output".to_owned())
            }
            Action::OpenChild if record.child().is_none() => {
                Some("This step has not started a run of its own".to_owned())
            }
            Action::OpenParent if run.header.parent.is_none() => {
                Some("This run is no step of another one".to_owned())
            }
            Action::Fold if act::long_loop(run, record).is_none() => {
                Some(format!("Only a loop of more than {} parts is folded", rows::FOLD))
            }
            Action::Edit => Some("Nothing is edited on this screen".to_owned()),
            Action::Filter => Some("Open the whole output to search in it".to_owned()),
            _ => None,
        }
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
        let Some(run) = run(model) else {
            return (action == Action::Activate).then(|| activate(model));
        };
        let focus = model.run.focus(run);
        let id = run.id().clone();
        let record = run.steps.get(model.run.shown(run));
        let shown = record.map(|r| r.id.clone());
        match action {
            Action::Activate => return Some(activate(model)),
            Action::Check if act::ticks(model) => return Some(tick(model)),
            Action::Evidence => model.open(Reason::new(id, Wanted::Done { step: shown })),
            Action::Note => model.open(Reason::new(id, Wanted::Note { step: shown })),
            Action::OpenChild => {
                let child = record.and_then(|r| r.child()).cloned()?;
                return Some(model.open_run(&child));
            }
            Action::OpenParent => {
                let parent = run.header.parent.clone()?;
                return Some(open_at(model, &parent.run, &parent.step));
            }
            Action::Fold => act::fold(model),
            Action::Output => return Some(Pager::open(model)),
            Action::Follow => {
                let scroll = &mut model.run.output.scroll;
                scroll.follow = !scroll.follow;
            }
            Action::Copy => return Some(copied(model).map(Effect::Copy).into_iter().collect()),
            Action::Focus | Action::FocusBack => {
                let other = if focus == Focus::Steps { Focus::Detail } else { Focus::Steps };
                model.run.focus = Some(other);
            }
            Action::Left => model.run.focus = Some(Focus::Steps),
            Action::Right => model.run.focus = Some(Focus::Detail),
            Action::Escape if model.run.selected.is_some() => {
                model.run.selected = None;
                model.run.focus = None;
                return Some(refresh(model));
            }
            Action::PageUp | Action::PageDown => scroll(model, action),
            Action::Up if focus == Focus::Steps => return Some(select(model, |at, _| at.saturating_sub(1))),
            Action::Down if focus == Focus::Steps => return Some(select(model, |at, _| at + 1)),
            Action::Top if focus == Focus::Steps => return Some(select(model, |_, _| 0)),
            Action::Bottom if focus == Focus::Steps => return Some(select(model, |_, last| last)),
            Action::Up | Action::Down | Action::Top | Action::Bottom => move_in_detail(model, action),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn on_enter(&self, model: &mut Model) -> Vec<Effect> {
        let mut effects = refresh(model);
        effects.extend(offer(model));
        effects
    }

    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        let of = match update {
            Update::Run { summary, .. } => &summary.run,
            Update::Output { run, .. } => run,
            _ => return Vec::new(),
        };
        if model.run.open.as_ref() != Some(of) {
            return Vec::new();
        }
        forget_drafts(model);
        let mut effects = refresh(model);
        effects.extend(offer(model));
        effects
    }

    fn on_mirror(&self, model: &mut Model) -> Vec<Effect> {
        // A run that was opened at a step has come: where it is at that step, it is followed.
        let at = run(model).and_then(|run| run.steps.get(current(run))).map(|r| r.id.clone());
        model.run.selected.take_if(|selected| Some(&*selected) == at.as_ref());
        if model.screen == ScreenId::Run { self.on_enter(model) } else { Vec::new() }
    }

    fn on_tick(&self, model: &mut Model) -> Vec<Effect> {
        // What came while another card was open is offered once that has closed.
        self.on_enter(model)
    }

    fn on_answer(&self, model: &mut Model, request: &Request, result: Result<Response>) -> Vec<Effect> {
        output::answer(model, request, result);
        refresh(model)
    }

    fn on_connected(&self, model: &mut Model) -> Vec<Effect> {
        model.run.output.reset();
        refresh(model)
    }

    fn next_tick(&self, model: &Model) -> Option<Millis> {
        let run = run(model)?;
        let output = model.run.output.next_tick(model.now);
        if run.is_ended() {
            return output;
        }
        // Waiting and pauses are told in seconds at first, then in minutes.
        let open = run.segments.iter().filter(|s| s.to.is_none());
        let waiting = open.map(|s| s.length(model.now)).map(|length| match length.0 {
            young if young < 60_000 => Millis(1_000 - young % 1_000),
            old => Millis(60_000 - old % 60_000),
        });
        waiting.chain(output).min()
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        match run(model) {
            Some(run) => draw(model, frame, area, run),
            None if model.run.open.is_some() => {
                empty(model, frame, area, &["The run is on its way from the engine."]);
            }
            None => empty(
                model,
                frame,
                area,
                &["One run, step by step: none is open.", "Press 3 and open one, or 1 and start one."],
            ),
        }
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        match run(model) {
            Some(run) => hints::hints(model, run),
            None => vec![Action::GoRuns.into(), Action::GoConsole.into()],
        }
    }
}

/// Answers that the run has taken are no drafts any more.
fn forget_drafts(model: &mut Model) {
    let Some(run) = run(model) else { return };
    let id = run.id().clone();
    let taken: Vec<StepId> = run
        .steps
        .iter()
        .filter(|r| matches!(r.state, StepState::Done { .. }))
        .map(|r| r.id.clone())
        .collect();
    model.run.drafts.retain(|(of, step), _| of != &id || !taken.contains(step));
}

fn draw(model: &Model, frame: &mut Frame, area: Rect, run: &Run) {
    let look = &model.look;
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let (head, mut body) = split(area, 1);
    steps::head(model, frame, head, run);
    for line in banner::lines(model, run) {
        // What holds for the whole run takes a third of a small screen at most.
        let most = usize::from(area.height / 6).clamp(1, 3);
        for line in wrap(&line, body.width.into(), 0).into_iter().take(most) {
            let (row, rest) = split(body, 1);
            frame.render_widget(line, row);
            body = rest;
        }
    }
    // A free line under the head where there is room for it.
    if body.height > 14 {
        body = split(body, 1).1;
    }
    let focus = model.run.focus(run);
    let narrow = frame.area().width < card::COMPACT.0;
    model.run.narrow.set(narrow);
    let shown = model.run.shown(run);
    if narrow {
        match focus {
            Focus::Steps => steps::draw(model, frame, body, run, focus),
            Focus::Detail => detail::draw(model, frame, body, run, shown, focus),
        }
        return;
    }
    let wide = (body.width * 2 / 5).clamp(28, 54);
    let left = Rect { width: wide, ..body };
    let rule = Rect { x: body.x + wide + 1, width: 1, ..body };
    let right = Rect { x: body.x + wide + 3, width: body.width.saturating_sub(wide + 3), ..body };
    // Heading, steps, how to come back, a free line.
    let needed = rows::rows(run, shown, &model.run.unfolded).len() as u16 + 3;
    let strip = left.height >= needed + timeline::HEIGHT;
    let (above, below) = split(left, if strip { needed } else { left.height });
    steps::draw(model, frame, above, run, focus);
    if strip {
        timeline::draw(model, frame, below, run);
    }
    let bar = look.glyph("│", "|");
    for y in rule.y..rule.y + rule.height {
        frame.render_widget(
            Line::from(Span::styled(bar, look.style(Role::Border))),
            Rect { y, height: 1, ..rule },
        );
    }
    detail::draw(model, frame, right, run, shown, focus);
}

/// The upper `rows` of an area, and the rest.
fn split(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}
