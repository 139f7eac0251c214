//! Typed values out of a mapping: each getter says what was expected where it finds something else.

use std::ops::Range;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::elsewhere::elsewhere;
use super::report::{Sink, nearest};
use super::tree::{Key, Node, Shape};
use crate::base::Millis;
use crate::workflow::SummarySection;

/// The keys that a mapping may have.
pub(super) struct Keys {
    /// As a sentence names the mapping: "a workflow".
    pub of: &'static str,
    pub known: &'static [&'static str],
    /// Keys of the format that this version does not do.
    pub later: &'static [&'static str],
}

/// A mapping whose keys have been checked.
#[derive(Clone, Copy)]
pub(super) struct Table<'n> {
    pub node: &'n Node,
    entries: &'n [(Key, Node)],
}

impl<'n> Table<'n> {
    /// `None`: it is no mapping, and the sink knows.
    pub(super) fn open(node: &'n Node, keys: &Keys, sink: &mut Sink<'_>) -> Option<Self> {
        let Shape::Mapping(entries) = &node.shape else {
            sink.error(
                &node.span,
                format!("{} must be a mapping, found {}", keys.of, node.found()),
                format!("Write `key: value` lines; the keys are {}", keys.known.join(", ")),
            );
            return None;
        };
        for (key, _) in entries {
            let name = key.text.as_str();
            if keys.known.contains(&name) {
                continue;
            }
            if let Some((message, help)) = elsewhere(keys.of, name) {
                sink.error(&key.span, message, help);
            } else if keys.later.contains(&name) {
                sink.error(
                    &key.span,
                    format!("`{name}` is not supported in this version"),
                    "Take it out; it is never ignored silently",
                );
            } else if let Some(meant) = nearest(name, keys.known.iter().copied()) {
                sink.error(
                    &key.span,
                    format!("unknown key `{name}`; did you mean `{meant}`?"),
                    format!("{} has the keys {}", capital(keys.of), keys.known.join(", ")),
                );
            } else {
                sink.error(
                    &key.span,
                    format!("unknown key `{name}`"),
                    format!("{} has the keys {}", capital(keys.of), keys.known.join(", ")),
                );
            }
        }
        Some(Self { node, entries })
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v)
    }

    pub(super) fn key(&self, key: &str) -> Option<&'n Key> {
        self.entries.iter().find(|(k, _)| k.text == key).map(|(k, _)| k)
    }

    /// Where an error about the mapping as a whole points: its first key.
    pub(super) fn head(&self) -> Range<usize> {
        self.entries.first().map_or_else(|| self.node.span.clone(), |(k, _)| k.span.clone())
    }

    /// A required key is missing.
    pub(super) fn missing(&self, key: &str, help: &str, sink: &mut Sink<'_>) {
        sink.error(&self.head(), format!("missing key `{key}`"), help);
    }

    /// A text that people read: trimmed, never empty.
    pub(super) fn sentence(&self, key: &str, sink: &mut Sink<'_>) -> Option<String> {
        self.get(key).and_then(|node| sentence(node, key, sink))
    }

    /// A text as it stands, for scripts and templates.
    pub(super) fn raw(&self, key: &str, sink: &mut Sink<'_>) -> Option<String> {
        self.get(key).and_then(|node| text(node, key, sink)).map(str::to_owned)
    }

    /// A list of sentences.
    pub(super) fn sentences(&self, key: &str, sink: &mut Sink<'_>) -> Vec<String> {
        let Some(node) = self.get(key) else { return Vec::new() };
        items(node, key, sink).iter().filter_map(|item| sentence(item, key, sink)).collect()
    }

    pub(super) fn boolean(&self, key: &str, sink: &mut Sink<'_>) -> Option<bool> {
        let node = self.get(key)?;
        match &node.shape {
            Shape::Boolean(value) => Some(*value),
            Shape::Text(word) => {
                sink.error(
                    &node.span,
                    format!("`{key}` must be true or false, found the text “{}”", brief(word)),
                    "Write true or false, without quotes",
                );
                None
            }
            _ => {
                sink.error(&node.span, format!("`{key}` must be true or false, found {}", node.found()), "");
                None
            }
        }
    }

    /// A whole number between two bounds.
    pub(super) fn whole(&self, key: &str, least: u64, most: u64, sink: &mut Sink<'_>) -> Option<u64> {
        let node = self.get(key)?;
        let value = match &node.shape {
            Shape::Number(number) => number.as_u64().filter(|n| (least..=most).contains(n)),
            _ => None,
        };
        if value.is_none() {
            let bounds = if most >= u64::from(u32::MAX) {
                format!("a whole number from {least} on")
            } else {
                format!("a whole number from {least} to {most}")
            };
            sink.error(&node.span, format!("`{key}` must be {bounds}, found {}", node.found()), "");
        }
        value
    }

    pub(super) fn duration(&self, key: &str, sink: &mut Sink<'_>) -> Option<Millis> {
        let node = self.get(key)?;
        let length = match &node.shape {
            Shape::Text(text) => Millis::parse(text).filter(|m| m.0 > 0),
            _ => None,
        };
        if length.is_none() {
            let found = match &node.shape {
                Shape::Text(text) => format!("“{}”", brief(text)),
                _ => node.found(),
            };
            sink.error(
                &node.span,
                format!("`{key}` must be a length of time, found {found}"),
                "Write it with its unit: 500ms, 45s, 30m, 2h, 1d, 1h30m",
            );
        }
        length
    }

    /// One of a few words.
    pub(super) fn word(
        &self,
        key: &str,
        words: &[&'static str],
        sink: &mut Sink<'_>,
    ) -> Option<&'static str> {
        let node = self.get(key)?;
        let found = match &node.shape {
            Shape::Text(text) => text.trim(),
            _ => "",
        };
        if let Some(word) = words.iter().find(|w| **w == found) {
            return Some(word);
        }
        let said = if found.is_empty() { node.found() } else { format!("“{}”", brief(found)) };
        let message = match nearest(found, words.iter().copied()) {
            Some(meant) => format!("`{key}` cannot be {said}; did you mean `{meant}`?"),
            None => format!("`{key}` cannot be {said}"),
        };
        sink.error(&node.span, message, format!("It is one of {}", words.join(", ")));
        None
    }

    pub(super) fn section(&self, sink: &mut Sink<'_>) -> Option<SummarySection> {
        let names: Vec<&'static str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        let word = self.word("summary", &names, sink)?;
        SECTIONS.iter().find(|(name, _)| *name == word).map(|(_, section)| *section)
    }

    /// A name that expressions use.
    pub(super) fn name(&self, key: &str, sink: &mut Sink<'_>) -> Option<String> {
        let node = self.get(key)?;
        let name = sentence(node, key, sink)?;
        check_name(&name, &node.span, sink).then_some(name)
    }
}

