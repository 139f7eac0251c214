//! Text → words as they are compared: case, accents, punctuation and spacing taken away, with
//! the place of each word in the text it came from. No meaning here: that is `words`.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::matching::words;

/// A word as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded: lower case, without accents.
    pub text: String,
    /// Character positions in the source, the end not included.
    pub start: usize,
    pub end: usize,
}

/// The words of a text, at most `limit`; `rollback` comes apart, `set up` together.
pub fn words(text: &str, limit: usize) -> Vec<Word> {
    let mut found = Vec::new();
    let mut current = String::new();
    let mut start = 0;
    let mut end = 0;
    for (place, c) in text.chars().enumerate() {
        if found.len() >= limit {
            return found;
        }
        if is_ignored(c) {
            continue;
        }
        let before = current.len();
        let mut breaks = false;
        fold(c, |folded| {
            if folded.is_alphanumeric() {
                current.push(folded);
            } else if !is_combining_mark(folded) {
                breaks = true;
            }
        });
        if current.len() > before {
            if before == 0 {
                start = place;
            }
            end = place + 1;
        }
        if breaks && !current.is_empty() {
            push(&mut found, std::mem::take(&mut current), start, end);
        }
    }
    if !current.is_empty() {
        push(&mut found, current, start, end);
    }
    found.truncate(limit);
    found
}

/// What two texts have in common when they are the same but for case, accents, spaces and punctuation.
pub fn key(words: &[Word]) -> String {
    let mut key = String::new();
    for word in words {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(&word.text);
    }
    key
}

fn push(found: &mut Vec<Word>, text: String, start: usize, end: usize) {
    match words::parts(&text) {
        Some(parts) => found.extend(parts.iter().map(|p| Word { text: p.clone(), start, end })),
        None => match found.last_mut() {
            Some(last) if let Some(whole) = words::together(&last.text, &text) => {
                whole.clone_into(&mut last.text);
                last.end = end;
            }
            _ => found.push(Word { text, start, end }),
        },
    }
}

/// Inside a word these change nothing: apostrophes, soft hyphens, zero-width characters.
fn is_ignored(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Compatibility decomposition and case folding of one character. By way of the upper case,
/// so that `ß` meets `SS` and a final sigma any other.
fn fold(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        push(c.to_ascii_lowercase());
        return;
    }
    for decomposed in std::iter::once(c).nfkd() {
        for upper in decomposed.to_uppercase() {
            for lower in upper.to_lowercase() {
                for last in std::iter::once(lower).nfkd() {
                    push(last);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        key(&words(text, 64))
    }

    #[test]
    fn case_accents_and_punctuation_go() {
        assert_eq!(folded("  Déploy the MCP—changes!! "), "deploy the mcp changes");
        assert_eq!(folded("We’re done, let's go"), "were done lets go");
        assert_eq!(folded("STRASSE"), folded("straße"));
        assert_eq!(folded("ＦＵＬＬ ﬁle"), "full file");
        assert_eq!(folded("e\u{301}te\u{301}"), "ete", "combining marks do not part a word");
        assert_eq!(folded("…!?"), "");
    }

    #[test]
    fn pairs_come_apart() {
        assert_eq!(folded("Rollback"), folded("roll-back"));
        assert_eq!(folded("set up a login"), folded("Setup a log-in"));
    }

    #[test]
    fn places_are_characters_of_the_source() {
        let found = words("é: Déploy!", 64);
        assert_eq!((found[1].start, found[1].end), (3, 9));
    }
}
