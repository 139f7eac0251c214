//! What phrases were learned to mean, and beside it those that fitted nothing: to look at, to try, to
//! forget. What a lesson is worth is `matching`'s affair, what is kept the engine's.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::SafeLine;
use crate::config::{Action, Context, Role};
use crate::matching::{Decision, Standing};
use crate::protocol::Request;
use crate::tui::Model;
use crate::tui::model::ago;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::console;
use crate::tui::widgets::list::{Column, ListState, Row};
use crate::tui::widgets::text::{cut_line, span, wrap};
use crate::tui::widgets::{Hint, card, headed, hints};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Learned,
    Missed,
}

struct Item {
    /// As it was typed; what is sent back.
    phrase: String,
    cells: [SafeLine; 6],
    standing: Option<Standing>,
    /// One line about it.
    told: SafeLine,
    /// What `copy` takes.
    copied: String,
}

#[derive(Default)]
pub struct Lessons {
    tab: Tab,
    /// Made when it opens and with every change, not with every frame.
    learned: Vec<Item>,
    missed: Vec<Item>,
    list: ListState,
    /// To forget everything was asked for once.
    all_asked: bool,
}

const COLUMNS: [Column; 6] = [
    Column::fill(),
    Column::fit(20).essential(),
    Column::fit(7).essential(),
    Column::fit(5).right(),
    Column::fit(10).right(),
    Column::fit(6).right(),
];
const LEARNED: [&str; 6] = ["phrase", "means", "", "times", "last", "weight"];
const MISSED: [&str; 6] = ["phrase", "now", "", "times", "last", ""];

impl Lessons {
    pub fn open(model: &mut Model) {
        let mut lessons = Self::default();
        lessons.find(model);
        model.open(lessons);
    }

    fn find(&mut self, model: &mut Model) {
        let bank = model.bank.clone();
        let (now, folder) = (model.now, model.facts.folder.clone());
        let learned = model.mirror.learned(&folder, now).clone();
        let newest = learned.newest();
        let item = |lesson: &&crate::matching::Lesson| {
            let workflow = bank.as_ref().and_then(|b| b.registry.get(&lesson.workflow)?.workflow().cloned());
            let standing = lesson.standing(workflow.as_deref());
            let id = &lesson.workflow;
            let told = match standing {
                Standing::Gone => format!("{id} is gone from the bank, or deprecated: this is ignored"),
                Standing::Faded => "Too long ago, or contradicted: it does not lead any more".to_owned(),
                Standing::Counts => "Leads when it is said again; fades unless it is confirmed".to_owned(),
                Standing::Proved => {
                    format!("Has proved itself: y copies the line for {id}'s trigger_phrases")
                }
            };
            let copied =
                if standing == Standing::Proved { lesson.trigger_line() } else { lesson.phrase.clone() };
            let cells = [
                &lesson.phrase,
                id.as_str(),
                standing.word(),
                &lesson.times.to_string(),
                &ago(now.since(lesson.last)),
                &format!("{:.2}", lesson.weight),
            ];
            let cells = cells.map(SafeLine::new);
            let told = SafeLine::new(&told);
            Item { phrase: lesson.phrase.clone(), cells, standing: Some(standing), told, copied }
        };
        self.learned = newest.iter().map(item).collect();
        let item = |missed: &crate::matching::Missed| {
            let answer = bank.as_ref().map(|b| b.index.decide(&missed.phrase, &learned));
            let first = answer.as_ref().and_then(|a| Some((&a.decision, a.candidates.first()?)));
            let (by_now, told) = match first {
                Some((Decision::Match, best)) => (best.id.as_str(), "By now a workflow fits it"),
                Some((Decision::Ambiguous { .. }, _)) => {
                    ("several", "By now it could mean several workflows")
                }
                _ => ("nothing", "No workflow of the bank does this: perhaps there should be one"),
            };
            let (times, last) = (missed.times.to_string(), ago(now.since(missed.last)));
            let cells = [&missed.phrase, by_now, "", &times, &last, ""].map(SafeLine::new);
            let (phrase, copied) = (missed.phrase.clone(), missed.phrase.clone());
            Item { phrase, cells, standing: None, told: SafeLine::new(told), copied }
        };
        self.missed = model.mirror.memory.missed(&folder).map(item).collect();
        self.list.clamp(self.items().len());
    }

    fn items(&self) -> &[Item] {
        match self.tab {
            Tab::Learned => &self.learned,
            Tab::Missed => &self.missed,
        }
    }

    fn selected(&self) -> Option<&Item> {
        self.items().get(self.list.selected)
    }

    /// Everything that stands in both lists.
    fn number(&self) -> usize {
        self.learned.len() + self.missed.len()
    }
}

fn forget(model: &Model, phrase: Option<String>) -> Effect {
    Effect::ask(Asker::Verb, Request::Forget { phrase, folder: model.facts.folder.clone() })
}

