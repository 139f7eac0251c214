//! How the Console is drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::{
    Focus, Offer, candidates, control, is_new, opinion, past_sessions, perhaps, pointed, shown_ghost, why,
};
use crate::base::{Millis, SafeLine};
use crate::config::{Action, Role};
use crate::matching::{Answer, Candidate, Decision};
use crate::run::{RunStatus, RunSummary, Session};
use crate::tui::Model;
use crate::tui::model::{ago, short};
use crate::tui::overlays::help::keys_of;
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::text::{cut_line, lit, span, untrusted, wrap};

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
    draw_phrase(model, frame, field, focused && model.layers.is_empty());
    below
}

/// The phrase, and dim behind the cursor what would follow.
pub(super) fn draw_phrase(model: &Model, frame: &mut Frame, area: Rect, cursor: bool) {
    let look = &model.look;
    let ghost = shown_ghost(model).filter(|_| cursor).map(|ghost| span(ghost, look.muted()));
    model.console.input.draw_with(frame, area, look.text(), cursor, &ghost.unwrap_or_default());
}

/// The list is no wider than one reads across.
const WIDEST: u16 = 92;

/// What the text means so far.
fn draw_answer(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let Some(answer) = &model.console.answer else { return draw_examples(model, frame, area) };
    let place = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let mut below = place;
    let told = || verdict(model, answer, usize::from(place.width).saturating_sub(2));
    for line in opinion::line(model).map_or_else(told, |asking| vec![asking]) {
        let (row, rest) = take_rows(below, 1);
        frame.render_widget(
            line,
            Rect { x: row.x + 2.min(row.width), width: row.width.saturating_sub(2), ..row },
        );
        below = rest;
    }
    if model.console.offer.is_some() && below.height > 10 {
        below = take_rows(below, 1).1;
    }
    if !matches!(answer.decision, Decision::Control(_)) {
        below = draw_candidates(model, frame, below, answer);
    }
    let below = Rect { x: area.x, width: area.width, ..below };
    take_rows(below, 1).1
}

/// While nothing is typed: what can be.
fn draw_examples(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let (row, below) = take_rows(area, 1);
    let Some(example) = model.console.examples.first().filter(|_| !is_new(model) && area.height > 10) else {
        return below;
    };
    let look = &model.look;
    let line = Line::from(vec![
        Span::styled("   for example  ", look.muted()),
        span(example, look.subtext()),
        Span::styled("   or to the console  ", look.muted()),
        Span::styled("what is running", look.subtext()),
        Span::styled(", ", look.muted()),
        Span::styled("help", look.subtext()),
    ]);
    frame.render_widget(cut_line(&line, row.width.into()), row);
    take_rows(below, 1).1
}

/// What Enter does, where it does not open the workflow that stands first.
fn verdict(model: &Model, answer: &Answer, room: usize) -> Vec<Line<'static>> {
    let look = &model.look;
    let told = |text: String| vec![Line::from(untrusted(&text, look.subtext()))];
    if let Some(offer) = model.console.offer {
        return offered(model, answer, offer, room);
    }
    let key = keys_of(model, Action::Activate);
    match &answer.decision {
        Decision::Match => Vec::new(),
        Decision::Ambiguous { choices } => told(format!("{choices} could be meant: {key} asks which")),
        Decision::None if answer.candidates.is_empty() => {
            told("No workflow of the bank fits this".to_owned())
        }
        Decision::None if perhaps(answer) => told(format!("Perhaps the first of these: {key} asks")),
        Decision::None => told("No workflow fits this yet; the nearest are".to_owned()),
        Decision::Control(said) => {
            vec![Line::from(vec![
                Span::styled("To the console  ", look.muted()),
                untrusted(&control::told(model, said), look.text()),
            ])]
        }
    }
}

/// No workflow is meant: which is nearest and how near, and what Enter makes of the phrase.
fn offered(model: &Model, answer: &Answer, offer: Offer, room: usize) -> Vec<Line<'static>> {
    let look = &model.look;
    let said = match offer {
        Offer::NoneFits if answer.candidates.is_empty() => "No workflow fits this, and none comes near.",
        Offer::NoneFits => "No workflow fits this.",
        Offer::NoneOfThese => "None of these, then.",
    };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{} ", look.glyph("✗", "x")), look.style(Role::Warning)),
        Span::styled(said, look.strong()),
    ])];
    if let Some(near) = answer.candidates.first().filter(|_| offer == Offer::NoneFits) {
        let line = Line::from(vec![
            Span::styled("  The nearest is ", look.subtext()),
            untrusted(&format!("{} {}", near.id, near.name), look.text()),
            Span::styled(format!(", {} at {:.2} of 1: ", nearness(near.score), near.score), look.subtext()),
            untrusted(&why::in_words(&near.reason), look.subtext()),
        ]);
        lines.extend(wrap(&line, room, 2));
    }
    if let Some(remark) = model.console.opinion.remark.as_ref().filter(|_| offer == Offer::NoneFits) {
        let line = Line::from(vec![Span::raw("  "), span(remark, look.muted())]);
        lines.extend(wrap(&line, room, 2));
    }
    let line = Line::from(vec![
        Span::styled(keys_of(model, Action::Activate), look.accent()),
        Span::styled(" makes a workflow of your phrase and opens it in your editor", look.text()),
    ]);
    lines.extend(wrap(&line, room, 2));
    lines
}

