//! The one function from phrase to answer: who is a candidate, what goes before what, what is told. What names a workflow
//! outright is `named`'s, beside this file; how well a phrase fits is `score`'s, what that is worth `judge`'s, control
//! phrases are `control`'s.

use std::sync::Arc;

use crate::base::WorkflowId;
use crate::matching::control::{self, Spoken};
use crate::matching::index::Lexicon;
use crate::matching::judge::{self, Caution, Phrase, Verdict};
use crate::matching::prepared::Field;
use crate::matching::score::{self, Features, Fit, PHRASE_WORDS, Query};
use crate::matching::shape::Shape;
use crate::matching::signs::signs;
use crate::matching::text::{self, Word};
use crate::matching::{
    Answer, Candidate, Control, Decision, Learned, MOST, Measured, MeasuredCandidate, Options, PHRASE_LIMIT,
    reason, recall,
};
use crate::workflow::Workflow;

mod named;

/// Less likely than this, a workflow is not named.
const WORTH_NAMING: f64 = 0.02;
/// How likely the rest of a control phrase must name a workflow, where it says "workflow" and where not.
const NAMED: f64 = 0.2;
const NAMED_BARE: f64 = 0.45;
/// A phrase of several clauses, one of them a control phrase, is about the work where the rest fits a workflow so well.
const ASKS_FOR: f64 = 0.7;
/// Clauses of a phrase that are looked at, and words: in a long story a clause is no command.
const MOST_CLAUSES: usize = 4;
const CLAUSE_WORDS: usize = 16;
/// A phrase that says neither "run" nor "workflow" and is so nearly what a text of a workflow says is about the work.
const NEARLY_SAID: f64 = 0.65;
/// A trigger phrase that sounds like a control phrase goes before it from this fit on.
const TRIGGER_FIRST: f64 = 0.85;
/// Words of a name that are looked for in a control phrase.
const NAME_WORDS: usize = 12;

/// Built once from the registry.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub(super) lexicon: Lexicon,
    /// For each text, whether it would be taken for a control phrase.
    sounds_like_control: Vec<bool>,
    /// The logarithm of how many sentences a workflow has, on average.
    sentences: f64,
    shape: Shape,
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

/// The workflows under consideration, best first.
struct Ranking {
    ranked: Vec<Ranked>,
    /// How likely none is meant.
    none: f64,
    decision: Decision,
}

/// How the workflows stand to a phrase.
struct Stand {
    ranked: Vec<Ranked>,
    /// Whether the phrase says the opposite of each.
    opposed: Vec<bool>,
    /// Those that have been replaced, apart.
    replaced: Vec<Ranked>,
    /// How near the nearest workflow is to what the phrase sounds like elsewhere.
    covered: f64,
}

enum Why {
    Fit(Fit),
    Id,
    Name,
    Replaces(usize, Fit),
    Letters(Vec<usize>),
}

