//! An approval: the question, and exactly what it lets happen. Focus starts on neither answer.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::base::{RunId, StepId, Timestamp};
use crate::config::{Action, Context, Role};
use crate::run::{Opened, Prompt, Run, StepRecord, StepState, Verb, Work};
use crate::tui::Model;
use crate::tui::overlays::failure::{choices, unmeant};
use crate::tui::overlays::reason::{Reason, Wanted};
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::detail::{asked, failure_line, left, taken};
use crate::tui::screens::run::{self, rows, sheet::Sheet};
use crate::tui::verbs;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Hint, PaneState, card, pane};

/// What was answered here, so that nobody is told of his own decision.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Nothing,
    Approve,
    Reject,
    PushBack,
}

pub struct Approval {
    run: RunId,
    step: StepId,
    /// What is shown, and of what: the digest that is sent.
    digest: String,
    question: String,
    opens: Vec<Opened>,
    /// It has changed since; nothing can be answered here any more.
    void: bool,
    by_itself: Option<Timestamp>,
    sent: Sent,
    scroll: PaneState,
    /// There was more than fitted when it was last drawn.
    long: Cell<bool>,
}

impl Approval {
    /// The card for a step that waits for an approval; `None` where it does not.
    pub fn new(model: &Model, run: &RunId, step: &StepId, by_itself: bool) -> Option<Self> {
        let (_, record) = model.mirror.run(run)?.record(step)?;
        let StepState::Waiting { on: Prompt::Approval { question, digest, .. }, .. } = &record.state else {
            return None;
        };
        let opens = match record.attempts.last().map(|a| &a.work) {
            // What is shown must be what the digest is of.
            Some(Work::Approve { opens, digest: of, .. }) if of == digest => opens.clone(),
            _ => return None,
        };
        Some(Self {
            run: run.clone(),
            step: step.clone(),
            digest: digest.clone(),
            question: question.clone(),
            opens,
            void: false,
            by_itself: by_itself.then_some(model.now),
            sent: Sent::Nothing,
            scroll: PaneState::default(),
            long: Cell::new(false),
        })
    }

    fn record<'a>(&self, model: &'a Model) -> Option<(&'a Run, &'a StepRecord)> {
        let run = model.mirror.run(&self.run)?;
        let (_, record) = run.record(&self.step)?;
        Some((run, record))
    }

    /// Tells who has decided, where it was not the person here.
    fn tell_decision(&self, model: &mut Model) {
        let Some((run, record)) = self.record(model) else { return };
        let title = rows::title(run, record);
        let told = match &record.state {
            StepState::Done { by, .. } => {
                (self.sent != Sent::Approve).then(|| format!("{by} has approved “{title}”"))
            }
            StepState::Failed { failure, .. } => {
                (self.sent != Sent::Reject).then(|| format!("“{title}”: {}", failure_line(failure)))
            }
            _ => (self.sent != Sent::PushBack).then(|| format!("“{title}” no longer waits for an approval")),
        };
        if let Some(told) = told {
            model.say(&told);
        }
    }

    fn sheet<'a>(&self, model: &'a Model, width: usize) -> Sheet<'a> {
        let look = &model.look;
        let mut sheet = Sheet::new(look, width);
        if self.void {
            let told = "What this would approve has changed since you opened it. Nothing can be answered here; \
                        open it again and look.";
            sheet.prose(told, look.style(Role::Error));
            sheet.gap();
        }
        sheet.prose(&self.question, look.strong());
        sheet.gap();
        sheet.opened(&self.opens, usize::MAX);
        sheet.gap();
        if let Some((run, record)) = self.record(model) {
            if let Some(lease) = record.state.lease() {
                taken(model, &mut sheet, run, lease, "taken by");
            }
            asked(model, &mut sheet, run, record, &self.digest);
        }
        sheet
    }
}

