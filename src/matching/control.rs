//! Phrases addressed to the console: cancel, pause, what is running, explain that one. A phrase
//! is one only as a whole: a word left over that the console knows nothing of ("stop the
//! database") makes it a phrase about the work. Which workflow is named is `mod`'s scoring.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::matching::ControlAction::{
    self, Back, Cancel, Explain, Help, List, Pause, Quit, Resume, Skip, Status,
};
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

/// Words that change nothing in what is asked.
const FILLER: &[&str] = &[
    "a", "actually", "and", "another", "can", "could", "do", "for", "hey", "hi", "i", "id", "im", "in", "is",
    "just", "let", "lets", "like", "me", "my", "no", "now", "of", "oh", "ok", "okay", "on", "our", "please",
    "pls", "right", "so", "thank", "thanks", "the", "then", "to", "us", "want", "we", "well", "will", "with",
    "would", "yes", "you",
];

/// Words for the things of the console itself.
const THINGS: &[&str] = &[
    "workflow",
    "workflows",
    "run",
    "runs",
    "process",
    "processes",
    "procedure",
    "procedures",
    "metaworkflow",
    "execution",
    "meta",
];

/// Words that point at what is there anyway.
const POINTERS: &[&str] =
    &["this", "that", "it", "current", "everything", "all", "one", "ones", "thing", "what", "whole", "here"];

struct Rule {
    action: ControlAction,
    /// One of these stands in the phrase, word for word.
    says: &'static [&'static str],
    /// These may stand beside it.
    beside: &'static [&'static str],
    /// It may name a workflow.
    names: bool,
}

const RULES: &[Rule] = &[
    Rule {
        action: Cancel,
        says: &[
            "cancel",
            "abort",
            "stop",
            "nevermind",
            "forget it",
            "forget that",
            "forget about it",
            "call it off",
            "do something else",
            "terminate",
            "kill",
            "i changed my mind",
            "changed my mind",
            "scrap it",
            "scrap that",
            "dont do it",
            "dont do this",
            "dont do that",
        ],
        beside: &[
            "doing",
            "something",
            "else",
            "entirely",
            "running",
            "active",
            "altogether",
            "about",
            "ive",
        ],
        names: true,
    },
    Rule {
        action: Pause,
        says: &[
            "pause",
            "hold on",
            "wait",
            "hold it",
            "suspend",
            "put it on hold",
            "on hold",
            "stop for now",
            "take a break",
            "freeze",
            "hang on",
            "stop for a moment",
            "wait a moment",
        ],
        beside: &["moment", "minute", "second", "sec", "while", "bit", "running", "put", "there"],
        names: true,
    },
    Rule {
        action: Resume,
        says: &[
            "resume",
            "continue",
            "carry on",
            "go on",
            "keep going",
            "unpause",
            "pick up where we left off",
            "pick it up again",
            "proceed",
            "go ahead",
        ],
        beside: &["paused", "where", "left", "off", "again", "from"],
        names: true,
    },
    Rule {
        action: Skip,
        says: &[
            "skip",
            "skip ahead",
            "next step",
            "move on",
            "leave it out",
            "leave this out",
            "leave this step out",
        ],
        beside: &["step", "next", "one", "over", "go", "ahead"],
        names: false,
    },
    Rule {
        action: Back,
        says: &[
            "go back",
            "back",
            "previous step",
            "step back",
            "last step again",
            "redo",
            "undo",
            "one step back",
            "return to the previous step",
        ],
        beside: &["step", "previous", "last", "take", "go", "return", "again", "before", "move"],
        names: false,
    },
    Rule {
        action: Status,
        says: &[
            "status",
            "what is running",
            "whats running",
            "what are you doing",
            "running workflows",
            "running workflow",
            "workflows are running",
            "workflow is running",
            "running runs",
            "active runs",
            "active workflows",
            "current runs",
            "runs are active",
            "workflows are active",
            "where are we",
            "where am i",
            "where were we",
            "what is going on",
            "whats going on",
            "how is it going",
            "hows it going",
            "how far are we",
            "how far along",
            "progress",
            "what is happening",
            "whats happening",
            "what is waiting",
            "whats waiting",
            "what needs me",
            "what step are we",
            "which step are we",
            "current step",
            "is anything running",
            "anything running",
            "what runs",
            "show runs",
            "list runs",
            "my runs",
            "what is left",
            "whats left",
            "what is next",
            "whats next",
        ],
        beside: &[
            "show",
            "give",
            "get",
            "tell",
            "check",
            "list",
            "display",
            "see",
            "what",
            "whats",
            "which",
            "are",
            "running",
            "right",
            "there",
            "how",
            "step",
            "at",
            "going",
            "still",
            "any",
            "progress",
            "state",
            "update",
            "far",
            "currently",
            "active",
            "report",
            "about",
            "along",
        ],
        names: true,
    },
    Rule {
        action: List,
        says: &[
            "list",
            "what workflows",
            "which workflows",
            "what processes",
            "which processes",
            "what procedures",
            "which procedures",
            "what runbooks",
            "which runbooks",
            "registry",
            "process bank",
            "workflows",
            "available workflows",
            "all workflows",
            "what can you do",
            "what can i do",
            "what can i run",
            "what can i start",
            "what is available",
            "whats available",
            "what else is there",
        ],
        beside: &[
            "show",
            "give",
            "see",
            "open",
            "display",
            "list",
            "view",
            "print",
            "what",
            "which",
            "are",
            "available",
            "there",
            "have",
            "exist",
            "know",
            "you",
            "browse",
            "every",
            "any",
            "bank",
            "full",
            "catalogue",
            "tell",
            "about",
            "does",
            "has",
            "defined",
            "registered",
            "do",
            "start",
            "offer",
            "support",
            "look",
            "at",
            "get",
        ],
        names: false,
    },
    Rule {
        action: Help,
        says: &[
            "help",
            "how does this work",
            "how do i use this",
            "how do i use it",
            "what can i say",
            "what can i type",
            "keyboard shortcuts",
            "shortcuts",
            "key bindings",
            "keys",
            "what keys",
            "commands",
            "i am lost",
            "im lost",
            "how does it work",
            "instructions",
        ],
        beside: &[
            "show",
            "give",
            "get",
            "need",
            "some",
            "what",
            "which",
            "are",
            "there",
            "screen",
            "tool",
            "console",
            "page",
            "using",
            "open",
            "list",
            "available",
            "how",
        ],
        names: false,
    },
    Rule {
        action: Quit,
        says: &[
            "quit",
            "exit",
            "bye",
            "goodbye",
            "close the console",
            "leave the console",
            "im done",
            "log out",
            "get me out",
            "close mwtui",
            "leave mwtui",
            "q",
        ],
        beside: &["console", "mwtui", "program", "app", "here", "out", "from", "for", "today"],
        names: false,
    },
];

