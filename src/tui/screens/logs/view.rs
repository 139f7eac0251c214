//! How the lines are drawn: a bar on top with what is shown, the lines, below them the search and
//! whether the newest line is followed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Source, search};
use crate::base::{RunId, Timestamp};
use crate::config::Role;
use crate::tui::Model;
use crate::tui::logfile::{Entry, Level};
use crate::tui::look::Look;
use crate::tui::screens::empty;
use crate::tui::widgets::text::{cut, cut_line, span, untrusted, width, wrap};

/// The pointer, the time, the level: two cells after each.
const POINTER: usize = 2;
const TIME: usize = 8;
const LEVEL: usize = 5;
/// Run and step: where there is much room, some, little.
const WHERE: usize = 24;
const WHERE_MIDDLE: usize = 14;
const WHERE_SMALL: usize = 9;
/// Narrower than this, run and step are left out; then the time.
const WITH_WHERE: usize = 56;
const WITH_TIME: usize = 40;
/// Most lines of the selected line in full.
const DETAIL: u16 = 4;

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    if area.height < 3 || area.width < 4 {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    bar(model, frame, Rect { height: 1, ..inner });
    let foot = Rect { y: area.y + area.height - 1, height: 1, ..inner };
    let gap = u16::from(area.height > 12);
    let body = Rect { y: area.y + 1 + gap, height: area.height - 2 - gap, ..inner };
    let shown = model.logs.shown();
    if shown.is_empty() {
        nothing(model, frame, body);
    } else {
        let body = detail(model, frame, body);
        lines(model, frame, body, &shown);
    }
    below(model, frame, foot);
}

/// Both sources, the one that is shown lit; at the right what of it is shown.
fn bar(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let state = &model.logs;
    let style = |source| {
        if state.source == source { look.accent().add_modifier(Modifier::BOLD) } else { look.subtext() }
    };
    let mut left =
        vec![Span::raw("  "), Span::styled("Program log", style(Source::Program)), Span::raw("   ")];
    left.push(Span::styled("Output", style(Source::Output)));
    if let Some(run) = state.output.run.as_ref().filter(|_| state.source == Source::Output) {
        left.push(Span::styled(" of ", look.muted()));
        let name = model.mirror.summary(run).map(|r| r.workflow.to_string()).unwrap_or_default();
        left.push(untrusted(&format!("{name} {}", run.short()), look.text()));
    }
    let mut facts = Vec::new();
    if state.source == Source::Program {
        facts.push(Span::styled(level_words(state.level), look.subtext()));
    }
    let wanted = state.search.text();
    if !wanted.is_empty() {
        let (at, all) = state.matches();
        let dot = if facts.is_empty() { "" } else { " · " };
        facts.push(Span::styled(dot, look.muted()));
        facts.push(Span::styled(format!("/{}", cut(wanted, 20)), look.lit()));
        let count = match at {
            Some(at) if !state.view().follow => format!("  {at}/{all}"),
            _ => format!("  {all}"),
        };
        facts.push(Span::styled(count, look.muted()));
    }
    let right = Line::from(facts);
    let room = usize::from(area.width);
    let wide = right.width();
    if wide + 2 < room {
        frame.render_widget(cut_line(&Line::from(left), room - wide - 2), area);
        frame.render_widget(right, Rect { x: area.x + (room - wide) as u16, width: wide as u16, ..area });
    } else {
        frame.render_widget(cut_line(&Line::from(left), room), area);
    }
}

fn level_words(level: Level) -> &'static str {
    match level {
        Level::Error => "errors only",
        Level::Warn => "warnings and above",
        Level::Info => "info and above",
        Level::Debug => "debug and above",
        Level::Trace => "all levels",
    }
}

fn nothing(model: &Model, frame: &mut Frame, area: Rect) {
    let state = &model.logs;
    let sentences: [&str; 2] = match state.source {
        Source::Program if state.program.failed.is_some() => {
            ["The program's own log cannot be read.", "It is tried again as long as this screen is shown."]
        }
        Source::Program if state.program.read_at.is_none() => ["Reading the program's log…", ""],
        Source::Program if !state.program.book.entries.is_empty() => {
            ["No line of the program's log is that grave.", "Press v to show more levels."]
        }
        Source::Program => [
            "What the program writes down about its own work: nothing yet.",
            "Press Tab for the output of the run at hand.",
        ],
        Source::Output if state.output.run.is_none() => {
            ["What the steps of a run print: there is no run yet.", "Press 1 and start one."]
        }
        Source::Output => [
            "What the steps of this run print: nothing so far.",
            "Press 3 to open another run, or Tab for the program's log.",
        ],
    };
    empty(model, frame, area, &sentences);
}

