//! What is built once from the registry: every text of every workflow as words, how rare each
//! word is, where each occurs, and which words of the registry a typed word may mean.
//! Comparing whole phrases is `score`'s work.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{SafeLine, WorkflowId};
use crate::matching::stem::stem;
use crate::matching::text::{Word, key, words as split};
use crate::matching::words::{self, Kin};
use crate::workflow::{Status, Workflow};

/// Words of one text that are looked at; a scope can be long.
const TEXT_WORDS: usize = 48;
/// The weight of a word that the registry does not know.
const UNKNOWN: f64 = 0.9;
/// What being common leaves of a word's weight.
const COMMON: f64 = 0.12;
/// Registry words that one unfinished or mistyped word may stand for.
const MOST_GUESSES: usize = 24;

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
}

#[derive(Debug, Clone)]
pub struct Text {
    pub workflow: usize,
    pub field: Field,
    pub shown: String,
    pub words: Vec<(Word, usize)>,
    pub key: String,
    /// The sum of its words' weights.
    pub weight: f64,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub id: WorkflowId,
    pub name: String,
    pub deprecated: bool,
    /// Where in the index the workflow that replaces it stands.
    pub replaced_by: Option<usize>,
    /// Every stem of its texts, ascending.
    pub stems: Vec<usize>,
}

/// Why a typed word meets a word of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Same,
    Short,
    Near,
    Typo,
    Begins,
}

/// A word of the registry that a typed word may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    pub stem: usize,
    /// 0 to 1.
    pub likeness: f64,
    pub how: How,
}

/// A typed word with all that it may mean.
#[derive(Debug, Clone)]
pub struct Asked {
    pub word: String,
    pub common: bool,
    pub weight: f64,
    pub meanings: Vec<Meaning>,
}

/// A distinct word of the registry as it is written there.
#[derive(Debug, Clone)]
struct Surface {
    text: String,
    stem: usize,
    letters: u64,
}

/// Everything that is known of a registry.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    pub entries: Vec<Entry>,
    pub texts: Vec<Text>,
    /// Exact texts by their key.
    pub by_key: HashMap<String, Vec<usize>>,
    pub weights: Vec<f64>,
    /// For each stem the texts that hold it, ascending.
    pub postings: Vec<Vec<usize>>,
    ids: HashMap<String, usize>,
    stems: HashMap<String, usize>,
    /// In order of the alphabet.
    surfaces: Vec<Surface>,
    /// By length in characters.
    by_length: Vec<Vec<usize>>,
}

