//! What the run changes the state of: by default the branch, and how that stands.

use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use crate::config::Role;
use crate::run::SubjectState;
use crate::tui::Model;
use crate::tui::overlays::form::Form;
use crate::tui::widgets::text::{untrusted, wrap};
use crate::workflow::{Field, FieldKind, Moves, Workflow};

/// What the field of the form is called.
const NAME: &str = "subject";

/// The subject of a workflow that moves one.
pub struct Moved {
    moves: Moves,
    /// What was typed; `None`: the branch.
    typed: Option<String>,
    branch: Option<String>,
    /// The states that the engine knows; `None`: it has not said yet.
    known: Option<Vec<SubjectState>>,
}

impl Moved {
    pub fn new(model: &Model, workflow: &Workflow) -> Option<Self> {
        let moves = workflow.moves.clone()?;
        let branch = model.facts.repo.as_ref().map(|r| r.branch.clone()).filter(|b| !b.is_empty());
        Some(Self { moves, typed: None, branch, known: None })
    }

    pub fn name(&self) -> Option<&str> {
        self.typed.as_deref().or(self.branch.as_deref())
    }

    /// What is sent: nothing where it is the branch, which the engine asks git for itself.
    pub fn wanted(&self) -> Option<String> {
        self.typed.clone()
    }

    pub fn know(&mut self, states: &[SubjectState]) {
        self.known = Some(states.to_vec());
    }

    /// Why the run cannot start with this subject, as far as is known here.
    pub fn refused(&self) -> Option<String> {
        let Some(name) = self.name() else {
            return Some(format!("It takes something to {}: say what", self.moves.to));
        };
        let known = self.known.as_ref()?;
        let state = known.iter().find(|s| s.name == name).cloned();
        let state = state.unwrap_or_else(|| SubjectState::unknown("", name));
        state.may_start(&self.moves, None).err().map(|refusal| refusal.reason)
    }

    pub fn form(&self, title: &str) -> Form {
        let prompt = format!("What does it take to {}?", self.moves.to);
        let field = Field::new(NAME, FieldKind::String { max_length: None }, prompt);
        let value = self.name().map(|name| (NAME.to_owned(), Value::String(name.to_owned())));
        Form::bring(title, vec![field], &value.into_iter().collect())
    }

    /// Takes what the form brought; false where that was another form.
    pub fn take(&mut self, values: &Map<String, Value>) -> bool {
        let Some(Value::String(name)) = values.get(NAME).filter(|_| values.len() == 1) else { return false };
        let name = name.trim();
        self.typed = Some(name.to_owned()).filter(|n| self.branch.as_ref() != Some(n) && !n.is_empty());
        true
    }

    pub fn lines(&self, model: &Model, room: usize) -> Vec<Line<'static>> {
        let look = &model.look;
        let arrow = look.glyph("→", "->");
        let from =
            if self.moves.from.is_empty() { "any state".to_owned() } else { self.moves.from.join(" or ") };
        let mut spans = vec![Span::styled("Moves       ", look.muted())];
        match self.name() {
            Some(name) => spans.push(untrusted(name, look.text())),
            None => spans.push(Span::styled("needed", look.style(Role::Warning))),
        }
        spans.push(untrusted(&format!("   {from} {arrow} {}", self.moves.to), look.subtext()));
        let origin = match (&self.typed, &self.branch) {
            (Some(_), _) => "   typed",
            (None, Some(_)) => "   the branch",
            (None, None) => "",
        };
        spans.push(Span::styled(origin, look.muted()));
        let mut lines = wrap(&Line::from(spans), room, 12);
        if let Some(refused) = self.refused() {
            let line =
                Line::from(vec![Span::raw(" ".repeat(12)), untrusted(&refused, look.style(Role::Warning))]);
            lines.extend(wrap(&line, room, 12));
        }
        lines
    }
}
