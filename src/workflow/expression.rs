//! `${{ … }}` values and `if:` conditions: minijinja's expressions, strict. An unknown name
//! is an error, never an empty string; a condition must give a boolean; comparing values of
//! different types is an error, not `false`.
//!
//! minijinja compares silently, so each comparison is first rewritten into a call of a function
//! of ours that looks at the types (`scan`); filters and tests that compare are not offered.

mod scan;

use std::ops::Range;

use minijinja::value::{Kwargs, Rest, Serde, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value as Jinja};
use serde_json::{Map, Value};

pub use scan::{Reference, references};

/// Longest expression, in bytes.
pub const EXPRESSION_LIMIT: usize = 4096;

/// Largest text that a rendering may give, in bytes.
pub const RESULT_LIMIT: usize = 4 * 1024 * 1024;

/// Steps of evaluation; an expression that a person wrote takes a few dozen.
const FUEL: u64 = 50_000;

/// What an expression may read: `inputs`, `answers`, `steps`, `env`, `repo`, and assigned names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope(pub Map<String, Value>);

/// Why an expression gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}`: {reason}")]
pub struct ExpressionError {
    pub expression: String,
    pub reason: String,
}

impl ExpressionError {
    fn new(expression: &str, reason: impl Into<String>) -> Self {
        let mut expression: String = expression.trim().chars().take(200).collect();
        if expression.chars().count() == 200 {
            expression.push('…');
        }
        Self { expression, reason: reason.into() }
    }
}

/// A part of a text: what stands as it is, or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    Text(&'t str),
    /// The source between `${{` and `}}`, trimmed, and where the whole `${{ … }}` stands.
    Expression(&'t str, Range<usize>),
}

/// Splits a text into what stands as it is and its expressions. Strings inside an expression may
/// hold `}}`.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, ExpressionError> {
    let mut pieces = Vec::new();
    let mut rest = 0;
    while let Some(found) = text[rest..].find("${{") {
        let open = rest + found;
        let Some(close) = scan::closing(&text[open + 3..]).map(|at| open + 3 + at) else {
            return Err(ExpressionError::new(&text[open..], "`${{` has no closing `}}`"));
        };
        if open > rest {
            pieces.push(Piece::Text(&text[rest..open]));
        }
        pieces.push(Piece::Expression(text[open + 3..close].trim(), open..close + 2));
        rest = close + 2;
    }
    if rest < text.len() {
        pieces.push(Piece::Text(&text[rest..]));
    }
    Ok(pieces)
}

/// The value of `text` in which every `${{ … }}` is replaced. A string that is one whole
/// `${{ … }}` keeps the type of its value; anything else gives a string. Inside a longer text
/// null (a question that was left open) is empty, lists and mappings are JSON.
pub fn render(text: &str, scope: &Scope) -> Result<Value, ExpressionError> {
    let pieces = pieces(text)?;
    if let [Piece::Expression(expression, _)] = pieces[..] {
        return evaluate(expression, scope);
    }
    let mut result = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Expression(expression, _) => match evaluate(expression, scope)? {
                Value::Null => {}
                Value::String(text) => result.push_str(&text),
                value => result.push_str(&value.to_string()),
            },
        }
        if result.len() > RESULT_LIMIT {
            return Err(ExpressionError::new(text, too_large()));
        }
    }
    Ok(Value::String(result))
}

/// The value of a bare expression that must be a boolean.
pub fn condition(expression: &str, scope: &Scope) -> Result<bool, ExpressionError> {
    match evaluate(expression, scope)? {
        Value::Bool(value) => Ok(value),
        other => Err(ExpressionError::new(
            expression,
            format!("a condition must give true or false, this gives {}", word_of(&other)),
        )),
    }
}

/// Whether the expression can be read at all; names are not looked up.
pub fn check(expression: &str) -> Result<(), ExpressionError> {
    let environment = environment();
    let rewritten = prepare(&environment, expression)?;
    environment.compile_expression(&rewritten).map_err(|e| explain(expression, &e))?;
    Ok(())
}

fn evaluate(expression: &str, scope: &Scope) -> Result<Value, ExpressionError> {
    let environment = environment();
    let rewritten = prepare(&environment, expression)?;
    let compiled = environment.compile_expression(&rewritten).map_err(|e| explain(expression, &e))?;
    let value = compiled.eval(Serde(&scope.0)).map_err(|e| {
        if e.kind() == ErrorKind::UndefinedError {
            return ExpressionError::new(expression, unknown(expression, scope));
        }
        explain(expression, &e)
    })?;
    let mut budget = RESULT_LIMIT;
    json(&value, &mut budget, 0).map_err(|reason| match reason {
        NoJson::Unknown => ExpressionError::new(expression, unknown(expression, scope)),
        NoJson::Other(reason) => ExpressionError::new(expression, reason),
    })
}

