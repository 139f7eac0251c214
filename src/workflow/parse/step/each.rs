//! `for_each`: the list that a step is done for; and `outputs`, which read what a try gave.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::names::ROOTS;
use super::super::report::Sink;
use super::super::retry::PARALLEL;
use super::super::table::{Keys, Table, brief, check_name, data, sentence};
use super::super::tree::{Node, Shape};
use super::StepReader;
use crate::workflow::expression::{self, Piece};
use crate::workflow::{ForEach, ITEMS_LIMIT, Items};

pub(in crate::workflow::parse) const FOR_EACH: Keys =
    Keys { of: "`for_each`", known: &["items", "parallel"], later: &[] };

/// Names that every step has outputs under, or that a result has.
const FIXED: [&str; 4] = ["text", "lines", "exit", "json"];

impl StepReader<'_> {
    /// A list, an expression, or `{ items: …, parallel: N }`.
    pub(super) fn for_each(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<ForEach> {
        let node = table.get("for_each")?;
        if !matches!(node.shape, Shape::Mapping(_)) {
            return Some(ForEach { items: self.items(node, "for_each", sink)?, parallel: 1 });
        }
        let table = Table::open(node, &FOR_EACH, sink)?;
        let parallel = table.whole("parallel", 1, PARALLEL, sink).and_then(|n| u32::try_from(n).ok());
        let Some(items) = table.get("items") else {
            table.missing("items", "Give the list, or an expression that gives one", sink);
            return None;
        };
        Some(ForEach { items: self.items(items, "items", sink)?, parallel: parallel.unwrap_or(1) })
    }

    fn items(&self, node: &Node, key: &str, sink: &mut Sink<'_>) -> Option<Items> {
        if let Shape::List(list) = &node.shape {
            if list.is_empty() {
                sink.error(&node.span, format!("`{key}` is an empty list"), "List the items");
            }
            if let Some(over) = list.get(ITEMS_LIMIT) {
                sink.error(
                    &over.span,
                    format!("`{key}` has {} items; {ITEMS_LIMIT} are allowed", list.len()),
                    "Split the list over several steps",
                );
            }
            for item in list {
                self.check_data(item, sink);
            }
            return Some(Items::Listed(list.iter().map(data).collect::<Vec<Value>>()));
        }
        let Shape::Text(text) = &node.shape else {
            sink.error(
                &node.span,
                format!("`{key}` must be a list or an expression that gives one, found {}", node.found()),
                "Write a list, [a, b], or an expression, inputs.names | split(\",\")",
            );
            return None;
        };
        if text.trim().is_empty() {
            sink.error(
                &node.span,
                format!("`{key}` is empty"),
                "Write a list, or an expression that gives one",
            );
            return None;
        }
        let source = self.expression(text, key, node, sink)?;
        Some(Items::Expression(source))
    }

    /// A bare expression, or one that is one whole `${{ … }}`.
    fn expression(&self, text: &str, key: &str, node: &Node, sink: &mut Sink<'_>) -> Option<String> {
        let source = text.trim();
        let source = if source.contains("${{") {
            if let Ok([Piece::Expression(source, _)]) = expression::pieces(source).as_deref() {
                (*source).to_owned()
            } else {
                sink.error(
                    &node.span,
                    format!("`{key}` is one expression, and no text with expressions in it"),
                    "Write it bare: inputs.names | split(\",\")",
                );
                return None;
            }
        } else {
            source.to_owned()
        };
        // `a, b` is how people write a list in a hurry.
        let words: Vec<&str> = source.split(',').map(str::trim).collect();
        let is_word = |word: &&str| {
            word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ')) && !ROOTS.contains(word)
        };
        if words.len() > 1 && words.iter().all(is_word) {
            sink.error(
                &node.span,
                format!("`{key}` is a list or an expression, found the text “{}”", brief(&source)),
                format!("A list is written in brackets: [{}]", words.join(", ")),
            );
            return None;
        }
        let at = sink.locate(&node.span, &source);
        self.names.check_expression(&source, &at, sink);
        Some(source)
    }

    /// Names and expressions over `output`; kept as texts that are one whole expression.
    pub(super) fn outputs(&mut self, table: &Table<'_>, sink: &mut Sink<'_>) -> IndexMap<String, String> {
        let Some(node) = table.get("outputs") else { return IndexMap::new() };
        let Shape::Mapping(entries) = &node.shape else {
            let help = if matches!(node.shape, Shape::List(_)) {
                "What a workflow produces is listed at the top; a step's outputs are values: outputs: { revision: output.json.revision }"
            } else {
                "Write one `name: expression` line an output: revision: output.json.revision"
            };
            sink.error(&node.span, format!("`outputs` must be a mapping, found {}", node.found()), help);
            return IndexMap::new();
        };
        let mut outputs = IndexMap::new();
        self.names.has_output = true;
        for (name, value) in entries {
            if !check_name(&name.text, &name.span, sink) {
                continue;
            }
            if FIXED.contains(&name.text.as_str()) {
                sink.error(
                    &name.span,
                    format!("`{}` is an output that the step has in any case", name.text),
                    "Choose another name",
                );
            }
            let Some(source) = sentence(value, &name.text, sink) else { continue };
            if source.contains("${{") {
                self.names.check_text(&source, &value.span, sink);
                outputs.insert(name.text.clone(), source);
            } else {
                let at = sink.locate(&value.span, &source);
                self.names.check_expression(&source, &at, sink);
                outputs.insert(name.text.clone(), format!("${{{{ {source} }}}}"));
            }
        }
        self.names.has_output = false;
        outputs
    }
}
