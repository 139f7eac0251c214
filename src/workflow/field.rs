//! Checking a person's answer against the question that was asked.

mod asking;
#[cfg(test)]
mod tests;
mod told;

use regex::{Regex, RegexBuilder};
use serde_json::{Number, Value};

pub use self::asking::{Asking, complete};
pub use self::told::{expected, facts, shown};
use crate::workflow::{Field, FieldKind, Reference};

/// Longest answer, in characters, of a one-line question that says nothing else.
pub const LINE_LIMIT: usize = 4096;

/// Longest answer of many lines, in bytes.
pub const TEXT_LIMIT: usize = 256 * 1024;

/// The room that a pattern may take once it is compiled, in bytes.
const PATTERN_ROOM: usize = 256 * 1024;

/// The typed value of what a person typed, or a sentence that says what was expected.
/// An empty text gives the default where there is one, null where the field is not required.
/// Of a secret only a reference is read: the value itself never becomes one.
pub fn read(field: &Field, typed: &str) -> Result<Value, String> {
    let text = typed.trim();
    if text.is_empty() {
        return match &field.default {
            Some(default) => Ok(default.clone()),
            None if field.required => Err(needed(field)),
            None => Ok(empty(field)),
        };
    }
    let value = match &field.kind {
        FieldKind::String { .. } | FieldKind::Path => Value::String(text.to_owned()),
        FieldKind::Text => Value::String(typed.trim_end().to_owned()),
        FieldKind::Number { .. } => Value::Number(number(text).ok_or_else(|| wrong(field, &shorten(text)))?),
        FieldKind::Boolean => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "1" | "on" => Value::Bool(true),
            "false" | "no" | "n" | "0" | "off" => Value::Bool(false),
            _ => return Err(wrong(field, &shorten(text))),
        },
        FieldKind::Choice { options } if options.is_empty() => Value::String(text.to_owned()),
        FieldKind::Choice { options } => {
            Value::String(choose(options, text).ok_or_else(|| wrong(field, &shorten(text)))?.to_owned())
        }
        FieldKind::MultiChoice { options } => choose_many(field, options, text)?,
        FieldKind::Secret => Reference::parse(text).map_err(|_| plain_secret(field))?.value(),
    };
    check(field, &value)?;
    Ok(value)
}

/// What a question that was asked and left open gives.
pub fn empty(field: &Field) -> Value {
    match field.kind {
        FieldKind::MultiChoice { .. } => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}

/// Whether a typed value fits the field (from JSON, an earlier answer, a phrase).
pub fn check(field: &Field, value: &Value) -> Result<(), String> {
    match (&field.kind, value) {
        (_, Value::Null) if field.required && field.default.is_none() => Err(needed(field)),
        (_, Value::Null) | (FieldKind::Boolean, Value::Bool(_)) => Ok(()),
        (FieldKind::Number { min, max }, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let fits = min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max);
            if fits { Ok(()) } else { Err(wrong(field, &value.to_string())) }
        }
        (FieldKind::Text, Value::String(text)) => {
            if text.len() > TEXT_LIMIT {
                return Err(format!(
                    "“{}” may be {} KiB long, this is more",
                    field.prompt,
                    TEXT_LIMIT / 1024
                ));
            }
            no_nul(field, text)?;
            filled(field, text)?;
            matches(field, text)
        }
        (FieldKind::String { .. } | FieldKind::Path, Value::String(text)) => {
            let limit = match field.kind {
                FieldKind::String { max_length: Some(limit) } => limit,
                _ => LINE_LIMIT,
            };
            one_line(field, text, limit)?;
            filled(field, text)?;
            matches(field, text)
        }
        // Where a command gives the options, the form holds people to them; here nobody runs it again.
        (FieldKind::Choice { options }, Value::String(text)) if options.is_empty() => {
            one_line(field, text, LINE_LIMIT)?;
            filled(field, text)
        }
        (FieldKind::Choice { options }, Value::String(text)) if options.contains(text) => Ok(()),
        (FieldKind::MultiChoice { options }, Value::Array(items)) => many(field, options, items),
        (FieldKind::Secret, value) => secret(field, value),
        (_, Value::String(text)) => Err(wrong(field, &shorten(text))),
        (_, other) => Err(wrong(field, &shorten(&other.to_string()))),
    }
}