/// The expression with its comparisons made strict. It is compiled as it was written first, so
/// that an error speaks of what the author wrote.
fn prepare(environment: &Environment<'_>, expression: &str) -> Result<String, ExpressionError> {
    if expression.trim().is_empty() {
        return Err(ExpressionError::new("${{ }}", "there is no expression between the braces"));
    }
    if expression.len() > EXPRESSION_LIMIT {
        let reason =
            format!("an expression may be {EXPRESSION_LIMIT} bytes long, this one is {}", expression.len());
        return Err(ExpressionError::new(expression, reason));
    }
    environment.compile_expression(expression).map_err(|e| explain(expression, &e))?;
    scan::strict(expression).map_err(|reason| ExpressionError::new(expression, reason))
}

/// The names that the expression reads and the scope does not have.
fn unknown(expression: &str, scope: &Scope) -> String {
    for reference in references(expression) {
        let mut place: Option<&Value> = scope.0.get(&reference.path[0]);
        for (depth, part) in reference.path.iter().enumerate() {
            if depth > 0 {
                place = place.and_then(|p| p.get(part));
            }
            if place.is_none() {
                return format!("there is no `{}`", reference.path[..=depth].join("."));
            }
        }
    }
    "it reads a name that does not exist".to_owned()
}

fn explain(expression: &str, error: &minijinja::Error) -> ExpressionError {
    let reason = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too long to evaluate".to_owned(),
        (ErrorKind::UnknownFilter, Some(detail)) => {
            format!("{detail}; there are {}", FILTERS.join(", "))
        }
        (ErrorKind::UnknownTest, Some(detail)) => format!("{detail}; there are {}", TESTS.join(", ")),
        (_, Some(detail)) => detail.to_owned(),
        (kind, None) => kind.to_string(),
    };
    ExpressionError::new(expression, reason)
}

fn too_large() -> String {
    format!("the result is larger than {} MiB", RESULT_LIMIT / (1024 * 1024))
}

const FILTERS: [&str; 15] = [
    "default", "first", "float", "int", "join", "last", "length", "lower", "replace", "round", "split",
    "string", "title", "trim", "upper",
];

const TESTS: [&str; 9] =
    ["boolean", "defined", "endingwith", "mapping", "none", "number", "sequence", "startingwith", "string"];

/// No template, no loader, no function that reads anything; only what is named in the lists.
fn environment<'s>() -> Environment<'s> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(64);
    env.add_filter(
        "default",
        |value: &Jinja, other: Jinja| {
            if value.is_undefined() || value.is_none() { other } else { value.clone() }
        },
    );
    env.add_filter("first", minijinja::filters::first);
    env.add_filter("float", minijinja::filters::float);
    env.add_filter("int", minijinja::filters::int);
    env.add_filter("join", join);
    env.add_filter("last", minijinja::filters::last);
    env.add_filter("length", minijinja::filters::length);
    env.add_filter("lower", minijinja::filters::lower);
    env.add_filter("replace", replace);
    env.add_filter("round", minijinja::filters::round);
    env.add_filter("split", minijinja::filters::split);
    env.add_filter("string", minijinja::filters::string);
    env.add_filter("title", minijinja::filters::title);
    env.add_filter("trim", minijinja::filters::trim);
    env.add_filter("upper", minijinja::filters::upper);
    env.add_test("boolean", minijinja::tests::is_boolean);
    env.add_test("defined", minijinja::tests::is_defined);
    env.add_test("endingwith", minijinja::tests::is_endingwith);
    env.add_test("mapping", minijinja::tests::is_mapping);
    env.add_test("none", minijinja::tests::is_none);
    env.add_test("number", minijinja::tests::is_number);
    env.add_test("sequence", minijinja::tests::is_sequence);
    env.add_test("startingwith", minijinja::tests::is_startingwith);
    env.add_test("string", minijinja::tests::is_string);
    env.add_function(scan::COMPARE, compare);
    env
}

fn refuse_large(bytes: usize) -> Result<(), minijinja::Error> {
    if bytes > RESULT_LIMIT {
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, too_large()));
    }
    Ok(())
}

/// Replaces a text in a text; the size of what comes out is known before it is made.
fn replace(value: &str, from: &str, to: &str) -> Result<String, minijinja::Error> {
    let times = value.matches(from).count();
    refuse_large(value.len().saturating_add(times.saturating_mul(to.len())))?;
    Ok(value.replace(from, to))
}

/// The items of a list as one text, with a separator between them.
fn join(value: &Jinja, separator: Option<&str>) -> Result<String, minijinja::Error> {
    if value.kind() != ValueKind::Seq {
        let reason = format!("`join` makes a text of a list, not of {}", kind_word(value));
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, reason));
    }
    let mut text = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        if item.is_undefined() {
            return Err(ErrorKind::UndefinedError.into());
        }
        if index > 0 {
            text.push_str(separator.unwrap_or(""));
        }
        text.push_str(&item.to_string());
        refuse_large(text.len())?;
    }
    Ok(text)
}

