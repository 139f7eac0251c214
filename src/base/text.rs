//! The one sanitiser for untrusted text. Output, names, tool results and file contents pass
//! it before any screen, title, notification, clipboard or log. Colours survive as plain
//! data ([`Ink`]), every other escape sequence, control, bidi and zero-width character is
//! dropped or shown as visible text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest line kept, in characters; the rest is cut and said so.
pub const LINE_LIMIT: usize = 4096;

/// One line of text that is safe to show: no escapes, controls, bidi or zero-width characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct SafeLine(String);

impl SafeLine {
    /// Cleans `text`; line breaks become spaces, long text is cut at [`LINE_LIMIT`].
    pub fn new(text: &str) -> Self {
        let mut line = String::new();
        for part in SafeText::new(text).lines {
            if !line.is_empty() {
                line.push(' ');
            }
            for span in part {
                line.push_str(&span.text);
            }
            if line.len() > LINE_LIMIT * 4 {
                break;
            }
        }
        Self(line)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for SafeLine {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// A colour that the text asked for; the theme decides what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Ink {
    #[default]
    Plain,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    Dim,
}

/// A stretch of safe text in one colour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeSpan {
    pub text: String,
    pub ink: Ink,
    pub bold: bool,
}

/// Lines of text that are safe to show, with the colours that the text asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeText {
    pub lines: Vec<Vec<SafeSpan>>,
}

impl SafeText {
    pub fn new(text: &str) -> Self {
        let mut cleaner = Cleaner::default();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\u{1b}' => skip_escape(&mut chars, &mut cleaner),
                '\u{9b}' => skip_csi(&mut chars, &mut cleaner),
                '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut chars),
                '\n' => cleaner.break_line(),
                '\r' if chars.peek() == Some(&'\n') => {}
                '\r' => cleaner.restart_line(),
                '\t' => {
                    let to_stop = 4 - cleaner.width % 4;
                    for _ in 0..to_stop {
                        cleaner.push(' ');
                    }
                }
                '\u{8}' => cleaner.backspace(),
                c if is_hidden(c) => {}
                c if c.is_control() => cleaner.push(picture(c)),
                c => cleaner.push(c),
            }
        }
        cleaner.finish()
    }

    /// Cleans bytes of unknown encoding; what is not UTF-8 is shown as `�`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::new(&String::from_utf8_lossy(bytes))
    }

    /// Without colours, lines joined by `\n`.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            for span in line {
                text.push_str(&span.text);
            }
        }
        text
    }
}

