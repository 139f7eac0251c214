//! The confirmation card: which workflow, which version, why it matched, what it will do. Nothing
//! is started behind it; Enter starts exactly what it shows.

use std::sync::Arc;

use ratatui::Frame;
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use crate::base::{Result, SafeLine, WorkflowId};
use crate::config::{Action, Context, Role};
use crate::matching::Chosen;
use crate::protocol::{OptionsOf, Request, Response, Start};
use crate::run::PrerequisiteResult;
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::confirm::filled::Filled;
use crate::tui::overlays::confirm::subject::Moved;
use crate::tui::overlays::form::Form;
use crate::tui::overlays::trust::Trust;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::console::why::in_words;
use crate::tui::widgets::text::{cut_line, untrusted, width, wrap};
use crate::tui::widgets::{Hint, PaneState, card, hints, pane};
use crate::workflow::field::Asking;
use crate::workflow::{Entry, Field, Prerequisite, Reference, Status, Workflow, field};

mod filled;
mod steps;
mod subject;

/// How the prerequisites stand.
enum Checks {
    /// The engine runs the commands. `start`: Enter was pressed meanwhile.
    Asked {
        start: bool,
    },
    Known(Vec<PrerequisiteResult>),
    /// They could not be checked, and why.
    Failed(SafeLine),
}

impl Checks {
    /// Commands are run by the engine, of trusted workflows alone; sentences are ticked by a person.
    fn before(entry: &Entry, workflow: &Workflow) -> Self {
        let has_commands = workflow.prerequisites.iter().any(|p| matches!(p, Prerequisite::Check { .. }));
        if entry.is_trusted() && has_commands {
            return Self::Asked { start: false };
        }
        let unknown = |p: &Prerequisite| PrerequisiteResult::unticked(p.says());
        Self::Known(workflow.prerequisites.iter().map(unknown).collect())
    }
}

pub struct Confirm {
    entry: Entry,
    workflow: Arc<Workflow>,
    phrase: Option<String>,
    reason: SafeLine,
    /// What a start teaches of the phrase; `None` where nothing was chosen.
    chosen: Option<Chosen>,
    inputs: Filled,
    checks: Checks,
    /// Which prerequisite is selected, where there are sentences to tick.
    selected: usize,
    /// A failed check was seen and Enter pressed: the next Enter starts anyway.
    warned: bool,
    started: bool,
    dry_run: bool,
    /// Every automatic step will wait for `proceed`.
    step_through: bool,
    /// Where the workflow moves something.
    moved: Option<Moved>,
    /// Which form is open above.
    naming: bool,
    scroll: PaneState,
}

impl Confirm {
    /// Opens the card for a workflow; `phrase` is what the person typed, `reason` why it matched.
    pub fn open(model: &mut Model, id: &WorkflowId, phrase: Option<&str>, reason: &str) -> Vec<Effect> {
        Self::open_chosen(model, id, phrase, reason, None)
    }

    /// The same; once it is started, the phrase is learned to mean this workflow, if it was `chosen`.
    pub fn open_chosen(
        model: &mut Model,
        id: &WorkflowId,
        phrase: Option<&str>,
        reason: &str,
        chosen: Option<Chosen>,
    ) -> Vec<Effect> {
        let Some(entry) = model.bank.as_ref().and_then(|b| b.registry.get(id)).cloned() else {
            model.say(&format!("{id} is no longer in the bank"));
            return Vec::new();
        };
        let Some(workflow) = entry.workflow().cloned() else { return Vec::new() };
        let inputs = Filled::new(model, &workflow, phrase);
        let checks = Checks::before(&entry, &workflow);
        let mut effects = match checks {
            Checks::Asked { .. } => vec![check(model, &workflow, &entry.digest)],
            _ => Vec::new(),
        };
        let moved = Moved::new(model, &workflow);
        effects.extend(moved.as_ref().map(|_| ask_subjects(model)));
        model.open(Self {
            entry,
            workflow,
            phrase: phrase.map(str::to_owned),
            reason: SafeLine::new(reason),
            chosen,
            inputs,
            checks,
            selected: 0,
            warned: false,
            started: false,
            dry_run: false,
            step_through: false,
            moved,
            naming: false,
            scroll: PaneState::default(),
        });
        effects
    }

