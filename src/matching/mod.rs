//! Phrase → decision, with reasons, and control phrases. Pure: an index built from the
//! registry and one function from phrase to decision.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::WorkflowId;
use crate::workflow::Workflow;

/// The answer to a phrase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub decision: Decision,
    /// Best first, at most ten, whatever the decision.
    pub candidates: Vec<Candidate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// The first candidate is meant.
    Match,
    /// One of the first `choices` candidates is meant, 2 to 4.
    Ambiguous {
        choices: usize,
    },
    None,
    /// The phrase is addressed to the console.
    Control(Control),
}

/// What a control phrase asks for, and of which workflow, where it names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    pub action: ControlAction,
    pub workflow: Option<WorkflowId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlAction {
    Cancel,
    Pause,
    Resume,
    List,
    Explain,
    Help,
    Status,
    Skip,
    Back,
    Quit,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub id: WorkflowId,
    pub name: String,
    /// 0 to 1.
    pub score: f64,
    /// The text of the workflow that fits best: a trigger phrase, or its name.
    pub text: String,
    /// Character positions in `text` that the phrase meets, ascending: lit on screen.
    pub lit: Vec<usize>,
    /// Why, in one short line: `said: deploy MCP changes`, `typo: chan→changes`, `shares: mcp`.
    pub reason: String,
}

/// Longest phrase that is looked at, in bytes; more is cut.
pub const PHRASE_LIMIT: usize = 4096;

/// Built once from the registry.
#[derive(Debug, Clone, Default)]
pub struct Index;

impl Index {
    pub fn new<'a>(workflows: impl IntoIterator<Item = &'a Arc<Workflow>>) -> Self {
        let _ = workflows.into_iter();
        Self
    }

    /// The decision for a phrase. Deterministic; any text in gives an answer.
    pub fn decide(&self, phrase: &str) -> Answer {
        let _ = phrase;
        Answer { decision: Decision::None, candidates: Vec::new() }
    }
}
