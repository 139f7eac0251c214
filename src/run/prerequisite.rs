//! What became of a workflow's prerequisites before a run of it started. Running their commands is `exec`'s.

use serde::{Deserialize, Serialize};

/// A prerequisite, and whether it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrerequisiteResult {
    pub says: String,
    /// `None`: a sentence that nobody has ticked.
    pub passed: Option<bool>,
    /// What the command printed, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do about it, as the workflow says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl PrerequisiteResult {
    /// A sentence that nobody has ticked, a command that was not run.
    pub fn unticked(says: impl Into<String>) -> Self {
        Self { says: says.into(), passed: None, detail: None, hint: None }
    }
}
