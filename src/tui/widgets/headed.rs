//! A list under a line that says what stands in each column.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::look::Look;
use crate::tui::widgets::list::{self, Column, ListState, Row};

/// Draws the head and the rows in line with each other. A column with nothing in it shows no head.
#[expect(clippy::too_many_arguments, reason = "as a list, and its head")]
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    look: &Look,
    columns: &[Column],
    head: &[&'static str],
    rows: &[Row],
    state: &ListState,
    focused: bool,
) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let filled = |index: usize| rows.iter().any(|r| r.cells.get(index).is_some_and(|c| c.width() > 0));
    let cell = |(index, word): (usize, &&'static str)| {
        Line::styled(if filled(index) { *word } else { "" }, look.muted())
    };
    let head = Row::new(head.iter().enumerate().map(cell).collect());
    let all: Vec<Row> = std::iter::once(&head).chain(rows).cloned().collect();
    let widths = list::widths(columns, &all, usize::from(area.width).saturating_sub(list::LEAD));
    let top = Rect { height: 1, ..area };
    let unselected = ListState::default();
    list::draw_aligned(frame, top, look, columns, &widths, &[head], &unselected, None);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    list::draw_aligned(frame, below, look, columns, &widths, rows, state, Some(focused));
}
