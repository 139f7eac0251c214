//! What one answer is typed into, and what its keys do.

use std::collections::BTreeSet;

use serde_json::Value;
use tui_textarea::{CursorMove, TextArea};

use crate::base::{SafeLine, SafeText};
use crate::config::{Key, KeyCode};
use crate::tui::widgets::LineInput;
use crate::workflow::{Field, FieldKind, field};

const YES_NO: [&str; 2] = ["yes", "no"];
/// Lines that a `text` field shows.
pub const TALL: u16 = 4;
/// Options that a list shows at once.
pub const LISTED: usize = 5;
/// Options that fit behind each other into this width stand in one line.
const IN_A_LINE: usize = 52;
/// The longest option that is shown whole there.
pub const WIDEST: usize = 30;

pub enum Editor {
    /// One line. Texts that are offered stand below, those that hold what is typed; `at`: the one
    /// that Enter takes.
    Line {
        line: LineInput,
        offered: Vec<String>,
        at: Option<usize>,
    },
    Many(Box<TextArea<'static>>),
    Choice(Choice),
    /// Drawn as dots.
    Secret(LineInput),
}

/// Options to choose from: in a line, or as a list that is narrowed by typing.
pub struct Choice {
    pub options: Vec<String>,
    /// Where one is; of a question with one answer, that is the answer.
    pub at: Option<usize>,
    /// The answers, where there may be several.
    pub marked: Option<BTreeSet<usize>>,
    /// What the options that are listed hold.
    pub filter: LineInput,
}

/// What a key has done.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    Stays,
    Back,
    On,
}

impl Editor {
    pub fn new(field: &Field, value: Option<&Value>, offered: &[String]) -> Self {
        let text = match value {
            Some(Value::Bool(yes)) => YES_NO[usize::from(!yes)].to_owned(),
            Some(value) => field::shown(value),
            None => String::new(),
        };
        let line = |offered: &[String]| Self::Line {
            line: LineInput::with(&text),
            offered: offered.to_vec(),
            at: None,
        };
        match &field.kind {
            FieldKind::Choice { options } | FieldKind::MultiChoice { options } if options.is_empty() => {
                line(&[])
            }
            FieldKind::Choice { options } => {
                let meant = field::read(field, &text).ok();
                let at =
                    options.iter().position(|o| meant.as_ref().and_then(Value::as_str) == Some(o.as_str()));
                Self::Choice(Choice::new(options.clone(), at.filter(|_| !text.is_empty()), None))
            }
            FieldKind::MultiChoice { options } => {
                let meant = field::read(field, &text).ok().filter(|_| !text.is_empty());
                let holds = |o: &String| {
                    meant
                        .as_ref()
                        .and_then(Value::as_array)
                        .is_some_and(|all| all.iter().any(|v| v == o.as_str()))
                };
                let marked = (0..options.len()).filter(|n| holds(&options[*n])).collect();
                Self::Choice(Choice::new(options.clone(), Some(0), Some(marked)))
            }
            FieldKind::Boolean => {
                let options = YES_NO.map(str::to_owned).to_vec();
                let at = options.iter().position(|o| *o == text);
                Self::Choice(Choice::new(options, at, None))
            }
            FieldKind::Text => {
                let safe = SafeText::new(&text).plain();
                let mut area = TextArea::from(safe.lines());
                area.set_wrap_mode(tui_textarea::WrapMode::WordOrGlyph);
                area.move_cursor(CursorMove::Bottom);
                area.move_cursor(CursorMove::End);
                Self::Many(Box::new(area))
            }
            // What comes back of a secret is its reference, and that is not typed.
            FieldKind::Secret => Self::Secret(LineInput::default()),
            FieldKind::String { .. } | FieldKind::Number { .. } | FieldKind::Path => line(offered),
        }
    }

    /// What stands in it, as text.
    pub fn typed(&self) -> String {
        match self {
            Self::Line { line, .. } | Self::Secret(line) => line.text().to_owned(),
            Self::Many(area) => area.lines().join("\n"),
            Self::Choice(choice) => choice.chosen(),
        }
    }

