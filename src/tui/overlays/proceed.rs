//! A step that is held until somebody has looked: exactly what it would do, and what may be done about it.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{RunId, StepId, Timestamp};
use crate::config::{Action, Context, Role};
use crate::run::{Held, Prompt, Run, StepRecord, StepState, Verb, Work};
use crate::tui::Model;
use crate::tui::overlays::edit::EditCard;
use crate::tui::overlays::failure::{choices, unmeant};
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::{self, rows, sheet::Sheet};
use crate::tui::verbs;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Hint, PaneState, card, pane};

pub struct ProceedCard {
    run: RunId,
    step: StepId,
    by_itself: Option<Timestamp>,
    scroll: PaneState,
    /// There was more than fitted when it was last drawn.
    long: Cell<bool>,
}

impl ProceedCard {
    /// The card for a held step; `None` where it is not held.
    pub fn new(model: &Model, run: &RunId, step: &StepId, by_itself: bool) -> Option<Self> {
        let card = Self {
            run: run.clone(),
            step: step.clone(),
            by_itself: by_itself.then_some(model.now),
            scroll: PaneState::default(),
            long: Cell::new(false),
        };
        card.subject(model).is_some().then_some(card)
    }

    fn subject<'a>(&self, model: &'a Model) -> Option<(&'a Run, &'a StepRecord, Held, Option<&'a Work>)> {
        let run = model.mirror.run(&self.run).filter(|run| !run.is_ended())?;
        let (_, record) = run.record(&self.step)?;
        match &record.state {
            StepState::Waiting { on: Prompt::Proceed { why, work }, .. } => {
                Some((run, record, *why, work.as_deref()))
            }
            _ => None,
        }
    }

    fn sheet<'a>(&self, model: &'a Model, width: usize) -> Sheet<'a> {
        let look = &model.look;
        let mut sheet = Sheet::new(look, width);
        let Some((run, record, why, work)) = self.subject(model) else { return sheet };
        let why = match why {
            Held::StepThrough => "The run steps through: nothing of this is done until you let it proceed.",
            Held::Breakpoint => "A breakpoint: nothing of this is done until you let it proceed.",
        };
        sheet.line(Line::styled(why, look.subtext()), 0);
        if let Some(lease) = record.state.lease() {
            run::detail::taken(model, &mut sheet, run, lease, "taken by");
        }
        sheet.gap();
        match work {
            Some(Work::Approve { question, opens, .. }) => {
                sheet.field("will ask", question, look.text());
                sheet.gap();
                sheet.opened(opens, usize::MAX);
            }
            Some(work @ (Work::Manual | Work::Ask)) => {
                let told = if *work == Work::Ask {
                    "It will ask its questions."
                } else {
                    "It will ask a person to do it."
                };
                sheet.line(Line::styled(told, look.text()), 0);
            }
            Some(work) => sheet.work(work, usize::MAX),
            None => sheet.line(Line::styled("What it would do is not known yet.", look.muted()), 0),
        }
        if let Some(edit) = &record.edit {
            sheet.field("edited", &run::edited(edit), look.style(Role::Info));
        }
        if !run.header.context.folder.is_empty() {
            sheet.field("folder", &run.header.context.folder, look.subtext());
        }
        sheet
    }
}

impl Overlay for ProceedCard {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Run, Context::List]
    }

    fn title(&self) -> &'static str {
        "Held step"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        Some(self.run.clone())
    }

    fn step_at_hand(&self, _model: &Model) -> Option<StepId> {
        Some(self.step.clone())
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        if action == Action::Proceed { unmeant(model, self.by_itself) } else { None }
    }

    fn on_action(&mut self, _model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Proceed => {
                let verb = Verb::Proceed { step: Some(self.step.clone()) };
                Some(Reaction::stay().with([verbs::act(&self.run, verb)]))
            }
            // The other verbs are everybody's; the card closes once the step is no longer held.
            moved => self.scroll.on_action(moved).then(Reaction::stay),
        }
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if self.subject(model).is_some() {
            return Reaction::stay();
        }
        Reaction::close().with(run::offer(model))
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some((run, record, why, _)) = self.subject(model) else { return };
        card::dim(frame, look);
        let head = vec![
            Span::styled(look.glyph("◉ ", "! "), look.style(Role::Warning)),
            untrusted(&rows::title(run, record), look.strong()),
            Span::styled(" is held", look.strong()),
        ];
        let why = match why {
            Held::StepThrough => "step-through",
            Held::Breakpoint => "breakpoint",
        };
        let at = rows::full_number(record, look);
        let end = format!("{} {at}/{} · {why}", run.header.workflow.id, run.workflow.steps.len());
        let room = card::place(frame.area(), 84, 0).width.saturating_sub(6);
        let sheet = self.sheet(model, usize::from(room).saturating_sub(1));
        let rows = choices(model, &self.hints(model), room.into());
        let most = card::place(frame.area(), 84, u16::MAX).height.saturating_sub(2);
        self.long.set(sheet.lines.len() + rows.len() + 2 > usize::from(most));
        let area = card::place(frame.area(), 84, (sheet.lines.len() + rows.len() + 2).min(1_000) as u16);
        let inner = card::draw(frame, area, look, head, vec![untrusted(&end, look.muted())]);
        let keys = (rows.len() as u16).min(inner.height);
        let spare = u16::from(inner.height > keys + 8);
        let body = Rect { y: inner.y + spare, height: inner.height - keys - spare * 2, ..inner };
        pane::draw(frame, body, look, &sheet.lines, &self.scroll, false);
        for (row, line) in rows.into_iter().enumerate().take(keys.into()) {
            let y = inner.y + inner.height - keys + row as u16;
            frame.render_widget(line, Rect { y, height: 1, ..inner });
        }
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let Some((run, record, why, work)) = self.subject(model) else { return Vec::new() };
        let more = self.long.get().then_some(Hint::labelled(Action::Down, "more below"));
        let mut all: Vec<Hint> = more.into_iter().collect();
        if verbs::is_anothers(model, record) {
            all.extend([Action::TakeBack.into(), Hint::labelled(Action::Escape, "later")]);
            return all;
        }
        all.push(Hint::new(Action::Proceed));
        // An approval cannot be passed by.
        if !matches!(work, Some(Work::Approve { .. })) {
            all.push(Hint::labelled(Action::Skip, "skip with a reason…"));
        }
        if EditCard::fits(run, record) {
            all.push(Hint::labelled(Action::EditRetry, "edit…"));
        }
        all.push(Action::Back.into());
        all.push(match why {
            Held::StepThrough => Hint::labelled(Action::StepThrough, "step through no more"),
            Held::Breakpoint => Hint::labelled(Action::Breakpoint, "take the breakpoint away"),
        });
        all.push(Hint::labelled(Action::Escape, "later"));
        all
    }
}
