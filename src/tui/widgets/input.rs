//! A single line of text being typed, with a history. Counts in graphemes, scrolls sideways.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};
use unicode_width::UnicodeWidthStr as _;

use crate::base::SafeLine;
use crate::config::{Key, KeyCode};
use crate::tui::widgets::text::cut;

/// Longest text taken, in bytes: what comes from a clipboard may be anything.
const LIMIT: usize = 4096;
const HISTORY: usize = 200;

#[derive(Debug, Clone, Default)]
pub struct LineInput {
    text: String,
    /// A byte offset on a grapheme's border.
    cursor: usize,
    history: Vec<String>,
    /// Which entry of the history is shown, and what was typed before.
    recalled: Option<(usize, String)>,
}

impl LineInput {
    pub fn with(text: &str) -> Self {
        let mut input = Self::default();
        input.set(text);
        input
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.cursor = 0;
        self.insert(text);
        self.recalled = None;
    }

    pub fn clear(&mut self) {
        self.set("");
    }

    /// Empties the line and remembers what was in it.
    pub fn take(&mut self) -> String {
        self.remember();
        let text = std::mem::take(&mut self.text);
        self.cursor = 0;
        text
    }

    /// Remembers what is in the line, and gives it where it may be kept: what begins with a space may not.
    pub fn remember(&mut self) -> Option<String> {
        self.recalled = None;
        let text = self.text.trim().to_owned();
        if text.is_empty() || self.text.starts_with(' ') {
            return None;
        }
        self.history.retain(|earlier| *earlier != text);
        self.history.push(text.clone());
        if self.history.len() > HISTORY {
            self.history.remove(0);
        }
        Some(text)
    }

    /// What was entered before, the newest last.
    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// Entries from an earlier time go before those that are here.
    pub fn precede(&mut self, mut earlier: Vec<String>) {
        earlier.retain(|text| !self.history.contains(text));
        earlier.append(&mut self.history);
        let surplus = earlier.len().saturating_sub(HISTORY);
        earlier.drain(..surplus);
        self.history = earlier;
        self.recalled = None;
    }

    /// Whether the cursor stands behind everything.
    pub fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Puts text in at the cursor, as safe single-line text.
    pub fn insert(&mut self, text: &str) {
        self.put(text);
    }

    /// The same; false where not all of it had room.
    pub fn put(&mut self, text: &str) -> bool {
        let safe = SafeLine::new(text);
        let room = LIMIT.saturating_sub(self.text.len());
        let mut end = room.min(safe.as_str().len());
        while !safe.as_str().is_char_boundary(end) {
            end -= 1;
        }
        let piece = &safe.as_str()[..end];
        self.text.insert_str(self.cursor, piece);
        self.cursor += piece.len();
        self.settle();
        end == safe.as_str().len()
    }

    /// What was put in or taken out may have joined its neighbours to one character; the cursor never stands
    /// inside of one.
    fn settle(&mut self) {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        if !cursor.is_boundary(&self.text, 0).unwrap_or(true) {
            self.cursor = self.after();
        }
    }

    /// Whether `key` would edit this line; such a key is text before it is anything else.
    pub fn takes(key: Key) -> bool {
        if key.text().is_some() {
            return true;
        }
        match key.code {
            KeyCode::Backspace | KeyCode::Delete => true,
            KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End => !key.alt,
            KeyCode::Char(c) if key.ctrl && !key.alt => "aeukwbfdh".contains(c),
            KeyCode::Char(c) if key.alt && !key.ctrl => "bfd".contains(c),
            _ => false,
        }
    }