    /// The prerequisites that a person ticks, by their place.
    fn sentences(&self) -> Vec<usize> {
        let is_sentence = |p: &Prerequisite| matches!(p, Prerequisite::Sentence(_));
        let all = self.workflow.prerequisites.iter().enumerate();
        all.filter(|(_, p)| is_sentence(p)).map(|(n, _)| n).collect()
    }

    fn results(&self) -> &[PrerequisiteResult] {
        match &self.checks {
            Checks::Known(results) => results,
            Checks::Asked { .. } | Checks::Failed(_) => &[],
        }
    }

    fn tick(&mut self) {
        let Some(place) = self.sentences().get(self.selected).copied() else { return };
        if let Checks::Known(results) = &mut self.checks
            && let Some(result) = results.get_mut(place)
        {
            result.passed = if result.passed == Some(true) { None } else { Some(true) };
        }
    }

    fn refused_start(&self) -> Option<String> {
        if let Status::Deprecated { replaced_by, reason } = &self.workflow.status {
            let instead = replaced_by.as_ref().map(|id| format!("; use {id}")).unwrap_or_default();
            let why = reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
            return Some(format!("{} is deprecated{why}{instead}", self.workflow.id));
        }
        if !self.entry.is_trusted() {
            return Some(format!(
                "{} comes from this project and nobody has trusted it yet: read it, then trust it",
                self.workflow.id
            ));
        }
        None
    }

    fn start(&mut self, model: &mut Model) -> Reaction {
        if self.started {
            return Reaction::stay();
        }
        let Ok(inputs) = field::complete(&self.workflow.inputs, &self.inputs.values) else {
            // The form says what is missing.
            return Reaction::stay().with(self.edit_inputs(model));
        };
        if self.moved.as_ref().is_some_and(|m| m.name().is_none()) {
            self.name_subject(model);
            return Reaction::stay();
        }
        if let Checks::Asked { start } = &mut self.checks {
            *start = true;
            model.say("It starts as soon as the prerequisites are checked");
            return Reaction::stay();
        }
        if self.results().iter().any(|r| r.passed == Some(false)) && !self.warned {
            self.warned = true;
            model.say("A prerequisite is not met: press Enter again to start all the same");
            return Reaction::stay();
        }
        self.started = true;
        let start = Start {
            workflow: self.workflow.id.clone(),
            digest: self.entry.digest.clone(),
            folder: model.facts.folder.clone(),
            secrets: model.facts.secrets(&self.workflow, &inputs),
            inputs,
            env: model.facts.declared(&self.workflow.env),
            phrase: self.phrase.clone(),
            prerequisites: self.results().to_vec(),
            subject: self.moved.as_ref().and_then(Moved::wanted),
            step_through: self.step_through,
            breakpoints: Vec::new(),
        };
        Reaction::stay().with([Effect::ask(Asker::Overlay, Request::Start(Box::new(start)))])
    }

    /// What the start has taught.
    fn lesson(&self, model: &Model) -> Option<Effect> {
        let (Some(phrase), Some(how)) = (&self.phrase, self.chosen) else { return None };
        let request = Request::Learn {
            phrase: phrase.clone(),
            workflow: self.workflow.id.clone(),
            how,
            folder: model.facts.folder.clone(),
        };
        Some(Effect::ask(Asker::Verb, request))
    }

    fn edit_inputs(&self, model: &mut Model) -> Vec<Effect> {
        let title = format!("{}: inputs", self.workflow.id);
        let fields = self.workflow.inputs.clone();
        let of = OptionsOf::Input {
            workflow: self.workflow.id.clone(),
            digest: self.entry.digest.clone(),
            folder: model.facts.folder.clone(),
            env: model.facts.declared(&self.workflow.env),
        };
        Form::inputs(&title, fields, of, &self.inputs.values, self.inputs.sources()).open(model)
    }

    fn name_subject(&mut self, model: &mut Model) {
        if let Some(moved) = &self.moved {
            let form = moved.form(&format!("{}: what it moves", self.workflow.id));
            self.naming = true;
            model.open(form);
        }
    }