pub(super) const SECTIONS: [(&str, SummarySection); 11] = [
    ("executive", SummarySection::Executive),
    ("architecture", SummarySection::Architecture),
    ("features", SummarySection::Features),
    ("configuration", SummarySection::Configuration),
    ("decisions", SummarySection::Decisions),
    ("testing", SummarySection::Testing),
    ("issues", SummarySection::Issues),
    ("next", SummarySection::Next),
    ("commands", SummarySection::Commands),
    ("notes", SummarySection::Notes),
    ("read_first", SummarySection::ReadFirst),
];

/// The text of a node, as it stands.
pub(super) fn text<'n>(node: &'n Node, key: &str, sink: &mut Sink<'_>) -> Option<&'n str> {
    match &node.shape {
        Shape::Text(text) => return Some(text),
        Shape::Mapping(entries) => {
            let help = match entries.first() {
                Some((first, _)) => {
                    format!("Text that holds `: `, as after “{}”, needs quotes around it", brief(&first.text))
                }
                None => String::new(),
            };
            sink.error(&node.span, format!("`{key}` must be text, found a mapping"), help);
        }
        Shape::Null => sink.error(
            &node.span,
            format!("`{key}` must be text, found nothing"),
            "Write a text, or take the key out",
        ),
        Shape::List(_) => sink.error(&node.span, format!("`{key}` must be text, found a list"), ""),
        Shape::Boolean(_) | Shape::Number(_) => {
            let source = sink.source(&node.span).to_owned();
            sink.error(
                &node.span,
                format!("`{key}` must be text, found {}", node.found()),
                format!("Put it in quotes: \"{source}\""),
            );
        }
    }
    None
}

