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
    let room = usize::from(area.width).saturating_sub(list::LEAD);
    let (columns, widths) = fitting(columns, &all, room);
    let top = Rect { height: 1, ..area };
    let unselected = ListState::default();
    list::draw_aligned(frame, top, look, columns, &widths, &[head], &unselected, None);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    list::draw_aligned(frame, below, look, columns, &widths, rows, state, Some(focused));
}

/// Columns are dropped from the right until those that fill have a fair share of the line: what
/// they say matters more than one number more.
fn fitting<'a>(columns: &'a [Column], rows: &[Row], room: usize) -> (&'a [Column], Vec<Option<usize>>) {
    let mut columns = columns;
    loop {
        let widths = list::widths(columns, rows, room);
        let cramped =
            columns.iter().zip(&widths).any(|(c, w)| c.fill && w.is_some_and(|w| w * 10 < room * 3));
        match columns.split_last() {
            Some((last, others)) if cramped && !last.essential => columns = others,
            _ => return (columns, widths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_gets_a_fair_share() {
        let columns = [Column::fit(8).essential(), Column::fill(), Column::fit(20), Column::fit(20).right()];
        let rows = [Row::new(
            ["MW-001", "Deploy the changes", "a while ago", "an hour long"].map(Line::from).to_vec(),
        )];
        assert_eq!(fitting(&columns, &rows, 60).0.len(), 4);
        let (kept, widths) = fitting(&columns, &rows, 48);
        assert_eq!((kept.len(), widths), (3, vec![Some(6), Some(27), Some(11)]));
        assert_eq!(fitting(&columns, &rows, 4).0.len(), 2);
    }
}
