//! What people chose for their phrases, as the decision sees it: which workflow a phrase led to, and how
//! much that is worth by now. Where choices are kept and how they are forgotten is not decided here.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::base::{Actor, Timestamp, WorkflowId};
use crate::matching::text;

/// A person's choice of a workflow for a phrase: one event, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As it was typed.
    pub phrase: String,
    pub workflow: WorkflowId,
    pub how: Chosen,
    pub at: Timestamp,
    pub by: Actor,
}

/// How a choice came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// The console asked, and this was the answer.
    Asked,
    /// Another candidate stood first, and the person took this one.
    Instead,
    /// What had been learned before led here, and the person started it.
    Confirmed,
}

/// Choices folded into what each phrase means by now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// By the phrase's words; the strongest first.
    by_key: HashMap<String, Vec<Lesson>>,
}

/// What one phrase taught about one workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// As it was typed last.
    pub phrase: String,
    pub workflow: WorkflowId,
    /// Choices that speak for it.
    pub times: u32,
    pub last: Timestamp,
    /// 0 to 1, faded by now.
    pub weight: f64,
}

impl Learned {
    /// What these choices are worth at `now`; later choices of another workflow for the same phrase weaken earlier ones.
    pub fn new<'a>(choices: impl IntoIterator<Item = &'a Choice>, now: Timestamp) -> Self {
        let _ = now;
        let mut by_key: HashMap<String, Vec<Lesson>> = HashMap::new();
        for choice in choices {
            let key = text::key(&text::words(&choice.phrase, super::score::PHRASE_WORDS));
            let lessons = by_key.entry(key).or_default();
            match lessons.iter_mut().find(|l| l.workflow == choice.workflow) {
                Some(lesson) => {
                    lesson.times += 1;
                    lesson.last = choice.at;
                }
                None => lessons.push(Lesson {
                    phrase: choice.phrase.clone(),
                    workflow: choice.workflow.clone(),
                    times: 1,
                    last: choice.at,
                    weight: 1.0,
                }),
            }
        }
        Self { by_key }
    }

    /// What was learned of a phrase with these words.
    pub fn of(&self, key: &str) -> &[Lesson] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// Everything that was learned, in no order.
    pub fn lessons(&self) -> impl Iterator<Item = &Lesson> {
        self.by_key.values().flatten()
    }
}
