//! What is remembered of phrases, as events and as what is folded from them: people's choices, phrases
//! that fitted no workflow, and what was forgotten. What a choice is worth by now is `learned`.

use serde::{Deserialize, Serialize};

use crate::base::{Actor, SafeLine, Timestamp, WorkflowId};
use crate::matching::learned::{self, Choice, Chosen, Learned};
use crate::matching::{PHRASE_LIMIT, cut};

/// The newest events that are read when the engine starts; older ones count no more.
pub const EVENTS: usize = 5000;
/// Choices and phrases that are kept in memory; beyond that the oldest go.
const CHOICES: usize = 2000;
const MISSED: usize = 500;
/// Bytes of all kept phrases together, so that one message carries them.
const PHRASES: usize = 1 << 20;

/// One thing that happened to what is learned: in order, never changed. The JSON names are a public
/// format: added to, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryEvent {
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub actor: Actor,
    #[serde(flatten)]
    pub body: MemoryEventBody,
}

/// `project`: the root of the project whose registry it was about, where that has workflows of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data")]
pub enum MemoryEventBody {
    #[serde(rename = "learned.chosen")]
    Chosen {
        phrase: String,
        workflow: WorkflowId,
        how: Chosen,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
    /// No workflow fitted: what the bank lacks.
    #[serde(rename = "learned.missed")]
    Missed {
        phrase: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
    /// What came before counts no more: of one phrase, or of all that are seen from this project.
    #[serde(rename = "learned.forgotten")]
    Forgotten {
        phrase: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
}

/// A phrase that fitted no workflow when it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// As it was typed last.
    pub phrase: String,
    /// Its words, as phrases are compared.
    pub key: String,
    pub project: Option<String>,
    pub times: u32,
    pub last: Timestamp,
}

/// The events, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Of the last event.
    pub seq: u64,
    /// The oldest first.
    choices: Vec<Choice>,
    /// The one that was said last comes last.
    missed: Vec<Missed>,
}

/// Whether what was remembered of `of` counts in the project with this root.
fn counts_in(of: Option<&String>, root: &str) -> bool {
    of.is_none_or(|project| project == root)
}

impl Memory {
    pub fn apply(&mut self, event: &MemoryEvent) {
        self.seq = event.seq;
        match &event.body {
            MemoryEventBody::Chosen { phrase, workflow, how, project } => {
                if !self.missed.is_empty() {
                    let key = learned::key(phrase);
                    self.missed.retain(|m| m.key != key || m.project != *project);
                }
                self.choices.push(Choice {
                    phrase: phrase.clone(),
                    workflow: workflow.clone(),
                    how: *how,
                    project: project.clone(),
                    at: event.at,
                    by: event.actor.clone(),
                });
                bound(&mut self.choices, CHOICES, |c| c.phrase.len());
            }
            MemoryEventBody::Missed { phrase, project } => {
                let key = learned::key(phrase);
                let known = self.missed.iter().position(|m| m.key == key && m.project == *project);
                let times = known.map_or(0, |place| self.missed.remove(place).times);
                self.missed.push(Missed {
                    phrase: phrase.clone(),
                    key,
                    project: project.clone(),
                    times: times.saturating_add(1),
                    last: event.at,
                });
                bound(&mut self.missed, MISSED, |m| m.phrase.len() + m.key.len());
            }
            MemoryEventBody::Forgotten { phrase, project } => {
                let root = project.as_deref().unwrap_or_default();
                let key = phrase.as_deref().map(learned::key);
                let is_meant = |of: Option<&String>, own: &str| {
                    counts_in(of, root) && key.as_ref().is_none_or(|key| key == own)
                };
                self.choices.retain(|c| !is_meant(c.project.as_ref(), &learned::key(&c.phrase)));
                self.missed.retain(|m| !is_meant(m.project.as_ref(), &m.key));
            }
        }
    }

    /// An event that could not be read stands there: what it said counts no more.
    pub fn skip(&mut self, seq: u64) {
        self.seq = seq;
    }