/// The pattern, for a whole answer; a sentence where it cannot be used.
pub fn pattern(source: &str) -> Result<Regex, String> {
    // On its own first: what is wrong is told of what its author wrote.
    let build = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_ROOM).build();
    build(source).and_then(|_| build(&format!(r"\A(?:{source})\z"))).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it takes too much room; make it simpler".to_owned(),
        error => {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    })
}

fn matches(field: &Field, text: &str) -> Result<(), String> {
    let Some(wanted) = field.pattern.as_ref().filter(|_| !text.is_empty()) else { return Ok(()) };
    match pattern(&wanted.regex) {
        Ok(regex) if regex.is_match(text) => Ok(()),
        Ok(_) => Err(wrong(field, &shorten(text))),
        Err(reason) => Err(format!("The pattern of “{}” cannot be used: {reason}", field.prompt)),
    }
}

fn many(field: &Field, options: &[String], items: &[Value]) -> Result<(), String> {
    if items.is_empty() && field.required {
        return Err(needed(field));
    }
    for (n, item) in items.iter().enumerate() {
        let Value::String(text) = item else { return Err(wrong(field, &shorten(&item.to_string()))) };
        if items[..n].contains(item) {
            return Err(format!("“{}” has `{}` twice", field.prompt, shorten(text)));
        }
        if options.is_empty() {
            one_line(field, text, LINE_LIMIT)?;
        } else if !options.contains(text) {
            return Err(wrong(field, &shorten(text)));
        }
    }
    Ok(())
}

/// A reference. A command is run only where the workflow itself names it.
fn secret(field: &Field, value: &Value) -> Result<(), String> {
    match Reference::of(value) {
        Some(Reference::Command(_)) if field.default.as_ref() != Some(value) => {
            Err(format!("“{}” takes no command but its workflow's own", field.prompt))
        }
        Some(_) => Ok(()),
        None => Err(plain_secret(field)),
    }
}

/// The value is not repeated: it may be the secret.
fn plain_secret(field: &Field) -> String {
    format!(
        "“{}” is a secret and is not given as plain text: type it where it is asked for, or give env:NAME or file:PATH",
        field.prompt
    )
}

fn needed(field: &Field) -> String {
    format!("“{}” needs {}", field.prompt, expected(field))
}

fn wrong(field: &Field, found: &str) -> String {
    format!("“{}” needs {}, not `{found}`", field.prompt, expected(field))
}

fn one_line(field: &Field, text: &str, limit: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length > limit {
        return Err(format!("“{}” may be {limit} characters long, this is {length}", field.prompt));
    }
    if text.contains(['\n', '\r']) {
        return Err(format!("“{}” takes one line", field.prompt));
    }
    no_nul(field, text)
}

fn filled(field: &Field, text: &str) -> Result<(), String> {
    if field.required && text.trim().is_empty() {
        return Err(needed(field));
    }
    Ok(())
}

/// Neither the environment nor a file name can carry a NUL byte.
fn no_nul(field: &Field, text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err(format!("“{}” holds a NUL byte", field.prompt));
    }
    Ok(())
}

fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

/// The option that was meant: word for word, blind to case, by its place, or as the only one that
/// begins so.
fn choose<'o>(options: &'o [String], text: &str) -> Option<&'o str> {
    if let Some(exact) = options.iter().find(|o| *o == text) {
        return Some(exact);
    }
    let lower = text.to_lowercase();
    if let Some(same) = options.iter().find(|o| o.to_lowercase() == lower) {
        return Some(same);
    }
    if let Ok(place) = text.parse::<usize>() {
        return place.checked_sub(1).and_then(|i| options.get(i)).map(String::as_str);
    }
    let mut begins = options.iter().filter(|o| o.to_lowercase().starts_with(&lower));
    match (begins.next(), begins.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The options that were meant, in their own order; without options, what was typed.
fn choose_many(field: &Field, options: &[String], text: &str) -> Result<Value, String> {
    // An option may hold a comma itself.
    let whole = options.iter().any(|o| o == text).then_some(vec![text]);
    let parts = whole.unwrap_or_else(|| text.split(',').map(str::trim).filter(|p| !p.is_empty()).collect());
    let mut chosen: Vec<&str> = Vec::new();
    for part in parts {
        let option = if options.is_empty() { Some(part) } else { choose(options, part) };
        let option = option.ok_or_else(|| wrong(field, &shorten(part)))?;
        if !chosen.contains(&option) {
            chosen.push(option);
        }
    }
    chosen.sort_by_key(|c| options.iter().position(|o| o == c));
    Ok(Value::from(chosen))
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
