//! How well a phrase fits each text: every word of the one to its best partner in the other,
//! weighted by rarity, both ways. A workflow is as good as its best text, so that forty
//! trigger phrases win nothing by their number.

use crate::matching::index::{Asked, Field, How, Lexicon, Meaning, Text};
use crate::matching::text::{Word, key};

/// Words of a phrase that are looked at.
pub const PHRASE_WORDS: usize = 64;
/// Texts that are compared word by word; the rest is too far behind after a rough count.
const COMPARED: usize = 160;
/// No text but the very same one is a perfect fit.
const ALMOST: f64 = 0.99;
/// How much weight a phrase and a text must share before their score counts in full: common
/// words alone say nothing.
const SUBSTANCE: f64 = 0.45;

/// What a word of the phrase is worth that another text of the same workflow holds.
const ELSEWHERE: f64 = 0.5;
/// Up to this weight every word of a phrase must be explained; of what people say beyond it,
/// the more they say the less.
const TERSE: f64 = 2.5;
const CHATTER: f64 = 0.4;

/// How much the phrase's coverage counts beside the text's.
const PHRASE_SHARE: f64 = 0.6;

/// In a phrase of so few words each one counts: where much of it is not explained, something
/// else is meant ("stop the database").
const FEW_WORDS: usize = 3;
const FEW_EXPLAINED: f64 = 0.6;
const FEW_WORTH: f64 = 0.8;

/// A phrase as the index understands it.
#[derive(Debug, Clone)]
pub struct Query {
    pub words: Vec<Word>,
    pub asked: Vec<Asked>,
    pub key: String,
}

impl Query {
    pub fn new(lexicon: &Lexicon, words: Vec<Word>) -> Self {
        let last = words.len().saturating_sub(1);
        let asked = words.iter().enumerate().map(|(i, w)| lexicon.asked(&w.text, i == last)).collect();
        Self { key: key(&words), words, asked }
    }
}

/// A word of a text that a word of the phrase meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    pub asked: usize,
    /// Which word of the text.
    pub word: usize,
    pub likeness: f64,
    pub how: How,
}

/// How well a phrase fits one text.
#[derive(Debug, Clone)]
pub struct Fit {
    pub text: usize,
    /// 0 to 1; exactly 1 for the same words and nothing else.
    pub score: f64,
    pub exact: bool,
    pub met: Vec<Met>,
}

/// The best fit of each workflow that shares anything with the phrase, in no order.
pub fn fits(lexicon: &Lexicon, query: &Query) -> Vec<Fit> {
    let mut best: Vec<Option<Fit>> = vec![None; lexicon.entries.len()];
    let mut anywhere: Vec<Option<Vec<f64>>> = vec![None; lexicon.entries.len()];
    for text in candidates(lexicon, query) {
        let workflow = lexicon.texts[text].workflow;
        let elsewhere = anywhere[workflow].get_or_insert_with(|| likeness_to(lexicon, query, workflow));
        let fit = compare(lexicon, query, text, elsewhere);
        let slot = &mut best[workflow];
        if slot.as_ref().is_none_or(|old| fit.score > old.score) {
            *slot = Some(fit);
        }
    }
    best.into_iter().flatten().collect()
}

