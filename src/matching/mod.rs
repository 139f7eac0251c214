//! Phrase → decision, with reasons, and control phrases. Pure: an index built from the
//! registry and one function from phrase and what was learned to decision. No clock, no files.
//!
//! A phrase becomes words (`text`, `stem`, `words`), each word what it may mean in this registry
//! (`index`), and those are compared with every text (`score`). `decide` weighs the results and what
//! `control` says; `reason` tells the person why.

mod complete;
mod control;
mod index;
mod learned;
pub mod memory;
mod reason;
mod recall;
mod sayings;
mod score;
mod steady;
mod stem;
mod telling;
mod text;
mod words;

use std::sync::Arc;

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;
use serde::{Deserialize, Serialize};

use crate::base::WorkflowId;
pub use crate::matching::complete::complete;
use crate::matching::control::Spoken;
use crate::matching::index::Lexicon;
pub use crate::matching::learned::{Choice, Chosen, Learned, Lesson, Standing, key};
pub use crate::matching::memory::{Memory, MemoryEvent, MemoryEventBody, Missed};
use crate::matching::score::{Fit, PHRASE_WORDS, Query};
pub use crate::matching::steady::{MARGIN, steady};
pub use crate::matching::telling::telling;
use crate::matching::text::Word;
use crate::workflow::Workflow;

/// The answer to a phrase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub decision: Decision,
    /// Best first, at most ten, whatever the decision.
    pub candidates: Vec<Candidate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// The first candidate is meant.
    Match,
    /// One of the first `choices` candidates is meant, 2 to 4.
    Ambiguous {
        choices: usize,
    },
    None,
    /// The phrase is addressed to the console.
    Control(Control),
}

/// What a control phrase asks for, and of which workflow, where it names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    pub action: ControlAction,
    pub workflow: Option<WorkflowId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlAction {
    Cancel,
    Pause,
    Resume,
    List,
    Explain,
    Help,
    Status,
    Skip,
    Back,
    Quit,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub id: WorkflowId,
    pub name: String,
    /// 0 to 1.
    pub score: f64,
    /// The text of the workflow that fits best: a trigger phrase, or its name.
    pub text: String,
    /// Character positions in `text` that the phrase meets, ascending: lit on screen.
    pub lit: Vec<usize>,
    /// Why, in one short line: `said: deploy MCP changes`, `typo: chan→changes`, `shares: mcp`.
    pub reason: String,
    /// People chose it before for this very phrase, and that is why it stands here.
    #[serde(default)]
    pub learned: bool,
}

/// Longest phrase that is looked at, in bytes; more is cut.
pub const PHRASE_LIMIT: usize = 4096;

/// Candidates that an answer names at most.
const MOST: usize = 10;
/// Choices that a person is asked about at most.
const MOST_CHOICES: usize = 4;
/// Below this a workflow is no candidate.
const WORTH_NAMING: f64 = 0.15;
/// Below this the best candidate is not meant.
const MEANT: f64 = 0.43;
/// A choice, too, must fit about as well as that.
const CHOICE: f64 = 0.34;
/// A phrase that fits more workflows than can be asked about decides nothing, unless the best
/// fits as well as this.
const CLEAR: f64 = 0.5;
/// What a replaced workflow's fit is worth for the one that replaces it.
const INHERITED: f64 = 0.98;
/// How well the rest of a control phrase must name a workflow, where it says "workflow" and where not.
const NAMED: f64 = 0.3;
const NAMED_BARE: f64 = 0.45;
/// A trigger phrase that sounds like a control phrase goes before it from this score on.
const TRIGGER_FIRST: f64 = 0.85;
/// An id among other words.
const ID_MENTIONED: f64 = 0.97;
/// Workflows whose names are searched letter by letter when no word fits.
const LETTERS_IN: usize = 1000;
/// The most that letters alone give.
const LETTERS_WORTH: f64 = 0.4;

/// Built once from the registry.
#[derive(Debug, Clone, Default)]
pub struct Index {
    lexicon: Lexicon,
    /// For each text, whether it would be taken for a control phrase.
    sounds_like_control: Vec<bool>,
}

/// A workflow under consideration.
struct Ranked {
    entry: usize,
    score: f64,
    exact: bool,
    why: Why,
}

enum Why {
    Fit(Fit),
    Id,
    Replaces(usize, Fit),
    Letters(Vec<usize>),
}

