//! The question which workflow a phrase means: the phrase in sight, growing as one types; each workflow with
//! its scope and with what its authors say of the others, the words that count lit.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Choose, Item, Lit, Pick};
use crate::base::{SafeLine, WorkflowId};
use crate::config::Action;
use crate::matching::{Answer, Candidate, Decision, MOST_CHOICES, telling};
use crate::tui::Model;
use crate::tui::overlays::Reaction;
use crate::tui::overlays::help::keys_of;
use crate::tui::screens::console;
use crate::tui::screens::console::opinion::Said;

impl Choose {
    /// Asks which of those is meant that the phrase in the input line could mean; `said` is what somebody else
    /// thinks of it.
    pub fn ask_which(model: &mut Model, said: Option<Said>) {
        let asked = console::answer(model).map(meant).unwrap_or_default();
        let asked = asked.iter().map(|c| c.id.clone()).collect();
        Self::ask(model, "Which one do you mean?", asked, said);
    }

    /// Where it is not sure that a workflow is meant: asks about the nearest.
    pub fn ask_if(model: &mut Model) {
        let nearest = console::answer(model).and_then(|a| a.candidates.first()).map(|c| c.id.clone());
        Self::ask(model, "Is this what you mean?", nearest.into_iter().collect(), None);
    }

    /// Where no workflow fits by its words: asks about the one that somebody else suggests.
    pub fn offer(model: &mut Model, said: Said) {
        Self::ask(model, "No workflow fits by its words", Vec::new(), Some(said));
    }

    fn ask(model: &mut Model, title: &str, mut asked: Vec<WorkflowId>, said: Option<Said>) {
        if let Some(suggestion) = said.as_ref().and_then(Said::suggests) {
            asked.retain(|id| *id != suggestion.id);
            asked.insert(0, suggestion.id.clone());
            asked.truncate(MOST_CHOICES);
        }
        let mut choose = Self::new(title, Vec::new());
        choose.asked = Some(asked);
        choose.said = said.map(|said| (console::phrase(model).to_owned(), said));
        choose.narrow_to_phrase(model);
        model.open(choose);
    }

    /// What somebody else says of the phrase as it stands.
    pub(super) fn said(&self, model: &Model) -> Option<&Said> {
        self.said.as_ref().filter(|(of, _)| of == console::phrase(model)).map(|(_, said)| said)
    }

    /// The workflows that the phrase means as it stands now. Only those that were asked about, unless it has
    /// come to mean another one for certain; where it means none any more, all of them stay.
    pub(super) fn narrow_to_phrase(&mut self, model: &Model) {
        let (Some(asked), Some(answer)) = (&self.asked, console::answer(model)) else { return };
        let selected = self.items.get(self.selected).and_then(|i| workflow(i).cloned());
        let now = meant(answer);
        let among: Vec<&Candidate> = asked.iter().filter_map(|id| now.iter().find(|c| c.id == *id)).collect();
        let phrase = console::phrase(model);
        let known = |id: &WorkflowId| answer.candidates.iter().find(|c| c.id == *id);
        let mut ids: Vec<&WorkflowId> = match (among.as_slice(), now) {
            ([], [other]) => vec![&other.id],
            ([], _) => asked.iter().collect(),
            (some, _) => some.iter().map(|c| &c.id).collect(),
        };
        let suggestion = self.said(model).and_then(Said::suggests);
        if let Some(suggestion) = suggestion {
            ids.retain(|id| **id != suggestion.id);
            ids.insert(0, &suggestion.id);
            ids.truncate(MOST_CHOICES);
        }
        let mut items: Vec<Item> =
            ids.iter().filter_map(|id| item(model, id, known(id), asked, phrase)).collect();
        let suggested = items.iter_mut().find(|i| suggestion.is_some_and(|s| workflow(i) == Some(&s.id)));
        if let (Some(item), Some(suggestion)) = (suggested, suggestion) {
            item.says = suggestion.says();
            if let Pick::Workflow { reason, .. } = &mut item.pick {
                *reason = suggestion.because();
            }
        }
        items.push(Item::new("", "None of these", Pick::None));
        let kept = selected.and_then(|id| items.iter().position(|i| workflow(i) == Some(&id)));
        self.selected = kept.unwrap_or(0);
        self.items = items;
    }

    pub(super) fn neither(&self, model: &mut Model) -> Reaction {
        if self.asked.is_some() {
            console::none_of_these(model);
        }
        Reaction::close()
    }
}

/// The key of the last item, where it is a single letter or number as those of the others are.
pub(super) fn neither_key(model: &Model) -> String {
    let keys = keys_of(model, Action::Neither);
    keys.split(' ').next().filter(|key| key.len() == 1).unwrap_or(" ").to_owned()
}

/// The workflows that one of is meant.
fn meant(answer: &Answer) -> &[Candidate] {
    let count = match answer.decision {
        Decision::Match => 1,
        Decision::Ambiguous { choices } => choices,
        Decision::None | Decision::Control(_) => 0,
    };
    answer.candidates.get(..count).unwrap_or(&answer.candidates)
}

fn workflow(item: &Item) -> Option<&WorkflowId> {
    match &item.pick {
        Pick::Workflow { id, .. } => Some(id),
        _ => None,
    }
}

/// One of several workflows that could be meant, with what tells it from the others: its scope, and what their
/// authors say of it.
fn item(
    model: &Model,
    id: &WorkflowId,
    candidate: Option<&Candidate>,
    others: &[WorkflowId],
    phrase: &str,
) -> Option<Item> {
    let definition = |id| model.bank.as_ref().and_then(|b| b.registry.get(id)).and_then(|e| e.workflow());
    let workflow = definition(id)?;
    let light = |text: &str| -> Lit {
        let text = SafeLine::new(text);
        let letters = telling(text.as_str(), phrase);
        (text, letters)
    };
    let pick = Pick::Workflow {
        id: id.clone(),
        phrase: phrase.to_owned(),
        reason: candidate.map_or_else(|| "you chose it when asked".to_owned(), |c| c.reason.clone()),
    };
    let mut item = Item::new(id.as_str(), "", pick);
    item.label = light(&workflow.name);
    if let Some(candidate) = candidate.filter(|c| c.text.to_lowercase() != workflow.name.to_lowercase()) {
        let text = SafeLine::new(&candidate.text);
        // Cleaning may have dropped characters, which moves the lit ones; such a text is shown unlit.
        let letters = if text.as_str() == candidate.text { candidate.lit.clone() } else { Vec::new() };
        item.aside = (text, letters);
    }
    let told = others.iter().filter(|other| *other != id).filter_map(|other| definition(other)?.says_of(id));
    let scope = Some(workflow.scope.as_str()).filter(|s| !s.is_empty());
    item.details = scope.into_iter().chain(told).map(light).collect();
    Some(item)
}

/// The first lines of a card for the phrase, where there is room for them, and the rest.
pub(super) fn split_head(body: Rect, wanted: u16) -> (Rect, Rect) {
    let head = wanted.min(body.height.saturating_sub(3));
    let top = Rect { height: head, ..body };
    (top, Rect { y: body.y + head, height: body.height - head, ..body })
}

/// The phrase as it stands, with the cursor in it.
pub(super) fn draw_phrase(model: &Model, frame: &mut Frame, area: Rect) {
    if area.height == 0 {
        return;
    }
    let look = &model.look;
    let line = Rect { height: 1, ..area };
    frame.render_widget(Line::styled(look.glyph("›", ">"), look.accent()), line);
    let field = Rect { x: line.x + 2.min(line.width), width: line.width.saturating_sub(2), ..line };
    console::draw_phrase(model, frame, field);
}
