//! YAML → [`Workflow`], with diagnostics that name file, line, column, the offending snippet
//! and what was expected. All that is wrong with a file is told at once, not only the first.
//!
//! `tree` reads YAML into nodes that know where they stand, `table` reads typed values out of
//! them, `document`, `question`, `retry` and `step` know the keys of the format, `elsewhere` what people write instead of
//! them, `names` what expressions may read. `phrases` writes examples into a file,
//! `schema` tells the keys to editors.

mod document;
mod elsewhere;
mod names;
mod phrases;
mod question;
mod report;
mod retry;
mod schema;
mod step;
mod table;
mod tree;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(super) use self::table::{is_workflow_id, slug};
use crate::workflow::Workflow;
pub use phrases::{remark, with_examples};
pub use schema::schema;

/// Largest workflow file, in bytes.
pub const FILE_LIMIT: usize = 1024 * 1024;

/// Trigger phrases, and examples, of one workflow.
pub const PHRASES: usize = 200;

/// Bytes of one of them.
pub const PHRASE_LENGTH: usize = 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The workflow does not load.
    Error,
    /// It loads; the author should look.
    Warning,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// As it was found: a path, or `bundled:MW-001.yaml`.
    pub file: String,
    /// From 1; 0 where the whole file is meant.
    pub line: u32,
    /// From 1, in characters; 0 where the whole file is meant.
    pub column: u32,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What was expected, or what to write instead.
    pub help: Option<String>,
    /// The offending lines with a mark under them, plain text.
    pub snippet: String,
}

impl Diagnostic {
    /// About a file as a whole.
    pub fn of_file(file: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
            help: Some(help.into()).filter(|h| !h.is_empty()),
            snippet: String::new(),
        }
    }
}

impl fmt::Display for Diagnostic {
    /// `file:line:column: error: what`, then the snippet, then what to write. May hold text of the
    /// file, which is untrusted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity.word(), self.message)?;
        if !self.snippet.is_empty() {
            write!(f, "\n{}", self.snippet)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {}", help.replace('\n', "\n        "))?;
        }
        Ok(())
    }
}

/// The workflow and its warnings, or the errors (at least one, warnings among them).
pub fn parse(file: &str, bytes: &[u8]) -> Result<(Workflow, Vec<Diagnostic>), Vec<Diagnostic>> {
    let text = decode(file, bytes)?;
    let mut sink = report::Sink::new(file, text);
    let workflow = tree::read(text, &mut sink).and_then(|root| document::read(&root, file, &mut sink));
    match workflow {
        Some(workflow) if !sink.has_errors() => Ok((workflow, sink.finish())),
        _ => Err(sink.finish()),
    }
}

/// The `id` that a broken file gives, where its YAML can be read that far.
pub fn label(bytes: &[u8]) -> Option<String> {
    let text = decode("", bytes).ok()?;
    let mut sink = report::Sink::new("", text);
    match &tree::read(text, &mut sink)?.get("id")?.shape {
        tree::Shape::Text(id) => Some(id.trim().to_owned()).filter(|id| table::is_workflow_id(id)),
        _ => None,
    }
}

/// The text of a file: UTF-8 without control characters, not too large.
fn decode<'b>(file: &str, bytes: &'b [u8]) -> Result<&'b str, Vec<Diagnostic>> {
    if bytes.len() > FILE_LIMIT {
        return Err(vec![too_large(file, bytes.len() as u64)]);
    }
    let (text, rest) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let good = error.valid_up_to();
            (std::str::from_utf8(&bytes[..good]).unwrap_or(""), bytes.get(good))
        }
    };
    if let Some(byte) = rest {
        let mut sink = report::Sink::new(file, text);
        sink.error(
            &(text.len()..text.len()),
            format!("byte {} of the file (0x{byte:02x}) is no UTF-8", text.len() + 1),
            "Save the file as UTF-8",
        );
        return Err(sink.finish());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    if let Some((at, c)) = text.char_indices().find(|(_, c)| control(*c)) {
        let name = if c == '\0' {
            "a NUL byte".to_owned()
        } else {
            format!("the control character U+{:04X}", c as u32)
        };
        let mut sink = report::Sink::new(file, text);
        sink.error(
            &(at..at + c.len_utf8()),
            format!("{name} stands here"),
            "Remove it; inside double quotes it can be written as an escape such as \\e or \\t",
        );
        return Err(sink.finish());
    }
    Ok(text)
}

/// What is said of a file over [`FILE_LIMIT`].
pub fn too_large(file: &str, size: u64) -> Diagnostic {
    Diagnostic::of_file(
        file,
        format!("the file is {size} bytes large; a workflow may have {FILE_LIMIT}"),
        "Move long texts and scripts into files of their own and call them from the steps",
    )
}

#[cfg(test)]
mod tests;
