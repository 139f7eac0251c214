//! How a registry's sentences lie to each other: whether they tell its workflows apart. In a registry whose own sentences
//! are nearest to those of the same workflow a near sentence is worth more than in one whose workflows all sound alike.
//! Measured once for an index; what it is worth is `judge`'s.

use serde::Serialize;

use crate::matching::index::Entry;
use crate::matching::vectors::{Direction, Sum, cosine};

/// Workflows and sentences that are looked at: of more, every second or third is enough.
const WORKFLOWS: usize = 300;
const SENTENCES: usize = 600;

/// Means over the sentences and workflows that were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shape {
    /// The share of sentences that are nearest to their own workflow, without themselves.
    pub told_apart: f64,
    /// How much nearer they are to their own workflow than to the next.
    pub ahead: f64,
    /// How near they are to their own workflow.
    pub together: f64,
    /// How near a workflow is to the one that is most like it.
    pub crowded: f64,
}

impl Default for Shape {
    /// Of a registry of which nothing can be said: about what registries have on average.
    fn default() -> Self {
        Self { told_apart: 0.5, ahead: 0.0, together: 0.4, crowded: 0.5 }
    }
}

/// What people say for a workflow, and where that points together.
struct Said<'a> {
    sentences: Vec<&'a Direction>,
    sum: Sum,
    centre: Direction,
}

impl<'a> Said<'a> {
    fn for_workflow(entry: &'a Entry) -> Option<Self> {
        let said = entry.prepared.texts.iter().filter(|t| t.field.is_said());
        let sentences: Vec<&Direction> = said.filter_map(|t| t.direction.as_ref()).collect();
        let sum = Sum::of(sentences.iter().copied());
        Some(Self { centre: sum.centre()?, sentences, sum })
    }
}

impl Shape {
    pub fn new(entries: &[Entry]) -> Self {
        let active: Vec<&Entry> = entries.iter().filter(|e| !e.prepared.deprecated).collect();
        let every = active.len().div_ceil(WORKFLOWS).max(1);
        let workflows: Vec<Said> = active.into_iter().step_by(every).filter_map(Said::for_workflow).collect();
        if workflows.len() < 2 {
            return Self::default();
        }
        let crowded: f64 =
            workflows.iter().enumerate().map(|(own, said)| next(&workflows, own, &said.centre)).sum();
        let crowded = crowded / workflows.len() as f64;
        let several = workflows.iter().enumerate().filter(|(_, said)| said.sentences.len() > 1);
        let sentences: Vec<(usize, &Direction)> =
            several.flat_map(|(own, said)| said.sentences.iter().map(move |s| (own, *s))).collect();
        let every = sentences.len().div_ceil(SENTENCES).max(1);
        let (mut count, mut told_apart, mut ahead, mut together) = (0.0, 0.0, 0.0, 0.0);
        for (own, sentence) in sentences.into_iter().step_by(every) {
            let Some(rest) = workflows[own].sum.centre_without(sentence) else { continue };
            let near = cosine(sentence, &rest);
            let other = next(&workflows, own, sentence);
            count += 1.0;
            told_apart += if near > other { 1.0 } else { 0.0 };
            ahead += near - other;
            together += near;
        }
        if count < 1.0 {
            return Self { crowded, ..Self::default() };
        }
        Self { told_apart: told_apart / count, ahead: ahead / count, together: together / count, crowded }
    }
}

/// How near the nearest workflow but this one is.
fn next(workflows: &[Said], own: usize, to: &Direction) -> f64 {
    let others = workflows.iter().enumerate().filter(|(at, _)| *at != own);
    others.map(|(_, said)| cosine(to, &said.centre)).fold(-1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Index;
    use crate::workflow::{StepKind, Workflow, testing};
    use std::sync::Arc;

    fn shape(bank: &[(&str, &[&str])]) -> Shape {
        let workflow = |(id, said): &(&str, &[&str])| {
            let steps = vec![testing::step("one", StepKind::Manual { actions: Vec::new() })];
            let trigger_phrases = said.iter().map(|s| (*s).to_owned()).collect();
            Arc::new(Workflow { trigger_phrases, ..testing::workflow(id, steps) })
        };
        let bank: Vec<Arc<Workflow>> = bank.iter().map(workflow).collect();
        Shape::new(&Index::new(&bank).lexicon.entries)
    }

    #[test]
    fn workflows_that_sound_alike_are_crowded() {
        let clear = shape(&[
            ("pay", &["pay the supplier's invoice", "transfer money to a vendor", "settle an open bill"]),
            ("deploy", &["deploy the service to production", "roll out a new release", "ship the build"]),
        ]);
        let alike = shape(&[
            ("deploy", &["deploy the service", "roll out a release", "ship the build to production"]),
            ("release", &["deploy the new release", "ship a service", "roll out the build"]),
        ]);
        assert!(clear.told_apart > 0.9 && clear.told_apart > alike.told_apart, "{clear:?} {alike:?}");
        assert!(clear.crowded < alike.crowded && clear.ahead > alike.ahead, "{clear:?} {alike:?}");
    }

    #[test]
    fn of_one_workflow_or_one_sentence_each_nothing_can_be_said() {
        assert_eq!(shape(&[("deploy", &["deploy the service", "ship it"])]), Shape::default());
        assert_eq!(shape(&[]), Shape::default());
        let single = shape(&[("deploy", &["deploy the service"]), ("pay", &["pay the bill"])]);
        assert!((single.told_apart - Shape::default().told_apart).abs() < 1e-9);
    }
}