/// What `==`, `<`, `in` … become: the same answer as minijinja's where the types agree, else an error.
fn compare(
    operator: &str,
    left: Jinja,
    right: Jinja,
    rest: Rest<Jinja>,
    named: Kwargs,
) -> Result<bool, minijinja::Error> {
    named.assert_all_used()?;
    let wrong = |reason: String| minijinja::Error::new(ErrorKind::InvalidOperation, reason);
    if !rest.is_empty() {
        return Err(wrong("a comparison has two sides".to_owned()));
    }
    if left.is_undefined() || right.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    match operator {
        "==" | "!=" => {
            comparable(&left, &right).map_err(wrong)?;
            Ok((left == right) == (operator == "=="))
        }
        "<" | "<=" | ">" | ">=" => {
            if !matches!(left.kind(), ValueKind::Number | ValueKind::String) || left.kind() != right.kind() {
                return Err(wrong(format!(
                    "`{operator}` puts two numbers or two texts in order, not {} and {}",
                    kind_word(&left),
                    kind_word(&right)
                )));
            }
            Ok(match operator {
                "<" => left < right,
                "<=" => left <= right,
                ">" => left > right,
                _ => left >= right,
            })
        }
        _ => {
            let contains = match right.kind() {
                ValueKind::String if left.kind() == ValueKind::String => {
                    right.as_str().unwrap_or("").contains(left.as_str().unwrap_or(""))
                }
                ValueKind::Seq => {
                    let mut found = false;
                    for item in right.try_iter()? {
                        comparable(&left, &item).map_err(wrong)?;
                        found |= left == item;
                    }
                    found
                }
                ValueKind::Map if left.kind() == ValueKind::String => !right.get_item(&left)?.is_undefined(),
                _ => {
                    return Err(wrong(format!(
                        "`{operator}` looks for a text in a text, a value in a list or a key in a mapping, not for {} in {}",
                        kind_word(&left),
                        kind_word(&right)
                    )));
                }
            };
            Ok(contains == (operator == "in"))
        }
    }
}

/// Whether asking if they are equal makes sense, all the way down.
fn comparable(left: &Jinja, right: &Jinja) -> Result<(), String> {
    if left.kind() != right.kind() {
        let mut reason = format!("{} is compared with {}", kind_word(left), kind_word(right));
        if left.is_none() || right.is_none() {
            reason.push_str("; ask with `is none` whether there is a value");
        }
        return Err(reason);
    }
    if left.kind() == ValueKind::Seq {
        let pairs = left.try_iter().into_iter().flatten().zip(right.try_iter().into_iter().flatten());
        for (a, b) in pairs {
            comparable(&a, &b)?;
        }
    }
    if left.kind() == ValueKind::Map {
        for key in left.try_iter().into_iter().flatten() {
            let (Ok(a), Ok(b)) = (left.get_item(&key), right.get_item(&key)) else { continue };
            if !b.is_undefined() {
                comparable(&a, &b)?;
            }
        }
    }
    Ok(())
}

fn kind_word(value: &Jinja) -> &'static str {
    match value.kind() {
        ValueKind::None => "nothing (null)",
        ValueKind::Bool => "a boolean",
        ValueKind::Number => "a number",
        ValueKind::String => "text",
        ValueKind::Seq => "a list",
        ValueKind::Map => "a mapping",
        _ => "something else",
    }
}

fn word_of(value: &Value) -> String {
    match value {
        Value::Null => "nothing (null)".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(text) => {
            let short: String = text.chars().take(40).collect();
            format!("the text “{short}{}”", if short.len() < text.len() { "…" } else { "" })
        }
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

enum NoJson {
    /// Something in it is undefined.
    Unknown,
    Other(String),
}

fn json(value: &Jinja, budget: &mut usize, depth: usize) -> Result<Value, NoJson> {
    let cost = 16 + value.as_str().map_or(0, str::len);
    *budget = budget.checked_sub(cost).ok_or_else(|| NoJson::Other(too_large()))?;
    if depth > 64 {
        return Err(NoJson::Other("the result is nested more than 64 deep".to_owned()));
    }
    match value.kind() {
        ValueKind::Undefined => Err(NoJson::Unknown),
        ValueKind::Seq => {
            let items = value.try_iter().map_err(|e| NoJson::Other(e.to_string()))?;
            items.map(|item| json(&item, budget, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter().map_err(|e| NoJson::Other(e.to_string()))? {
                let item = value.get_item(&key).map_err(|e| NoJson::Other(e.to_string()))?;
                map.insert(key.to_string(), json(&item, budget, depth + 1)?);
            }
            Ok(Value::Object(map))
        }
        ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::String => {
            serde_json::to_value(value).map_err(|e| NoJson::Other(e.to_string()))
        }
        _ => Err(NoJson::Other("it gives no value: a function, perhaps, that is not called".to_owned())),
    }
}

#[cfg(test)]
mod tests;
