//! YAML → [`Workflow`], with diagnostics that name file, line, column, the offending snippet
//! and what was expected.

use serde::{Deserialize, Serialize};

use crate::workflow::Workflow;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The workflow does not load.
    Error,
    /// It loads; the author should look.
    Warning,
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

/// The workflow and its warnings, or the errors (at least one, warnings among them).
pub fn parse(file: &str, bytes: &[u8]) -> Result<(Workflow, Vec<Diagnostic>), Vec<Diagnostic>> {
    let _ = (file, bytes);
    Err(Vec::new())
}