/// A text that people read: trimmed, never empty, not filled in.
pub(super) fn sentence(node: &Node, key: &str, sink: &mut Sink<'_>) -> Option<String> {
    let trimmed = text(node, key, sink)?.trim();
    if trimmed.is_empty() {
        sink.error(&node.span, format!("`{key}` is empty"), "Write a text, or take the key out");
        return None;
    }
    Some(trimmed.to_owned())
}

/// The items of a list; a single text counts as a list of one nowhere.
pub(super) fn items<'n>(node: &'n Node, key: &str, sink: &mut Sink<'_>) -> &'n [Node] {
    if let Shape::List(items) = &node.shape {
        return items;
    }
    sink.error(
        &node.span,
        format!("`{key}` must be a list, found {}", node.found()),
        format!("Write one `- …` line an item under `{key}:`"),
    );
    &[]
}

/// An exit code of a program.
pub(super) fn exit_code(node: &Node, key: &str, sink: &mut Sink<'_>) -> Option<i32> {
    let code = match &node.shape {
        Shape::Number(number) => number.as_u64().and_then(|n| u8::try_from(n).ok()),
        _ => None,
    };
    if code.is_none() {
        sink.error(
            &node.span,
            format!("`{key}` has exit codes from 0 to 255, found {}", node.found()),
            "A program that a signal ended has no exit code",
        );
    }
    code.map(i32::from)
}

/// A name to text mapping whose values may be numbers and booleans, as environments are.
pub(super) fn strings(
    node: &Node,
    key: &str,
    sink: &mut Sink<'_>,
) -> IndexMap<String, (String, Range<usize>)> {
    let Shape::Mapping(entries) = &node.shape else {
        sink.error(
            &node.span,
            format!("`{key}` must be a mapping, found {}", node.found()),
            "Write one `NAME: value` line a variable",
        );
        return IndexMap::new();
    };
    let mut map = IndexMap::new();
    for (name, value) in entries {
        if !is_variable(&name.text) {
            sink.error(
                &name.span,
                format!("`{}` is no name of an environment variable", brief(&name.text)),
                "Use letters, digits and _, not beginning with a digit",
            );
            continue;
        }
        let text = match &value.shape {
            Shape::Boolean(b) => Some(b.to_string()),
            Shape::Number(_) => Some(sink.source(&value.span).to_owned()).filter(|s| !s.is_empty()),
            _ => text(value, &name.text, sink).map(str::to_owned),
        };
        if let Some(text) = text {
            map.insert(name.text.clone(), (text, value.span.clone()));
        }
    }
    map
}

/// The value as plain data.
pub(super) fn data(node: &Node) -> Value {
    match &node.shape {
        Shape::Null => Value::Null,
        Shape::Boolean(b) => Value::Bool(*b),
        Shape::Number(n) => Value::Number(Number::clone(n)),
        Shape::Text(t) => Value::String(t.clone()),
        Shape::List(items) => Value::Array(items.iter().map(data).collect()),
        Shape::Mapping(entries) => {
            Value::Object(entries.iter().map(|(k, v)| (k.text.clone(), data(v))).collect())
        }
    }
}

/// Whether expressions can use the name; says so where they cannot.
pub(super) fn check_name(name: &str, span: &Range<usize>, sink: &mut Sink<'_>) -> bool {
    let fine = is_variable(name) && name.len() <= 64 && !RESERVED.contains(&name);
    if !fine {
        sink.error(
            span,
            format!("`{}` cannot be used as a name", brief(name)),
            format!(
                "Use letters, digits and _, not beginning with a digit, at most 64, and none of {}",
                RESERVED.join(", ")
            ),
        );
    }
    fine
}

/// Words of the expression language.
const RESERVED: [&str; 13] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"];

/// Letters, digits and `_`, not beginning with a digit.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 64.
pub(in crate::workflow) fn is_workflow_id(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// `fix-a-failed-deployment` out of “Fix a failed deployment!”; empty where nothing is left.
pub(in crate::workflow) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if slug.len() >= 48 {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// A text shortened for a message.
pub(super) fn brief(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().collect::<String>() + chars.as_str())
}
