//! Help of this place: every action with its key and sentence, searchable; Enter does it.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::config::action::ACTIONS;
use crate::config::{Action, Context, Key, KeyCode};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::{Hint, LineInput, card, hints};

pub struct Help {
    /// The place that was left to open it.
    contexts: Vec<Context>,
    place: &'static str,
    search: LineInput,
    list: ListState,
}

impl Help {
    /// Help of the place that has the keys right now.
    pub fn of(model: &Model) -> Self {
        let place = model.layers.last().map_or_else(|| model.screen.title(), |layer| layer.title());
        Self { contexts: model.contexts(), place, search: LineInput::default(), list: ListState::default() }
    }

    /// The actions of the place that contain what was typed; the particular ones first.
    fn actions(&self, model: &Model) -> Vec<Action> {
        let wanted = self.search.text().to_lowercase();
        let mut found = Vec::new();
        for context in &self.contexts {
            for d in ACTIONS.iter().filter(|d| d.contexts.contains(context)) {
                let keys = keys_of(model, d.action);
                let text = format!("{} {} {} {}", d.name, d.label, d.sentence, keys).to_lowercase();
                if wanted.split_whitespace().all(|w| text.contains(w)) && !found.contains(&d.action) {
                    found.push(d.action);
                }
            }
        }
        found
    }
}

/// The keys of an action as people read them, `p`, `: ctrl-p`.
pub fn keys_of(model: &Model, action: Action) -> String {
    let unicode = model.look.glyphs == crate::config::GlyphSet::Unicode;
    let keys = model.keymap.keys(action).iter().map(|k| crate::tui::keys::shown(*k, unicode));
    keys.collect::<Vec<_>>().join("  ")
}

impl Overlay for Help {
    fn contexts(&self) -> &'static [Context] {
        &[Context::List]
    }

    fn title(&self) -> &'static str {
        "Help"
    }

    fn takes(&self, key: Key) -> bool {
        key.text().is_some() || key.code == KeyCode::Backspace
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        // The key that opened it closes it, as long as nothing is typed.
        if key == Key::char('?') && self.search.is_empty() {
            return Reaction::close();
        }
        self.search.key(key);
        self.list = ListState::default();
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let actions = self.actions(model);
        match action {
            Action::Activate => {
                let chosen = actions.get(self.list.selected).copied();
                Some(chosen.map_or_else(Reaction::stay, |a| Reaction::close().action(a)))
            }
            Action::Help => Some(Reaction::close()),
            Action::Escape if !self.search.is_empty() => {
                self.search.clear();
                Some(Reaction::stay())
            }
            _ if self.list.on_action(action, actions.len()) => Some(Reaction::stay()),
            _ => None,
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let actions = self.actions(model);
        let rows: Vec<Row> = actions
            .iter()
            .map(|action| {
                let d = action.declaration();
                Row::new(vec![
                    Line::styled(keys_of(model, *action), look.accent()),
                    Line::styled(d.sentence, look.text()),
                    Line::styled(d.name, look.muted()),
                ])
            })
            .collect();
        let area = card::place(frame.area(), 96, frame.area().height.saturating_sub(8).clamp(10, 34));
        let title = vec![Span::styled(format!("Keys: {}", self.place), look.strong())];
        let inner = card::draw(frame, area, look, title, Vec::new());
        let body = search_line(model, frame, inner, &self.search, "type to search");
        let (body, foot) = split_foot(body);
        let columns = [Column::fit(18).essential(), Column::fill(), Column::fit(20)];
        list::draw(frame, body, look, &columns, &rows, &self.list, Some(true));
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Hint::labelled(Action::Activate, "do it"), Action::Escape.into()]
    }
}

/// The line on top of help and palette that one types into; gives the room below it.
pub fn search_line(
    model: &Model,
    frame: &mut Frame,
    inner: ratatui::layout::Rect,
    input: &LineInput,
    ghost: &'static str,
) -> ratatui::layout::Rect {
    use ratatui::layout::Rect;
    let look = &model.look;
    if inner.height < 4 {
        return inner;
    }
    let line = Rect { height: 1, ..inner };
    frame.render_widget(Line::styled(look.glyph("›", ">"), look.accent()), line);
    let field = Rect { x: line.x + 2.min(line.width), width: line.width.saturating_sub(2), ..line };
    if input.is_empty() {
        frame.render_widget(Line::styled(ghost, look.muted()), field);
    }
    input.draw(frame, field, look.text(), true);
    Rect { y: inner.y + 2, height: inner.height - 2, ..inner }
}
