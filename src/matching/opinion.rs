//! A second opinion, as plain data: what somebody else is asked when the words alone do not decide,
//! the answer read, and the nearest of several vectors. Who that is and how they are asked is not
//! known here, and no decision is changed: an opinion is a suggestion to a person.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::{SafeLine, WorkflowId};
use crate::matching::{Answer, Decision, cut};
use crate::workflow::Workflow;

/// What of a workflow is told, at most: sentences of each kind, and characters of one text.
const TRIGGERS: usize = 20;
const EXAMPLES: usize = 30;
const TEXT: usize = 400;
/// Examples that a command is told; embeddings compare them all.
const EXAMPLES_TOLD: usize = 10;
/// The longest reason, in characters.
const REASON: usize = 200;

/// Less alike than this is not near.
const NEAR: f64 = 0.5;
/// So much nearer than the next one is clearly nearest.
const CLEARLY: f64 = 0.05;

/// A phrase, and the workflows that it could mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub phrase: String,
    pub candidates: Vec<Subject>,
}

/// A workflow as it is told to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub id: WorkflowId,
    pub name: String,
    pub scope: String,
    pub trigger_phrases: Vec<String>,
    pub examples: Vec<String>,
}

/// What somebody else thinks: one of the candidates or none of them, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    pub id: Option<WorkflowId>,
    /// Untrusted, but one line and not long; may be empty.
    pub reason: String,
}

impl Question {
    /// The question about an answer that is not sure; `None` where there is nothing to ask: it is
    /// sure, or has no candidates.
    pub fn about<'w>(
        phrase: &str,
        answer: &Answer,
        workflow: impl Fn(&WorkflowId) -> Option<&'w Workflow>,
    ) -> Option<Self> {
        if !matches!(answer.decision, Decision::Ambiguous { .. } | Decision::None) {
            return None;
        }
        let candidates: Vec<Subject> =
            answer.candidates.iter().filter_map(|c| workflow(&c.id)).map(Subject::of).collect();
        (!candidates.is_empty())
            .then(|| Self { phrase: SafeLine::new(cut(phrase)).as_str().to_owned(), candidates })
    }

    /// One object, for a command's standard input.
    pub fn json(&self) -> Value {
        let told = |s: &Subject| {
            let examples: Vec<&String> = s.examples.iter().take(EXAMPLES_TOLD).collect();
            json!({
                "id": s.id,
                "name": s.name,
                "scope": s.scope,
                "trigger_phrases": s.trigger_phrases,
                "examples": examples,
            })
        };
        let candidates: Vec<Value> = self.candidates.iter().map(told).collect();
        json!({ "schema_version": 1, "phrase": self.phrase, "candidates": candidates })
    }

    /// The sentences that are compared with the phrase, each once.
    pub fn sentences(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        self.candidates.iter().flat_map(Subject::sentences).filter(|s| seen.insert(*s)).collect()
    }

    fn has(&self, id: &str) -> Option<&WorkflowId> {
        self.candidates.iter().map(|c| &c.id).find(|known| known.as_str() == id)
    }

    /// What a command's output says; else what is wrong with it, to follow “it”.
    pub fn read(&self, output: &[u8]) -> Result<Opinion, String> {
        if output.trim_ascii().is_empty() {
            return Err("said nothing".to_owned());
        }
        let value: Value = serde_json::from_slice(output)
            .map_err(|e| format!("said something that is no JSON object: {e}"))?;
        let Value::Object(fields) = value else {
            return Err("said something that is no JSON object".to_owned());
        };
        let reason = match fields.get("reason") {
            None | Some(Value::Null) => "",
            Some(Value::String(reason)) => reason,
            Some(_) => return Err("gave a `reason` that is no text".to_owned()),
        };
        let id = match fields.get("id") {
            None => return Err("gave no `id`".to_owned()),
            Some(Value::Null) => None,
            Some(Value::String(id)) => Some(
                self.has(id.trim())
                    .cloned()
                    .ok_or_else(|| format!("named “{}”, which it was not asked about", line(id, REASON)))?,
            ),
            Some(_) => return Err("gave an `id` that is neither text nor null".to_owned()),
        };
        Ok(Opinion { id, reason: line(reason, REASON) })
    }

    /// The candidate with the sentence nearest to the phrase, or none where none is clearly nearest.
    /// A sentence without a vector of the same length counts for nothing.
    pub fn nearest<'v>(&self, phrase: &[f32], vector: impl Fn(&str) -> Option<&'v [f32]>) -> Opinion {
        let mut ranked: Vec<(f64, &Subject, &str)> = self
            .candidates
            .iter()
            .filter_map(|subject| {
                let alike = |s| Some((cosine(phrase, vector(s)?)?, subject, s));
                subject.sentences().filter_map(alike).max_by(|a, b| a.0.total_cmp(&b.0))
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let Some(&(best, subject, sentence)) = ranked.first() else {
            return Opinion { id: None, reason: "there is nothing to compare with".to_owned() };
        };
        let next = ranked.get(1).map(|(next, ..)| *next);
        let said = format!("nearest is “{}” ({best:.2})", line(sentence, REASON / 2));
        match next {
            _ if best < NEAR => Opinion { id: None, reason: format!("{said}, which is not near") },
            Some(next) if best - next < CLEARLY => Opinion {
                id: None,
                reason: format!("{said}, but the next workflow is about as near ({next:.2})"),
            },
            Some(next) => Opinion {
                id: Some(subject.id.clone()),
                reason: format!("{said}; the next workflow has {next:.2}"),
            },
            None => Opinion { id: Some(subject.id.clone()), reason: said },
        }
    }
}

impl Subject {
    fn of(workflow: &Workflow) -> Self {
        let some = |texts: &[String], most| texts.iter().take(most).map(|t| line(t, TEXT)).collect();
        Self {
            id: workflow.id.clone(),
            name: line(&workflow.name, TEXT),
            scope: line(&workflow.scope, TEXT),
            trigger_phrases: some(&workflow.trigger_phrases, TRIGGERS),
            examples: some(&workflow.examples, EXAMPLES),
        }
    }

    fn sentences(&self) -> impl Iterator<Item = &str> {
        self.trigger_phrases.iter().chain(&self.examples).map(String::as_str)
    }
}

/// One clean line of at most `most` characters.
fn line(text: &str, most: usize) -> String {
    let clean = SafeLine::new(text);
    let clean = clean.as_str().trim();
    if clean.chars().count() <= most {
        return clean.to_owned();
    }
    clean.chars().take(most - 1).chain(['…']).collect()
}

/// How alike two vectors are, −1 to 1; `None` where they cannot be compared.
fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let sum =
        |x: &[f32], y: &[f32]| -> f64 { x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum() };
    let length = (sum(a, a) * sum(b, b)).sqrt();
    let alike = sum(a, b) / length;
    alike.is_finite().then_some(alike)
}

#[cfg(test)]
mod tests;
