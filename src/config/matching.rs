//! `[matching]` of `config.toml`: how careful the matcher is, and which words mean the same. Plain data; what it does
//! is `matching`'s.

use crate::base::Result;
use crate::config::reader;
use crate::config::tree::{Node, Value};

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

/// The table, or what holds where there is none.
pub(super) fn read(node: Option<&Node>) -> Result<Matching> {
    let mut settings = Matching::default();
    let Some(node) = node else { return Ok(settings) };
    let table = reader::table(TABLE, node, &NAMES)?;
    if let Some(node) = reader::get(table, "caution") {
        settings.caution = Some(caution(node)?);
    }
    if let Some(node) = reader::get(table, "synonyms") {
        settings.synonyms = switch(node)?;
    }
    if let Some(node) = reader::get(table, "words") {
        settings.words = words(node)?;
    }
    Ok(settings)
}

fn caution(node: &Node) -> Result<f64> {
    let number = match node.value {
        Value::Float(number) => Some(number),
        Value::Integer(number) => u32::try_from(number).ok().map(f64::from),
        _ => None,
    };
    number.filter(|n| (LEAST_CAUTION..=MOST_CAUTION).contains(n)).ok_or_else(|| {
        node.wrong(&format!("`caution` is a number from {LEAST_CAUTION} to {MOST_CAUTION}"))
            .hint("It says how many questions are better than one wrong guess; leave it out for the usual")
    })
}

fn switch(node: &Node) -> Result<bool> {
    match node.value {
        Value::Boolean(on) => Ok(on),
        _ => Err(node
            .wrong("`synonyms` is true or false")
            .hint("`synonyms = false` leaves the bundled table of words out")),
    }
}

fn words(node: &Node) -> Result<Vec<WordLine>> {
    let Value::List(lines) = &node.value else {
        return Err(node.wrong("`words` is a list of texts").hint(EXAMPLE));
    };
    if let Some(first) = lines.get(ENTRIES) {
        return Err(first
            .wrong(&format!("`words` has {} entries, and {ENTRIES} is the most", lines.len()))
            .hint("Leave out what the workflows' own examples say"));
    }
    lines
        .iter()
        .map(|line| {
            let Value::Text(written) = &line.value else {
                return Err(line.wrong("an entry of `words` is a text").hint(EXAMPLE));
            };
            let (mark, words, against) =
                entry(written).map_err(|(what, hint)| line.wrong(&what).hint(hint))?;
            Ok(WordLine { mark, words, against, place: line.place.at.clone() })
        })
        .collect()
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
    use crate::config::tree;

    fn read(file: &str, text: &str) -> Result<Matching> {
        let table = tree::from_file(file, text)?;
        super::read(reader::get(&table, TABLE))
    }

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
