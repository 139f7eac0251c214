//! A list with aligned columns. Where there is no room for all of them, columns are dropped from
//! the right, those that may be; the selection bar goes over the whole line.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::Action;
use crate::tui::look::Look;
use crate::tui::widgets::text::{self, cut_line};

/// How one column behaves.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Widest it gets, in cells.
    pub max: u16,
    /// Takes what room is left.
    pub fill: bool,
    /// Numbers stand at the right.
    pub right: bool,
    /// Never dropped.
    pub essential: bool,
}

impl Column {
    /// As wide as its widest cell, at most `max`; dropped where there is no room.
    pub const fn fit(max: u16) -> Self {
        Self { max, fill: false, right: false, essential: false }
    }

    /// Takes what is left, and is never dropped.
    pub const fn fill() -> Self {
        Self { max: u16::MAX, fill: true, right: false, essential: true }
    }

    #[must_use]
    pub const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    #[must_use]
    pub const fn essential(mut self) -> Self {
        self.essential = true;
        self
    }
}

/// One line: a cell a column. Build cells with `text::span` and `text::untrusted`.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub cells: Vec<Line<'static>>,
}

impl Row {
    pub fn new(cells: Vec<Line<'static>>) -> Self {
        Self { cells }
    }
}

/// Which line is selected. The first line shown and the height are remembered from the last
/// drawing, for scrolling and paging.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    pub selected: usize,
    offset: Cell<usize>,
    height: Cell<usize>,
}

impl ListState {
    /// With this line selected, not scrolled yet.
    pub fn at(selected: usize) -> Self {
        Self { selected, ..Self::default() }
    }

    /// Moves the selection in a list of `len`; false where the action is no movement, or where
    /// there is nothing further in that direction.
    pub fn on_action(&mut self, action: Action, len: usize) -> bool {
        let before = self.selected;
        let last = len.saturating_sub(1);
        let page = self.height.get().max(2) - 1;
        self.selected = match action {
            Action::Up => self.selected.saturating_sub(1),
            Action::Down => self.selected + 1,
            Action::PageUp => self.selected.saturating_sub(page),
            Action::PageDown => self.selected + page,
            Action::Top => 0,
            Action::Bottom => last,
            _ => return false,
        }
        .min(last);
        self.selected != before
    }

    /// Keeps the selection inside a list of `len`.
    pub fn clamp(&mut self, len: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
    }

    /// The first line to show, so that the selected one is among them.
    fn first(&self, len: usize, height: usize) -> usize {
        self.height.set(height);
        let selected = self.selected.min(len.saturating_sub(1));
        let mut offset = self.offset.get().min(len.saturating_sub(height));
        if selected < offset {
            offset = selected;
        } else if height > 0 && selected >= offset + height {
            offset = selected + 1 - height;
        }
        self.offset.set(offset);
        offset
    }
}

/// Cells between two columns.
const GAP: usize = 2;
/// The pointer before the line.
pub const LEAD: usize = 2;
/// A filling column keeps at least this many cells, before others are dropped.
const FILL_MIN: usize = 12;

/// Draws the rows. `focused: None` draws no selection at all.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    look: &Look,
    columns: &[Column],
    rows: &[Row],
    state: &ListState,
    focused: Option<bool>,
) {
    let widths = widths(columns, rows, usize::from(area.width).saturating_sub(LEAD));
    draw_aligned(frame, area, look, columns, &widths, rows, state, focused);
}

