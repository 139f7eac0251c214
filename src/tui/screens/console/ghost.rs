//! What would follow behind the cursor, and taking it.

use super::{candidates, match_again, pointed};
use crate::base::SafeLine;
use crate::matching::{Candidate, Decision, complete};
use crate::tui::Model;
use crate::workflow::{Entry, Status};

/// What would follow what is typed, in a trigger phrase of the candidates that are shown; where nothing is
/// shown yet, in any.
pub(super) fn ghost(model: &Model) -> SafeLine {
    let state = &model.console;
    let (Some(bank), Some(answer)) = (&model.bank, &state.answer) else { return SafeLine::default() };
    if matches!(answer.decision, Decision::Control(_)) {
        return SafeLine::default();
    }
    let shown = candidates(model);
    let shown = state.chosen.and_then(|n| shown.get(n..=n)).unwrap_or(shown);
    let triggers = |c: &Candidate| {
        let workflow = bank.registry.get(&c.id).and_then(Entry::workflow);
        workflow.map_or(&[][..], |w| &w.trigger_phrases[..])
    };
    // Of each the one that fits best goes before its others.
    let best = |c: &&Candidate| triggers(c).contains(&c.text);
    let ranked = shown.iter().flat_map(|c| {
        let first = Some(c).filter(best).map(|c| c.text.as_str());
        first.into_iter().chain(triggers(c).iter().map(String::as_str))
    });
    let rest = if shown.is_empty() {
        let live = bank.registry.workflows().filter(|w| !matches!(w.status, Status::Deprecated { .. }));
        complete(state.input.text(), live.flat_map(|w| w.trigger_phrases.iter().map(String::as_str)))
    } else {
        complete(state.input.text(), ranked)
    };
    rest.map(|rest| SafeLine::new(&rest)).unwrap_or_default()
}

/// The ghost, where it stands: right behind the cursor.
pub(super) fn shown_ghost(model: &Model) -> Option<&SafeLine> {
    let state = &model.console;
    Some(&state.ghost).filter(|ghost| !ghost.as_str().is_empty() && state.input.at_end())
}

pub(super) fn take_ghost(model: &mut Model) -> bool {
    let Some(ghost) = shown_ghost(model).cloned() else { return false };
    model.console.input.insert(ghost.as_str());
    match_again(model);
    true
}

/// What the line would say once it is completed: with the ghost, or in the words of the selected match.
pub(super) fn completion(model: &Model) -> Option<String> {
    let text = model.console.input.text();
    if let Some(ghost) = shown_ghost(model) {
        return Some(format!("{text}{ghost}"));
    }
    let words = &candidates(model).get(pointed(model)?)?.text;
    Some(words.clone()).filter(|words| words.to_lowercase() != text.trim().to_lowercase())
}