/// How near a score is that is too low for a match.
fn nearness(score: f64) -> &'static str {
    match score {
        s if s < 0.2 => "far off",
        s if s < 0.35 => "not near",
        _ => "not near enough",
    }
}

/// The candidates; below the one that Enter opens, why.
fn draw_candidates(model: &Model, frame: &mut Frame, area: Rect, answer: &Answer) -> Rect {
    let look = &model.look;
    let shown = candidates(model);
    let asked = match answer.decision {
        Decision::Ambiguous { choices } => choices,
        Decision::Match => 1,
        _ => 0,
    };
    let pointed = pointed(model);
    let row = |(n, c)| candidate_row(model, c, n < asked || pointed == Some(n), pointed == Some(n));
    let rows: Vec<Row> = shown.iter().enumerate().map(row).collect();
    let columns =
        [Column::fit(20).essential(), Column::fill(), Column::fit(40), Column::fit(5).right().essential()];
    let place = Rect { width: area.width.min(WIDEST), ..area };
    let widths = list::widths(&columns, &rows, usize::from(place.width).saturating_sub(list::LEAD));
    let split = pointed.map_or(rows.len(), |n| n + 1);
    let (upper, lower) = rows.split_at(split);
    let focused = pointed.map(|_| model.console.focus == Focus::Input);
    let (top, rest) = take_rows(place, upper.len() as u16);
    let state = ListState::at(pointed.unwrap_or_default());
    list::draw_aligned(frame, top, look, &columns, &widths, upper, &state, focused);
    let mut below = rest;
    if let Some(candidate) = pointed.and_then(|n| shown.get(n)) {
        let (line, rest) = take_rows(below, 1);
        let indent = list::LEAD + widths[0].unwrap_or_default() + 2;
        let why = Line::from(vec![
            Span::raw(" ".repeat(indent)),
            untrusted(&why::in_words(&candidate.reason), look.subtext()),
        ]);
        frame.render_widget(cut_line(&why, line.width.into()), line);
        below = rest;
    }
    let (bottom, rest) = take_rows(below, lower.len() as u16);
    list::draw_aligned(frame, bottom, look, &columns, &widths, lower, &ListState::default(), None);
    Rect { width: area.width, ..rest }
}

/// A candidate: which, its name, the phrase of it that fits best, and how well. `meant`: it is, or is asked about.
fn candidate_row(model: &Model, candidate: &Candidate, meant: bool, pointed: bool) -> Row {
    let look = &model.look;
    // Cleaning may drop characters, which would move the lit positions; such text is shown unlit.
    let safe = SafeLine::new(&candidate.text);
    let letters = if safe.as_str() == candidate.text { &candidate.lit[..] } else { &[] };
    let name = SafeLine::new(&candidate.name);
    let style = if meant { look.text() } else { look.subtext() };
    // A name that says the same needs no second text beside it.
    let same = name.as_str().to_lowercase() == safe.as_str().to_lowercase();
    let named = lit(&name, if same { letters } else { &[] }, style, look.lit());
    let text = if same { Vec::new() } else { lit(&safe, letters, look.muted(), look.lit()) };
    Row::new(vec![
        Line::from(untrusted(candidate.id.as_str(), if pointed { look.accent() } else { look.subtext() })),
        Line::from(named),
        Line::from(text),
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
    Column::fit(20),
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
    // Who is asked now, where the author named a line of people.
    let short_name = |to: &String| format!("{}, ", to.split('@').next().unwrap_or(to));
    let taken = need.lease.as_ref().map(|lease| format!("taken by {}, ", lease.holder.short()));
    let to = taken.or_else(|| need.to.as_ref().map(short_name)).unwrap_or_default();
    let last = match (need.deadline, &need.detail) {
        (Some(deadline), _) if deadline >= model.now => {
            let left = deadline.since(model.now);
            let style = if left < Millis::from_secs(300) { look.style(Role::Error) } else { look.subtext() };
            Line::from(untrusted(&format!("{to}{} left", short(left)), style))
        }
        (Some(_), _) => Line::styled("time is up", look.style(Role::Error)),
        (None, Some(detail)) => Line::from(untrusted(&format!("{to}{detail}"), look.subtext())),
        (None, None) => Line::from(untrusted(to.trim_end_matches(", "), look.subtext())),
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