    /// What the choices that count in the project with this root are worth at `now`.
    pub fn learned(&self, root: &str, now: Timestamp) -> Learned {
        Learned::new(self.choices.iter().filter(|c| counts_in(c.project.as_ref(), root)), now)
    }

    /// Phrases that fitted no workflow of this project, what was said last first.
    pub fn missed(&self, root: &str) -> impl Iterator<Item = &Missed> {
        self.missed.iter().rev().filter(move |m| counts_in(m.project.as_ref(), root))
    }

    /// How many lessons and missed phrases a forgetting would take away in the project with this root.
    pub fn forgettable(&self, phrase: Option<&str>, root: &str) -> usize {
        let key = phrase.map(learned::key);
        let is_meant = |own: &str| key.as_ref().is_none_or(|key| key == own);
        let learned = self.learned(root, Timestamp::default());
        let lessons = learned.lessons().filter(|l| is_meant(&learned::key(&l.phrase))).count();
        lessons + self.missed(root).filter(|m| is_meant(&m.key)).count()
    }
}

/// A phrase as it is kept: one line without what cannot be seen, no longer than what is looked at.
/// `None` where there is no word in it.
pub fn kept(phrase: &str) -> Option<String> {
    let line = SafeLine::new(&cut(phrase).replace(['\n', '\r', '\t'], " "));
    let kept = cut(line.as_str().trim()).to_owned();
    debug_assert!(kept.len() <= PHRASE_LIMIT);
    (!learned::key(&kept).is_empty()).then_some(kept)
}

/// Takes the oldest away until no more than `most` are left, nor too many bytes.
fn bound<T>(kept: &mut Vec<T>, most: usize, bytes: impl Fn(&T) -> usize) {
    let mut total: usize = kept.iter().map(&bytes).sum();
    let mut gone = kept.len().saturating_sub(most);
    total -= kept[..gone].iter().map(&bytes).sum::<usize>();
    while total > PHRASES && gone + 1 < kept.len() {
        total -= bytes(&kept[gone]);
        gone += 1;
    }
    kept.drain(..gone);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bodies: Vec<MemoryEventBody>) -> Memory {
        let mut memory = Memory::default();
        for body in bodies {
            let seq = memory.seq + 1;
            let at = Timestamp(seq.cast_signed());
            memory.apply(&MemoryEvent { seq, at, actor: Actor::Person("ana@laptop".to_owned()), body });
        }
        memory
    }

    fn chose(phrase: &str, workflow: &str, project: Option<&str>) -> MemoryEventBody {
        MemoryEventBody::Chosen {
            phrase: phrase.to_owned(),
            workflow: WorkflowId::new(workflow),
            how: Chosen::Asked,
            project: project.map(str::to_owned),
        }
    }

    fn missed(phrase: &str) -> MemoryEventBody {
        MemoryEventBody::Missed { phrase: phrase.to_owned(), project: None }
    }

    fn forgot(phrase: Option<&str>, project: Option<&str>) -> MemoryEventBody {
        MemoryEventBody::Forgotten { phrase: phrase.map(str::to_owned), project: project.map(str::to_owned) }
    }

    fn lessons(memory: &Memory, root: &str) -> Vec<String> {
        let learned = memory.learned(root, Timestamp(99));
        learned.newest().iter().map(|l| format!("{} {}", l.phrase, l.workflow)).collect()
    }

    #[test]
    fn a_projects_own_choices_count_there_alone() {
        let memory = memory(vec![
            chose("ship it", "MW-004", None),
            chose("ship it", "shop-deploy", Some("/shop")),
            chose("add a tool", "MW-002", None),
        ]);
        assert_eq!(lessons(&memory, "/other"), ["add a tool MW-002", "ship it MW-004"]);
        assert_eq!(lessons(&memory, "/shop"), ["add a tool MW-002", "ship it shop-deploy", "ship it MW-004"]);
        let elsewhere = memory.learned("/other", Timestamp(3));
        assert_eq!(
            elsewhere.of("ship it")[0].against,
            0,
            "another project's choice contradicts nothing here"
        );
    }