/// The selected line in full at the bottom, where it does not fit into its row; gives what is left.
fn detail(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let look = &model.look;
    let room = usize::from(area.width);
    let Some(entry) = model.logs.selected().filter(|_| !model.logs.view().follow && area.height > 8) else {
        return area;
    };
    let line = Line::from(text_spans(entry, look, look.text(), model.logs.search.text()));
    if line.width() <= room.saturating_sub(before(model.logs.source, room)) {
        return area;
    }
    let broken = wrap(&line, room.saturating_sub(POINTER).max(1), 0);
    let height = (broken.len() as u16).min(DETAIL);
    let place = Rect {
        y: area.y + area.height - height,
        height,
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(2),
    };
    for (row, line) in broken.iter().take(height.into()).enumerate() {
        let more = row + 1 == usize::from(height) && broken.len() > usize::from(height);
        let mut line = line.clone();
        if more {
            line.push_span(Span::raw("  "));
            line = cut_line(&line, usize::from(place.width));
            line.push_span(Span::styled("…", look.muted()));
        }
        frame.render_widget(line, Rect { y: place.y + row as u16, height: 1, ..place });
    }
    let rule = Rect { y: place.y - 1, height: 1, ..place };
    let stroke = look.glyph("─", "-").repeat(usize::from(rule.width));
    frame.render_widget(Line::styled(stroke, look.border(false)), rule);
    Rect { height: area.height - height - 1, ..area }
}

/// Cells before a line's text.
fn before(source: Source, room: usize) -> usize {
    let mut used = POINTER + if source == Source::Program { LEVEL + 2 } else { 0 };
    if room >= WITH_TIME {
        used += TIME + 2;
    }
    if room >= WITH_WHERE {
        used += place_width(room) + 2;
    }
    used
}

fn place_width(room: usize) -> usize {
    match room {
        0..70 => WHERE_SMALL,
        70..110 => WHERE_MIDDLE,
        _ => WHERE,
    }
}

fn lines(model: &Model, frame: &mut Frame, area: Rect, shown: &[(u64, &Entry)]) {
    let look = &model.look;
    let view = model.logs.view();
    let height = usize::from(area.height);
    let at = model.logs.place(shown);
    view.height.set(height);
    let last = shown.len().saturating_sub(height);
    let mut first = view.top.get().min(last);
    if view.follow {
        first = last;
    } else if at < first {
        first = at;
    } else if height > 0 && at >= first + height {
        first = at + 1 - height;
    }
    view.top.set(first);
    for (row, (place, (_, entry))) in shown.iter().enumerate().skip(first).take(height).enumerate() {
        let selected = place == at && !view.follow;
        let line_area = Rect { y: area.y + row as u16, height: 1, ..area };
        let line = line(model, entry, selected, usize::from(area.width));
        frame.render_widget(cut_line(&line, area.width.into()), line_area);
        if selected {
            frame.buffer_mut().set_style(line_area, look.selection());
        }
    }
}

fn line(model: &Model, entry: &Entry, selected: bool, room: usize) -> Line<'static> {
    let look = &model.look;
    let pointer = if selected { look.pointer() } else { " " };
    let mut spans = vec![Span::styled(format!("{pointer} "), look.accent())];
    if room >= WITH_TIME {
        let clock = entry.at.map(|at| clock(model, at)).unwrap_or_default();
        spans.push(Span::styled(format!("{clock:<TIME$}  "), look.muted()));
    }
    let (word, style) = match entry.level {
        Some(Level::Error) => ("error", look.style(Role::Error)),
        Some(Level::Warn) => ("warn", look.style(Role::Warning)),
        Some(level) => (level.word(), look.muted()),
        None => ("", look.muted()),
    };
    if model.logs.source == Source::Program {
        spans.push(Span::styled(format!("{word:<LEVEL$}  "), style));
    }
    if room >= WITH_WHERE {
        let wide = place_width(room);
        let run = entry.run.as_ref().map(RunId::short).unwrap_or_default();
        let words = match model.logs.source {
            Source::Program => cut(&format!("{run:<4} {}", entry.step), wide),
            // All lines are of one run here.
            Source::Output => cut(entry.step.as_str(), wide),
        };
        let pad = wide.saturating_sub(width(&words));
        spans.push(untrusted(&words, look.subtext()));
        spans.push(Span::raw(" ".repeat(pad + 2)));
    }
    let plain = if entry.level.is_some_and(|l| l > Level::Info) { look.subtext() } else { look.text() };
    spans.extend(text_spans(entry, look, plain, model.logs.search.text()));
    Line::from(spans)
}