/// How people ask for what a workflow does: the phrase begins and ends so, and names it between.
const EXPLAIN: &[(&str, &str, bool)] = &[
    ("what does", "do", false),
    ("what do", "do", false),
    ("what would", "do", false),
    ("what will", "do", false),
    ("how does", "work", false),
    ("how do", "work", false),
    ("how is", "done", true),
    ("what is", "for", false),
    ("whats", "for", false),
    ("what is", "about", false),
    ("whats", "about", false),
    ("explain to me", "", false),
    ("explain", "", false),
    ("describe", "", false),
    ("tell me about", "", false),
    ("tell me more about", "", false),
    ("tell me what", "does", false),
    ("tell me what", "is", false),
    ("what are the steps of", "", false),
    ("what are the steps in", "", false),
    ("what are the steps for", "", false),
    ("what steps does", "have", false),
    ("show me the steps of", "", false),
    ("show the steps of", "", false),
    ("what happens in", "", false),
    ("what happens during", "", false),
    ("what is involved in", "", true),
    ("details of", "", false),
    ("details on", "", false),
    ("details for", "", false),
    ("details about", "", false),
    ("show details of", "", false),
    ("show me details of", "", false),
    ("show me the details of", "", false),
    ("give me details on", "", false),
    ("info on", "", false),
    ("info about", "", false),
    ("information on", "", false),
    ("information about", "", false),
    ("more about", "", false),
    ("when should i use", "", false),
    ("when do i use", "", false),
    ("why would i use", "", false),
    ("walk me through", "", true),
    ("show me", "", true),
    ("show", "", true),
    ("what is", "", true),
    ("whats", "", true),
];

/// Ways to begin that say nothing.
const BEGINNINGS: &[&str] = &[
    "please",
    "can you",
    "could you",
    "would you",
    "will you",
    "hey",
    "hi",
    "hello",
    "ok",
    "okay",
    "so",
    "and",
    "but",
    "i want to know",
    "id like to know",
    "i would like to know",
    "do you know",
    "just",
    "can i",
    "could i",
    "i want you to",
    "let me",
    "lets",
    "remind me",
];

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
