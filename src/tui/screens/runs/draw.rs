//! The picture of the Runs screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Shown, has_failed_need, known, rows};
use crate::base::Millis;
use crate::config::Role;
use crate::run::{RunStatus, RunSummary};
use crate::tui::Model;
use crate::tui::model::{ago, short};
use crate::tui::screens::empty;
use crate::tui::widgets::filter::status_line;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Column, Row, headed};

/// From this width on the workflow's name has a column of its own.
const WIDE: u16 = 110;

/// Columns go from the right where there is no room.
const COLUMNS: [Column; 8] = [
    Column::fit(11).essential(),
    Column::fit(20).essential(),
    Column::fill(),
    Column::fit(7).right(),
    Column::fit(12).right(),
    Column::fit(9).right(),
    Column::fit(9).right(),
    Column::fit(12),
];
const HEAD: [&str; 8] = ["status", "workflow", "what for", "step", "started", "took", "waiting", "who"];

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let all = known(model);
    if all.is_empty() {
        nothing_yet(model, frame, area);
        return;
    }
    let shown = rows(model);
    // A free line above the counts where there is room for it.
    let foot = area.height.min(if area.height > 14 { 2 } else { 1 });
    let body = Rect { height: area.height - foot, ..area };
    if shown.is_empty() {
        nothing_fits(model, frame, body);
    } else {
        let mut at = model.runs.at.borrow_mut();
        at.settle(&shown);
        let lines: Vec<Row> = shown.iter().map(|r| row(model, r, area.width >= WIDE)).collect();
        let (mut columns, mut head) = (COLUMNS.to_vec(), HEAD.to_vec());
        if area.width >= WIDE {
            columns.insert(2, Column::fit(30));
            head.insert(2, "name");
        }
        headed::draw(frame, body, &model.look, &columns, &head, &lines, &at.list, true);
    }
    let last = Rect { y: area.y + area.height.saturating_sub(1), height: area.height.min(1), ..area };
    let last = Rect { x: last.x + 2.min(last.width), width: last.width.saturating_sub(2), ..last };
    status(model, frame, last, &all, shown.len());
}

fn nothing_yet(model: &Model, frame: &mut Frame, area: Rect) {
    if !model.mirror.loaded {
        empty(model, frame, area, &["Asking the engine for the runs…"]);
        return;
    }
    let sentences = [
        "No runs yet.",
        "A run is one walk through a workflow; everything that happens in it is written down here.",
        "",
        "Press 1 and say what you want to do.",
    ];
    empty(model, frame, area, &sentences);
}

fn nothing_fits(model: &Model, frame: &mut Frame, area: Rect) {
    let text = model.runs.filter.text();
    let status = model.runs.shown;
    let first = match (status, text) {
        (Shown::All, text) => format!("No run contains “{text}”."),
        (status, "") => format!("No run is {}.", status.word()),
        (status, text) => format!("No run that is {} contains “{text}”.", status.word()),
    };
    let first = crate::base::SafeLine::new(&first);
    empty(model, frame, area, &[first.as_str(), "Press Esc to see all of them again."]);
}

fn status(model: &Model, frame: &mut Frame, area: Rect, all: &[&RunSummary], shown: usize) {
    let look = &model.look;
    let live = all.iter().filter(|r| !r.status.is_ended()).count();
    let status = match model.runs.shown {
        Shown::All => String::new(),
        other => format!("only {}", other.word()),
    };
    let counted = if shown == all.len() { String::new() } else { format!("{shown} of {}", all.len()) };
    if model.runs.filter.is_shown() {
        let left_over =
            [counted, status].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
        model.runs.filter.draw(frame, area, look, &left_over, model.layers.is_empty());
        return;
    }
    let runs = if all.len() == 1 { "1 run".to_owned() } else { format!("{} runs", all.len()) };
    let failed = all.iter().filter(|r| r.status == RunStatus::Failed).count();
    let part = |n: usize, word: &str| if n > 0 { format!("{n} {word}") } else { String::new() };
    let parts = if status.is_empty() {
        [runs, part(live, "live"), part(failed, "failed")]
    } else {
        [status, format!("{shown} of {runs}"), String::new()]
    };
    status_line(frame, area, look, &parts);
}

fn row(model: &Model, row: &RunSummary, wide: bool) -> Row {
    let look = &model.look;
    let badge = look.run(row.status);
    let turns = row.status == RunStatus::Running;
    let glyph = if turns { look.spinner(model.now.0 / 250) } else { badge.glyph };
    let end = row.ended_at.unwrap_or(model.now);
    let waiting = if row.ended_at.is_some() { row.times.waiting } else { row.times_at(model.now).waiting };
    let length = |length: Millis| {
        Line::styled(if length.0 < 1000 { String::new() } else { short(length) }, look.muted())
    };
    let mut cells = vec![
        Line::styled(format!("{glyph} {}", badge.word), badge.style),
        Line::from(untrusted(row.workflow.as_str(), look.text())),
        what_for(model, row, wide),
        Line::styled(format!("{}/{}", row.current, row.steps), look.muted()),
        Line::styled(ago(model.now.since(row.started_at)), look.subtext()),
        Line::styled(short(end.since(row.started_at)), look.subtext()),
        length(waiting),
        Line::from(untrusted(row.started_by.short(), look.muted())),
    ];
    if wide {
        cells.insert(2, Line::from(untrusted(&row.name, look.text())));
    }
    Row::new(cells)
}

/// The step that failed, or what the run is about and where it stands.
fn what_for(model: &Model, row: &RunSummary, wide: bool) -> Line<'static> {
    let look = &model.look;
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut add = |text: &str, style| {
        if !text.is_empty() {
            if !spans.is_empty() {
                spans.push(Span::raw("  "));
            }
            spans.push(untrusted(text, style));
        }
    };
    if row.rolled_back {
        add("rolled back", look.style(Role::Warning));
    }
    let ended_badly = matches!(row.status, RunStatus::Failed | RunStatus::Cancelled);
    if let Some(step) = row.failed_steps.first().filter(|_| ended_badly || has_failed_need(row)) {
        let more = row.failed_steps.len() - 1;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        add(&format!("failed: {step}{more}"), look.style(Role::Error));
    }
    if let Some(parent) = &row.parent {
        add(&format!("{} {}", look.glyph("↳", "of"), parent.short()), look.muted());
    }
    if !wide {
        add(&row.name, look.text());
    }
    add(&row.subject, look.subtext());
    if let Some(need) = row.need.as_ref().filter(|_| !has_failed_need(row)) {
        add(&format!("{}: {}", need.kind.word(), need.title), look.style(Role::Warning));
        if let Some(lease) = &need.lease {
            add(&format!("taken by {}", lease.holder.short()), look.subtext());
        }
        if let Some(to) = &need.to {
            add(&format!("asked: {to}"), look.subtext());
        }
        if let Some(deadline) = need.deadline {
            let told = if deadline > model.now {
                format!("{} left", short(deadline.since(model.now)))
            } else {
                "time is up".to_owned()
            };
            add(&told, look.subtext());
        }
    } else if wide && !row.status.is_ended() && !has_failed_need(row) {
        add(&row.current_title, look.muted());
    }
    Line::from(spans)
}
