//! The picture of the Registry screen: the list, the document, the line of counts.

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Focus, Record, document, entries, records, selected};
use crate::base::WorkflowId;
use crate::config::Role;
use crate::tui::Model;
use crate::tui::look::Look;
use crate::tui::model::ago;
use crate::tui::screens::empty;
use crate::tui::widgets::filter::status_line;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Column, Row, card, headed, pane};
use crate::workflow::registry::EntryState;
use crate::workflow::{Entry, Origin, Status};

/// Wider than this, lines of prose are hard to follow.
const PROSE: u16 = 84;

/// Columns go from the right where there is no room. What is not as usual stands before the name,
/// so that its word never goes, and the usual ones have the room.
const COLUMNS: [Column; 6] = [
    Column::fit(16).essential(),
    Column::fill(),
    Column::fit(7).right(),
    Column::fit(12).right(),
    Column::fit(20),
    Column::fit(8),
];
const HEAD: [&str; 6] = ["id", "name", "30 d", "last run", "category", "from"];

/// The word for what is not as usual.
pub fn state(entry: &Entry) -> Option<&'static str> {
    match &entry.state {
        EntryState::Broken { .. } => Some("broken"),
        EntryState::Loaded { trusted: false, .. } => Some("untrusted"),
        EntryState::Loaded { workflow, .. } if workflow.status != Status::Active => {
            Some(workflow.status.word())
        }
        EntryState::Loaded { .. } => None,
    }
}

/// The same with its glyph and colour.
pub fn badge(look: &Look, entry: &Entry) -> Option<Span<'static>> {
    let word = state(entry)?;
    let (glyph, style) = match word {
        "broken" => (look.glyph("✗", "x"), look.style(Role::Error)),
        "untrusted" => (look.glyph("▲", "!"), look.style(Role::Warning)),
        "draft" => (look.glyph("✎", "~"), look.subtext()),
        _ => (look.glyph("⊘", "/"), look.muted()),
    };
    Some(Span::styled(format!("{glyph} {word}"), style))
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    if model.bank.is_none() {
        empty(model, frame, area, &["Reading the bank…"]);
        return;
    }
    if entries(model).is_empty() {
        let own = format!("Put a workflow file (*.yaml) into {},", model.facts.workflows);
        let project =
            format!("or a project's into {}. Press 2 to look again.", model.facts.project_workflows);
        empty(model, frame, area, &["The bank is empty: no folder holds a workflow.", &own, &project]);
        return;
    }
    let reading = model.registry.focus == Focus::Document;
    if area.width < card::COMPACT.0 {
        if reading {
            draw_document(model, frame, inset(area, 2));
        } else {
            draw_list(model, frame, inset(area, 1));
        }
        return;
    }
    // The list gets what its names need, the document the rest.
    let left = (area.width * 12 / 25).clamp(32, 76);
    draw_list(model, frame, inset(Rect { width: left, ..area }, 1));
    let line = Rect { x: area.x + left, width: 1, ..area };
    let set = model.look.border_set();
    for y in line.y..line.y + line.height {
        frame.render_widget(
            Span::styled(set.vertical_left, model.look.border(reading)),
            Rect { y, height: 1, ..line },
        );
    }
    let right = Rect { x: line.x + 1, width: area.width - left - 1, ..area };
    draw_document(model, frame, inset(right, 2));
}

fn inset(area: Rect, by: u16) -> Rect {
    Rect { x: area.x + by.min(area.width), width: area.width.saturating_sub(2 * by), ..area }
}

