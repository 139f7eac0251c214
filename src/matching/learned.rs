//! What people chose for their phrases, as the decision sees it: which workflow a phrase led to, and how
//! much that is worth by now. Where choices are kept and how they are forgotten is `memory`; what a
//! lesson changes in an answer is `recall`.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::base::{Actor, Millis, Timestamp, WorkflowId};
use crate::matching::{cut, score, stem, text, words};
use crate::workflow::{Status, Workflow};

/// Without another choice, a lesson's strength halves in this time: two months, for habits of a team
/// last about that long, and what nobody asks for any more should not lead anybody.
const HALF_LIFE: Millis = Millis(60 * 24 * 3_600_000);
/// What a choice adds to the strength of its lesson. Who takes another candidate than the first has
/// not been asked, so that is worth a little less than an answer.
const ANSWERED: f64 = 1.0;
const TAKEN_INSTEAD: f64 = 0.8;
const CONFIRMED: f64 = 1.0;
/// Strength never grows beyond this, so that an old habit can be given up: after two choices of
/// another workflow, that one leads.
const STRONGEST: f64 = 4.0;
/// What is left of the other lessons of a phrase when another workflow is chosen for it.
const CONTRADICTED: f64 = 0.25;
/// From this weight on, a lesson leads where its own phrase is said again: one answer does at once
/// (0.75), and fades below it after about three months.
pub const LEADS: f64 = 0.4;
/// The second lesson of a phrase must weigh this much less than the first, or both are asked about.
pub const CLEARLY: f64 = 0.2;
/// Choices without any contradiction after which a phrase is proposed as a trigger phrase.
pub const PROVED: u32 = 3;

/// A person's choice of a workflow for a phrase: one event, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As it was typed.
    pub phrase: String,
    pub workflow: WorkflowId,
    pub how: Chosen,
    /// The root of the project whose registry it was; `None` where the project has no workflows of
    /// its own: the choice counts everywhere then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    pub at: Timestamp,
    pub by: Actor,
}

/// How a choice came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// The console asked, and this was the answer.
    Asked,
    /// Another candidate stood first, and the person took this one.
    Instead,
    /// What had been learned before led here, and the person started it.
    Confirmed,
}

impl Chosen {
    fn worth(self) -> f64 {
        match self {
            Self::Asked => ANSWERED,
            Self::Instead => TAKEN_INSTEAD,
            Self::Confirmed => CONFIRMED,
        }
    }
}

/// Choices folded into what each phrase means by now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// By the phrase's words; the strongest first.
    by_key: HashMap<String, Vec<Lesson>>,
    /// By a word that says something: places in `repeated`.
    by_word: HashMap<String, Vec<usize>>,
    /// Lessons that were chosen more than once: key, place among its lessons, how many such words it has.
    repeated: Vec<(String, usize, usize)>,
}

/// What one phrase taught about one workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// As it was typed last.
    pub phrase: String,
    pub workflow: WorkflowId,
    /// Choices that speak for it.
    pub times: u32,
    /// Choices of other workflows for the same phrase.
    pub against: u32,
    pub last: Timestamp,
    /// 0 to 1, faded by now.
    pub weight: f64,
}

impl Lesson {
    /// Whether it is still worth enough to lead.
    pub fn leads(&self) -> bool {
        self.weight >= LEADS
    }

    /// Chosen so often, and never anything else, that the phrase belongs into the workflow's file.
    pub fn has_proved_itself(&self) -> bool {
        self.times >= PROVED && self.against == 0 && self.leads()
    }
}

/// How a lesson stands, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its workflow is not in this registry, or not to be used any more: ignored.
    Gone,
    /// Not confirmed for so long, or contradicted so often, that it does not lead any more.
    Faded,
    Counts,
    /// The phrase should become a trigger phrase.
    Proved,
}

impl Standing {
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Faded => "faded",
            Self::Counts => "counts",
            Self::Proved => "proved",
        }
    }
}

impl Lesson {
    /// `workflow` is what the registry has under its id, where there is one.
    pub fn standing(&self, workflow: Option<&Workflow>) -> Standing {
        let Some(workflow) = workflow.filter(|w| !matches!(w.status, Status::Deprecated { .. })) else {
            return Standing::Gone;
        };
        let own = key(&self.phrase);
        let is_trigger = workflow.trigger_phrases.iter().any(|t| key(t) == own);
        match (self.leads(), self.has_proved_itself() && !is_trigger) {
            (_, true) => Standing::Proved,
            (true, false) => Standing::Counts,
            (false, false) => Standing::Faded,
        }
    }

    /// The line to write under `trigger_phrases`; a JSON string is YAML as well.
    pub fn trigger_line(&self) -> String {
        format!("- {}", serde_json::Value::from(self.phrase.as_str()))
    }
}

/// A lesson while its choices are taken in, its strength that of `at`.
struct Growing {
    lesson: Lesson,
    strength: f64,
    at: Timestamp,
}

