//! A question with several choices: which workflow is meant, which step to go back to.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::base::{RunId, SafeLine, SessionId, StepId, WorkflowId};
use crate::config::{Action, Context, Key, KeyCode, Role};
use crate::matching::Chosen;
use crate::protocol::Request;
use crate::run::{Run, Session, Verb};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::confirm::Confirm;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::sessions;
use crate::tui::verbs;
use crate::tui::widgets::text::{cut, span, wrap};
use crate::tui::widgets::{Hint, LineInput, PaneState, card, hints, pane};

/// The width of the card inside.
const WIDTH: u16 = 76;

/// What choosing it does.
#[derive(Debug, Clone)]
pub enum Pick {
    /// Opens the confirmation card.
    Workflow {
        id: WorkflowId,
        phrase: String,
        reason: String,
    },
    BackTo {
        run: RunId,
        step: StepId,
    },
    /// A verb on one of several runs.
    Run {
        run: RunId,
        action: Action,
    },
    /// Ends a session; afterwards asks where its summary goes.
    EndSession {
        session: SessionId,
        export: bool,
    },
}

#[derive(Debug, Clone)]
pub struct Item {
    pub label: SafeLine,
    /// Dim, before the label.
    pub lead: SafeLine,
    /// Below the label, a line each.
    pub details: Vec<SafeLine>,
    pub pick: Pick,
}

pub struct Choose {
    title: SafeLine,
    items: Vec<Item>,
    selected: usize,
    narrow: LineInput,
    scroll: PaneState,
    /// What somebody else says of one of the workflows.
    suggested: Option<(WorkflowId, SafeLine)>,
    /// A dim sentence below the items.
    remark: Option<SafeLine>,
}

impl Choose {
    pub fn new(title: &str, items: Vec<Item>) -> Self {
        Self {
            title: SafeLine::new(title),
            items,
            selected: 0,
            narrow: LineInput::default(),
            scroll: PaneState::default(),
            suggested: None,
            remark: None,
        }
    }

    /// Marks the item of this workflow with what somebody else says of it.
    #[must_use]
    pub fn suggested(mut self, id: &WorkflowId, says: SafeLine) -> Self {
        self.suggested = Some((id.clone(), says));
        self
    }

    /// Says something below the items.
    #[must_use]
    pub fn remark(mut self, remark: SafeLine) -> Self {
        self.remark = Some(remark);
        self
    }

    /// What somebody else says of this item.
    fn says(&self, item: &Item) -> Option<&SafeLine> {
        let (id, says) = self.suggested.as_ref()?;
        matches!(&item.pick, Pick::Workflow { id: own, .. } if own == id).then_some(says)
    }

    /// Which step to go back to; the nearest one is selected.
    pub fn back(run: &Run) -> Self {
        let earlier = verbs::earlier(run);
        let items: Vec<Item> = run
            .workflow
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| earlier.contains(&step.id))
            .map(|(n, step)| Item {
                lead: SafeLine::new(&(n + 1).to_string()),
                label: SafeLine::new(&step.title),
                details: vec![SafeLine::new(step.kind.word())],
                pick: Pick::BackTo { run: run.id().clone(), step: step.id.clone() },
            })
            .collect();
        let selected = items.len().saturating_sub(2);
        Self { selected, ..Self::new("Go back to which step?", items) }
    }

    /// How to end a session, `live` of whose runs go on.
    pub fn end_session(session: &Session, live: usize) -> Self {
        let item = |label: &str, detail: &str, export| Item {
            lead: SafeLine::default(),
            label: SafeLine::new(label),
            details: vec![SafeLine::new(detail)],
            pick: Pick::EndSession { session: session.id.clone(), export },
        };
        let runs = match live {
            0 => String::new(),
            1 => " Its one live run goes on.".to_owned(),
            n => format!(" Its {n} live runs go on."),
        };
        let items = vec![
            item("End and write the summary", &format!("Asks where to.{runs}"), true),
            item("End only", &format!("It can be written later as well.{runs}"), false),
        ];
        Self::new(&format!("End the session “{}”?", session.name), items)
    }

    /// The items that contain what was typed.
    fn shown(&self) -> Vec<&Item> {
        let wanted = self.narrow.text().to_lowercase();
        let fits = |i: &&Item| {
            let details: Vec<&str> = i.details.iter().map(SafeLine::as_str).collect();
            let text = format!("{} {} {}", i.lead, i.label, details.join(" ")).to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        };
        self.items.iter().filter(fits).collect()
    }

    fn choose(&self, model: &mut Model, index: usize) -> Reaction {
        let Some(item) = self.shown().get(index).map(|i| (*i).clone()) else { return Reaction::stay() };
        match item.pick {
            Pick::Workflow { id, phrase, reason } => {
                let asked = Some(Chosen::Asked);
                let effects = Confirm::open_chosen(model, &id, Some(&phrase), &reason, asked);
                Reaction::close().with(effects)
            }
            Pick::BackTo { run, step } => {
                Reaction::close().with([verbs::act(&run, Verb::Back { to: step, reason: None })])
            }
            Pick::EndSession { session, export } => {
                let end = Request::EndSession { session: session.clone() };
                let mut effects = vec![Effect::ask(Asker::Verb, end)];
                if export {
                    effects.extend(sessions::export(model, &session, true));
                }
                Reaction::close().with(effects)
            }
            Pick::Run { run, action } => {
                let mut effects = model.mirror.watch(&run);
                effects.extend(verbs::perform(model, &run, action));
                Reaction::close().with(effects)
            }
        }
    }
}

