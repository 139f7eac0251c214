//! `[matching]` of `config.toml`: how careful the matcher is, and which words mean the same. Plain data; what it does
//! is `matching`'s.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::{Error, Result};
use crate::config::toml_file::{located, nearest, place};

/// What the table is called.
pub(super) const TABLE: &str = "matching";

const NAMES: [&str; 3] = ["caution", "synonyms", "words"];

/// What a wrong guess may cost, in questions.
pub const LEAST_CAUTION: f64 = 1.0;
pub const MOST_CAUTION: f64 = 20.0;

/// Entries of `words`, words of one entry, and letters of one word, at most.
const ENTRIES: usize = 500;
const WORDS: usize = 24;
const LETTERS: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// What a wrong guess costs, in questions; `None`: as it was fitted.
    pub caution: Option<f64>,
    /// Whether the bundled table of abbreviations, synonyms and opposites counts.
    pub synonyms: bool,
    /// Entries of one's own, which count either way.
    pub words: Vec<WordLine>,
}

impl Default for Matching {
    fn default() -> Self {
        Self { caution: None, synonyms: true, words: Vec::new() }
    }
}

/// How the words of an entry belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The same word, written differently.
    Same,
    /// Nearly the same meaning.
    Near,
    /// Who says the one does not mean the other.
    Opposite,
}

impl Mark {
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => "=",
            Self::Near => "~",
            Self::Opposite => "x",
        }
    }
}

/// `= gtm gotomarket`, `~ rocket launcher spaceship`, `x launch | land`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordLine {
    pub mark: Mark,
    pub words: Vec<String>,
    /// The other side of opposites; else empty.
    pub against: Vec<String>,
    /// Where it stands, `config.toml:3:10`, for who finds more wrong with it.
    pub place: String,
}

/// The table, or what holds where the file has none; errors name `file` and the place.
pub(super) fn read(file: &str, text: &str) -> Result<Matching> {
    // Only this reading knows where each name and value stands, however the table is written.
    let Ok(document) = DeTable::parse(text) else { return Ok(Matching::default()) };
    let Some((_, value)) = document.get_ref().iter().find(|(key, _)| key.get_ref() == TABLE) else {
        return Ok(Matching::default());
    };
    let at = Place { file, text };
    let DeValue::Table(table) = value.get_ref() else {
        return Err(at
            .wrong(value, "`matching` is a table, and here stands another value")
            .hint(format!("It has {}", NAMES.join(", "))));
    };
    let mut settings = Matching::default();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "caution" => settings.caution = Some(at.caution(value)?),
            "synonyms" => settings.synonyms = at.switch(value)?,
            "words" => settings.words = at.words(value)?,
            typed => {
                let error =
                    located(file, text, key.span().start, &format!("`matching` has no setting `{typed}`"));
                return Err(match nearest(typed, NAMES) {
                    Some(near) => error.hint(format!("Did you mean `{near}`?")),
                    None => error.hint(format!("It has {}", NAMES.join(", "))),
                });
            }
        }
    }
    Ok(settings)
}

type Value<'t> = Spanned<DeValue<'t>>;

/// Where errors are.
struct Place<'a> {
    file: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn wrong(&self, value: &Value<'_>, what: &str) -> Error {
        located(self.file, self.text, value.span().start, what)
    }

    fn caution(&self, value: &Value<'_>) -> Result<f64> {
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            DeValue::Integer(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            _ => None,
        };
        number.filter(|n| (LEAST_CAUTION..=MOST_CAUTION).contains(n)).ok_or_else(|| {
            self.wrong(value, &format!("`caution` is a number from {LEAST_CAUTION} to {MOST_CAUTION}")).hint(
                "It says how many questions are better than one wrong guess; leave it out for the usual",
            )
        })
    }

    fn switch(&self, value: &Value<'_>) -> Result<bool> {
        match value.get_ref() {
            DeValue::Boolean(on) => Ok(*on),
            _ => Err(self
                .wrong(value, "`synonyms` is true or false")
                .hint("`synonyms = false` leaves the bundled table of words out")),
        }
    }

    fn words(&self, value: &Value<'_>) -> Result<Vec<WordLine>> {
        let DeValue::Array(lines) = value.get_ref() else {
            return Err(self.wrong(value, "`words` is a list of texts").hint(EXAMPLE));
        };
        if let Some(first) = lines.get(ENTRIES) {
            return Err(self
                .wrong(first, &format!("`words` has {} entries, and {ENTRIES} is the most", lines.len()))
                .hint("Leave out what the workflows' own examples say"));
        }
        lines
            .iter()
            .map(|line| {
                let DeValue::String(written) = line.get_ref() else {
                    return Err(self.wrong(line, "an entry of `words` is a text").hint(EXAMPLE));
                };
                let (mark, words, against) =
                    entry(written).map_err(|(what, hint)| self.wrong(line, &what).hint(hint))?;
                let place = place(self.file, self.text, line.span().start);
                Ok(WordLine { mark, words, against, place })
            })
            .collect()
    }
}

const EXAMPLE: &str =
    "Write it like `words = [\"= gtm gotomarket\", \"~ rocket launcher\", \"x launch | land\"]`";

type Read = (Mark, Vec<String>, Vec<String>);

