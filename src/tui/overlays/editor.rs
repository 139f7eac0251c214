//! A text of several lines, edited in the console: a session's summary before it is exported.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use tui_textarea::{CursorMove, TextArea, WrapMode};

use crate::base::{SafeText, SessionId};
use crate::config::{Action, Context, Key, KeyCode};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::sessions;
use crate::tui::widgets::area::input;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Hint, card, hints};

/// Longest text kept, in bytes.
const LIMIT: usize = 1024 * 1024;

pub struct Editor {
    session: SessionId,
    name: String,
    area: TextArea<'static>,
    /// The text as it is made: what equals it is no draft.
    made: String,
    full: bool,
}

impl Editor {
    /// `text` is what is edited, `made` what the session's summary is without any edit.
    pub fn new(session: SessionId, name: &str, text: &str, made: String) -> Self {
        // The text comes from a report, whose own rules have cleaned it; tabs would be drawn raw.
        let lines = text.lines().map(|l| l.replace('\t', "    ")).collect();
        let mut area = TextArea::new(lines);
        area.set_wrap_mode(WrapMode::Word);
        area.set_cursor_line_style(Style::new());
        area.move_cursor(CursorMove::Top);
        Self { session, name: name.to_owned(), area, made, full: false }
    }

    fn text(&self) -> String {
        let mut text = self.area.lines().join("\n");
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }

    /// Keeps what was edited; an emptied text is none.
    fn keep(&self, model: &mut Model) -> bool {
        let text = self.text();
        if text.is_empty() || text == self.made {
            model.sessions.drafts.remove(&self.session);
            return false;
        }
        model.sessions.drafts.insert(self.session.clone(), text);
        true
    }

    fn length(&self) -> usize {
        self.area.lines().iter().map(|l| l.len() + 1).sum()
    }
}

impl Overlay for Editor {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Form]
    }

    fn title(&self) -> &'static str {
        "Editor"
    }

    fn takes(&self, key: Key) -> bool {
        match key.code {
            KeyCode::Esc | KeyCode::F(_) | KeyCode::Insert => false,
            KeyCode::Char(c) if key.ctrl => "abdefhkruwx".contains(c),
            KeyCode::Char(c) if key.alt => "bdf<>".contains(c),
            KeyCode::Enter => !key.ctrl && !key.alt,
            _ => true,
        }
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        self.full = self.length() >= LIMIT && (key.text().is_some() || key.code == KeyCode::Enter);
        if !self.full {
            self.area.input(input(key));
        }
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        let text = SafeText::new(text).plain();
        self.full = self.length() + text.len() > LIMIT;
        if !self.full {
            self.area.insert_str(text);
        }
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Submit => {
                self.keep(model);
                let effects = sessions::export(model, &self.session, false);
                Some(Reaction::close().with(effects))
            }
            Action::Escape => {
                if self.keep(model) {
                    model.say("Your text is kept; edit or export goes on with it");
                }
                Some(Reaction::close())
            }
            _ => None,
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let screen = frame.area();
        let area = card::place(screen, screen.width, screen.height);
        let title = vec![Span::styled("Edit the summary", look.strong())];
        let inner = card::draw(frame, area, look, title, vec![untrusted(&self.name, look.muted())]);
        let (body, foot) = split_foot(inner);
        let body = Rect { height: body.height.saturating_sub(1), ..body };
        let mut text = self.area.clone();
        text.set_style(look.text());
        text.set_cursor_style(look.text().add_modifier(Modifier::REVERSED));
        frame.render_widget(&text, body);
        let gap = Rect { y: body.y + body.height, height: inner.height.min(1), ..body };
        if self.full {
            let told = Line::styled(
                "The text is as long as it may be: 1 MiB",
                look.style(crate::config::Role::Error),
            );
            frame.render_widget(told, gap);
        } else {
            frame.render_widget(Line::styled("An emptied text starts afresh.", look.muted()), gap);
        }
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Hint::labelled(Action::Submit, "export"), Hint::labelled(Action::Escape, "keep the draft")]
    }
}
