//! The keys of a question: an input of the workflow, or one of an `ask` step.

use std::ops::Range;

use serde_json::Value;

use super::names::Names;
use super::report::Sink;
use super::table::{Keys, Table, brief, check_name, data};
use super::tree::Node;
use super::tree::Shape;
use crate::workflow::{Field, FieldKind, Pattern, Reference, expression, field};

pub(super) const QUESTION: Keys = Keys {
    of: "a question",
    known: &[
        "name",
        "prompt",
        "description",
        "type",
        "default",
        "required",
        "if",
        "options",
        "options_from",
        "max_length",
        "min",
        "max",
        "pattern",
        "pattern_says",
        "from",
        "summary",
    ],
    later: &[],
};

pub(super) const TYPES: [&str; 8] =
    ["string", "text", "number", "boolean", "choice", "multi_choice", "path", "secret"];

/// Keys that belong to some types only.
const BELONGS: [(&str, &[&str]); 8] = [
    ("options", &["choice", "multi_choice"]),
    ("options_from", &["string", "path", "choice", "multi_choice"]),
    ("max_length", &["string"]),
    ("min", &["number"]),
    ("max", &["number"]),
    ("pattern", &["string", "text", "path"]),
    ("pattern_says", &["string", "text", "path"]),
    ("from", &["secret"]),
];

/// `name: { type, prompt, … }`, or `name: default`.
pub(super) fn inputs(table: &Table<'_>, names: &mut Names, sink: &mut Sink<'_>) -> Vec<Field> {
    let Some(node) = table.get("inputs") else { return Vec::new() };
    let Shape::Mapping(entries) = &node.shape else {
        sink.error(
            &node.span,
            format!("`inputs` must be a mapping, found {}", node.found()),
            "Write one `name: { prompt: …, type: … }` line an input",
        );
        return Vec::new();
    };
    let mut fields = Vec::new();
    for (key, value) in entries {
        if !check_name(&key.text, &key.span, sink) {
            continue;
        }
        let read = match &value.shape {
            Shape::Mapping(_) => question(value, Some(&key.text), names, sink),
            Shape::Text(default) if default.contains("${{") => {
                sink.error(&value.span, "`${{` is not filled in inside a default", "Give a plain value");
                None
            }
            Shape::List(_) => {
                sink.error(
                    &value.span,
                    format!("the input `{}` must be a mapping or a default text, found a list", key.text),
                    format!("For a choice write {}: {{ type: choice, options: [a, b] }}", key.text),
                );
                None
            }
            Shape::Null | Shape::Text(_) | Shape::Boolean(_) | Shape::Number(_) => {
                let (kind, default) = match data(value) {
                    Value::Null => (FieldKind::String { max_length: None }, None),
                    value @ Value::Bool(_) => (FieldKind::Boolean, Some(value)),
                    value @ Value::Number(_) => (FieldKind::NUMBER, Some(value)),
                    value => (FieldKind::String { max_length: None }, Some(value)),
                };
                Some(Field { default, ..Field::new(&key.text, kind, &key.text) })
            }
        };
        // A broken field still has its name: what reads it is not wrong as well.
        names.inputs.push(key.text.clone());
        if read.as_ref().is_some_and(Field::is_secret) {
            names.secrets.push(format!("inputs.{}", key.text));
        }
        fields.extend(read);
    }
    fields
}

/// A question of an `ask` step (which has a `name`), or an input (which has it as its key). `names`
/// knows the questions before.
pub(super) fn question(
    node: &Node,
    given: Option<&str>,
    names: &Names,
    sink: &mut Sink<'_>,
) -> Option<Field> {
    let table = Table::open(node, &QUESTION, sink)?;
    let name = match (given, table.key("name")) {
        (Some(name), None) => name.to_owned(),
        (Some(_), Some(key)) => {
            sink.error(&key.span, "an input has its name as its key", "Take `name` out");
            return None;
        }
        (None, None) => {
            table.missing("name", "Give the name by which expressions read the answer: answers.<name>", sink);
            return None;
        }
        (None, Some(_)) => table.name("name", sink)?,
    };
    let kind = kind(&table, sink)?;
    let mut field = Field {
        prompt: table.sentence("prompt", sink).unwrap_or_else(|| name.clone()),
        description: table.sentence("description", sink),
        required: table.boolean("required", sink).unwrap_or(true),
        summary: table.section(sink),
        default: None,
        pattern: pattern(&table, sink),
        options_from: options_from(&table, sink),
        condition: condition(&table, names, sink),
        name,
        kind,
    };
    if field.is_secret() {
        field.default = from(&table, sink);
        for key in ["default", "summary"].iter().filter_map(|key| table.key(key)) {
            sink.error(
                &key.span,
                format!("a secret takes no `{}`", key.text),
                "Its value stands in no file: say with `from` where it comes from, or let a person type it",
            );
        }
        return Some(field);
    }
    if let Some(node) = table.get("default").filter(|n| !matches!(n.shape, Shape::Null)) {
        let value = data(node);
        if holds_expression(&value) {
            sink.error(&node.span, "`${{` is not filled in inside a default", "Give a plain value");
        } else if let Err(reason) = field::check(&field, &value) {
            sink.error(&node.span, format!("the default does not fit its type: {reason}"), "");
        } else {
            field.default = Some(value);
        }
    }
    Some(field)
}

