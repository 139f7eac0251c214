//! Checking a person's answer against the question that was asked.

use serde_json::{Map, Value};

use crate::workflow::Field;

/// The typed value of what a person typed, or a sentence that says what was expected.
/// An empty text gives the default where there is one, null where the field is not required.
pub fn read(field: &Field, typed: &str) -> Result<Value, String> {
    let _ = typed;
    Err(field.name.clone())
}

/// Whether a typed value fits the field (from JSON, an earlier answer, a phrase).
pub fn check(field: &Field, value: &Value) -> Result<(), String> {
    let _ = value;
    Err(field.name.clone())
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
