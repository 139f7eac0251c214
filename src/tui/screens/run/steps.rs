//! The left side: every step in one line each, and the whole run in the line above.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{Actor, Millis};
use crate::config::Role;
use crate::run::{
    Phase, Prompt, Role as RecordRole, Run, RunStatus, SegmentKind, StepRecord, StepState, StepStatus,
};
use crate::tui::Model;
use crate::tui::look::{Badge, Look};
use crate::tui::model::short;
use crate::tui::screens::run::rows::{self, Row};
use crate::tui::screens::run::{Focus, current};
use crate::tui::widgets::text::{cut_line, untrusted, width};

/// From this width on there is room for the word beside the glyph.
const WORDS: u16 = 46;

/// Workflow, status, how far, what the time went into, the run's short id.
pub fn head(model: &Model, frame: &mut Frame, area: Rect, run: &Run) {
    let look = &model.look;
    let badge = status(model, run);
    let times = run.times(model.now);
    let wide = area.width >= 100;
    let tell = |length: Millis| if wide { length.to_string() } else { short(length) };
    let mut right: Vec<(String, String)> = Vec::new();
    if area.width >= 70 {
        right.push(("work ".to_owned(), tell(times.work)));
        for (label, length) in
            [("waiting ", times.waiting), ("retry ", times.retry), ("paused ", times.paused)]
        {
            if length > Millis::ZERO {
                right.push((label.to_owned(), short(length)));
            }
        }
    }
    right.push(("run ".to_owned(), run.id().short().to_owned()));
    let gap = if wide { "   " } else { "  " };
    let mut end = Vec::new();
    for (n, (label, value)) in right.into_iter().enumerate() {
        end.push(Span::raw(if n > 0 { gap } else { "" }));
        end.push(Span::styled(label, look.muted()));
        end.push(Span::styled(value, look.subtext()));
    }
    let end = Line::from(end);
    let id = untrusted(run.header.workflow.id.as_str(), look.strong());
    let place = run.steps.get(current(run)).map_or(0, |r| r.role.index() + 1);
    let at = format!("{place}/{}", run.workflow.steps.len());
    let tail = vec![
        Span::raw("  "),
        Span::styled(format!("{} {}", badge.glyph, badge.word), badge.style),
        Span::styled(format!("  {at}"), look.muted()),
    ];
    let used = id.width() + tail.iter().map(Span::width).sum::<usize>() + end.width() + 4;
    let room = usize::from(area.width).saturating_sub(used);
    let mut spans = vec![id];
    if room >= 8 {
        let name = Line::from(untrusted(&run.header.workflow.name, look.text()));
        spans.push(Span::raw("  "));
        spans.extend(cut_line(&name, room).spans);
    }
    spans.extend(tail);
    let left = cut_line(&Line::from(spans), usize::from(area.width).saturating_sub(end.width() + 1));
    frame.render_widget(left, area);
    let wide = (end.width() as u16).min(area.width);
    frame.render_widget(end, Rect { x: area.x + area.width - wide, width: wide, ..area });
}

/// The run's status in the words of this screen.
fn status(model: &Model, run: &Run) -> Badge {
    let look = &model.look;
    let mut badge = look.run(run.status());
    let undone = run.rollback.as_ref().is_some_and(|r| r.done.is_some());
    match (&run.phase, run.status()) {
        (Phase::Failed { .. }, _) if undone => badge.word = "failed, rolled back",
        (Phase::Cancelled { .. }, _) if undone => badge.word = "cancelled, rolled back",
        (Phase::Active { .. }, RunStatus::Running) if run.is_rolling_back() => {
            let glyph = look.spinner(model.now.0 / 250);
            badge = Badge { glyph, word: "rolling back", style: look.style(Role::Warning) };
        }
        (Phase::Cancelling { .. }, _) => {
            badge = Badge { glyph: look.spinner(model.now.0 / 250), word: "cancelling", style: look.muted() };
        }
        (Phase::Paused { frozen: true, .. }, _) => badge.word = "paused, frozen",
        (_, RunStatus::Waiting) => badge.word = "waiting for you",
        (_, RunStatus::Running) => badge.glyph = look.spinner(model.now.0 / 250),
        _ => {}
    }
    badge
}

/// A step's status; one that waits for its next try, or is held, says so.
pub fn badge(model: &Model, record: &StepRecord) -> Badge {
    let look = &model.look;
    let mut badge = look.step(record.state.status());
    match &record.state {
        // Its child run waits for somebody.
        StepState::Running { need: Some(need), .. } => {
            badge = Badge { word: "waiting", ..look.need(need.kind) };
        }
        StepState::Running { .. } => badge.glyph = look.spinner(model.now.0 / 250),
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => {
            badge = Badge { glyph: look.glyph("↻", "~"), word: "retrying", style: look.style(Role::Info) };
        }
        StepState::Waiting { on: Prompt::Proceed { .. }, .. } => badge.word = "held",
        _ => {}
    }
    badge
}

/// What the time of one step went into.
pub fn spent(model: &Model, run: &Run, record: &StepRecord, work: bool) -> Millis {
    run.segments
        .iter()
        .filter(|s| s.step.as_ref() == Some(&record.id) && (s.kind == SegmentKind::Work) == work)
        .fold(Millis::ZERO, |sum, s| sum.plus(s.length(model.now)))
}

