//! A question with several choices: which workflow is meant, which step to go back to. What is particular to
//! the first is in `question`.

use ratatui::Frame;
use ratatui::layout::Rect;
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
use crate::tui::screens::console::opinion::Said;
use crate::tui::screens::{console, registry, sessions};
use crate::tui::verbs;
use crate::tui::widgets::text::{cut, lit, span, wrap};
use crate::tui::widgets::{Hint, LineInput, PaneState, card, hints, pane};

mod question;

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
    /// None of those that were asked about.
    None,
    /// Shows the workflow in the registry.
    Explain(WorkflowId),
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

/// A text with the letters that are lit in it.
pub type Lit = (SafeLine, Vec<usize>);

#[derive(Debug, Clone)]
pub struct Item {
    /// Dim, before the label.
    lead: SafeLine,
    label: Lit,
    /// Behind the label: the phrase that fits best.
    aside: Lit,
    /// Below the label: what somebody else says of it.
    says: SafeLine,
    /// Below that, a line each.
    details: Vec<Lit>,
    pick: Pick,
}

impl Item {
    pub fn new(lead: &str, label: &str, pick: Pick) -> Self {
        Self {
            lead: SafeLine::new(lead),
            label: (SafeLine::new(label), Vec::new()),
            aside: Lit::default(),
            says: SafeLine::default(),
            details: Vec::new(),
            pick,
        }
    }

    /// With one more line below it.
    #[must_use]
    pub fn told(mut self, detail: &str) -> Self {
        self.details.push((SafeLine::new(detail), Vec::new()));
        self
    }
}

pub struct Choose {
    title: SafeLine,
    items: Vec<Item>,
    selected: usize,
    narrow: LineInput,
    scroll: PaneState,
    /// The workflows that a phrase could mean: what is typed goes on with the phrase itself.
    asked: Option<Vec<WorkflowId>>,
    /// A phrase, and what somebody else says of it; of the phrase that it becomes nothing is said.
    said: Option<(String, Said)>,
}

impl Choose {
    pub fn new(title: &str, items: Vec<Item>) -> Self {
        Self {
            title: SafeLine::new(title),
            items,
            selected: 0,
            narrow: LineInput::default(),
            scroll: PaneState::default(),
            asked: None,
            said: None,
        }
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
            .map(|(n, step)| {
                let pick = Pick::BackTo { run: run.id().clone(), step: step.id.clone() };
                Item::new(&(n + 1).to_string(), &step.title, pick).told(step.kind.word())
            })
            .collect();
        let selected = items.len().saturating_sub(2);
        Self { selected, ..Self::new("Go back to which step?", items) }
    }

