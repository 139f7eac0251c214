//! Phrase → decision, with reasons, and control phrases. Pure: an index built from the
//! registry and one function from phrase, and what was learned, to decision. No clock, no files.
//!
//! A phrase becomes words (`text`, `stem`, `words`), each word what it may mean in this registry (`meaning`, over
//! `index`), and those are compared with every text, by words and by direction (`score`, `vectors`). `judge` says how
//! likely each workflow is meant and what to do; `control` what is addressed to the console, `signs` what asks for no
//! workflow at all; `reason` tells the person why, and `check` the author of a phrase
//! whether it can be told from the others. What people choose is kept by `memory`, weighed by `learned` and
//! brought into an answer by `recall`. `docs/MATCHING.md` explains it whole.

pub mod check;
mod complete;
mod control;
mod decide;
mod elsewhere;
mod index;
mod judge;
mod learned;
mod meaning;
pub mod memory;
mod opinion;
mod options;
mod prepared;
mod reason;
mod recall;
mod sayings;
mod score;
mod shape;
mod signs;
mod steady;
mod stem;
mod telling;
mod text;
mod values;
mod vectors;
mod words;

use serde::{Deserialize, Serialize};

use crate::base::WorkflowId;
pub use crate::matching::check::{Finding, Trouble, check, check_phrase};
pub use crate::matching::complete::complete;
pub use crate::matching::decide::Index;
use crate::matching::decide::cut;
pub use crate::matching::judge::{Caution, Phrase};
pub use crate::matching::learned::{Choice, Chosen, Learned, Lesson, Standing, key};
pub use crate::matching::memory::{Memory, MemoryEvent, MemoryEventBody, Missed};
pub use crate::matching::opinion::{Opinion, Question, Subject};
pub use crate::matching::options::{About, Options};
pub use crate::matching::score::FEATURES;
pub use crate::matching::signs::Signs;
pub use crate::matching::steady::{MARGIN, steady};
pub use crate::matching::telling::telling;
pub use crate::matching::values::{Found, How, Offered, values};
pub use crate::matching::words::Entry as WordEntry;

/// The answer to a phrase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub decision: Decision,
    /// Best first, at most ten, whatever the decision.
    pub candidates: Vec<Candidate>,
    /// How likely it is that no workflow is meant, 0 to 1.
    pub none: f64,
    /// What kept it from being certain, in one short line; `None` where nothing did.
    pub doubt: Option<String>,
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
    /// How likely it is meant, 0 to 1: of a hundred candidates with 0.8 about eighty were meant.
    pub score: f64,
    /// The text of the workflow that fits best: a trigger phrase, or its name.
    pub text: String,
    /// Character positions in `text` that the phrase meets, ascending: lit on screen.
    pub lit: Vec<usize>,
    /// Why, in one short line: `said: deploy MCP changes`, `typo: chan→changes`, `shares: mcp`.
    pub reason: String,
    /// Which word of the phrase met which word of `text`, and how.
    pub met: Vec<Pair>,
    /// The numbers behind the score, in the order of [`FEATURES`]; empty where it was named by its id or by letters alone.
    pub features: Vec<f64>,
    /// People chose it before for this very phrase, and that is why it stands here.
    #[serde(default)]
    pub learned: bool,
}

/// A word of the phrase and the word of a workflow's text that it met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub said: String,
    pub meant: String,
    /// `same`, `form`, `abbreviation`, `synonym`, `like`, `typo`, `prefix` or `joined`.
    pub how: String,
}

/// What was measured of a phrase before it was judged: all that the weights are fitted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Every workflow that was judged, those too unlikely to be named among them, in the order in which they are judged.
    pub candidates: Vec<MeasuredCandidate>,
    pub phrase: Phrase,
    /// The processes of other teams that the phrase is nearest to.
    pub sounds_like: Vec<SoundsLike>,
}

/// A process of another team that a phrase is near to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SoundsLike {
    pub process: String,
    pub trade: String,
    /// -1 to 1.
    pub nearness: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasuredCandidate {
    pub id: WorkflowId,
    /// In the order of [`FEATURES`].
    pub features: Vec<f64>,
    /// The phrase says the opposite of what the workflow's best text says.
    pub opposed: bool,
}

/// Longest phrase that is looked at, in bytes; more is cut.
pub const PHRASE_LIMIT: usize = 4096;

/// Candidates that an answer names at most.
pub const MOST: usize = 10;
/// Choices that a person is asked about at most.
pub const MOST_CHOICES: usize = judge::MOST_CHOICES;

#[cfg(test)]
mod tests;
