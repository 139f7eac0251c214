//! How well a phrase fits each workflow, as a few numbers. Every word of the phrase goes to its best partner in a text,
//! weighted by rarity, and the other way round; beside that stand the directions of phrase and text, and their
//! letters. A workflow is as good as its best texts, so that forty trigger phrases win nothing by their number.
//! What these numbers are worth together is `judge`'s.

use crate::matching::elsewhere::Elsewhere;
use crate::matching::index::{Entry, Lexicon};
use crate::matching::meaning::{Asked, How, asked};
use crate::matching::prepared::{Field, Text};
use crate::matching::text::{Word, key};
use crate::matching::vectors::{self, Direction, Wide};
use crate::matching::words::Table;

/// Words of a phrase that are looked at.
pub const PHRASE_WORDS: usize = 64;
/// Workflows that are looked at closely; the rest is too far behind after a rough look.
const LOOKED_AT: usize = 24;
/// Workflows that are judged.
const JUDGED: usize = 16;
/// Texts of one workflow that are looked at closely.
const TEXTS: usize = 8;
/// Words of a phrase whose weight they pass each count less: of what people say, the more they say the less.
const TERSE: f64 = 2.5;
const CHATTER: f64 = 0.4;
/// How much the phrase's coverage counts beside the text's.
const PHRASE_SHARE: f64 = 0.6;
/// What a word of the phrase is worth that another text of the same workflow holds.
const IN_WORKFLOW: f64 = 0.5;
/// Two words are of like meaning from this cosine on.
const LIKE: f64 = 0.42;
/// What a word of like meaning is worth at most.
const LIKE_WORTH: f64 = 0.85;
/// No text but the very same one is a perfect fit.
const ALMOST: f64 = 0.99;
/// What words are worth beside directions in the rough look; what is worth a closer look; what the very same text has.
const ROUGH_WORDS: f64 = 0.6;
const WORTH_A_LOOK: f64 = 0.05;
const SAME_TEXT: f64 = 2.0;

/// A phrase as the index understands it.
#[derive(Debug, Clone)]
pub struct Query {
    pub words: Vec<Word>,
    pub asked: Vec<Asked>,
    pub key: String,
    pub direction: Option<Direction>,
    wide: Option<Wide>,
    pub elsewhere: Elsewhere,
    letters: Vec<u32>,
}

