//! Neither approve nor reject: back to a step before the approval, with what must be different.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{RunId, StepId};
use crate::config::{Action, Context, Key, Role};
use crate::run::{Prompt, Run, StepRecord, StepState, Verb};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::rows;
use crate::tui::verbs;
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::text::{untrusted, wrap};
use crate::tui::widgets::{Hint, LineInput, card, hints};

const WIDTH: u16 = 76;
const WHY: &str = "The step is done again, and everything after it; the approval is asked again. Your words reach the \
                   steps as run.feedback, and stay in the journal.";

pub struct PushBack {
    run: RunId,
    step: StepId,
    to: Vec<StepId>,
    list: ListState,
    feedback: LineInput,
    problem: Option<&'static str>,
}

impl PushBack {
    /// `None` where the step waits for no approval, or nothing comes before it.
    pub fn new(model: &Model, run: &RunId, step: &StepId) -> Option<Self> {
        let copy = model.mirror.run(run)?;
        let to = verbs::before(copy, step);
        let nearest = to.len().checked_sub(1)?;
        Some(Self {
            run: run.clone(),
            step: step.clone(),
            to,
            list: ListState::at(nearest),
            feedback: LineInput::default(),
            problem: None,
        })
    }

    fn subject<'a>(&self, model: &'a Model) -> Option<(&'a Run, &'a StepRecord)> {
        let run = model.mirror.run(&self.run)?;
        let (_, record) = run.record(&self.step)?;
        let waits = matches!(record.state, StepState::Waiting { on: Prompt::Approval { .. }, .. });
        (waits && !run.is_ended()).then_some((run, record))
    }

    fn submit(&mut self) -> Reaction {
        let feedback = self.feedback.text().trim().to_owned();
        if feedback.is_empty() {
            self.problem = Some("Say what must be different");
            return Reaction::stay();
        }
        let Some(to) = self.to.get(self.list.selected).cloned() else { return Reaction::stay() };
        let verb = Verb::PushBack { step: Some(self.step.clone()), to, feedback };
        Reaction::close().with([verbs::act(&self.run, verb)])
    }
}

impl Overlay for PushBack {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Form, Context::List]
    }

    fn title(&self) -> &'static str {
        "Push back"
    }

    fn takes(&self, key: Key) -> bool {
        LineInput::takes(key)
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        self.problem = None;
        self.feedback.key(key);
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        self.problem = None;
        self.feedback.insert(text);
        Reaction::stay()
    }

    fn on_action(&mut self, _model: &mut Model, action: Action) -> Option<Reaction> {
        let last = self.to.len().saturating_sub(1);
        match action {
            Action::Activate | Action::Submit => return Some(self.submit()),
            Action::Up => self.list.selected = self.list.selected.saturating_sub(1),
            Action::Down => self.list.selected = (self.list.selected + 1).min(last),
            // Tab goes round the steps.
            Action::Focus => self.list.selected = (self.list.selected + 1) % (last + 1),
            Action::FocusBack => self.list.selected = (self.list.selected + last) % (last + 1),
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if self.subject(model).is_some() { Reaction::stay() } else { Reaction::close() }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some((run, record)) = self.subject(model) else { return };
        card::dim(frame, look);
        let compact = crate::tui::frame::is_compact(frame.area());
        let room = usize::from(card::place(frame.area(), WIDTH, 0).width.saturating_sub(6));
        let why = if compact { Vec::new() } else { wrap(&Line::styled(WHY, look.subtext()), room, 0) };
        let rows: Vec<Row> = self
            .to
            .iter()
            .filter_map(|id| run.record(id))
            .map(|(_, r)| {
                let badge = look.step(r.state.status());
                Row::new(vec![
                    Line::styled(rows::number(r), look.muted()),
                    Line::from(untrusted(&rows::title(run, r), look.text())),
                    Line::styled(badge.word, look.muted()),
                ])
            })
            .collect();
        let listed = rows.len().min(8) as u16;
        let gap = u16::from(!compact);
        let head = why.len() as u16 + gap * 2;
        let height = head + 1 + listed + gap + 3 + gap + 1;
        let area = card::place(frame.area(), WIDTH, height);
        let title = vec![Span::styled("Push back", look.strong())];
        let right = vec![untrusted(&rows::title(run, record), look.muted())];
        let inner = card::draw(frame, area, look, title, right);
        let (body, foot) = split_foot(inner);
        let mut y = gap;
        let line = |frame: &mut Frame, y: u16, line: Line<'static>| {
            if y < body.height {
                frame.render_widget(line, Rect { y: body.y + y, height: 1, ..body });
            }
        };
        for text in why {
            line(frame, y, text);
            y += 1;
        }
        y += gap;
        line(frame, y, Line::styled("Back to", look.heading()));
        y += 1;
        let left = body.height.saturating_sub(y);
        // The feedback keeps its three lines.
        let listed = listed.min(left.saturating_sub(3)).max(1).min(left);
        let columns = [Column::fit(4).right().essential(), Column::fill(), Column::fit(10)];
        let place = Rect { y: body.y + y, height: listed, ..body };
        list::draw(frame, place, look, &columns, &rows, &self.list, Some(true));
        y += listed + gap;
        line(frame, y, Line::styled("What must be different?", look.heading()));
        y += 1;
        if y < body.height {
            let field = Rect { y: body.y + y, height: 1, ..body };
            frame.render_widget(Line::styled(look.glyph("›", ">"), look.accent()), field);
            let field =
                Rect { x: field.x + 2.min(field.width), width: field.width.saturating_sub(2), ..field };
            self.feedback.draw(frame, field, look.text(), true);
        }
        if let Some(problem) = self.problem {
            line(frame, y + 1, Line::styled(problem, look.style(Role::Error)));
        }
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![
            Hint::labelled(Action::Activate, "push back"),
            Hint::labelled(Action::Up, "another step"),
            Hint::labelled(Action::Escape, "not now"),
        ]
    }
}
