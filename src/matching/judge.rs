//! From how well a phrase fits each workflow to how likely each is meant, or none, and from that to what to do: take the
//! best, ask, or say that there is none. The weights were fitted on phrases of many people for several registries
//! (`data/README.md` says how to fit them anew); nothing here knows a workflow or a phrase.

use crate::matching::score::{FEATURES, Features};
use crate::matching::signs::Signs;

/// What a fitted model knows of a candidate: its features, two of them squared, how far it is ahead of the next or
/// behind the first, and what that means in a phrase of many words.
const TERMS: usize = FEATURES.len() + 2 + LEADS.len() + 3;
/// What it knows of the phrase itself.
const PHRASE_TERMS: usize = 8;
/// Features by which candidates are compared with each other: like words, both directions, words known.
const LEADS: [usize; 4] = [1, 2, 3, 6];
/// Being ahead counts up to this: further ahead tells nothing more. Being behind counts up to the other.
const AHEAD: f64 = 0.1;
const BEHIND: f64 = 0.5;
/// What it takes from a candidate that the phrase says the opposite. Set by hand: phrases like that are rare.
const OPPOSED: f64 = 3.5;
/// Workflows of a registry, as a logarithm, where their number makes no difference.
const WORKFLOWS: f64 = 3.0;

include!("data/weights.rs");

/// How sure one must be: what a wrong guess costs, in questions. Higher asks more and guesses less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caution(f64);

impl Caution {
    pub const LEAST: f64 = 1.0;
    pub const MOST: f64 = 20.0;

    /// Between [`Self::LEAST`] and [`Self::MOST`]; what is beyond is taken as the nearer of them.
    pub fn new(questions: f64) -> Self {
        Self(if questions.is_nan() { DEFAULT_CAUTION } else { questions.clamp(Self::LEAST, Self::MOST) })
    }
}

impl Default for Caution {
    fn default() -> Self {
        Self(DEFAULT_CAUTION)
    }
}

/// What the phrase itself tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Phrase {
    pub signs: Signs,
    /// The share of its weight that is in words nobody knows.
    pub unknown: f64,
    /// The weight of all its words.
    pub weight: f64,
    /// The logarithm of how many sentences a workflow of this registry has, on average.
    pub sentences: f64,
    /// How many workflows the registry has.
    pub workflows: usize,
}

/// How likely each candidate is meant, where `opposed` tells of which the phrase says the opposite, and last how likely none is; together 1.
pub fn likelihoods(candidates: &[Features], opposed: &[bool], phrase: &Phrase) -> (Vec<f64>, f64) {
    let none = dot(&NONE_WEIGHTS, &phrase_terms(phrase));
    let leads = leads(candidates);
    let talk = (1.0 + phrase.weight).ln() - 1.0;
    let utility = |(f, lead): (&Features, &[f64; LEADS.len()])| dot(&WEIGHTS, &terms(f, lead, talk));
    let utilities: Vec<f64> = candidates
        .iter()
        .zip(&leads)
        .map(utility)
        .zip(opposed)
        .map(|(utility, opposed)| if *opposed { utility - OPPOSED } else { utility })
        .collect();
    let most = utilities.iter().copied().fold(none, f64::max);
    let powers: Vec<f64> = utilities.iter().map(|u| (u - most).exp()).collect();
    let none = (none - most).exp();
    let all = none + powers.iter().sum::<f64>();
    (powers.into_iter().map(|p| p / all).collect(), none / all)
}

fn terms(f: &Features, lead: &[f64; LEADS.len()], talk: f64) -> [f64; TERMS] {
    let [words, like, direction, centre, named, letters, known] = *f;
    let [ahead, toward, middle, knows] = *lead;
    [
        words,
        like,
        direction,
        centre,
        named,
        letters,
        known,
        like * like,
        direction * direction,
        ahead,
        toward,
        middle,
        knows,
        like * talk,
        direction * talk,
        known * talk,
    ]
}

/// For each candidate how far it is ahead of the second, where it is first, and else how far behind the first.
fn leads(candidates: &[Features]) -> Vec<[f64; LEADS.len()]> {
    let mut leads = vec![[0.0; LEADS.len()]; candidates.len()];
    for (at, feature) in LEADS.into_iter().enumerate() {
        let (mut first, mut second, mut leader) = (f64::MIN, 0.0_f64, 0);
        for (number, features) in candidates.iter().enumerate() {
            let value = features[feature];
            if value > first {
                (second, first, leader) = (if number == 0 { 0.0 } else { first }, value, number);
            } else if value > second {
                second = value;
            }
        }
        for (number, features) in candidates.iter().enumerate() {
            let behind = features[feature] - if number == leader { second } else { first };
            leads[number][at] = behind.clamp(-BEHIND, AHEAD);
        }
    }
    leads
}

fn phrase_terms(phrase: &Phrase) -> [f64; PHRASE_TERMS] {
    let sign = |on: bool| if on { 1.0 } else { 0.0 };
    [
        1.0,
        phrase.unknown,
        (1.0 + phrase.weight).ln(),
        sign(phrase.signs.refuses),
        sign(phrase.signs.asks_past),
        sign(phrase.signs.asks_to_know),
        phrase.sentences - SENTENCES,
        (phrase.workflows.max(1) as f64).ln() - WORKFLOWS,
    ]
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// What to do with a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Match,
    /// Ask between this many of the first.
    Ask(usize),
    None,
}

/// The cheapest thing to do. Likelihoods are of the candidates, best first, and of none. A wrong guess costs what
/// `caution` says, a question one and a little for each further choice, a question without the right answer in it more,
/// and saying "none" where there is one as much as `MISSED`.
pub fn verdict(likely: &[f64], none: f64, caution: Caution) -> Verdict {
    let Some(first) = likely.first() else { return Verdict::None };
    let mut best = (caution.0 * (1.0 - first), Verdict::Match);
    let mut among = *first;
    for (further, next) in likely.iter().enumerate().skip(1).take(MOST_CHOICES - 1) {
        if *next < WORTH_ASKING {
            break;
        }
        among += next;
        let cost = QUESTION + FURTHER_CHOICE * (further - 1) as f64 + NOT_AMONG * (1.0 - among);
        if cost < best.0 {
            best = (cost, Verdict::Ask(further + 1));
        }
    }
    if MISSED * (1.0 - none) < best.0 { Verdict::None } else { best.1 }
}

/// Choices that a person is asked about at most.
pub const MOST_CHOICES: usize = 4;
/// What a question costs.
const QUESTION: f64 = 1.0;
/// What each choice beyond two costs.
const FURTHER_CHOICE: f64 = 0.15;
/// What it costs that the right one is not among the choices.
const NOT_AMONG: f64 = 1.6;
/// A candidate less likely than this is not asked about.
const WORTH_ASKING: f64 = 0.1;
