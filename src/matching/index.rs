//! What is built once from the registry: every text of every workflow, how rare each word is, and where each
//! occurs. Which of its words a typed word may mean is `meaning`'s, comparing whole phrases is `score`'s work.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::base::WorkflowId;
use crate::matching::prepared::{Field, Prepared, TEXT_WORDS, Term, Text};
use crate::matching::text::{Word, words as split};
use crate::matching::vectors::{self, Row, Wide};
use crate::matching::words::{self, Table};
use crate::workflow::Workflow;

/// What being common leaves of a word's weight.
const COMMON: f64 = 0.12;
/// The weight of a word is between this, where every workflow uses it, and 1, where one alone does.
const EVERYWHERE: f64 = 0.3;
/// The most frequent words of English weigh this, words from [`RARE_RANK`] on 1.
const FREQUENT: f64 = 0.45;
const FREQUENT_RANK: f64 = 60.0;
const RARE_RANK: f64 = 4000.0;

/// A text of a workflow, and what the registry makes of it.
#[derive(Debug, Clone)]
pub struct Place {
    pub workflow: usize,
    /// Which of the workflow's texts.
    pub text: usize,
    /// The registry's numbers of its stems, word by word.
    pub stems: Box<[u32]>,
    /// The sum of its words' weights.
    pub weight: f64,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub prepared: Arc<Prepared>,
    /// Where its texts are among [`Lexicon::places`].
    pub places: Range<usize>,
    /// Where in the index the workflow that replaces it stands.
    pub replaced_by: Option<usize>,
    /// Every stem of its texts, ascending.
    pub stems: Vec<u32>,
    /// Those of words that are not common and of which a meaning is known, ascending.
    pub telling: Vec<u32>,
}

/// A distinct word of the registry as it is written there.
#[derive(Debug, Clone)]
pub struct Surface {
    pub text: Box<str>,
    pub stem: u32,
    pub letters: u64,
}

/// Everything that is known of a registry.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    pub entries: Vec<Entry>,
    pub places: Vec<Place>,
    /// The directions of `places`, one after the other; all zero where nothing is known of the text.
    pub directions: Vec<Wide>,
    /// Exact texts by their key.
    pub by_key: HashMap<String, Vec<u32>>,
    /// Trigger phrases in the order of their keys.
    triggers: Vec<u32>,
    pub weights: Vec<f64>,
    /// For each stem the texts that hold it, ascending.
    pub postings: Vec<Vec<u32>>,
    pub stems: HashMap<Box<str>, u32>,
    /// What is known of each stem's meaning.
    pub rows: Vec<Option<Row>>,
    ids: HashMap<String, usize>,
    /// In order of the alphabet.
    pub surfaces: Vec<Surface>,
    /// By length in characters.
    pub by_length: Vec<Vec<u32>>,
    /// Words that belong together, whatever the registry has.
    pub table: Table,
}