impl Lexicon {
    pub fn new<'a>(workflows: impl IntoIterator<Item = &'a Arc<Workflow>>) -> Self {
        let workflows: Vec<&Arc<Workflow>> = workflows.into_iter().collect();
        let mut lexicon = Self::default();
        let mut surfaces: HashMap<String, usize> = HashMap::new();
        for workflow in &workflows {
            let place = lexicon.entries.len();
            lexicon.entries.push(Entry {
                id: workflow.id.clone(),
                name: SafeLine::new(&workflow.name).as_str().to_owned(),
                deprecated: matches!(workflow.status, Status::Deprecated { .. }),
                replaced_by: None,
                stems: Vec::new(),
            });
            lexicon.ids.insert(id_key(workflow.id.as_str()), place);
            let texts = workflow
                .trigger_phrases
                .iter()
                .map(|t| (Field::Trigger, t))
                .chain(workflow.examples.iter().map(|t| (Field::Example, t)))
                .chain([(Field::Name, &workflow.name), (Field::Scope, &workflow.scope)]);
            for (field, text) in texts {
                lexicon.add_text(place, field, text, &mut surfaces);
            }
        }
        for (place, workflow) in workflows.iter().enumerate() {
            if let Status::Deprecated { replaced_by: Some(id), .. } = &workflow.status {
                lexicon.entries[place].replaced_by =
                    lexicon.ids.get(&id_key(id.as_str())).copied().filter(|new| *new != place);
            }
        }
        lexicon.weigh();
        lexicon.order(surfaces);
        lexicon
    }

    fn add_text(&mut self, workflow: usize, field: Field, text: &str, surfaces: &mut HashMap<String, usize>) {
        let shown = SafeLine::new(text).as_str().to_owned();
        let found = split(&shown, TEXT_WORDS);
        if found.is_empty() {
            return;
        }
        let place = self.texts.len();
        let key = key(&found);
        let mut words = Vec::with_capacity(found.len());
        for word in found {
            let stemmed = stem(&word.text);
            let next = self.stems.len();
            let number = *self.stems.entry(stemmed).or_insert(next);
            if number == next {
                self.postings.push(Vec::new());
            }
            if self.postings[number].last() != Some(&place) {
                self.postings[number].push(place);
            }
            surfaces.entry(word.text.clone()).or_insert(number);
            words.push((word, number));
        }
        if field != Field::Scope {
            self.by_key.entry(key.clone()).or_default().push(place);
        }
        self.texts.push(Text { workflow, field, shown, words, key, weight: 0.0 });
    }

    /// A word is worth more the fewer workflows use it; how often one workflow repeats it says
    /// nothing.
    fn weigh(&mut self) {
        let all = (self.entries.len() as f64).max(1.0);
        let mut common = vec![true; self.postings.len()];
        for (word, number) in self.texts.iter().flat_map(|t| &t.words) {
            common[*number] &= words::is_common(&word.text);
        }
        self.weights = self
            .postings
            .iter()
            .zip(common)
            .map(|(texts, common)| {
                let mut users: Vec<usize> = texts
                    .iter()
                    .map(|t| &self.texts[*t])
                    .filter(|t| t.field != Field::Scope)
                    .map(|t| t.workflow)
                    .collect();
                users.dedup();
                let rarity = (1.0 + all / (users.len() as f64).max(1.0)).ln() / (1.0 + all).ln();
                (0.3 + 0.7 * rarity) * if common { COMMON } else { 1.0 }
            })
            .collect();
        for text in &mut self.texts {
            text.weight = text.words.iter().map(|(_, number)| self.weights[*number]).sum();
            self.entries[text.workflow].stems.extend(text.words.iter().map(|(_, number)| *number));
        }
        for entry in &mut self.entries {
            entry.stems.sort_unstable();
            entry.stems.dedup();
        }
    }

    fn order(&mut self, surfaces: HashMap<String, usize>) {
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
            self.by_length[length].push(place);
        }
    }

    /// The workflow whose id these words are, `mw 4` for `MW-004`.
    pub fn by_id(&self, words: &[Word]) -> Option<usize> {
        self.ids.get(&id_key_of(words.iter().map(|w| w.text.as_str()))).copied()
    }

    /// What a typed word may mean. The last word of a phrase may still be unfinished.
    pub fn asked(&self, word: &str, last: bool) -> Asked {
        let stemmed = stem(word);
        let common = words::is_common(word);
        let mut meanings: Vec<Meaning> = Vec::new();
        let own = self.stems.get(&stemmed).copied();
        if let Some(stem) = own {
            meanings.push(Meaning { stem, likeness: 1.0, how: How::Same });
        }
        for (kin, how) in words::kin(&stemmed) {
            if let Some(&stem) = self.stems.get(kin) {
                let (likeness, how) = match how {
                    Kin::Same => (0.96, How::Short),
                    Kin::Near => (0.75, How::Near),
                };
                meanings.push(Meaning { stem, likeness, how });
            }
        }
        if own.is_none() && !common {
            if last {
                self.begun(word, &mut meanings);
            }
            if words::kin(&stemmed).is_empty() {
                self.mistyped(word, &mut meanings);
            }
        }
        let weight = own.map_or_else(
            || {
                let best = meanings.iter().max_by(|a, b| a.likeness.total_cmp(&b.likeness));
                let known = best.map_or(UNKNOWN, |m| self.weights[m.stem]);
                if common { known * COMMON } else { known }
            },
            |stem| self.weights[stem],
        );
        Asked { word: word.to_owned(), common, weight, meanings }
    }

    fn begun(&self, word: &str, meanings: &mut Vec<Meaning>) {
        let length = word.chars().count();
        if length < 2 {
            return;
        }
        let from = self.surfaces.partition_point(|s| s.text.as_str() < word);
        let begun = self.surfaces[from..].iter().take_while(|s| s.text.starts_with(word));
        for surface in begun.take(MOST_GUESSES) {
            let share = length as f64 / surface.text.chars().count() as f64;
            add(meanings, Meaning { stem: surface.stem, likeness: 0.7 + 0.27 * share, how: How::Begins });
        }
    }

    /// One slip in words of four to seven letters, two in longer ones.
    fn mistyped(&self, word: &str, meanings: &mut Vec<Meaning>) {
        let length = word.chars().count();
        let slips = match length {
            4..=7 => 1,
            8..=40 => 2,
            _ => return,
        };
        let own = letters(word);
        let first = word.chars().next();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for candidates in self.by_length.iter().take(length + slips + 1).skip(length - slips) {
            for &place in candidates {
                let surface = &self.surfaces[place];
                // Short words differ from many others by one letter, but a slip in the first is rare.
                let short = length < 6 || surface.text.len() < 5;
                if (surface.letters ^ own).count_ones() as usize > 2 * slips
                    || surface.text.len() < 3
                    || (short && surface.text.chars().next() != first)
                {
                    continue;
                }
                let distance = strsim::osa_distance(word, &surface.text);
                if distance <= slips {
                    found.push((distance, place));
                }
            }
        }
        found.sort_unstable();
        let nearest = found.first().map_or(0, |f| f.0);
        for (distance, place) in found.into_iter().take_while(|f| f.0 == nearest).take(MOST_GUESSES) {
            let likeness = if distance == 1 { 0.9 } else { 0.8 };
            add(meanings, Meaning { stem: self.surfaces[place].stem, likeness, how: How::Typo });
        }
    }
}

fn add(meanings: &mut Vec<Meaning>, new: Meaning) {
    match meanings.iter_mut().find(|m| m.stem == new.stem) {
        Some(old) if old.likeness >= new.likeness => {}
        Some(old) => *old = new,
        None => meanings.push(new),
    }
}

/// Which letters a word has: words that differ in many cannot be a slip apart.
fn letters(word: &str) -> u64 {
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
