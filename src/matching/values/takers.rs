//! What each input takes, by its type, its name and its question; and how near its name stands to a place
//! in the phrase.

use crate::matching::values::read::{Phrase, words_of};
use crate::workflow::{Field, FieldKind, Workflow};

/// What an input is about, beyond its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    PullRequest,
    Issue,
    /// A number of something that is not said.
    Number,
    Url,
    Path,
    Branch,
    /// A text of any kind.
    Text,
    /// An option, yes or no, a count: nothing that could be told by its look.
    Own,
}

/// An input that has no value by `key=value` yet.
#[derive(Debug)]
pub struct Taker<'w> {
    pub field: &'w Field,
    pub topic: Topic,
    /// The words of its name, abbreviations written out.
    pub name: Vec<String>,
}

/// Words that people write short. The first of each is what the others stand for.
const ALIKE: [&[&str]; 11] = [
    &["production", "prod", "prd"],
    &["staging", "stg"],
    &["development", "dev"],
    &["acceptance", "uat"],
    &["environment", "env", "environments", "envs"],
    &["repository", "repo"],
    &["directory", "dir"],
    &["service", "svc"],
    &["application", "app"],
    &["namespace", "ns"],
    &["database", "db"],
];
/// May stand between an input's name and its value.
const FILLERS: [&str; 8] = ["is", "the", "a", "an", "as", "named", "called", "number"];
/// Too common to name an input by, but for one that stands before its value.
const COMMON: [&str; 12] = ["to", "from", "in", "on", "at", "of", "for", "by", "with", "and", "or", "the"];
/// Words of a name that are looked for around a value.
const NAME_WORDS: usize = 6;

/// What a word is short for; itself where it is not.
pub fn written_out(word: &str) -> &str {
    ALIKE.iter().find(|alike| alike.contains(&word)).map_or(word, |alike| alike[0])
}

impl<'w> Taker<'w> {
    pub fn all(workflow: &'w Workflow) -> Vec<Self> {
        workflow.inputs.iter().map(Self::of).collect()
    }

    fn of(field: &'w Field) -> Self {
        let mut name = words_of(&field.name);
        let topic = topic(field, &name);
        for word in &mut name {
            *word = written_out(word).to_owned();
        }
        Self { field, topic, name }
    }

    /// Whether somebody who writes `word=value` means this input.
    pub fn is_named(&self, word: &str) -> bool {
        let words = words_of(word);
        words.len() == self.name.len() && words.iter().zip(&self.name).all(|(w, n)| written_out(w) == n)
    }

    /// How many words of its name stand right before or behind these words of the phrase.
    pub fn nearness(&self, phrase: &Phrase, first: usize, behind: usize) -> usize {
        let has = |word: &str| self.name.iter().any(|n| n == written_out(word));
        let count =
            |words: &mut dyn Iterator<Item = &str>| words.take(NAME_WORDS).take_while(|w| has(w)).count();
        let near = phrase.before(first).take(NAME_WORDS);
        let said = count(&mut near.skip_while(|w| FILLERS.contains(w) && !has(w)));
        let follows = phrase.words.get(behind).is_some_and(|w| !COMMON.contains(&w.text.as_str()));
        match (said, follows) {
            (0, true) => count(&mut phrase.from(behind)),
            (0, false) => 0,
            // What is said before goes before what is said behind.
            (said, _) => NAME_WORDS + said,
        }
    }
}

fn topic(field: &Field, name: &[String]) -> Topic {
    let says = |words: &[String], any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    let of = |words: &[String]| {
        let merge_request = says(words, &["merge"]) && says(words, &["request"]);
        let all = [
            (Topic::PullRequest, merge_request || says(words, &["pr", "mr", "pull"])),
            (Topic::Issue, says(words, &["issue", "ticket", "bug", "incident"])),
            (Topic::Url, says(words, &["url", "uri", "link", "webhook"])),
            (Topic::Branch, says(words, &["branch"])),
        ];
        let mut about = all.into_iter().filter(|(_, is)| *is).map(|(topic, _)| topic);
        about.next().filter(|_| about.next().is_none())
    };
    let prompt = words_of(&field.prompt);
    // A question that only mentions a thing does not ask for it.
    let asks = says(&prompt, &["which", "number", "url", "link"]);
    let said = || of(name).or_else(|| of(&prompt).filter(|_| asks));
    match &field.kind {
        FieldKind::Path => Topic::Path,
        FieldKind::Text => Topic::Text,
        FieldKind::Choice { .. } | FieldKind::MultiChoice { .. } | FieldKind::Boolean | FieldKind::Secret => {
            Topic::Own
        }
        FieldKind::Number { .. } => match said() {
            Some(topic @ (Topic::PullRequest | Topic::Issue)) => topic,
            _ if says(name, &["number"]) => Topic::Number,
            _ => Topic::Own,
        },
        FieldKind::String { .. } => match said() {
            Some(topic) => topic,
            None if says(name, &["path", "file", "folder", "dir", "directory"]) => Topic::Path,
            None => Topic::Text,
        },
    }
}
