//! How the Console is drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::{Focus, candidates, is_new, opinion, past_sessions};
use crate::base::{Millis, SafeLine};
use crate::config::Role;
use crate::matching::{Candidate, Control, ControlAction, Decision};
use crate::run::{RunStatus, RunSummary, Session};
use crate::tui::Model;
use crate::tui::model::{ago, short};
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::text::{span, untrusted, wrap};

/// Input line, what it means so far, the lists.
pub(super) fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let below = draw_input(model, frame, area);
    let below = draw_answer(model, frame, below);
    if is_new(model) {
        draw_new(model, frame, below);
    } else {
        draw_lists(model, frame, below);
    }
}

fn take_rows(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// The input line in its box; gives what is left below.
fn draw_input(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let look = &model.look;
    let focused = model.console.focus == Focus::Input;
    let (place, below) = take_rows(area, 3);
    let boxed = Rect { x: place.x + 1.min(place.width), width: place.width.saturating_sub(2), ..place };
    let block = Block::bordered().border_set(look.border_set()).border_style(look.border(focused)).title_top(
        Line::styled(" What do you want to do? ", if focused { look.strong() } else { look.subtext() }),
    );
    let inner = block.inner(boxed);
    frame.render_widget(block, boxed);
    if inner.width < 6 || inner.height == 0 {
        return below;
    }
    frame.render_widget(
        Line::styled(format!(" {}", look.glyph("›", ">")), look.accent()),
        Rect { width: 2, ..inner },
    );
    let field = Rect { x: inner.x + 3, width: inner.width - 4, ..inner };
    if model.console.input.is_empty() {
        frame.render_widget(Line::styled("say it in your own words", look.muted()), field);
    }
    model.console.input.draw(frame, field, look.text(), focused && model.layers.is_empty());
    below
}

/// What the text means so far.
fn draw_answer(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let look = &model.look;
    let Some(answer) = &model.console.answer else { return take_rows(area, 1).1 };
    let verdict = match &answer.decision {
        Decision::Match => None,
        Decision::Ambiguous { choices } => Some(format!("{choices} could be meant: Enter asks which")),
        Decision::None if answer.candidates.is_empty() => {
            Some("No workflow of the bank fits this".to_owned())
        }
        Decision::None => Some("No workflow fits this yet; the nearest are".to_owned()),
        Decision::Control(control) => Some(format!("To the console: {}", told(control))),
    };
    let mut area = area;
    let waiting = opinion::line(model);
    let verdict = verdict.map(|v| Line::from(vec![Span::raw("   "), untrusted(&v, look.subtext())]));
    if let Some(line) = waiting.or(verdict) {
        let (row, below) = take_rows(area, 1);
        frame.render_widget(line, row);
        area = below;
    }
    if matches!(answer.decision, Decision::Control(_)) {
        return take_rows(area, 1).1;
    }
    let rows: Vec<Row> = candidates(model).iter().map(|c| candidate_row(model, c)).collect();
    let (place, below) = take_rows(area, rows.len() as u16);
    let place = Rect { x: place.x + 1.min(place.width), width: place.width.saturating_sub(2), ..place };
    let columns = [
        Column::fit(20).essential(),
        Column::fill(),
        Column::fit(26),
        Column::fit(24),
        Column::fit(5).right().essential(),
    ];
    let state = ListState::at(model.console.candidate);
    list::draw(frame, place, look, &columns, &rows, &state, Some(model.console.focus == Focus::Input));
    take_rows(below, 1).1
}

fn told(control: &Control) -> String {
    let about = control.workflow.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    match control.action {
        ControlAction::Cancel => format!("cancel the run{about}"),
        ControlAction::Pause => format!("pause the run{about}"),
        ControlAction::Resume => format!("resume the run{about}"),
        ControlAction::List => "show every workflow".to_owned(),
        ControlAction::Explain => format!("explain{about}"),
        ControlAction::Help => "show the keys".to_owned(),
        ControlAction::Status => "show the runs".to_owned(),
        ControlAction::Skip => format!("skip the step{about}"),
        ControlAction::Back => format!("go back a step{about}"),
        ControlAction::Quit => "leave".to_owned(),
    }
}

fn candidate_row(model: &Model, candidate: &Candidate) -> Row {
    let look = &model.look;
    // Cleaning may drop characters, which would move the lit positions; such text is shown unlit.
    let safe = SafeLine::new(&candidate.text);
    let lit = if safe.as_str() == candidate.text { &candidate.lit[..] } else { &[] };
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (at, c) in safe.as_str().chars().enumerate() {
        let style = if lit.contains(&at) { look.lit() } else { look.muted() };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(c),
            _ => spans.push(Span::styled(c.to_string(), style)),
        }
    }
    // The phrase's own trigger is shown lit already.
    // The text that fits stands beside it already; what was mended in it does not.
    let said = format!("said: {}", candidate.text);
    let mended = candidate.reason.strip_prefix(&said).map(|rest| rest.trim_start_matches("; "));
    let reason = SafeLine::new(match mended {
        Some("") => "said so",
        Some(rest) => rest,
        None => &candidate.reason,
    });
    Row::new(vec![
        Line::from(untrusted(candidate.id.as_str(), look.accent())),
        Line::from(untrusted(&candidate.name, look.text())),
        // Where there is no room for both, that it was chosen tells more than a text of it.
        if candidate.learned { Line::from(span(&reason, look.subtext())) } else { Line::from(spans) },
        if candidate.learned { Line::default() } else { Line::from(span(&reason, look.subtext())) },
        Line::styled(format!("{:.2}", candidate.score), look.muted()),
    ])
}

