//! Session summaries → Markdown, JSON. Pure: what is in the record goes in, nothing is asked of
//! git, the store or the clock. Writing the file is the engine's work.
//!
//! `content` gathers what there is to say, cleaned of everything unsafe; `markdown` and the JSON
//! are two faces of it.

mod content;
mod deviation;
mod escape;
mod markdown;

#[cfg(test)]
mod tests;

use crate::run::SessionRecord;

/// The version of the JSON summary; grows when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;
/// Bytes of a session's name that a file name keeps.
const NAME_LIMIT: usize = 120;

/// `SESSION-SUMMARY-<name>.md`, with everything in the name that is no letter, digit, `.`, `_` or `-` made `-`.
pub fn file_name(session_name: &str) -> String {
    let mut name = String::new();
    for c in session_name.trim().chars() {
        if name.len() + c.len_utf8() > NAME_LIMIT {
            break;
        }
        name.push(if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' });
    }
    if name.is_empty() {
        name.push_str("session");
    }
    format!("SESSION-SUMMARY-{name}.md")
}

/// The session summary as Markdown, with times in the local zone, which it names.
pub fn markdown(record: &SessionRecord) -> String {
    markdown_in(record, &jiff::tz::TimeZone::system())
}

/// The same, with times in another zone.
pub fn markdown_in(record: &SessionRecord, zone: &jiff::tz::TimeZone) -> String {
    markdown::render(&content::gather(record), zone)
}

/// The session summary as JSON, with `schema_version`. Times are RFC 3339 in UTC, lengths are
/// milliseconds.
pub fn json(record: &SessionRecord) -> serde_json::Value {
    let content = serde_json::to_value(content::gather(record)).unwrap_or_default();
    let mut summary = serde_json::Map::new();
    summary.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    if let serde_json::Value::Object(fields) = content {
        summary.extend(fields);
    }
    serde_json::Value::Object(summary)
}
