//! A form: questions one below the other, each checked as it is left. For the questions of an `ask`
//! step, for a workflow's inputs, and for secrets that an engine has lost. `editor` is what an
//! answer is typed into, `draw` how it looks.

mod draw;
mod editor;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ratatui::Frame;
use serde_json::{Map, Value};

use crate::base::{Result, RunId, SafeLine, Secret, StepId};
use crate::config::{Action, Context, Key};
use crate::protocol::{OptionsOf, Request, Response};
use crate::run::Verb;
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::form::editor::{Editor, Moved};
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::verbs;
use crate::tui::widgets::Hint;
use crate::workflow::field::Asking;
use crate::workflow::{Field, Reference, field};

/// Where the values go.
#[derive(Debug, Clone, PartialEq)]
enum Purpose {
    Answer {
        run: RunId,
        step: StepId,
    },
    /// To the overlay below.
    Bring,
    /// Secrets that the run has lost, by the name of their field; then the step is tried again.
    Give {
        run: RunId,
        step: StepId,
        references: BTreeMap<String, String>,
    },
}

/// A value that came from somewhere else than the keys, and the words that say so.
pub struct Source {
    pub input: String,
    pub value: Value,
    pub told: String,
}

/// The options that a command prints, and the answers that it was given.
enum Offer {
    /// There is no command, or it has not been run.
    None,
    Waiting(Map<String, Value>),
    Known(Map<String, Value>),
    /// And why: the answer is typed freely.
    Failed(SafeLine),
}

struct Entry {
    field: Field,
    /// The same with the options that its command has printed.
    narrowed: Field,
    editor: Editor,
    source: Option<Source>,
    problem: Option<SafeLine>,
    asked: bool,
    offer: Offer,
    /// The reference of a secret that was typed and is in the engine's memory.
    kept: Option<Value>,
}

pub struct Form {
    title: SafeLine,
    purpose: Purpose,
    /// What is known before its first question.
    asking: Asking,
    /// Whose options they are, where the engine can be asked for them.
    of: Option<OptionsOf>,
    entries: Vec<Entry>,
    focus: usize,
    /// The secret that the engine is being given; everything else waits for that.
    sending: Option<usize>,
}

/// Drafts of answers that were left, by run and step; kept in the model.
pub type Drafts = BTreeMap<(RunId, StepId), Map<String, Value>>;

impl Form {
    /// The questions of a step. `values`: what was typed before and left.
    pub fn answer(
        run: RunId,
        step: StepId,
        title: &str,
        fields: Vec<Field>,
        asking: Asking,
        values: &Map<String, Value>,
    ) -> Self {
        let of = OptionsOf::Step { run: run.clone(), step: step.clone() };
        Self::new(title, Purpose::Answer { run, step }, fields, asking, Some(of), values)
    }

    /// Any questions whose options are known; what is typed is brought to the overlay below.
    pub fn bring(title: &str, fields: Vec<Field>, values: &Map<String, Value>) -> Self {
        Self::new(title, Purpose::Bring, fields, Asking::inputs(), None, values)
    }

    /// A workflow's inputs, brought to the overlay below; `sources`: where values come from.
    pub fn inputs(
        title: &str,
        fields: Vec<Field>,
        of: OptionsOf,
        values: &Map<String, Value>,
        sources: Vec<Source>,
    ) -> Self {
        let mut form = Self::new(title, Purpose::Bring, fields, Asking::inputs(), Some(of), values);
        for source in sources {
            if let Some(entry) = form.entries.iter_mut().find(|e| e.field.name == source.input) {
                entry.source = Some(source);
            }
        }
        form
    }

    /// Secrets that a step needs and the engine does not have, by variable and reference.
    pub fn give(run: RunId, step: StepId, title: &str, references: BTreeMap<String, String>) -> Self {
        let field = |(variable, reference): (&String, &String)| {
            let mut field = Field::new(variable, crate::workflow::FieldKind::Secret, variable);
            field.default = Reference::parse(reference).ok().map(|r| r.value());
            field
        };
        let fields = references.iter().map(field).collect();
        let purpose = Purpose::Give { run, step, references };
        Self::new(title, purpose, fields, Asking::inputs(), None, &Map::new())
    }

