//! The left side: every step in one line each, and the whole run in the line above.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{Actor, Millis};
use crate::config::Role;
use crate::run::{Phase, Prompt, Run, RunStatus, SegmentKind, StepRecord, StepState, StepStatus};
use crate::tui::Model;
use crate::tui::look::Badge;
use crate::tui::model::short;
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
    let at = format!("{}/{}", current(run) + 1, run.steps.len());
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
    match (&run.phase, run.status()) {
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

/// A step's status; one that waits for its next try says so.
pub fn badge(model: &Model, record: &StepRecord) -> Badge {
    let look = &model.look;
    let mut badge = look.step(record.state.status());
    match &record.state {
        StepState::Running { .. } => badge.glyph = look.spinner(model.now.0 / 250),
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => {
            badge = Badge { glyph: look.glyph("↻", "~"), word: "retrying", style: look.style(Role::Info) };
        }
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

/// At the right of a step: how long it worked or waited, or who decided.
fn aside(model: &Model, run: &Run, record: &StepRecord) -> String {
    let (work, waited) = (spent(model, run, record, true), spent(model, run, record, false));
    match &record.state {
        StepState::Pending | StepState::Skipped { .. } => String::new(),
        StepState::Done { by: by @ (Actor::Person(_) | Actor::Agent(_)), .. } if work == Millis::ZERO => {
            by.short().to_owned()
        }
        _ if work > Millis::ZERO => short(work),
        _ if waited > Millis::ZERO => short(waited),
        _ => String::new(),
    }
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
    let rows = area.height.saturating_sub(1 + foot);
    let count = run.steps.len();
    let height = usize::from(rows);
    let first = (shown + 1).saturating_sub(height.saturating_sub(1).max(1)).min(count.saturating_sub(height));
    let number = count.to_string().len();
    for (row, (index, (step, record))) in run.each_step().enumerate().skip(first).take(height).enumerate() {
        let place = Rect { y: area.y + 1 + row as u16, height: 1, ..area };
        let selected = index == shown;
        let badge = badge(model, record);
        let quiet = matches!(record.state.status(), StepStatus::Pending | StepStatus::Skipped);
        let title = match (selected, quiet) {
            (true, _) => look.strong(),
            (false, true) => look.muted(),
            (false, false) => look.text(),
        };
        let pointer = if selected { look.pointer() } else { " " };
        let style = if focused { look.accent() } else { look.muted() };
        let mut spans = vec![
            Span::styled(format!("{pointer} "), style),
            Span::styled(badge.glyph, badge.style),
            Span::styled(format!(" {:>number$} ", index + 1), look.muted()),
            untrusted(&step.title, title),
        ];
        let mut end = aside(model, run, record);
        if area.width >= WORDS {
            end = format!("{end:>9}  {:<9}", badge.word);
        }
        let room = usize::from(area.width).saturating_sub(width(&end) + 2);
        spans = cut_line(&Line::from(spans), room).spans;
        frame.render_widget(Line::from(spans), place);
        let wide = (width(&end) as u16).min(area.width);
        let at = Rect { x: area.x + area.width - wide, width: wide, ..place };
        frame.render_widget(Line::styled(end, look.muted()), at);
        if selected && focused {
            frame.buffer_mut().set_style(place, look.selection());
        }
    }
    if foot > 0 {
        let back = format!("  Esc follows the run again, at step {}", current(run) + 1);
        let place = Rect { y: area.y + 1 + (count as u16).min(rows), height: 1, ..area };
        let line = cut_line(&Line::styled(back, look.muted()), area.width.into());
        frame.render_widget(line, place);
    }
}
