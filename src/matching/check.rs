//! What authors are told of their trigger phrases and examples: whether a phrase can be told from those of all other
//! workflows, and what to write where it cannot. Pure; where in its file a phrase stands is the caller's to know.

mod near;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::base::WorkflowId;
use crate::matching::check::near::{Twin, own_words, taken, twins};
use crate::matching::control;
use crate::matching::decide::Index;
use crate::matching::prepared::{Field, TEXT_WORDS};
use crate::matching::score::Query;
use crate::matching::text::{Word, key, words as split};
use crate::matching::words::is_common;
use crate::matching::{ControlAction, Decision, Learned};
use crate::workflow::parse::PHRASE_LENGTH;
use crate::workflow::{Severity, Workflow};

/// A phrase that is decided for another workflow clashes with its text from this fit on. Below it the decision rests on
/// little, and a sentence of its own is what the workflow lacks.
const TAKEN: f64 = 0.75;
/// A single word of fewer Latin letters stands in too many sentences.
const SHORT: usize = 3;

/// Why a phrase is no good trigger phrase or example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// No word, or a single one of a few letters.
    TooShort,
    /// More than a file may hold, or more words than are compared.
    TooLong,
    CommonWords,
    /// The console takes it for itself.
    ControlPhrase {
        action: ControlAction,
    },
    /// Word for word a trigger phrase or example of this workflow.
    AlreadyThere {
        workflow: WorkflowId,
    },
    /// Too near to a text of this workflow.
    Clash {
        workflow: WorkflowId,
        text: String,
        /// How well the one fits the other, 0 to 1.
        near: f64,
    },
}

/// A phrase of a workflow, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// An error is a phrase that can do no good; a warning is one that makes the console ask.
    pub severity: Severity,
    pub workflow: WorkflowId,
    /// As it stands in the file.
    pub phrase: String,
    #[serde(flatten)]
    pub trouble: Trouble,
    /// What to write instead.
    pub help: String,
}

impl Trouble {
    /// What is wrong, as the end of a sentence that begins with the phrase.
    pub fn says(&self) -> String {
        match self {
            Self::TooShort => "is too short to be told from other sentences".to_owned(),
            Self::TooLong => {
                format!("is too long: {PHRASE_LENGTH} bytes are allowed, and {TEXT_WORDS} words are compared")
            }
            Self::CommonWords => "is made of common words alone".to_owned(),
            Self::ControlPhrase { action } => {
                let word = serde_json::to_value(action).unwrap_or_default();
                format!("is addressed to the console ({})", word.as_str().unwrap_or_default())
            }
            Self::AlreadyThere { workflow } => format!("is already there, in {workflow}"),
            Self::Clash { workflow, text, near } => {
                format!("is too near to “{text}” of {workflow} ({near:.2})")
            }
        }
    }

