//! The phrases that were entered before, newest first, searched as one types. Choosing one puts it into the
//! input line; it does nothing yet.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::base::SafeLine;
use crate::config::{Action, Context, Key, KeyCode};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::help::search_line;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::console;
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::text::lit;
use crate::tui::widgets::{Hint, LineInput, card, hints};

pub struct History {
    /// Newest first.
    phrases: Vec<SafeLine>,
    search: LineInput,
    list: ListState,
}

impl History {
    pub fn open(model: &mut Model) {
        let phrases = model.console.input.history().iter().rev().map(|p| SafeLine::new(p)).collect();
        model.open(Self { phrases, search: LineInput::default(), list: ListState::default() });
    }

    /// The phrases that hold every word that was typed, each with the letters that are met.
    fn found(&self) -> Vec<(&SafeLine, Vec<usize>)> {
        let wanted: Vec<Vec<char>> = self.search.text().split_whitespace().map(lower).collect();
        let found = self.phrases.iter().filter_map(|phrase| {
            let letters = lower(phrase.as_str());
            let mut met = Vec::new();
            for word in &wanted {
                let at = letters.windows(word.len()).position(|window| window == word)?;
                met.extend(at..at + word.len());
            }
            met.sort_unstable();
            Some((phrase, met))
        });
        found.collect()
    }

    fn take(&self, model: &mut Model) -> Reaction {
        let Some(phrase) = self.found().get(self.list.selected).map(|(p, _)| p.as_str().to_owned()) else {
            return Reaction::stay();
        };
        let effects = console::say(model, &phrase);
        Reaction::close().with(effects)
    }
}

/// One letter for each, so that positions stay.
fn lower(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

impl Overlay for History {
    fn contexts(&self) -> &'static [Context] {
        &[Context::List, Context::Console]
    }

    fn title(&self) -> &'static str {
        "Earlier phrases"
    }

    fn takes(&self, key: Key) -> bool {
        key.text().is_some() || key.code == KeyCode::Backspace
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        self.search.key(key);
        self.list = ListState::default();
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        self.search.insert(text.trim());
        self.list = ListState::default();
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let count = self.found().len();
        match action {
            Action::Activate | Action::Complete => Some(self.take(model)),
            // The same key again: the one before.
            Action::History => {
                self.list.on_action(Action::Down, count);
                Some(Reaction::stay())
            }
            Action::Escape if !self.search.is_empty() => {
                self.search.clear();
                Some(Reaction::stay())
            }
            _ if self.list.on_action(action, count) => Some(Reaction::stay()),
            _ => None,
        }
    }

    fn refused(&self, _model: &Model, action: Action) -> Option<String> {
        (action == Action::NewWorkflow).then(|| "Take a phrase first".to_owned())
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let found = self.found();
        let row = |(phrase, met): &(&SafeLine, Vec<usize>)| {
            Row::new(vec![Line::from(lit(phrase, met, look.text(), look.lit()))])
        };
        let rows: Vec<Row> = found.iter().map(row).collect();
        let height =
            (self.phrases.len() as u16 + 4).clamp(8, frame.area().height.saturating_sub(8).clamp(8, 20));
        let area = card::place(frame.area(), 76, height);
        let title = vec![Span::styled("Earlier phrases", look.strong())];
        let inner = card::draw(frame, area, look, title, Vec::new());
        let body = search_line(model, frame, inner, &self.search, "type to search");
        let (body, foot) = split_foot(body);
        if rows.is_empty() {
            frame.render_widget(Line::styled("No earlier phrase holds that.", look.muted()), body);
        }
        list::draw(frame, body, look, &[Column::fill()], &rows, &self.list, Some(true));
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![
            Hint::labelled(Action::Activate, "take it"),
            Hint::labelled(Action::History, "the one before"),
            Action::Escape.into(),
        ]
    }
}
