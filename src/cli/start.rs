//! Values that were typed as `NAME=VALUE`, read as the fields that they answer. All problems
//! are told at once.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::base::{Error, Result};
use crate::workflow::field::Asking;
use crate::workflow::{Field, Workflow, field};

/// What was given, by name; the last of two with the same name counts.
pub fn pairs(option: &str, given: &[String]) -> Result<IndexMap<String, String>> {
    given
        .iter()
        .map(|pair| {
            pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned())).ok_or_else(
                || {
                    Error::usage(format!("{option} {pair} has no ="))
                        .hint(format!("Write {option} NAME=VALUE"))
                },
            )
        })
        .collect()
}

/// The values that fit, the fields that must be asked for, and what is wrong with the rest.
/// `what` names a field in messages: `input`, `question`.
pub fn typed<'a>(
    fields: &'a [Field],
    mut asking: Asking,
    given: &IndexMap<String, String>,
    what: &str,
) -> (Vec<(String, Value)>, Vec<&'a Field>, Vec<String>) {
    let mut values = Vec::new();
    let mut missing = Vec::new();
    let mut problems = Vec::new();
    for name in given.keys().filter(|name| fields.iter().all(|f| &f.name != *name)) {
        let near = fields
            .iter()
            .map(|f| (strsim::jaro_winkler(&f.name, name), f.name.as_str()))
            .filter(|(score, _)| *score > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(String::new, |(_, near)| format!("; did you mean {near}?"));
        problems.push(format!("There is no {what} {name}{near}"));
    }
    for asked in fields {
        // What depends on an answer that is still to come is decided when it is asked.
        let is_open = asked.condition.is_some() && !missing.is_empty();
        let is_asked = is_open
            || asking.asks(asked).unwrap_or_else(|why| {
                problems.push(format!("{}: {why}", asked.name));
                false
            });
        match given.get(&asked.name) {
            None if is_open => {}
            None if !is_asked => values.push((asked.name.clone(), Value::Null)),
            Some(_) if !is_asked => {
                let source = asked.condition.as_deref().unwrap_or_default();
                problems.push(format!("{} is asked only where {source}", asked.name));
            }
            None if asked.required && asked.default.is_none() => missing.push(asked),
            typed => match field::read(asked, typed.map_or("", String::as_str)) {
                Ok(value) => {
                    asking.take(asked, value.clone());
                    values.push((asked.name.clone(), value));
                }
                Err(expected) => problems.push(format!("{}: {expected}", asked.name)),
            },
        }
    }
    (values, missing, problems)
}

/// The inputs that were given, and no others: what is to be otherwise than it is.
pub fn some(workflow: &Workflow, given: &[String]) -> Result<Map<String, Value>> {
    let given = pairs("--input", given)?;
    // Whether they are asked depends on inputs that are not given here.
    let unconditional = |f: &Field| Field { condition: None, ..f.clone() };
    let fields: Vec<Field> = workflow.inputs.iter().map(unconditional).collect();
    let (values, _, problems) = typed(&fields, Asking::inputs(), &given, "input");
    refuse_problems(&format!("The inputs of {} cannot be taken", workflow.id), &problems, &[], "--input")?;
    Ok(values.into_iter().filter(|(name, _)| given.contains_key(name)).collect())
}

/// An error that tells every problem and every missing field, where there is any.
pub fn refuse_problems(message: &str, problems: &[String], missing: &[&Field], option: &str) -> Result<()> {
    if problems.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let mut error = Error::usage(message);
    for problem in problems {
        error = error.cause(problem.as_str());
    }
    for asked in missing {
        error = error.cause(format!("{} is missing: {} ({})", asked.name, asked.prompt, asked.kind.word()));
    }
    Err(error.hint(format!("Give each as {option} NAME=VALUE")))
}