impl Growing {
    fn fade(&mut self, now: Timestamp) {
        self.strength *= 0.5_f64.powf(now.since(self.at).0 as f64 / HALF_LIFE.0 as f64);
        self.at = self.at.max(now);
    }
}

impl Learned {
    /// What these choices are worth at `now`; later choices of another workflow for the same phrase weaken earlier ones.
    pub fn new<'a>(choices: impl IntoIterator<Item = &'a Choice>, now: Timestamp) -> Self {
        let mut growing: HashMap<String, Vec<Growing>> = HashMap::new();
        for choice in choices {
            let key = key(&choice.phrase);
            if key.is_empty() {
                continue;
            }
            let lessons = growing.entry(key).or_default();
            if !lessons.iter().any(|g| g.lesson.workflow == choice.workflow) {
                let against = lessons.iter().map(|g| g.lesson.times).sum();
                lessons.push(Growing { lesson: begun(choice, against), strength: 0.0, at: choice.at });
            }
            for one in lessons {
                one.fade(choice.at);
                if one.lesson.workflow == choice.workflow {
                    one.strength = (one.strength + choice.how.worth()).min(STRONGEST);
                    one.lesson.times += 1;
                    one.lesson.last = choice.at;
                    one.lesson.phrase.clone_from(&choice.phrase);
                } else {
                    one.strength *= CONTRADICTED;
                    one.lesson.against += 1;
                }
            }
        }
        let mut learned = Self::default();
        for (key, lessons) in growing {
            let mut lessons: Vec<Lesson> = lessons.into_iter().map(|one| weighed(one, now)).collect();
            lessons.sort_by(|a, b| {
                b.weight.total_cmp(&a.weight).then_with(|| (b.last, &a.workflow).cmp(&(a.last, &b.workflow)))
            });
            learned.by_key.insert(key, lessons);
        }
        learned.index();
        learned
    }

    /// What was learned of a phrase with these words; the strongest first.
    pub fn of(&self, key: &str) -> &[Lesson] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// Everything that was learned, in no order.
    pub fn lessons(&self) -> impl Iterator<Item = &Lesson> {
        self.by_key.values().flatten()
    }

    /// Everything that was learned, what was chosen last first: for lists.
    pub fn newest(&self) -> Vec<&Lesson> {
        let mut lessons: Vec<&Lesson> = self.lessons().collect();
        lessons.sort_by_key(|l| (Reverse(l.last), l.phrase.as_str(), l.workflow.as_str()));
        lessons
    }

    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    fn index(&mut self) {
        let mut keys: Vec<&String> = self.by_key.keys().collect();
        keys.sort_unstable();
        for key in keys {
            let telling = telling(key);
            for (place, lesson) in self.by_key[key].iter().enumerate() {
                // One choice says something of its own phrase alone.
                if lesson.times < 2 || telling.is_empty() {
                    continue;
                }
                for word in &telling {
                    self.by_word.entry(word.clone()).or_default().push(self.repeated.len());
                }
                self.repeated.push((key.clone(), place, telling.len()));
            }
        }
    }

    /// Lessons of phrases that share words with this one, and how alike the phrases are, 0 to 1:
    /// of all words that say something, the part that both have. In the order of their keys.
    pub fn like(&self, key: &str) -> Vec<(&Lesson, f64)> {
        if self.repeated.is_empty() {
            return Vec::new();
        }
        let wanted = telling(key);
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for place in wanted.iter().filter_map(|word| self.by_word.get(word)).flatten() {
            *shared.entry(*place).or_default() += 1;
        }
        let mut found: Vec<(usize, usize)> = shared.into_iter().collect();
        found.sort_unstable();
        let alike = |(place, both): (usize, usize)| {
            let (key, at, own) = self.repeated.get(place)?;
            let all = own + wanted.len() - both;
            Some((self.of(key).get(*at)?, both as f64 / all as f64))
        };
        found.into_iter().filter_map(alike).collect()
    }
}

fn begun(choice: &Choice, against: u32) -> Lesson {
    Lesson {
        phrase: choice.phrase.clone(),
        workflow: choice.workflow.clone(),
        times: 0,
        against,
        last: choice.at,
        weight: 0.0,
    }
}

/// Strength becomes weight: 1 → 0.75, 2 → 0.94, and never quite 1.
fn weighed(mut one: Growing, now: Timestamp) -> Lesson {
    one.fade(now);
    Lesson { weight: 1.0 - 0.25_f64.powf(one.strength), ..one.lesson }
}

/// What two phrases have in common when they mean the same to [`Learned::of`]: their words, whatever
/// their case, accents, spaces and punctuation. Empty where there is no word.
pub fn key(phrase: &str) -> String {
    text::key(&text::words(cut(phrase), score::PHRASE_WORDS))
}

/// The stems of a key's words that are not so common that they say little; each once.
fn telling(key: &str) -> Vec<String> {
    let mut stems: Vec<String> =
        key.split(' ').filter(|w| !w.is_empty() && !words::is_common(w)).map(stem::stem).collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

#[cfg(test)]
mod tests;