    /// Everything the card says, and the line that must be seen.
    fn body(&self, model: &Model, room: usize) -> (Vec<Line<'static>>, Option<usize>) {
        let look = &model.look;
        let mut lines = vec![Line::default()];
        lines.extend(wrap(&Line::from(untrusted(&self.workflow.scope, look.text())), room, 0));
        let mut why = vec![Span::styled("Why this one: ", look.muted())];
        let said = self.reason.as_str().strip_prefix("said: ");
        let said_so = |rest: &str| {
            let mut spans = vec![Span::styled("you said “", look.subtext())];
            spans.extend(self.inputs.lit(look));
            spans.push(untrusted(&format!("”{rest}"), look.subtext()));
            spans
        };
        match &self.phrase {
            Some(phrase) if said.is_some_and(|s| s.eq_ignore_ascii_case(phrase.trim())) => {
                why.extend(said_so(", one of its own phrases"));
            }
            Some(_) => why.extend(said_so(&format!("; {}", in_words(self.reason.as_str())))),
            None => why.push(untrusted(&in_words(self.reason.as_str()), look.subtext())),
        }
        lines.extend(wrap(&Line::from(why), room, 0));
        if let Some(refused) = self.refused_start() {
            lines.push(Line::default());
            let line = Line::from(untrusted(&refused, look.style(Role::Warning)));
            lines.extend(wrap(&line, room, 0));
        }
        lines.push(Line::default());
        let seen = self.before(model, room, &mut lines);
        self.inputs(model, room, &mut lines);
        if let Some(moved) = &self.moved {
            lines.extend(moved.lines(model, room));
            lines.push(Line::default());
        }
        if self.step_through {
            let told = "Steps through: every automatic step shows what it would do, and waits for you.";
            lines.extend(wrap(&Line::styled(told, look.style(Role::Info)), room, 0));
            lines.push(Line::default());
        }
        self.steps(model, room, &mut lines);
        (lines, seen)
    }

    fn before(&self, model: &Model, room: usize, lines: &mut Vec<Line<'static>>) -> Option<usize> {
        let look = &model.look;
        if self.workflow.prerequisites.is_empty() {
            return None;
        }
        let sentences = self.sentences();
        let mut seen = None;
        for (n, prerequisite) in self.workflow.prerequisites.iter().enumerate() {
            let result = self.results().get(n);
            let is_sentence = sentences.contains(&n);
            let passed = result.and_then(|r| r.passed);
            let (glyph, style) = match (passed, is_sentence) {
                (Some(true), true) => (look.glyph("☑", "[x]"), look.style(Role::Success)),
                (Some(true), false) => (look.glyph("✓", "v"), look.style(Role::Success)),
                (Some(false), _) => (look.glyph("✗", "x"), look.style(Role::Error)),
                (None, true) => (look.glyph("☐", "[ ]"), look.subtext()),
                (None, false) => (look.glyph("·", "."), look.muted()),
            };
            let here = is_sentence && sentences.len() > 1 && sentences.get(self.selected) == Some(&n);
            if sentences.get(self.selected) == Some(&n) {
                seen = Some(lines.len());
            }
            let mut spans = vec![
                Span::styled(if n == 0 { "Before    " } else { "          " }, look.muted()),
                Span::styled(format!("{} ", if here { look.pointer() } else { " " }), look.accent()),
                Span::styled(format!("{glyph} "), style),
                untrusted(prerequisite.says(), look.text()),
            ];
            match (&self.checks, passed, is_sentence) {
                (Checks::Asked { .. }, _, false) => spans.push(Span::styled("  checking…", look.muted())),
                (Checks::Failed(why), _, false) => {
                    spans.push(Span::styled("  not checked: ", look.style(Role::Warning)));
                    spans.push(untrusted(why.as_str(), look.muted()));
                }
                (Checks::Known(_), Some(false), _) => {
                    let detail = result.and_then(|r| r.detail.as_deref()).unwrap_or("not met");
                    spans.push(untrusted(&format!("  {detail}"), look.style(Role::Error)));
                }
                _ => {}
            }
            lines.extend(wrap(&Line::from(spans), room, 14));
            if let Some(hint) = result.and_then(|r| r.hint.as_deref()) {
                let line = Line::from(vec![Span::raw(" ".repeat(14)), untrusted(hint, look.subtext())]);
                lines.extend(wrap(&line, room, 14));
            }
        }
        lines.push(Line::default());
        seen
    }

