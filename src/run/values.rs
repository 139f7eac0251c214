//! What an output says: `KEY: value` lines, JSON, and whether it holds what its author expects. The same
//! for a script, a tool, an agent, and a person who answers for one. Who printed it is not known here.

use serde_json::{Map, Value};

/// The largest output that is looked at as JSON, in bytes.
pub const JSON_LIMIT: usize = 256 << 10;

/// The longest line that can be `KEY: value`, in bytes.
const LINE_LIMIT: usize = 8 << 10;

/// How many names are taken from one output, and how many bytes of values in all.
const NAMES: usize = 200;
const VALUES: usize = 64 << 10;

/// What an output said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// `KEY: value` lines, the last one of a name.
    pub values: Map<String, Value>,
    /// The whole output, where it is JSON.
    pub json: Option<Value>,
    /// Whether what is expected was found; true where nothing is.
    pub met: bool,
    /// Some `KEY: value` lines were too long or too many to be kept.
    pub left_out: bool,
}

/// Reads an output in pieces, wherever these are cut.
#[derive(Debug)]
pub struct Reader {
    decoder: Decoder,
    expectation: Expectation,
    line: String,
    /// The line is longer than a value can be.
    long: bool,
    /// A carriage return came last: before a line feed it is nothing, before all else it begins the line anew.
    returned: bool,
    whole: Option<Vec<u8>>,
    values: Map<String, Value>,
    bytes: usize,
    left_out: bool,
}

impl Reader {
    pub fn new(expects: Option<&str>) -> Self {
        Self {
            decoder: Decoder::default(),
            expectation: Expectation::new(expects.unwrap_or_default()),
            line: String::new(),
            long: false,
            returned: false,
            whole: Some(Vec::new()),
            values: Map::new(),
            bytes: 0,
            left_out: false,
        }
    }

    pub fn feed(&mut self, piece: &[u8]) {
        match &mut self.whole {
            Some(whole) if whole.len() + piece.len() <= JSON_LIMIT => whole.extend_from_slice(piece),
            whole => *whole = None,
        }
        let mut decoder = std::mem::take(&mut self.decoder);
        decoder.feed(piece, |c| self.take(c));
        self.decoder = decoder;
    }

    /// Whether what is expected has been found so far.
    pub fn met(&self) -> bool {
        self.expectation.met()
    }

    pub fn finish(mut self) -> Reading {
        let mut decoder = std::mem::take(&mut self.decoder);
        decoder.end(|c| self.take(c));
        self.end_line();
        let json = self.whole.as_deref().and_then(|whole| serde_json::from_slice(whole).ok());
        let met = self.met();
        Reading { values: self.values, json, met, left_out: self.left_out }
    }

    fn take(&mut self, c: char) {
        self.expectation.take(c);
        if c == '\n' {
            self.returned = false;
            self.end_line();
            return;
        }
        if std::mem::replace(&mut self.returned, c == '\r') {
            self.line.clear();
            self.long = false;
        }
        if c == '\r' {
            return;
        }
        if self.line.len() < LINE_LIMIT {
            self.line.push(c);
        } else {
            self.long = true;
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let long = std::mem::take(&mut self.long);
        let Some((name, value)) = key_and_value(&line) else { return };
        let before = self.values.get(name).and_then(Value::as_str).map(str::len);
        let bytes = self.bytes - before.unwrap_or(0) + value.len();
        if long || bytes > VALUES || (before.is_none() && self.values.len() >= NAMES) {
            self.left_out = true;
            return;
        }
        self.bytes = bytes;
        self.values.insert(name.to_owned(), Value::from(value));
    }
}

/// Reads a whole text at once.
pub fn read(text: &str, expects: Option<&str>) -> Reading {
    let mut reader = Reader::new(expects);
    reader.feed(text.as_bytes());
    reader.finish()
}

/// The values of a step whose output `reading` is of: `exit` for a command, then `text`, `lines`,
/// `json` and the names in it, which cannot be any of these.
pub fn outputs(exit: Option<i32>, text: &str, lines: u64, reading: &Reading) -> Map<String, Value> {
    let mut outputs = Map::new();
    if let Some(exit) = exit {
        outputs.insert("exit".to_owned(), Value::from(exit));
    }
    outputs.insert("text".to_owned(), Value::from(text));
    outputs.insert("lines".to_owned(), Value::from(lines));
    if let Some(json) = &reading.json {
        outputs.insert("json".to_owned(), json.clone());
    }
    outputs.extend(reading.values.clone());
    outputs
}

/// The values of an answer that a person or an assistant gave as text, and whether it holds what is expected.
pub fn of_answer(text: &str, expects: Option<&str>) -> (Map<String, Value>, bool) {
    let reading = read(text, expects);
    (outputs(None, text, text.lines().count() as u64, &reading), reading.met)
}

/// What an output without the expected text is told by.
pub fn not_met(expects: &str) -> String {
    format!("Nothing in the output says “{}”, which the step expects", expects.trim())
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let mut letters = name.bytes();
    let named = letters.next()?.is_ascii_uppercase()
        && letters.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let apart = value.is_empty() || value.starts_with(char::is_whitespace);
    (named && apart).then(|| (name, value.trim()))
}

/// A search for one text, blind to case and to white space, that remembers nothing of what it has read.
#[derive(Debug)]
struct Expectation {
    needle: Vec<char>,
    /// For each place in the needle, the length of its longest beginning that also ends there.
    fallbacks: Vec<usize>,
    matched: usize,
}

impl Expectation {
    fn new(text: &str) -> Self {
        let needle: Vec<char> = text.chars().flat_map(folded).collect();
        let mut fallbacks = vec![0; needle.len()];
        let mut length = 0;
        for at in 1..needle.len() {
            while length > 0 && needle[at] != needle[length] {
                length = fallbacks[length - 1];
            }
            length += usize::from(needle[at] == needle[length]);
            fallbacks[at] = length;
        }
        Self { needle, fallbacks, matched: 0 }
    }