    fn new(
        title: &str,
        purpose: Purpose,
        fields: Vec<Field>,
        asking: Asking,
        of: Option<OptionsOf>,
        values: &Map<String, Value>,
    ) -> Self {
        let entries = fields.into_iter().map(|field| Entry::new(field, values)).collect();
        let title = SafeLine::new(title);
        let mut form = Self { title, purpose, asking, of, entries, focus: 0, sending: None };
        form.refresh();
        let first = form.asked().next().map_or(0, |(n, _)| n);
        form.focus = first;
        form
    }

    /// Puts it on top, and asks for the options of its first question.
    pub fn open(mut self, model: &mut Model) -> Vec<Effect> {
        let effects = self.look_up();
        model.open(self);
        effects
    }

    /// The questions that are asked now, with their places.
    fn asked(&self) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().filter(|(_, e)| e.asked)
    }

    /// Decides which questions are asked, by what stands in the earlier ones.
    fn refresh(&mut self) {
        let mut asking = self.asking.clone();
        for entry in &mut self.entries {
            entry.asked = asking.asks(&entry.field).unwrap_or_else(|why| {
                // It is shown, so that somebody sees why nothing can be sent.
                entry.problem = Some(SafeLine::new(&why));
                true
            });
            let value = if entry.asked { entry.read().unwrap_or(Value::Null) } else { Value::Null };
            asking.take(&entry.field, value);
        }
    }

    /// The answers before this one, as far as they fit.
    fn before(&self, place: usize) -> Map<String, Value> {
        let earlier = self.asked().take_while(|(n, _)| *n < place);
        earlier.filter_map(|(_, e)| Some((e.field.name.clone(), e.read().ok()?))).collect()
    }

    /// Asks the engine for the options of the question at hand, unless they are known for these answers.
    fn look_up(&mut self) -> Vec<Effect> {
        let values = self.before(self.focus);
        let (Some(of), Some(entry)) = (self.of.clone(), self.entries.get_mut(self.focus)) else {
            return Vec::new();
        };
        let is_known = match &entry.offer {
            Offer::Waiting(with) | Offer::Known(with) => *with == values,
            Offer::None | Offer::Failed(..) => false,
        };
        if entry.field.options_from.is_none() || is_known {
            return Vec::new();
        }
        entry.offer = Offer::Waiting(values.clone());
        let request = Request::Options { of, field: entry.field.name.clone(), values };
        vec![Effect::ask(Asker::Overlay, request)]
    }

    /// What is typed so far, checked or not; of a secret only its reference.
    fn draft(&self) -> Map<String, Value> {
        let typed = |e: &Entry| {
            let value = match (&e.kept, e.field.is_secret()) {
                (Some(reference), _) => reference.clone(),
                (None, true) => return None,
                (None, false) => Value::String(e.editor.typed()),
            };
            Some((e.field.name.clone(), value))
        };
        self.entries.iter().filter_map(typed).filter(|(_, v)| v != "").collect()
    }

    fn leave(&self, model: &mut Model) {
        if let Purpose::Answer { run, step } = &self.purpose {
            model.run.drafts.insert((run.clone(), step.clone()), self.draft());
        }
    }

    fn check(&mut self) {
        if let Some(entry) = self.entries.get_mut(self.focus) {
            entry.problem = entry.read().err().map(|p| SafeLine::new(&p));
        }
        self.refresh();
    }

    fn step(&mut self, forward: bool) -> Vec<Effect> {
        self.check();
        let places: Vec<usize> = self.asked().map(|(n, _)| n).collect();
        let count = places.len().max(1);
        let at = places.iter().position(|n| *n == self.focus).unwrap_or(0);
        let next = (at + if forward { 1 } else { count - 1 }) % count;
        self.focus = places.get(next).copied().unwrap_or(0);
        self.look_up()
    }

    fn is_last(&self) -> bool {
        self.asked().next_back().is_none_or(|(n, _)| n == self.focus)
    }

    fn submit(&mut self, model: &mut Model) -> Reaction {
        if self.sending.is_some() {
            return Reaction::stay();
        }
        self.refresh();
        let mut asking = self.asking.clone();
        let mut values = Map::new();
        let mut wrong = None;
        for (n, entry) in self.entries.iter_mut().enumerate() {
            let read = match asking.asks(&entry.field) {
                Ok(true) => entry.read(),
                Ok(false) => Ok(Value::Null),
                Err(why) => Err(why),
            };
            match &read {
                Ok(_) => entry.problem = None,
                Err(problem) => {
                    entry.problem = Some(SafeLine::new(problem));
                    wrong = wrong.or(Some(n));
                }
            }
            let value = read.unwrap_or(Value::Null);
            asking.take(&entry.field, value.clone());
            values.insert(entry.field.name.clone(), value);
        }
        if let Some(first) = wrong {
            self.focus = first;
            return Reaction::stay().with(self.look_up());
        }
        // A secret goes to the engine first; what is sent then is its reference.
        let secret = self.asked().find_map(|(n, e)| Some((n, e.secret()?)));
        if let Some((n, secret)) = secret {
            self.sending = Some(n);
            return Reaction::stay().with([Effect::ask(Asker::Overlay, self.giving(n, secret))]);
        }
        match &self.purpose {
            Purpose::Bring => Reaction::close().values(values),
            Purpose::Answer { run, step } => {
                // Kept until the run says that it has the answers.
                model.run.drafts.insert((run.clone(), step.clone()), self.draft());
                let verb = Verb::Answer { step: Some(step.clone()), values };
                Reaction::close().with([verbs::act(run, verb)])
            }
            Purpose::Give { run, step, .. } => {
                let verb = Verb::Retry { step: Some(step.clone()), edit: None };
                Reaction::close().with([verbs::act(run, verb)])
            }
        }
    }

    fn giving(&self, place: usize, secret: Secret) -> Request {
        let name = self.entries.get(place).map(|e| e.field.name.as_str()).unwrap_or_default();
        match &self.purpose {
            Purpose::Give { run, references, .. } => Request::GiveSecret {
                run: run.clone(),
                reference: references.get(name).cloned().unwrap_or_default(),
                secret,
            },
            Purpose::Answer { .. } | Purpose::Bring => Request::KeepSecret { secret },
        }
    }

    /// The engine has the secret, or says why not.
    fn given(&mut self, model: &mut Model, result: &Result<Response>) -> Option<Reaction> {
        let entry = self.entries.get_mut(self.sending.take()?)?;
        match result {
            Ok(Response::SecretKept(reference)) => {
                entry.kept = Reference::parse(reference).ok().map(|r| r.value());
                entry.editor = Editor::new(&entry.field, None, &[]);
                Some(self.submit(model))
            }
            Ok(_) => None,
            Err(error) => {
                entry.problem = Some(SafeLine::new(&error.message));
                Some(Reaction::stay())
            }
        }
    }

    /// What the command of a question has printed.
    fn offered(
        &mut self,
        model: &mut Model,
        name: &str,
        values: &Map<String, Value>,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        let wanted = |e: &&mut Entry| {
            e.field.name == name && matches!(&e.offer, Offer::Waiting(with) if with == values)
        };
        let entry = self.entries.iter_mut().find(wanted)?;
        match result {
            Ok(Response::Options(options)) => {
                entry.take_options(options);
                entry.offer = Offer::Known(values.clone());
                if let (Some(OptionsOf::Input { workflow, .. }), false) = (&self.of, entry.field.is_secret())
                {
                    model.mirror.offer(workflow, name, options);
                }
            }
            Ok(_) => return None,
            Err(error) => {
                let why = error.causes.first().unwrap_or(&error.message);
                entry.offer = Offer::Failed(SafeLine::new(why));
            }
        }
        self.refresh();
        Some(Reaction::stay())
    }
}