    fn inputs(&self, model: &Model, room: usize, lines: &mut Vec<Line<'static>>) {
        let look = &model.look;
        if self.workflow.inputs.is_empty() {
            return;
        }
        let widest = self.workflow.inputs.iter().map(|f| width(&f.name)).max().unwrap_or(0).min(24);
        let mut asking = Asking::inputs();
        let mut is_asked = |input: &Field| {
            let asked = asking.asks(input).unwrap_or(true);
            let value = self.inputs.values.get(&input.name).filter(|_| asked);
            asking.take(input, value.cloned().unwrap_or(Value::Null));
            asked
        };
        let asked: Vec<&Field> = self.workflow.inputs.iter().filter(|f| is_asked(f)).collect();
        for (n, input) in asked.into_iter().enumerate() {
            let value = self.inputs.values.get(&input.name).filter(|v| !v.is_null());
            let shown = value.map(field::shown);
            let (text, style) = match (&shown, input.required) {
                (Some(text), _) => (text.as_str(), look.text()),
                (None, true) => ("needed", look.style(Role::Warning)),
                (None, false) => ("empty", look.muted()),
            };
            let mut spans = vec![
                Span::styled(if n == 0 { "Inputs      " } else { "            " }, look.muted()),
                untrusted(&format!("{:<widest$}  ", input.name), look.subtext()),
                untrusted(text, style),
            ];
            if let Some(told) = self.inputs.told(input) {
                spans.push(untrusted(&format!("   {told}"), look.muted()));
            }
            if let Some(Reference::Env(variable)) = value.and_then(Reference::of)
                && !model.facts.env.contains_key(&variable)
            {
                spans.push(Span::styled("   not set here", look.style(Role::Warning)));
            }
            lines.push(cut_line(&Line::from(spans), room));
        }
        lines.push(Line::default());
    }
}

fn ask_subjects(model: &Model) -> Effect {
    Effect::ask(Asker::Overlay, Request::Subjects { folder: model.facts.folder.clone() })
}

fn check(model: &Model, workflow: &Workflow, digest: &str) -> Effect {
    let request = Request::CheckPrerequisites {
        workflow: workflow.id.clone(),
        digest: digest.to_owned(),
        folder: model.facts.folder.clone(),
    };
    Effect::ask(Asker::Overlay, request)
}

