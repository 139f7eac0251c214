//! The filter of a list: typed letter by letter, kept with Enter, emptied with Esc.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::{Action, Key};
use crate::tui::look::Look;
use crate::tui::widgets::text::cut;
use crate::tui::widgets::{LineInput, text};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    input: LineInput,
    typing: bool,
}

impl Filter {
    pub fn text(&self) -> &str {
        self.input.text().trim()
    }

    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Keys are text at the moment.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Whether this key is text for the filter.
    pub fn takes(&self, key: Key) -> bool {
        self.typing && LineInput::takes(key)
    }

    /// Takes a key that is text.
    pub fn key(&mut self, key: Key) {
        self.input.key(key);
    }

    /// Takes text from the clipboard; false where nothing is being typed.
    pub fn paste(&mut self, text: &str) -> bool {
        if self.typing {
            self.input.insert(text.trim());
        }
        self.typing
    }

    /// Shows everything again.
    pub fn clear(&mut self) {
        self.input.clear();
        self.typing = false;
    }

    /// Begins, keeps or empties the filter; false where the action is none of these.
    pub fn on_action(&mut self, action: Action) -> bool {
        match action {
            Action::Filter => self.typing = true,
            Action::Activate if self.typing => self.typing = false,
            Action::Escape if self.typing || !self.input.is_empty() => self.clear(),
            _ => return false,
        }
        true
    }

    /// The words that must all be found, in lower case.
    pub fn words(&self) -> Vec<String> {
        self.input.text().to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    /// Whether the line of the filter stands in place of the counts.
    pub fn is_shown(&self) -> bool {
        self.typing || !self.input.is_empty()
    }

    /// Draws `/text` at the left and what it leaves at the right.
    pub fn draw(&self, frame: &mut Frame, area: Rect, look: &Look, left_over: &str, cursor: bool) {
        if area.width < 4 || area.height == 0 {
            return;
        }
        let room = usize::from(area.width);
        let right = cut(left_over, room / 2);
        let wide = text::width(&right) as u16;
        frame.render_widget(Line::from(Span::styled("/", look.accent())), Rect { width: 1, ..area });
        let field = Rect { x: area.x + 1, width: area.width.saturating_sub(wide + 3), ..area };
        self.input.draw(frame, field, look.text(), self.typing && cursor);
        let place = Rect { x: area.x + area.width - wide, width: wide, ..area };
        frame.render_widget(Line::styled(right, look.muted()), place);
    }
}

/// Whether all words stand in the text, blind to case.
pub fn contains(text: &str, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// What the last line of a list says, the most important first; what has no room is left out.
pub fn status_line(frame: &mut Frame, area: Rect, look: &Look, parts: &[String]) {
    let mut line = String::new();
    for part in parts.iter().filter(|p| !p.is_empty()) {
        let more = if line.is_empty() { part.clone() } else { format!("{line} · {part}") };
        if text::width(&more) > usize::from(area.width) && !line.is_empty() {
            break;
        }
        line = more;
    }
    frame.render_widget(Line::styled(cut(&line, area.width.into()), look.muted()), area);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_keeps_it_and_escape_empties_it() {
        let mut filter = Filter::default();
        let slash = Key::char('a');
        assert!(
            !filter.takes(slash) && !filter.on_action(Action::Escape) && !filter.on_action(Action::Activate)
        );
        assert!(filter.on_action(Action::Filter) && filter.takes(slash));
        filter.key(slash);
        assert!(filter.on_action(Action::Activate) && !filter.is_typing() && filter.text() == "a");
        assert!(filter.on_action(Action::Escape) && filter.is_empty() && !filter.is_shown());
    }

    #[test]
    fn every_word_must_be_found() {
        let words = ["deploy".to_owned(), "mcp".to_owned()];
        assert!(
            contains("Deploy the MCP server", &words) && !contains("Deploy", &words) && contains("", &[])
        );
    }
}
