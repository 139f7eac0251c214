//! `${{ … }}` values and `if:` conditions: minijinja's expressions, strict. An unknown name
//! is an error, never an empty string; a condition must give a boolean; comparing values of
//! different types is an error, not `false`.

use serde_json::{Map, Value};

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

/// The value of `text` in which every `${{ … }}` is replaced. A string that is one whole
/// `${{ … }}` keeps the type of its value; anything else gives a string.
pub fn render(text: &str, scope: &Scope) -> Result<Value, ExpressionError> {
    let _ = (text, scope);
    Err(ExpressionError { expression: text.to_owned(), reason: "contract".to_owned() })
}

/// The value of a bare expression that must be a boolean.
pub fn condition(expression: &str, scope: &Scope) -> Result<bool, ExpressionError> {
    let _ = scope;
    Err(ExpressionError { expression: expression.to_owned(), reason: "contract".to_owned() })
}