/// The texts worth comparing: a rough score from the postings, without looking at any text.
fn candidates(lexicon: &Lexicon, query: &Query) -> Vec<usize> {
    let mut covered = vec![(0.0_f64, 0.0_f64); lexicon.texts.len()];
    let mut best = vec![0.0_f64; lexicon.texts.len()];
    let mut touched: Vec<usize> = Vec::new();
    let mut of_word: Vec<usize> = Vec::new();
    let only_common = query.asked.iter().all(|a| a.common);
    for asked in query.asked.iter().filter(|a| only_common || !a.common) {
        for meaning in &asked.meanings {
            for &text in &lexicon.postings[meaning.stem] {
                if best[text] == 0.0 {
                    of_word.push(text);
                }
                if meaning.likeness > best[text] {
                    let gain = meaning.likeness - best[text];
                    best[text] = meaning.likeness;
                    let sums = &mut covered[text];
                    if sums.0 == 0.0 {
                        touched.push(text);
                    }
                    sums.0 += asked.weight * gain;
                    sums.1 += lexicon.weights[meaning.stem] * gain;
                }
            }
        }
        for text in of_word.drain(..) {
            best[text] = 0.0;
        }
    }
    let rough = |text: &usize| {
        let (phrase, own) = covered[*text];
        let text = &lexicon.texts[*text];
        phrase * (own / text.weight.max(f64::MIN_POSITIVE)).min(1.0) * text.field.worth().powi(2)
    };
    if touched.len() > COMPARED {
        touched.select_nth_unstable_by(COMPARED, |a, b| rough(b).total_cmp(&rough(a)).then(a.cmp(b)));
        touched.truncate(COMPARED);
    }
    if let Some(exact) = lexicon.by_key.get(&query.key) {
        touched.extend(exact);
    }
    touched.sort_unstable();
    touched.dedup();
    touched
}

/// For each word of the phrase, how well any word of the workflow meets it.
fn likeness_to(lexicon: &Lexicon, query: &Query, workflow: usize) -> Vec<f64> {
    let stems = &lexicon.entries[workflow].stems;
    let best = |asked: &Asked| {
        let known = asked.meanings.iter().filter(|m| stems.binary_search(&m.stem).is_ok());
        known.map(|m| m.likeness).fold(0.0, f64::max)
    };
    query.asked.iter().map(best).collect()
}

fn compare(lexicon: &Lexicon, query: &Query, number: usize, elsewhere: &[f64]) -> Fit {
    let text = &lexicon.texts[number];
    let mut met: Vec<Met> = Vec::new();
    let mut phrase_met = 0.0;
    let mut phrase_all = 0.0;
    let mut own = vec![0.0_f64; text.words.len()];
    for (place, asked) in query.asked.iter().enumerate() {
        phrase_all += asked.weight;
        let mut best: Option<Met> = None;
        for (word, (_, stem)) in text.words.iter().enumerate() {
            let Some(Meaning { likeness, how, .. }) = asked.meanings.iter().find(|m| m.stem == *stem) else {
                continue;
            };
            own[word] = own[word].max(*likeness);
            if best.as_ref().is_none_or(|b| *likeness > b.likeness) {
                best = Some(Met { asked: place, word, likeness: *likeness, how: *how });
            }
        }
        let here = best.as_ref().map_or(0.0, |b| b.likeness);
        phrase_met += asked.weight * here.max(ELSEWHERE * elsewhere[place]);
        met.extend(best);
    }
    let text_met: f64 =
        text.words.iter().zip(&own).map(|((_, stem), likeness)| lexicon.weights[*stem] * likeness).sum();
    let exact = text.key == query.key && text.field != Field::Scope;
    let mut score = if exact { 1.0 } else { combine(phrase_met, phrase_all, text_met, text) };
    let telling = query.asked.iter().filter(|a| !a.common).count();
    if telling <= FEW_WORDS && phrase_met < FEW_EXPLAINED * phrase_all {
        score *= FEW_WORTH;
    }
    Fit { text: number, score: score * text.field.worth(), exact: exact && text.field == Field::Trigger, met }
}

/// Weighted geometric mean of both coverages: a phrase must be explained by the text, and the text asked for by the
/// phrase, and neither makes up for the lack of the other.
fn combine(phrase_met: f64, phrase_all: f64, text_met: f64, text: &Text) -> f64 {
    if phrase_all <= 0.0 || text.weight <= 0.0 {
        return 0.0;
    }
    let asked = phrase_all.min(TERSE + CHATTER * (phrase_all - TERSE).max(0.0));
    let both =
        (phrase_met / asked).min(1.0).powf(PHRASE_SHARE) * (text_met / text.weight).powf(1.0 - PHRASE_SHARE);
    let substance = (phrase_met / SUBSTANCE).min(1.0);
    (both * substance).clamp(0.0, ALMOST)
}
