//! A text of several lines being typed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_textarea::{CursorMove, Input, Key as TextKey, TextArea, WrapMode};

use crate::base::SafeText;
use crate::config::{Key, KeyCode};
use crate::tui::look::Look;

/// How a tab is shown, so that what is not touched stays as it was.
const TAB: &str = "␉";

pub struct Area {
    inner: TextArea<'static>,
    /// Longest text kept, in bytes.
    limit: usize,
    full: bool,
}

impl Area {
    /// With this text, the cursor at its beginning.
    pub fn new(text: &str, limit: usize) -> Self {
        let text = SafeText::new(&text.replace('\t', TAB)).plain();
        let mut area = TextArea::new(text.lines().map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::Word);
        area.set_cursor_line_style(Style::new());
        area.move_cursor(CursorMove::Top);
        Self { inner: area, limit, full: false }
    }

    /// Puts the cursor at the end.
    #[must_use]
    pub fn at_end(mut self) -> Self {
        self.inner.move_cursor(CursorMove::Bottom);
        self.inner.move_cursor(CursorMove::End);
        self
    }

    pub fn text(&self) -> String {
        self.inner.lines().join("\n").replace(TAB, "\t")
    }

    /// Whether the last key was refused because the text is as long as it may be.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the key is text, or moves in it.
    pub fn takes(key: Key) -> bool {
        match key.code {
            KeyCode::Esc | KeyCode::F(_) | KeyCode::Insert | KeyCode::Tab => false,
            KeyCode::Char(c) if key.ctrl => "abdefhkruwx".contains(c),
            KeyCode::Char(c) if key.alt => "bdf<>".contains(c),
            KeyCode::Enter => !key.ctrl && !key.alt,
            _ => true,
        }
    }

    pub fn key(&mut self, key: Key) {
        self.full = self.length() >= self.limit && (key.text().is_some() || key.code == KeyCode::Enter);
        if !self.full {
            self.inner.input(input(key));
        }
    }

    pub fn paste(&mut self, text: &str) {
        let text = SafeText::new(&text.replace('\t', TAB)).plain();
        self.full = self.length() + text.len() > self.limit;
        if !self.full {
            self.inner.insert_str(text);
        }
    }

    fn length(&self) -> usize {
        self.inner.lines().iter().map(|l| l.len() + 1).sum()
    }

    pub fn draw(&self, frame: &mut Frame, place: Rect, look: &Look, focused: bool) {
        let mut text = self.inner.clone();
        text.set_style(if focused { look.text() } else { look.subtext() });
        let cursor = if focused { look.text().add_modifier(Modifier::REVERSED) } else { look.subtext() };
        text.set_cursor_style(cursor);
        frame.render_widget(&text, place);
    }
}

/// Our key as the text area's.
pub fn input(key: Key) -> Input {
    let code = match key.code {
        KeyCode::Char(c) => TextKey::Char(c),
        KeyCode::Enter => TextKey::Enter,
        KeyCode::Tab => TextKey::Tab,
        KeyCode::Backspace => TextKey::Backspace,
        KeyCode::Delete => TextKey::Delete,
        KeyCode::Up => TextKey::Up,
        KeyCode::Down => TextKey::Down,
        KeyCode::Left => TextKey::Left,
        KeyCode::Right => TextKey::Right,
        KeyCode::Home => TextKey::Home,
        KeyCode::End => TextKey::End,
        KeyCode::PageUp => TextKey::PageUp,
        KeyCode::PageDown => TextKey::PageDown,
        KeyCode::Esc | KeyCode::Insert | KeyCode::F(_) => TextKey::Null,
    };
    Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: key.shift }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_touched_stays_as_it_was() {
        let script = "cat <<-END\n\tone\n\tEND\necho \"$A\"";
        let mut area = Area::new(script, 1024).at_end();
        assert_eq!(area.text(), script);
        area.key(Key::char('!'));
        area.paste("\tb\u{1b}[2J");
        assert_eq!(area.text(), format!("{script}!\tb"));
        area.paste(&"x".repeat(1024));
        assert!(area.is_full() && area.text().ends_with("!\tb"), "a text has a limit");
    }
}
