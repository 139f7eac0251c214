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
const PLAIN: [&str; 72] = [
    "a", "all", "an", "and", "any", "as", "at", "be", "both", "but", "by", "can", "could", "do", "down",
    "each", "every", "for", "from", "full", "get", "go", "good", "here", "i", "if", "in", "is", "it", "just",
    "last", "latest", "let", "like", "make", "me", "more", "my", "need", "new", "next", "no", "none", "not",
    "now", "of", "off", "old", "on", "only", "or", "other", "our", "out", "over", "please", "run", "so",
    "some", "that", "the", "them", "there", "this", "to", "up", "us", "want", "we", "with", "yes", "you",
];

/// Words that are also what one does: as an option they count where only a place can be meant.
const VERBS: [&str; 16] = [
    "build", "check", "debug", "deploy", "develop", "fix", "live", "merge", "patch", "release", "restart",
    "review", "stage", "start", "stop", "test",
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
            let alone = is_plain(&one.words) || (is_verb(&one.words) && !is_place(phrase, first, behind));
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
            FieldKind::Choice { options } => options.iter().for_each(|o| add(input, o, false)),
            FieldKind::String { .. } => {
                offered.names(&taker.field.name).iter().for_each(|n| add(input, n, true));
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

/// “on test”, or “to test” at the end: where one goes, not what one does.
fn is_place(phrase: &Phrase, first: usize, behind: usize) -> bool {
    match phrase.before(first).next() {
        Some("on" | "in" | "into" | "at" | "from") => true,
        Some("to") => phrase.words.len() == behind,
        _ => false,
    }
}

/// Whether a trigger phrase says these words.
fn says(trigger: &[String], words: &[String]) -> bool {
    trigger.windows(words.len()).any(|w| w.iter().zip(words).all(|(a, b)| written_out(a) == written_out(b)))
}
