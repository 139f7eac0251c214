//! What was learned, brought into an answer: the same phrase soon, similar phrases slowly, and never
//! against an exact trigger. Pure, and knows the ranking only as ids, scores and candidates.

use crate::base::WorkflowId;
use crate::matching::learned::{CLEARLY, Learned, Lesson};
use crate::matching::{Answer, Candidate, Decision, MOST, MOST_CHOICES};

/// The most that lessons of similar phrases add where candidates are weighed: of two that fit equally it makes 0.58
/// and 0.42. Enough to decide between those, too little to lift one that does not fit.
const SIMILAR: f64 = 0.32;
/// Phrases that are less alike than this say nothing of each other.
const ALIKE: f64 = 0.5;

/// What the lessons of exactly this phrase say.
#[derive(Debug, PartialEq)]
pub enum Same<'a> {
    Nothing,
    /// This one is meant.
    Leads(&'a Lesson),
    /// People chose now this, now that: one of these is meant.
    Asks(Vec<&'a Lesson>),
}

/// `counts` is false for workflows that are gone and, where the phrase is a trigger, for those whose
/// trigger it is not.
pub fn same<'a>(learned: &'a Learned, key: &str, counts: impl Fn(&WorkflowId) -> bool) -> Same<'a> {
    let mut strong: Vec<&Lesson> =
        learned.of(key).iter().filter(|l| l.leads() && counts(&l.workflow)).collect();
    let Some(first) = strong.first().copied() else { return Same::Nothing };
    strong.retain(|l| first.weight - l.weight < CLEARLY);
    strong.truncate(MOST_CHOICES);
    if strong.len() == 1 { Same::Leads(first) } else { Same::Asks(strong) }
}

/// What lessons of similar phrases add to the utility of their workflows, each named once. It grows
/// slowly: nothing after one choice, half after two.
pub fn similar(learned: &Learned, key: &str) -> Vec<(WorkflowId, f64)> {
    let mut added: Vec<(WorkflowId, f64)> = Vec::new();
    for (lesson, alike) in learned.like(key) {
        if alike < ALIKE {
            continue;
        }
        let slowly = 1.0 - 0.5_f64.powi(i32::try_from(lesson.times).unwrap_or(i32::MAX) - 1);
        let worth = SIMILAR * alike * lesson.weight * slowly;
        match added.iter_mut().find(|(id, _)| *id == lesson.workflow) {
            Some((_, most)) => *most = most.max(worth),
            None => added.push((lesson.workflow.clone(), worth)),
        }
    }
    added
}

/// The answer with what was learned of exactly this phrase. `exact`: that many first candidates have
/// it as a trigger. `named` makes the candidate of a workflow that may be run, where there is one.
pub fn recall(
    answer: Answer,
    key: &str,
    exact: usize,
    learned: &Learned,
    named: impl Fn(&WorkflowId) -> Option<Candidate>,
) -> Answer {
    let triggers = answer.candidates.get(..exact).unwrap_or(&answer.candidates);
    let counts = |id: &WorkflowId| match exact {
        0 => named(id).is_some(),
        1 => false,
        _ => triggers.iter().any(|c| c.id == *id),
    };
    let lessons = match same(learned, key, counts) {
        Same::Nothing => return answer,
        Same::Leads(lesson) => vec![lesson],
        Same::Asks(lessons) => lessons,
    };
    let Answer { mut candidates, .. } = answer;
    let doubt = (lessons.len() > 1).then(|| "you chose now one, now another".to_owned());
    // No score below stands above that of a candidate that leads.
    let best = candidates.iter().map(|c| c.score).fold(0.0, f64::max);
    let mut first: Vec<Candidate> = Vec::new();
    for lesson in lessons {
        let known = candidates.iter().position(|c| c.id == lesson.workflow);
        let found = known.map(|place| candidates.remove(place)).or_else(|| named(&lesson.workflow));
        first.extend(found.map(|c| chosen_before(c, lesson, best)));
    }
    let decision = match first.len() {
        1 => Decision::Match,
        choices => Decision::Ambiguous { choices },
    };
    // The likelihoods of all together stay within 1.
    let left = (1.0 - first.iter().map(|c| c.score).sum::<f64>()).max(0.0);
    let others: f64 = candidates.iter().map(|c| c.score).sum();
    if others > left {
        for candidate in &mut candidates {
            candidate.score *= left / others;
        }
    }
    first.append(&mut candidates);
    first.truncate(MOST);
    // Somebody meant a workflow by it before.
    Answer { decision, candidates: first, none: 0.0, doubt }
}

