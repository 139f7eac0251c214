//! Questions and their answers in words.

use serde_json::Value;

use crate::workflow::{Field, FieldKind, Pattern, Reference};

/// What an answer looks like.
pub fn expected(field: &Field) -> String {
    let text = |plain: &str| match &field.pattern {
        None => plain.to_owned(),
        Some(Pattern { says: Some(says), .. }) => says.clone(),
        Some(Pattern { regex, says: None }) => format!("{plain} of the form `{regex}`"),
    };
    match &field.kind {
        FieldKind::String { .. } => text("a text of one line"),
        FieldKind::Text => text("a text"),
        FieldKind::Number { min, max } => match (min, max) {
            (None, None) => "a number".to_owned(),
            (Some(min), None) => format!("a number from {min} on"),
            (None, Some(max)) => format!("a number up to {max}"),
            (Some(min), Some(max)) => format!("a number from {min} to {max}"),
        },
        FieldKind::Boolean => "yes or no".to_owned(),
        FieldKind::Choice { options } if options.is_empty() => "a text of one line".to_owned(),
        FieldKind::Choice { options } => format!("one of {}", brief_list(options)),
        FieldKind::MultiChoice { options } if options.is_empty() => {
            "texts with commas between them".to_owned()
        }
        FieldKind::MultiChoice { options } => {
            format!("some of {}, with commas between them", brief_list(options))
        }
        FieldKind::Path => text("the path of a file or folder"),
        FieldKind::Secret => "a secret".to_owned(),
    }
}

/// A value as people read it: lists with commas, a secret as a mask and where it is from.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => Reference::of(other).map_or_else(|| other.to_string(), |reference| reference.shown()),
    }
}

/// What people read of a question before it is asked: `one of staging, production`, `default staging`.
pub fn facts(field: &Field) -> Vec<String> {
    let mut facts = vec![match &field.kind {
        FieldKind::Choice { options } if options.is_empty() => "one of what a command prints".to_owned(),
        FieldKind::MultiChoice { options } if options.is_empty() => {
            "some of what a command prints".to_owned()
        }
        FieldKind::Choice { options } => format!("one of {}", options.join(", ")),
        FieldKind::MultiChoice { options } => format!("some of {}", options.join(", ")),
        FieldKind::Number { min: None, max: None } | FieldKind::Secret => field.kind.word().to_owned(),
        FieldKind::Number { .. } => expected(field),
        kind => kind.word().to_owned(),
    }];
    facts.extend(
        field.pattern.as_ref().map(|p| p.says.clone().unwrap_or_else(|| format!("like `{}`", p.regex))),
    );
    facts.extend(field.options_from.as_ref().map(|command| format!("options from `{command}`")));
    match &field.default {
        Some(reference) if field.is_secret() => facts.push(shown(reference)),
        Some(value) if !value.is_null() => facts.push(format!("default {}", shown(value))),
        _ if field.is_secret() => facts.push("typed where it is asked for".to_owned()),
        _ => {}
    }
    facts.extend(field.condition.as_ref().map(|source| format!("only if {source}")));
    if !field.required {
        facts.push("may be left empty".to_owned());
    }
    facts
}

/// Options as a message lists them; of many, the first.
fn brief_list(options: &[String]) -> String {
    const LISTED: usize = 12;
    let listed = options.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match options.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