impl Query {
    pub fn new(lexicon: &Lexicon, words: Vec<Word>) -> Self {
        let asked = asked(lexicon, &words);
        let key = key(&words);
        let direction = vectors::of_text(asked.iter().filter_map(|a| a.row));
        let wide = direction.as_ref().map(vectors::wide);
        let elsewhere = wide.as_ref().map(Elsewhere::of).unwrap_or_default();
        Self { letters: trigrams(&key), key, words, asked, direction, wide, elsewhere }
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
    pub place: usize,
    pub exact: bool,
    /// Both coverages by words that are the same, forms, synonyms or slips of each other; 0 to 1.
    pub hard: f64,
    /// The same, with words of like meaning.
    pub soft: f64,
    pub cosine: f64,
    /// Of their letters by threes; 0 to 1.
    pub letters: f64,
    pub met: Vec<Met>,
}

/// The numbers by which a workflow is judged, each 0 to 1 or nearly; what each is stands at its place in [`FEATURES`].
pub type Features = [f64; FEATURES.len()];

/// Names of the numbers, for `--explain` and the documentation.
pub const FEATURES: [&str; 9] = [
    "words of the best text",
    "words and like words of the best text",
    "direction of the best text",
    "direction of all texts together",
    "name and scope",
    "letters",
    "words and like words known anywhere in it",
    "direction of all texts, against the nearest process elsewhere",
    "likeness to what the phrase sounds like elsewhere",
];

/// How well a phrase fits one workflow.
#[derive(Debug, Clone)]
pub struct Standing {
    pub workflow: usize,
    pub features: Features,
    /// How near it is to each of the processes that the phrase sounds like elsewhere.
    pub akin: Vec<f64>,
    /// The text that tells best why.
    pub best: Fit,
    /// The phrase says the opposite of what that text says: "revoke access" of "grant access".
    pub opposed: bool,
}

/// The workflows that have anything in common with the phrase and are not far behind, in no order.
pub fn standings(lexicon: &Lexicon, query: &Query) -> Vec<Standing> {
    let rough = rough(lexicon, query);
    let best = |(workflow, entry): (usize, &Entry)| {
        let best = rough[entry.places.clone()].iter().copied().fold(0.0, f64::max);
        (best > WORTH_A_LOOK).then_some((workflow, best))
    };
    let mut looked_at: Vec<(usize, f64)> = lexicon.entries.iter().enumerate().filter_map(best).collect();
    if looked_at.len() > LOOKED_AT {
        looked_at.select_nth_unstable_by(LOOKED_AT, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        looked_at.truncate(LOOKED_AT);
    }
    let mut alike = Alike::new(query);
    let mut standings: Vec<Standing> = looked_at
        .into_iter()
        .map(|(workflow, _)| {
            let texts = lexicon.entries[workflow].places.clone();
            let mut texts: Vec<usize> = texts.filter(|place| rough[*place] > WORTH_A_LOOK).collect();
            texts.sort_unstable_by(|a, b| rough[*b].total_cmp(&rough[*a]).then(a.cmp(b)));
            texts.truncate(TEXTS);
            look(lexicon, query, &mut alike, workflow, texts)
        })
        .collect();
    let fits = |s: &Standing| s.features[1] + s.features[2];
    standings.sort_by(|a, b| fits(b).total_cmp(&fits(a)).then(a.workflow.cmp(&b.workflow)));
    standings.truncate(JUDGED);
    standings
}

/// A score for every text, from postings and directions alone.
fn rough(lexicon: &Lexicon, query: &Query) -> Vec<f64> {
    let mut covered = vec![(0.0_f32, 0.0_f32); lexicon.places.len()];
    let mut best = vec![0.0_f32; lexicon.places.len()];
    let mut of_word: Vec<u32> = Vec::new();
    let mut all = 0.0;
    for asked in &query.asked {
        all += asked.weight;
        if asked.common && query.asked.len() > 3 {
            continue;
        }
        for meaning in &asked.meanings {
            let likeness = meaning.likeness as f32;
            let own = lexicon.weights[meaning.stem as usize] as f32;
            for &place in &lexicon.postings[meaning.stem as usize] {
                let at = place as usize;
                if best[at] == 0.0 {
                    of_word.push(place);
                }
                if likeness > best[at] {
                    let gain = likeness - best[at];
                    best[at] = likeness;
                    covered[at].0 += asked.weight as f32 * gain;
                    covered[at].1 += own * gain;
                }
            }
        }
        for place in of_word.drain(..) {
            best[place as usize] = 0.0;
        }
    }
    let all = all.max(f64::MIN_POSITIVE);
    let score = |at: usize| {
        let (phrase, own) = covered[at];
        let place = &lexicon.places[at];
        let words = f64::from(phrase) / all * (f64::from(own) / place.weight.max(f64::MIN_POSITIVE)).min(1.0);
        let cosine =
            query.wide.as_ref().map_or(0.0, |w| vectors::cosine_of_wide(w, &lexicon.directions[at]).max(0.0));
        ROUGH_WORDS * words.sqrt() + (1.0 - ROUGH_WORDS) * cosine
    };
    let mut rough: Vec<f64> = (0..lexicon.places.len()).map(score).collect();
    for place in lexicon.by_key.get(&query.key).into_iter().flatten() {
        rough[*place as usize] = SAME_TEXT;
    }
    rough
}

/// Everything that counts of one workflow.
fn look(lexicon: &Lexicon, query: &Query, alike: &mut Alike, workflow: usize, texts: Vec<usize>) -> Standing {
    let entry = &lexicon.entries[workflow];
    let in_workflow = likeness_to(query, entry);
    let mut best: Option<(f64, Fit)> = None;
    let (mut hard, mut soft, mut direction, mut letters, mut named) =
        (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for place in texts {
        let text = lexicon.text(place);
        let fit = compare(lexicon, query, alike, place, &in_workflow);
        let worth = text.field.worth();
        if text.field.is_said() {
            hard = hard.max(fit.hard * worth);
            soft = soft.max(fit.soft * worth);
            direction = direction.max(fit.cosine);
        } else {
            named = named.max(f64::midpoint(fit.soft, fit.cosine) * worth);
            if text.field == Field::Name {
                hard = hard.max(fit.hard * worth);
                soft = soft.max(fit.soft * worth);
            }
        }
        letters = letters.max(fit.letters * worth);
        let tells = if fit.exact { 2.0 } else { 0.0 } + (fit.hard + fit.soft + 0.5 * fit.cosine) * worth;
        if best.as_ref().is_none_or(|(most, _)| tells > *most) {
            best = Some((tells, fit));
        }
    }
    let (centre, akin) = match (&query.direction, &entry.prepared.centre) {
        (Some(a), Some(b)) => (vectors::cosine(a, b), query.elsewhere.akin(b)),
        _ => (0.0, Vec::new()),
    };
    let against = centre - query.elsewhere.nearness()[0];
    let all: f64 = query.asked.iter().map(|a| a.weight).sum();
    let like = likeness_by_meaning(lexicon, query, alike, entry, &in_workflow);
    let known: f64 = like.iter().zip(&query.asked).map(|(l, a)| l * a.weight).sum();
    let known = if all > 0.0 { known / all } else { 0.0 };
    let features =
        [hard, soft, direction, centre, named, letters, known, against, query.elsewhere.weighed(&akin)];
    let best = best.map_or_else(
        || Fit { place: 0, exact: false, hard: 0.0, soft: 0.0, cosine: 0.0, letters: 0.0, met: Vec::new() },
        |(_, fit)| fit,
    );
    let opposed = !best.exact && opposes(&lexicon.table, query, lexicon.text(best.place));
    Standing { workflow, features, akin, best, opposed }
}

/// Whether a word of the phrase is the opposite of one of the text, where neither says both.
fn opposes(table: &Table, query: &Query, text: &Text) -> bool {
    let says = |stem: &str| text.terms.iter().any(|t| &*t.stem == stem);
    let asks = |stem: &str| query.asked.iter().any(|a| &*a.stem == stem);
    query
        .asked
        .iter()
        .filter(|a| !says(&a.stem))
        .any(|asked| text.terms.iter().any(|t| table.are_opposite(&asked.stem, &t.stem) && !asks(&t.stem)))
}

/// How the phrase fits one text, whatever else there is.
pub fn fit(lexicon: &Lexicon, query: &Query, place: usize) -> Fit {
    let entry = &lexicon.entries[lexicon.places[place].workflow];
    compare(lexicon, query, &mut Alike::new(query), place, &likeness_to(query, entry))
}

/// For each word of the phrase, how well any word of the workflow meets it.
fn likeness_to(query: &Query, entry: &Entry) -> Vec<f64> {
    let best = |asked: &Asked| {
        let known = asked.meanings.iter().filter(|m| entry.stems.binary_search(&m.stem).is_ok());
        known.map(|m| m.likeness).fold(0.0, f64::max)
    };
    query.asked.iter().map(best).collect()
}

/// The same, with words of like meaning.
fn likeness_by_meaning(
    lexicon: &Lexicon,
    query: &Query,
    alike: &mut Alike,
    entry: &Entry,
    hard: &[f64],
) -> Vec<f64> {
    let meant = |(at, hard): (usize, &f64)| {
        if *hard >= 1.0 || query.asked[at].common || query.asked[at].row.is_none() {
            return *hard;
        }
        entry.telling.iter().fold(*hard, |best, stem| best.max(alike.likeness(lexicon, query, at, *stem)))
    };
    hard.iter().enumerate().map(meant).collect()
}

/// How alike words of the phrase and of the registry are by meaning. Texts use the same words again and again, so each
/// pair is counted once.
struct Alike {
    /// For each word of the phrase, and each stem of the registry; not a number where it has not been counted.
    known: Vec<Vec<f64>>,
}

impl Alike {
    fn new(query: &Query) -> Self {
        Self { known: vec![Vec::new(); query.asked.len()] }
    }

    fn likeness(&mut self, lexicon: &Lexicon, query: &Query, asked: usize, stem: u32) -> f64 {
        let (Some(a), Some(b)) = (query.asked[asked].row, lexicon.rows[stem as usize]) else { return 0.0 };
        let known = &mut self.known[asked];
        if known.is_empty() {
            known.resize(lexicon.rows.len(), f64::NAN);
        }
        let slot = &mut known[stem as usize];
        if slot.is_nan() {
            *slot = like(a.likeness(b));
        }
        *slot
    }
}

fn compare(lexicon: &Lexicon, query: &Query, alike: &mut Alike, number: usize, in_workflow: &[f64]) -> Fit {
    let (place, text) = (&lexicon.places[number], lexicon.text(number));
    let mut met: Vec<Met> = Vec::new();
    let (mut hard_met, mut soft_met, mut all) = (0.0, 0.0, 0.0);
    let mut own_hard = vec![0.0_f64; place.stems.len()];
    let mut own_soft = vec![0.0_f64; place.stems.len()];
    for (at, asked) in query.asked.iter().enumerate() {
        all += asked.weight;
        let mut best: Option<Met> = None;
        let mut best_hard = 0.0_f64;
        for (word, stem) in place.stems.iter().enumerate() {
            let meaning = asked.meanings.iter().find(|m| m.stem == *stem);
            let (likeness, how) = match meaning {
                Some(m) => {
                    own_hard[word] = own_hard[word].max(m.likeness);
                    best_hard = best_hard.max(m.likeness);
                    (m.likeness, m.how)
                }
                None if asked.common => continue,
                None => (alike.likeness(lexicon, query, at, *stem), How::Like),
            };
            own_soft[word] = own_soft[word].max(likeness);
            if likeness > 0.0 && best.as_ref().is_none_or(|b| likeness > b.likeness) {
                best = Some(Met { asked: at, word, likeness, how });
            }
        }
        let here = best.as_ref().map_or(0.0, |b| b.likeness);
        hard_met += asked.weight * best_hard.max(IN_WORKFLOW * in_workflow[at]);
        soft_met += asked.weight * here.max(IN_WORKFLOW * in_workflow[at]);
        met.extend(best);
    }
    let weighed = |own: &[f64]| -> f64 {
        place.stems.iter().zip(own).map(|(stem, l)| lexicon.weights[*stem as usize] * l).sum()
    };
    let exact = text.key == query.key;
    let cosine = query.wide.as_ref().map_or(0.0, |w| vectors::cosine_of_wide(w, &lexicon.directions[number]));
    Fit {
        place: number,
        exact,
        hard: if exact { 1.0 } else { combine(hard_met, all, weighed(&own_hard), place.weight) },
        soft: if exact { 1.0 } else { combine(soft_met, all, weighed(&own_soft), place.weight) },
        cosine: if exact { 1.0 } else { cosine },
        letters: if exact { 1.0 } else { dice(&query.letters, &trigrams(&text.key)) },
        met,
    }
}

/// What a cosine of two words is worth as a likeness.
fn like(cosine: f64) -> f64 {
    ((cosine - LIKE) / (1.0 - LIKE)).clamp(0.0, 1.0).sqrt() * LIKE_WORTH
}

/// Weighted geometric mean of both coverages: a phrase must be explained by the text, and the text asked for by
/// the phrase, and neither makes up for the lack of the other.
fn combine(phrase_met: f64, phrase_all: f64, text_met: f64, text_all: f64) -> f64 {
    if phrase_all <= 0.0 || text_all <= 0.0 {
        return 0.0;
    }
    let asked = phrase_all.min(TERSE + CHATTER * (phrase_all - TERSE).max(0.0));
    let both = (phrase_met / asked).min(1.0).powf(PHRASE_SHARE)
        * (text_met / text_all).min(1.0).powf(1.0 - PHRASE_SHARE);
    both.clamp(0.0, ALMOST)
}

/// The distinct threes of letters of a text without its spaces, as numbers, ascending.
fn trigrams(key: &str) -> Vec<u32> {
    let letters: Vec<char> = key.chars().filter(|c| *c != ' ').collect();
    let mut all: Vec<u32> = letters
        .windows(3)
        .map(|w| w.iter().fold(0_u32, |sum, c| sum.wrapping_mul(8191).wrapping_add(*c as u32)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What two ascending lists have in common, 0 to 1.
fn dice(a: &[u32], b: &[u32]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut both) = (0, 0, 0_u32);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    2.0 * f64::from(both) / (a.len() + b.len()) as f64
}
