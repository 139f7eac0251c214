//! The form on the screen: each question over its answer, what is wrong below it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::config::Role;
use crate::tui::Model;
use crate::tui::overlays::Overlay as _;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::form::editor::{Choice, Editor, LISTED, WIDEST};
use crate::tui::overlays::form::{Entry, Form, Offer};
use crate::tui::widgets::text::{cut, cut_line, untrusted, wrap};
use crate::tui::widgets::{LineInput, card, hints};
use crate::workflow::{Reference, field};

/// The widest that a form's text gets.
const WIDE: u16 = 80;

pub fn form(form: &Form, model: &Model, frame: &mut Frame) {
    let look = &model.look;
    card::dim(frame, look);
    let asked: Vec<(usize, &Entry)> = form.asked().collect();
    let rows = |n: usize, entry: &Entry| entry.rows(n == form.focus);
    // As tall as it gets with any field at hand, so that the card does not jump.
    let quiet: u16 = asked.iter().map(|(_, e)| e.rows(false)).sum();
    let more = asked.iter().map(|(_, e)| e.rows(true) - e.rows(false)).max().unwrap_or(0);
    let area = card::place(frame.area(), WIDE, quiet + more + 2);
    let title = vec![untrusted(form.title.as_str(), look.strong())];
    let inner = card::draw(frame, area, look, title, Vec::new());
    let (body, foot) = split_foot(inner);
    // Drawn into rows counted from the form's top; scrolled so that the focused field is seen.
    let focus_end: u16 = asked.iter().take_while(|(n, _)| *n <= form.focus).map(|(n, e)| rows(*n, e)).sum();
    let skip = focus_end.saturating_sub(body.height);
    let mut y: u16 = 0;
    for (n, entry) in asked {
        let start = y;
        y += rows(n, entry);
        if start < skip || start - skip >= body.height {
            continue;
        }
        let top = body.y + start - skip;
        let room = Rect { y: top, height: rows(n, entry).min(body.y + body.height - top), ..body };
        draw_entry(model, frame, room, entry, n == form.focus);
    }
    frame.render_widget(hints::line(look, &model.keymap, &form.hints(model), foot.width.into()), foot);
}

/// The rows of a field, one after the other.
struct Rows {
    room: Rect,
    next: u16,
}

impl Rows {
    fn take(&mut self, height: u16) -> Rect {
        let left = self.room.height.saturating_sub(self.next);
        let rect =
            Rect { y: self.room.y + self.next.min(self.room.height), height: height.min(left), ..self.room };
        self.next += height;
        rect
    }

    /// Indented below the question.
    fn below(&mut self, height: u16) -> Rect {
        let row = self.take(height);
        Rect { x: row.x + 2.min(row.width), width: row.width.saturating_sub(2), ..row }
    }
}

fn draw_entry(model: &Model, frame: &mut Frame, room: Rect, entry: &Entry, focused: bool) {
    let look = &model.look;
    let mut rows = Rows { room, next: 0 };
    let prompt = if focused { look.strong() } else { look.subtext() };
    let needed = if entry.field.required { "" } else { "  optional" };
    let mut head = vec![untrusted(&entry.field.prompt, prompt), Span::styled(needed, look.muted())];
    if let Some(told) = entry.told() {
        head.push(untrusted(&format!("   {told}"), look.muted()));
    }
    if matches!(entry.offer, Offer::Waiting(_)) {
        head.push(Span::styled("   asking for the options…", look.muted()));
    }
    frame.render_widget(cut_line(&Line::from(head), usize::from(room.width)), rows.take(1));
    if let Some(description) = entry.field.description.as_ref().filter(|_| focused) {
        let line = Line::from(untrusted(description, look.muted()));
        let row = rows.below(1);
        frame.render_widget(cut_line(&line, usize::from(row.width)), row);
    }
    let mark = Rect { width: 1.min(room.width), ..Rows { room, next: rows.next }.take(1) };
    frame.render_widget(Line::styled(if focused { look.glyph("›", ">") } else { " " }, look.accent()), mark);
    let place = rows.below(entry.editor.height(focused));
    draw_editor(model, frame, place, entry, focused);
    let (told, role) = match (&entry.problem, &entry.offer) {
        (Some(problem), _) => (problem.as_str().to_owned(), Role::Error),
        (None, Offer::Failed(why)) if focused => {
            (format!("Options are not known, type the answer: {}", why.as_str()), Role::Warning)
        }
        _ => return,
    };
    // Into the free line below as well, where it takes two.
    let place = rows.below(2);
    let line = Line::from(untrusted(&told, look.style(role)));
    let lines = wrap(&line, usize::from(place.width), 0);
    frame.render_widget(ratatui::text::Text::from(lines), place);
}

