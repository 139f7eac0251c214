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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::matching::{Index, Learned};

    fn subject(id: &str, sentences: &[&str]) -> Subject {
        Subject {
            id: WorkflowId::new(id),
            name: format!("Name of {id}"),
            scope: String::new(),
            trigger_phrases: sentences.iter().map(|s| (*s).to_owned()).collect(),
            examples: Vec::new(),
        }
    }

    fn question() -> Question {
        Question {
            phrase: "bring it back".to_owned(),
            candidates: vec![subject("a", &["roll back", "undo"]), subject("b", &["deploy"])],
        }
    }

    #[test]
    fn an_answer_names_a_candidate_or_none_of_them() {
        let read = |text: &str| question().read(text.as_bytes());
        let opinion =
            read(r#" {"id": "b", "reason": "it is about deploying", "model": "x"} "#).expect("reads");
        assert_eq!(opinion.id, Some(WorkflowId::new("b")));
        assert_eq!(opinion.reason, "it is about deploying");
        let none = read(r#"{"id": null, "reason": "neither"}"#).expect("reads");
        assert_eq!((none.id, none.reason.as_str()), (None, "neither"));
        assert_eq!(read(r#"{"id": "a"}"#).expect("reads").reason, "");
    }

    #[test]
    fn any_other_answer_is_told_and_counts_for_nothing() {
        let wrong = |bytes: &[u8]| question().read(bytes).expect_err("no answer");
        for (bytes, told) in [
            (&b""[..], "said nothing"),
            (b" \n", "said nothing"),
            (b"I think it is b.", "is no JSON object"),
            (b"[\"b\"]", "is no JSON object"),
            (b"{\"id\": \"b\"} {\"id\": \"a\"}", "is no JSON object"),
            (b"{\"id\": \"b", "is no JSON object"),
            (b"\xff\xfe{}", "is no JSON object"),
            (b"{\"reason\": \"b\"}", "gave no `id`"),
            (b"{\"id\": 2}", "neither text nor null"),
            (b"{\"id\": \"b\", \"reason\": []}", "`reason` that is no text"),
            (b"{\"id\": \"c\"}", "named “c”, which it was not asked about"),
        ] {
            let said = wrong(bytes);
            assert!(said.contains(told), "{said}");
        }
        let deep = "[".repeat(100_000);
        assert!(wrong(deep.as_bytes()).contains("is no JSON object"));
    }

    #[test]
    fn what_is_said_is_one_clean_line_of_bounded_length() {
        let output = format!(r#"{{"id": "a", "reason": "x\u001b[31m\n\u202e{}"}}"#, "y".repeat(10_000));
        let reason = question().read(output.as_bytes()).expect("reads").reason;
        assert!(reason.chars().count() <= REASON && reason.ends_with('…'), "{reason}");
        assert!(!reason.contains(['\u{1b}', '\n', '\u{202e}']), "{reason:?}");
        let named = format!(r#"{{"id": "\u001b{}"}}"#, "z".repeat(10_000));
        let told = question().read(named.as_bytes()).expect_err("unknown");
        assert!(told.chars().count() < REASON + 60 && !told.contains('\u{1b}'), "{told}");
    }

    #[test]
    fn the_clearly_nearest_sentence_speaks_for_its_workflow() {
        let vectors = |a: [f32; 2], b: [f32; 2]| {
            move |sentence: &str| -> Option<&'static [f32]> {
                Some(Box::leak(Box::new(match sentence {
                    "undo" => a,
                    "deploy" => b,
                    _ => [0.0, -1.0],
                })))
            }
        };
        let near = question().nearest(&[1.0, 0.1], vectors([2.0, 0.2], [0.0, 1.0]));
        assert_eq!(near.id, Some(WorkflowId::new("a")));
        assert_eq!(near.reason, "nearest is “undo” (1.00); the next workflow has 0.10");
        let tied = question().nearest(&[1.0, 0.0], vectors([1.0, 0.2], [1.0, 0.3]));
        assert_eq!(tied.id, None);
        assert!(tied.reason.contains("about as near (0.96)"), "{}", tied.reason);
        let far = question().nearest(&[1.0, 0.0], vectors([0.1, 1.0], [-1.0, 1.0]));
        assert_eq!(far.id, None);
        assert!(far.reason.contains("which is not near"), "{}", far.reason);
    }

    #[test]
    fn vectors_that_cannot_be_compared_count_for_nothing() {
        for odd in [&[][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[1.0, 2.0, 3.0]] {
            assert_eq!(question().nearest(&[1.0, 0.0], |_| Some(odd)).id, None, "{odd:?}");
        }
        assert_eq!(question().nearest(&[1.0, 0.0], |_| None).reason, "there is nothing to compare with");
    }

    #[test]
    fn only_what_is_not_sure_is_asked_and_only_so_much_is_told() {
        let workflow = |id: &str, triggers: Vec<String>| {
            let mut workflow = crate::workflow::testing::workflow(id, Vec::new());
            workflow.trigger_phrases = triggers;
            workflow.scope = "s".repeat(5_000);
            workflow.examples = (0..50).map(|n| format!("example {n} of {id}")).collect();
            Arc::new(workflow)
        };
        let many = |word: &str| (0..40).map(|n| format!("{word} the release {n}")).collect();
        let bank = [workflow("ship", many("alpha")), workflow("stop", many("omega"))];
        let index = Index::new(&bank);
        let find = |id: &WorkflowId| bank.iter().find(|w| &w.id == id).map(AsRef::as_ref);
        let ask = |phrase: &str| Question::about(phrase, &index.decide(phrase, &Learned::default()), find);
        assert_eq!(ask("alpha the release 3"), None, "a match");
        assert_eq!(ask("list workflows"), None, "said to the console");
        assert_eq!(ask("qqqq wwww"), None, "no candidates");
        let asked = ask("the release\u{202e}").expect("not sure");
        assert!(!asked.phrase.contains('\u{202e}'));
        assert_eq!(asked.candidates.len(), 2);
        assert_eq!(asked.sentences().len(), 2 * (TRIGGERS + EXAMPLES));
        let json = asked.json();
        assert_eq!(json["schema_version"], 1);
        let told = &json["candidates"][0];
        assert_eq!(told["trigger_phrases"].as_array().map(Vec::len), Some(TRIGGERS));
        assert_eq!(told["examples"].as_array().map(Vec::len), Some(EXAMPLES_TOLD));
        assert_eq!(told["scope"].as_str().map(|s| s.chars().count()), Some(TEXT));
        let mut names: Vec<&String> = told.as_object().expect("an object").keys().collect();
        names.sort();
        assert_eq!(names, ["examples", "id", "name", "scope", "trigger_phrases"], "nothing else is told");
    }
}
