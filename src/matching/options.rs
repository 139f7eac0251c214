//! What people may set of the matching. Pure: read from settings that are already in memory.

use crate::base::{Error, Result};
use crate::config::{Matching, WordLine};
use crate::matching::Caution;
use crate::matching::score::PHRASE_WORDS;
use crate::matching::stem::stem;
use crate::matching::text;
use crate::matching::words::{self, Entry, Table};

/// How an index decides. By default as it was fitted, with the bundled table of words.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub caution: Caution,
    pub(super) words: Table,
}

impl Options {
    /// As the settings say. An error where a word of theirs is none to the matcher.
    pub fn new(settings: &Matching) -> Result<Self> {
        let own = settings.words.iter().map(entry).collect::<Result<Vec<Entry>>>()?;
        let table = if settings.synonyms { Table::default() } else { Table::empty() };
        Ok(Self {
            caution: settings.caution.map_or_else(Caution::default, Caution::new),
            words: table.with(own),
        })
    }

    #[must_use]
    pub fn with_caution(mut self, caution: Caution) -> Self {
        self.caution = caution;
        self
    }
}

/// What is known of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About<'a> {
    /// As it is compared.
    pub word: String,
    /// So common that it counts for little.
    pub common: bool,
    pub entries: Vec<&'a Entry>,
}

impl Options {
    /// What is known of these words; one that comes apart gives several.
    pub fn about(&self, said: &str) -> Vec<About<'_>> {
        let about = |word: text::Word| {
            let entries = self.words.entries(&stem(&word.text));
            About { common: words::is_common(&word.text), word: word.text, entries }
        };
        text::words(said, PHRASE_WORDS).into_iter().map(about).collect()
    }

    /// Every entry, those of the settings last.
    pub fn entries(&self) -> &[Entry] {
        self.words.all()
    }
}

fn entry(line: &WordLine) -> Result<Entry> {
    let fold = |words: &[String]| words.iter().map(|w| folded(w, &line.place)).collect::<Result<_>>();
    Ok(Entry { mark: line.mark, words: fold(&line.words)?, against: fold(&line.against)?, own: true })
}

/// The word as phrases are compared: one that comes apart there would never be met.
fn folded(word: &str, place: &str) -> Result<String> {
    let words = text::words(word, 2);
    match words.as_slice() {
        [one] => Ok(one.text.clone()),
        _ => {
            let read = if words.is_empty() { "nothing".to_owned() } else { text::key(&words) };
            Err(Error::usage(format!("{place}: `{word}` is not compared as one word"))
                .cause(format!("The matcher reads it as {read}"))
                .hint("Leave it out, or use another form of it"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mark;

    fn settings(words: &[&str]) -> Matching {
        let line = WordLine {
            mark: Mark::Same,
            words: words.iter().map(ToString::to_string).collect(),
            against: Vec::new(),
            place: "config.toml:2:10".to_owned(),
        };
        Matching { words: vec![line], ..Matching::default() }
    }

    #[test]
    fn words_are_folded_as_phrases_are() {
        let options = Options::new(&settings(&["GTM", "Märkte"])).expect("two words");
        let entry = options.words.entries("gtm")[0];
        assert_eq!(entry.words, ["gtm", "markte"]);
    }

    #[test]
    fn what_is_known_of_a_word_is_found_by_any_form_of_it() {
        let options = Options::default();
        let about = options.about("Deploying");
        assert!(about[0].entries.iter().any(|e| e.words.contains(&"deploy".to_owned())), "{about:?}");
        assert!(options.about("please")[0].common);
        let apart: Vec<String> = options.about("rollback").into_iter().map(|a| a.word).collect();
        assert_eq!(apart, ["roll", "back"]);
    }

    #[test]
    fn a_word_that_comes_apart_is_refused() {
        let error = Options::new(&settings(&["undo", "rollback"])).expect_err("two words");
        assert_eq!(error.message, "config.toml:2:10: `rollback` is not compared as one word");
        assert_eq!(error.causes, ["The matcher reads it as roll back"]);
    }
}
