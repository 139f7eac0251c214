//! The frame of every screen: who and where on top, tabs, body, footer; overlays and messages
//! over it. Draws the model and changes nothing of it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::{Action, GlyphSet, Role};
use crate::tui::keys::shown;
use crate::tui::model::{LinkState, Tone, short};
use crate::tui::screens::ScreenId;
use crate::tui::widgets::text::{self, cut_line, span, wrap};
use crate::tui::widgets::{Hint, card, hints};
use crate::tui::{Model, banner};

/// Smaller than this there is one sentence.
const LEAST: (u16, u16) = (40, 8);

/// Draws everything.
pub fn draw(model: &Model, frame: &mut Frame) {
    let area = frame.area();
    frame.buffer_mut().set_style(area, model.look.ground());
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(model, frame, area);
    } else {
        let (top, mut body, foot) = split(area);
        if is_compact(area) {
            compact_top(model, frame, top);
        } else {
            top_line(model, frame, Rect { height: 1, ..top });
            tabs(model, frame, Rect { y: top.y + 1, height: 1, ..top });
        }
        let taken = banner::draw(model, frame, body);
        body = Rect { y: body.y + taken, height: body.height - taken, ..body };
        model.screen.screen().draw(model, frame, body);
        footer(model, frame, foot);
        for layer in &model.layers {
            layer.draw(model, frame);
        }
        toast(model, frame, area);
    }
    if model.look.glyphs == GlyphSet::Ascii {
        spell_in_ascii(frame);
    }
}

pub fn is_compact(area: Rect) -> bool {
    area.width < card::COMPACT.0 || area.height < card::COMPACT.1
}

fn split(area: Rect) -> (Rect, Rect, Rect) {
    let head = if is_compact(area) { 1 } else { 2 };
    // A free line under the head where there is room for it.
    let gap = u16::from(!is_compact(area));
    let top = Rect { height: head, ..area };
    let foot = Rect { y: area.y + area.height - 1, height: 1, ..area };
    let body = Rect { y: area.y + head + gap, height: area.height - head - gap - 1, ..area };
    (top, body, foot)
}

fn too_small(model: &Model, frame: &mut Frame, area: Rect) {
    let needs = model.mirror.needs().len();
    let live = model.mirror.live().count();
    let going = match (needs, live) {
        _ if model.mirror.trouble.is_some() => "The store cannot be written, nothing goes on".to_owned(),
        (0, 0) => "Nothing runs".to_owned(),
        (0, 1) => "1 run goes on".to_owned(),
        (0, n) => format!("{n} runs go on"),
        (1, _) => "1 run needs you".to_owned(),
        (n, _) => format!("{n} runs need you"),
    };
    let sentence = format!("{going}; this window is too small to show more.");
    let lines = wrap(&Line::styled(sentence, model.look.text()), usize::from(area.width), 0);
    for (row, line) in lines.into_iter().enumerate().take(area.height.into()) {
        frame.render_widget(line, Rect { y: area.y + row as u16, height: 1, ..area });
    }
}

/// What needs somebody, or what is wrong with the engine: the right end of the top line.
fn alert(model: &Model) -> Line<'static> {
    let look = &model.look;
    match &model.link {
        LinkState::Connecting => return Line::styled("connecting… ", look.muted()),
        LinkState::Lost(_) => return Line::styled("engine lost, trying again… ", look.style(Role::Error)),
        LinkState::Connected => {}
    }
    match model.mirror.needs().len() {
        0 => Line::default(),
        1 => Line::styled(format!("{} 1 needs you ", look.glyph("▲", "!")), look.style(Role::Warning)),
        n => Line::styled(format!("{} {n} need you ", look.glyph("▲", "!")), look.style(Role::Warning)),
    }
}

fn name(model: &Model) -> Vec<Span<'static>> {
    let look = &model.look;
    vec![
        Span::styled(" mwtui", look.accent().add_modifier(ratatui::style::Modifier::BOLD)),
        Span::raw("  "),
        span(&model.facts.folder_name, look.text()),
    ]
}

fn top_line(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let mut left = name(model);
    if let Some(git) = &model.mirror.git {
        let branch = crate::base::SafeLine::new(&git.branch);
        left.push(Span::styled(format!("  {} ", look.glyph("⎇", "on")), look.muted()));
        left.push(span(&branch, look.subtext()));
        if !git.uncommitted.is_empty() {
            left.push(Span::styled(format!(" +{}", git.uncommitted.len()), look.style(Role::Warning)));
        }
    }
    let mut right = Vec::new();
    if let Some(session) = model.mirror.open_session() {
        let minutes = crate::base::Millis(model.now.since(session.opened_at).0 / 60_000 * 60_000);
        let length = if minutes.0 == 0 { "just begun".to_owned() } else { short(minutes) };
        let runs = match model.mirror.runs_of(&session.id) {
            0 => String::new(),
            1 => " · 1 run".to_owned(),
            n => format!(" · {n} runs"),
        };
        right.push(Span::styled(format!("session {length}{runs}   "), look.muted()));
    }
    right.extend(text::spans(alert(model)));
    both_ends(frame, area, Line::from(left), Line::from(right));
}