impl Overlay for Lessons {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Learned, Context::List]
    }

    fn title(&self) -> &'static str {
        "Learned phrases"
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let again = std::mem::take(&mut self.all_asked);
        match action {
            Action::Focus | Action::FocusBack | Action::Left | Action::Right => {
                self.tab = if self.tab == Tab::Learned { Tab::Missed } else { Tab::Learned };
                self.list = ListState::default();
            }
            Action::Activate => {
                let phrase = self.selected()?.phrase.clone();
                return Some(Reaction::close().with(console::say(model, &phrase)));
            }
            Action::Copy => {
                return Some(Reaction::stay().with([Effect::Copy(self.selected()?.copied.clone())]));
            }
            Action::Forget => {
                let phrase = self.selected()?.phrase.clone();
                return Some(Reaction::stay().with([forget(model, Some(phrase))]));
            }
            Action::ForgetAll if again => return Some(Reaction::stay().with([forget(model, None)])),
            Action::ForgetAll => {
                self.all_asked = true;
                let number = self.number();
                model.say(&format!("Press again to forget all {number}, of both lists"));
            }
            Action::Learned => return Some(Reaction::close()),
            _ if self.list.on_action(action, self.items().len()) => {}
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        self.find(model);
        Reaction::stay()
    }

    fn refused(&self, _model: &Model, action: Action) -> Option<String> {
        let on_one = matches!(action, Action::Activate | Action::Copy | Action::Forget);
        let none =
            (on_one && self.selected().is_none()) || (action == Action::ForgetAll && self.number() == 0);
        none.then(|| "There is nothing here".to_owned())
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let area = card::place(frame.area(), 96, frame.area().height.saturating_sub(8).clamp(10, 26));
        let title = vec![Span::styled("Learned phrases", look.strong())];
        let inner = card::draw(frame, area, look, title, Vec::new());
        let (body, foot) = split_foot(inner);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
        if body.height < 4 {
            return;
        }
        let tab = |tab: Tab, name: &'static str, count: usize| {
            let here = tab == self.tab;
            let style = if here { look.heading() } else { look.muted() };
            let pointer = if here { look.pointer() } else { " " };
            [
                Span::styled(format!("{pointer} "), look.accent()),
                Span::styled(name, style),
                Span::styled(format!("  {count}     "), look.muted()),
            ]
        };
        let tabs = [
            tab(Tab::Learned, "Learned", self.learned.len()),
            tab(Tab::Missed, "Fitted nothing", self.missed.len()),
        ];
        frame.render_widget(Line::from(tabs.concat()), Rect { height: 1, ..body });
        let list = Rect { y: body.y + 2, height: body.height.saturating_sub(4), ..body };
        let Some(selected) = self.selected() else {
            self.draw_empty(model, frame, list);
            return;
        };
        let rows: Vec<Row> = self.items().iter().map(|item| row(model, item)).collect();
        let head = if self.tab == Tab::Learned { &LEARNED } else { &MISSED };
        headed::draw(frame, list, look, &COLUMNS, head, &rows, &self.list, true);
        let told = Rect { y: body.y + body.height - 2, height: 1, ..body };
        let line = Line::from(span(&selected.told, look.subtext()));
        frame.render_widget(cut_line(&line, told.width.into()), told);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let other = if self.tab == Tab::Learned { "fitted nothing" } else { "learned" };
        let mut all = vec![
            Hint::labelled(Action::Activate, "try it"),
            Action::Forget.into(),
            Action::ForgetAll.into(),
            Hint::labelled(Action::Focus, other),
            Action::Copy.into(),
        ];
        all.retain(|h| self.refused(model, h.action).is_none());
        all.push(Action::Escape.into());
        all
    }
}

impl Lessons {
    /// What it is, why it is empty, what to do.
    fn draw_empty(&self, model: &Model, frame: &mut Frame, area: Rect) {
        let look = &model.look;
        let (what, how) = match self.tab {
            Tab::Learned => (
                "Nothing has been learned yet.",
                "When you are asked which workflow you mean, or take another than the first, and start it, that phrase is remembered.",
            ),
            Tab::Missed => (
                "Every phrase has fitted something so far.",
                "One that fits no workflow when you press Enter is remembered here: that is what the bank lacks.",
            ),
        };
        let mut lines = vec![Line::styled(what, look.text())];
        lines.extend(wrap(&Line::styled(how, look.muted()), area.width.into(), 0));
        for (n, line) in lines.into_iter().enumerate().take(area.height.into()) {
            frame.render_widget(line, Rect { y: area.y + n as u16, height: 1, ..area });
        }
    }
}

fn row(model: &Model, item: &Item) -> Row {
    let look = &model.look;
    let standing = match item.standing {
        Some(Standing::Proved) => look.style(Role::Success),
        Some(Standing::Gone) => look.style(Role::Warning),
        _ => look.muted(),
    };
    let styles = [look.text(), look.accent(), standing, look.subtext(), look.subtext(), look.subtext()];
    Row::new(item.cells.iter().zip(styles).map(|(cell, style)| Line::from(span(cell, style))).collect())
}
