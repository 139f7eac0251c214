//! A phrase → pieces between spaces (quoted ones whole, `key=value` ones apart) and their words, each with
//! its place. What a piece may be a value of is not decided here.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::matching::PHRASE_LIMIT;

/// Openers and closers of quotes.
pub const QUOTES: [(char, char); 7] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»')];

/// What stands between spaces, without the punctuation around it.
#[derive(Debug)]
pub struct Piece {
    /// Character positions in the phrase, the end not included; quotes included.
    pub start: usize,
    pub end: usize,
    /// As typed, without the quotes.
    pub text: String,
    pub quoted: bool,
    /// What stands before `=`.
    pub key: Option<String>,
    /// Its words.
    pub words: Range<usize>,
}

/// A word as it is compared.
#[derive(Debug)]
pub struct Word {
    /// Lower case, without accents.
    pub text: String,
    pub piece: usize,
    pub start: usize,
    pub end: usize,
    /// Nothing of its piece stands before or behind it.
    pub opens: bool,
    pub closes: bool,
}

#[derive(Debug, Default)]
pub struct Phrase {
    pub pieces: Vec<Piece>,
    pub words: Vec<Word>,
}

impl Phrase {
    pub fn read(text: &str) -> Self {
        let mut bytes = 0;
        let fits = |c: &char| {
            bytes += c.len_utf8();
            bytes <= PHRASE_LIMIT
        };
        let chars: Vec<char> = text.chars().take_while(fits).collect();
        let quotes = Quotes::of(&chars);
        let mut phrase = Self::default();
        let mut at = 0;
        while at < chars.len() {
            if chars[at].is_whitespace() || matches!(chars[at], '(' | '[' | '{' | '<' | ',' | ';') {
                at += 1;
            } else if let Some(close) = quotes.close(&chars, at) {
                phrase.push(&chars, at..close + 1, at + 1..close, true, None);
                at = close + 1;
            } else {
                at = phrase.plain(&chars, &quotes, at);
            }
        }
        phrase
    }

    /// Takes what goes on to the next space, or the quote behind a `=`; gives where to go on.
    fn plain(&mut self, chars: &[char], quotes: &Quotes, start: usize) -> usize {
        let mut end = start;
        let mut equals = None;
        while end < chars.len() && !chars[end].is_whitespace() {
            if chars[end] == '=' && equals.is_none() {
                equals = Some(end);
                if let (Some(key), Some(close)) = (key(&chars[start..end]), quotes.close(chars, end + 1)) {
                    self.push(chars, start..close + 1, end + 2..close, true, Some(key));
                    return close + 1;
                }
            }
            end += 1;
        }
        let next = end;
        let bracketed = chars[start..end].contains(&'(');
        while end > start + 1 && is_closing(chars, end, bracketed) {
            end -= 1;
        }
        match equals.filter(|e| *e < end).and_then(|e| Some((e, key(&chars[start..e])?))) {
            Some((equals, key)) => self.push(chars, start..end, equals + 1..end, false, Some(key)),
            None => self.push(chars, start..end, start..end, false, None),
        }
        next
    }

    fn push(
        &mut self,
        chars: &[char],
        whole: Range<usize>,
        inner: Range<usize>,
        quoted: bool,
        key: Option<String>,
    ) {
        let first = self.words.len();
        // The words of `key=value` are not words of the sentence.
        if key.is_none() {
            split(chars, inner.clone(), self.pieces.len(), &mut self.words);
        }
        let text = chars[inner].iter().collect();
        let words = first..self.words.len();
        self.pieces.push(Piece { start: whole.start, end: whole.end, text, quoted, key, words });
    }

    /// The words before this one, nearest first.
    pub fn before(&self, word: usize) -> impl Iterator<Item = &str> {
        self.words[..word.min(self.words.len())].iter().rev().map(|w| w.text.as_str())
    }

    /// The words from this one on.
    pub fn from(&self, word: usize) -> impl Iterator<Item = &str> {
        self.words[word.min(self.words.len())..].iter().map(|w| w.text.as_str())
    }
}

/// For each kind of quote, where one may close: found once, so that a row of openers costs no more.
struct Quotes([Vec<usize>; QUOTES.len()]);

impl Quotes {
    fn of(chars: &[char]) -> Self {
        Self(QUOTES.map(|(_, closer)| {
            let ends = |n: &usize| {
                chars[*n] == closer
                    // An apostrophe inside a word closes nothing.
                    && (!matches!(closer, '\'' | '’')
                        || chars.get(n + 1).is_none_or(|next| !next.is_alphanumeric()))
            };
            (0..chars.len()).filter(ends).collect()
        }))
    }

    /// Where the quote that opens here closes; `None` where none opens.
    fn close(&self, chars: &[char], at: usize) -> Option<usize> {
        let opener = chars.get(at)?;
        let kind = QUOTES.iter().position(|(open, _)| open == opener)?;
        let closers = &self.0[kind];
        closers.get(closers.partition_point(|n| *n <= at)).copied()
    }
}

/// The name before a `=`, dashes in front left out.
fn key(chars: &[char]) -> Option<String> {
    let text: String = chars.iter().collect();
    let name = text.trim_start_matches('-');
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    (!name.is_empty() && name.chars().all(fits)).then(|| name.to_owned())
}

/// Whether the last character ends the sentence rather than the piece.
fn is_closing(chars: &[char], end: usize, bracketed: bool) -> bool {
    match chars[end - 1] {
        ')' => !bracketed,
        // `.`, `..` and what ends so are folders.
        '.' => !matches!(chars[end - 2], '.' | '/' | '='),
        c => matches!(c, ',' | ';' | ':' | '!' | '?' | ']' | '}' | '>' | '"' | '”' | '’' | '»' | '…'),
    }
}

/// The words of one piece.
fn split(chars: &[char], inner: Range<usize>, piece: usize, words: &mut Vec<Word>) {
    let (first, last) = (inner.start, inner.end);
    let mut at = first;
    while at < last {
        if !chars[at].is_alphanumeric() {
            at += 1;
            continue;
        }
        let start = at;
        let mut text = String::new();
        let mut closes = None;
        while at < last {
            let c = chars[at];
            if matches!(c, '\'' | '’') && chars.get(at + 1).is_some_and(|n| n.is_alphanumeric()) {
                // `staging's` is staging, `don't` is one word.
                if matches!(chars[at + 1], 's' | 'S') && at + 2 == last {
                    closes = Some(at);
                    at = last;
                    break;
                }
            } else if c.is_alphanumeric() || is_combining_mark(c) {
                fold_char(c, &mut text);
            } else {
                break;
            }
            at += 1;
        }
        let end = closes.unwrap_or(at);
        words.push(Word { text, piece, start, end, opens: start == first, closes: at == last });
    }
}

/// Lower case, without accents: as words are compared.
fn fold_char(c: char, text: &mut String) {
    for decomposed in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
        text.extend(std::iter::once(decomposed).nfkd().filter(|d| !is_combining_mark(*d)));
    }
}

/// The words of a text that is no phrase: an option, a name, a trigger phrase.
pub fn words_of(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    split(&chars, 0..chars.len(), 0, &mut words);
    words.into_iter().map(|w| w.text).collect()
}