/// Characters that change what a reader sees without being seen: bidi controls, zero-width
/// characters, tags, variation selectors beyond emoji use, and the byte-order mark.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// JSON text in which every control, bidi and zero-width character is written as `\uXXXX`: what
/// it says stays the same, and a terminal that it is printed on sees none of them.
pub fn escape_json(json: &str) -> std::borrow::Cow<'_, str> {
    if !json.chars().any(|c| c.is_control() || is_hidden(c)) {
        return json.into();
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if c.is_control() || is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                use fmt::Write as _;
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

/// The visible picture of a control character: `␇` for BEL.
fn picture(c: char) -> char {
    match c as u32 {
        n @ 0..=0x1f => char::from_u32(0x2400 + n).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ => '\u{fffd}',
    }
}

#[derive(Default)]
struct Cleaner {
    lines: Vec<Vec<SafeSpan>>,
    line: Vec<SafeSpan>,
    width: usize,
    ink: Ink,
    bold: bool,
}

impl Cleaner {
    fn push(&mut self, c: char) {
        self.width += 1;
        if self.width > LINE_LIMIT {
            if self.width == LINE_LIMIT + 1 {
                self.line.push(SafeSpan { text: "… line cut".to_owned(), ink: Ink::Dim, bold: false });
            }
            return;
        }
        match self.line.last_mut() {
            Some(span) if span.ink == self.ink && span.bold == self.bold => span.text.push(c),
            _ => self.line.push(SafeSpan { text: c.to_string(), ink: self.ink, bold: self.bold }),
        }
    }

    fn backspace(&mut self) {
        if let Some(span) = self.line.last_mut() {
            span.text.pop();
            self.width = self.width.saturating_sub(1);
            if span.text.is_empty() {
                self.line.pop();
            }
        }
    }

    /// A bare carriage return overwrites the line, as progress bars do.
    fn restart_line(&mut self) {
        self.line.clear();
        self.width = 0;
    }

    fn break_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
        self.width = 0;
    }

    fn finish(mut self) -> SafeText {
        if !self.line.is_empty() || self.lines.is_empty() {
            self.break_line();
        }
        SafeText { lines: self.lines }
    }

    /// SGR parameters (ECMA-48 8.3.117): colours and bold, everything else ignored.
    fn style(&mut self, parameters: &str) {
        let mut codes = parameters.split([';', ':']).map(|p| p.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => (self.ink, self.bold) = (Ink::Plain, false),
                1 => self.bold = true,
                2 | 90 => self.ink = Ink::Dim,
                22 => self.bold = false,
                31 | 91 => self.ink = Ink::Red,
                32 | 92 => self.ink = Ink::Green,
                33 | 93 => self.ink = Ink::Yellow,
                34 | 94 => self.ink = Ink::Blue,
                35 | 95 => self.ink = Ink::Magenta,
                36 | 96 => self.ink = Ink::Cyan,
                30 | 37 | 39 | 97 => self.ink = Ink::Plain,
                38 | 48 | 58 => {
                    // An indexed or direct colour: its parameters are no codes of their own.
                    let skip = match codes.next() {
                        Some(5) => 1,
                        Some(2) => 3,
                        _ => 0,
                    };
                    for _ in 0..skip {
                        codes.next();
                    }
                }
                _ => {}
            }
        }
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>, cleaner: &mut Cleaner) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars, cleaner);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        // nF sequences: intermediates 0x20..0x2f, then one final byte.
        Some(' '..='/') => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next_if(|c| matches!(c, '0'..='~'));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

fn skip_csi(chars: &mut Chars<'_>, cleaner: &mut Cleaner) {
    let mut parameters = String::new();
    while let Some(c) = chars.next_if(|c| matches!(c, ' '..='?')) {
        if parameters.len() < 256 {
            parameters.push(c);
        }
    }
    if chars.next_if(|c| matches!(c, '@'..='~')) == Some('m') {
        cleaner.style(&parameters);
    }
}

/// A control string ends at ST or BEL; one that never ends is cut at the line's end, so that
/// it cannot swallow the rest of an output.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(&c) = chars.peek() {
        match c {
            '\n' => return,
            '\u{7}' | '\u{9c}' => {
                chars.next();
                return;
            }
            '\u{1b}' => {
                chars.next();
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {
                chars.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_stay_and_other_escapes_go() {
        let text = SafeText::new("\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain\x1b[2J\x1b[38;5;31mx");
        assert_eq!(text.plain(), "red plainx");
        assert_eq!(text.lines[0][0], SafeSpan { text: "red".into(), ink: Ink::Red, bold: true });
        assert_eq!(text.lines[0].last().map(|s| s.ink), Some(Ink::Plain), "an indexed colour's 31 is no red");
    }

    #[test]
    fn hidden_characters_go_and_controls_show() {
        assert_eq!(SafeLine::new("a\u{202e}b\u{200b}c\u{7}d\ne").as_str(), "abc␇d e");
        assert_eq!(SafeText::new("10%\r20%\r\ndone").plain(), "20%\ndone");
        assert_eq!(SafeText::from_bytes(b"a\xff\xfeb").plain(), "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn an_unfinished_string_swallows_one_line_at_most() {
        assert_eq!(SafeText::new("a\x1b]8;;evil\nb").plain(), "a\nb");
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let long = SafeText::new(&"x".repeat(100_000)).plain();
        assert!(long.ends_with("line cut") && long.len() < LINE_LIMIT + 32);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_comes_through(text in "\\PC*|[\\x00-\\x7f\\u{80}-\\u{9f}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}]{0,64}") {
            let safe = SafeText::new(&text).plain();
            let clean = safe.chars().all(|c| c == '\n' || !(c.is_control() || is_hidden(c)));
            prop_assert!(clean, "{:?}", safe);
        }
    }
}