    /// Rows, with and without the focus.
    pub fn height(&self, focused: bool) -> u16 {
        match self {
            Self::Many(_) => TALL,
            Self::Line { .. } if focused => 1 + self.suggestions().len().min(LISTED) as u16,
            Self::Choice(choice) if focused && !choice.in_a_line() => {
                1 + choice.matching().len().clamp(1, LISTED) as u16
            }
            Self::Line { .. } | Self::Choice(_) | Self::Secret(_) => 1,
        }
    }

    /// The offered texts that hold what is typed, none where it is one of them.
    pub fn suggestions(&self) -> Vec<&String> {
        let Self::Line { line, offered, .. } = self else { return Vec::new() };
        if offered.iter().any(|o| o == line.text()) {
            return Vec::new();
        }
        let wanted = line.text().trim().to_lowercase();
        offered.iter().filter(|o| o.to_lowercase().contains(&wanted)).collect()
    }

    /// Takes the offered text that one has gone to.
    pub fn take_suggestion(&mut self) {
        let Self::Line { at: Some(n), .. } = self else { return };
        let n = *n;
        let taken = self.suggestions().get(n).map(|s| (*s).clone());
        if let (Self::Line { line, at, .. }, Some(taken)) = (self, taken) {
            line.set(&taken);
            *at = None;
        }
    }

    pub fn takes(&self, key: Key) -> bool {
        if matches!(key.code, KeyCode::Up | KeyCode::Down) && !key.ctrl && !key.alt {
            return true;
        }
        match self {
            Self::Line { .. } | Self::Secret(_) => LineInput::takes(key),
            Self::Many(_) => {
                LineInput::takes(key)
                    || matches!(key.code, KeyCode::Enter | KeyCode::PageUp | KeyCode::PageDown) && !key.ctrl
            }
            Self::Choice(choice) if choice.in_a_line() => {
                key.text().is_some() || matches!(key.code, KeyCode::Left | KeyCode::Right)
            }
            Self::Choice(_) => {
                LineInput::takes(key) || matches!(key.code, KeyCode::PageUp | KeyCode::PageDown)
            }
        }
    }

    pub fn key(&mut self, key: Key) -> Moved {
        let count = self.suggestions().len();
        match self {
            Self::Line { line, at, .. } => match key.code {
                KeyCode::Up => match *at {
                    None => return Moved::Back,
                    Some(n) => *at = n.checked_sub(1),
                },
                KeyCode::Down => match at.map_or(0, |n| n + 1) {
                    next if next < count => *at = Some(next),
                    _ => return Moved::On,
                },
                _ => {
                    line.key(key);
                    *at = None;
                }
            },
            Self::Secret(line) => match key.code {
                KeyCode::Up => return Moved::Back,
                KeyCode::Down => return Moved::On,
                _ => {
                    line.key(key);
                }
            },
            Self::Many(area) => {
                let row = area.cursor().0;
                match key.code {
                    KeyCode::Up if row == 0 => return Moved::Back,
                    KeyCode::Down if row + 1 >= area.lines().len() => return Moved::On,
                    _ => {
                        area.input(area_key(key));
                    }
                }
            }
            Self::Choice(choice) => return choice.key(key),
        }
        Moved::Stays
    }

    /// Takes text from the clipboard; a sentence where it cannot be taken as it is.
    pub fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        match self {
            Self::Line { line, at, .. } => {
                line.insert(text);
                *at = None;
            }
            Self::Secret(line) => {
                let text = text.trim_end_matches(['\n', '\r']);
                // Nobody would see what was changed in it.
                let is_clean = SafeLine::new(text).as_str() == text;
                if !is_clean || !line.put(text) {
                    line.clear();
                    return Err(
                        "This is too long for a line, or not plain text: give it as a file or variable",
                    );
                }
            }
            Self::Many(area) => {
                area.insert_str(SafeText::new(text).plain());
            }
            Self::Choice(choice) if choice.in_a_line() => {}
            Self::Choice(choice) => {
                choice.filter.insert(text);
                choice.settle();
            }
        }
        Ok(())
    }
}

impl Choice {
    fn new(options: Vec<String>, at: Option<usize>, marked: Option<BTreeSet<usize>>) -> Self {
        Self { options, at, marked, filter: LineInput::default() }
    }

    pub fn in_a_line(&self) -> bool {
        self.options.iter().map(|o| o.chars().count().min(WIDEST) + 5).sum::<usize>() <= IN_A_LINE
    }