impl Entry {
    fn new(field: Field, values: &Map<String, Value>) -> Self {
        let value = values.get(&field.name).filter(|v| !v.is_null());
        let kept = value.filter(|_| field.is_secret()).cloned();
        let editor = Editor::new(&field, value.or(field.default.as_ref()), &[]);
        let narrowed = field.clone();
        Self { field, narrowed, editor, source: None, problem: None, asked: true, offer: Offer::None, kept }
    }

    fn read(&self) -> std::result::Result<Value, String> {
        match (&self.editor, &self.kept) {
            // Whatever it is: the engine checks it when it is given.
            (Editor::Secret(line), _) if !line.is_empty() => Ok(Value::Null),
            (Editor::Secret(_), Some(reference)) => Ok(reference.clone()),
            _ => field::read(&self.narrowed, &self.editor.typed()),
        }
    }

    /// A secret that was typed and that the engine does not have yet.
    fn secret(&self) -> Option<Secret> {
        match &self.editor {
            Editor::Secret(line) if !line.is_empty() => Some(Secret::new(line.text())),
            _ => None,
        }
    }

    fn take_options(&mut self, options: &[String]) {
        let typed = Value::String(self.editor.typed());
        self.narrowed = self.field.with_options(options);
        self.editor = Editor::new(&self.narrowed, Some(&typed), options);
        self.problem = None;
    }

