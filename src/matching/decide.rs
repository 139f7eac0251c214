//! The one function from phrase to answer: who is a candidate, what goes before what, what is told. How well a phrase
//! fits is `score`'s, what that is worth `judge`'s, control phrases are `control`'s.

use std::sync::Arc;

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;

use crate::base::WorkflowId;
use crate::matching::control::{self, Spoken};
use crate::matching::index::Lexicon;
use crate::matching::judge::{self, Caution, Phrase, Verdict};
use crate::matching::prepared::Field;
use crate::matching::score::{self, Features, Fit, PHRASE_WORDS, Query};
use crate::matching::signs::signs;
use crate::matching::text::{self, Word};
use crate::matching::{Answer, Candidate, Control, Decision, Learned, MOST, PHRASE_LIMIT, reason, recall};
use crate::workflow::Workflow;

/// Less likely than this, a workflow is not named.
const WORTH_NAMING: f64 = 0.02;
/// From this likelihood on a workflow that has been given up is taken where nothing replaces it.
const MEANT: f64 = 0.3;
/// How much a workflow that has been given up and that nothing replaces counts beside the others.
const GIVEN_UP: f64 = 0.5;
/// How likely the rest of a control phrase must name a workflow, where it says "workflow" and where not.
const NAMED: f64 = 0.2;
const NAMED_BARE: f64 = 0.45;
/// A trigger phrase that sounds like a control phrase goes before it from this fit on.
const TRIGGER_FIRST: f64 = 0.85;
/// An id among other words.
const ID_MENTIONED: f64 = 0.97;
/// Workflows whose names are searched letter by letter when no word fits.
const LETTERS_IN: usize = 1000;
/// The most that letters alone give.
const LETTERS_WORTH: f64 = 0.4;
/// In a registry this small letters alone need this much to suggest.
const LETTERS_LEAST: f64 = 0.15;

/// Built once from the registry.
#[derive(Debug, Clone, Default)]
pub struct Index {
    lexicon: Lexicon,
    /// For each text, whether it would be taken for a control phrase.
    sounds_like_control: Vec<bool>,
    /// The logarithm of how many sentences a workflow has, on average.
    sentences: f64,
    caution: Caution,
}

