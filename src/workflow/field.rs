//! Checking a person's answer against the question that was asked.

use serde_json::{Map, Number, Value};

use crate::workflow::{Field, FieldKind};

/// Longest answer, in characters, of a one-line question that says nothing else.
pub const LINE_LIMIT: usize = 4096;

/// Longest answer of many lines, in bytes.
pub const TEXT_LIMIT: usize = 256 * 1024;

/// The typed value of what a person typed, or a sentence that says what was expected.
/// An empty text gives the default where there is one, null where the field is not required.
pub fn read(field: &Field, typed: &str) -> Result<Value, String> {
    let text = typed.trim();
    if text.is_empty() {
        return match &field.default {
            Some(default) => Ok(default.clone()),
            None if field.required => Err(format!("“{}” needs {}", field.prompt, expected(field))),
            None => Ok(Value::Null),
        };
    }
    let value = match &field.kind {
        FieldKind::String { .. } | FieldKind::Path => Value::String(text.to_owned()),
        FieldKind::Text => Value::String(typed.trim_end().to_owned()),
        FieldKind::Number => Value::Number(number(text).ok_or_else(|| wrong(field, &shorten(text)))?),
        FieldKind::Boolean => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "1" | "on" => Value::Bool(true),
            "false" | "no" | "n" | "0" | "off" => Value::Bool(false),
            _ => return Err(wrong(field, &shorten(text))),
        },
        FieldKind::Choice { options } => {
            Value::String(choose(options, text).ok_or_else(|| wrong(field, &shorten(text)))?.to_owned())
        }
    };
    check(field, &value)?;
    Ok(value)
}

/// Whether a typed value fits the field (from JSON, an earlier answer, a phrase).
pub fn check(field: &Field, value: &Value) -> Result<(), String> {
    match (&field.kind, value) {
        (_, Value::Null) if field.required && field.default.is_none() => {
            Err(format!("“{}” needs {}", field.prompt, expected(field)))
        }
        (_, Value::Null) | (FieldKind::Number, Value::Number(_)) | (FieldKind::Boolean, Value::Bool(_)) => {
            Ok(())
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
            filled(field, text)
        }
        (FieldKind::String { .. } | FieldKind::Path, Value::String(text)) => {
            let limit = match field.kind {
                FieldKind::String { max_length: Some(limit) } => limit,
                _ => LINE_LIMIT,
            };
            let length = text.chars().count();
            if length > limit {
                return Err(format!("“{}” may be {limit} characters long, this is {length}", field.prompt));
            }
            if text.contains(['\n', '\r']) {
                return Err(format!("“{}” takes one line", field.prompt));
            }
            no_nul(field, text)?;
            filled(field, text)
        }
        (FieldKind::Choice { options }, Value::String(text)) if options.contains(text) => Ok(()),
        (_, Value::String(text)) => Err(wrong(field, &shorten(text))),
        (_, other) => Err(wrong(field, &shorten(&other.to_string()))),
    }
}

/// What an answer looks like.
pub fn expected(field: &Field) -> String {
    match &field.kind {
        FieldKind::String { .. } => "a text of one line".to_owned(),
        FieldKind::Text => "a text".to_owned(),
        FieldKind::Number => "a number".to_owned(),
        FieldKind::Boolean => "yes or no".to_owned(),
        FieldKind::Choice { options } => format!("one of {}", options.join(", ")),
        FieldKind::Path => "the path of a file or folder".to_owned(),
    }
}

fn wrong(field: &Field, found: &str) -> String {
    format!("“{}” needs {}, not `{found}`", field.prompt, expected(field))
}

