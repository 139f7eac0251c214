//! From how well a phrase fits each workflow to how likely each is meant, or none, and from that to what to do: take the
//! best, ask, or say that there is none. The weights were fitted on phrases by many writers for several registries
//! (`data/README.md` says how to fit them anew); nothing here knows a workflow or a phrase.

use serde::Serialize;

use crate::config;
use crate::matching::score::{FEATURES, Features};
use crate::matching::shape::Shape;
use crate::matching::signs::Signs;

/// What a fitted model knows of a candidate: its features, two of them squared, how far it is ahead of the next or
/// behind the first, and what that means in a phrase of many words.
const TERMS: usize = FEATURES.len() + 2 + LEADS.len() + 3;
/// What it knows of the phrase itself, and of the registry.
const PHRASE_TERMS: usize = 16;
/// What the second step knows: how the first came out, the best candidate, what the second has, and the phrase.
const OUTCOME_TERMS: usize = 5 + TERMS + LEADS.len() + PHRASE_TERMS - 1;
/// What is further from the mean counts as so many deviations, not more.
const EXTREME: f64 = 3.0;
/// Features by which candidates are compared with each other: like words, both directions, words known.
const LEADS: [usize; 4] = [1, 2, 3, 6];
/// Being ahead counts up to this: further ahead tells nothing more. Being behind counts up to the other.
const AHEAD: f64 = 0.1;
const BEHIND: f64 = 0.5;
/// What it takes from a candidate that the phrase says the opposite. Set by hand: phrases like that are rare.
const OPPOSED: f64 = 3.5;
/// Workflows of a registry, as a logarithm, where their number makes no difference, and how far from that it tells more.
const WORKFLOWS: f64 = 3.0;
const FEWER: f64 = -0.5;
const MORE: f64 = 2.0;

include!("data/weights.rs");

/// How sure one must be: what a wrong guess costs, in questions. Higher asks more and guesses less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caution(f64);

impl Caution {
    pub const LEAST: f64 = config::matching::LEAST_CAUTION;
    pub const MOST: f64 = config::matching::MOST_CAUTION;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
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
    /// How near the nearest process elsewhere is, and the nearest few on average.
    pub elsewhere: [f64; 2],
    /// How near the nearest workflow is to what the phrase sounds like elsewhere.
    pub covered: f64,
    /// How well the registry's sentences tell its workflows apart.
    pub shape: Shape,
}

/// What is likely, after both steps. All of `likely` and `none` together are 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// How likely each candidate is meant, in the order in which they were given.
    pub likely: Vec<f64>,
    pub none: f64,
    outcome: Outcome,
    /// How near the second is to the first, 0 to 1.
    near: f64,
    /// Of how many of the first a person would be asked.
    choices: usize,
}

/// What a careful colleague would say of a phrase whose best candidate is known. Together 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    /// The best candidate is meant.
    right: f64,
    /// Several could be meant.
    several: f64,
    none: f64,
    /// Another one is meant.
    other: f64,
}

/// What is likely of these candidates, where `opposed` tells of which the phrase says the opposite, and `lessons` what
/// people's choices for similar phrases add to the utility of each.
///
/// Two steps: the first weighs the candidates against each other and against none. The second looks at how that came
/// out, since how sure one may be depends on more than the winner's share: a lead that is won by little, by a phrase
/// whose words nobody knows, or in a registry with few sentences, is worth less.
pub fn judge(candidates: &[Features], opposed: &[bool], lessons: &[f64], phrase: &Phrase) -> Judgement {
    let own = phrase_terms(phrase);
    let none = dot(&NONE_WEIGHTS, &own);
    let leads = leads(candidates);
    let talk = (1.0 + phrase.weight).ln() - 1.0;
    let utility = |(f, lead): (&Features, &[f64; LEADS.len()])| dot(&WEIGHTS, &terms(f, lead, talk));
    let utilities: Vec<f64> = candidates
        .iter()
        .zip(&leads)
        .map(utility)
        .zip(opposed)
        .map(|(utility, opposed)| if *opposed { utility - OPPOSED } else { utility })
        .zip(lessons)
        .map(|(utility, lesson)| utility + lesson)
        .collect();
    let (shares, none) = shares(&utilities, none);
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
    let Some(&first) = order.first() else {
        let outcome = Outcome { right: 0.0, several: 0.0, none: 1.0, other: 0.0 };
        return Judgement { likely: Vec::new(), none: 1.0, outcome, near: 0.0, choices: 0 };
    };
    let second = order.get(1).copied();
    let shape = [shares[first], second.map_or(0.0, |at| shares[at]), none];
    let best = terms(&candidates[first], &leads[first], talk);
    let next = second.map_or([0.0; LEADS.len()], |at| LEADS.map(|feature| candidates[at][feature]));
    let outcome = outcome(shape, &best, &next, &own);
    let second = shape[1];
    let choices = choices(&order, &shares);
    let asked: f64 = order[..choices].iter().map(|at| shares[*at]).sum();
    let others: f64 = (shares.iter().sum::<f64>() - shares[first]).max(f64::MIN_POSITIVE);
    let likely = (0..shares.len())
        .map(|at| {
            let one_of =
                if order[..choices].contains(&at) { outcome.several * shares[at] / asked } else { 0.0 };
            one_of + if at == first { outcome.right } else { outcome.other * shares[at] / others }
        })
        .collect();
    let near = (second / shares[first].max(f64::MIN_POSITIVE) / NEAR).min(1.0);
    Judgement { likely, none: outcome.none, outcome, near, choices }
}

