//! A card over a dimmed screen: rounded thin border, a title at the left and one at the right.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding};

use crate::base::{Error, SafeLine};
use crate::config::{Action, ColourDepth};
use crate::tui::look::Look;
use crate::tui::widgets::text::cut_line;

/// Below this the card takes the whole screen.
pub const COMPACT: (u16, u16) = (70, 20);

/// What went wrong, in a line for the card that asked.
pub fn problem(error: &Error) -> SafeLine {
    let hint = error.hint.as_deref().map(|h| format!(". {h}")).unwrap_or_default();
    SafeLine::new(&format!("{}{hint}", error.message))
}

/// Why the actions of the card before a start do nothing on another one.
pub fn before_start(action: Action) -> Option<String> {
    let is_its = matches!(
        action,
        Action::DryRun | Action::Trust | Action::Tick | Action::CardStepThrough | Action::Subject
    );
    is_its.then(|| "This belongs to the card before a start".to_owned())
}

/// Puts what has been drawn into the background.
pub fn dim(frame: &mut Frame, look: &Look) {
    let area = frame.area();
    let style = match look.depth {
        ColourDepth::None | ColourDepth::Sixteen => {
            Style::new().add_modifier(Modifier::DIM).remove_modifier(Modifier::BOLD | Modifier::REVERSED)
        }
        _ => look.style(crate::config::Role::Border).remove_modifier(Modifier::BOLD),
    };
    frame.buffer_mut().set_style(area, style);
    if matches!(look.depth, ColourDepth::True | ColourDepth::Indexed) {
        frame.buffer_mut().set_style(area, Style::new().bg(look.ground().bg.unwrap_or_default()));
    }
}

/// Where a card of this inner size goes: centred, a little above the middle; everything where the
/// screen is small.
pub fn place(screen: Rect, width: u16, height: u16) -> Rect {
    if screen.width < COMPACT.0 || screen.height < COMPACT.1 {
        return screen;
    }
    // Border and padding on both sides.
    let width = width.saturating_add(6).min(screen.width - 4);
    let height = height.saturating_add(2).min(screen.height - 2);
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 3,
        width,
        height,
    }
}

/// Draws an empty card and gives the room inside it.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    look: &Look,
    left: Vec<Span<'static>>,
    right: Vec<Span<'static>>,
) -> Rect {
    let room = usize::from(area.width).saturating_sub(6);
    let right_width: usize = right.iter().map(Span::width).sum();
    let left_room = room.saturating_sub(if right.is_empty() { 0 } else { right_width + 3 });
    let mut block = Block::bordered()
        .border_set(look.border_set())
        .border_style(look.border(true))
        .style(look.surface())
        .padding(Padding::horizontal(if area.width > 20 { 2 } else { 0 }));
    let padded = |spans: Vec<Span<'static>>, room: usize| {
        let mut line = vec![Span::raw(" ")];
        line.extend(cut_line(&Line::from(spans), room).spans);
        line.push(Span::raw(" "));
        Line::from(line)
    };
    block = block.title_top(padded(left, left_room.max(8)));
    if !right.is_empty() && left_room > 8 {
        block = block.title_top(padded(right, room).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}