/// Nothing has been done yet: what to try, what a session is, where the bank lies.
fn draw_new(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    if model.bank.is_none() {
        frame.render_widget(Line::styled("  Reading the bank…", look.muted()), take_rows(area, 1).0);
        return;
    }
    let (head, below) = take_rows(area, 1);
    frame.render_widget(Line::styled("  Try one of these", look.heading()), head);
    let rows: Vec<Row> =
        model.console.examples.iter().map(|e| Row::new(vec![Line::from(span(e, look.text()))])).collect();
    let (place, below) = take_rows(below, rows.len() as u16);
    let focused = model.console.focus == Focus::Lists;
    list::draw(frame, place, look, &[Column::fill()], &rows, &model.console.list, Some(focused));
    let (_, mut below) = take_rows(below, 1);
    let count = model.bank.as_ref().map_or(0, |b| b.registry.workflows().count());
    let told = [
        "A session gathers the runs, notes and decisions of one stretch of your work; its summary writes itself."
            .to_owned(),
        format!(
            "The bank: {count} workflows. Your own lie in {}, a project's in {}.",
            model.facts.workflows, model.facts.project_workflows
        ),
    ];
    for sentence in told {
        let line = Line::from(vec![Span::raw("  "), untrusted(&sentence, look.muted())]);
        for line in wrap(&line, usize::from(below.width), 2) {
            let (row, rest) = take_rows(below, 1);
            frame.render_widget(line, row);
            below = rest;
        }
    }
}

fn draw_lists(model: &Model, frame: &mut Frame, area: Rect) {
    let needs: Vec<Row> = model.mirror.needs().iter().map(|r| need_row(model, r)).collect();
    let working: Vec<Row> = model.mirror.working().iter().map(|r| working_row(model, r)).collect();
    let sessions: Vec<Row> = past_sessions(model).map(|s| session_row(model, s)).collect();
    let sections = [("Needs you", needs), ("Running", working), ("Sessions", sessions)];
    let selected = model.console.list.selected;
    let focused = model.console.focus == Focus::Lists;
    let mut below = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let room = usize::from(below.width).saturating_sub(list::LEAD);
    let runs: Vec<Row> = sections[..2].iter().flat_map(|(_, rows)| rows.clone()).collect();
    let run_widths = list::widths(&RUN_COLUMNS, &runs, room);
    let shown: Vec<_> =
        sections.into_iter().filter(|(name, rows)| !rows.is_empty() || *name == "Needs you").collect();
    let mut first = 0;
    for (n, (name, rows)) in shown.iter().enumerate() {
        // What comes after keeps a heading and a line each.
        let later = 3 * (shown.len() - n - 1) as u16;
        let has = selected >= first && selected < first + rows.len();
        let (head, rest) = take_rows(below, 1);
        heading(model, frame, head, name, rows.len());
        if rows.is_empty() {
            let (row, rest) = take_rows(rest, 1);
            frame.render_widget(Line::styled("  Nothing waits for you.", model.look.muted()), row);
            below = take_rows(rest, 1).1;
            continue;
        }
        let room = rest.height.saturating_sub(later + 1).max(2);
        let (place, rest) = take_rows(rest, (rows.len() as u16).min(room));
        let state = ListState::at(selected.saturating_sub(first).min(rows.len() - 1));
        let focus = Some(focused && has);
        if *name == "Sessions" {
            list::draw(frame, place, &model.look, &SESSION_COLUMNS, rows, &state, focus);
        } else {
            list::draw_aligned(frame, place, &model.look, &RUN_COLUMNS, &run_widths, rows, &state, focus);
        }
        below = take_rows(rest, 1).1;
        first += rows.len();
    }
}