    #[test]
    fn forgetting_takes_one_phrase_or_all_that_are_seen_here() {
        let events = || {
            vec![
                chose("Ship it", "MW-004", None),
                chose("ship it", "shop-deploy", Some("/shop")),
                chose("add a tool", "MW-002", None),
                missed("water the plants"),
            ]
        };
        let mut one = events();
        one.push(forgot(Some("ship IT!"), Some("/shop")));
        assert_eq!(lessons(&memory(one), "/shop"), ["add a tool MW-002"]);
        let mut elsewhere = events();
        elsewhere.push(forgot(None, Some("/other")));
        let elsewhere = memory(elsewhere);
        assert_eq!(lessons(&elsewhere, "/shop"), ["ship it shop-deploy"]);
        assert_eq!(elsewhere.missed("/shop").count(), 0);
        let all = memory(events());
        assert_eq!((all.forgettable(None, "/shop"), all.forgettable(Some("ship it"), "/other")), (4, 1));
        assert_eq!(all.forgettable(Some("bake a cake"), "/shop"), 0);
    }

    #[test]
    fn what_fitted_nothing_is_counted_until_it_is_chosen_for() {
        let twice = vec![missed("water the plants"), missed("bake a cake"), missed("Water the plants!")];
        let before = memory(twice.clone());
        let told: Vec<(&str, u32)> = before.missed("/").map(|m| (m.phrase.as_str(), m.times)).collect();
        assert_eq!(told, [("Water the plants!", 2), ("bake a cake", 1)]);
        let mut chosen = twice;
        chosen.push(chose("water the plants", "garden", None));
        assert_eq!(memory(chosen).missed("/").count(), 1);
    }

    #[test]
    fn the_number_and_the_bytes_that_are_kept_are_bounded() {
        let many = (0..CHOICES + 10).map(|n| chose(&format!("phrase {n}"), "MW-002", None)).collect();
        let many = memory(many);
        assert_eq!(many.choices.len(), CHOICES);
        assert_eq!(many.choices[0].phrase, "phrase 10", "the oldest went");
        let long = (0..600).map(|n| missed(&format!("{n} {}", "x".repeat(PHRASE_LIMIT - 8)))).collect();
        let long = memory(long);
        assert!(long.missed("/").map(|m| m.phrase.len() + m.key.len()).sum::<usize>() <= PHRASES);
        assert!(long.missed("/").next().is_some_and(|m| m.phrase.starts_with("599 ")));
    }

    #[test]
    fn a_phrase_is_kept_as_one_visible_line() {
        assert_eq!(kept("  add\na\u{202e} \x1b[31mtool\x07 ").as_deref(), Some("add a tool␇"));
        assert_eq!(kept(" ?! "), None);
        assert_eq!(kept(&"ü".repeat(PHRASE_LIMIT)).map(|p| p.len() <= PHRASE_LIMIT), Some(true));
    }

    #[test]
    fn events_have_their_public_names() {
        let event = MemoryEvent {
            seq: 1,
            at: Timestamp(5),
            actor: Actor::Engine,
            body: chose("add a tool", "MW-002", None),
        };
        let json = serde_json::to_value(&event).expect("JSON");
        assert_eq!(json["event"], "learned.chosen");
        assert_eq!(
            json["data"],
            serde_json::json!({"phrase": "add a tool", "workflow": "MW-002", "how": "asked"})
        );
        assert_eq!(serde_json::from_value::<MemoryEvent>(json).expect("reads back"), event);
        let all = serde_json::json!({"seq": 2, "at": 6, "actor": {"kind": "engine"}, "event": "learned.forgotten", "data": {"phrase": null}});
        assert_eq!(serde_json::from_value::<MemoryEvent>(all).expect("reads").body, forgot(None, None));
    }
}
