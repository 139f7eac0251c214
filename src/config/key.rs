//! A key as people write it (`ctrl-p`, `alt-1`, `space`, `shift-tab`, `G`) and as the keymap
//! compares it. What a terminal library calls it is the console's affair.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// With shift already in it: `G`, `?`.
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    /// Never set for a character.
    pub shift: bool,
}

const NAMES: [(&str, KeyCode); 20] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("minus", KeyCode::Char('-')),
    // Other spellings, read but not written:
    ("return", KeyCode::Enter),
    ("escape", KeyCode::Esc),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

impl Key {
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// Reads `ctrl-p`, `alt-1`, `shift-tab`, `space`, `f5`, `G`, `?`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = Self::plain(KeyCode::Esc);
        let mut rest = text;
        loop {
            // A single character is itself, `-` too.
            if rest.chars().count() == 1 {
                break;
            }
            if let Some(after) = strip(rest, "ctrl-") {
                (key.ctrl, rest) = (true, after);
            } else if let Some(after) = strip(rest, "alt-") {
                (key.alt, rest) = (true, after);
            } else if let Some(after) = strip(rest, "shift-") {
                (key.shift, rest) = (true, after);
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        key.code = match (chars.next()?, chars.next()) {
            (c, None) if !c.is_control() => KeyCode::Char(c),
            _ => code(&rest.to_ascii_lowercase())?,
        };
        Some(key.normal())
    }

    /// Shift is in the character where there is one; terminals send ctrl with lower-case letters.
    #[must_use]
    pub fn normal(mut self) -> Self {
        if let KeyCode::Char(c) = self.code {
            if self.shift && c.is_ascii_lowercase() {
                self.code = KeyCode::Char(c.to_ascii_uppercase());
            }
            if self.ctrl {
                self.code = KeyCode::Char(c.to_ascii_lowercase());
            }
            self.shift = false;
        }
        self
    }

    /// Something that a text field would take as text.
    pub fn text(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..]).filter(|rest| !rest.is_empty())
}

fn code(name: &str) -> Option<KeyCode> {
    if let Some(number) = name.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()) {
        return (1..=24).contains(&number).then_some(KeyCode::F(number));
    }
    NAMES.iter().find(|(n, _)| *n == name).map(|(_, code)| *code)
}

impl fmt::Display for Key {
    /// As `keymap.toml` has it; `Key::parse` reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (set, word) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if set {
                text.push_str(word);
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => text.push_str(name),
            (None, KeyCode::Char(c)) => text.push(c),
            (None, KeyCode::F(n)) => text.extend(["f".to_owned(), n.to_string()]),
            (None, _) => {}
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_and_print() {
        for text in
            ["ctrl-p", "alt-1", "space", "shift-tab", "G", "?", "minus", "f5", "ctrl-alt-x", "page-up"]
        {
            let key = Key::parse(text).unwrap_or_else(|| panic!("{text} reads"));
            assert_eq!(key.to_string(), text);
        }
        assert_eq!(Key::parse("-"), Some(Key::char('-')));
        assert_eq!(Key::parse("Ctrl-P"), Some(Key::ctrl('p')));
        assert_eq!(Key::parse("shift-g"), Some(Key::char('G')));
        for bad in ["", "ctrl-", "hyper-x", "f0", "f25", "enterr", "\u{1b}"] {
            assert_eq!(Key::parse(bad), None, "{bad:?}");
        }
    }
}