const RUN_COLUMNS: [Column; 7] = [
    Column::fit(12).essential(),
    Column::fit(20),
    Column::fit(7).right(),
    Column::fill(),
    Column::fit(24),
    Column::fit(9).right(),
    Column::fit(14),
];

const SESSION_COLUMNS: [Column; 4] =
    [Column::fit(14).right(), Column::fill(), Column::fit(12).right(), Column::fit(44)];

fn heading(model: &Model, frame: &mut Frame, area: Rect, name: &'static str, count: usize) {
    let look = &model.look;
    let line = Line::from(vec![
        Span::styled(format!("  {name}"), look.heading()),
        Span::styled(if count > 0 { format!("  {count}") } else { String::new() }, look.muted()),
    ]);
    frame.render_widget(line, area);
}

fn badge(glyph: &str, word: &str, style: ratatui::style::Style) -> Line<'static> {
    Line::styled(format!("{glyph} {word}"), style)
}

fn need_row(model: &Model, row: &RunSummary) -> Row {
    let look = &model.look;
    let Some(need) = &row.need else { return Row::default() };
    let mark = look.need(need.kind);
    let last = match (need.deadline, &need.detail) {
        (Some(deadline), _) if deadline >= model.now => {
            let left = deadline.since(model.now);
            let style = if left < Millis::from_secs(300) { look.style(Role::Error) } else { look.subtext() };
            Line::styled(format!("{} left", short(left)), style)
        }
        (Some(_), _) => Line::styled("time is up", look.style(Role::Error)),
        (None, Some(detail)) => Line::from(untrusted(detail, look.subtext())),
        (None, None) => Line::default(),
    };
    Row::new(vec![
        badge(mark.glyph, mark.word, mark.style),
        Line::from(untrusted(row.workflow.as_str(), look.text())),
        Line::styled(format!("{}/{}", row.current, row.steps), look.muted()),
        Line::from(untrusted(&need.title, look.text())),
        Line::from(untrusted(&row.subject, look.subtext())),
        Line::styled(short(model.now.since(need.since)), look.muted()),
        last,
    ])
}

fn working_row(model: &Model, row: &RunSummary) -> Row {
    let look = &model.look;
    let mark = look.run(row.status);
    let glyph = if row.status == RunStatus::Running { look.spinner(model.now.0 / 250) } else { mark.glyph };
    Row::new(vec![
        badge(glyph, mark.word, mark.style),
        Line::from(untrusted(row.workflow.as_str(), look.text())),
        Line::styled(format!("{}/{}", row.current, row.steps), look.muted()),
        Line::from(untrusted(&row.current_title, look.text())),
        Line::from(untrusted(&row.subject, look.subtext())),
        Line::styled(short(row.times_at(model.now).work), look.muted()),
        Line::styled("work", look.muted()),
    ])
}

fn session_row(model: &Model, session: &Session) -> Row {
    let look = &model.look;
    let ended = session.ended.as_ref().map_or(session.opened_at, |(at, _)| *at);
    let runs = model.mirror.runs_of(&session.id);
    let summary = session.exports.last().map(|e| e.path.rsplit('/').next().unwrap_or(&e.path).to_owned());
    Row::new(vec![
        Line::styled(ago(model.now.since(ended)), look.muted()),
        Line::from(untrusted(&session.name, look.text())),
        Line::styled(
            match runs {
                0 => "no runs".to_owned(),
                1 => "1 run".to_owned(),
                n => format!("{n} runs"),
            },
            look.muted(),
        ),
        Line::from(untrusted(&summary.unwrap_or_default(), look.subtext())),
    ])
}
