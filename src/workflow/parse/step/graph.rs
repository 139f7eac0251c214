//! Which step waits for which: `needs`, and where there is none the order of the file. Circles are
//! told step by step.

use std::ops::Range;

use super::super::names::Standing;
use super::super::report::{Sink, nearest};
use super::super::table::{Table, items, sentence};

/// Circles of one file that are told.
const CIRCLES: usize = 10;

/// For each step the places of the ones that it waits for, directly and in all.
pub(super) struct Graph {
    needs: Vec<Vec<Need>>,
    /// `before[a][b]`: `b` is settled before `a` begins.
    before: Vec<Vec<bool>>,
}

struct Need {
    on: usize,
    /// Where it is written; `None`: it follows from the order of the file.
    written: Option<Range<usize>>,
}

impl Graph {
    /// `ids` are those of the steps that could be read, in order.
    pub(super) fn read(tables: &[Option<Table<'_>>], ids: &[Option<String>], sink: &mut Sink<'_>) -> Self {
        let mut needs: Vec<Vec<Need>> = (0..tables.len())
            .map(|index| match tables[index].filter(|t| t.get("needs").is_some()) {
                Some(table) => needs_of(&table, index, ids, sink),
                None => index.checked_sub(1).map(|on| Need { on, written: None }).into_iter().collect(),
            })
            .collect();
        let name = |at: usize| ids[at].as_deref().unwrap_or("?");
        for _ in 0..CIRCLES {
            let Some(circle) = circle(&needs) else { break };
            let (place, written) = take_out(&mut needs, &circle);
            let begin = circle.iter().position(|at| *at == place).unwrap_or(0);
            let mut told: Vec<String> = Vec::new();
            for step in 0..circle.len().min(12) {
                let at = circle[(begin + step) % circle.len()];
                let next = circle[(begin + step + 1) % circle.len()];
                let follows = needs[at].iter().any(|n| n.on == next && n.written.is_none());
                let how = if follows { "comes after" } else { "needs" };
                told.push(format!("“{}” {how} “{}”", name(at), name(next)));
            }
            if circle.len() > told.len() {
                told.push("…".to_owned());
            }
            sink.error(
                &written,
                format!("these steps wait for each other: {}", told.join(", ")),
                "Take one of them out of `needs`. A step without `needs` comes after the one before it in the file; `needs: []` begins at once",
            );
        }
        let before = (0..needs.len()).map(|index| all_before(&needs, index)).collect();
        Self { needs, before }
    }

    /// The places of the steps that the one at `index` waits for directly.
    pub(super) fn needs(&self, index: usize) -> impl Iterator<Item = usize> {
        self.needs[index].iter().map(|need| need.on)
    }

    pub(super) fn is_before(&self, earlier: usize, later: usize) -> bool {
        self.before[later][earlier]
    }

    /// Where every step stands to the one at `index`.
    pub(super) fn standings(&self, index: usize) -> Vec<Standing> {
        (0..self.needs.len())
            .map(|other| {
                if other == index {
                    Standing::Own
                } else if self.is_before(other, index) {
                    Standing::Before
                } else if self.is_before(index, other) {
                    Standing::After
                } else {
                    Standing::Beside
                }
            })
            .collect()
    }
}

fn needs_of(table: &Table<'_>, index: usize, ids: &[Option<String>], sink: &mut Sink<'_>) -> Vec<Need> {
    let mut found: Vec<Need> = Vec::new();
    let Some(node) = table.get("needs") else { return found };
    for item in items(node, "needs", sink) {
        let Some(id) = sentence(item, "needs", sink) else { continue };
        let known = || ids.iter().filter_map(|id| id.as_deref());
        let Some(on) = ids.iter().position(|other| other.as_ref() == Some(&id)) else {
            let others = known().filter(|other| ids[index].as_deref() != Some(*other));
            let message = match nearest(&id, others.clone()) {
                Some(meant) => format!("there is no step `{id}`; did you mean `{meant}`?"),
                None => format!("there is no step `{id}`"),
            };
            let listed: Vec<&str> = others.take(12).collect();
            sink.error(&item.span, message, format!("The other steps are: {}", listed.join(", ")));
            continue;
        };
        if on == index {
            sink.error(&item.span, "a step cannot need itself", "Take it out; `needs: []` begins at once");
        } else if found.iter().any(|need| need.on == on) {
            sink.error(&item.span, format!("`{id}` is listed twice"), "Keep one of the two");
        } else {
            found.push(Need { on, written: Some(item.span.clone()) });
        }
    }
    found
}

/// The steps of a circle: each needs the next one, and the last one the first.
fn circle(needs: &[Vec<Need>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Through,
    }
    let mut seen = vec![Seen::No; needs.len()];
    for start in 0..needs.len() {
        if seen[start] != Seen::No {
            continue;
        }
        // The path from `start`, each with the number of its needs that have been followed.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        seen[start] = Seen::OnPath;
        while let Some((at, followed)) = path.last_mut() {
            let Some(next) = needs[*at].get(*followed).map(|need| need.on) else {
                seen[*at] = Seen::Through;
                path.pop();
                continue;
            };
            *followed += 1;
            match seen[next] {
                Seen::Through => {}
                Seen::No => {
                    seen[next] = Seen::OnPath;
                    path.push((next, 0));
                }
                Seen::OnPath => {
                    let begin = path.iter().position(|(at, _)| *at == next).unwrap_or(0);
                    return Some(path[begin..].iter().map(|(at, _)| *at).collect());
                }
            }
        }
    }
    None
}

/// Takes one written need of the circle away: the step that has it, and where it was written. There is
/// one that names a step further down in every circle.
fn take_out(needs: &mut [Vec<Need>], circle: &[usize]) -> (usize, Range<usize>) {
    for (place, at) in circle.iter().enumerate() {
        let next = circle[(place + 1) % circle.len()];
        let found = needs[*at].iter().position(|n| n.on == next && n.on > *at && n.written.is_some());
        if let Some(found) = found {
            let need = needs[*at].remove(found);
            return (*at, need.written.unwrap_or_default());
        }
    }
    (circle.first().copied().unwrap_or_default(), 0..0)
}

fn all_before(needs: &[Vec<Need>], index: usize) -> Vec<bool> {
    let mut before = vec![false; needs.len()];
    let mut open = vec![index];
    while let Some(at) = open.pop() {
        for need in &needs[at] {
            if !before[need.on] {
                before[need.on] = true;
                open.push(need.on);
            }
        }
    }
    before
}
