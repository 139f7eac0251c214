//! Signs in how a phrase is said that it asks for no workflow: it refuses ("don't deploy yet"), it asks about what was
//! ("who deployed last night?"), it wants to know something ("how many servers do we have?"). Signs only; what they
//! are worth is `judge`'s, and a workflow that fits well outweighs them.

use serde::Serialize;

use crate::matching::text::Word;

/// What a phrase shows, besides what it is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Signs {
    pub refuses: bool,
    pub asks_past: bool,
    pub asks_to_know: bool,
    /// It tells that something is done already, or is well.
    pub tells: bool,
}

/// What may stand before a refusal: "please don't", "we should not".
const BEFORE: &[&str] = &[
    "please", "pls", "ok", "okay", "so", "and", "but", "hey", "lets", "let", "us", "we", "you", "i", "just",
    "actually", "now", "for", "well", "sorry", "oh", "hm", "hmm", "wait", "stop",
];

/// Refusals; the first words of what is not to be done follow them.
const REFUSALS: &[&str] = &[
    "dont",
    "do not",
    "never",
    "not",
    "no need to",
    "no need for",
    "there is no need to",
    "theres no need to",
    "hold off",
    "should not",
    "shouldnt",
    "must not",
    "mustnt",
    "wont",
    "will not",
    "not yet",
    "are not going to",
    "arent going to",
    "not going to",
    "dont want to",
    "do not want to",
    "dont wanna",
    "do not need to",
    "dont need to",
    "neednt",
    "rather not",
    "would rather not",
    "better not",
    "are not ready to",
    "arent ready to",
    "am not ready to",
    "not ready to",
    "dont bother",
    "refrain from",
    "avoid",
];

/// After a refusal these make it a complaint: "I don't know why", "it does not work".
const COMPLAINTS: &[&str] = &[
    "know",
    "understand",
    "see",
    "get",
    "think",
    "have",
    "work",
    "remember",
    "find",
    "like",
    "sure",
    "able",
    "working",
    "a",
    "the",
    "my",
    "our",
    "it",
    "any",
    "enough",
];

/// Beginnings of questions about what was. A bare `were` is `we're` without its apostrophe.
const PAST: &[&str] = &[
    "when did",
    "when was",
    "when were",
    "did",
    "was",
    "were the",
    "were there",
    "were any",
    "were our",
    "has anyone",
    "has anybody",
    "has somebody",
    "has someone",
    "have we",
    "have you",
    "have they",
    "why did",
    "why was",
    "what did",
    "what happened",
    "whats happened",
    "where did",
    "how did",
    "how was",
    "how many times",
    "how long ago",
    "how long did",
    "is it true that",
    "had",
];

/// `Who` asks about the past with one of these behind it, or a word in `-ed`.
const WHO: &[&str] = &[
    "did", "was", "had", "has", "broke", "ran", "sent", "made", "wrote", "took", "gave", "did", "built",
    "put", "went", "left",
];

/// Beginnings of questions that want to know something.
const KNOWLEDGE: &[&str] = &[
    "what is",
    "whats",
    "what are",
    "what does",
    "what do",
    "what time",
    "what kind",
    "what version",
    "how many",
    "how much",
    "how often",
    "how old",
    "how long",
    "how big",
    "how does",
    "how is",
    "where is",
    "wheres",
    "where are",
    "where do",
    "is it",
    "is there",
    "are there",
    "are we",
    "is the",
    "is our",
    "do we",
    "does",
    "does the",
    "when is",
    "when are",
    "when will",
    "when do",
    "who is",
    "whos",
    "who are",
    "why is",
    "why are",
    "why do",
    "why does",
    "tell me about",
    "whose",
    "define",
    "whats the difference",
    "can you tell me",
];

/// Words that make a question of knowledge a call for help: "what is wrong with the pipeline".
const CALLS: &[&str] =
    &["wrong", "broken", "failing", "fail", "fails", "slow", "down", "stuck", "crashing", "red"];

pub fn signs(words: &[Word]) -> Signs {
    let texts: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
    let rest = &texts[texts.iter().take_while(|w| BEFORE.contains(w)).count()..];
    let asks_past = starts_with_any(&texts, PAST) || starts_with_any(rest, PAST) || asks_who(rest);
    let call = texts.iter().any(|w| CALLS.contains(w));
    Signs {
        refuses: refuses(rest),
        asks_past,
        tells: !call && tells(&texts),
        asks_to_know: !call && (starts_with_any(&texts, KNOWLEDGE) || starts_with_any(rest, KNOWLEDGE)),
    }
}

/// "Who approved it": `who` and what somebody did.
fn asks_who(rest: &[&str]) -> bool {
    matches!(rest, ["who", did, ..] if did.ends_with("ed") || WHO.contains(did))
}

/// "I already fixed it", "the tests passed, thanks", "all is green now".
fn tells(words: &[&str]) -> bool {
    let done = words.iter().any(|w| DONE.contains(w) || (w.ends_with("ed") && w.len() > 4));
    let already = words.contains(&"already");
    let thanks = words.iter().any(|w| ["thanks", "thank", "thx"].contains(w));
    let all = words.first().is_some_and(|w| *w == "all" || *w == "everything");
    let last = words.last().is_some_and(|w| DONE.contains(w));
    (done && (already || (all && last)))
        || (thanks && done && words.iter().any(|w| ["is", "are", "was", "were", "it"].contains(w)))
}

/// Words for what is over and well.
const DONE: &[&str] = &[
    "done",
    "passed",
    "green",
    "fine",
    "finished",
    "fixed",
    "gone",
    "solved",
    "excellent",
    "great",
    "well",
    "ok",
];

fn refuses(rest: &[&str]) -> bool {
    let longest = REFUSALS.iter().filter(|r| starts(rest, r)).map(|r| count(r)).max();
    longest.is_some_and(|n| rest.get(n).is_none_or(|next| !COMPLAINTS.contains(next)))
}

fn starts_with_any(words: &[&str], beginnings: &[&str]) -> bool {
    beginnings.iter().any(|b| starts(words, b))
}

fn starts(words: &[&str], beginning: &str) -> bool {
    words.len() >= count(beginning) && beginning.split(' ').zip(words).all(|(a, b)| a == *b)
}

fn count(phrase: &str) -> usize {
    phrase.split(' ').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::text;

    fn of(phrase: &str) -> Signs {
        signs(&text::words(phrase, 64))
    }

    #[test]
    fn refusals_are_not_complaints() {
        for phrase in [
            "don't deploy yet",
            "please do not restart the server",
            "we should not merge this",
            "No need to test it",
        ] {
            assert!(of(phrase).refuses, "{phrase}");
        }
        for phrase in [
            "I don't know why flux fails",
            "deploy it, don't wait",
            "we do not have a runbook",
            "it doesn't work",
        ] {
            assert!(!of(phrase).refuses, "{phrase}");
        }
    }

    #[test]
    fn questions_are_told_from_calls_for_help() {
        assert!(of("Who deployed last night?").asks_past);
        assert!(of("did the release go out").asks_past);
        assert!(of("I already fixed the bug").tells && of("All tests passed.").tells);
        assert!(!of("fix the bug that the tests found").tells && !of("who reviews this").asks_past);
        assert!(of("how many servers do we have").asks_to_know);
        assert!(!of("what is wrong with the pipeline").asks_to_know);
        assert_eq!(of("deploy the server"), Signs::default());
    }
}