impl Overlay for Choose {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Choose, Context::List]
    }

    fn title(&self) -> &'static str {
        "Question"
    }

    fn takes(&self, key: Key) -> bool {
        match key.text() {
            // Digits choose, and `n` says neither, until one has begun to narrow.
            Some(c) if self.narrow.is_empty() => {
                c.is_ascii_digit()
                    || (c.is_alphabetic() && !matches!(c, 'n' | 'j' | 'k' | 'g' | 'G' | 'h' | 'l'))
            }
            Some(_) => true,
            None => key.code == KeyCode::Backspace,
        }
    }

    fn on_key(&mut self, model: &mut Model, key: Key) -> Reaction {
        if let Some(digit) = key.text().and_then(|c| c.to_digit(10)).filter(|_| self.narrow.is_empty()) {
            return digit.checked_sub(1).map_or_else(Reaction::stay, |n| self.choose(model, n as usize));
        }
        self.narrow.key(key);
        self.selected = 0;
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let last = self.shown().len().saturating_sub(1);
        match action {
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Down => self.selected = (self.selected + 1).min(last),
            Action::Top => self.selected = 0,
            Action::Bottom => self.selected = last,
            Action::Activate => return Some(self.choose(model, self.selected)),
            Action::Neither => return Some(Reaction::close()),
            Action::Escape if !self.narrow.is_empty() => self.narrow.clear(),
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let items = self.shown();
        let lead = items.iter().map(|i| Span::raw(i.lead.as_str()).width()).max().unwrap_or(0);
        // Border and padding on both sides.
        let room = usize::from(card::place(frame.area(), WIDTH, 0).width.saturating_sub(6));
        let mut lines = vec![Line::default()];
        let mut at = 0;
        for (n, item) in items.iter().enumerate() {
            let selected = n == self.selected;
            if selected {
                at = lines.len();
            }
            let pointer = if selected { look.pointer() } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!("{pointer} "), look.accent()),
                Span::styled(format!("{}  ", n + 1), look.accent()),
                Span::styled(format!("{:<lead$}  ", item.lead.as_str()), look.subtext()),
                span(&item.label, if selected { look.strong() } else { look.text() }),
            ]));
            if let Some(says) = self.says(item) {
                let line = Line::from(vec![Span::raw("     "), span(says, look.style(Role::Info))]);
                lines.extend(wrap(&line, room, 5));
            }
            for detail in &item.details {
                lines.push(Line::from(vec![Span::raw("     "), span(detail, look.muted())]));
            }
            lines.push(Line::default());
        }
        if items.is_empty() {
            lines.push(Line::styled("Nothing here contains that.", look.muted()));
            lines.push(Line::default());
        }
        if !self.narrow.is_empty() {
            lines.push(Line::from(vec![
                Span::styled("narrowed to  ", look.muted()),
                Span::styled(cut(self.narrow.text(), 40), look.text()),
            ]));
        }
        if let Some(remark) = &self.remark {
            let line = Line::from(span(remark, look.muted()));
            lines.extend(wrap(&line, room, 0));
            lines.push(Line::default());
        }
        let area = card::place(frame.area(), WIDTH, lines.len() as u16 + 2);
        let inner = card::draw(frame, area, look, vec![span(&self.title, look.strong())], Vec::new());
        let (body, foot) = split_foot(inner);
        self.scroll.reveal(at + 1);
        pane::draw(frame, body, look, &lines, &self.scroll, false);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![
            Hint::labelled(Action::Activate, "choose"),
            Hint::labelled(Action::Down, "move"),
            Action::Neither.into(),
            Action::Escape.into(),
        ]
    }
}

/// The body of a card, and its last line for the keys.
pub fn split_foot(inner: ratatui::layout::Rect) -> (ratatui::layout::Rect, ratatui::layout::Rect) {
    use ratatui::layout::Rect;
    let foot = u16::from(inner.height > 0);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    (body, Rect { y: inner.y + inner.height.saturating_sub(1), height: foot, ..inner })
}