    /// Edits; true where something changed, the cursor included.
    pub fn key(&mut self, key: Key) -> bool {
        let before = (self.text.clone(), self.cursor);
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) => self.insert(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, _) => {
                let from = self.before();
                self.remove(from, self.cursor);
            }
            (KeyCode::Delete, ..) | (KeyCode::Char('d'), true, _) => self.remove(self.cursor, self.after()),
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, ..) => {
                let from = self.word_before();
                self.remove(from, self.cursor);
            }
            (KeyCode::Char('d'), _, true) => self.remove(self.cursor, self.word_after()),
            (KeyCode::Char('u'), true, _) => self.remove(0, self.cursor),
            (KeyCode::Char('k'), true, _) => self.remove(self.cursor, self.text.len()),
            (KeyCode::Left, true, _) | (KeyCode::Char('b'), _, true) => self.cursor = self.word_before(),
            (KeyCode::Right, true, _) | (KeyCode::Char('f'), _, true) => self.cursor = self.word_after(),
            (KeyCode::Left, ..) | (KeyCode::Char('b'), true, _) => self.cursor = self.before(),
            (KeyCode::Right, ..) | (KeyCode::Char('f'), true, _) => self.cursor = self.after(),
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, _) => self.cursor = 0,
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, _) => self.cursor = self.text.len(),
            _ => {}
        }
        let changed = before != (self.text.clone(), self.cursor);
        if changed {
            self.recalled = None;
        }
        changed
    }

    /// Shows the entry before; false where there is none.
    pub fn older(&mut self) -> bool {
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let Some(older) = at.checked_sub(1) else { return false };
        let draft = self.recalled.take().map_or_else(|| self.text.clone(), |(_, draft)| draft);
        let text = self.history[older].clone();
        self.set(&text);
        self.recalled = Some((older, draft));
        true
    }

    /// Shows the entry after, at last what was typed before; false where there is none.
    pub fn newer(&mut self) -> bool {
        let Some((at, draft)) = self.recalled.take() else { return false };
        match self.history.get(at + 1).cloned() {
            Some(text) => {
                self.set(&text);
                self.recalled = Some((at + 1, draft));
            }
            None => self.set(&draft),
        }
        true
    }

    /// Whether an entry of the history is shown.
    pub fn is_recalled(&self) -> bool {
        self.recalled.is_some()
    }

    fn remove(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
        self.settle();
    }

    fn before(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0)
    }

    fn after(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len())
    }

    fn word_before(&self) -> usize {
        let head = self.text[..self.cursor].trim_end();
        head.rfind(char::is_whitespace)
            .map_or(0, |at| at + head[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn word_after(&self) -> usize {
        let tail = &self.text[self.cursor..];
        let start = tail.len() - tail.trim_start().len();
        let end = tail[start..].find(char::is_whitespace).unwrap_or(tail.len() - start);
        self.cursor + start + end
    }

    /// Draws the line, scrolled so that the cursor is seen; `cursor` puts the terminal's there.
    pub fn draw(&self, frame: &mut Frame, area: Rect, style: Style, cursor: bool) {
        self.draw_with(frame, area, style, cursor, &Span::default());
    }

    /// The same with something behind the text that is not in it; part of it is seen even where the text fills
    /// the line.
    pub fn draw_with(
        &self,
        frame: &mut Frame,
        area: Rect,
        style: Style,
        cursor: bool,
        ghost: &Span<'static>,
    ) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let room = usize::from(area.width);
        let to_cursor: usize = self.text[..self.cursor].graphemes(true).map(str::width).sum();
        let behind = ghost.width().min(room / 3).max(1);
        let skip = (to_cursor + behind).saturating_sub(room);
        let mut passed = 0;
        let mut shown = String::new();
        let mut used = 0;
        for grapheme in self.text.graphemes(true) {
            let wide = grapheme.width();
            if passed < skip {
                passed += wide;
            } else if used + wide <= room {
                used += wide;
                shown.push_str(grapheme);
            } else {
                break;
            }
        }
        let ghost = Span::styled(cut(&ghost.content, room - used), ghost.style);
        frame.render_widget(Line::from(vec![Span::styled(shown, style), ghost]), area);
        if cursor {
            let column = to_cursor.saturating_sub(passed).min(room - 1);
            frame.set_cursor_position(Position::new(area.x + column as u16, area.y));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(input: &mut LineInput, keys: &[&str]) {
        for key in keys {
            input.key(Key::parse(key).expect("a key"));
        }
    }

    #[test]
    fn edits_whole_graphemes_and_words() {
        let mut input = LineInput::with("deploy 👩‍👩‍👧 e\u{301}");
        typed(&mut input, &["backspace"]);
        assert!(input.text().ends_with(' '), "{:?}", input.text());
        typed(&mut input, &["ctrl-w", "x", "home", "delete", "ctrl-right", "ctrl-k"]);
        assert_eq!(input.text(), "eploy");
        typed(&mut input, &["ctrl-u"]);
        assert!(input.is_empty());
        input.insert("a\u{202e}b\nc\x1b[31md");
        assert_eq!(input.text(), "ab cd");
        input.insert(&"é".repeat(5000));
        assert!(input.text().len() <= LIMIT);
    }

    #[test]
    fn the_cursor_never_stands_inside_a_character() {
        let mut input = LineInput::with("x\u{301}");
        typed(&mut input, &["home", "delete"]);
        assert!(input.is_empty());
        // The letter before joins the mark behind the cursor.
        input.insert("\u{301}z");
        typed(&mut input, &["home", "e"]);
        assert_eq!(input.text(), "e\u{301}z");
        typed(&mut input, &["backspace"]);
        assert_eq!(input.text(), "z", "one character is taken away whole");
        let mut flags = LineInput::with("🇩🇪🇫🇷");
        typed(&mut flags, &["left", "left", "right", "backspace"]);
        assert_eq!(flags.text(), "🇫🇷");
        let mut full = LineInput::default();
        assert!(!full.put(&"語".repeat(2000)) && full.at_end());
        assert!(full.text().len() <= LIMIT && full.text().chars().all(|c| c == '語'));
    }

    #[test]
    fn the_cursor_is_seen_behind_any_text() {
        use ratatui::Terminal;
        use ratatui::backend::TestBackend;
        let drawn = |text: &str, width: u16, ghost: &'static str| {
            let input = LineInput::with(text);
            let mut terminal = Terminal::new(TestBackend::new(width, 1)).expect("a test backend never fails");
            let draw = |f: &mut Frame| {
                input.draw_with(f, f.area(), Style::new(), true, &Span::raw(ghost));
            };
            terminal.draw(draw).expect("drawn");
            let at = terminal.get_cursor_position().expect("a cursor").x;
            let cells: String =
                terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect();
            (at, cells)
        };
        assert_eq!(drawn("deploy", 20, " it").0, 6);
        assert_eq!(drawn("日本語", 20, "").0, 6);
        assert_eq!(drawn("e\u{301}e\u{301}", 20, "").0, 2);
        assert_eq!(drawn("שלום", 20, "").0, 4);
        assert_eq!(drawn(&"語".repeat(1365), 20, "").0, 18, "half a character has no place");
        let (at, cells) = drawn(&"x".repeat(4096), 12, " and more");
        assert_eq!((at, cells.as_str()), (8, "xxxxxxxx an…"));
        for width in 1..4 {
            assert!(drawn("日本語 e\u{301}", width, "語語").0 < width);
        }
    }

    #[test]
    fn history_comes_back_and_the_draft_is_kept() {
        let mut input = LineInput::default();
        for text in ["one", "two"] {
            input.set(text);
            assert_eq!(input.take(), text);
        }
        input.set("dra");
        assert!(input.older() && input.older() && !input.older());
        assert_eq!(input.text(), "one");
        assert!(input.newer() && input.newer() && !input.newer());
        assert_eq!(input.text(), "dra");
        input.set(" token=abc");
        assert_eq!(input.remember(), None, "what begins with a space is not kept");
        input.set("one ");
        assert_eq!(input.remember().as_deref(), Some("one"));
        assert_eq!(input.history(), ["two", "one"], "each of them once");
        input.precede(vec!["zero".to_owned(), "two".to_owned()]);
        assert_eq!(input.history(), ["zero", "two", "one"]);
    }
}