impl Lexicon {
    /// Of these workflows; what `old` has of the same workflows is used again.
    pub fn new<'a>(
        workflows: impl IntoIterator<Item = &'a Arc<Workflow>>,
        table: &Table,
        old: Option<&Self>,
    ) -> Self {
        let known: HashMap<&WorkflowId, &Arc<Prepared>> =
            old.iter().flat_map(|l| &l.entries).map(|e| (&e.prepared.id, &e.prepared)).collect();
        let mut lexicon = Self { table: table.clone(), ..Self::default() };
        let mut surfaces: HashMap<Box<str>, u32> = HashMap::new();
        for workflow in workflows {
            let same = known
                .get(&workflow.id)
                .filter(|p| Arc::ptr_eq(&p.source, workflow) || says_the_same(&p.source, workflow));
            let prepared = same.map_or_else(|| Arc::new(Prepared::new(workflow)), |p| Arc::clone(p));
            let (number, first) = (lexicon.entries.len(), lexicon.places.len());
            lexicon.ids.insert(id_key(workflow.id.as_str()), number);
            for (at, text) in prepared.texts.iter().enumerate() {
                lexicon.add(number, at, text, &mut surfaces);
            }
            lexicon.entries.push(Entry {
                prepared,
                places: first..lexicon.places.len(),
                replaced_by: None,
                stems: Vec::new(),
                telling: Vec::new(),
            });
        }
        for number in 0..lexicon.entries.len() {
            let new = lexicon.entries[number].prepared.replaced_by.as_ref();
            let new = new.and_then(|id| lexicon.ids.get(&id_key(id.as_str())).copied());
            lexicon.entries[number].replaced_by = new.filter(|new| *new != number);
        }
        lexicon.weigh();
        lexicon.order(surfaces);
        let mut triggers: Vec<u32> = (0..lexicon.places.len() as u32).collect();
        triggers.retain(|place| lexicon.text(*place as usize).field == Field::Trigger);
        triggers.sort_by(|a, b| lexicon.text(*a as usize).key.cmp(&lexicon.text(*b as usize).key));
        lexicon.triggers = triggers;
        lexicon
    }

    pub fn text(&self, place: usize) -> &Text {
        let Place { workflow, text, .. } = self.places[place];
        &self.entries[workflow].prepared.texts[text]
    }

    fn add(&mut self, workflow: usize, at: usize, text: &Text, surfaces: &mut HashMap<Box<str>, u32>) {
        let place = self.places.len() as u32;
        let mut stems = Vec::with_capacity(text.terms.len());
        for term in &text.terms {
            let next = self.postings.len() as u32;
            let number = if let Some(number) = self.stems.get(&term.stem) {
                *number
            } else {
                self.stems.insert(term.stem.clone(), next);
                self.postings.push(Vec::new());
                self.rows.push(term.row);
                next
            };
            let posting = &mut self.postings[number as usize];
            if posting.last() != Some(&place) {
                posting.push(place);
            }
            if !surfaces.contains_key(term.word.text.as_str()) {
                surfaces.insert(term.word.text.as_str().into(), number);
            }
            stems.push(number);
        }
        if text.field != Field::Scope {
            self.by_key.entry(text.key.clone()).or_default().push(place);
        }
        self.directions.push(text.direction.as_ref().map_or(vectors::NOWHERE, vectors::wide));
        self.places.push(Place { workflow, text: at, stems: stems.into(), weight: 0.0 });
    }

    /// A word is worth more the fewer workflows use it, and the rarer it is in English; how often one workflow
    /// repeats it says nothing.
    fn weigh(&mut self) {
        let all = (self.entries.len() as f64).max(1.0);
        let mut general = vec![0.0_f64; self.postings.len()];
        for place in &self.places {
            let terms = &self.entries[place.workflow].prepared.texts[place.text].terms;
            for (term, stem) in terms.iter().zip(&place.stems) {
                let slot = &mut general[*stem as usize];
                *slot = slot.max(rarity(term));
            }
        }
        self.weights = self
            .postings
            .iter()
            .zip(general)
            .map(|(places, general)| {
                let mut users: Vec<usize> = places
                    .iter()
                    .map(|p| *p as usize)
                    .filter(|p| self.text(*p).field != Field::Scope)
                    .map(|p| self.places[p].workflow)
                    .collect();
                users.dedup();
                let rarity = (1.0 + all / (users.len() as f64).max(1.0)).ln() / (1.0 + all).ln();
                (EVERYWHERE + (1.0 - EVERYWHERE) * rarity) * general
            })
            .collect();
        for place in &mut self.places {
            place.weight = place.stems.iter().map(|stem| self.weights[*stem as usize]).sum();
            let entry = &mut self.entries[place.workflow];
            entry.stems.extend(&place.stems);
            let terms = &entry.prepared.texts[place.text].terms;
            let telling = terms
                .iter()
                .zip(&place.stems)
                .filter(|(term, _)| term.row.is_some() && !words::is_common(&term.word.text));
            entry.telling.extend(telling.map(|(_, stem)| *stem));
        }
        for entry in &mut self.entries {
            for stems in [&mut entry.stems, &mut entry.telling] {
                stems.sort_unstable();
                stems.dedup();
            }
        }
    }

    fn order(&mut self, surfaces: HashMap<Box<str>, u32>) {
        self.surfaces = surfaces
            .into_iter()
            .map(|(text, stem)| Surface { letters: letters(&text), text, stem })
            .collect();
        self.surfaces.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        for (place, surface) in self.surfaces.iter().enumerate() {
            let length = surface.text.chars().count();
            if self.by_length.len() <= length {
                self.by_length.resize(length + 1, Vec::new());
            }
            self.by_length[length].push(place as u32);
        }
    }

    /// The workflow whose id these words are, `mw 4` for `MW-004`.
    pub fn by_id(&self, words: &[Word]) -> Option<usize> {
        self.ids.get(&id_key_of(words.iter().map(|w| w.text.as_str()))).copied()
    }

    /// The one workflow with trigger phrases that begin with this key, and the first of them; `None` where several have some.
    pub fn begun(&self, key: &str) -> Option<(usize, usize)> {
        let mut begun = self.beginning(key);
        let (workflow, first) = begun.next()?;
        begun.all(|(other, _)| other == workflow).then_some((workflow, first))
    }

    /// The trigger phrases that begin with this key, each after its workflow, in the order of the alphabet.
    pub fn beginning<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let from = self.triggers.partition_point(|place| self.text(*place as usize).key.as_str() < key);
        let places = self.triggers[from..].iter().map(|place| *place as usize);
        let begun = places.take_while(move |place| self.text(*place).key.starts_with(key));
        begun.map(|place| (self.places[place].workflow, place))
    }

    /// A word of the registry exactly as it is written there.
    pub fn surface(&self, word: &str) -> Option<&Surface> {
        self.surfaces.binary_search_by(|s| (*s.text).cmp(word)).ok().map(|at| &self.surfaces[at])
    }
}