fn holds_expression(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${{"),
        Value::Array(items) => items.iter().any(holds_expression),
        _ => false,
    }
}

fn kind(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<FieldKind> {
    // With options it can only be a choice.
    let fallback = if table.get("options").is_some() { "choice" } else { "string" };
    let word = if table.get("type").is_some() { table.word("type", &TYPES, sink)? } else { fallback };
    for (key, types) in BELONGS {
        if let Some(key) = table.key(key)
            && !types.contains(&word)
        {
            let to = match types {
                [only] => format!("the type {only}"),
                several => format!("the types {}", several.join(", ")),
            };
            sink.error(
                &key.span,
                format!("`{}` belongs to {to}, this is {word}", key.text),
                format!("Write `type: {}`, or take it out", types[0]),
            );
        }
    }
    Some(match word {
        "text" => FieldKind::Text,
        "number" => number(table, sink),
        "boolean" => FieldKind::Boolean,
        "path" => FieldKind::Path,
        "secret" => FieldKind::Secret,
        "choice" => FieldKind::Choice { options: options(table, sink)? },
        "multi_choice" => FieldKind::MultiChoice { options: options(table, sink)? },
        _ => FieldKind::String {
            max_length: table.whole("max_length", 1, 4096, sink).and_then(|n| usize::try_from(n).ok()),
        },
    })
}

fn span(table: &Table<'_>, key: &str) -> Range<usize> {
    table.key(key).map(|k| k.span.clone()).unwrap_or_default()
}

fn options(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<Vec<String>> {
    match (table.get("options"), table.get("options_from")) {
        (None, Some(_)) => return Some(Vec::new()),
        (Some(_), Some(_)) => {
            sink.error(
                &span(table, "options_from"),
                "a question has `options` or `options_from`, not both",
                "Let the command print all of them, or list them",
            );
            return None;
        }
        (None, None) => {
            let help = "List what can be chosen: options: [a, b], or give a command: options_from: …";
            table.missing("options", help, sink);
            return None;
        }
        (Some(_), None) => {}
    }
    let options = table.sentences("options", sink);
    if options.is_empty() {
        sink.error(&span(table, "options"), "`options` is empty", "List at least one");
        return None;
    }
    if let Some((again, _)) = options.iter().enumerate().find(|(i, o)| options[..*i].contains(o)) {
        let message = format!("the option “{}” is listed twice", brief(&options[again]));
        sink.error(&span(table, "options"), message, "");
    }
    Some(options)
}

fn number(table: &Table<'_>, sink: &mut Sink<'_>) -> FieldKind {
    let mut limit = |key: &str| {
        let node = table.get(key)?;
        let Shape::Number(number) = &node.shape else {
            sink.error(&node.span, format!("`{key}` must be a number, found {}", node.found()), "");
            return None;
        };
        number.as_f64()
    };
    let (min, max) = (limit("min"), limit("max"));
    if let (Some(least), Some(most)) = (min, max)
        && most < least
    {
        sink.error(&span(table, "max"), "`max` is less than `min`", "No number would fit");
    }
    FieldKind::Number { min, max }
}

fn pattern(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<Pattern> {
    let says = table.sentence("pattern_says", sink);
    let Some(node) = table.get("pattern") else {
        if let Some(key) = table.key("pattern_says") {
            sink.error(&key.span, "`pattern_says` says in words what `pattern` asks for", "Give a `pattern`");
        }
        return None;
    };
    let regex = table.sentence("pattern", sink)?;
    if let Err(reason) = field::pattern(&regex) {
        sink.error(
            &node.span,
            format!("this pattern cannot be used: {reason}"),
            "An example: pattern: '[a-z][a-z0-9-]*'",
        );
        return None;
    }
    Some(Pattern { regex, says })
}

fn options_from(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<String> {
    let command = table.sentence("options_from", sink)?;
    if command.contains("${{") {
        let at = table.get("options_from").map_or_else(|| table.head(), |n| sink.locate(&n.span, "${{"));
        sink.error(
            &at,
            "`${{` is not filled in inside a command",
            "Earlier answers are in its environment: \"$INPUT_NAME\", \"$ANSWER_NAME\"",
        );
        return None;
    }
    Some(command)
}

/// An expression over inputs and answers alone: only they are known where it is asked.
pub(super) fn condition(table: &Table<'_>, names: &Names, sink: &mut Sink<'_>) -> Option<String> {
    let node = table.get("if")?;
    let source = table.sentence("if", sink)?;
    if source.contains("${{") {
        let bare = source.replace("${{", "").replace("}}", "");
        sink.error(
            &node.span,
            "`if` is an expression already and takes no `${{ … }}`",
            format!("Write if: {}", bare.trim()),
        );
        return None;
    }
    let at = sink.locate(&node.span, &source);
    let other = expression::references(&source)
        .into_iter()
        .find(|reference| !matches!(reference.path[0].as_str(), "inputs" | "answers"));
    if let Some(reference) = other {
        let place = sink.locate(&at, source.get(reference.span).unwrap_or(&source));
        sink.error(
            &place,
            format!("the `if` of a question cannot read `{}`", reference.path[0]),
            "It reads `inputs` and `answers` that were given before it",
        );
        return None;
    }
    names.check_expression(&source, &at, sink);
    Some(source)
}

fn from(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<Value> {
    let node = table.get("from")?;
    let text = table.sentence("from", sink)?;
    match Reference::parse(&text) {
        Ok(Reference::Typed(_)) | Err(_) => {
            sink.error(
                &node.span,
                format!("`from` cannot be “{}”", brief(&text)),
                "Write env:NAME, file:PATH or command:TEXT; without `from` a person types it",
            );
            None
        }
        Ok(reference) => Some(reference.value()),
    }
}

#[cfg(test)]
mod tests;