/// The same with widths from `widths`: several lists below each other keep their columns in line.
#[expect(clippy::too_many_arguments, reason = "as `draw`, and the widths")]
pub fn draw_aligned(
    frame: &mut Frame,
    area: Rect,
    look: &Look,
    columns: &[Column],
    widths: &[Option<usize>],
    rows: &[Row],
    state: &ListState,
    focused: Option<bool>,
) {
    let height = usize::from(area.height);
    if height == 0 || area.width == 0 {
        return;
    }
    let first = state.first(rows.len(), height);
    for (place, (index, row)) in rows.iter().enumerate().skip(first).take(height).enumerate() {
        let selected = focused.is_some() && index == state.selected.min(rows.len().saturating_sub(1));
        let line_area = Rect { y: area.y + place as u16, height: 1, ..area };
        let pointer = if selected && focused == Some(true) {
            Span::styled(format!("{} ", look.pointer()), look.accent())
        } else {
            Span::raw(" ".repeat(LEAD))
        };
        let mut spans = vec![pointer];
        let mut gap = 0;
        for ((cell, width), column) in row.cells.iter().zip(widths).zip(columns) {
            let Some(width) = *width else { continue };
            let cell = cut_line(cell, width);
            let pad = width.saturating_sub(cell.width());
            let (before, after) = if column.right { (pad, 0) } else { (0, pad) };
            spans.push(Span::raw(" ".repeat(gap + before)));
            spans.extend(text::spans(cell));
            spans.push(Span::raw(" ".repeat(after)));
            gap = GAP;
        }
        frame.render_widget(Line::from(spans), line_area);
        if selected && focused == Some(true) {
            frame.buffer_mut().set_style(line_area, look.selection());
        }
    }
}

/// The width of each column, `None` where it is dropped, in `room` cells without the pointer's.
pub fn widths(columns: &[Column], rows: &[Row], room: usize) -> Vec<Option<usize>> {
    let natural = |index: usize| {
        let widest = rows.iter().filter_map(|r| r.cells.get(index)).map(Line::width).max().unwrap_or(0);
        widest.min(usize::from(columns[index].max))
    };
    // An empty column takes no room, not even its gap.
    let mut widths: Vec<Option<usize>> =
        (0..columns.len()).map(|i| Some(natural(i)).filter(|w| *w > 0)).collect();
    loop {
        let shown = widths.iter().flatten().count();
        let gaps = shown.saturating_sub(1) * GAP;
        let fixed: usize = fixed(columns, &widths);
        let fills: Vec<usize> =
            (0..columns.len()).filter(|i| columns[*i].fill && widths[*i].is_some()).collect();
        let wanted: usize = fills.iter().filter_map(|i| widths[*i]).map(|w| w.min(FILL_MIN)).sum();
        if fixed + gaps + wanted > room
            && let Some(drop) =
                (0..columns.len()).rev().find(|i| !columns[*i].essential && widths[*i].is_some())
        {
            widths[drop] = None;
            continue;
        }
        let left = room.saturating_sub(fixed + gaps);
        for index in &fills {
            widths[*index] = Some(left / fills.len());
        }
        // Essential columns alone do not fit: the last ones are cut.
        let mut used = 0;
        for width in widths.iter_mut().flatten() {
            *width = (*width).min(room.saturating_sub(used));
            used += *width + GAP;
        }
        return widths;
    }
}

fn fixed(columns: &[Column], widths: &[Option<usize>]) -> usize {
    columns.iter().zip(widths).filter(|(c, _)| !c.fill).filter_map(|(_, w)| *w).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_drop_from_the_right() {
        let columns = [Column::fit(10).essential(), Column::fill(), Column::fit(8), Column::fit(6).right()];
        let rows = [Row::new(["MW-001", "Deploy the changes", "staging", "12 m"].map(Line::from).to_vec())];
        assert_eq!(widths(&columns, &rows, 60), [Some(6), Some(37), Some(7), Some(4)]);
        assert_eq!(widths(&columns, &rows, 32), [Some(6), Some(15), Some(7), None]);
        assert_eq!(widths(&columns, &rows, 26), [Some(6), Some(18), None, None]);
        assert_eq!(widths(&columns, &rows, 4), [Some(4), Some(0), None, None]);
    }

    #[test]
    fn the_selected_line_stays_in_view() {
        let mut state = ListState::default();
        assert_eq!(state.first(100, 10), 0);
        assert!(state.on_action(Action::Bottom, 100));
        assert_eq!(state.first(100, 10), 90);
        assert!(state.on_action(Action::PageUp, 100));
        assert_eq!((state.selected, state.first(100, 10)), (90, 90));
        assert!(!state.on_action(Action::Pause, 100) && state.on_action(Action::Up, 100));
        assert_eq!(state.first(100, 10), 89);
        assert_eq!(state.first(5, 10), 0);
        assert!(!ListState::default().on_action(Action::Down, 0));
    }
}
