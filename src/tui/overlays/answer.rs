//! An agent without a command has been asked something: its persona and prompt, and the place to answer it.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use crate::base::{RunId, SafeLine, StepId};
use crate::config::{Action, Context, Key, Role};
use crate::run::{Prompt, Run, StepRecord, StepState, Verb, Work};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::{rows, sheet::Sheet};
use crate::tui::verbs;
use crate::tui::widgets::text::{cut_line, span, untrusted};
use crate::tui::widgets::{Area, Hint, PaneState, card, hints, pane};
use crate::workflow::field;

/// What the answer is called among the values that are sent.
const TEXT: &str = "text";

pub struct AgentAnswer {
    run: RunId,
    step: StepId,
    area: Area,
    /// The arrows move in the prompt, rather than in the answer.
    reading: bool,
    scroll: PaneState,
    problem: Option<SafeLine>,
    /// What was sent last; taken once the step goes on.
    sent: Cell<bool>,
}

impl AgentAnswer {
    /// The place for the answer of a step that waits for one, with what was typed before and left.
    pub fn new(model: &Model, run: &RunId, step: &StepId) -> Option<Self> {
        let draft = model.run.drafts.get(&(run.clone(), step.clone()));
        let draft = draft.and_then(|d| d.get(TEXT)).and_then(Value::as_str).unwrap_or_default();
        let card = Self {
            run: run.clone(),
            step: step.clone(),
            area: Area::new(draft, field::TEXT_LIMIT).at_end(),
            reading: false,
            scroll: PaneState::default(),
            problem: None,
            sent: Cell::new(false),
        };
        card.subject(model).is_some().then_some(card)
    }

    fn subject<'a>(&self, model: &'a Model) -> Option<(&'a Run, &'a StepRecord)> {
        let run = model.mirror.run(&self.run).filter(|run| !run.is_ended())?;
        let (_, record) = run.record(&self.step)?;
        let waits = matches!(record.state, StepState::Waiting { on: Prompt::Agent { .. }, .. });
        waits.then_some((run, record))
    }

    /// Kept until the run has it.
    fn keep(&self, model: &mut Model) {
        let key = (self.run.clone(), self.step.clone());
        let text = self.area.text();
        if text.trim().is_empty() {
            model.run.drafts.remove(&key);
        } else {
            model.run.drafts.insert(key, Map::from_iter([(TEXT.to_owned(), Value::String(text))]));
        }
    }

    fn submit(&mut self, model: &mut Model) -> Reaction {
        let values = Map::from_iter([(TEXT.to_owned(), Value::String(self.area.text()))]);
        let verb = Verb::Answer { step: Some(self.step.clone()), values };
        let refusal = self.subject(model).and_then(|(run, _)| verbs::refusal(model, run, verb.clone()));
        if let Some(refusal) = refusal {
            let hint = refusal.hint.map(|h| format!(". {h}")).unwrap_or_default();
            self.problem = Some(SafeLine::new(&format!("{}{hint}", refusal.reason)));
            return Reaction::stay();
        }
        self.keep(model);
        self.sent.set(true);
        Reaction::stay().with([verbs::act(&self.run, verb)])
    }
}

impl Overlay for AgentAnswer {
    fn contexts(&self) -> &'static [Context] {
        if self.reading { &[Context::Form, Context::List] } else { &[Context::Form] }
    }

    fn title(&self) -> &'static str {
        "Answer"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        Some(self.run.clone())
    }

    fn step_at_hand(&self, _model: &Model) -> Option<StepId> {
        Some(self.step.clone())
    }

    fn takes(&self, key: Key) -> bool {
        !self.reading && Area::takes(key)
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        self.problem = None;
        self.area.key(key);
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        self.problem = None;
        self.area.paste(text);
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Submit => return Some(self.submit(model)),
            Action::Focus | Action::FocusBack => self.reading = !self.reading,
            Action::Escape => {
                self.keep(model);
                return Some(Reaction::close());
            }
            moved if self.reading => return self.scroll.on_action(moved).then(Reaction::stay),
            _ => return None,
        }
        Some(Reaction::stay())
    }

    /// The step no longer waits for it: the run has it, or somebody else was first.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if self.subject(model).is_some() {
            return Reaction::stay();
        }
        if model.mirror.run(&self.run).is_none() {
            return Reaction::stay();
        }
        if !self.sent.get() {
            self.keep(model);
            model.say("The step no longer waits for an answer");
        }
        Reaction::close()
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some((run, record)) = self.subject(model) else { return };
        let (agent, expects) = match record.attempts.last().map(|a| &a.work) {
            Some(Work::Agent { agent, expects, .. }) => (agent.as_str(), expects.as_deref()),
            _ => ("", None),
        };
        card::dim(frame, look);
        let screen = frame.area();
        let area = card::place(screen, screen.width.min(110), screen.height);
        let title = vec![Span::styled("Answer in place of ", look.text()), untrusted(agent, look.strong())];
        let right = vec![untrusted(&rows::title(run, record), look.muted())];
        let inner = card::draw(frame, area, look, title, right);
        let (body, foot) = split_foot(inner);
        let mut sheet = Sheet::new(look, usize::from(body.width).saturating_sub(1));
        if let StepState::Waiting { on: Prompt::Agent { persona, prompt, .. }, .. } = &record.state {
            if !persona.is_empty() {
                sheet.prose(persona, look.subtext());
                sheet.gap();
            }
            sheet.prose(prompt, look.text());
        }
        // The answer keeps half of the room, and all that the prompt does not need.
        let heads = 2;
        let most = body.height.saturating_sub(heads) / 2;
        let above = (sheet.lines.len() as u16).min(most);
        let rule = |y: u16, told: &str, focused: bool| {
            let line = Line::from(vec![
                Span::styled(format!("{told} "), if focused { look.accent() } else { look.muted() }),
                Span::styled(
                    look.glyph("─", "-").repeat(usize::from(body.width).saturating_sub(told.len() + 1)),
                    look.border(focused),
                ),
            ]);
            (
                line,
                Rect { y: body.y + y.min(body.height.saturating_sub(1)), height: body.height.min(1), ..body },
            )
        };
        let (line, place) = rule(0, "Prompt", self.reading);
        frame.render_widget(line, place);
        pane::draw(
            frame,
            Rect { y: body.y + 1, height: above, ..body },
            look,
            &sheet.lines,
            &self.scroll,
            false,
        );
        let (line, place) = rule(above + 1, "Answer", !self.reading);
        frame.render_widget(line, place);
        let used = (above + heads).min(body.height);
        let mut room = Rect { y: body.y + used, height: body.height - used, ..body };
        let told = match (&self.problem, expects, self.area.is_full()) {
            (Some(problem), ..) => Some(Line::from(span(problem, look.style(Role::Error)))),
            (None, _, true) => {
                Some(Line::styled("The answer is as long as it may be", look.style(Role::Error)))
            }
            (None, Some(expects), false) => {
                Some(Line::from(untrusted(&format!("It must have “{expects}” in it."), look.muted())))
            }
            (None, None, false) => None,
        };
        if let Some(told) = told.filter(|_| room.height > 1) {
            room.height -= 1;
            let at = Rect { y: room.y + room.height, height: 1, ..room };
            frame.render_widget(cut_line(&told, at.width.into()), at);
        }
        self.area.draw(frame, room, look, !self.reading);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let other = if self.reading { "the answer" } else { "read on in the prompt" };
        vec![
            Hint::labelled(Action::Submit, "send"),
            Hint::labelled(Action::Focus, other),
            Hint::labelled(Action::Escape, "later"),
        ]
    }
}
