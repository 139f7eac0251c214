//! Phrases to try, while nothing has been done yet.

use crate::base::SafeLine;
use crate::matching::{Decision, Learned};
use crate::tui::msg::Bank;

const MOST: usize = 5;

/// Phrases that mean one workflow, one of each category, so that they show what the bank is for.
pub fn of(bank: &Bank, learned: &Learned) -> Vec<SafeLine> {
    let mut shown = Vec::new();
    let mut phrases = Vec::new();
    for workflow in bank.registry.workflows() {
        let Some(phrase) = workflow.trigger_phrases.first() else { continue };
        if phrases.len() == MOST || shown.contains(&&workflow.category) {
            continue;
        }
        let answer = bank.index.decide(phrase, learned);
        let is_meant = answer.candidates.first().is_some_and(|c| c.id == workflow.id);
        if answer.decision == Decision::Match && is_meant {
            shown.push(&workflow.category);
            phrases.push(SafeLine::new(phrase));
        }
    }
    phrases
}
