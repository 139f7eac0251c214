//! How sessions are drawn: the list, beside it the summary of the selected one. Where there is
//! room for one pane only, it is the one that has the focus.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Focus, markdown, selected, summary};
use crate::base::Timestamp;
use crate::config::Role;
use crate::run::{RunStatus, Session};
use crate::tui::Model;
use crate::tui::model::short;
use crate::tui::screens::empty;
use crate::tui::widgets::list::{self, Column, Row};
use crate::tui::widgets::text::{cut_line, span, untrusted};
use crate::tui::widgets::{PaneState, pane};

/// Narrower than this there is one pane.
const TWO_PANES: u16 = 70;

const COLUMNS: [Column; 7] = [
    Column::fill(),
    Column::fit(9).essential(),
    Column::fit(10).right(),
    Column::fit(16),
    Column::fit(10).right(),
    Column::fit(12),
    Column::fit(18),
];

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    if area.width < 4 || area.height == 0 {
        return;
    }
    if model.mirror.sessions.is_empty() {
        let what = "A session is a stretch of your work: its runs, notes and decisions. There is none yet.";
        let how = "One opens by itself, and its summary writes itself. Press 1 and start a run.";
        empty(model, frame, area, &[what, how]);
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    if area.width < TWO_PANES {
        match model.sessions.focus {
            Focus::List => draw_list(model, frame, inner),
            Focus::Preview => {
                draw_preview(model, frame, Rect { x: inner.x + 1, width: inner.width - 1, ..inner });
            }
        }
        return;
    }
    let share = if area.width < 100 { inner.width * 2 / 5 } else { inner.width * 9 / 20 };
    let left = share.clamp(28, 92);
    let list = Rect { width: left, ..inner };
    let rule = Rect { x: inner.x + left + 1, width: 1, ..inner };
    let preview = Rect { x: inner.x + left + 3, width: inner.width - left - 3, ..inner };
    draw_list(model, frame, list);
    let look = &model.look;
    let style = look.border(model.sessions.focus == Focus::Preview);
    for y in rule.y..rule.y + rule.height {
        frame.render_widget(Line::styled(look.glyph("│", "|"), style), Rect { y, height: 1, ..rule });
    }
    draw_preview(model, frame, preview);
}

fn draw_list(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let count = model.mirror.sessions.len();
    let head = Line::from(vec![
        Span::styled("  Sessions", look.heading()),
        Span::styled(format!("  {count}"), look.muted()),
    ]);
    frame.render_widget(head, Rect { height: 1, ..area });
    let rows: Vec<Row> = model.mirror.sessions.iter().map(|s| row(model, s)).collect();
    let place = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let focused = model.sessions.focus == Focus::List;
    list::draw(frame, place, look, &COLUMNS, &rows, &model.sessions.list, Some(focused));
}

fn row(model: &Model, session: &Session) -> Row {
    let look = &model.look;
    let current = model.mirror.session.as_ref() == Some(&session.id);
    let (glyph, word, style) = match &session.ended {
        Some(_) => (look.glyph("✓", "v"), "ended", look.muted()),
        None if current => (look.glyph("●", "*"), "current", look.style(Role::Info)),
        None => (look.glyph("●", "*"), "open", look.subtext()),
    };
    let end = session.ended.as_ref().map_or(model.now, |(at, _)| *at);
    let runs: Vec<_> = model.mirror.newest().into_iter().filter(|r| r.session == session.id).collect();
    let failed = runs.iter().filter(|r| r.status == RunStatus::Failed).count();
    let number = match runs.len() {
        0 => "no runs".to_owned(),
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    };
    let mut told = vec![Span::styled(number, look.muted())];
    if failed > 0 {
        told.push(Span::styled(format!(" {failed} failed"), look.style(Role::Error)));
    }
    let folder = session.folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let picked = model.sessions.picked.as_ref() == Some(&session.id);
    let name = if picked { look.strong() } else { look.text() };
    Row::new(vec![
        Line::from(untrusted(&session.name, name)),
        Line::styled(format!("{glyph} {word}"), style),
        Line::styled(ago(model, session.opened_at), look.muted()),
        Line::from(told),
        Line::styled(short(end.since(session.opened_at)), look.muted()),
        Line::from(untrusted(session.opened_by.short(), look.subtext())),
        Line::from(untrusted(folder, look.subtext())),
    ])
}

fn ago(model: &Model, at: Timestamp) -> String {
    let passed = short(model.now.since(at));
    // Of hours, the minutes are too much.
    let coarse = passed.split_once(" h").map(|(hours, _)| format!("{hours} h"));
    format!("{} ago", coarse.unwrap_or(passed))
}

fn draw_preview(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let Some(session) = selected(model) else { return };
    let draft = model.sessions.drafts.get(&session.id);
    let made = summary(model, &session.id);
    let focused = model.sessions.focus == Focus::Preview;
    let head = Rect { height: area.height.min(1), ..area };
    let mut title = vec![Span::styled("Summary", if focused { look.accent() } else { look.heading() })];
    if frame.area().width < TWO_PANES {
        title.push(Span::raw("  "));
        title.push(untrusted(&session.name, look.text()));
    }
    if draft.is_some() {
        title.push(Span::styled("  edited, not exported yet", look.style(Role::Warning)));
    } else if let Some(export) = session.exports.last() {
        let name = export.path.rsplit('/').next().unwrap_or(&export.path);
        title.push(Span::styled("  exported to ", look.muted()));
        title.push(untrusted(name, look.subtext()));
    }
    frame.render_widget(cut_line(&Line::from(title), area.width.into()), head);
    let body = Rect { y: area.y + head.height, height: area.height.saturating_sub(1), ..area };
    let body = if body.height > 10 { Rect { y: body.y + 1, height: body.height - 1, ..body } } else { body };
    let Some(text) = draft.or_else(|| made.map(|s| &s.text)) else {
        let waiting = PaneState::default();
        let line =
            Line::from(span(&crate::base::SafeLine::new("The summary is being put together…"), look.muted()));
        pane::draw(frame, body, look, &[line], &waiting, true);
        return;
    };
    let lines = markdown::lines(text, look, usize::from(body.width.saturating_sub(2)));
    pane::draw(frame, body, look, &lines, &model.sessions.scroll, false);
}