/// A workflow under consideration.
struct Ranked {
    entry: usize,
    score: f64,
    exact: bool,
    features: Option<Features>,
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
        Self::of(Lexicon::new(workflows, None), Caution::default())
    }

    /// The same for other workflows; what is unchanged of them is not read again.
    #[must_use]
    pub fn updated<'a>(&self, workflows: impl IntoIterator<Item = &'a Arc<Workflow>>) -> Self {
        Self::of(Lexicon::new(workflows, Some(&self.lexicon)), self.caution)
    }

    /// The same with another caution.
    #[must_use]
    pub fn with_caution(mut self, caution: Caution) -> Self {
        self.caution = caution;
        self
    }

    fn of(lexicon: Lexicon, caution: Caution) -> Self {
        let sounds = |place: usize| {
            let terms = &lexicon.text(place).terms;
            control::sounds_like_one(&terms.iter().map(|t| t.word.clone()).collect::<Vec<Word>>())
        };
        let sounds_like_control = (0..lexicon.places.len()).map(sounds).collect();
        let said =
            |e: &crate::matching::index::Entry| e.prepared.texts.iter().filter(|t| t.field.is_said()).count();
        let all: f64 = lexicon.entries.iter().map(|e| (1.0 + said(e) as f64).ln()).sum();
        let sentences = all / (lexicon.entries.len() as f64).max(1.0);
        Self { lexicon, sounds_like_control, sentences, caution }
    }

    /// The decision for a phrase, with what was learned. Deterministic; any text in gives an answer.
    pub fn decide(&self, phrase: &str, learned: &Learned) -> Answer {
        let words = text::words(cut(phrase), PHRASE_WORDS);
        if words.is_empty() {
            return Answer { decision: Decision::None, candidates: Vec::new(), none: 1.0, doubt: None };
        }
        let query = Query::new(&self.lexicon, words);
        let (mut ranked, none) = self.rank(&query);
        self.add_similar(&mut ranked, &query, learned);
        let said_exactly = ranked.first().is_some_and(|r| r.exact);
        if !said_exactly && let Some((control, subject, ranked)) = self.control(&query, &ranked) {
            let candidates = self.candidates(&subject, &ranked);
            return Answer { decision: Decision::Control(control), candidates, none: 0.0, doubt: None };
        }
        let decision = self.decision(&ranked, none);
        let doubt = self.doubt(&query, &decision, &ranked, none);
        let exact = ranked.iter().take_while(|r| r.exact).count();
        let answer = Answer { decision, candidates: self.candidates(&query, &ranked), none, doubt };
        recall::recall(answer, &query.key, exact, learned, |id| self.named(id))
    }

    /// What similar phrases taught, where nothing was said exactly.
    fn add_similar(&self, ranked: &mut [Ranked], query: &Query, learned: &Learned) {
        if learned.is_empty() || ranked.first().is_some_and(|r| r.exact) {
            return;
        }
        let added = recall::similar(learned, &query.key);
        for one in ranked.iter_mut() {
            let id = &self.lexicon.entries[one.entry].prepared.id;
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
        let entry =
            self.lexicon.entries.iter().map(|e| &e.prepared).find(|e| e.id == *id && !e.deprecated)?;
        Some(Candidate {
            id: entry.id.clone(),
            name: entry.name.clone(),
            score: 0.0,
            text: entry.name.clone(),
            lit: Vec::new(),
            reason: String::new(),
            met: Vec::new(),
            features: Vec::new(),
            learned: false,
        })
    }

    /// All workflows worth naming, best first, and how likely none is meant.
    fn rank(&self, query: &Query) -> (Vec<Ranked>, f64) {
        let standings = score::standings(&self.lexicon, query);
        let features: Vec<Features> = standings.iter().map(|s| s.features).collect();
        let opposed: Vec<bool> = standings.iter().map(|s| s.opposed).collect();
        let weight: f64 = query.asked.iter().map(|a| a.weight).sum();
        let unknown: f64 = query.asked.iter().filter(|a| a.unknown).map(|a| a.weight).sum();
        let unknown = if weight > 0.0 { unknown / weight } else { 1.0 };
        let phrase = Phrase {
            signs: signs(&query.words),
            unknown,
            weight,
            sentences: self.sentences,
            workflows: self.lexicon.entries.len(),
        };
        let (likely, mut none) = judge::likelihoods(&features, &opposed, &phrase);
        let mut ranked: Vec<Ranked> = standings
            .into_iter()
            .zip(likely)
            .map(|(standing, score)| Ranked {
                entry: standing.workflow,
                score,
                exact: standing.best.exact && self.lexicon.text(standing.best.place).field == Field::Trigger,
                features: Some(standing.features),
                why: Why::Fit(standing.best),
            })
            .collect();
        if let Some(entry) = self.lexicon.by_id(&query.words) {
            put(&mut ranked, Ranked { entry, score: 1.0, exact: true, features: None, why: Why::Id });
        } else {
            for entry in self.mentioned(&query.words) {
                put(
                    &mut ranked,
                    Ranked { entry, score: ID_MENTIONED, exact: false, features: None, why: Why::Id },
                );
            }
        }
        self.pass_on(&mut ranked);
        if ranked.iter().any(|r| r.exact) {
            let exact = ranked.iter().filter(|r| r.exact).count() as f64;
            for r in &mut ranked {
                r.score = if r.exact { 1.0 / exact } else { r.score.min(0.5 / exact) };
            }
            none = 0.0;
        }
        ranked.retain(|r| r.score >= WORTH_NAMING);
        if ranked.is_empty() {
            ranked = self.by_letters(query);
        }
        self.sort(&mut ranked);
        (ranked, none)
    }

    /// Best first; workflows that have been replaced come last.
    fn sort(&self, ranked: &mut [Ranked]) {
        let entries = &self.lexicon.entries;
        ranked.sort_by(|a, b| {
            (self.is_replaced(a).cmp(&self.is_replaced(b)))
                .then(b.exact.cmp(&a.exact))
                .then(b.score.total_cmp(&a.score))
                .then_with(|| entries[a.entry].prepared.id.cmp(&entries[b.entry].prepared.id))
        });
    }

    /// What fits a workflow that has been replaced goes to the one that replaces it; one that has been given up
    /// and that nothing replaces counts less.
    fn pass_on(&self, ranked: &mut Vec<Ranked>) {
        let mut heirs = Vec::new();
        for old in ranked.iter_mut().filter(|r| self.lexicon.entries[r.entry].prepared.deprecated) {
            match (&old.why, self.lexicon.entries[old.entry].replaced_by) {
                (Why::Fit(fit), Some(new)) => heirs.push(Ranked {
                    entry: new,
                    score: old.score,
                    exact: old.exact,
                    features: old.features,
                    why: Why::Replaces(old.entry, fit.clone()),
                }),
                (_, None) if !old.exact && old.score < MEANT => old.score *= GIVEN_UP,
                _ => {}
            }
        }
        for new in heirs {
            put(ranked, new);
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
            let (points, lit) = matcher.fuzzy_indices(&e.prepared.name, &letters)?;
            // Sixteen points a letter, and as much again for letters that begin words or follow each other.
            let full = letters.chars().count() as f64 * 32.0;
            let score = (points as f64 / full).clamp(0.0, 1.0) * LETTERS_WORTH;
            Some(Ranked { entry, score, exact: false, features: None, why: Why::Letters(lit) })
        });
        found.filter(|r| r.score >= LETTERS_LEAST).collect()
    }

    /// The control phrase that this is, the part of it that names a workflow, and the workflows
    /// that this part fits.
    fn control(&self, query: &Query, ranked: &[Ranked]) -> Option<(Control, Query, Vec<Ranked>)> {
        let by_id =
            |words: &[Word]| self.lexicon.by_id(words).or_else(|| self.mentioned(words).first().copied());
        let spoken = control::spoken(&query.words, |words| by_id(words).is_some())?;
        let a_trigger_says_so = ranked.iter().any(|r| match &r.why {
            Why::Fit(fit) => fit.hard >= TRIGGER_FIRST && self.sounds_like_control[fit.place],
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
            vec![Ranked { entry, score: 1.0, exact: true, features: None, why: Why::Id }]
        } else {
            let (about, _) = self.rank(&subject);
            let named = about.first().is_some_and(|b| b.score >= if certain { NAMED } else { NAMED_BARE });
            if !named && !certain {
                return None;
            }
            if named { about } else { Vec::new() }
        };
        let workflow = about.first().map(|best| self.lexicon.entries[best.entry].prepared.id.clone());
        Some((Control { action, workflow }, subject, about))
    }

    /// What the ranked workflows mean together.
    fn decision(&self, ranked: &[Ranked], none: f64) -> Decision {
        let Some(best) = ranked.first().filter(|b| !self.is_replaced(b)) else { return Decision::None };
        if matches!(best.why, Why::Letters(_)) {
            return Decision::None;
        }
        if best.exact {
            let exact = ranked.iter().filter(|r| r.exact && !self.is_replaced(r)).count();
            return if exact == 1 {
                Decision::Match
            } else {
                Decision::Ambiguous { choices: exact.min(judge::MOST_CHOICES) }
            };
        }
        let likely: Vec<f64> = ranked.iter().filter(|r| !self.is_replaced(r)).map(|r| r.score).collect();
        match judge::verdict(&likely, none, self.caution) {
            Verdict::Match => Decision::Match,
            Verdict::Ask(choices) => Decision::Ambiguous { choices },
            Verdict::None => Decision::None,
        }
    }

    fn is_replaced(&self, ranked: &Ranked) -> bool {
        let entry = &self.lexicon.entries[ranked.entry];
        entry.prepared.deprecated && entry.replaced_by.is_some()
    }

    /// What kept the decision from being certain.
    fn doubt(&self, query: &Query, decision: &Decision, ranked: &[Ranked], none: f64) -> Option<String> {
        let percent = |share: f64| format!("{:.0} of 100", share * 100.0);
        let best = ranked.first();
        if best.is_some_and(|b| b.exact) && *decision == Decision::Match {
            return None;
        }
        let signs = signs(&query.words);
        let unknown: Vec<&str> = query.asked.iter().filter(|a| a.unknown).map(|a| a.word.as_str()).collect();
        let mut told = Vec::new();
        if signs.refuses {
            told.push("it sounds like a refusal".to_owned());
        }
        if signs.asks_past {
            told.push("it sounds like a question about the past".to_owned());
        } else if signs.asks_to_know {
            told.push("it sounds like a question, not like work".to_owned());
        }
        if !unknown.is_empty() {
            told.push(format!("not known here: {}", unknown[..unknown.len().min(4)].join(", ")));
        }
        if let Some(second) = ranked.get(1).filter(|s| s.score >= 0.1) {
            told.push(format!(
                "{} has {}",
                self.lexicon.entries[second.entry].prepared.id,
                percent(second.score)
            ));
        }
        if none >= 0.1 {
            told.push(format!("that none is meant has {}", percent(none)));
        }
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn candidates(&self, query: &Query, ranked: &[Ranked]) -> Vec<Candidate> {
        ranked.iter().take(MOST).map(|r| self.candidate(query, r)).collect()
    }

    fn candidate(&self, query: &Query, ranked: &Ranked) -> Candidate {
        let entry = &self.lexicon.entries[ranked.entry].prepared;
        let (text, lit, why) = match &ranked.why {
            Why::Fit(fit) => (
                self.lexicon.text(fit.place).shown.clone(),
                reason::lit(&self.lexicon, query, fit),
                reason::reason(&self.lexicon, query, fit),
            ),
            Why::Id => (entry.name.clone(), Vec::new(), format!("id: {}", entry.id)),
            Why::Replaces(old, fit) => {
                let old = &self.lexicon.entries[*old].prepared;
                let why = reason::reason(&self.lexicon, query, fit);
                (entry.name.clone(), Vec::new(), format!("replaces {}; {why}", old.id))
            }
            Why::Letters(lit) => (entry.name.clone(), lit.clone(), format!("letters: {}", query.key)),
        };
        let met = match &ranked.why {
            Why::Fit(fit) | Why::Replaces(_, fit) => reason::pairs(&self.lexicon, query, fit),
            Why::Id | Why::Letters(_) => Vec::new(),
        };
        Candidate {
            id: entry.id.clone(),
            name: entry.name.clone(),
            score: ranked.score.clamp(0.0, 1.0),
            text,
            lit,
            reason: why,
            met,
            features: ranked.features.map(|f| f.to_vec()).unwrap_or_default(),
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
pub fn cut(phrase: &str) -> &str {
    let mut end = phrase.len().min(PHRASE_LIMIT);
    while !phrase.is_char_boundary(end) {
        end -= 1;
    }
    &phrase[..end]
}
