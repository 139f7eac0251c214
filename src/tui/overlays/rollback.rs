//! The question before a run is rolled back: what would be undone, in which order, and what stays.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::base::{RunId, StepId};
use crate::config::{Action, Context, Role};
use crate::run::{Role as RecordRole, Run, StepState, Verb};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::{rows, sheet::Sheet};
use crate::tui::verbs;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Hint, PaneState, card, hints, pane};

const WIDTH: u16 = 80;

pub struct RollbackCard {
    run: RunId,
    /// What was shown: where it changes, the question is another one.
    steps: Vec<StepId>,
    /// The answer that has the focus; it starts on the one that does nothing.
    yes: bool,
    changed: bool,
    scroll: PaneState,
}

impl RollbackCard {
    /// `None` where nothing can be undone.
    pub fn new(model: &Model, run: &RunId) -> Option<Self> {
        let steps = model.mirror.run(run)?.undoable();
        (!steps.is_empty()).then(|| Self {
            run: run.clone(),
            steps,
            yes: false,
            changed: false,
            scroll: PaneState::default(),
        })
    }

    /// The reason that goes into the journal.
    fn reason(run: &Run) -> String {
        let failed = run.steps.iter().find(|r| matches!(r.state, StepState::Failed { continued: false, .. }));
        match (failed, &run.phase) {
            (Some(record), _) => format!("“{}” failed", rows::title(run, record)),
            (None, crate::run::Phase::Failed { reason, .. }) => reason.clone(),
            (None, _) if run.is_ended() => format!("undone after it was {}", run.status().word()),
            (None, _) => "decided at the console".to_owned(),
        }
    }

    fn sheet<'a>(&self, model: &'a Model, run: &Run, width: usize) -> Sheet<'a> {
        let look = &model.look;
        let mut sheet = Sheet::new(look, width);
        let count = self.steps.len();
        let told = if count == 1 {
            "1 step is undone".to_owned()
        } else {
            format!("{count} steps are undone, in this order")
        };
        let live = if run.is_ended() { "" } else { "; what runs is ended first, and the run ends with it" };
        sheet.line(Line::styled(format!("{told}{live}."), look.text()), 0);
        if self.changed {
            let told = "What would be undone has changed: this is how it is now.";
            sheet.line(Line::styled(told, look.style(Role::Warning)), 0);
        }
        sheet.gap();
        for (n, id) in self.steps.iter().enumerate() {
            let Some((_, record)) = run.record(id) else { continue };
            let undo = run.workflow.steps.get(record.role.index()).and_then(|s| s.rollback.as_deref());
            sheet.line(
                Line::from(vec![
                    Span::styled(format!("{:>3}  ", n + 1), look.muted()),
                    untrusted(&rows::title(run, record), look.text()),
                    Span::styled(look.glyph("  →  ", "  ->  "), look.muted()),
                    untrusted(undo.map_or("", |s| &s.title), look.subtext()),
                    Span::styled(format!("  {}", undo.map_or("", |s| s.kind.word())), look.muted()),
                ]),
                5,
            );
        }
        let stays = Self::stays(run, &self.steps);
        if !stays.is_empty() {
            sheet.gap();
            let told = format!("{}: nothing says how to undo them", stays.join(", "));
            sheet.field("Stays", &told, look.subtext());
        }
        if let Some((_, subject)) = run.moves().filter(|_| run.completed) {
            let state = subject.state.as_deref().unwrap_or("no state");
            sheet.field("Subject", &format!("{} goes back to {state}", subject.name), look.text());
        }
        sheet.field("Reason", &Self::reason(run), look.subtext());
        sheet
    }

    /// What the engine has done and a rollback leaves as it is.
    fn stays(run: &Run, undone: &[StepId]) -> Vec<String> {
        run.steps
            .iter()
            .filter(|r| {
                matches!(r.role, RecordRole::Step { .. }) && matches!(r.state, StepState::Done { .. })
            })
            .filter(|r| run.definition(r).is_some_and(|s| s.kind.is_automatic() && s.rollback.is_none()))
            .filter(|r| !undone.contains(&r.id))
            .map(|r| rows::title(run, r))
            .collect()
    }
}

impl Overlay for RollbackCard {
    fn contexts(&self) -> &'static [Context] {
        &[Context::List]
    }

    fn title(&self) -> &'static str {
        "Roll back"
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Activate if self.yes => {
                let reason = model.mirror.run(&self.run).map(Self::reason)?;
                let verb = Verb::Rollback { reason };
                return Some(Reaction::close().with([verbs::act(&self.run, verb)]));
            }
            Action::Activate => return Some(Reaction::close()),
            Action::Focus | Action::FocusBack => self.yes = !self.yes,
            Action::Left => self.yes = false,
            Action::Right => self.yes = true,
            moved if self.scroll.on_action(moved) => {}
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let Some(run) = model.mirror.run(&self.run) else { return Reaction::stay() };
        let now = run.undoable();
        if now.is_empty() || run.is_rolling_back() {
            return Reaction::close();
        }
        if now != self.steps {
            // Nobody confirms what was not read.
            (self.steps, self.changed, self.yes) = (now, true, false);
        }
        Reaction::stay()
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some(run) = model.mirror.run(&self.run) else { return };
        card::dim(frame, look);
        let room = usize::from(card::place(frame.area(), WIDTH, 0).width.saturating_sub(6));
        let sheet = self.sheet(model, run, room.saturating_sub(1));
        let area = card::place(frame.area(), WIDTH, (sheet.lines.len() + 5).min(1_000) as u16);
        let title = vec![Span::styled("Roll the run back?", look.strong())];
        let right =
            vec![untrusted(&format!("{} {}", run.header.workflow.id, run.id().short()), look.muted())];
        let inner = card::draw(frame, area, look, title, right);
        let (body, foot) = split_foot(inner);
        let spare = u16::from(body.height > 8);
        let buttons =
            Rect { y: body.y + body.height.saturating_sub(1 + spare), height: body.height.min(1), ..body };
        let above = Rect { y: body.y + spare, height: body.height.saturating_sub(1 + spare * 3), ..body };
        pane::draw(frame, above, look, &sheet.lines, &self.scroll, false);
        let button = |text: &'static str, focused: bool| {
            let style = if focused { look.accent().add_modifier(Modifier::REVERSED) } else { look.subtext() };
            Span::styled(format!(" {text} "), style)
        };
        let pointer = |on: bool| {
            Span::styled(if on { format!("{} ", look.pointer()) } else { "  ".to_owned() }, look.accent())
        };
        let line = Line::from(vec![
            pointer(!self.yes),
            button("Leave it as it is", !self.yes),
            Span::raw("    "),
            pointer(self.yes),
            button("Roll back", self.yes),
        ]);
        frame.render_widget(line, buttons);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![
            Hint::labelled(Action::Focus, "the other answer"),
            Hint::labelled(Action::Activate, if self.yes { "roll back" } else { "leave it" }),
            Hint::labelled(Action::Escape, "not now"),
        ]
    }
}
