//! A list that stands still while somebody types: among candidates that fit about equally, those that stood
//! before stay before. Only the order changes: what is decided, and between whom, is never touched.

use crate::base::WorkflowId;
use crate::matching::{Answer, Candidate, Decision};

/// Scores that are no further apart than this change no places: a letter more or less moves a score by as
/// much without anything else being meant.
pub const MARGIN: f64 = 0.03;

/// The answer in an order that keeps to `before`, the candidates as they were shown for the phrase a key
/// earlier. What is meant stands first whatever stood there, and whoever is asked about stands before the
/// rest; so what is shown first and what the decision says are always the same.
pub fn steady(mut answer: Answer, before: &[WorkflowId]) -> Answer {
    let all = answer.candidates.len();
    let first = match answer.decision {
        Decision::Match => 1.min(all),
        Decision::Ambiguous { choices } => choices.min(all),
        Decision::None => all,
        // The first candidate is the workflow that is named.
        Decision::Control(_) => return answer,
    };
    let (meant, rest) = answer.candidates.split_at_mut(first);
    settle(meant, before, true);
    settle(rest, before, false);
    answer
}

/// At each place the one that stood earliest among those that fit as well as the best that is left.
fn settle(group: &mut [Candidate], before: &[WorkflowId], leads: bool) {
    for at in 0..group.len() {
        let best = group[at].score;
        let near = group[at..].iter().enumerate().filter(|(_, c)| (best - c.score).abs() <= MARGIN);
        let stood = near.filter_map(|(n, c)| Some((before.iter().position(|id| *id == c.id)?, n))).min();
        let chosen = match stood {
            // The lead goes from the one that had it to the best, not to somebody between them.
            Some((place, _)) if leads && at == 0 && place > 0 => 0,
            Some((_, chosen)) => chosen,
            None => 0,
        };
        group[at..=at + chosen].rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(decision: Decision, scores: &[(&str, f64)]) -> Answer {
        let candidate = |(id, score): &(&str, f64)| {
            let value = serde_json::json!({
                "id": id, "name": id, "score": score, "text": id, "lit": [], "reason": "", "met": [], "features": [],
            });
            serde_json::from_value(value).expect("a candidate")
        };
        Answer { decision, candidates: scores.iter().map(candidate).collect(), none: 0.0, doubt: None }
    }

    fn order(answer: Answer, before: &str) -> String {
        let before: Vec<WorkflowId> = before.chars().map(|c| WorkflowId::new(c.to_string())).collect();
        steady(answer, &before).candidates.iter().map(|c| c.id.to_string()).collect()
    }

    #[test]
    fn a_new_leader_leads_by_a_margin() {
        let close = || answer(Decision::None, &[("b", 0.32), ("a", 0.30), ("c", 0.10)]);
        assert_eq!(order(close(), "abc"), "abc");
        assert_eq!(order(close(), ""), "bac", "a phrase that is new has no order to keep");
        assert_eq!(order(close(), "cab"), "bac", "the lead is the best's once its holder has lost it");
        let clear = answer(Decision::None, &[("b", 0.34), ("a", 0.30)]);
        assert_eq!(order(clear, "ab"), "ba");
        let chain = answer(Decision::None, &[("a", 0.50), ("b", 0.48), ("c", 0.46)]);
        assert_eq!(order(chain, "cba"), "acb");
    }

    #[test]
    fn what_is_decided_is_never_moved() {
        let meant = answer(Decision::Match, &[("b", 0.91), ("a", 0.90), ("c", 0.89)]);
        assert_eq!(order(meant, "cab"), "bca", "the one that is meant stands first");
        let asked = answer(Decision::Ambiguous { choices: 2 }, &[("a", 0.6), ("b", 0.59), ("c", 0.58)]);
        assert_eq!(order(asked, "cba"), "abc", "nobody comes among those that are asked about");
        let asked = answer(Decision::Ambiguous { choices: 2 }, &[("a", 0.6), ("b", 0.59), ("c", 0.58)]);
        assert_eq!(order(asked, "bca"), "bac");
        // Deprecated workflows stand last whatever their score.
        let old = answer(Decision::None, &[("a", 0.2), ("x", 0.4)]);
        assert_eq!(order(old, "xa"), "ax");
    }
}