/// The right end is kept; the left one is cut where both do not fit.
fn both_ends(frame: &mut Frame, area: Rect, left: Line<'static>, right: Line<'static>) {
    let room = usize::from(area.width);
    let right = cut_line(&right, room);
    let wide = right.width();
    frame.render_widget(cut_line(&left, room.saturating_sub(wide + 1)), area);
    let place = Rect { x: area.x + (room - wide) as u16, width: wide as u16, ..area };
    frame.render_widget(right, place);
}

fn tab_key(model: &Model, screen: ScreenId) -> String {
    let key = model.keymap.keys(screen.action()).first();
    key.map(|k| shown(*k, model.look.glyphs == GlyphSet::Unicode)).unwrap_or_default()
}

fn tabs(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let mut spans = vec![Span::raw(" ")];
    for screen in ScreenId::ALL {
        let here = screen == model.screen;
        let style = if here {
            look.accent().add_modifier(ratatui::style::Modifier::BOLD | ratatui::style::Modifier::UNDERLINED)
        } else {
            look.subtext()
        };
        spans.push(Span::styled(
            format!("{} ", tab_key(model, screen)),
            if here { look.accent() } else { look.muted() },
        ));
        spans.push(Span::styled(screen.title(), style));
        spans.push(Span::raw("   "));
    }
    frame.render_widget(cut_line(&Line::from(spans), area.width.into()), area);
}

/// Top line and tabs as one: the name of this screen, the keys of the others.
fn compact_top(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let mut left = vec![Span::raw(" ")];
    for screen in ScreenId::ALL {
        let here = screen == model.screen;
        let key = tab_key(model, screen);
        if here {
            left.push(Span::styled(
                format!("{key} {}  ", screen.title()),
                look.accent().add_modifier(ratatui::style::Modifier::BOLD),
            ));
        } else {
            left.push(Span::styled(format!("{key}  "), look.muted()));
        }
    }
    left.push(span(&model.facts.folder_name, look.subtext()));
    let right = Line::from(text::spans(alert(model)));
    both_ends(frame, area, Line::from(left), right);
}

/// The keys that matter now. The palette and help stand at the end, whatever else has room.
fn footer(model: &Model, frame: &mut Frame, area: Rect) {
    let mut all = model.screen.screen().hints(model);
    all.truncate(if area.width < card::COMPACT.0 { 3 } else { 7 });
    let compact = area.width < card::COMPACT.0;
    let tail: &[Hint] = &if compact {
        vec![Hint::new(Action::Help)]
    } else {
        vec![Hint::new(Action::Palette), Hint::new(Action::Help)]
    };
    let inner = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let end = hints::line(&model.look, &model.keymap, tail, inner.width.into());
    let room = usize::from(inner.width).saturating_sub(end.width() + 3);
    let mut line = hints::line(&model.look, &model.keymap, &all, room);
    if line.width() > 0 {
        line.push_span(Span::raw("   "));
    }
    line.spans.extend(end.spans);
    frame.render_widget(line, inner);
}

/// The one way of telling: over the line above the footer; causes and hint below the message.
fn toast(model: &Model, frame: &mut Frame, area: Rect) {
    let Some(toast) = &model.toast else { return };
    let look = &model.look;
    let room = usize::from(area.width).saturating_sub(4);
    let mut lines = Vec::new();
    let (glyph, style) = match toast.tone {
        Tone::Info => (look.glyph("•", "-"), look.style(Role::Info)),
        Tone::Error => (look.glyph("✗", "x"), look.style(Role::Error)),
    };
    let head = Line::from(vec![Span::styled(format!("{glyph} "), style), span(&toast.message, look.text())]);
    lines.extend(wrap(&head, room, 2));
    for cause in toast.causes.iter().take(3) {
        let line = Line::from(vec![Span::styled("  because ", look.muted()), span(cause, look.subtext())]);
        lines.extend(wrap(&line, room, 10));
    }
    if let Some(hint) = &toast.hint {
        let line = Line::from(vec![
            Span::styled(format!("  {} ", look.glyph("→", "->")), look.accent()),
            span(hint, look.text()),
        ]);
        lines.extend(wrap(&line, room, 4));
    }
    let height = (lines.len() as u16).min(area.height.saturating_sub(2));
    let place = Rect { y: area.y + area.height - 1 - height, height, ..area };
    frame.render_widget(ratatui::widgets::Clear, place);
    frame.buffer_mut().set_style(place, look.surface());
    for (row, line) in lines.into_iter().enumerate().take(height.into()) {
        let row = Rect {
            x: place.x + 2.min(place.width),
            y: place.y + row as u16,
            width: place.width.saturating_sub(2),
            height: 1,
        };
        frame.render_widget(line, row);
    }
}

/// The program's own punctuation in ASCII. What people and their tools wrote stays as it is.
fn spell_in_ascii(frame: &mut Frame) {
    for cell in &mut frame.buffer_mut().content {
        let plain = match cell.symbol() {
            "…" => "~",
            "·" | "•" | "–" | "—" => "-",
            "“" | "”" => "\"",
            "’" | "‘" => "'",
            "→" => ">",
            _ => continue,
        };
        cell.set_symbol(plain);
    }
}