    /// Where the value is from, as long as nobody has changed it.
    fn told(&self) -> Option<&str> {
        let source = self.source.as_ref()?;
        (self.read().as_ref() == Ok(&source.value)).then_some(source.told.as_str())
    }

    /// Question, explanation, answer, what is wrong with it, and a free line.
    fn rows(&self, focused: bool) -> u16 {
        let explained = focused && self.field.description.is_some();
        self.editor.height(focused) + 3 + u16::from(explained)
    }
}

impl Overlay for Form {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Form]
    }

    fn title(&self) -> &'static str {
        "Form"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        match &self.purpose {
            Purpose::Answer { run, .. } | Purpose::Give { run, .. } => Some(run.clone()),
            Purpose::Bring => None,
        }
    }

    fn takes(&self, key: Key) -> bool {
        self.entries.get(self.focus).is_some_and(|entry| entry.editor.takes(key))
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        if self.sending.is_some() {
            return Reaction::stay();
        }
        let Some(entry) = self.entries.get_mut(self.focus) else { return Reaction::stay() };
        let effects = match entry.editor.key(key) {
            Moved::Back => self.step(false),
            Moved::On => self.step(true),
            Moved::Stays => {
                entry.problem = None;
                self.refresh();
                Vec::new()
            }
        };
        Reaction::stay().with(effects)
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        if let Some(entry) = self.entries.get_mut(self.focus).filter(|_| self.sending.is_none()) {
            entry.problem = entry.editor.paste(text).err().map(SafeLine::new);
        }
        self.refresh();
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let effects = match action {
            Action::Submit => return Some(self.submit(model)),
            Action::Activate => {
                if let Some(entry) = self.entries.get_mut(self.focus) {
                    entry.editor.take_suggestion();
                }
                self.refresh();
                // Enter goes on, and sends from the last field.
                if self.is_last() {
                    return Some(self.submit(model));
                }
                self.step(true)
            }
            Action::Focus => self.step(true),
            Action::FocusBack => self.step(false),
            Action::Escape => {
                self.leave(model);
                return Some(Reaction::close());
            }
            _ => return None,
        };
        Some(Reaction::stay().with(effects))
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        match request {
            Request::Options { of, field, values } if self.of.as_ref() == Some(of) => {
                self.offered(model, field, values, result)
            }
            Request::KeepSecret { .. } | Request::GiveSecret { .. } => self.given(model, result),
            _ => None,
        }
    }

    /// The step no longer waits for answers: somebody else gave them, or the run has ended.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if let Purpose::Answer { run, step } = &self.purpose
            && let Some(copy) = model.mirror.run(run)
            && verbs::waiting(copy, |p| matches!(p, crate::run::Prompt::Answers))
                .is_none_or(|(s, _)| &s != step)
        {
            self.leave(model);
            model.say("The step no longer waits for answers");
            return Reaction::close();
        }
        Reaction::stay()
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        draw::form(self, model, frame);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let label = match self.purpose {
            Purpose::Answer { .. } => "send",
            Purpose::Bring => "take over",
            Purpose::Give { .. } => "give, and try again",
        };
        let mut all = vec![
            Hint::labelled(Action::Submit, if self.sending.is_some() { "sending…" } else { label }),
            Hint::labelled(Action::Focus, "next field"),
            Hint::labelled(Action::Escape, "later"),
            Hint::labelled(Action::FocusBack, "back"),
        ];
        all.retain(|h| self.asked().count() > 1 || !matches!(h.action, Action::Focus | Action::FocusBack));
        all
    }
}
