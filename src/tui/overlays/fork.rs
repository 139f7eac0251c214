//! The card before a run is forked: what the new run takes over, what it does anew, and with which inputs.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use crate::base::{Result, RunId, SafeLine, StepId};
use crate::config::{Action, Context, Role};
use crate::protocol::{Request, Response};
use crate::run::{Role as RecordRole, Run, fork};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::form::Form;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::rows;
use crate::tui::screens::run::sheet::{Sheet, plain};
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Hint, PaneState, card, hints, pane};

const WIDTH: u16 = 80;

pub struct ForkCard {
    run: RunId,
    from: StepId,
    /// As they will be in the new run.
    inputs: Map<String, Value>,
    sent: bool,
    problem: Option<SafeLine>,
    scroll: PaneState,
}

impl ForkCard {
    pub fn new(model: &Model, run: &RunId, from: &StepId) -> Option<Self> {
        let copy = model.mirror.run(run)?;
        copy.place(from)?;
        Some(Self {
            run: run.clone(),
            from: from.clone(),
            inputs: copy.inputs.clone(),
            sent: false,
            problem: None,
            scroll: PaneState::default(),
        })
    }

    /// The inputs that are otherwise than in the old run.
    fn changed(&self, run: &Run) -> Map<String, Value> {
        let differs = |(name, value): &(&String, &Value)| run.inputs.get(*name) != Some(*value);
        self.inputs.iter().filter(differs).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    fn sheet<'a>(&self, model: &'a Model, run: &Run, width: usize) -> Sheet<'a> {
        let look = &model.look;
        let mut sheet = Sheet::new(look, width);
        let carried = match fork(run, &self.from) {
            Ok(fork) => fork.carried,
            Err(refusal) => {
                sheet.prose(&refusal.reason, look.style(Role::Error));
                return sheet;
            }
        };
        let told = "A new run begins here, of the same version. The old one stays as it is.";
        sheet.line(Line::styled(told, look.text()), 0);
        sheet.gap();
        for record in run.steps.iter().filter(|r| matches!(r.role, RecordRole::Step { .. })) {
            let taken = carried.iter().any(|c| c.step == record.id);
            let here = record.id == self.from;
            let badge = look.step(record.state.status());
            let (glyph, word) =
                if taken { (badge.glyph, "taken over") } else { (look.glyph("·", "."), "done anew") };
            let style = if taken { look.subtext() } else { look.text() };
            let pointer = if here { look.pointer() } else { " " };
            sheet.line(
                Line::from(vec![
                    Span::styled(format!("{pointer} "), look.accent()),
                    Span::styled(format!("{glyph} "), if taken { badge.style } else { look.muted() }),
                    Span::styled(format!("{:>2}  ", rows::number(record)), look.muted()),
                    untrusted(&rows::title(run, record), style),
                    Span::styled(format!("  {word}"), look.muted()),
                ]),
                8,
            );
        }
        if !self.inputs.is_empty() {
            sheet.gap();
        }
        let changed = self.changed(run);
        for (n, (name, value)) in self.inputs.iter().enumerate() {
            let mut spans = vec![
                untrusted(name, look.subtext()),
                Span::styled(" = ", look.muted()),
                untrusted(&plain(value), look.text()),
            ];
            if changed.contains_key(name) {
                spans.push(Span::styled("  changed", look.style(Role::Info)));
            }
            sheet.labelled(if n == 0 { "Inputs" } else { "" }, spans);
        }
        if !changed.is_empty() {
            let told = "What is taken over was made with the old inputs.";
            sheet.line(Line::styled(told, look.style(Role::Warning)), 0);
        }
        if let Some(problem) = &self.problem {
            sheet.gap();
            sheet.prose(problem.as_str(), look.style(Role::Error));
        }
        sheet
    }
}

impl Overlay for ForkCard {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Card, Context::List]
    }

    fn title(&self) -> &'static str {
        "Fork"
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let run = model.mirror.run(&self.run)?;
        match action {
            Action::Activate => {
                if self.sent {
                    return Some(Reaction::stay());
                }
                self.sent = true;
                self.problem = None;
                let inputs = self.changed(run);
                let request = Request::Fork { run: self.run.clone(), from: self.from.clone(), inputs };
                return Some(Reaction::stay().with([Effect::ask(Asker::Overlay, request)]));
            }
            Action::Inputs => {
                let title = format!("{}: inputs of the new run", run.workflow.id);
                let form = Form::bring(&title, run.workflow.inputs.clone(), &self.inputs);
                model.open(form);
            }
            moved if self.scroll.on_action(moved) => {}
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_values(&mut self, _model: &mut Model, values: Map<String, Value>) -> Reaction {
        self.inputs = values;
        Reaction::stay()
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        let Request::Fork { run, from, .. } = request else { return None };
        if (run, from) != (&self.run, &self.from) || !self.sent {
            return None;
        }
        self.sent = false;
        match result {
            Ok(Response::Summary(row)) => {
                let run = row.run.clone();
                Some(Reaction::close().with(model.open_run(&run)))
            }
            Ok(_) => None,
            Err(error) => {
                self.problem = Some(card::problem(error));
                Some(Reaction::stay())
            }
        }
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        match action {
            Action::Inputs if self.inputs.is_empty() => Some("This workflow takes no inputs".to_owned()),
            Action::Inputs | Action::Activate => {
                let gone = model.mirror.run(&self.run).is_none();
                gone.then(|| "The run is on its way from the engine".to_owned())
            }
            Action::Edit => Some("Nothing is edited here; change the inputs instead".to_owned()),
            other => card::before_start(other),
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some(run) = model.mirror.run(&self.run) else { return };
        card::dim(frame, look);
        let room = usize::from(card::place(frame.area(), WIDTH, 0).width.saturating_sub(6));
        let sheet = self.sheet(model, run, room.saturating_sub(1));
        let area = card::place(frame.area(), WIDTH, (sheet.lines.len() + 3).min(1_000) as u16);
        let title = vec![
            Span::styled("Fork from “", look.text()),
            untrusted(&rows::title_of(run, &self.from), look.strong()),
            Span::styled("”", look.text()),
        ];
        let right =
            vec![untrusted(&format!("{} {}", run.header.workflow.id, run.id().short()), look.muted())];
        let inner = card::draw(frame, area, look, title, right);
        let (body, foot) = split_foot(inner);
        let spare = u16::from(body.height > 8);
        let body = ratatui::layout::Rect {
            y: body.y + spare,
            height: body.height.saturating_sub(spare * 2),
            ..body
        };
        pane::draw(frame, body, look, &sheet.lines, &self.scroll, false);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let mut all =
            vec![Hint::labelled(Action::Activate, if self.sent { "starting…" } else { "start it" })];
        if !self.inputs.is_empty() {
            all.push(Hint::labelled(Action::Inputs, "change the inputs"));
        }
        all.push(Hint::labelled(Action::Escape, "not now"));
        all
    }
}