fn draw_list(model: &Model, frame: &mut Frame, area: Rect) {
    let state = &model.registry;
    let foot = area.height.min(if area.height > 14 { 2 } else { 1 });
    let body = Rect { height: area.height - foot, ..area };
    if state.shown.is_empty() {
        let first = crate::base::SafeLine::new(&format!("No workflow contains “{}”.", state.filter.text()));
        empty(model, frame, body, &[first.as_str(), "Press Esc to see all of them again."]);
    } else {
        let records = records(model);
        let all = entries(model);
        let shown = state.shown.iter().filter_map(|n| all.get(*n));
        let rows: Vec<Row> = shown.map(|e| row(model, e, &records)).collect();
        let mut columns = COLUMNS;
        if area.width < 50 {
            // The name says more than the end of a long id.
            columns[0].max = 12;
        }
        let focused = state.focus == Focus::List;
        headed::draw(frame, body, &model.look, &columns, &HEAD, &rows, &state.list, focused);
    }
    let last = Rect { y: area.y + area.height.saturating_sub(1), height: area.height.min(1), ..area };
    let last = Rect { x: last.x + 2.min(last.width), width: last.width.saturating_sub(2), ..last };
    counts(model, frame, last);
}

fn counts(model: &Model, frame: &mut Frame, area: Rect) {
    let all = entries(model);
    let state = &model.registry;
    if state.filter.is_shown() {
        let left_over = format!("{} of {}", state.shown.len(), all.len());
        state.filter.draw(frame, area, &model.look, &left_over, model.layers.is_empty());
        return;
    }
    let count = |word: &str| all.iter().filter(|e| self::state(e) == Some(word)).count();
    let part = |n: usize, one: &str, many: &str| match n {
        0 => String::new(),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let loaded = all.iter().filter(|e| e.workflow().is_some()).count();
    let parts = [
        part(loaded, "workflow", "workflows"),
        part(count("broken"), "broken", "broken"),
        part(count("untrusted"), "untrusted", "untrusted"),
        part(count("draft"), "draft", "drafts"),
        part(count("deprecated"), "deprecated", "deprecated"),
    ];
    status_line(frame, area, &model.look, &parts);
}

fn row(model: &Model, entry: &Entry, records: &HashMap<&WorkflowId, Record>) -> Row {
    let look = &model.look;
    let workflow = entry.workflow();
    let record = workflow.and_then(|w| records.get(&w.id)).copied().unwrap_or_default();
    let quiet = matches!(state(entry), Some("deprecated"));
    let name = workflow.map_or("", |w| &w.name);
    let problem = match &entry.state {
        EntryState::Broken { errors, .. } => document::gravest(errors).next().map_or("", |e| &e.message),
        EntryState::Loaded { .. } => "",
    };
    let style = if quiet { look.muted() } else { look.text() };
    let mut told: Vec<Span<'static>> = badge(look, entry).into_iter().collect();
    if !told.is_empty() {
        told.push(Span::raw("  "));
    }
    told.push(if problem.is_empty() { untrusted(name, style) } else { untrusted(problem, look.subtext()) });
    // A rate is bad news only where something failed.
    let rate = if record.ended == 0 {
        Line::default()
    } else {
        let whole = record.succeeded == record.ended;
        Line::styled(
            format!("{}/{}", record.succeeded, record.ended),
            if whole { look.subtext() } else { look.style(Role::Warning) },
        )
    };
    let origin = if entry.origin == Origin::Bundled { "" } else { entry.origin.word() };
    Row::new(vec![
        Line::from(untrusted(entry.label(), if quiet { look.muted() } else { look.subtext() })),
        Line::from(told),
        rate,
        Line::styled(record.last.map_or_else(String::new, |at| ago(model.now.since(at))), look.muted()),
        Line::from(untrusted(workflow.and_then(|w| w.category.as_deref()).unwrap_or(""), look.subtext())),
        Line::styled(origin, look.muted()),
    ])
}

fn draw_document(model: &Model, frame: &mut Frame, area: Rect) {
    let area = Rect { width: area.width.min(PROSE), ..area };
    let Some(entry) = selected(model) else { return };
    // The last cell is for the marks that there is more.
    let room = usize::from(area.width.saturating_sub(2)).max(1);
    let lines = document::lines(&model.look, entry, model.registry.examples, room);
    pane::draw(frame, area, &model.look, &lines, &model.registry.scroll, false);
}