    /// The other workflow that it clashes with, where it does.
    pub fn other(&self, of: &WorkflowId) -> Option<&WorkflowId> {
        match self {
            Self::AlreadyThere { workflow } | Self::Clash { workflow, .. } => {
                Some(workflow).filter(|w| *w != of)
            }
            _ => None,
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::AlreadyThere { .. } | Self::Clash { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// Whether this phrase, as a trigger phrase or example of `of`, would be told from the texts of all other workflows of
/// the index; `None` where it would. `of` need not be in the index.
pub fn check_phrase(index: &Index, phrase: &str, of: &WorkflowId) -> Option<Trouble> {
    let words = split(phrase, TEXT_WORDS + 1);
    if let Some(trouble) = alone(phrase, &words) {
        return Some(trouble);
    }
    let query = Query::new(&index.lexicon, words);
    let there = said_by(index, &query.key);
    let own = there.iter().find(|w| **w == of);
    if let Some(workflow) = own.or(there.first()) {
        return Some(Trouble::AlreadyThere { workflow: (*workflow).clone() });
    }
    if let Some(twin) = twins(index, &query, |id| id != of).first() {
        return Some(clash(index, twin));
    }
    let answer = index.decide(phrase, &Learned::default());
    let first = answer.candidates.first().filter(|_| answer.decision == Decision::Match)?;
    let taken = taken(index, &query, &first.id).filter(|twin| first.id != *of && twin.near >= TAKEN)?;
    Some(clash(index, &taken))
}

/// What is wrong with the phrases of the index. What two have in common is no finding where one of them says what
/// tells it from the other, and deprecated workflows are left alone.
pub fn check(index: &Index) -> Vec<Finding> {
    check_some(index, |_| true)
}

/// The same for phrases of those workflows alone that `wanted` names, against all.
pub fn check_some(index: &Index, wanted: impl Fn(&WorkflowId) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told: HashSet<(WorkflowId, String)> = HashSet::new();
    for entry in &index.lexicon.entries {
        let source = &entry.prepared.source;
        if entry.prepared.deprecated || !wanted(&source.id) {
            continue;
        }
        let triggers = source.trigger_phrases.iter().map(|t| (t, Field::Trigger));
        for (phrase, field) in triggers.chain(source.examples.iter().map(|e| (e, Field::Example))) {
            let Some(trouble) = standing(index, source, phrase, field) else { continue };
            // Of two phrases that are too near to each other one is told.
            if let Some(other) = trouble.other(&source.id) {
                let text = if let Trouble::Clash { text, .. } = &trouble { text } else { phrase };
                if told.contains(&(other.clone(), as_compared(text))) {
                    continue;
                }
                told.insert((source.id.clone(), as_compared(phrase)));
            }
            let severity = trouble.severity();
            let help = help(index, &source.id, &trouble);
            findings.push(Finding {
                severity,
                workflow: source.id.clone(),
                phrase: phrase.clone(),
                trouble,
                help,
            });
        }
    }
    findings
}

/// What to write instead of such a phrase of `of`.
pub fn help(index: &Index, of: &WorkflowId, trouble: &Trouble) -> String {
    match trouble {
        Trouble::TooShort | Trouble::CommonWords => "Say what is to be done, and to what".to_owned(),
        Trouble::TooLong => "A phrase is one sentence, as somebody would type it".to_owned(),
        Trouble::ControlPhrase { .. } => {
            "Say what is meant: “cancel the rollout” rather than “cancel”".to_owned()
        }
        Trouble::AlreadyThere { workflow } if workflow == of => "Leave it out".to_owned(),
        Trouble::AlreadyThere { workflow } | Trouble::Clash { workflow, .. } => {
            let own = own_words(index, of, workflow);
            let own = if own.is_empty() { String::new() } else { format!(", such as {}", own.join(", ")) };
            format!(
                "Say in `disambiguates_from` of {of} what tells it from {workflow}, and the console asks with that \
                 sentence; or use a word in it that {workflow} does not have{own}"
            )
        }
    }
}

/// What is wrong with a phrase that stands in its workflow. Examples may be near to anything: they are there to
/// teach; only the very words of another workflow teach nothing.
fn standing(index: &Index, of: &Workflow, phrase: &str, field: Field) -> Option<Trouble> {
    let words = split(phrase, TEXT_WORDS + 1);
    if field == Field::Trigger
        && let Some(trouble) = alone(phrase, &words)
    {
        return Some(trouble);
    }
    let key = key(&words);
    let open = |id: &WorkflowId| *id != of.id && !told_apart(index, of, id);
    if let Some(other) = said_by(index, &key).into_iter().find(|id| open(id)) {
        return Some(Trouble::AlreadyThere { workflow: other.clone() });
    }
    if field != Field::Trigger {
        return None;
    }
    let query = Query::new(&index.lexicon, words);
    twins(index, &query, open).first().map(|twin| clash(index, twin))
}

fn as_compared(phrase: &str) -> String {
    key(&split(phrase, TEXT_WORDS))
}

/// What is wrong with a phrase whatever else there is.
fn alone(phrase: &str, words: &[Word]) -> Option<Trouble> {
    if phrase.len() > PHRASE_LENGTH || words.len() > TEXT_WORDS {
        return Some(Trouble::TooLong);
    }
    let letters = |w: &Word| if w.text.is_ascii() { w.text.len() } else { SHORT.max(w.text.chars().count()) };
    if words.is_empty() || words.len() == 1 && letters(&words[0]) < SHORT {
        return Some(Trouble::TooShort);
    }
    if let Some(spoken) = control::spoken(words, |_| false).filter(|s| s.subject.is_empty()) {
        return Some(Trouble::ControlPhrase { action: spoken.action });
    }
    words.iter().all(|w| is_common(&w.text)).then_some(Trouble::CommonWords)
}

/// The workflows that have a trigger phrase or example with this key, deprecated ones left out.
fn said_by<'i>(index: &'i Index, key: &str) -> Vec<&'i WorkflowId> {
    let places = index.lexicon.by_key.get(key).map_or(&[][..], Vec::as_slice).iter().map(|p| *p as usize);
    places
        .filter(|place| index.lexicon.text(*place).field.is_said())
        .map(|place| &index.lexicon.entries[index.lexicon.places[place].workflow].prepared)
        .filter(|prepared| !prepared.deprecated)
        .map(|prepared| &prepared.id)
        .collect()
}

fn clash(index: &Index, twin: &Twin) -> Trouble {
    let workflow = index.lexicon.entries[index.lexicon.places[twin.place].workflow].prepared.id.clone();
    Trouble::Clash { workflow, text: index.lexicon.text(twin.place).shown.clone(), near: twin.near }
}

/// Whether one of the two says what tells it from the other.
fn told_apart(index: &Index, of: &Workflow, other: &WorkflowId) -> bool {
    let source = index.lexicon.entries.iter().map(|e| &e.prepared.source).find(|w| w.id == *other);
    of.says_of(other).is_some() || source.is_some_and(|w| w.says_of(&of.id).is_some())
}

#[cfg(test)]
mod tests;
