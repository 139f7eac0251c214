//! The terminal library's key events → our own keys.

use ratatui::crossterm::event::{KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers};

use crate::config::{Key, KeyCode};

/// The key of an event; `None` for releases and for keys that have no name here.
pub fn key(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => {
            shift = true;
            KeyCode::Tab
        }
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Insert => KeyCode::Insert,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::F(n) => KeyCode::F(n),
        _ => return None,
    };
    let key = Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
        shift,
    };
    Some(key.normal())
}

/// As the footer, help and palette show a key: `⏎`, `⇥`, `Esc`, `ctrl-p`.
pub fn shown(key: Key, unicode: bool) -> String {
    let plain = !key.ctrl && !key.alt && !key.shift;
    let short = match key.code {
        KeyCode::Enter if unicode => "⏎",
        KeyCode::Tab if unicode => "⇥",
        KeyCode::Up if unicode => "↑",
        KeyCode::Down if unicode => "↓",
        KeyCode::Left if unicode => "←",
        KeyCode::Right if unicode => "→",
        KeyCode::Char(' ') if unicode => "␣",
        KeyCode::Char('-') if plain => "-",
        KeyCode::Esc => "Esc",
        KeyCode::Enter => "Enter",
        KeyCode::Tab => "Tab",
        _ => "",
    };
    if plain && !short.is_empty() { short.to_owned() } else { key.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_spell_keys_in_several_ways() {
        let press = |code, modifiers| key(&KeyEvent::new(code, modifiers));
        assert_eq!(press(Code::BackTab, KeyModifiers::SHIFT), Key::parse("shift-tab"));
        assert_eq!(press(Code::BackTab, KeyModifiers::NONE), Key::parse("shift-tab"));
        assert_eq!(press(Code::Char('G'), KeyModifiers::SHIFT), Key::parse("G"));
        assert_eq!(press(Code::Char('p'), KeyModifiers::CONTROL), Key::parse("ctrl-p"));
        let mut release = KeyEvent::new(Code::Enter, KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(key(&release), None);
        assert_eq!(shown(Key::char('G'), true), "G");
        assert_eq!(shown(Key::plain(KeyCode::Enter), true), "⏎");
    }
}
