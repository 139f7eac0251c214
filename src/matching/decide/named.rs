//! What names a workflow rather than describes it: its id, a trigger phrase word for word or begun, the letters of its name.
//! How well a phrase fits by what it means is `score`'s.

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;

use super::{Index, Ranked, Ranking, Why};
use crate::matching::Decision;
use crate::matching::judge;
use crate::matching::score::{self, Query};
use crate::matching::text::Word;

/// An id among other words.
const ID_MENTIONED: f64 = 0.97;
/// How likely it is that who has typed the beginning of one workflow's trigger phrase means it, and how much that must be.
const BEGUN: f64 = 0.75;
const BEGUN_LETTERS: usize = 6;
/// How likely it is that who has typed a first word means a workflow whose trigger phrase begins so, where nothing else is
/// clear; and of how many such workflows that tells something.
const FIRST_WORD: f64 = 0.5;
const SEVERAL_BEGUN: usize = 12;
/// Workflows whose names are searched letter by letter when no word fits.
const LETTERS_IN: usize = 1000;
/// The most that letters alone give.
const LETTERS_WORTH: f64 = 0.4;
/// In a registry this small letters alone need this much to suggest.
const LETTERS_LEAST: f64 = 0.15;

impl Index {
    /// What is named by its id, or said word for word as a trigger phrase, goes before everything else.
    pub(super) fn put_named(&self, query: &Query, ranking: &mut Ranking) {
        let whole = self.lexicon.by_id(&query.words);
        let mentioned = if whole.is_some() { Vec::new() } else { self.mentioned(&query.words) };
        if let Some(entry) = whole {
            put(&mut ranking.ranked, Ranked { entry, score: 1.0, exact: true, features: None, why: Why::Id });
        }
        let exact = ranking.ranked.iter().filter(|r| r.exact).count();
        if exact > 0 {
            let share = 1.0 / exact as f64;
            for one in &mut ranking.ranked {
                one.score = if one.exact { share } else { one.score.min(share / 2.0) };
            }
            ranking.none = 0.0;
            ranking.decision = several(exact);
        } else if !mentioned.is_empty() {
            ranking.decision = several(mentioned.len());
            ranking.none = ranking.none.min(1.0 - ID_MENTIONED);
            for entry in mentioned {
                let score = ID_MENTIONED;
                put(&mut ranking.ranked, Ranked { entry, score, exact: false, features: None, why: Why::Id });
            }
        } else if query.words.len() > 1 && query.key.len() >= BEGUN_LETTERS {
            self.put_begun(query, ranking);
        } else if query.words.len() == 1 && ranking.decision == Decision::None {
            self.put_first_word(query, ranking);
        }
    }

    /// Somebody types the first word: whose trigger phrases begin so are more likely than what means anything by it.
    fn put_first_word(&self, query: &Query, ranking: &mut Ranking) {
        let mut begun: Vec<(usize, usize)> = Vec::new();
        for (entry, place) in self.lexicon.beginning(&query.key) {
            let workflow = &self.lexicon.entries[entry];
            if workflow.prepared.deprecated || workflow.replaced_by.is_some() {
                continue;
            }
            if !begun.iter().any(|(known, _)| *known == entry) {
                begun.push((entry, place));
            }
            if begun.len() > SEVERAL_BEGUN {
                return;
            }
        }
        if begun.is_empty() {
            return;
        }
        for one in &mut ranking.ranked {
            one.score *= 1.0 - FIRST_WORD;
        }
        ranking.none *= 1.0 - FIRST_WORD;
        let share = FIRST_WORD / begun.len() as f64;
        for (entry, place) in begun {
            if let Some(one) = ranking.ranked.iter_mut().find(|r| r.entry == entry) {
                one.score += share;
            } else {
                let why = Why::Fit(score::fit(&self.lexicon, query, place));
                ranking.ranked.push(Ranked { entry, score: share, exact: false, features: None, why });
            }
        }
    }

    /// Somebody is typing a trigger phrase, and no other workflow has one that begins so.
    fn put_begun(&self, query: &Query, ranking: &mut Ranking) {
        let begun = self.lexicon.begun(&query.key).filter(|(entry, _)| {
            self.lexicon.entries[*entry].replaced_by.is_none()
                && !self.lexicon.entries[*entry].prepared.deprecated
        });
        let Some((entry, place)) = begun else { return };
        let fit = score::fit(&self.lexicon, query, place);
        let features = ranking.ranked.iter().find(|r| r.entry == entry).and_then(|r| r.features);
        let rest =
            ranking.ranked.iter().filter(|r| r.entry != entry).map(|r| r.score).sum::<f64>() + ranking.none;
        let room = 1.0 - BEGUN;
        if rest > room {
            for one in &mut ranking.ranked {
                one.score *= room / rest;
            }
            ranking.none *= room / rest;
            ranking.decision = Decision::Match;
            ranking.ranked.retain(|r| r.entry != entry);
            ranking.ranked.push(Ranked { entry, score: BEGUN, exact: false, features, why: Why::Fit(fit) });
        }
    }

    /// Workflows whose ids, letters and a number, stand somewhere in the phrase.
    pub(super) fn mentioned(&self, words: &[Word]) -> Vec<usize> {
        let mut found = Vec::new();
        for start in 0..words.len() {
            for length in [2, 1] {
                let Some(part) = words.get(start..start + length) else { continue };
                let numbered = part.iter().any(|w| w.text.contains(|c: char| c.is_ascii_digit()));
                if numbered && let Some(entry) = self.lexicon.by_id(part) {
                    if !found.contains(&entry) {
                        found.push(entry);
                    }
                    break;
                }
            }
        }
        found
    }

    /// While somebody types letters that are no word yet: names that hold them in this order.
    pub(super) fn by_letters(&self, query: &Query) -> Vec<Ranked> {
        let letters: String = query.key.split(' ').collect();
        if letters.chars().count() < 2 || letters.chars().count() > 32 {
            return Vec::new();
        }
        let matcher = SkimMatcherV2::default().ignore_case();
        let found = self.lexicon.entries.iter().enumerate().take(LETTERS_IN).filter_map(|(entry, e)| {
            let (points, lit) = matcher.fuzzy_indices(&e.prepared.name, &letters)?;
            // Sixteen points a letter, and as much again for letters that begin words or follow each other.
            let full = letters.chars().count() as f64 * 32.0;
            let score = (points as f64 / full).clamp(0.0, 1.0) * LETTERS_WORTH;
            Some(Ranked { entry, score, exact: false, features: None, why: Why::Letters(lit) })
        });
        found.filter(|r| r.score >= LETTERS_LEAST).collect()
    }
}

/// What to do where so many are named outright.
fn several(named: usize) -> Decision {
    if named == 1 { Decision::Match } else { Decision::Ambiguous { choices: named.min(judge::MOST_CHOICES) } }
}

/// Puts a workflow in, or lifts the one that is there.
fn put(ranked: &mut Vec<Ranked>, new: Ranked) {
    match ranked.iter_mut().find(|r| r.entry == new.entry) {
        Some(old) if (old.exact, old.score) >= (new.exact, new.score) => {}
        Some(old) => *old = new,
        None => ranked.push(new),
    }
}