/// A candidate that people chose for this phrase: it says so, and is worth at least as much.
fn chosen_before(candidate: Candidate, lesson: &Lesson, best: f64) -> Candidate {
    let reason = match lesson.times {
        1 => "you chose it before".to_owned(),
        n => format!("you chose it before, {n} times"),
    };
    Candidate { score: best.max(lesson.weight), reason, learned: true, ..candidate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Actor, Timestamp};
    use crate::matching::{Choice, Chosen};

    fn learned(choices: &[(&str, &str)]) -> Learned {
        let choices: Vec<Choice> = choices
            .iter()
            .map(|(phrase, workflow)| Choice {
                phrase: (*phrase).to_owned(),
                workflow: WorkflowId::new(*workflow),
                how: Chosen::Asked,
                project: None,
                at: Timestamp(0),
                by: Actor::Person("ana@laptop".to_owned()),
            })
            .collect();
        Learned::new(&choices, Timestamp(0))
    }

    fn candidate(id: &str, score: f64) -> Candidate {
        Candidate {
            id: WorkflowId::new(id),
            name: id.to_owned(),
            score,
            text: id.to_owned(),
            lit: Vec::new(),
            reason: "shares: tool".to_owned(),
            met: Vec::new(),
            features: Vec::new(),
            learned: false,
        }
    }

    fn unlearned(decision: Decision, candidates: Vec<Candidate>) -> Answer {
        Answer { decision, candidates, none: 0.2, doubt: Some("that none is meant has 20 of 100".to_owned()) }
    }

    /// The decision and ids for "add a tool", where a, b, c are ranked in this order and d is known too.
    fn recalled(learned: &Learned, exact: usize, decision: Decision) -> (Decision, String) {
        let candidates = vec![candidate("a", 0.7), candidate("b", 0.68), candidate("c", 0.3)];
        let named = |id: &WorkflowId| (id.as_str().len() == 1).then(|| candidate(id.as_str(), 0.0));
        let answer = recall(unlearned(decision, candidates), "add a tool", exact, learned, named);
        (answer.decision, answer.candidates.iter().map(|c| c.id.as_str()).collect())
    }

    #[test]
    fn the_same_phrase_leads_to_what_was_chosen() {
        let asked = Decision::Ambiguous { choices: 2 };
        let once = learned(&[("add a tool", "b")]);
        assert_eq!(recalled(&once, 0, asked.clone()), (Decision::Match, "bac".to_owned()));
        assert_eq!(recalled(&Learned::default(), 0, asked.clone()), (asked.clone(), "abc".to_owned()));
        let other = learned(&[("add a button", "b")]);
        assert_eq!(recalled(&other, 0, asked.clone()), (asked.clone(), "abc".to_owned()));
        let unranked = learned(&[("add a tool", "d")]);
        assert_eq!(recalled(&unranked, 0, Decision::None), (Decision::Match, "dabc".to_owned()));
        let gone = learned(&[("add a tool", "gone-since")]);
        assert_eq!(recalled(&gone, 0, asked.clone()), (asked, "abc".to_owned()));
    }

    #[test]
    fn it_says_so_and_is_worth_as_much() {
        let twice = learned(&[("add a tool", "b"), ("add a tool", "b")]);
        let answer = unlearned(Decision::None, vec![candidate("b", 0.3)]);
        let answer = recall(answer, "add a tool", 0, &twice, |_| None);
        assert_eq!(answer.decision, Decision::None, "a workflow that is not known is ignored");
        let answer = recall(answer, "add a tool", 0, &twice, |id| Some(candidate(id.as_str(), 0.0)));
        let best = &answer.candidates[0];
        assert!(
            best.learned && best.score > 0.9 && best.reason == "you chose it before, 2 times",
            "{best:?}"
        );
        assert_eq!((answer.none, answer.doubt), (0.0, None), "what is led to is certain");
    }

    #[test]
    fn an_exact_trigger_is_never_overruled_but_equal_ones_are_told_apart() {
        let other = learned(&[("add a tool", "b")]);
        assert_eq!(recalled(&other, 1, Decision::Match), (Decision::Match, "abc".to_owned()));
        let shared = Decision::Ambiguous { choices: 2 };
        assert_eq!(recalled(&other, 2, shared.clone()), (Decision::Match, "bac".to_owned()));
        let third = learned(&[("add a tool", "c")]);
        assert_eq!(recalled(&third, 2, shared.clone()), (shared, "abc".to_owned()));
    }

    #[test]
    fn who_chose_now_this_now_that_is_asked() {
        let habit = [("add a tool", "b"); 6];
        let both = learned(&[&habit[..], &[("add a tool", "c")]].concat());
        let (decision, order) = recalled(&both, 0, Decision::Match);
        assert_eq!(decision, Decision::Ambiguous { choices: 2 });
        assert!(order.starts_with("bc") || order.starts_with("cb"), "{order}");
    }

    #[test]
    fn similar_phrases_add_a_little_and_slowly() {
        let phrase = "rotate the vault keys";
        let added = |times: usize, said: &str| {
            let learned = learned(&vec![(phrase, "keys"); times]);
            similar(&learned, &crate::matching::learned::key(said)).first().map_or(0.0, |(_, added)| *added)
        };
        assert!(added(1, "rotate vault keys quickly").abs() < 1e-9, "one choice is no habit");
        let (two, five) = (added(2, "rotating vault keys"), added(5, "rotating vault keys"));
        assert!(0.0 < two && two < five && five <= SIMILAR, "{two} {five}");
        assert!(added(5, "rotate the logs of the web server").abs() < 1e-9, "too little in common");
    }

    #[test]
    fn a_whole_decision_learns_from_its_question() {
        use crate::matching::Index;
        use crate::workflow::{StepKind, Workflow, testing};
        let workflow = |id: &str, trigger: &str| {
            let steps = vec![testing::step("one", StepKind::Manual { actions: Vec::new() })];
            std::sync::Arc::new(Workflow {
                name: trigger.to_owned(),
                trigger_phrases: vec![trigger.to_owned()],
                scope: String::new(),
                ..testing::workflow(id, steps)
            })
        };
        let bank = [workflow("pipe", "Mend the water pipe"), workflow("tap", "Mend the water tap")];
        let index = Index::new(&bank);
        let phrase = "mend the water";
        let before = index.decide(phrase, &Learned::default());
        assert_eq!(before.decision, Decision::Ambiguous { choices: 2 });
        let chosen = learned(&[(phrase, "tap")]);
        let after = index.decide("  Mend the WATER?", &chosen);
        assert_eq!(after.decision, Decision::Match);
        assert!(after.candidates.is_sorted_by(|a, b| a.score >= b.score), "{after:?}");
        assert!(after.candidates[0].learned && after.candidates[0].id.as_str() == "tap", "{after:?}");
        let like = "mend the water now";
        assert_eq!(index.decide(like, &Learned::default()).candidates[0].id.as_str(), "pipe");
        let habit = index.decide(like, &learned(&[("mend water now", "tap"); 5]));
        assert_eq!(habit.candidates[0].id.as_str(), "tap", "a similar phrase decides between equals");
        assert!(!habit.candidates[0].learned, "nobody chose it for this one");
        let exact = learned(&[("mend the water pipe", "tap")]);
        let trigger = index.decide("Mend the water pipe", &exact);
        assert_eq!((trigger.decision, trigger.candidates[0].id.as_str()), (Decision::Match, "pipe"));
        let control = learned(&[("stop", "tap")]);
        assert!(matches!(index.decide("stop", &control).decision, Decision::Control(_)));
    }
}
