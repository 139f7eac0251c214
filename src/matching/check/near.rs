//! How near a phrase is to the texts of workflows: the same but for common words, forms and synonyms, or what it would
//! be taken for. And the words by which one workflow can be told from another.

use crate::base::WorkflowId;
use crate::matching::decide::Index;
use crate::matching::meaning::Asked;
use crate::matching::prepared::Field;
use crate::matching::score::{self, Query};
use crate::matching::words::is_common;

/// From this share of both on, two sentences differ in common words, word forms and synonyms alone.
const SAME: f64 = 0.85;
/// Only the very same words are nearer than this.
const ALMOST: f64 = 0.99;
/// A word of fewer bytes tells little by itself.
const LONG: usize = 3;
/// Words that a help names at most.
const NAMED: usize = 3;

/// A text that a phrase is near to.
pub struct Twin {
    pub place: usize,
    pub near: f64,
}

/// The texts of such workflows that say the same as the phrase, nearest first: by weight, [`SAME`] of the words of each
/// have their counterparts in the other.
pub fn twins(index: &Index, query: &Query, wanted: impl Fn(&WorkflowId) -> bool) -> Vec<Twin> {
    let lexicon = &index.lexicon;
    let mut twins: Vec<Twin> = may_be_twins(index, query)
        .into_iter()
        .filter(|at| {
            let prepared = &lexicon.entries[lexicon.places[*at].workflow].prepared;
            !prepared.deprecated && lexicon.text(*at).field != Field::Scope && wanted(&prepared.id)
        })
        .map(|place| Twin { place, near: nearness(index, query, place) })
        .filter(|twin| twin.near >= SAME)
        .collect();
    twins.sort_by(|a, b| b.near.total_cmp(&a.near).then(a.place.cmp(&b.place)));
    twins
}

/// Every text that holds a counterpart of one of the rarest words: one that holds none has too little in common.
fn may_be_twins(index: &Index, query: &Query) -> Vec<usize> {
    let postings = |asked: &Asked| -> usize {
        asked.meanings.iter().map(|m| index.lexicon.postings[m.stem as usize].len()).sum()
    };
    let mut rarest: Vec<&Asked> = query.asked.iter().collect();
    rarest.sort_by_key(|asked| postings(asked));
    let all: f64 = query.asked.iter().map(|a| a.weight).sum();
    let (mut weight, mut found) = (0.0, Vec::new());
    for asked in rarest {
        for meaning in &asked.meanings {
            found.extend(index.lexicon.postings[meaning.stem as usize].iter().map(|p| *p as usize));
        }
        weight += asked.weight;
        if weight > (1.0 - SAME) * all {
            break;
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The smaller share, by weight, of the words of phrase and text that have their counterparts in the other.
fn nearness(index: &Index, query: &Query, place: usize) -> f64 {
    let lexicon = &index.lexicon;
    if lexicon.text(place).key == query.key {
        return 1.0;
    }
    let stems = &lexicon.places[place].stems;
    let (mut met, mut all) = (0.0, 0.0);
    let mut own = vec![0.0_f64; stems.len()];
    for asked in &query.asked {
        all += asked.weight;
        let mut best = 0.0_f64;
        for meaning in &asked.meanings {
            for (at, _) in stems.iter().enumerate().filter(|(_, stem)| **stem == meaning.stem) {
                own[at] = own[at].max(meaning.likeness);
                best = best.max(meaning.likeness);
            }
        }
        met += asked.weight * best;
    }
    let own: f64 = stems.iter().zip(own).map(|(s, likeness)| lexicon.weights[*s as usize] * likeness).sum();
    (met / all.max(f64::MIN_POSITIVE)).min(own / lexicon.places[place].weight).min(ALMOST)
}

/// The text of a workflow that the phrase fits best.
pub fn taken(index: &Index, query: &Query, by: &WorkflowId) -> Option<Twin> {
    let standings = score::standings(&index.lexicon, query);
    let best = standings
        .into_iter()
        .find(|s| index.lexicon.entries[s.workflow].prepared.id == *by && !s.opposed)
        .map(|s| s.best)?;
    let said = index.lexicon.text(best.place).field != Field::Scope;
    said.then(|| Twin { place: best.place, near: best.hard.max(best.soft) })
}

/// Words that `of` has and `other` has not, those that tell most first.
pub fn own_words(index: &Index, of: &WorkflowId, other: &WorkflowId) -> Vec<String> {
    let lexicon = &index.lexicon;
    let entry = |id: &WorkflowId| lexicon.entries.iter().position(|e| e.prepared.id == *id);
    let (Some(of), Some(other)) = (entry(of), entry(other)) else { return Vec::new() };
    // By how rare a word is, and in how many of its own sentences it stands.
    let mut found: Vec<(f64, u32, &str)> = Vec::new();
    for place in lexicon.places.iter().filter(|p| p.workflow == of) {
        let text = &lexicon.entries[of].prepared.texts[place.text];
        for (stem, term) in place.stems.iter().zip(&text.terms) {
            let word = term.word.text.as_str();
            let taken = lexicon.entries[other].stems.binary_search(stem).is_ok();
            if taken || is_common(word) || text.field == Field::Scope || word.len() < LONG {
                continue;
            }
            let weight = lexicon.weights[*stem as usize];
            match found.iter_mut().find(|(_, known, _)| known == stem) {
                Some((sum, ..)) => *sum += weight,
                None => found.push((weight, *stem, word)),
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(b.2)));
    found.into_iter().take(NAMED).map(|(.., word)| word.to_owned()).collect()
}
