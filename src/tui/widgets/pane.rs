//! Text that is scrolled through: wrapped or cut, following its end where told.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::Action;
use crate::tui::look::Look;
use crate::tui::widgets::text::{cut_line, wrap};

/// Where a text is scrolled to. Length and height are remembered from the last drawing.
#[derive(Debug, Clone, Default)]
pub struct PaneState {
    offset: Cell<usize>,
    /// The end stays in view as the text grows.
    pub follow: bool,
    height: Cell<usize>,
    length: Cell<usize>,
}

impl PaneState {
    pub fn following() -> Self {
        Self { follow: true, ..Self::default() }
    }

    /// Scrolls; false where the action is no movement, or where there is nothing further.
    pub fn on_action(&mut self, action: Action) -> bool {
        let before = (self.offset.get(), self.follow);
        let page = self.height.get().max(2) - 1;
        let last = self.length.get().saturating_sub(self.height.get());
        let to = match action {
            Action::Up => before.0.saturating_sub(1),
            Action::Down => before.0 + 1,
            Action::PageUp => before.0.saturating_sub(page),
            Action::PageDown => before.0 + page,
            Action::Top => 0,
            Action::Bottom => last,
            _ => return false,
        }
        .min(last);
        self.offset.set(to);
        self.follow = self.follow && to >= before.0;
        before != (to, self.follow)
    }

    pub fn to_top(&self) {
        self.offset.set(0);
    }

    /// Scrolls so that this line is seen.
    pub fn reveal(&self, line: usize) {
        let height = self.height.get().max(1);
        if line < self.offset.get() {
            self.offset.set(line);
        } else if line >= self.offset.get() + height {
            self.offset.set(line + 1 - height);
        }
    }

    /// Lines below what is shown.
    pub fn below(&self) -> usize {
        self.length.get().saturating_sub(self.offset.get() + self.height.get())
    }
}

/// Draws the lines, wrapped where `wrapped` says so. A mark at the right tells that there is more.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    look: &Look,
    lines: &[Line<'static>],
    state: &PaneState,
    wrapped: bool,
) {
    let height = usize::from(area.height);
    let width = usize::from(area.width);
    if height == 0 || width == 0 {
        return;
    }
    let broken: Vec<Line<'static>>;
    let lines = if wrapped {
        broken = lines.iter().flat_map(|line| wrap(line, width, 0)).collect();
        &broken
    } else {
        lines
    };
    state.height.set(height);
    state.length.set(lines.len());
    let last = lines.len().saturating_sub(height);
    let first = if state.follow { last } else { state.offset.get().min(last) };
    state.offset.set(first);
    for (row, line) in lines.iter().skip(first).take(height).enumerate() {
        frame.render_widget(cut_line(line, width), Rect { y: area.y + row as u16, height: 1, ..area });
    }
    let mark = |frame: &mut Frame, y: u16, glyph: &'static str| {
        let cell = Rect { x: area.x + area.width - 1, y, width: 1, height: 1 };
        frame.render_widget(Line::styled(glyph, look.muted()), cell);
    };
    if first > 0 {
        mark(frame, area.y, look.glyph("▴", "^"));
    }
    if first < last {
        mark(frame, area.y + area.height - 1, look.glyph("▾", "v"));
    }
}