impl Overlay for Confirm {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Card, Context::List]
    }

    fn title(&self) -> &'static str {
        "Confirmation card"
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let ticks = self.sentences().len();
        match action {
            Action::Activate => return Some(self.start(model)),
            Action::Tick => self.tick(),
            Action::Inputs => {
                self.naming = false;
                return Some(Reaction::stay().with(self.edit_inputs(model)));
            }
            Action::Subject => self.name_subject(model),
            Action::CardStepThrough => self.step_through = !self.step_through,
            Action::DryRun => {
                self.dry_run = !self.dry_run;
                self.scroll.to_top();
            }
            Action::Trust => {
                let question = Trust::of(&self.entry)?;
                model.open(question);
                return Some(Reaction::stay());
            }
            Action::Edit => {
                let path = self.entry.path.clone()?;
                return Some(Reaction::stay().with([Effect::Edit(path)]));
            }
            // With several sentences to tick the arrows go through them first.
            Action::Down if self.selected + 1 < ticks && !self.dry_run => self.selected += 1,
            Action::Up if self.selected > 0 && !self.dry_run => self.selected -= 1,
            _ if self.scroll.on_action(action) => {}
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        match (request, result) {
            (Request::CheckPrerequisites { digest, .. }, result) if *digest == self.entry.digest => {
                let wanted = matches!(self.checks, Checks::Asked { start: true });
                self.checks = match result {
                    Ok(Response::Prerequisites(results)) => Checks::Known(results.clone()),
                    Ok(_) => return None,
                    Err(error) => Checks::Failed(SafeLine::new(&error.message)),
                };
                let known = matches!(self.checks, Checks::Known(_));
                Some(if wanted && known { self.start(model) } else { Reaction::stay() })
            }
            (Request::Subjects { .. }, Ok(Response::Subjects(states))) => {
                if let Some(moved) = &mut self.moved {
                    moved.know(states);
                }
                Some(Reaction::stay())
            }
            // What is not known here the engine knows at the start.
            (Request::Subjects { .. }, _) => Some(Reaction::stay()),
            (Request::Start(start), result) if start.digest == self.entry.digest && self.started => {
                self.started = false;
                match result {
                    Ok(Response::Summary(row)) => {
                        let run = row.run.clone();
                        model.console.input.take();
                        let lesson = self.lesson(model);
                        Some(Reaction::close().with(model.open_run(&run)).with(lesson))
                    }
                    Ok(_) => None,
                    Err(error) => {
                        model.report(error);
                        Some(Reaction::stay())
                    }
                }
            }
            _ => None,
        }
    }

    fn on_values(&mut self, _model: &mut Model, values: Map<String, Value>) -> Reaction {
        let took = self.naming && self.moved.as_mut().is_some_and(|moved| moved.take(&values));
        self.naming = false;
        if !took {
            self.inputs.values = values;
        }
        Reaction::stay()
    }

    /// The bank was read again: show the file as it is now, and check anew.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let bank = model.bank.clone();
        let Some(entry) = bank.as_ref().and_then(|b| b.registry.get(&self.workflow.id)) else {
            model.say(&format!("{} is no longer in the bank", self.workflow.id));
            return Reaction::close();
        };
        let same = entry.digest == self.entry.digest && entry.is_trusted() == self.entry.is_trusted();
        if same || self.started {
            return Reaction::stay();
        }
        let Some(workflow) = entry.workflow().cloned() else { return Reaction::close() };
        if entry.digest != self.entry.digest {
            model.say("The file has changed: this is what it says now");
        }
        self.entry = entry.clone();
        self.inputs.renew(model, &self.workflow, &workflow);
        self.moved = Moved::new(model, &workflow);
        self.workflow = workflow;
        self.warned = false;
        self.checks = Checks::before(&self.entry, &self.workflow);
        let subjects = self.moved.as_ref().map(|_| ask_subjects(model));
        match self.checks {
            Checks::Asked { .. } => {
                Reaction::stay().with([check(model, &self.workflow, &self.entry.digest)]).with(subjects)
            }
            _ => Reaction::stay().with(subjects),
        }
    }

    fn refused(&self, _model: &Model, action: Action) -> Option<String> {
        match action {
            Action::Activate => self.refused_start(),
            Action::Inputs if self.workflow.inputs.is_empty() => {
                Some("This workflow takes no inputs".to_owned())
            }
            Action::Subject if self.moved.is_none() => {
                Some("This workflow changes the state of nothing".to_owned())
            }
            Action::Tick if self.sentences().is_empty() => Some("There is nothing to tick here".to_owned()),
            Action::Trust if self.entry.is_trusted() => Some("It is trusted already".to_owned()),
            Action::Trust | Action::Edit if self.entry.path.is_none() => {
                Some("A bundled workflow is part of the program".to_owned())
            }
            _ => None,
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let screen = frame.area();
        let room = usize::from(card::place(screen, 90, 10).width).saturating_sub(6);
        let (lines, seen) = self.body(model, room);
        let area = card::place(screen, 90, lines.len() as u16 + 2);
        let title = vec![
            untrusted(self.workflow.id.as_str(), look.accent()),
            Span::raw("  "),
            untrusted(&self.workflow.name, look.strong()),
        ];
        let mut right = format!("version {} · {}", self.workflow.version, self.entry.origin.word());
        if !self.entry.is_trusted() {
            right.push_str(" · not trusted");
        }
        let inner = card::draw(frame, area, look, title, vec![Span::styled(right, look.muted())]);
        let (body, foot) = split_foot(inner);
        if let Some(line) = seen.filter(|_| self.selected > 0) {
            self.scroll.reveal(line);
        }
        pane::draw(frame, body, look, &lines, &self.scroll, true);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let mut all = vec![
            Hint::labelled(Action::Activate, if self.started { "starting…" } else { "start" }),
            Hint::new(Action::Trust),
            Hint::labelled(Action::DryRun, if self.dry_run { "steps" } else { "dry run" }),
            Hint::new(Action::Inputs),
            Hint::new(Action::Tick),
            Hint::new(Action::Subject),
            Hint::labelled(
                Action::CardStepThrough,
                if self.step_through { "run through" } else { "step through" },
            ),
        ];
        all.retain(|h| self.refused(model, h.action).is_none());
        all.push(Hint::labelled(Action::Escape, "not this"));
        all
    }
}

#[cfg(test)]
mod tests;
