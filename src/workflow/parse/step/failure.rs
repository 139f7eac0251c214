//! What follows a failure, as the author decides it beforehand.

use super::super::report::{Sink, nearest};
use super::super::table::{Keys, Table, brief, sentence};
use super::super::tree::{Node, Shape};
use super::StepReader;
use crate::base::{Millis, StepId};
use crate::workflow::OnFailure;

pub(in crate::workflow::parse) const ON_FAILURE: Keys =
    Keys { of: "`on_failure`", known: &["back", "times", "escalate", "within"], later: &[] };

/// What may be written as one word.
pub(in crate::workflow::parse) const WORDS: [&str; 2] = ["ask", "rollback"];

/// How often a run may go back because of the same step.
pub(in crate::workflow::parse) const TIMES: u64 = 100;

const FORMS: &str =
    "Write `ask`, `rollback`, `{ back: STEP, times: 2 }` or `{ escalate: [NAME, NAME], within: 30m }`";

impl StepReader<'_> {
    pub(super) fn on_failure(&self, index: usize, table: &Table<'_>, sink: &mut Sink<'_>) -> OnFailure {
        let (Some(key), Some(node)) = (table.key("on_failure"), table.get("on_failure")) else {
            return OnFailure::Ask;
        };
        let goes_on = |key: &str, value| matches!(table.get(key), Some(Node { shape: Shape::Boolean(given), .. }) if *given == value);
        for (other, value) in [("continue_on_error", true), ("required", false)] {
            if goes_on(other, value) {
                sink.error(
                    &key.span,
                    format!("with `{other}: {value}` a failure is noted and the run goes on: `on_failure` would never be asked"),
                    "Keep one of the two",
                );
            }
        }
        match self.after(index, node, sink) {
            Some(OnFailure::Rollback) if !self.has_rollback => {
                sink.error(
                    &node.span,
                    "there is nothing to roll back: no step of this workflow has `rollback` or is a child run",
                    "Say beside the steps how they are undone: rollback: …",
                );
                OnFailure::Rollback
            }
            after => after.unwrap_or_default(),
        }
    }

    fn after(&self, index: usize, node: &Node, sink: &mut Sink<'_>) -> Option<OnFailure> {
        match &node.shape {
            Shape::Text(text) => self.word(text.trim(), node, sink),
            Shape::Mapping(_) => {
                let table = Table::open(node, &ON_FAILURE, sink)?;
                match (table.key("back"), table.key("escalate")) {
                    (Some(_), Some(second)) => {
                        sink.error(
                            &second.span,
                            "a failure leads to one thing: this has `back` and `escalate`",
                            "Keep one of the two",
                        );
                        None
                    }
                    (Some(_), None) => self.back(index, &table, sink),
                    (None, Some(_)) => escalate(&table, sink),
                    (None, None) => {
                        sink.error(&table.head(), "`on_failure` does not say what follows", FORMS);
                        None
                    }
                }
            }
            _ => {
                sink.error(&node.span, format!("`on_failure` cannot be {}", node.found()), FORMS);
                None
            }
        }
    }

    fn word(&self, word: &str, node: &Node, sink: &mut Sink<'_>) -> Option<OnFailure> {
        let help = match word {
            "ask" => return Some(OnFailure::Ask),
            "rollback" => return Some(OnFailure::Rollback),
            "retry" => "A step is tried again with `retry: { max_attempts: 3 }`".to_owned(),
            "continue" | "ignore" | "skip" => {
                "A failure is noted, and the run goes on, with `continue_on_error: true`".to_owned()
            }
            "fail" | "stop" | "abort" | "cancel" => {
                "Without `on_failure` the run stops there and a person decides".to_owned()
            }
            "back" => "Name the step: on_failure: { back: STEP }".to_owned(),
            "escalate" => "Name the people: on_failure: { escalate: [NAME, NAME], within: 30m }".to_owned(),
            word if self.ids.iter().flatten().any(|id| id == word) => {
                format!("To go back to that step: on_failure: {{ back: {word} }}")
            }
            _ => FORMS.to_owned(),
        };
        let message = match nearest(word, WORDS) {
            Some(meant) => format!("`on_failure` cannot be “{}”; did you mean `{meant}`?", brief(word)),
            None => format!("`on_failure` cannot be “{}”", brief(word)),
        };
        sink.error(&node.span, message, help);
        None
    }

    fn back(&self, index: usize, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<OnFailure> {
        if let Some(key) = table.key("within") {
            sink.error(&key.span, "`within` belongs to `escalate`", "Take it out");
        }
        let times = table.whole("times", 1, TIMES, sink).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let node = table.get("back")?;
        let id = sentence(node, "back", sink)?;
        let before = || {
            (0..self.ids.len())
                .filter(|at| self.graph.is_before(*at, index))
                .filter_map(|at| self.ids[at].as_deref())
        };
        let known = self.ids.iter().flatten().any(|other| *other == id);
        if before().any(|earlier| earlier == id) {
            return Some(OnFailure::Back { to: StepId::new(id), times });
        }
        let listed: Vec<&str> = before().take(12).collect();
        let listed = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
        if self.ids.get(index).is_some_and(|own| own.as_ref() == Some(&id)) {
            sink.error(
                &node.span,
                "a step does not go back to itself",
                "To try it again write `retry: { max_attempts: 3 }` beside it",
            );
        } else if known {
            sink.error(
                &node.span,
                format!("“{id}” does not lead to this step"),
                format!("A run goes back to a step that comes before: {listed}"),
            );
        } else {
            let message = match nearest(&id, before()) {
                Some(meant) => format!("there is no step `{}`; did you mean `{meant}`?", brief(&id)),
                None => format!("there is no step `{}`", brief(&id)),
            };
            sink.error(&node.span, message, format!("The steps that lead to this one are: {listed}"));
        }
        None
    }

    /// As the step says; else as the file says for all steps, unless the step says what follows a failure.
    pub(super) fn continues(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> bool {
        let own = table.boolean("continue_on_error", sink);
        let required = table.boolean("required", sink);
        if let (Some(key), Some(_)) = (table.key("continue_on_error"), table.key("approve")) {
            // No error: runs are pinned to definitions that were taken without a word.
            sink.warning(
                &key.span,
                "nothing goes on past an approval that was rejected",
                "Take it out; `on_failure: { back: STEP }` says where a rejected one leads",
            );
        }
        if let (Some(key), Some(_)) = (table.key("required"), own) {
            sink.error(
                &key.span,
                "`required` and `continue_on_error` say the same of a child run",
                "Keep one: `required: false` is `continue_on_error: true`",
            );
        }
        let default = self.defaults.continue_on_error && table.get("on_failure").is_none();
        own.or(required.map(|required| !required)).unwrap_or(default)
    }
}

fn escalate(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<OnFailure> {
    if let Some(key) = table.key("times") {
        sink.error(&key.span, "`times` belongs to `back`", "Take it out");
    }
    let within = table.duration("within", sink);
    let to = table.sentences("escalate", sink);
    let node = table.get("escalate")?;
    if matches!(&node.shape, Shape::List(list) if list.is_empty()) {
        sink.error(&node.span, "`escalate` is empty", "List who decides: [ana, team lead]");
        return None;
    }
    match (to.len(), table.key("within")) {
        (2.., None) => {
            table.missing(
                "within",
                "Say how long each of them has before the next one is asked: within: 30m",
                sink,
            );
            None
        }
        (1, Some(key)) => {
            sink.error(
                &key.span,
                "nobody comes after the first: `within` would change nothing",
                "Name who comes next, or take it out",
            );
            None
        }
        (0, _) => None,
        _ => Some(OnFailure::Escalate { to, within: within.unwrap_or(Millis(0)) }),
    }
}
