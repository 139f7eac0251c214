//! One workflow as the matcher reads it: its texts as words, stems and directions. Depends on nothing but the
//! workflow, so that it is kept as it is when others change. What all workflows together make of it is `index`'s.

use std::sync::Arc;

use crate::base::{SafeLine, WorkflowId};
use crate::matching::stem::stem;
use crate::matching::text::{Word, key, words as split};
use crate::matching::vectors::{self, Direction, Row, Sum};
use crate::workflow::{Status, Workflow};

/// Words of one text that are looked at; a scope can be long.
pub const TEXT_WORDS: usize = 48;

/// Where a text stands in its workflow. Trigger phrases are what people were told to say, so
/// they count most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Trigger,
    Example,
    Name,
    Scope,
}

impl Field {
    /// What a perfect fit with a text of this field is worth.
    pub fn worth(self) -> f64 {
        match self {
            Self::Trigger => 1.0,
            Self::Example => 0.97,
            Self::Name => 0.96,
            Self::Scope => 0.8,
        }
    }

    /// Whether the text is a sentence by which people ask for the workflow.
    pub fn is_said(self) -> bool {
        matches!(self, Self::Trigger | Self::Example)
    }
}

/// A word of a text or a phrase.
#[derive(Debug, Clone)]
pub struct Term {
    pub word: Word,
    pub stem: Box<str>,
    pub row: Option<Row>,
}

impl Term {
    pub fn new(word: Word) -> Self {
        let stem = stem(&word.text).into_boxed_str();
        let row = vectors::row(&stem);
        Self { word, stem, row }
    }
}

#[derive(Debug, Clone)]
pub struct Text {
    pub field: Field,
    pub shown: String,
    pub terms: Vec<Term>,
    /// The same for all texts that differ in case, accents, spaces and punctuation alone.
    pub key: String,
    pub direction: Option<Direction>,
}

impl Text {
    /// `None` where the text has no word.
    pub fn new(field: Field, text: &str) -> Option<Self> {
        let shown = SafeLine::new(text).as_str().to_owned();
        let words = split(&shown, TEXT_WORDS);
        if words.is_empty() {
            return None;
        }
        let key = key(&words);
        let terms: Vec<Term> = words.into_iter().map(Term::new).collect();
        let direction = vectors::of_text(terms.iter().filter_map(|t| t.row));
        Some(Self { field, shown, terms, key, direction })
    }
}

#[derive(Debug, Clone)]
pub struct Prepared {
    /// To tell whether it is still the same.
    pub source: Arc<Workflow>,
    pub id: WorkflowId,
    pub name: String,
    pub deprecated: bool,
    pub replaced_by: Option<WorkflowId>,
    pub texts: Vec<Text>,
    /// The middle of what is said for it.
    pub centre: Option<Direction>,
}

impl Prepared {
    pub fn new(workflow: &Arc<Workflow>) -> Self {
        let said = workflow.trigger_phrases.iter().map(|t| (Field::Trigger, t));
        let texts = said
            .chain(workflow.examples.iter().map(|t| (Field::Example, t)))
            .chain([(Field::Name, &workflow.name), (Field::Scope, &workflow.scope)])
            .filter_map(|(field, text)| Text::new(field, text));
        let texts: Vec<Text> = texts.collect();
        let (deprecated, replaced_by) = match &workflow.status {
            Status::Deprecated { replaced_by, .. } => (true, replaced_by.clone()),
            Status::Draft | Status::Active => (false, None),
        };
        Self {
            source: Arc::clone(workflow),
            id: workflow.id.clone(),
            name: SafeLine::new(&workflow.name).as_str().to_owned(),
            deprecated,
            replaced_by,
            centre: Sum::of(texts.iter().filter_map(|t| t.direction.as_ref())).centre(),
            texts,
        }
    }
}
