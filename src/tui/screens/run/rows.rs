//! What the list of steps is made of: loops with their iterations below them, the long ones folded to those
//! that matter, and what undoes steps under a heading of its own. Also how each of them is numbered and named.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::base::{SafeLine, StepId};
use crate::run::{Role, Run, StepRecord, StepState, StepStatus, summary};
use crate::tui::look::Look;
use crate::tui::widgets::text::cut;

/// A loop with more iterations than this shows those that matter, and counts the others.
pub const FOLD: usize = 6;
/// Iterations of a folded loop that are shown at most.
const SHOWN: usize = 10;
/// Cells of an item.
const ITEM: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Heading(&'static str),
    /// A record, by its place in the run.
    Record(usize),
    /// Iterations that are not shown, by what they are.
    Folded(String),
}

/// What the list shows. `shown`, the place of the selected record, is never folded away.
pub fn rows(run: &Run, shown: usize, unfolded: &BTreeSet<StepId>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut place = 0;
    let mut undoing = false;
    while let Some(record) = run.steps.get(place) {
        if matches!(record.role, Role::Undo { .. }) && !undoing {
            undoing = true;
            rows.push(Row::Heading("Rolling back"));
        }
        rows.push(Row::Record(place));
        place += 1;
        let parts = parts(run, record).count();
        if parts > 0 {
            let places = place..place + parts;
            place += parts;
            if parts > FOLD && !unfolded.contains(&record.id) {
                rows.extend(folded(run, places, shown));
            } else {
                rows.extend(places.map(Row::Record));
            }
        }
    }
    rows
}

/// The iterations of a loop; none of anything else.
pub fn parts<'r>(run: &'r Run, record: &StepRecord) -> impl Iterator<Item = &'r StepRecord> {
    let index = match record.role {
        Role::Step { index } => Some(index),
        Role::Iteration { .. } | Role::Undo { .. } => None,
    };
    index.into_iter().flat_map(|index| run.iterations(index))
}

/// Whether it is a loop as a whole.
pub fn is_loop(run: &Run, record: &StepRecord) -> bool {
    matches!(record.role, Role::Step { .. }) && run.definition(record).is_some_and(|s| s.for_each.is_some())
}

/// Those of a loop that matter, and how many others there are.
fn folded(run: &Run, places: std::ops::Range<usize>, shown: usize) -> Vec<Row> {
    let matters = |record: &StepRecord| {
        record.state.is_open()
            || matches!(record.state, StepState::Failed { .. } | StepState::Cancelled { .. })
    };
    let mut rows = Vec::new();
    let mut counts: Vec<(StepStatus, usize)> = Vec::new();
    for place in places {
        let Some(record) = run.steps.get(place) else { continue };
        if place == shown || (matters(record) && rows.len() < SHOWN) {
            rows.push(Row::Record(place));
            continue;
        }
        let status = record.state.status();
        match counts.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => counts.push((status, 1)),
        }
    }
    // That all of them are done is told by the loop itself.
    if let ([(StepStatus::Done, _)], true) = (&counts[..], rows.is_empty()) {
        return rows;
    }
    let told: Vec<String> =
        counts.iter().map(|(status, count)| format!("{count} {}", status.word())).collect();
    if !told.is_empty() {
        rows.push(Row::Folded(told.join(", ")));
    }
    rows
}

/// Before the title in the list: the step's place in the workflow, or an iteration's in its loop.
pub fn number(record: &StepRecord) -> String {
    match &record.role {
        Role::Step { index } | Role::Undo { index, number: None, .. } => (index + 1).to_string(),
        Role::Iteration { number, .. } => format!("{number}."),
        Role::Undo { index, number: Some(number), .. } => format!("{}.{number}", index + 1),
    }
}

/// The same where the record stands alone: `2`, `2.3`, `undo 2`.
pub fn full_number(record: &StepRecord, look: &Look) -> String {
    match &record.role {
        Role::Step { .. } => number(record),
        Role::Iteration { index, number, .. } => format!("{}.{number}", index + 1),
        Role::Undo { .. } => format!("{}{}", look.glyph("↶ ", "undo "), number(record)),
    }
}

/// In the list an iteration is named by its item: its loop stands above it.
pub fn name(run: &Run, record: &StepRecord) -> String {
    match &record.role {
        Role::Iteration { item, .. } => item_name(item),
        _ => title(run, record),
    }
}

pub fn item_name(item: &Value) -> String {
    let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    cut(SafeLine::new(&text).as_str(), ITEM)
}

/// The title of a record, wherever it stands alone.
pub fn title(run: &Run, record: &StepRecord) -> String {
    run.definition(record).map_or_else(|| record.id.to_string(), |step| summary::title(step, record))
}

/// The title of a step by its id.
pub fn title_of(run: &Run, step: &StepId) -> String {
    run.record(step).map_or_else(|| step.to_string(), |(_, record)| title(run, record))
}

/// How far a loop is: `3/12`, and where there is room for it, how many of them failed.
pub fn progress(run: &Run, record: &StepRecord, wide: bool) -> Option<String> {
    let all = parts(run, record).count();
    if all == 0 {
        return None;
    }
    let settled = parts(run, record).filter(|r| r.state.is_settled()).count();
    let failed = parts(run, record).filter(|r| matches!(r.state, StepState::Failed { .. })).count();
    let failed = if failed > 0 && wide { format!(", {failed} failed") } else { String::new() };
    Some(format!("{settled}/{all}{failed}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::testing::{Driver, manual, script, workflow};
    use crate::run::{Outcome, Report};
    use crate::workflow::{ForEach, Items, Step};

    fn each(mut step: Step, count: usize, parallel: u32) -> Step {
        let items = (1..=count).map(|n| Value::from(format!("service-{n}"))).collect();
        step.for_each = Some(ForEach { items: Items::Listed(items), parallel });
        step
    }

    #[test]
    fn a_long_loop_shows_what_matters() {
        let steps = vec![each(script("build", "make"), 9, 2), manual("look")];
        let mut driver = Driver::start(workflow(steps));
        for n in 1..=3 {
            let step = StepId::new(format!("build.{n}"));
            driver.report(Report::Completed { step, attempt: 1, outcome: Outcome::default() });
        }
        let none = BTreeSet::new();
        let run = &driver.run;
        assert_eq!(
            rows(run, 0, &none),
            [
                Row::Record(0),
                Row::Record(4),
                Row::Record(5),
                Row::Folded("3 done, 4 pending".to_owned()),
                Row::Record(10)
            ]
        );
        assert!(rows(run, 1, &none).contains(&Row::Record(1)), "the selected one is never folded away");
        let all: BTreeSet<StepId> = [StepId::new("build")].into();
        assert_eq!(rows(run, 0, &all).len(), 11);
        assert_eq!(progress(run, &run.steps[0], true).as_deref(), Some("3/9"));
        assert_eq!(
            (number(&run.steps[2]), name(run, &run.steps[2])),
            ("2.".to_owned(), "service-2".to_owned())
        );
        assert_eq!(title(run, &run.steps[10]), "Do look");
    }
}