    /// The options that hold what is typed, by their place.
    pub fn matching(&self) -> Vec<usize> {
        let wanted = self.filter.text().trim().to_lowercase();
        (0..self.options.len()).filter(|n| self.options[*n].to_lowercase().contains(&wanted)).collect()
    }

    pub fn chosen(&self) -> String {
        let texts = |all: &mut dyn Iterator<Item = usize>| {
            all.filter_map(|n| self.options.get(n).cloned()).collect::<Vec<_>>().join(", ")
        };
        match &self.marked {
            Some(marked) => texts(&mut marked.iter().copied()),
            None => texts(&mut self.at.into_iter()),
        }
    }

    pub fn is_chosen(&self, option: usize) -> bool {
        self.marked.as_ref().map_or(self.at == Some(option), |marked| marked.contains(&option))
    }

    /// One always stands on an option that is listed.
    fn settle(&mut self) {
        let matching = self.matching();
        if self.filter.is_empty() && self.marked.is_none() {
            return;
        }
        if self.at.is_none_or(|at| !matching.contains(&at)) {
            self.at = matching.first().copied();
        }
    }

    fn toggle(&mut self) {
        if let (Some(marked), Some(at)) = (&mut self.marked, self.at)
            && !marked.remove(&at)
        {
            marked.insert(at);
        }
    }

    fn key(&mut self, key: Key) -> Moved {
        if self.in_a_line() { self.line_key(key) } else { self.list_key(key) }
    }

    fn line_key(&mut self, key: Key) -> Moved {
        let count = self.options.len().max(1);
        let at = self.at;
        self.at = match key.code {
            KeyCode::Up => return Moved::Back,
            KeyCode::Down => return Moved::On,
            KeyCode::Left => Some(at.map_or(count - 1, |n| (n + count - 1) % count)),
            KeyCode::Char(' ') if self.marked.is_some() => {
                self.toggle();
                at
            }
            KeyCode::Right | KeyCode::Char(' ') => Some(at.map_or(0, |n| (n + 1) % count)),
            // A letter goes to the next option that begins with it.
            KeyCode::Char(c) => {
                let from = at.map_or(0, |n| n + 1);
                let begins = |n: &usize| self.options[*n].to_lowercase().starts_with(c.to_ascii_lowercase());
                let end = self.options.len();
                (from..end).chain(0..from.min(end)).find(begins).or(at)
            }
            _ => at,
        };
        Moved::Stays
    }

    fn list_key(&mut self, key: Key) -> Moved {
        let matching = self.matching();
        let place = self.at.and_then(|at| matching.iter().position(|n| *n == at));
        let last = matching.len().checked_sub(1);
        let to = match key.code {
            KeyCode::Up if place.is_none_or(|p| p == 0) => return Moved::Back,
            KeyCode::Down if last.is_none() || place == last => return Moved::On,
            KeyCode::Up => place.map(|p| p - 1),
            KeyCode::Down => Some(place.map_or(0, |p| p + 1)),
            KeyCode::PageUp => Some(place.map_or(0, |p| p.saturating_sub(LISTED))),
            KeyCode::PageDown => last.map(|last| place.map_or(0, |p| p + LISTED).min(last)),
            KeyCode::Char(' ') if self.marked.is_some() => {
                self.toggle();
                return Moved::Stays;
            }
            _ => {
                self.filter.key(key);
                self.settle();
                return Moved::Stays;
            }
        };
        self.at = to.and_then(|p| matching.get(p).copied());
        Moved::Stays
    }
}

/// Our key as the text area's.
fn area_key(key: Key) -> tui_textarea::Input {
    use tui_textarea::Key as K;
    let code = match key.code {
        KeyCode::Char(c) => K::Char(c),
        KeyCode::Enter => K::Enter,
        KeyCode::Backspace => K::Backspace,
        KeyCode::Delete => K::Delete,
        KeyCode::Up => K::Up,
        KeyCode::Down => K::Down,
        KeyCode::Left => K::Left,
        KeyCode::Right => K::Right,
        KeyCode::Home => K::Home,
        KeyCode::End => K::End,
        KeyCode::PageUp => K::PageUp,
        KeyCode::PageDown => K::PageDown,
        KeyCode::Esc | KeyCode::Tab | KeyCode::Insert | KeyCode::F(_) => K::Null,
    };
    tui_textarea::Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: key.shift }
}