impl Index {
    pub fn new<'a>(workflows: impl IntoIterator<Item = &'a Arc<Workflow>>) -> Self {
        Self::with(workflows, &Options::default())
    }

    /// The same, as people have set it.
    pub fn with<'a>(workflows: impl IntoIterator<Item = &'a Arc<Workflow>>, options: &Options) -> Self {
        Self::of(Lexicon::new(workflows, &options.words, None), options.caution)
    }

    /// The same for other workflows; what is unchanged of them is not read again.
    #[must_use]
    pub fn updated<'a>(&self, workflows: impl IntoIterator<Item = &'a Arc<Workflow>>) -> Self {
        Self::of(Lexicon::new(workflows, &self.lexicon.table, Some(&self.lexicon)), self.caution)
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
        let shape = Shape::new(&lexicon.entries);
        Self { lexicon, sounds_like_control, sentences, shape, caution }
    }

    /// The decision for a phrase, with what was learned. Deterministic; any text in gives an answer.
    pub fn decide(&self, phrase: &str, learned: &Learned) -> Answer {
        let words = text::words(cut(phrase), PHRASE_WORDS);
        if words.is_empty() {
            return Answer { decision: Decision::None, candidates: Vec::new(), none: 1.0, doubt: None };
        }
        let query = Query::new(&self.lexicon, words);
        let Ranking { ranked, none, decision } = self.rank(&query, learned);
        let said_exactly = ranked.first().is_some_and(|r| r.exact);
        if !said_exactly && let Some((control, subject, ranked)) = self.control(cut(phrase), &query, &ranked)
        {
            let candidates = self.candidates(&subject, &ranked);
            return Answer { decision: Decision::Control(control), candidates, none: 0.0, doubt: None };
        }
        let doubt = self.doubt(&query, &decision, &ranked, none);
        let exact = ranked.iter().take_while(|r| r.exact).count();
        let answer = Answer { decision, candidates: self.candidates(&query, &ranked), none, doubt };
        recall::recall(answer, &query.key, exact, learned, |id| self.named(id))
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

    /// What is measured of a phrase, whatever is decided. The same numbers that the decision is made of.
    pub fn measure(&self, phrase: &str) -> Measured {
        let query = Query::new(&self.lexicon, text::words(cut(phrase), PHRASE_WORDS));
        let Stand { ranked, opposed, covered, .. } = self.standing(&query);
        let candidates = ranked.iter().zip(opposed).map(|(r, opposed)| MeasuredCandidate {
            id: self.lexicon.entries[r.entry].prepared.id.clone(),
            features: r.features.map(|f| f.to_vec()).unwrap_or_default(),
            opposed,
        });
        Measured {
            candidates: candidates.collect(),
            phrase: self.phrase(&query, covered),
            sounds_like: query.elsewhere.named().collect(),
        }
    }

    /// All workflows worth naming, best first, and what to do about them; `learned` has a small say of phrases like this.
    fn rank(&self, query: &Query, learned: &Learned) -> Ranking {
        let Stand { mut ranked, opposed, replaced, covered } = self.standing(query);
        let features: Vec<Features> = ranked.iter().filter_map(|r| r.features).collect();
        let lessons = self.lessons(query, learned, &ranked);
        let judged = judge::judge(&features, &opposed, &lessons, &self.phrase(query, covered));
        for (one, likely) in ranked.iter_mut().zip(&judged.likely) {
            one.score = *likely;
        }
        let decision = match judged.verdict(self.caution) {
            Verdict::Match => Decision::Match,
            Verdict::Ask(choices) => Decision::Ambiguous { choices },
            Verdict::None => Decision::None,
        };
        let mut ranking = Ranking { ranked, none: judged.none, decision };
        self.put_named(query, &mut ranking);
        self.sort(&mut ranking.ranked);
        let asked = if let Decision::Ambiguous { choices } = ranking.decision { choices } else { 0 };
        let worth = ranking.ranked.iter().take_while(|r| r.score >= WORTH_NAMING).count();
        ranking.ranked.truncate(worth.max(asked));
        if ranking.ranked.is_empty() {
            ranking = Ranking { ranked: self.by_letters(query), none: 1.0, decision: Decision::None };
            self.sort(&mut ranking.ranked);
        }
        let named = |old: &Ranked| {
            let heir = self.lexicon.entries[old.entry].replaced_by;
            ranking.ranked.iter().any(|r| Some(r.entry) == heir)
        };
        let replaced: Vec<Ranked> = replaced.into_iter().filter(named).collect();
        ranking.ranked.extend(replaced);
        ranking
    }

    /// What lessons of similar phrases add to each of these.
    fn lessons(&self, query: &Query, learned: &Learned, ranked: &[Ranked]) -> Vec<f64> {
        let added = recall::similar(learned, &query.key);
        let of = |r: &Ranked| added.iter().find(|(id, _)| *id == self.lexicon.entries[r.entry].prepared.id);
        ranked.iter().map(|r| of(r).map_or(0.0, |(_, more)| *more)).collect()
    }

    /// Best first; the same for what is equal.
    fn sort(&self, ranked: &mut [Ranked]) {
        let id = |r: &Ranked| &self.lexicon.entries[r.entry].prepared.id;
        ranked.sort_by(|a, b| {
            (b.exact.cmp(&a.exact)).then(b.score.total_cmp(&a.score)).then_with(|| id(a).cmp(id(b)))
        });
    }

    /// How the workflows stand to a phrase; what fits one that has been replaced goes to the one that replaces it.
    fn standing(&self, query: &Query) -> Stand {
        let (mut ranked, mut opposed, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
        let mut akin: Vec<f64> = Vec::new();
        for standing in score::standings(&self.lexicon, query) {
            akin.resize(akin.len().max(standing.akin.len()), 0.0);
            akin.iter_mut().zip(&standing.akin).for_each(|(most, near)| *most = most.max(*near));
            let exact = standing.best.exact && self.lexicon.text(standing.best.place).field == Field::Trigger;
            let one = |entry: usize, why: Why| Ranked {
                entry,
                score: WORTH_NAMING,
                exact,
                features: Some(standing.features),
                why,
            };
            let entry = &self.lexicon.entries[standing.workflow];
            let heir = entry.replaced_by.filter(|_| entry.prepared.deprecated);
            let new = match heir {
                Some(heir) => {
                    let old = one(standing.workflow, Why::Fit(standing.best.clone()));
                    replaced.push(Ranked { exact: false, ..old });
                    one(heir, Why::Replaces(standing.workflow, standing.best))
                }
                None => one(standing.workflow, Why::Fit(standing.best)),
            };
            match ranked.iter().position(|r: &Ranked| r.entry == new.entry) {
                Some(at) if stands(&ranked[at]) >= stands(&new) => {}
                Some(at) => (ranked[at], opposed[at]) = (new, standing.opposed),
                None => {
                    ranked.push(new);
                    opposed.push(standing.opposed);
                }
            }
        }
        Stand { ranked, opposed, replaced, covered: query.elsewhere.weighed(&akin) }
    }

    fn phrase(&self, query: &Query, covered: f64) -> Phrase {
        let weight: f64 = query.asked.iter().map(|a| a.weight).sum();
        let unknown = query.asked.iter().filter(|a| a.unknown).fold(0.0, |sum, a| sum + a.weight);
        Phrase {
            signs: signs(&query.words),
            unknown: if weight > 0.0 { unknown / weight } else { 1.0 },
            weight,
            sentences: self.sentences,
            workflows: self.lexicon.entries.len(),
            elsewhere: query.elsewhere.nearness(),
            covered,
            shape: self.shape,
        }
    }

    /// The control phrase that this is, the part of it that names a workflow, and the workflows
    /// that this part fits.
    fn control(
        &self,
        phrase: &str,
        query: &Query,
        ranked: &[Ranked],
    ) -> Option<(Control, Query, Vec<Ranked>)> {
        let a_trigger_says_so = ranked.iter().any(|r| match &r.why {
            Why::Fit(fit) => fit.hard >= TRIGGER_FIRST && self.sounds_like_control[fit.place],
            _ => false,
        });
        if a_trigger_says_so {
            return None;
        }
        let spoken = control::spoken(&query.words, |words| self.named_by_id(words).is_some());
        let nearly_said =
            ranked.first().is_some_and(|r| matches!(&r.why, Why::Fit(fit) if fit.hard >= NEARLY_SAID));
        let spoken = spoken.filter(|s| s.certain || !nearly_said);
        match spoken.and_then(|spoken| self.about(spoken, &query.words)) {
            Some(found) => Some(found),
            None if query.words.len() <= CLAUSE_WORDS => self.control_in_a_clause(phrase),
            None => None,
        }
    }

    /// A control phrase that is one clause of several, where the rest asks for no workflow: "hold on, I have a call".
    fn control_in_a_clause(&self, phrase: &str) -> Option<(Control, Query, Vec<Ranked>)> {
        let clauses: Vec<Vec<Word>> =
            control::clauses(phrase).take(MOST_CLAUSES).map(|c| text::words(c, PHRASE_WORDS)).collect();
        if clauses.len() < 2 {
            return None;
        }
        clauses.iter().enumerate().find_map(|(at, clause)| {
            let spoken = control::spoken(clause, |_| false).filter(|s| s.certain && s.subject.is_empty())?;
            let rest = clauses.iter().enumerate().filter(|(other, _)| *other != at);
            let rest: Vec<Word> = rest.flat_map(|(_, words)| words.iter().cloned()).collect();
            let asks = self
                .rank(&Query::new(&self.lexicon, rest), &Learned::default())
                .ranked
                .first()
                .is_some_and(|b| b.score >= ASKS_FOR);
            if asks { None } else { self.about(spoken, clause) }
        })
    }

    /// What a control phrase of these words is about: the workflow that it names, if it names one.
    fn about(&self, spoken: Spoken, words: &[Word]) -> Option<(Control, Query, Vec<Ranked>)> {
        let Spoken { action, subject, certain } = spoken;
        let subject = Query::new(&self.lexicon, subject);
        let about = if subject.words.is_empty() {
            Vec::new()
        } else if let Some(entry) = self.named_by_id(&subject.words) {
            vec![Ranked { entry, score: 1.0, exact: true, features: None, why: Why::Id }]
        } else if let Some(entry) = self.named_in_full(words) {
            vec![Ranked { entry, score: 1.0, exact: true, features: None, why: Why::Name }]
        } else {
            let about = self.rank(&subject, &Learned::default()).ranked;
            let named = about.first().is_some_and(|b| b.score >= if certain { NAMED } else { NAMED_BARE });
            if !named && !certain {
                return None;
            }
            if named { about } else { Vec::new() }
        };
        let workflow = about.first().map(|best| self.lexicon.entries[best.entry].prepared.id.clone());
        Some((Control { action, workflow }, subject, about))
    }

    fn named_by_id(&self, words: &[Word]) -> Option<usize> {
        self.lexicon.by_id(words).or_else(|| self.mentioned(words).first().copied())
    }

    /// The workflow whose whole name, of several words, stands in the phrase; the longest where there are several.
    fn named_in_full(&self, words: &[Word]) -> Option<usize> {
        let is_name = |place: &&u32| self.lexicon.text(**place as usize).field == Field::Name;
        let lengths = (2..=words.len().min(NAME_WORDS)).rev();
        lengths.flat_map(|length| words.windows(length)).find_map(|part| {
            let place = self.lexicon.by_key.get(&text::key(part))?.iter().find(is_name)?;
            Some(self.lexicon.places[*place as usize].workflow)
        })
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
        } else if signs.tells {
            told.push("it sounds like something that is done already".to_owned());
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
            Why::Name => (
                entry.name.clone(),
                (0..entry.name.chars().count()).collect(),
                format!("name: {}", entry.name),
            ),
            Why::Replaces(old, fit) => {
                let old = &self.lexicon.entries[*old].prepared;
                let why = reason::reason(&self.lexicon, query, fit);
                (entry.name.clone(), Vec::new(), format!("replaces {}; {why}", old.id))
            }
            Why::Letters(lit) => (entry.name.clone(), lit.clone(), format!("letters: {}", query.key)),
        };
        let met = match &ranked.why {
            Why::Fit(fit) | Why::Replaces(_, fit) => reason::pairs(&self.lexicon, query, fit),
            Why::Id | Why::Name | Why::Letters(_) => Vec::new(),
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

/// By what of two standings of one workflow the better is told.
fn stands(ranked: &Ranked) -> (bool, f64) {
    (ranked.exact, ranked.features.map_or(0.0, |f| f[1] + f[2]))
}

/// The first [`PHRASE_LIMIT`] bytes, at a character's edge.
pub fn cut(phrase: &str) -> &str {
    let mut end = phrase.len().min(PHRASE_LIMIT);
    while !phrase.is_char_boundary(end) {
        end -= 1;
    }
    &phrase[..end]
}