    fn take(&mut self, c: char) {
        for c in folded(c) {
            if self.met() {
                return;
            }
            while self.matched > 0 && self.needle[self.matched] != c {
                self.matched = self.fallbacks[self.matched - 1];
            }
            self.matched += usize::from(self.needle[self.matched] == c);
        }
    }

    fn met(&self) -> bool {
        self.matched == self.needle.len()
    }
}

fn folded(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().filter(|c| !c.is_whitespace())
}

/// Bytes to characters, across pieces; what a terminal takes for a command is no text.
#[derive(Debug, Default)]
struct Decoder {
    /// The beginning of a character.
    pending: Vec<u8>,
    escape: Escape,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After ESC.
    Begun,
    /// A colour, or a movement: until its letter.
    Control,
    /// A title, or a link: until BEL or ESC `\`.
    Text,
    TextEnds,
}

impl Decoder {
    fn feed(&mut self, piece: &[u8], mut take: impl FnMut(char)) {
        let joined;
        let bytes = if self.pending.is_empty() {
            piece
        } else {
            joined = [std::mem::take(&mut self.pending).as_slice(), piece].concat();
            &joined
        };
        for chunk in bytes.utf8_chunks() {
            chunk.valid().chars().for_each(|c| self.take(c, &mut take));
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let last = invalid.as_ptr_range().end == bytes.as_ptr_range().end;
            if last && is_beginning(invalid) {
                invalid.clone_into(&mut self.pending);
            } else {
                self.take(char::REPLACEMENT_CHARACTER, &mut take);
            }
        }
    }

    fn end(&mut self, mut take: impl FnMut(char)) {
        if !std::mem::take(&mut self.pending).is_empty() {
            self.take(char::REPLACEMENT_CHARACTER, &mut take);
        }
    }

    fn take(&mut self, c: char, take: &mut impl FnMut(char)) {
        // A line feed ends whatever was never ended, so that one stray byte hides no more than its line.
        self.escape = match (self.escape, c) {
            (Escape::None, '\u{1b}') | (Escape::Begun, ' '..='/') => Escape::Begun,
            (Escape::None, c) => return take(c),
            (_, '\n') => {
                take('\n');
                Escape::None
            }
            (Escape::Begun, '[') => Escape::Control,
            (Escape::Begun, ']' | 'P' | '^' | '_') | (Escape::TextEnds, '\u{1b}') => Escape::Text,
            (Escape::Control, c) if !('@'..='~').contains(&c) => Escape::Control,
            (Escape::Text, '\u{1b}') => Escape::TextEnds,
            (Escape::TextEnds, c) if c != '\\' => Escape::Text,
            (Escape::Text, c) if c != '\u{7}' => Escape::Text,
            _ => Escape::None,
        };
    }
}

/// Whether these bytes could be the beginning of a character.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}

#[cfg(test)]
mod tests;