/// Text and fields, with the matches of the search lit.
fn text_spans(entry: &Entry, look: &Look, plain: Style, wanted: &str) -> Vec<Span<'static>> {
    let mut parts: Vec<(String, Style)> = Vec::new();
    for safe in entry.text.lines.iter().flatten() {
        let style = match safe.ink {
            crate::base::text::Ink::Plain => plain,
            ink => look.ink(ink),
        };
        let style = if safe.bold { style.add_modifier(Modifier::BOLD) } else { style };
        parts.push((safe.text.clone(), style));
    }
    let text: String = parts.iter().map(|(text, _)| text.as_str()).collect();
    let mut spans = lit(&parts, &search::places(&text, wanted), look);
    if !entry.fields.as_str().is_empty() {
        if !text.is_empty() {
            spans.push(Span::raw("  "));
        }
        let fields = [(entry.fields.as_str().to_owned(), look.muted())];
        spans.extend(lit(&fields, &search::places(entry.fields.as_str(), wanted), look));
    }
    spans
}

/// The parts, with the style of a match where one of these byte ranges of the whole lies.
fn lit(parts: &[(String, Style)], places: &[(usize, usize)], look: &Look) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut begin = 0;
    for (text, style) in parts {
        let end = begin + text.len();
        let mut from = begin;
        for (start, stop) in places.iter().filter(|(start, stop)| *start < end && *stop > begin) {
            let (start, stop) = ((*start).max(begin), (*stop).min(end));
            spans.push(Span::styled(
                text.get(from - begin..start - begin).unwrap_or_default().to_owned(),
                *style,
            ));
            let hit = look.lit().add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
            spans.push(Span::styled(
                text.get(start - begin..stop - begin).unwrap_or_default().to_owned(),
                hit,
            ));
            from = stop;
        }
        spans.push(Span::styled(text.get(from - begin..).unwrap_or_default().to_owned(), *style));
        begin = end;
    }
    spans
}

fn clock(model: &Model, at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| String::new(),
        |t| t.to_zoned(model.facts.zone.clone()).strftime("%H:%M:%S").to_string(),
    )
}

/// The search while it is typed; at the right whether the newest line is followed.
fn below(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let state = &model.logs;
    let right = if state.shown().is_empty() {
        Line::default()
    } else if state.view().follow {
        Line::styled("following", look.muted())
    } else {
        match state.unseen() {
            0 => Line::styled("not following", look.muted()),
            n => Line::from(vec![
                Span::styled(thousands(n), look.text()),
                Span::styled(format!(" new {}", look.glyph("↓", "v")), look.muted()),
            ]),
        }
    };
    let wide = right.width() as u16;
    frame.render_widget(
        right,
        Rect { x: area.x + area.width.saturating_sub(wide), width: wide.min(area.width), ..area },
    );
    if state.search.editing && area.width > wide + 8 {
        frame.render_widget(Line::from(vec![Span::raw("  "), Span::styled("/", look.accent())]), area);
        let field = Rect { x: area.x + 3, width: area.width - wide - 5, ..area };
        state.search.input.draw(frame, field, look.text(), model.layers.is_empty());
    } else if let Some(failed) = &state.program.failed
        && state.source == Source::Program
        && !state.program.book.entries.is_empty()
    {
        let line = Line::from(vec![Span::raw("  "), span(failed, look.style(Role::Error))]);
        frame.render_widget(cut_line(&line, usize::from(area.width.saturating_sub(wide + 2))), area);
    }
}

/// `1,204`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
