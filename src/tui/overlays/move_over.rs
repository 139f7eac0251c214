//! The card before a run is moved over: how its workflow's file differs from the version that the run has, what
//! that means for its steps, and whether it can be.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use crate::base::{Error, Result, RunId, SafeLine, StepId};
use crate::config::{Action, Context, Role};
use crate::protocol::{Difference, MoveOver, Request, Response};
use crate::run::{Changes, Run, WorkflowRef};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::edit::difference;
use crate::tui::overlays::form::Form;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::rows;
use crate::tui::screens::run::sheet::{Sheet, exact};
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Hint, PaneState, card, hints, pane};
use crate::workflow::{Workflow, parse};

const WIDTH: u16 = 100;

pub struct MoveOverCard {
    run: RunId,
    /// The last event of the run when it was asked.
    seq: u64,
    /// Inputs that are otherwise than the run's.
    inputs: Map<String, Value>,
    /// `None` until it has come.
    seen: Option<Box<Difference>>,
    /// The new version, as its file says.
    version: Option<Workflow>,
    sent: bool,
    problem: Option<SafeLine>,
    scroll: PaneState,
}

impl MoveOverCard {
    pub fn open(model: &mut Model, run: &RunId) -> Vec<Effect> {
        let Some(copy) = model.mirror.run(run) else { return Vec::new() };
        let card = Self {
            run: run.clone(),
            seq: copy.seq,
            inputs: Map::new(),
            seen: None,
            version: None,
            sent: false,
            problem: None,
            scroll: PaneState::default(),
        };
        let ask = card.ask();
        model.open(card);
        vec![ask]
    }

    fn ask(&self) -> Effect {
        let request = Request::Difference { run: self.run.clone(), inputs: self.inputs.clone() };
        Effect::ask(Asker::Overlay, request)
    }

    fn refusal(&self) -> Option<&Error> {
        self.seen.as_ref().and_then(|seen| seen.changes.as_ref().err())
    }

    fn sheet<'a>(&self, model: &'a Model, run: &Run, width: usize) -> Sheet<'a> {
        let look = &model.look;
        let mut sheet = Sheet::new(look, width);
        let Some(seen) = &self.seen else {
            sheet.line(Line::styled("The difference is on its way from the engine.", look.muted()), 0);
            return sheet;
        };
        match &seen.changes {
            Ok(changes) => told(&mut sheet, run, self.version.as_ref(), changes),
            Err(error) => {
                sheet.prose(
                    &format!("It cannot be moved over: {}.", error.message),
                    look.style(Role::Warning),
                );
                for cause in &error.causes {
                    sheet.prose(cause, look.subtext());
                }
                if let Some(hint) = &error.hint {
                    sheet.prose(hint, look.subtext());
                }
            }
        }
        sheet.gap();
        let lines = |text: &str| exact(text).lines().map(str::to_owned).collect::<Vec<_>>();
        sheet.lines.extend(difference::lines(&lines(&seen.before), &lines(&seen.after), look, width));
        sheet
    }
}

/// What moving over means for the steps.
fn told(sheet: &mut Sheet<'_>, run: &Run, new: Option<&Workflow>, changes: &Changes) {
    let look = sheet.look;
    sheet.line(
        Line::styled("What is done stays as it is; the run goes on as the new version says.", look.text()),
        0,
    );
    let Changes { changed, added, removed, asked_anew } = changes;
    let lists = [("Changed", changed), ("New", added), ("Gone", removed), ("Asked anew", asked_anew)];
    for (label, steps) in lists.into_iter().filter(|(_, steps)| !steps.is_empty()) {
        let title = |id: &StepId| match run.record(id) {
            Some((_, record)) => rows::title(run, record),
            None => new.and_then(|new| new.step(id)).map_or_else(|| id.to_string(), |s| s.title.clone()),
        };
        let names: Vec<String> = steps.iter().map(title).collect();
        sheet.field(label, &names.join(", "), look.subtext());
    }
}

/// `v2 → v3`; `v2, edited` where the number has stayed.
pub fn versions(model: &Model, from: &WorkflowRef, to: u32) -> String {
    if from.version == to {
        return format!("v{to}, edited");
    }
    format!("v{} {} v{to}", from.version, model.look.glyph("→", "->"))
}