impl Index {
    pub fn new<'a>(workflows: impl IntoIterator<Item = &'a Arc<Workflow>>) -> Self {
        let lexicon = Lexicon::new(workflows);
        let sounds_like_control = lexicon
            .texts
            .iter()
            .map(|t| {
                let words: Vec<Word> = t.words.iter().map(|(w, _)| w.clone()).collect();
                control::sounds_like_one(&words)
            })
            .collect();
        Self { lexicon, sounds_like_control }
    }

    /// The decision for a phrase, with what was learned. Deterministic; any text in gives an answer.
    pub fn decide(&self, phrase: &str, learned: &Learned) -> Answer {
        let words = text::words(cut(phrase), PHRASE_WORDS);
        if words.is_empty() {
            return Answer { decision: Decision::None, candidates: Vec::new() };
        }
        let query = Query::new(&self.lexicon, words);
        let mut ranked = self.rank(&query);
        self.add_similar(&mut ranked, &query, learned);
        let said_exactly = ranked.first().is_some_and(|r| r.exact);
        if !said_exactly && let Some((control, subject, ranked)) = self.control(&query, &ranked) {
            let candidates = ranked.iter().take(MOST).map(|r| self.candidate(&subject, r)).collect();
            return Answer { decision: Decision::Control(control), candidates };
        }
        let decision = self.decision(&ranked);
        let candidates = ranked.iter().take(MOST).map(|r| self.candidate(&query, r)).collect();
        let exact = ranked.iter().take_while(|r| r.exact).count();
        let answer = Answer { decision, candidates };
        recall::recall(answer, &query.key, exact, learned, |id| self.named(id))
    }

    /// What similar phrases taught, where nothing was said exactly.
    fn add_similar(&self, ranked: &mut [Ranked], query: &Query, learned: &Learned) {
        if learned.is_empty() || ranked.first().is_some_and(|r| r.exact) {
            return;
        }
        let added = recall::similar(learned, &query.key);
        for one in ranked.iter_mut() {
            let id = &self.lexicon.entries[one.entry].id;
            if let Some((_, more)) = added.iter().find(|(of, _)| of == id) {
                one.score = (one.score + more).min(1.0);
            }
        }
        if !added.is_empty() {
            self.sort(ranked);
        }
    }

    /// The candidate of a workflow that only a lesson names; none of one that is gone or deprecated.
    fn named(&self, id: &WorkflowId) -> Option<Candidate> {
        let entry = self.lexicon.entries.iter().find(|e| e.id == *id && !e.deprecated)?;
        Some(Candidate {
            id: entry.id.clone(),
            name: entry.name.clone(),
            score: 0.0,
            text: entry.name.clone(),
            lit: Vec::new(),
            reason: String::new(),
            learned: false,
        })
    }

    /// All workflows worth naming, best first.
    fn rank(&self, query: &Query) -> Vec<Ranked> {
        let entries = &self.lexicon.entries;
        let mut ranked: Vec<Ranked> = score::fits(&self.lexicon, query)
            .into_iter()
            .map(|fit| Ranked {
                entry: self.lexicon.texts[fit.text].workflow,
                score: fit.score,
                exact: fit.exact,
                why: Why::Fit(fit),
            })
            .collect();
        if let Some(entry) = self.lexicon.by_id(&query.words) {
            put(&mut ranked, Ranked { entry, score: 1.0, exact: true, why: Why::Id });
        } else {
            for entry in self.mentioned(&query.words) {
                put(&mut ranked, Ranked { entry, score: ID_MENTIONED, exact: false, why: Why::Id });
            }
        }
        let inherited: Vec<Ranked> = ranked
            .iter()
            .filter_map(|old| match (&old.why, entries[old.entry].replaced_by) {
                (Why::Fit(fit), Some(new)) if entries[old.entry].deprecated => Some(Ranked {
                    entry: new,
                    score: old.score * INHERITED,
                    exact: old.exact,
                    why: Why::Replaces(old.entry, fit.clone()),
                }),
                _ => None,
            })
            .collect();
        for new in inherited {
            put(&mut ranked, new);
        }
        ranked.retain(|r| r.score >= WORTH_NAMING);
        if ranked.is_empty() {
            ranked = self.by_letters(query);
        }
        self.sort(&mut ranked);
        ranked
    }

    /// Best first. Deprecated workflows come last, but for one that is meant where nothing else
    /// is and that nothing replaces.
    fn sort(&self, ranked: &mut [Ranked]) {
        let entries = &self.lexicon.entries;
        ranked.sort_by(|a, b| {
            (entries[a.entry].deprecated.cmp(&entries[b.entry].deprecated))
                .then(b.exact.cmp(&a.exact))
                .then(b.score.total_cmp(&a.score))
                .then_with(|| entries[a.entry].id.cmp(&entries[b.entry].id))
        });
        let live = ranked.iter().position(|r| entries[r.entry].deprecated).unwrap_or(ranked.len());
        let best_live = if live == 0 { 0.0 } else { ranked[0].score };
        if let Some(old) = ranked.get(live)
            && !self.is_replaced(old)
            && old.score >= MEANT
            && (best_live < MEANT || (old.exact && !ranked[0].exact))
        {
            ranked[..=live].rotate_right(1);
        }
    }

    /// Workflows whose ids, letters and a number, stand somewhere in the phrase.
    fn mentioned(&self, words: &[Word]) -> Vec<usize> {
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
    fn by_letters(&self, query: &Query) -> Vec<Ranked> {
        let letters: String = query.key.split(' ').collect();
        if letters.chars().count() < 2 || letters.chars().count() > 32 {
            return Vec::new();
        }
        let matcher = SkimMatcherV2::default().ignore_case();
        let found = self.lexicon.entries.iter().enumerate().take(LETTERS_IN).filter_map(|(entry, e)| {
            let (points, lit) = matcher.fuzzy_indices(&e.name, &letters)?;
            // Sixteen points a letter, and as much again for letters that begin words or follow each other.
            let full = letters.chars().count() as f64 * 32.0;
            let score = (points as f64 / full).clamp(0.0, 1.0) * LETTERS_WORTH;
            Some(Ranked { entry, score, exact: false, why: Why::Letters(lit) })
        });
        found.filter(|r| r.score >= WORTH_NAMING).collect()
    }

    /// The control phrase that this is, the part of it that names a workflow, and the workflows
    /// that this part fits.
    fn control(&self, query: &Query, ranked: &[Ranked]) -> Option<(Control, Query, Vec<Ranked>)> {
        let by_id =
            |words: &[Word]| self.lexicon.by_id(words).or_else(|| self.mentioned(words).first().copied());
        let spoken = control::spoken(&query.words, |words| by_id(words).is_some())?;
        let a_trigger_says_so = ranked.iter().any(|r| match &r.why {
            Why::Fit(fit) => fit.score >= TRIGGER_FIRST && self.sounds_like_control[fit.text],
            _ => false,
        });
        if a_trigger_says_so {
            return None;
        }
        let Spoken { action, subject, certain } = spoken;
        let subject = Query::new(&self.lexicon, subject.into_iter().cloned().collect());
        let about = if subject.words.is_empty() {
            Vec::new()
        } else if let Some(entry) = by_id(&subject.words) {
            vec![Ranked { entry, score: 1.0, exact: true, why: Why::Id }]
        } else {
            let about = self.rank(&subject);
            let named = about.first().is_some_and(|b| b.score >= if certain { NAMED } else { NAMED_BARE });
            if !named && !certain {
                return None;
            }
            if named { about } else { Vec::new() }
        };
        let workflow = about.first().map(|best| self.lexicon.entries[best.entry].id.clone());
        Some((Control { action, workflow }, subject, about))
    }

    /// What the ranked workflows mean together. A deprecated one has a say only where it is first.
    fn decision(&self, ranked: &[Ranked]) -> Decision {
        let Some(best) = ranked.first().filter(|b| b.score >= MEANT) else { return Decision::None };
        if self.is_replaced(best) {
            return Decision::None;
        }
        // The weaker the fit, the wider what counts as equal.
        let floor = (best.score - 0.02 - 0.2 * (1.0 - best.score)).max(CHOICE);
        let equal = |r: &&Ranked| if best.exact { r.exact } else { r.score >= floor };
        let rest = ranked[1..].iter().filter(|r| !self.lexicon.entries[r.entry].deprecated);
        match 1 + rest.take_while(equal).count() {
            1 => Decision::Match,
            several if several > MOST_CHOICES && best.score < CLEAR => Decision::None,
            several => Decision::Ambiguous { choices: several.min(MOST_CHOICES) },
        }
    }

    fn is_replaced(&self, ranked: &Ranked) -> bool {
        let entry = &self.lexicon.entries[ranked.entry];
        entry.deprecated && entry.replaced_by.is_some()
    }

    fn candidate(&self, query: &Query, ranked: &Ranked) -> Candidate {
        let entry = &self.lexicon.entries[ranked.entry];
        let (text, lit, reason) = match &ranked.why {
            Why::Fit(fit) => (
                self.lexicon.texts[fit.text].shown.clone(),
                reason::lit(&self.lexicon, query, fit),
                reason::reason(&self.lexicon, query, fit),
            ),
            Why::Id => (entry.name.clone(), Vec::new(), format!("id: {}", entry.id)),
            Why::Replaces(old, fit) => {
                let old = &self.lexicon.entries[*old];
                let why = reason::reason(&self.lexicon, query, fit);
                (entry.name.clone(), Vec::new(), format!("replaces {}; {why}", old.id))
            }
            Why::Letters(lit) => (entry.name.clone(), lit.clone(), format!("letters: {}", query.key)),
        };
        Candidate {
            id: entry.id.clone(),
            name: entry.name.clone(),
            score: ranked.score,
            text,
            lit,
            reason,
            learned: false,
        }
    }
}

/// Puts a workflow in, or lifts the one that is there.
fn put(ranked: &mut Vec<Ranked>, new: Ranked) {
    match ranked.iter_mut().find(|r| r.entry == new.entry) {
        Some(old) if (old.exact, old.score) >= (new.exact, new.score) => {}
        Some(old) => *old = new,
        None => ranked.push(new),
    }
}

/// The first [`PHRASE_LIMIT`] bytes, at a character's edge.
fn cut(phrase: &str) -> &str {
    let mut end = phrase.len().min(PHRASE_LIMIT);
    while !phrase.is_char_boundary(end) {
        end -= 1;
    }
    &phrase[..end]
}

#[cfg(test)]
mod tests;