/// At the right of a step: how far a loop is, how long it worked or waited, or who decided.
fn aside(model: &Model, run: &Run, record: &StepRecord, wide: bool) -> String {
    if let Some(progress) = rows::progress(run, record, wide) {
        return progress;
    }
    if let Some(lease) = record.state.taken() {
        return lease.holder.short().to_owned();
    }
    let (work, waited) = (spent(model, run, record, true), spent(model, run, record, false));
    match &record.state {
        StepState::Pending if wide => after(run, record),
        StepState::Pending | StepState::Skipped { .. } => String::new(),
        StepState::Done { by: by @ (Actor::Person(_) | Actor::Agent(_)), .. } if work == Millis::ZERO => {
            by.short().to_owned()
        }
        _ if work > Millis::ZERO => short(work),
        _ if waited > Millis::ZERO => short(waited),
        _ => String::new(),
    }
}

/// Which steps must be settled first, where that is not simply the one before.
fn after(run: &Run, record: &StepRecord) -> String {
    let explicit = match record.role {
        RecordRole::Step { index } => run.workflow.steps.get(index).and_then(|s| s.needs.as_ref()),
        _ => None,
    };
    let places: Vec<String> =
        explicit.into_iter().flatten().filter_map(|id| Some((run.place(id)? + 1).to_string())).collect();
    if places.is_empty() { String::new() } else { format!("after {}", places.join(", ")) }
}

/// Behind the title: held before it begins; done otherwise than the file says.
fn marks(look: &Look, run: &Run, record: &StepRecord) -> Vec<Span<'static>> {
    let mut marks = Vec::new();
    if run.breakpoints.contains(&record.id) {
        marks.push(Span::styled(look.glyph(" ◉", " (b)"), look.style(Role::Warning)));
    }
    if record.edit.is_some() {
        marks.push(Span::styled(look.glyph(" ✎", " (e)"), look.style(Role::Info)));
    }
    marks
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect, run: &Run, focus: Focus) {
    let look = &model.look;
    let focused = focus == Focus::Steps;
    let head = if focused {
        look.style(Role::Focus).add_modifier(ratatui::style::Modifier::BOLD)
    } else {
        look.heading()
    };
    frame.render_widget(Line::styled("Steps", head), Rect { height: area.height.min(1), ..area });
    let shown = model.run.shown(run);
    let pinned = model.run.selected.is_some();
    let foot = u16::from(pinned && area.height > 3);
    let lines = rows::rows(run, shown, &model.run.unfolded);
    let height = usize::from(area.height.saturating_sub(1 + foot));
    let place = lines.iter().position(|row| *row == Row::Record(shown)).unwrap_or_default();
    let first =
        (place + 1).saturating_sub(height.saturating_sub(1).max(1)).min(lines.len().saturating_sub(height));
    let number = run.workflow.steps.len().to_string().len();
    for (n, row) in lines.iter().skip(first).take(height).enumerate() {
        let place = Rect { y: area.y + 1 + n as u16, height: 1, ..area };
        match row {
            Row::Heading(text) => frame.render_widget(Line::styled(*text, look.heading()), place),
            Row::Folded(told) => {
                let line = Line::styled(format!("      {} {told}", look.glyph("⋯", "...")), look.muted());
                frame.render_widget(cut_line(&line, area.width.into()), place);
            }
            Row::Record(index) => {
                let Some(record) = run.steps.get(*index) else { continue };
                draw_record(model, frame, place, run, record, *index == shown, focused, number);
            }
        }
    }
    if foot > 0 {
        let at = run.steps.get(current(run)).map(|r| rows::full_number(r, look)).unwrap_or_default();
        let back = format!("  Esc follows the run again, at step {at}");
        let place = Rect { y: area.y + 1 + lines.len().min(height) as u16, height: 1, ..area };
        let line = cut_line(&Line::styled(back, look.muted()), area.width.into());
        frame.render_widget(line, place);
    }
}

#[expect(clippy::too_many_arguments, reason = "one line of the list and everything that it depends on")]
fn draw_record(
    model: &Model,
    frame: &mut Frame,
    place: Rect,
    run: &Run,
    record: &StepRecord,
    selected: bool,
    focused: bool,
    digits: usize,
) {
    let look = &model.look;
    let badge = badge(model, record);
    let quiet = matches!(record.state.status(), StepStatus::Pending | StepStatus::Skipped);
    let title = match (selected, quiet) {
        (true, _) => look.strong(),
        (false, true) => look.muted(),
        (false, false) => look.text(),
    };
    let pointer = if selected { look.pointer() } else { " " };
    let style = if focused { look.accent() } else { look.muted() };
    let part = matches!(record.role, RecordRole::Iteration { .. });
    let mut spans = vec![
        Span::styled(format!("{pointer} "), style),
        Span::raw(if part { "    " } else { "" }),
        Span::styled(badge.glyph, badge.style),
        Span::styled(format!(" {:>digits$} ", rows::number(record)), look.muted()),
        untrusted(&rows::name(run, record), title),
    ];
    let wide = place.width >= WORDS;
    let mut end = aside(model, run, record, wide);
    if wide {
        end = format!("{end:>9}  {:<9}", badge.word);
    }
    let marks = marks(look, run, record);
    let marked: usize = marks.iter().map(Span::width).sum();
    let room = usize::from(place.width).saturating_sub(width(&end) + 2 + marked);
    spans = cut_line(&Line::from(spans), room).spans;
    spans.extend(marks);
    frame.render_widget(Line::from(spans), place);
    let wide = (width(&end) as u16).min(place.width);
    let at = Rect { x: place.x + place.width - wide, width: wide, ..place };
    frame.render_widget(Line::styled(end, look.muted()), at);
    if selected && focused {
        frame.buffer_mut().set_style(place, look.selection());
    }
}