fn draw_editor(model: &Model, frame: &mut Frame, place: Rect, entry: &Entry, focused: bool) {
    let look = &model.look;
    let row = |n: u16| Rect { y: place.y + n, height: u16::from(n < place.height), ..place };
    match &entry.editor {
        Editor::Line { line, at, .. } => {
            line.draw(frame, row(0), look.text(), focused);
            if focused {
                let suggestions = entry.editor.suggestions();
                let from = at.unwrap_or(0).saturating_sub(LISTED - 1);
                for (n, text) in suggestions.iter().enumerate().skip(from).take(LISTED) {
                    let here = *at == Some(n);
                    let pointer = if here { look.pointer() } else { " " };
                    let style = if here { look.text() } else { look.subtext() };
                    let spans =
                        vec![Span::styled(format!("{pointer} "), look.accent()), untrusted(text, style)];
                    let row = row((n - from) as u16 + 1);
                    frame.render_widget(cut_line(&Line::from(spans), usize::from(row.width)), row);
                }
            }
        }
        Editor::Secret(line) if line.is_empty() => {
            line.draw(frame, row(0), look.text(), focused);
            frame.render_widget(secret_from(model, entry), row(0));
        }
        Editor::Secret(line) => {
            let dot = look.glyph("•", "*");
            let dots = LineInput::with(&dot.repeat(line.text().graphemes(true).count()));
            dots.draw(frame, row(0), look.text(), focused);
        }
        Editor::Many(area) => {
            let mut area = (**area).clone();
            area.set_style(look.text());
            area.set_cursor_line_style(ratatui::style::Style::new());
            let cursor = if focused {
                look.text().add_modifier(ratatui::style::Modifier::REVERSED)
            } else {
                look.text()
            };
            area.set_cursor_style(cursor);
            frame.render_widget(&area, place);
        }
        Editor::Choice(choice) if choice.in_a_line() => {
            let mut spans = Vec::new();
            for n in 0..choice.options.len() {
                spans.extend(option(model, choice, n, focused));
                spans.push(Span::raw("   "));
            }
            frame.render_widget(Line::from(spans), row(0));
        }
        Editor::Choice(choice) if focused => draw_list(model, frame, place, choice),
        Editor::Choice(choice) => {
            let chosen = choice.chosen();
            let line = if chosen.is_empty() {
                Line::styled(format!("{} options", choice.options.len()), look.muted())
            } else {
                Line::from(untrusted(&chosen, look.text()))
            };
            frame.render_widget(cut_line(&line, usize::from(place.width)), row(0));
        }
    }
}

/// A list narrowed by what is typed; one that is longer than the room scrolls.
fn draw_list(model: &Model, frame: &mut Frame, place: Rect, choice: &Choice) {
    let look = &model.look;
    let row = |n: u16| Rect { y: place.y + n, height: u16::from(n < place.height), ..place };
    let matching = choice.matching();
    let told = match choice.marked.as_ref().map(std::collections::BTreeSet::len) {
        Some(marked) => format!("  {marked} of {} chosen, type to narrow", choice.options.len()),
        None => format!("  {} of {}, type to narrow", matching.len(), choice.options.len()),
    };
    let told = Span::styled(told, look.muted());
    choice.filter.draw_with(frame, row(0), look.text(), true, &told);
    if matching.is_empty() {
        frame.render_widget(Line::styled("Nothing holds this", look.muted()), row(1));
    }
    let at = choice.at.and_then(|at| matching.iter().position(|n| *n == at)).unwrap_or(0);
    let from = at.saturating_sub(LISTED - 1);
    for (shown, n) in matching.iter().skip(from).take(LISTED).enumerate() {
        let row = row(shown as u16 + 1);
        let line = Line::from(option(model, choice, *n, true));
        frame.render_widget(cut_line(&line, usize::from(row.width)), row);
    }
}

fn option(model: &Model, choice: &Choice, n: usize, focused: bool) -> Vec<Span<'static>> {
    let look = &model.look;
    let on = choice.is_chosen(n);
    let glyph = match (choice.marked.is_some(), on) {
        (false, true) => look.glyph("●", "(x)"),
        (false, false) => look.glyph("○", "( )"),
        (true, true) => look.glyph("☑", "[x]"),
        (true, false) => look.glyph("☐", "[ ]"),
    };
    let style = if on { look.accent() } else { look.muted() };
    let here = focused && choice.marked.is_some() && choice.at == Some(n);
    let text = if here {
        look.strong()
    } else if on {
        look.text()
    } else {
        look.subtext()
    };
    let pointer = match (choice.marked.is_some(), here) {
        (false, _) => "",
        (true, true) => look.pointer(),
        (true, false) => " ",
    };
    let text_width = if choice.in_a_line() { WIDEST } else { usize::MAX };
    vec![
        Span::styled(pointer, look.accent()),
        Span::styled(format!("{glyph} "), style),
        untrusted(&cut(&choice.options[n], text_width), text),
    ]
}

/// Where the value is from as long as nothing else is typed.
fn secret_from(model: &Model, entry: &Entry) -> Line<'static> {
    let look = &model.look;
    let Some(value) = entry.kept.as_ref().or(entry.field.default.as_ref()) else {
        return Line::styled("not shown as you type", look.muted());
    };
    let mut spans = vec![untrusted(&field::shown(value), look.muted())];
    if let Some(Reference::Env(name)) = Reference::of(value)
        && !model.facts.env.contains_key(&name)
    {
        spans.push(Span::styled(", which is not set here", look.style(Role::Warning)));
    }
    Line::from(spans)
}
