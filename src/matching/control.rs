//! Phrases addressed to the console: cancel, pause, what is running, explain that one. A phrase
//! is one only as a whole: a word left over that the console knows nothing of ("stop the
//! database") makes it a phrase about the work. Which workflow is named is `mod`'s scoring.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::matching::ControlAction::{self, Explain};
use crate::matching::sayings::{ADVERBS, BEGINNINGS, EXPLAIN, FILLER, NAMING, POINTERS, RULES, THINGS};
use crate::matching::text::Word;

/// What a phrase asks of the console, before the workflow that it names is looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    pub action: ControlAction,
    /// The words that must name a workflow; empty where none is named.
    pub subject: Vec<Word>,
    /// It says "workflow", "run" or the like, or means the current one: console business even
    /// where no workflow of that name is known.
    pub certain: bool,
}

/// What the phrase asks of the console, if it is addressed to it. `is_id` tells whether words
/// are the id of a workflow.
pub fn spoken(words: &[Word], is_id: impl Fn(&[Word]) -> bool) -> Option<Spoken> {
    by_rule(words).or_else(|| explain(words, is_id)).or_else(|| naming(words))
}

/// The parts of a phrase between its commas, full stops and dashes: "hold on, I have a call" says `hold on`.
pub fn clauses(phrase: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, ',' | '.' | ';' | ':' | '!' | '?' | '…' | '—' | '–' | '(' | ')' | '\n');
    phrase.split(ends).map(str::trim).filter(|part| !part.is_empty())
}

/// A command with the name of a workflow beside it: `abort the laptop replacement`, `put the flux debugging on hold`.
fn naming(words: &[Word]) -> Option<Spoken> {
    let first = words.iter().take_while(|w| is_one_of(&w.text, FILLER)).count();
    let last = words.iter().rev().take_while(|w| is_one_of(&w.text, LEFT_OUT)).count();
    let rest = words.get(first..words.len() - last).unwrap_or_default();
    let fits = |begin: &str, end: &str| {
        starts(rest, begin) && ends(rest, end) && rest.len() > count(begin) + count(end)
    };
    let length = |begin: &str, end: &str| count(begin) + count(end);
    let (begin, end, action) =
        NAMING.iter().filter(|(b, e, _)| fits(b, e)).max_by_key(|(b, e, _)| length(b, e))?;
    let subject = &rest[count(begin)..rest.len() - count(end)];
    let subject: Vec<Word> = subject.iter().filter(|w| !is_one_of(&w.text, LEFT_OUT)).cloned().collect();
    (!subject.is_empty()).then_some(Spoken { action: *action, subject, certain: false })
}

/// Around the name of a workflow these say nothing.
const LEFT_OUT: &[&str] =
    &["the", "a", "my", "our", "that", "this", "please", "pls", "now", "for", "thing", "currently"];

/// Whether a text of a workflow sounds like a control phrase by itself.
pub fn sounds_like_one(words: &[Word]) -> bool {
    (0..words.len()).any(|at| {
        let said = SAYINGS.get(words[at].text.as_str()).map_or(&[][..], Vec::as_slice);
        said.iter().any(|says| starts(&words[at..], says))
    })
}

/// What control phrases say, by its first word.
static SAYINGS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut sayings: HashMap<&str, Vec<&str>> = HashMap::new();
    for says in RULES.iter().flat_map(|r| &r.says).chain(&["explain", "describe", "show"]) {
        sayings.entry(says.split(' ').next().unwrap_or(says)).or_default().push(says);
    }
    sayings
});

fn by_rule(words: &[Word]) -> Option<Spoken> {
    let mut best: Option<(usize, Spoken)> = None;
    for rule in RULES.iter() {
        for says in &rule.says {
            let Some((at, length)) = find(words, says) else { continue };
            if rule.action == ControlAction::Help && words.iter().any(|w| w.text.starts_with("thank")) {
                continue;
            }
            if best.as_ref().is_some_and(|(longest, _)| *longest >= length) {
                continue;
            }
            let rest = words.iter().enumerate().filter(|(i, _)| *i < at || *i >= at + length).map(|(_, w)| w);
            let left: Vec<Word> = rest.filter(|w| !passes(&w.text, &rule.beside)).cloned().collect();
            let thing = words.iter().any(|w| is_one_of(&w.text, THINGS));
            if left.is_empty() {
                best = Some((length, Spoken { action: rule.action, subject: left, certain: true }));
            } else if rule.names && thing && at <= 4 {
                // A named workflow weighs less than a rule that explains every word.
                best = best.or(Some((0, Spoken { action: rule.action, subject: left, certain: false })));
            }
        }
    }
    best.map(|(_, spoken)| spoken)
}

fn explain(words: &[Word], is_id: impl Fn(&[Word]) -> bool) -> Option<Spoken> {
    let without: Vec<Word> = words.iter().filter(|w| !is_one_of(&w.text, ADVERBS)).cloned().collect();
    let mut rest = &without[..];
    while let Some(said) = BEGINNINGS.iter().find(|b| starts(rest, b)) {
        rest = &rest[count(said)..];
    }
    while let Some((last, before)) = rest.split_last()
        && ["please", "pls", "thanks", "again"].contains(&last.text.as_str())
    {
        rest = before;
    }
    let mut found: Option<(usize, Spoken)> = None;
    for (begin, end, needs_thing) in EXPLAIN {
        let length = count(begin) + count(end);
        if !starts(rest, begin) || !ends(rest, end) || rest.len() <= length {
            continue;
        }
        let middle = &rest[count(begin)..rest.len() - count(end)];
        let thing = middle.iter().any(|w| is_one_of(&w.text, THINGS) || w.text == "one");
        let ignored = |w: &Word| {
            is_one_of(&w.text, THINGS)
                || is_one_of(&w.text, POINTERS)
                || matches!(w.text.as_str(), "the" | "a" | "an" | "me" | "to" | "details" | "step")
        };
        // An id may consist of such words alone: meta-run.
        let article = middle.iter().take_while(|w| matches!(w.text.as_str(), "the" | "me")).count();
        let subject: Vec<Word> = match &middle[article..] {
            id if is_id(id) => id.to_vec(),
            _ => middle.iter().filter(|w| !ignored(w)).cloned().collect(),
        };
        let certain = thing || subject.is_empty() || is_id(&subject);
        if *needs_thing && (!certain || subject.is_empty()) {
            continue;
        }
        if found.as_ref().is_none_or(|(longest, _)| length > *longest) {
            found = Some((length, Spoken { action: Explain, subject, certain }));
        }
    }
    found.map(|(_, spoken)| spoken)
}

fn passes(word: &str, beside: &[&str]) -> bool {
    is_one_of(word, FILLER) || is_one_of(word, THINGS) || is_one_of(word, POINTERS) || is_one_of(word, beside)
}

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.contains(&word)
}

fn count(phrase: &str) -> usize {
    phrase.split_whitespace().count()
}

fn same(words: &[Word], phrase: &str) -> bool {
    words.iter().map(|w| w.text.as_str()).eq(phrase.split_whitespace())
}

fn starts(words: &[Word], phrase: &str) -> bool {
    words.get(..count(phrase)).is_some_and(|head| same(head, phrase))
}

fn ends(words: &[Word], phrase: &str) -> bool {
    words.len() >= count(phrase) && same(&words[words.len() - count(phrase)..], phrase)
}

/// Where in the words the phrase stands, and how many words it has.
fn find(words: &[Word], phrase: &str) -> Option<(usize, usize)> {
    let length = count(phrase);
    words.windows(length).position(|window| same(window, phrase)).map(|at| (at, length))
}