/// How rare a word is in English: little for words that everybody uses in every sentence, 1 for the rest.
pub fn rarity(term: &Term) -> f64 {
    if words::is_common(&term.word.text) {
        return COMMON;
    }
    let Some(row) = term.row else { return 1.0 };
    let from = FREQUENT_RANK.ln();
    let share = (f64::from(row.rank() + 1).ln() - from) / (RARE_RANK.ln() - from);
    FREQUENT + (1.0 - FREQUENT) * share.clamp(0.0, 1.0)
}

/// Whether two versions of a workflow have the same texts and status, whatever else they do.
fn says_the_same(a: &Workflow, b: &Workflow) -> bool {
    a.trigger_phrases == b.trigger_phrases
        && a.examples == b.examples
        && a.name == b.name
        && a.scope == b.scope
        && a.status == b.status
}

/// Which letters a word has: words that differ in many cannot be a slip apart.
pub fn letters(word: &str) -> u64 {
    word.chars().fold(0, |mask, c| mask | 1_u64 << (c as u32 % 64))
}

fn id_key(id: &str) -> String {
    let words = split(id, TEXT_WORDS);
    id_key_of(words.iter().map(|w| w.text.as_str()))
}

/// `mw 4`, `MW-004` and `mw004` are one id: letters and numbers apart, no leading zeros.
fn id_key_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in words {
        let mut digits = None;
        for c in word.chars() {
            if digits != Some(c.is_ascii_digit()) {
                parts.push(String::new());
                digits = Some(c.is_ascii_digit());
            }
            if let Some(part) = parts.last_mut() {
                if part == "0" && c.is_ascii_digit() {
                    part.clear();
                }
                part.push(c);
            }
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_meet_however_they_are_written() {
        for text in ["MW-004", "mw 4", "Mw004", "mw_04"] {
            assert_eq!(id_key(text), "mw 4", "{text}");
        }
        assert_ne!(id_key("MW-040"), id_key("MW-004"));
    }
}
