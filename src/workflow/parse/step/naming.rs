//! What a step is called: its id, given or made, and its title.

use std::ops::Range;

use super::super::report::Sink;
use super::super::table::{Table, brief, sentence, slug};

/// A title, and what its step says beyond it.
pub(super) type Title = (String, Option<String>);

/// Gives every step its id.
pub(super) struct Naming<'n> {
    /// The ids that stand in the file.
    pub given: Vec<&'n str>,
    /// The ids so far, and where they stand.
    pub used: Vec<(String, Range<usize>)>,
}

impl Naming<'_> {
    pub(super) fn id(
        &mut self,
        table: &Table<'_>,
        number: usize,
        title: Option<&str>,
        sink: &mut Sink<'_>,
    ) -> Option<String> {
        let Some(node) = table.get("id") else {
            let base =
                Some(slug(title?)).filter(|s| !s.is_empty()).unwrap_or_else(|| format!("step-{number}"));
            let taken = |id: &str| self.given.contains(&id) || self.used.iter().any(|(u, _)| u == id);
            let mut id = base.clone();
            let mut count = 1;
            while taken(&id) {
                count += 1;
                id = format!("{base}-{count}");
            }
            self.used.push((id.clone(), table.head()));
            return Some(id);
        };
        let id = sentence(node, "id", sink)?;
        let fine = id.len() <= 64
            && id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        if !fine {
            let suggestion = Some(slug(&id)).filter(|s| !s.is_empty());
            sink.error(
                &node.span,
                format!("`{}` cannot be a step id", brief(&id)),
                format!(
                    "Use small letters, digits, `-` and `_`, beginning with a letter or digit, at most 64{}",
                    suggestion.map_or_else(String::new, |s| format!(": {s}"))
                ),
            );
            return None;
        }
        if let Some((_, first)) = self.used.iter().find(|(u, _)| *u == id) {
            let line = sink.line(first.start);
            sink.error(
                &node.span,
                format!("duplicate step id `{id}`"),
                format!("The step on line {line} has it already"),
            );
            return None;
        }
        self.used.push((id.clone(), node.span.clone()));
        Some(id)
    }
}

/// The title, and the description where it says more than the title.
pub(super) fn title(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<(String, Option<String>)> {
    let description = table.sentence("description", sink);
    if table.get("title").is_some() {
        return Some((table.sentence("title", sink)?, description));
    }
    let Some(description) = description else {
        if table.get("description").is_none() {
            table.missing("title", "Say in a few words what the step is", sink);
        }
        return None;
    };
    match description.split_once('\n') {
        Some((first, rest)) => {
            let rest = Some(rest.trim().to_owned()).filter(|r| !r.is_empty());
            Some((first.trim().to_owned(), rest))
        }
        None => Some((description, None)),
    }
}
