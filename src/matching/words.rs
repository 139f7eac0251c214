//! What the matcher knows of words beyond the registry: common ones, abbreviations, near
//! synonyms, pairs written together. The data is `words.txt`, read once. Abbreviations, synonyms and opposites can be
//! extended or left out, so they are a table of their own; the rest is the same everywhere.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use crate::config::Mark;
use crate::matching::stem::stem;

const DATA: &str = include_str!("words.txt");

/// How two words of the table belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kin {
    /// The same word, written differently.
    Same,
    /// Nearly the same meaning.
    Near,
}

/// Abbreviations, synonyms and opposites. Cheap to clone; by default the bundled ones.
#[derive(Debug, Clone)]
pub struct Table(Arc<Groups>);

#[derive(Debug, Clone, Default)]
struct Groups {
    /// By stem.
    kin: HashMap<String, Vec<(String, Kin)>>,
    /// By stem.
    opposites: HashMap<String, HashSet<String>>,
    /// The entries as they are written, for people.
    lines: Vec<Entry>,
}

/// One entry: words of one kind, and for opposites those of the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub mark: Mark,
    pub words: Vec<String>,
    pub against: Vec<String>,
    /// Of the settings, not of the bundled table.
    pub own: bool,
}

#[derive(Default)]
struct Fixed {
    common: HashSet<&'static str>,
    parts: HashMap<&'static str, Vec<String>>,
    /// By the second word of the pair: the first word, and what the two become.
    pairs: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
}

static FIXED: LazyLock<Fixed> = LazyLock::new(|| fixed(DATA));
static BUNDLED: LazyLock<Table> = LazyLock::new(|| Table(Arc::new(groups(DATA))));

fn lines(data: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    data.lines().filter_map(|line| line.split_once(' '))
}

fn fixed(data: &'static str) -> Fixed {
    let mut fixed = Fixed::default();
    for (mark, rest) in lines(data) {
        let words: Vec<&'static str> = rest.split_whitespace().collect();
        match (mark, words.as_slice()) {
            ("!", _) => fixed.common.extend(words),
            ("+", [whole, parts @ ..]) => {
                fixed.parts.insert(whole, parts.iter().map(ToString::to_string).collect());
            }
            ("&", [whole, first, second]) => fixed.pairs.entry(second).or_default().push((first, whole)),
            _ => {}
        }
    }
    fixed
}

fn groups(data: &'static str) -> Groups {
    let mut groups = Groups::default();
    for (mark, rest) in lines(data) {
        let mark = match mark {
            "=" => Mark::Same,
            "~" => Mark::Near,
            "x" => Mark::Opposite,
            _ => continue,
        };
        let (words, against) = rest.split_once('|').unwrap_or((rest, ""));
        let [words, against] = [words, against].map(|t| t.split_whitespace().map(str::to_owned).collect());
        groups.add(Entry { mark, words, against, own: false });
    }
    groups
}

impl Groups {
    fn add(&mut self, entry: Entry) {
        match entry.mark {
            Mark::Same => self.relate(&entry.words, Kin::Same),
            Mark::Near => self.relate(&entry.words, Kin::Near),
            Mark::Opposite => {
                for (from, to) in [(&entry.words, &entry.against), (&entry.against, &entry.words)] {
                    for word in from {
                        self.opposites.entry(stem(word)).or_default().extend(to.iter().map(|w| stem(w)));
                    }
                }
            }
        }
        self.lines.push(entry);
    }

    fn relate(&mut self, words: &[String], how: Kin) {
        let stems: Vec<String> = words.iter().map(|w| stem(w)).collect();
        for a in &stems {
            for b in stems.iter().filter(|b| *b != a) {
                let known = self.kin.entry(a.clone()).or_default();
                if !known.iter().any(|(word, _)| word == b) {
                    known.push((b.clone(), how));
                }
            }
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        BUNDLED.clone()
    }
}

impl Table {
    /// Without any entry.
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// The same with more entries.
    #[must_use]
    pub fn with(self, entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() {
            return self;
        }
        let mut groups = Arc::unwrap_or_clone(self.0);
        entries.for_each(|entry| groups.add(entry));
        Self(Arc::new(groups))
    }

    /// The stems of words that belong with this stem.
    pub fn kin(&self, stem: &str) -> &[(String, Kin)] {
        self.0.kin.get(stem).map_or(&[], Vec::as_slice)
    }

    /// Whether who says the one does not mean the other. Stems.
    pub fn are_opposite(&self, a: &str, b: &str) -> bool {
        self.0.opposites.get(a).is_some_and(|opposites| opposites.contains(b))
    }

    /// Every entry, those of the settings last.
    pub fn all(&self) -> &[Entry] {
        &self.0.lines
    }

    /// The entries that have a word of this stem, as they are written.
    pub fn entries(&self, of: &str) -> Vec<&Entry> {
        let says = |e: &&Entry| e.words.iter().chain(&e.against).any(|word| stem(word) == of);
        self.0.lines.iter().filter(says).collect()
    }
}

/// Whether a folded word is so common that it says little.
pub fn is_common(word: &str) -> bool {
    FIXED.common.contains(word)
}

/// The words that a word written together comes apart into.
pub fn parts(word: &str) -> Option<&'static [String]> {
    FIXED.parts.get(word).map(Vec::as_slice)
}

/// The one word that a pair of words becomes.
pub fn together(first: &str, second: &str) -> Option<&'static str> {
    FIXED.pairs.get(second)?.iter().find(|(f, _)| *f == first).map(|(_, whole)| *whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        assert!(is_common("please") && !is_common("deploy"));
        let table = Table::default();
        assert!(table.kin("k8s").contains(&(stem("kubernetes"), Kin::Same)));
        assert!(table.kin(&stem("adding")).contains(&(stem("create"), Kin::Near)));
        assert!(table.are_opposite(&stem("revoking"), "grant") && !table.are_opposite("grant", "allow"));
        assert_eq!(together("set", "up"), Some("setup"));
        assert_eq!(parts("rollback").map(<[String]>::len), Some(2));
    }

    #[test]
    fn own_entries_extend_the_table_or_stand_alone() {
        let own = |mark, words: &[&str], against: &[&str]| {
            let [words, against] = [words, against].map(|w| w.iter().map(ToString::to_string).collect());
            Entry { mark, words, against, own: true }
        };
        let entries =
            [own(Mark::Same, &["gtm", "gotomarket"], &[]), own(Mark::Opposite, &["ascend"], &["land"])];
        for (table, bundled) in [(Table::default(), true), (Table::empty(), false)] {
            let table = table.with(entries.clone());
            assert_eq!(table.kin("gtm"), [(stem("gotomarket"), Kin::Same)]);
            assert!(table.are_opposite(&stem("landing"), &stem("ascending")));
            assert_eq!(!table.kin("k8s").is_empty(), bundled);
            assert_eq!(table.entries("gtm").len(), 1);
        }
        assert!(Table::default().kin("gtm").is_empty(), "the bundled table stays as it is");
    }

    #[test]
    fn every_line_has_a_known_mark_and_enough_words() {
        for line in DATA.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let words = line.split_whitespace().skip(1).count();
            let least = if line.starts_with('!') { 1 } else { 2 };
            assert!(line.starts_with(['!', '=', '~', '+', '&', 'x']) && words >= least, "{line}");
        }
    }
}
