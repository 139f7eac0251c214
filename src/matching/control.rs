//! Phrases addressed to the console: cancel, pause, what is running, explain that one. A phrase
//! is one only as a whole: a word left over that the console knows nothing of ("stop the
//! database") makes it a phrase about the work. Which workflow is named is `mod`'s scoring.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::matching::ControlAction::{self, Explain};
use crate::matching::sayings::{BEGINNINGS, EXPLAIN, FILLER, POINTERS, RULES, THINGS};
use crate::matching::text::Word;

/// What a phrase asks of the console, before the workflow that it names is looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken<'a> {
    pub action: ControlAction,
    /// The words that must name a workflow; empty where none is named.
    pub subject: Vec<&'a Word>,
    /// It says "workflow", "run" or the like, or means the current one: console business even
    /// where no workflow of that name is known.
    pub certain: bool,
}

/// What the phrase asks of the console, if it is addressed to it. `is_id` tells whether words
/// are the id of a workflow.
pub fn spoken(words: &[Word], is_id: impl Fn(&[Word]) -> bool) -> Option<Spoken<'_>> {
    by_rule(words).or_else(|| explain(words, is_id))
}

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
    for says in RULES.iter().flat_map(|r| r.says).chain(["explain", "describe", "show"].iter()) {
        sayings.entry(says.split(' ').next().unwrap_or(says)).or_default().push(says);
    }
    sayings
});

fn by_rule(words: &[Word]) -> Option<Spoken<'_>> {
    let mut best: Option<(usize, Spoken<'_>)> = None;
    for rule in RULES {
        for says in rule.says {
            let Some((at, length)) = find(words, says) else { continue };
            if best.as_ref().is_some_and(|(longest, _)| *longest >= length) {
                continue;
            }
            let rest = words.iter().enumerate().filter(|(i, _)| *i < at || *i >= at + length).map(|(_, w)| w);
            let left: Vec<&Word> = rest.filter(|w| !passes(&w.text, rule.beside)).collect();
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

fn explain(words: &[Word], is_id: impl Fn(&[Word]) -> bool) -> Option<Spoken<'_>> {
    let mut rest = words;
    while let Some(said) = BEGINNINGS.iter().find(|b| starts(rest, b)) {
        rest = &rest[count(said)..];
    }
    while let Some((last, before)) = rest.split_last()
        && ["please", "pls", "thanks", "again"].contains(&last.text.as_str())
    {
        rest = before;
    }
    let mut found: Option<(usize, Spoken<'_>)> = None;
    for (begin, end, needs_thing) in EXPLAIN {
        let length = count(begin) + count(end);
        if !starts(rest, begin) || !ends(rest, end) || rest.len() <= length {
            continue;
        }
        let middle = &rest[count(begin)..rest.len() - count(end)];
        let thing = middle.iter().any(|w| is_one_of(&w.text, THINGS) || w.text == "one");
        let ignored = |w: &&Word| {
            is_one_of(&w.text, THINGS)
                || is_one_of(&w.text, POINTERS)
                || matches!(w.text.as_str(), "the" | "a" | "an" | "me" | "to" | "details" | "step")
        };
        let subject: Vec<&Word> = middle.iter().filter(|w| !ignored(w)).collect();
        let named: Vec<Word> = subject.iter().map(|w| (*w).clone()).collect();
        let certain = thing || subject.is_empty() || is_id(&named);
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
