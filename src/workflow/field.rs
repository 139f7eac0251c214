//! Checking a person's answer against the question that was asked.

use serde_json::Value;

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
