//! What the time of a run went into, as one strip that fits its width.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::base::Timestamp;
use crate::config::Role;
use crate::run::{Role as RecordRole, Run, SegmentKind};
use crate::tui::Model;
use crate::tui::look::Look;
use crate::tui::widgets::text::cut_line;

/// Heading, strip, the steps' numbers, legend.
pub const HEIGHT: u16 = 4;

const KINDS: [SegmentKind; 5] =
    [SegmentKind::Work, SegmentKind::Person, SegmentKind::Approval, SegmentKind::Retry, SegmentKind::Paused];

/// How a kind of time looks: shading tells it without colour.
fn mark(look: &Look, kind: SegmentKind) -> (&'static str, &'static str, Style) {
    match kind {
        SegmentKind::Work => (look.glyph("▇", "#"), "work", look.style(Role::Info)),
        SegmentKind::Person | SegmentKind::Approval => {
            (look.glyph("░", "."), "waiting", look.style(Role::Warning))
        }
        SegmentKind::Retry => (look.glyph("▒", "~"), "retry", look.style(Role::Error)),
        SegmentKind::Paused => (look.glyph("╌", "="), "paused", look.muted()),
    }
}

/// What each cell of a strip of this width mostly stands for. Where steps stand side by side, a moment counts
/// once, as the run's times count it.
fn cells(run: &Run, now: Timestamp, width: usize) -> Vec<Option<SegmentKind>> {
    let (from, to) = span(run, now);
    let stretches = run.stretches(now);
    let edge = |cell: usize| from + (to - from) * whole(cell) / whole(width.max(1));
    (0..width)
        .map(|cell| {
            let (start, end) = (edge(cell), edge(cell + 1).max(edge(cell) + 1));
            let length = |kind: SegmentKind| -> i64 {
                let of = stretches.iter().filter(|s| s.0 == kind);
                of.map(|(_, from, to)| (to.0.min(end) - from.0.max(start)).max(0)).sum()
            };
            KINDS
                .into_iter()
                .map(|kind| (length(kind), kind))
                .filter(|(n, _)| *n > 0)
                .max_by_key(|(n, _)| *n)
                .map(|(_, kind)| kind)
        })
        .collect()
}

/// A number of cells, to reckon with times.
fn whole(cells: usize) -> i64 {
    i64::try_from(cells).unwrap_or(i64::MAX)
}

fn span(run: &Run, now: Timestamp) -> (i64, i64) {
    let to = run.ended_at().unwrap_or(now).0;
    (run.started_at.0, to.max(run.started_at.0 + 1))
}

/// The numbers of the steps, each where its first stretch begins.
fn numbers(run: &Run, now: Timestamp, width: usize) -> String {
    let (from, to) = span(run, now);
    let mut starts: Vec<(i64, usize)> = Vec::new();
    for segment in &run.segments {
        let Some((_, record)) = segment.step.as_ref().and_then(|id| run.record(id)) else { continue };
        let index = record.role.index();
        // A loop begins with its first iteration; what undoes steps is told by the list.
        let known = starts.iter().any(|(_, i)| *i == index);
        if !known && !matches!(record.role, RecordRole::Undo { .. }) {
            starts.push((segment.from.0, index));
        }
    }
    starts.sort_unstable();
    let mut line = String::new();
    for (start, index) in starts {
        let at = ((start - from).max(0) * whole(width) / (to - from)) as usize;
        let number = (index + 1).to_string();
        let used = line.len() + usize::from(!line.is_empty());
        // Steps that are too short to be told apart share the first one's number.
        if (at >= used || line.is_empty()) && at + number.len() <= width {
            line.push_str(&" ".repeat(at - line.len()));
            line.push_str(&number);
        }
    }
    line
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect, run: &Run) {
    let look = &model.look;
    let width = usize::from(area.width);
    let strip = cells(run, model.now, width);
    let spans: Vec<Span<'static>> = strip
        .iter()
        .map(|cell| match cell {
            Some(kind) => {
                let (glyph, _, style) = mark(look, *kind);
                Span::styled(glyph, style)
            }
            None => Span::raw(" "),
        })
        .collect();
    let mut legend = Vec::new();
    let mut named = Vec::new();
    for kind in KINDS {
        let (glyph, word, style) = mark(look, kind);
        if run.segments.iter().any(|s| s.kind == kind) && !named.contains(&word) {
            legend.push(Span::raw(if named.is_empty() { "" } else { "   " }));
            legend.push(Span::styled(glyph, style));
            legend.push(Span::styled(format!(" {word}"), look.muted()));
            named.push(word);
        }
    }
    let lines = [
        Line::styled("Timeline", look.heading()),
        Line::from(spans),
        Line::styled(numbers(run, model.now, width), look.muted()),
        Line::from(legend),
    ];
    for (row, line) in lines.iter().enumerate().take(area.height.into()) {
        frame.render_widget(cut_line(line, width), Rect { y: area.y + row as u16, height: 1, ..area });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Verb;
    use crate::run::testing::{Driver, manual, workflow};

    #[test]
    fn the_strip_tells_waiting_from_pausing() {
        let mut driver = Driver::start(workflow(vec![manual("one"), manual("two")]));
        driver.later(60_000).act(Verb::Pause { freeze: false }).expect("it pauses");
        driver.later(60_000).act(Verb::Resume).expect("it resumes");
        let done = Verb::Done { step: None, evidence: Vec::new() };
        driver.later(60_000).act(done).expect("it is done");
        driver.later(60_000);
        let strip = cells(&driver.run, driver.now, 4);
        let (person, paused) = (Some(SegmentKind::Person), Some(SegmentKind::Paused));
        assert_eq!(strip, [person, paused, person, person]);
        assert_eq!(numbers(&driver.run, driver.now, 4), "1  2");
        assert_eq!(cells(&driver.run, driver.now, 0), []);
    }
}
