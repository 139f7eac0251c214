//! Words of the phrase that are an option of a choice, or a name that is known for an input.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::matching::values::read::{Phrase, words_of};
use crate::matching::values::takers::{Taker, written_out};
use crate::matching::values::{Fit, How, Offered, is_denied};
use crate::workflow::{FieldKind, Workflow};

/// Options and names of more words are found by `key=value` alone.
const WORDS: usize = 8;

/// Words that stand in any sentence. As an option they count only beside the input's name.
const PLAIN: [&str; 86] = [
    "a", "active", "all", "an", "and", "any", "as", "at", "be", "big", "both", "but", "by", "can", "closed",
    "could", "do", "down", "each", "every", "false", "for", "from", "full", "get", "go", "good", "here",
    "high", "i", "if", "in", "is", "it", "just", "large", "last", "latest", "let", "like", "low", "main",
    "make", "me", "medium", "more", "my", "need", "new", "next", "no", "none", "normal", "not", "now", "of",
    "off", "old", "on", "only", "open", "or", "other", "our", "out", "over", "please", "run", "same",
    "small", "so", "some", "that", "the", "them", "there", "this", "to", "true", "up", "us", "want", "we",
    "with", "yes", "you",
];

/// Words that are also what one does: as an option they do not count where a verb or its noun stands.
const VERBS: [&str; 25] = [
    "add", "build", "check", "create", "debug", "delete", "deploy", "develop", "edit", "fix", "live",
    "merge", "patch", "read", "release", "remove", "restart", "review", "stage", "start", "stop", "test",
    "update", "view", "write",
];
/// Words before what one does, or before its noun.
const BEFORE_VERBS: [&str; 34] = [
    "a", "also", "an", "and", "can", "cant", "could", "dont", "i", "it", "just", "let", "lets", "me", "must",
    "my", "not", "now", "or", "our", "please", "should", "that", "the", "then", "they", "this", "to", "us",
    "we", "who", "will", "would", "you",
];

struct Known<'k> {
    input: usize,
    text: &'k str,
    words: Vec<String>,
    offered: bool,
    /// Whether a trigger phrase says the same.
    in_trigger: OnceCell<bool>,
}

/// Finds options and known names.
pub fn find(phrase: &Phrase, workflow: &Workflow, takers: &[Taker], offered: &Offered, fits: &mut Vec<Fit>) {
    let known = known(takers, offered);
    let triggers = OnceCell::new();
    for first in 0..phrase.words.len() {
        let word = &phrase.words[first];
        if !word.opens {
            continue;
        }
        for one in known.get(written_out(&word.text)).into_iter().flatten() {
            let behind = first + one.words.len();
            let Some(said) = phrase.words.get(first..behind) else { continue };
            let exact = said.iter().zip(&one.words).all(|(s, w)| s.text == *w);
            let alike = || said.iter().zip(&one.words).all(|(s, w)| written_out(&s.text) == written_out(w));
            let (Some(opening), Some(closing)) = (said.first(), said.last()) else { continue };
            if !closing.closes || !(exact || (!one.offered && alike())) {
                continue;
            }
            let in_trigger = || {
                let triggers = triggers
                    .get_or_init(|| workflow.trigger_phrases.iter().map(|t| words_of(t)).collect::<Vec<_>>());
                triggers.iter().any(|t| says(t, &one.words))
            };
            let near = takers[one.input].nearness(phrase, first, behind);
            let alone = is_plain(&one.words) || (is_verb(&one.words) && is_done(phrase, first, behind));
            if (near == 0 && alone) || *one.in_trigger.get_or_init(in_trigger) {
                continue;
            }
            // Quotes around the whole of it belong to it.
            let piece = &phrase.pieces[opening.piece];
            let whole = piece.quoted && opening.piece == closing.piece;
            let (start, end) = if whole { (piece.start, piece.end) } else { (opening.start, closing.end) };
            let how = match (one.offered, exact) {
                (true, _) => How::Offered,
                (false, true) => How::Option,
                (false, false) => How::Abbreviation,
            };
            let denied = is_denied(phrase, first);
            fits.push(Fit { input: one.input, text: one.text.to_owned(), start, end, how, near, denied });
        }
    }
}

/// By their first word, written out.
fn known<'k>(takers: &'k [Taker], offered: &'k Offered) -> HashMap<String, Vec<Known<'k>>> {
    let mut known: HashMap<String, Vec<Known>> = HashMap::new();
    let mut add = |input, text: &'k str, offered| {
        // Signs would be lost among words: C and C++ are not one.
        let is_said = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':');
        let words = if text.chars().all(is_said) { words_of(text) } else { Vec::new() };
        if let Some(first) = words.first().filter(|_| words.len() <= WORDS) {
            known.entry(written_out(first).to_owned()).or_default().push(Known {
                input,
                text,
                words,
                offered,
                in_trigger: OnceCell::new(),
            });
        }
    };
    for (input, taker) in takers.iter().enumerate() {
        match &taker.field.kind {
            FieldKind::Choice { options } if !options.is_empty() => {
                for option in options {
                    add(input, option, false);
                }
            }
            FieldKind::Choice { .. } | FieldKind::String { .. } => {
                for name in offered.names(&taker.field.name) {
                    add(input, name, true);
                }
            }
            _ => {}
        }
    }
    known
}

/// The option that is meant by what stands behind `input=`: word for word, or as the only one so abbreviated.
pub fn chosen<'o>(options: &'o [String], text: &str) -> Option<&'o String> {
    let words = words_of(text);
    let only = |same: &dyn Fn(&String) -> bool| {
        let mut all = options.iter().filter(|o| same(o));
        all.next().filter(|_| all.next().is_none())
    };
    let alike = |option: &String| {
        let other = words_of(option);
        !words.is_empty()
            && words.len() == other.len()
            && words.iter().zip(&other).all(|(a, b)| written_out(a) == written_out(b))
    };
    only(&|o| o == text)
        .or_else(|| only(&|o| o.to_lowercase() == text.to_lowercase()))
        .or_else(|| only(&alike))
}

fn is_plain(words: &[String]) -> bool {
    words.iter().all(|w| {
        w.chars().nth(1).is_none() || w.chars().all(|c| c.is_ascii_digit()) || PLAIN.contains(&w.as_str())
    })
}

fn is_verb(words: &[String]) -> bool {
    matches!(words, [word] if VERBS.contains(&word.as_str()))
}

/// “test it”, “want to test it”: what one does. “Bring it to test” is where one goes, “write access” is neither.
fn is_done(phrase: &Phrase, first: usize, behind: usize) -> bool {
    let last = phrase.words.len() == behind;
    phrase.before(first).next().is_none_or(|w| BEFORE_VERBS.contains(&w) && !(w == "to" && last))
}

/// Whether a trigger phrase says these words.
fn says(trigger: &[String], words: &[String]) -> bool {
    trigger.windows(words.len()).any(|w| w.iter().zip(words).all(|(a, b)| written_out(a) == written_out(b)))
}