fn filled(field: &Field, text: &str) -> Result<(), String> {
    if field.required && text.trim().is_empty() {
        return Err(format!("“{}” needs {}", field.prompt, expected(field)));
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

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The answers to all fields, defaults filled in, or every problem at once: unknown names,
/// missing answers, values that do not fit. A field that was left empty is null.
pub fn complete(fields: &[Field], values: &Map<String, Value>) -> Result<Map<String, Value>, Vec<String>> {
    let mut problems = Vec::new();
    for name in values.keys().filter(|name| fields.iter().all(|f| &f.name != *name)) {
        let known: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        problems.push(format!("there is no field “{name}” (there are: {})", known.join(", ")));
    }
    let mut answers = Map::new();
    for field in fields {
        let given = values.get(&field.name).filter(|v| !v.is_null()).or(field.default.as_ref());
        match given {
            Some(value) => {
                if let Err(problem) = check(field, value) {
                    problems.push(format!("{}: {problem}", field.name));
                }
                answers.insert(field.name.clone(), value.clone());
            }
            None if field.required => problems.push(format!("{}: an answer is needed", field.name)),
            None => {
                answers.insert(field.name.clone(), Value::Null);
            }
        }
    }
    if problems.is_empty() { Ok(answers) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(kind: FieldKind, default: Option<Value>, required: bool) -> Field {
        Field { name: "x".into(), kind, prompt: "How many?".into(), default, required, summary: None }
    }

    #[test]
    fn what_is_typed_becomes_the_type_that_was_asked_for() {
        let options = vec!["rollback".to_owned(), "patch".to_owned(), "Pause".to_owned()];
        for (kind, typed, value) in [
            (FieldKind::Number, "12", json!(12)),
            (FieldKind::Number, " 1.5 ", json!(1.5)),
            (FieldKind::Boolean, "Yes", json!(true)),
            (FieldKind::Boolean, "off", json!(false)),
            (FieldKind::String { max_length: None }, " api ", json!("api")),
            (FieldKind::Text, "a\n  b\n", json!("a\n  b")),
            (FieldKind::Path, "~/src", json!("~/src")),
            (FieldKind::Choice { options: options.clone() }, "ROLL", json!("rollback")),
            (FieldKind::Choice { options: options.clone() }, "2", json!("patch")),
            (FieldKind::Choice { options: options.clone() }, "pause", json!("Pause")),
        ] {
            assert_eq!(read(&field(kind, None, true), typed).expect(typed), value);
        }
    }

    #[test]
    fn what_does_not_fit_says_what_was_expected() {
        let options = vec!["patch".to_owned(), "pause".to_owned()];
        for (kind, typed, part) in [
            (FieldKind::Number, "many", "needs a number, not `many`"),
            (FieldKind::Number, "NaN", "needs a number"),
            (FieldKind::Boolean, "perhaps", "needs yes or no"),
            (FieldKind::Choice { options: options.clone() }, "pa", "one of patch, pause"),
            (FieldKind::Choice { options: options.clone() }, "0", "one of patch, pause"),
            (FieldKind::String { max_length: Some(3) }, "four", "3 characters long, this is 4"),
            (FieldKind::String { max_length: None }, "  ", "“How many?” needs"),
            (FieldKind::Path, "a\0b", "NUL"),
        ] {
            let error = read(&field(kind, None, true), typed).expect_err(typed);
            assert!(error.contains(part), "{error}");
        }
        let string = field(FieldKind::String { max_length: None }, None, false);
        assert!(check(&string, &json!(3)).is_err_and(|e| e.contains("not `3`")));
        assert!(check(&string, &json!("a\nb")).is_err_and(|e| e.contains("one line")));
        assert!(check(&field(FieldKind::Text, None, false), &json!("x".repeat(TEXT_LIMIT + 1))).is_err());
        assert!(check(&field(FieldKind::Boolean, None, true), &json!("true")).is_err());
    }

    #[test]
    fn nothing_typed_gives_the_default_or_null() {
        let number = |default, required| field(FieldKind::Number, default, required);
        assert_eq!(read(&number(Some(json!(3)), true), ""), Ok(json!(3)));
        assert_eq!(read(&number(None, false), " "), Ok(Value::Null));
        assert!(read(&number(None, true), "").is_err());
        assert_eq!(check(&number(None, false), &Value::Null), Ok(()));
        assert!(check(&number(None, true), &Value::Null).is_err());
    }
}