/// Utilities as shares of 1, with that of none.
fn shares(utilities: &[f64], none: f64) -> (Vec<f64>, f64) {
    let most = utilities.iter().copied().fold(none, f64::max);
    let powers: Vec<f64> = utilities.iter().map(|u| (u - most).exp()).collect();
    let none = (none - most).exp();
    let all = none + powers.iter().sum::<f64>();
    (powers.into_iter().map(|p| p / all).collect(), none / all)
}

/// From the shares of the first, the second and none, the terms of the first, what the second has where candidates are
/// compared, and the phrase: a small network with a direct way beside it.
fn outcome(
    [first, second, none]: [f64; 3],
    best: &[f64; TERMS],
    next: &[f64; LEADS.len()],
    phrase: &[f64; PHRASE_TERMS],
) -> Outcome {
    let log = |share: f64| (share + 0.001).ln();
    let rest = (1.0 - none - first - second).max(0.0);
    let shape = [log(first) - log(none), log(first) - log(second), first, none, rest];
    let parts = shape.iter().chain(best).chain(next).chain(&phrase[1..]);
    let mut inputs = [0.0; OUTCOME_TERMS];
    for (((slot, part), mean), spread) in
        inputs.iter_mut().zip(parts).zip(&OUTCOME_MEANS).zip(&OUTCOME_SPREADS)
    {
        *slot = ((part - mean) / spread).clamp(-EXTREME, EXTREME);
    }
    let mut hidden = [0.0; HIDDEN];
    for (slot, (weights, bias)) in hidden.iter_mut().zip(HIDDEN_WEIGHTS.iter().zip(&HIDDEN_BIASES)) {
        *slot = (dot(weights, &inputs) + bias).tanh();
    }
    let mut utilities = [0.0; 4];
    for (at, slot) in utilities.iter_mut().enumerate() {
        *slot = OUTCOME_BIASES[at] + dot(&DIRECT_WEIGHTS[at], &inputs) + dot(&OUTCOME_WEIGHTS[at], &hidden);
    }
    let most = utilities.iter().copied().fold(f64::MIN, f64::max);
    let powers = utilities.map(|u| (u - most).exp());
    let all: f64 = powers.iter().sum();
    let [right, several, none, other] = powers.map(|p| p / all);
    Outcome { right, several, none, other }
}

/// How many of the first a person would be asked about: two, and more that are not much less likely than the second.
fn choices(order: &[usize], shares: &[f64]) -> usize {
    let Some(&second) = order.get(1) else { return order.len() };
    let least = WORTH_ASKING.max(shares[second] * AS_LIKELY);
    2 + order[2..].iter().take(MOST_CHOICES - 2).take_while(|at| shares[**at] > least).count()
}

fn terms(f: &Features, lead: &[f64; LEADS.len()], talk: f64) -> [f64; TERMS] {
    let [words, like, direction, centre, named, letters, known, against, akin] = *f;
    let [ahead, toward, middle, knows] = *lead;
    [
        words,
        like,
        direction,
        centre,
        named,
        letters,
        known,
        against,
        akin,
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
        sign(phrase.signs.tells),
        phrase.sentences - SENTENCES,
        ((phrase.workflows.max(1) as f64).ln() - WORKFLOWS).clamp(FEWER, MORE),
        phrase.elsewhere[0],
        phrase.elsewhere[1],
        phrase.covered,
        phrase.shape.told_apart,
        phrase.shape.ahead,
        phrase.shape.together,
        phrase.shape.crowded,
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

impl Judgement {
    /// The cheapest thing to do. A wrong guess costs what `caution` says and a question one, less where several could be
    /// meant and more where it asks in vain; to say that there is none costs [`MISSED`] where there is one.
    pub fn verdict(&self, caution: Caution) -> Verdict {
        let Outcome { right, several, none, other } = self.outcome;
        // A question whose second choice is far behind would be an odd one: then the first is meant.
        let (right, several) = (right + several * (1.0 - self.near), several * self.near);
        if self.choices == 0 {
            return Verdict::None;
        }
        let guess = caution.0 * (1.0 - right);
        let further = self.choices.saturating_sub(2) as f64 * FURTHER_CHOICE;
        let ask = if self.choices < 2 {
            f64::MAX
        } else {
            right + ASKED_OTHER * other + ASKED_NONE * none + further
        };
        let decline = MISSED * (right + several) + other;
        if guess <= ask && guess <= decline {
            Verdict::Match
        } else if ask <= decline {
            Verdict::Ask(self.choices)
        } else {
            Verdict::None
        }
    }
}

/// Choices that a person is asked about at most.
pub const MOST_CHOICES: usize = 4;
/// The second is near where its share is this part of the first's.
const NEAR: f64 = 0.1;
/// What each choice beyond two costs.
const FURTHER_CHOICE: f64 = 0.05;
/// What a question costs where it may not have the right one among its choices, and where nothing is meant at all.
const ASKED_OTHER: f64 = 1.2;
const ASKED_NONE: f64 = 1.6;
/// Beyond the second, a candidate with a smaller share than this is not asked about, nor one whose share is a smaller
/// part of the second's than the other.
const WORTH_ASKING: f64 = 0.05;
const AS_LIKELY: f64 = 0.25;
