//! Values in the phrase: what it says of a workflow's inputs. “deploy checkout to staging” says an
//! environment. Never a guess: what fits two inputs, or says two things of one, is left out.
//!
//! The phrase is taken apart once (`read`), each input says what it takes (`takers`), and what is found
//! (`options`, `look`) is weighed here. Which workflow is meant is decided without it.

mod look;
mod options;
mod read;
mod takers;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::SafeLine;
use crate::matching::values::read::{Phrase, QUOTES};
use crate::matching::values::takers::Taker;
use crate::workflow::{FieldKind, Workflow, field};

/// A value that the phrase says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The input's name.
    #[serde(rename = "name")]
    pub input: String,
    /// It fits the input's type and limits.
    pub value: Value,
    /// Character positions in the phrase, the end not included.
    pub start: usize,
    pub end: usize,
    pub how: How,
}

impl Found {
    /// The words of the phrase that say it.
    pub fn said(&self, phrase: &str) -> String {
        phrase.chars().skip(self.start).take(self.end.saturating_sub(self.start)).collect()
    }

    /// As people are told: `from your phrase`, and the words that say it where the value is not among them.
    pub fn told(&self, phrase: &str) -> String {
        let said = self.said(phrase);
        let value = self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned);
        if said.to_lowercase().contains(&value.to_lowercase()) {
            return "from your phrase".to_owned();
        }
        let quoted = said.chars().next().is_some_and(|first| QUOTES.iter().any(|(open, _)| *open == first));
        if quoted { format!("from your phrase: {said}") } else { format!("from your phrase: “{said}”") }
    }
}

/// How a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// `input=value`.
    Named,
    /// The words of an option.
    Option,
    /// Short for an option, or what an option is short for.
    Abbreviation,
    /// A name that is known for the input.
    Offered,
    /// After #, PR, issue, or beside the input's name.
    Number,
    Url,
    Path,
    Branch,
    /// A quoted text.
    Quoted,
}

/// Names that are known for the inputs of a workflow: what earlier runs of it were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offered(BTreeMap<String, Vec<String>>);

/// Names that are kept for one input, and the longest, in bytes.
const NAMES: usize = 200;
const NAME_LIMIT: usize = 100;

impl Offered {
    /// Takes in a name; with too many, the oldest go.
    pub fn add(&mut self, input: &str, name: &str) {
        let name = name.trim();
        if name.is_empty() || name.len() > NAME_LIMIT || !is_clean(name) {
            return;
        }
        let names = self.0.entry(input.to_owned()).or_default();
        names.retain(|known| known != name);
        names.push(name.to_owned());
        if names.len() > NAMES {
            names.remove(0);
        }
    }

    /// Takes in what a run was given: names, no sentences.
    pub fn add_inputs(&mut self, inputs: &Map<String, Value>) {
        for (input, value) in inputs {
            if let Value::String(text) = value
                && !text.contains(char::is_whitespace)
            {
                self.add(input, text);
            }
        }
    }

    pub fn names(&self, input: &str) -> &[String] {
        self.0.get(input).map_or(&[], Vec::as_slice)
    }
}

/// A place in the phrase that may be the value of an input.
#[derive(Debug)]
struct Fit {
    input: usize,
    text: String,
    start: usize,
    end: usize,
    how: How,
    /// How many words of the input's name stand beside it.
    near: usize,
    /// The phrase says that it is not this.
    denied: bool,
}

/// Words that turn round what follows.
const DENIALS: [&str; 12] =
    ["not", "no", "never", "except", "without", "than", "instead", "but", "dont", "isnt", "non", "excluding"];
/// Words between a denial and what it denies.
const BETWEEN: [&str; 10] = ["to", "on", "in", "for", "from", "of", "at", "the", "a", "an"];

