//! The card's inputs: defaults, what the phrase says, what was typed, and which of them a value is.

use ratatui::text::Span;
use serde_json::{Map, Value};

use crate::matching::{Found, values};
use crate::tui::Model;
use crate::tui::look::Look;
use crate::tui::overlays::form::Source;
use crate::tui::widgets::text::untrusted;
use crate::workflow::{Field, Workflow, field};

/// Where a value is from that the phrase did not give.
const DEFAULT: &str = "default";
const TYPED: &str = "typed";

pub struct Filled {
    phrase: String,
    found: Vec<Found>,
    pub values: Map<String, Value>,
}

impl Filled {
    /// Defaults, and before them what the phrase says.
    pub fn new(model: &Model, workflow: &Workflow, phrase: Option<&str>) -> Self {
        let phrase = phrase.unwrap_or_default().to_owned();
        let found = values(&phrase, workflow, &model.mirror.offered(&workflow.id));
        let defaults = workflow.inputs.iter().filter_map(|f| Some((f.name.clone(), f.default.clone()?)));
        let mut values: Map<String, Value> = defaults.collect();
        values.extend(found.iter().map(|f| (f.input.clone(), f.value.clone())));
        Self { phrase, found, values }
    }

    /// The file has changed: what was typed and still fits stays, everything else is found anew.
    pub fn renew(&mut self, model: &Model, old: &Workflow, new: &Workflow) {
        let typed = |f: &&Field| {
            let was = old.inputs.iter().find(|o| o.name == f.name)?;
            let value = self.values.get(&f.name).filter(|_| self.told(was).as_deref() == Some(TYPED))?;
            field::check(f, value).is_ok().then(|| (f.name.clone(), value.clone()))
        };
        let typed: Vec<_> = new.inputs.iter().filter_map(|f| typed(&f)).collect();
        *self = Self::new(model, new, Some(&self.phrase));
        self.values.extend(typed);
    }

    /// What was taken from the phrase and stands as it was taken.
    fn taken(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|f| self.values.get(&f.input) == Some(&f.value))
    }

    /// Where the value is from, as the card says it; `None`: there is none.
    pub fn told(&self, input: &Field) -> Option<String> {
        let value = self.values.get(&input.name).filter(|v| !v.is_null())?;
        let found = self.taken().find(|f| f.input == input.name);
        Some(match (found, &input.default) {
            (Some(found), _) => found.told(&self.phrase),
            // Where it is from stands in its place.
            (None, _) if input.is_secret() => return None,
            (None, Some(default)) if default == value => DEFAULT.to_owned(),
            (None, _) => TYPED.to_owned(),
        })
    }

    /// For the form: what came from the phrase.
    pub fn sources(&self) -> Vec<Source> {
        let source =
            |f: &Found| Source { input: f.input.clone(), value: f.value.clone(), told: f.told(&self.phrase) };
        self.found.iter().map(source).collect()
    }

    /// The phrase, the words that were taken lit.
    pub fn lit(&self, look: &Look) -> Vec<Span<'static>> {
        let chars: Vec<char> = self.phrase.chars().collect();
        let piece =
            |from: usize, to: usize| -> String { chars.get(from..to).unwrap_or_default().iter().collect() };
        let mut spans = Vec::new();
        let mut at = 0;
        for found in self.taken() {
            spans.push(untrusted(&piece(at, found.start), look.subtext()));
            spans.push(untrusted(&piece(found.start, found.end), look.lit()));
            at = found.end;
        }
        spans.push(untrusted(&piece(at, chars.len()), look.subtext()));
        spans
    }
}