impl Overlay for Approval {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Run, Context::List]
    }

    fn title(&self) -> &'static str {
        "Approval"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        Some(self.run.clone())
    }

    fn step_at_hand(&self, _model: &Model) -> Option<StepId> {
        Some(self.step.clone())
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        // The keys of the two answers stand for other verbs as well, elsewhere.
        let answers = matches!(
            action,
            Action::Approve
                | Action::Reject
                | Action::PushBack
                | Action::Answer
                | Action::Retry
                | Action::Back
        );
        if !answers {
            return None;
        }
        if self.void {
            return Some("What was shown here has changed: close this and look again".to_owned());
        }
        unmeant(model, self.by_itself)
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Approve => {
                self.sent = Sent::Approve;
                let verb = Verb::Approve { step: Some(self.step.clone()), digest: self.digest.clone() };
                Some(Reaction::stay().with([verbs::act(&self.run, verb)]))
            }
            Action::Reject => {
                self.sent = Sent::Reject;
                model.open(Reason::new(self.run.clone(), Wanted::Reject { step: Some(self.step.clone()) }));
                Some(Reaction::stay())
            }
            // The card that asks where to and why; this one closes once the run has gone back.
            Action::PushBack => {
                self.sent = Sent::PushBack;
                None
            }
            Action::Activate if self.void => {
                match Self::new(model, &self.run, &self.step, false) {
                    Some(anew) => *self = anew,
                    None => return Some(Reaction::close()),
                }
                Some(Reaction::stay())
            }
            moved => self.scroll.on_action(moved).then(Reaction::stay),
        }
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let Some((run, record)) = self.record(model) else { return Reaction::stay() };
        match &record.state {
            StepState::Waiting { on: Prompt::Approval { digest, .. }, .. } if !run.is_ended() => {
                self.void = *digest != self.digest;
                Reaction::stay()
            }
            _ => {
                self.tell_decision(model);
                Reaction::close().with(run::offer(model))
            }
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some((run, record)) = self.record(model) else { return };
        card::dim(frame, look);
        let title = rows::title(run, record);
        let at = rows::full_number(record, look);
        let mut end = format!("{} {at}/{}", run.header.workflow.id, run.workflow.steps.len());
        if let StepState::Waiting { on: Prompt::Approval { deadline: Some(deadline), .. }, .. } =
            &record.state
        {
            end = format!("{end} · {}", left(model, run, *deadline));
        }
        let head = vec![
            Span::styled(look.glyph("◆ ", "# "), look.style(Role::Warning)),
            untrusted(&title, look.strong()),
        ];
        let room = card::place(frame.area(), 84, 0).width.saturating_sub(6);
        let sheet = self.sheet(model, usize::from(room).saturating_sub(1));
        // Two free lines, and one of keys.
        let most = card::place(frame.area(), 84, u16::MAX).height.saturating_sub(2);
        self.long.set(sheet.lines.len() + 3 > usize::from(most));
        let rows = choices(model, &self.hints(model), room.into());
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
        if self.void {
            return vec![
                Hint::labelled(Action::Activate, "look again"),
                Hint::labelled(Action::Escape, "close"),
            ];
        }
        let more = self.long.get().then_some(Hint::labelled(Action::Down, "more below"));
        if self.record(model).is_some_and(|(_, record)| verbs::is_anothers(model, record)) {
            let later = Hint::labelled(Action::Escape, "later");
            return more.into_iter().chain([Action::TakeBack.into(), later]).collect();
        }
        let answers = [Hint::new(Action::Approve), Hint::new(Action::Reject)];
        let comes_first = self.record(model).is_some_and(|(run, r)| !verbs::before(run, &r.id).is_empty());
        let back = comes_first.then_some(Hint::labelled(Action::PushBack, "push back with feedback…"));
        let later = Hint::labelled(Action::Escape, "later");
        more.into_iter().chain(answers).chain(back).chain([later]).collect()
    }
}
