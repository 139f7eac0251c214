//! What a typed word may mean in a registry: itself, another form of it, a short form, a synonym, a slip of the
//! finger, a word that it begins, two words written as one. Words only; how well whole phrases fit is `score`'s.

use crate::matching::index::{Lexicon, letters, rarity};
use crate::matching::prepared::Term;
use crate::matching::text::Word;
use crate::matching::vectors::Row;
use crate::matching::words::{self, Kin};

/// The weight of a word that the registry does not know.
const UNKNOWN: f64 = 0.9;
/// Registry words that one unfinished or mistyped word may stand for.
const MOST_GUESSES: usize = 24;
/// A word that is a good English word by itself is a slip for another one only with this likeness.
const SLIP_OF_A_WORD: f64 = 0.6;

/// Why a typed word meets a word of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Same,
    /// A short form of it, or the long one.
    Short,
    /// A synonym, by the table.
    Near,
    /// Of like meaning, by the vectors.
    Like,
    Typo,
    Begins,
    /// Written as one word here and as two there.
    Joined,
}

/// A word of the registry that a typed word may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    pub stem: u32,
    /// 0 to 1.
    pub likeness: f64,
    pub how: How,
}

/// A typed word with all that it may mean.
#[derive(Debug, Clone)]
pub struct Asked {
    pub word: String,
    pub stem: Box<str>,
    pub common: bool,
    /// Neither English nor of the registry, nor a slip of anything there.
    pub unknown: bool,
    pub weight: f64,
    pub row: Option<Row>,
    pub meanings: Vec<Meaning>,
}

/// What the words of a phrase may mean. The last one may still be unfinished.
pub fn asked(lexicon: &Lexicon, phrase: &[Word]) -> Vec<Asked> {
    let last = phrase.len().saturating_sub(1);
    let mut all: Vec<Asked> =
        phrase.iter().enumerate().map(|(i, w)| one(lexicon, Term::new(w.clone()), i == last)).collect();
    for at in 0..last {
        join(lexicon, phrase, at, &mut all);
    }
    all
}

fn one(lexicon: &Lexicon, term: Term, last: bool) -> Asked {
    let word = term.word.text.as_str();
    let common = words::is_common(word);
    let mut meanings: Vec<Meaning> = Vec::new();
    let own = lexicon.stems.get(&term.stem).copied();
    if let Some(stem) = own {
        meanings.push(Meaning { stem, likeness: 1.0, how: How::Same });
    }
    for (kin, how) in lexicon.table.kin(&term.stem) {
        if let Some(&stem) = lexicon.stems.get(kin.as_str()) {
            let (likeness, how) = match how {
                Kin::Same => (0.96, How::Short),
                Kin::Near => (0.75, How::Near),
            };
            meanings.push(Meaning { stem, likeness, how });
        }
    }
    if own.is_none() && !common {
        if last {
            begun(lexicon, word, &mut meanings);
        }
        split(lexicon, word, &mut meanings);
        if lexicon.table.kin(&term.stem).is_empty() {
            let trust = if term.row.is_some() { SLIP_OF_A_WORD } else { 1.0 };
            mistyped(lexicon, word, trust, &mut meanings);
        }
    }
    let weight = own.map_or_else(
        || {
            let best = meanings.iter().max_by(|a, b| a.likeness.total_cmp(&b.likeness));
            let known = best.map_or(UNKNOWN, |m| lexicon.weights[m.stem as usize]);
            known.min(UNKNOWN) * rarity(&term)
        },
        |stem| lexicon.weights[stem as usize],
    );
    let unknown = meanings.is_empty() && term.row.is_none();
    Asked { common, unknown, weight, row: term.row, meanings, stem: term.stem, word: term.word.text }
}

/// Two words that the registry has as one.
fn join(lexicon: &Lexicon, phrase: &[Word], at: usize, all: &mut [Asked]) {
    let whole = format!("{}{}", phrase[at].text, phrase[at + 1].text);
    if whole.chars().count() < 5 {
        return;
    }
    if let Some(surface) = lexicon.surface(&whole) {
        for part in [at, at + 1] {
            add(&mut all[part].meanings, Meaning { stem: surface.stem, likeness: 0.95, how: How::Joined });
        }
    }
}

/// One word that the registry has as two: `mcptools`.
fn split(lexicon: &Lexicon, word: &str, meanings: &mut Vec<Meaning>) {
    let cuts = word.char_indices().map(|(at, _)| at).filter(|at| *at >= 3 && word.len() - at >= 3);
    for at in cuts {
        let (head, tail) = word.split_at(at);
        if let (Some(a), Some(b)) = (lexicon.surface(head), lexicon.surface(tail)) {
            for stem in [a.stem, b.stem] {
                add(meanings, Meaning { stem, likeness: 0.95, how: How::Joined });
            }
            return;
        }
    }
}

fn begun(lexicon: &Lexicon, word: &str, meanings: &mut Vec<Meaning>) {
    let length = word.chars().count();
    if length < 2 {
        return;
    }
    let from = lexicon.surfaces.partition_point(|s| &*s.text < word);
    let begun = lexicon.surfaces[from..].iter().take_while(|s| s.text.starts_with(word));
    for surface in begun.take(MOST_GUESSES) {
        let share = length as f64 / surface.text.chars().count() as f64;
        add(meanings, Meaning { stem: surface.stem, likeness: 0.7 + 0.27 * share, how: How::Begins });
    }
}

/// One slip in words of four to seven letters, two in longer ones.
fn mistyped(lexicon: &Lexicon, word: &str, trust: f64, meanings: &mut Vec<Meaning>) {
    let length = word.chars().count();
    let slips = match length {
        3..=7 => 1,
        8..=40 => 2,
        _ => return,
    };
    let own = letters(word);
    let first = word.chars().next();
    let mut found: Vec<(usize, u32)> = Vec::new();
    for candidates in lexicon.by_length.iter().take(length + slips + 1).skip(length - slips) {
        for &place in candidates {
            let surface = &lexicon.surfaces[place as usize];
            // Short words differ from many others by one letter, but a slip in the first is rare.
            let short = length < 6 || surface.text.len() < 5;
            if (surface.letters ^ own).count_ones() as usize > 2 * slips
                || surface.text.len() < 3
                || (short && surface.text.chars().next() != first)
            {
                continue;
            }
            let distance = strsim::osa_distance(word, &surface.text);
            // In three letters only two that changed places are a slip.
            if distance <= slips && (length > 3 || surface.letters == own) {
                found.push((distance, place));
            }
        }
    }
    found.sort_unstable();
    let nearest = found.first().map_or(0, |f| f.0);
    for (distance, place) in found.into_iter().take_while(|f| f.0 == nearest).take(MOST_GUESSES) {
        let likeness = trust * if distance == 1 { 0.9 } else { 0.8 };
        add(meanings, Meaning { stem: lexicon.surfaces[place as usize].stem, likeness, how: How::Typo });
    }
}

fn add(meanings: &mut Vec<Meaning>, new: Meaning) {
    match meanings.iter_mut().find(|m| m.stem == new.stem) {
        Some(old) if old.likeness >= new.likeness => {}
        Some(old) => *old = new,
        None => meanings.push(new),
    }
}
