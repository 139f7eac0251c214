//! Session summaries and run reports → Markdown, JSON. Pure.

use crate::run::SessionRecord;

/// `SESSION-SUMMARY-<name>.md`, with everything in the name that is no letter, digit, `.`, `_` or `-` made `-`.
pub fn file_name(session_name: &str) -> String {
    let _ = session_name;
    String::new()
}

/// The session summary as Markdown.
pub fn markdown(record: &SessionRecord) -> String {
    let _ = record;
    String::new()
}

/// The session summary as JSON, with `schema_version`.
pub fn json(record: &SessionRecord) -> serde_json::Value {
    let _ = record;
    serde_json::Value::Null
}