    /// How to end a session, `live` of whose runs go on.
    pub fn end_session(session: &Session, live: usize) -> Self {
        let item = |label: &str, detail: &str, export| {
            Item::new("", label, Pick::EndSession { session: session.id.clone(), export }).told(detail)
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

    /// The items that contain what was typed; of a question about a phrase those that it still means.
    fn shown(&self) -> Vec<&Item> {
        let wanted = self.narrow.text().to_lowercase();
        let fits = |i: &&Item| {
            let details: Vec<&str> = i.details.iter().map(|(text, _)| text.as_str()).collect();
            let text = format!("{} {} {}", i.lead, i.label.0, details.join(" ")).to_lowercase();
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
            Pick::None => {
                console::none_of_these(model);
                Reaction::close()
            }
            Pick::Explain(id) => {
                let effects = registry::show(model, &id);
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
                let effects = console::control::reach(model, &run, action);
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
        if self.asked.is_some() {
            return LineInput::takes(key);
        }
        match key.text() {
            // Letters that move do so until another has begun to narrow.
            Some(c) if self.narrow.is_empty() => {
                c.is_ascii_digit() || (c.is_alphabetic() && !matches!(c, 'j' | 'k' | 'g' | 'G' | 'h' | 'l'))
            }
            Some(_) => true,
            None => key.code == KeyCode::Backspace,
        }
    }

    fn on_key(&mut self, model: &mut Model, key: Key) -> Reaction {
        if model.keymap.keys(Action::Neither).contains(&key) {
            return self.neither(model);
        }
        let chosen =
            key.text().and_then(|c| c.to_digit(10)).and_then(|digit| (digit as usize).checked_sub(1));
        let choices = self.shown().iter().filter(|i| !matches!(i.pick, Pick::None)).count();
        if let Some(chosen) = chosen.filter(|n| *n < choices) {
            return self.choose(model, chosen);
        }
        if self.asked.is_some() {
            console::type_key(model, key);
            self.narrow_to_phrase(model);
        } else {
            self.narrow.key(key);
            self.selected = 0;
        }
        Reaction::stay()
    }

    fn on_paste(&mut self, model: &mut Model, text: &str) -> Reaction {
        if self.asked.is_some() {
            console::type_text(model, text);
            self.narrow_to_phrase(model);
        }
        Reaction::stay()
    }

    /// The bank, or what was learned, may have changed what the phrase means.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if self.asked.is_some() {
            self.narrow_to_phrase(model);
        }
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
            Action::Neither => return Some(self.neither(model)),
            Action::Escape if !self.narrow.is_empty() => self.narrow.clear(),
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let compact = crate::tui::frame::is_compact(frame.area());
        let look = &model.look;
        card::dim(frame, look);
        let items = self.shown();
        let lead = items.iter().map(|i| Span::raw(i.lead.as_str()).width()).max().unwrap_or(0);
        // Border and padding on both sides.
        let room = usize::from(card::place(frame.area(), WIDTH, 0).width.saturating_sub(6));
        let mut lines = Vec::new();
        let gap = |lines: &mut Vec<Line<'static>>| {
            if !compact {
                lines.push(Line::default());
            }
        };
        let (mut at, mut end) = (0, 0);
        for (n, item) in items.iter().enumerate() {
            let selected = n == self.selected;
            if selected {
                at = lines.len();
            }
            let pointer = if selected { look.pointer() } else { " " };
            let none = matches!(item.pick, Pick::None);
            let number = if none { question::neither_key(model) } else { (n + 1).to_string() };
            let mut spans = vec![
                Span::styled(format!("{pointer} "), look.accent()),
                Span::styled(format!("{number}  "), look.accent()),
            ];
            if !none {
                spans.push(Span::styled(format!("{:<lead$}  ", item.lead.as_str()), look.subtext()));
            }
            let style = if selected { look.strong() } else { look.text() };
            spans.extend(lit(&item.label.0, &item.label.1, style, look.lit()));
            if !item.aside.0.as_str().is_empty() {
                spans.push(Span::raw("   "));
                spans.extend(lit(&item.aside.0, &item.aside.1, look.muted(), look.lit()));
            }
            lines.push(Line::from(spans));
            if !item.says.as_str().is_empty() {
                let line = Line::from(vec![Span::raw("     "), span(&item.says, look.style(Role::Info))]);
                lines.extend(wrap(&line, room, 5));
            }
            for (detail, letters) in &item.details {
                let mut spans = vec![Span::raw("     ")];
                spans.extend(lit(detail, letters, look.subtext(), look.lit()));
                lines.push(Line::from(spans));
            }
            if selected {
                end = lines.len() - 1;
            }
            gap(&mut lines);
        }
        if items.is_empty() {
            lines.push(Line::styled("Nothing here contains that.", look.muted()));
            gap(&mut lines);
        }
        if !self.narrow.is_empty() {
            lines.push(Line::from(vec![
                Span::styled("narrowed to  ", look.muted()),
                Span::styled(cut(self.narrow.text(), 40), look.text()),
            ]));
        }
        if let Some(remark) = self.said(model).and_then(Said::remark) {
            lines.extend(wrap(&Line::from(span(remark, look.muted())), room, 0));
            gap(&mut lines);
        }
        let head = if self.asked.is_some() { 2 } else { 1 };
        let area = card::place(frame.area(), WIDTH, lines.len() as u16 + head + 1);
        let how = if self.asked.is_some() { "a number, or type on" } else { "" };
        let right =
            Some(Span::styled(how, look.muted())).filter(|s| !s.content.is_empty()).into_iter().collect();
        let inner = card::draw(frame, area, look, vec![span(&self.title, look.strong())], right);
        let (body, foot) = split_foot(inner);
        let (top, body) = question::split_head(body, head);
        if self.asked.is_some() {
            question::draw_phrase(model, frame, top);
        }
        self.scroll.reveal(end);
        self.scroll.reveal(at);
        pane::draw(frame, body, look, &lines, &self.scroll, false);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![
            Hint::labelled(Action::Activate, "choose"),
            Hint::labelled(Action::Down, "move"),
            Action::Escape.into(),
        ]
    }
}

/// The body of a card, and its last line for the keys.
pub fn split_foot(inner: Rect) -> (Rect, Rect) {
    let foot = u16::from(inner.height > 0);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    (body, Rect { y: inner.y + inner.height.saturating_sub(1), height: foot, ..inner })
}