impl Overlay for MoveOverCard {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Card, Context::List]
    }

    fn title(&self) -> &'static str {
        "Move over"
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Activate => {
                let (Some(new), Some(seen)) = (&self.version, &self.seen) else {
                    return Some(Reaction::stay());
                };
                if self.sent || seen.changes.is_err() {
                    return Some(Reaction::stay());
                }
                let request = MoveOver {
                    run: self.run.clone(),
                    digest: seen.to.digest.clone(),
                    inputs: self.inputs.clone(),
                    env: model.facts.declared(&new.env),
                    secrets: model.facts.secrets(new, &self.inputs),
                };
                self.sent = true;
                self.problem = None;
                let effect = Effect::ask(Asker::Overlay, Request::MoveOver(Box::new(request)));
                return Some(Reaction::stay().with([effect]));
            }
            Action::Inputs => {
                let (new, run) = (self.version.as_ref()?, model.mirror.run(&self.run)?);
                let mut inputs = run.inputs.clone();
                inputs.extend(self.inputs.clone());
                let title = format!("{}: inputs of the new version", new.id);
                let form = Form::bring(&title, new.inputs.clone(), &inputs);
                model.open(form);
            }
            moved if self.scroll.on_action(moved) => {}
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_values(&mut self, model: &mut Model, values: Map<String, Value>) -> Reaction {
        let run = model.mirror.run(&self.run);
        let differs = |(name, value): &(String, Value)| run.and_then(|r| r.inputs.get(name)) != Some(value);
        self.inputs = values.into_iter().filter(differs).collect();
        Reaction::stay().with([self.ask()])
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        let is_move = match request {
            Request::Difference { run, .. } if *run == self.run => false,
            Request::MoveOver(request) if request.run == self.run => true,
            _ => return None,
        };
        let effects = match result {
            Ok(Response::Difference(seen)) => {
                let read = parse(seen.to.id.as_str(), seen.after.as_bytes());
                self.version = read.ok().map(|(workflow, _)| workflow);
                self.seen = Some(seen.clone());
                Vec::new()
            }
            Ok(_) if is_move => {
                model.say("The run goes on in the new version");
                return Some(Reaction::close());
            }
            Ok(_) => Vec::new(),
            Err(error) => {
                self.problem = Some(card::problem(error));
                if is_move { vec![self.ask()] } else { Vec::new() }
            }
        };
        self.sent &= !is_move;
        Some(Reaction::stay().with(effects))
    }

    /// What the run does decides whether it can be moved over.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let Some(run) = model.mirror.run(&self.run) else { return Reaction::stay() };
        if run.is_ended() {
            return Reaction::close();
        }
        if run.seq == self.seq || self.sent {
            return Reaction::stay();
        }
        self.seq = run.seq;
        Reaction::stay().with([self.ask()])
    }

    fn refused(&self, _model: &Model, action: Action) -> Option<String> {
        match action {
            Action::Activate | Action::Inputs if self.seen.is_none() => {
                Some("The difference is on its way from the engine".to_owned())
            }
            Action::Activate => self.refusal().map(|error| error.message.clone()),
            Action::Inputs => self
                .version
                .as_ref()
                .is_some_and(|new| new.inputs.is_empty())
                .then(|| "This workflow takes no inputs".to_owned()),
            Action::Edit => Some("Nothing is edited here".to_owned()),
            other => card::before_start(other),
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some(run) = model.mirror.run(&self.run) else { return };
        card::dim(frame, look);
        let room = usize::from(card::place(frame.area(), WIDTH, 0).width.saturating_sub(6));
        let sheet = self.sheet(model, run, room.saturating_sub(1));
        let problem = u16::from(self.problem.is_some());
        let area = card::place(frame.area(), WIDTH, (sheet.lines.len() + 3).min(1_000) as u16 + problem);
        let mut title = vec![Span::styled("Move the run over", look.strong())];
        if let Some(seen) = &self.seen {
            title.push(untrusted(
                &format!("  {}", versions(model, &seen.from, seen.to.version)),
                look.subtext(),
            ));
        }
        let right =
            vec![untrusted(&format!("{} {}", run.header.workflow.id, run.id().short()), look.muted())];
        let inner = card::draw(frame, area, look, title, right);
        let (mut body, foot) = split_foot(inner);
        if let (Some(problem), true) = (&self.problem, body.height > 1) {
            let line = Line::from(untrusted(problem.as_str(), look.style(Role::Error)));
            let at = ratatui::layout::Rect { y: body.y + body.height - 1, height: 1, ..body };
            frame.render_widget(line, at);
            body.height -= 1;
        }
        pane::draw(frame, body, look, &sheet.lines, &self.scroll, false);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let may = self.seen.as_ref().is_some_and(|seen| seen.changes.is_ok());
        let word = if self.sent { "moving…" } else { "move it over" };
        let mut all: Vec<Hint> = may.then(|| Hint::labelled(Action::Activate, word)).into_iter().collect();
        if self.version.as_ref().is_some_and(|new| !new.inputs.is_empty()) {
            all.push(Hint::labelled(Action::Inputs, "inputs"));
        }
        all.push(Hint::labelled(Action::Escape, if may { "not now" } else { "close" }));
        all
    }
}