/// What the phrase says of the workflow's inputs, in the order in which it says it. Any text gives an answer,
/// in time that grows with its length.
pub fn values(phrase: &str, workflow: &Workflow, offered: &Offered) -> Vec<Found> {
    if workflow.inputs.is_empty() {
        return Vec::new();
    }
    let phrase = Phrase::read(phrase);
    let takers = Taker::all(workflow);
    let mut fits = Vec::new();
    look::find(&phrase, &takers, &mut fits);
    options::find(&phrase, workflow, &takers, offered, &mut fits);
    let fits = undisputed(fits);
    let named = named(&phrase, &takers);
    let mut found: Vec<Found> = Vec::new();
    for (input, taker) in takers.iter().enumerate() {
        let of = |all: &mut dyn Iterator<Item = &Fit>| -> Vec<Result<Found, ()>> {
            all.filter(|f| f.input == input).map(|f| accept(f, taker)).collect()
        };
        let said = match of(&mut named.iter()) {
            said if said.is_empty() => of(&mut fits.iter()),
            said => said,
        };
        let mut all = said.into_iter();
        let Some(Ok(first)) = all.next() else { continue };
        if all.all(|other| other.is_ok_and(|o| o.value == first.value)) {
            found.push(first);
        }
    }
    found.sort_by_key(|f| f.start);
    found
}

/// What is said as `input=value`.
fn named(phrase: &Phrase, takers: &[Taker]) -> Vec<Fit> {
    let of = |piece: &read::Piece| {
        let key = piece.key.as_deref()?;
        let exact = takers.iter().position(|t| t.field.name == key);
        let input = exact.or_else(|| {
            let mut meant = takers.iter().enumerate().filter(|(_, t)| t.is_named(key)).map(|(n, _)| n);
            meant.next().filter(|_| meant.next().is_none())
        })?;
        let option = match &takers[input].field.kind {
            FieldKind::Choice { options } => options::chosen(options, &piece.text),
            _ => None,
        };
        let text = option.unwrap_or(&piece.text).clone();
        let (start, end) = (piece.start, piece.end);
        Some(Fit { input, text, start, end, how: How::Named, near: 0, denied: false })
    };
    phrase.pieces.iter().filter(|p| !p.text.is_empty()).filter_map(of).collect()
}

/// Those that no other one disputes: of what lies in one place the widest counts, then what stands beside its
/// input's name, then what is more than a quoted text; and it must be of one input alone.
fn undisputed(mut fits: Vec<Fit>) -> Vec<Fit> {
    fits.sort_by_key(|f| (f.start, Reverse(f.end)));
    let mut kept: Vec<Fit> = Vec::new();
    let mut place: Vec<Fit> = Vec::new();
    // Where the widest so far begins and ends.
    let mut widest = (0, 0);
    for fit in fits {
        if fit.start >= widest.1 {
            kept.extend(agreed(std::mem::take(&mut place)));
            widest = (fit.start, fit.end);
        } else if fit.end <= widest.1 && (fit.start, fit.end) != widest {
            // It lies within another.
            continue;
        } else if fit.end > widest.1 {
            widest = (fit.start, fit.end);
        }
        place.push(fit);
    }
    kept.extend(agreed(place));
    kept
}

fn agreed(mut place: Vec<Fit>) -> Vec<Fit> {
    let nearest = place.iter().map(|f| f.near).max().unwrap_or(0);
    place.retain(|f| f.near == nearest);
    for weak in [How::Quoted, How::Abbreviation] {
        if place.iter().any(|f| f.how != weak) {
            place.retain(|f| f.how != weak);
        }
    }
    let one = place.first().map(|f| f.input);
    if place.iter().any(|f| Some(f.input) != one) {
        place.clear();
    }
    place
}

/// The typed value; nothing where it is denied, does not fit, or would not be seen as it is.
fn accept(fit: &Fit, taker: &Taker) -> Result<Found, ()> {
    // A secret that was typed into a phrase is kept with it already; it is not spread further.
    if fit.denied || taker.field.is_secret() || !is_clean(&fit.text) {
        return Err(());
    }
    let value = field::read(taker.field, &fit.text).map_err(|_| ())?;
    let Fit { start, end, how, .. } = *fit;
    if value.is_null() {
        return Err(());
    }
    Ok(Found { input: taker.field.name.clone(), value, start, end, how })
}

/// Shown exactly as it is: no controls, no hidden characters.
fn is_clean(text: &str) -> bool {
    SafeLine::new(text).as_str() == text
}

/// Whether the words before say that this is not it: “not to staging”, “do not touch staging”.
fn is_denied(phrase: &Phrase, word: usize) -> bool {
    let between = |w: &&str| BETWEEN.contains(w);
    let skipped = phrase.before(word).take(BETWEEN.len()).take_while(between).count();
    let reach = if skipped == 0 { 2 } else { 1 };
    phrase.before(word).skip(skipped).take(reach).any(|w| DENIALS.contains(&w))
}

#[cfg(test)]
mod tests;