/// One entry. Where it is refused: what is wrong, and what to do.
fn entry(written: &str) -> std::result::Result<Read, (String, String)> {
    let wrong = |what: String, hint: &str| Err((what, hint.to_owned()));
    let mut words = written.split_whitespace();
    let sign = words.next().unwrap_or_default();
    let Some(mark) = [Mark::Same, Mark::Near, Mark::Opposite].into_iter().find(|m| m.sign() == sign) else {
        return wrong(
            format!("`{}` is no mark of an entry", shown(sign)),
            "Begin with `=` for the same word written differently, `~` for nearly the same meaning, `x` for opposites with `|` between the sides",
        );
    };
    let (mut own, mut against, mut bars) = (Vec::new(), Vec::new(), 0);
    for word in words {
        if mark == Mark::Opposite && word == "|" {
            bars += 1;
        } else if word.chars().count() > LETTERS {
            return wrong(
                format!("`{}` has {} letters, and {LETTERS} is the most", shown(word), word.chars().count()),
                "A word of an entry is one that people type",
            );
        } else if !word.chars().all(char::is_alphanumeric) {
            return wrong(
                format!("`{}` is no word", shown(word)),
                "A word here has letters and digits only, as phrases are compared without the rest",
            );
        } else if bars == 0 {
            own.push(word.to_owned());
        } else {
            against.push(word.to_owned());
        }
    }
    let all = own.len() + against.len();
    if all > WORDS {
        wrong(format!("the entry has {all} words, and {WORDS} is the most"), "Make several entries of it")
    } else if mark == Mark::Opposite && (bars != 1 || own.is_empty() || against.is_empty()) {
        wrong("opposites stand on both sides of one `|`".to_owned(), "Write it like `x launch | land`")
    } else if all < 2 {
        wrong(
            "the entry needs two words or more to say that they belong together".to_owned(),
            "Write it like `= gtm gotomarket`",
        )
    } else {
        Ok((mark, own, against))
    }
}

/// The beginning of a word, for a message.
fn shown(word: &str) -> String {
    if word.chars().count() <= LETTERS {
        return word.to_owned();
    }
    word.chars().take(LETTERS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_however_it_is_written() {
        assert_eq!(read("c", "theme = \"dark\"").expect("reads"), Matching::default());
        let told = read(
            "c.toml",
            "[matching]\ncaution = 3\nsynonyms = false\nwords = [\n  \"= gtm gotomarket\",\n  \"x launch start | land\",\n]\n",
        );
        let told = told.expect("reads");
        assert_eq!((told.caution, told.synonyms), (Some(3.0), false));
        let line = |mark, words: &[&str], against: &[&str], place: &str| {
            let [words, against] = [words, against].map(|w| w.iter().map(ToString::to_string).collect());
            WordLine { mark, words, against, place: place.to_owned() }
        };
        assert_eq!(
            told.words,
            [
                line(Mark::Same, &["gtm", "gotomarket"], &[], "c.toml:5:3"),
                line(Mark::Opposite, &["launch", "start"], &["land"], "c.toml:6:3"),
            ]
        );
        let inline = read("c", "matching = { caution = 1_0.5 }").expect("reads");
        assert_eq!(inline.caution, Some(10.5));
    }

    #[test]
    fn errors_name_the_place_and_what_to_do() {
        let many = format!("[matching]\nwords = [{}]", "\"= a b\", ".repeat(ENTRIES + 1));
        let long = format!("[matching]\nwords = [\"~ a {}\"]", "é".repeat(LETTERS + 1));
        let wide = format!("[matching]\nwords = [\"~ {}\"]", "a ".repeat(WORDS + 1));
        for (text, place, part) in [
            ("matching = 1", "1:12", "is a table"),
            ("[matching]\ncauton = 2", "2:1", "no setting `cauton`"),
            ("[matching]\ncaution = 0.5", "2:11", "a number from 1 to 20"),
            ("[matching]\ncaution = nan", "2:11", "a number from 1 to 20"),
            ("[matching]\ncaution = \"2\"", "2:11", "a number from 1 to 20"),
            ("[matching]\nsynonyms = \"no\"", "2:12", "true or false"),
            ("[matching]\nwords = \"= a b\"", "2:9", "a list of texts"),
            ("[matching]\nwords = [\"= a b\", 1]", "2:19", "is a text"),
            ("[matching]\nwords = [\"a b\"]", "2:10", "`a` is no mark"),
            ("[matching]\nwords = [\"\"]", "2:10", "`` is no mark"),
            ("[matching]\nwords = [\"! a b\"]", "2:10", "`!` is no mark"),
            ("[matching]\nwords = [\"= gtm\"]", "2:10", "two words or more"),
            ("[matching]\nwords = [\"= gtm go-to-market\"]", "2:10", "`go-to-market` is no word"),
            ("[matching]\nwords = [\"x launch land\"]", "2:10", "both sides"),
            ("[matching]\nwords = [\"x launch |\"]", "2:10", "both sides"),
            ("[matching]\nwords = [\"= a | b\"]", "2:10", "`|` is no word"),
            (&many, "2:4510", "500 is the most"),
            (&long, "2:10", "40 is the most"),
            (&wide, "2:10", "24 is the most"),
        ] {
            let error = read("config.toml", text).expect_err(text);
            let told = &error.message;
            assert!(told.starts_with(&format!("config.toml:{place}: ")) && told.contains(part), "{told}");
            assert!(error.hint.is_some(), "{told}");
        }
        let near = read("c", "[matching]\ncauton = 2").expect_err("no such name");
        assert_eq!(near.hint.as_deref(), Some("Did you mean `caution`?"));
    }
}
