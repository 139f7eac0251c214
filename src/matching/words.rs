//! What the matcher knows of words beyond the registry: common ones, abbreviations, near
//! synonyms, pairs written together. The data is `words.txt`, read once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

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

#[derive(Default)]
struct Tables {
    common: HashSet<&'static str>,
    /// By stem.
    kin: HashMap<String, Vec<(String, Kin)>>,
    /// By stem.
    opposites: HashMap<String, HashSet<String>>,
    parts: HashMap<&'static str, Vec<String>>,
    /// By the second word of the pair: the first word, and what the two become.
    pairs: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| read(DATA));

fn read(data: &'static str) -> Tables {
    let mut tables = Tables::default();
    for line in data.lines() {
        let Some((mark, rest)) = line.split_once(' ') else { continue };
        let words: Vec<&'static str> = rest.split_whitespace().collect();
        match mark {
            "!" => tables.common.extend(words),
            "=" => relate(&mut tables.kin, &words, Kin::Same),
            "~" => relate(&mut tables.kin, &words, Kin::Near),
            "+" => {
                if let [whole, parts @ ..] = words.as_slice() {
                    tables.parts.insert(whole, parts.iter().map(ToString::to_string).collect());
                }
            }
            "&" => {
                if let [whole, first, second] = words.as_slice() {
                    tables.pairs.entry(second).or_default().push((first, whole));
                }
            }
            "x" => {
                let (left, right) = rest.split_once('|').unwrap_or((rest, ""));
                for (from, to) in [(left, right), (right, left)] {
                    for word in from.split_whitespace() {
                        tables
                            .opposites
                            .entry(stem(word))
                            .or_default()
                            .extend(to.split_whitespace().map(stem));
                    }
                }
            }
            _ => {}
        }
    }
    tables
}

fn relate(kin: &mut HashMap<String, Vec<(String, Kin)>>, words: &[&str], how: Kin) {
    let stems: Vec<String> = words.iter().map(|w| stem(w)).collect();
    for a in &stems {
        for b in stems.iter().filter(|b| *b != a) {
            let known = kin.entry(a.clone()).or_default();
            if !known.iter().any(|(word, _)| word == b) {
                known.push((b.clone(), how));
            }
        }
    }
}

/// Whether a folded word is so common that it says little.
pub fn is_common(word: &str) -> bool {
    TABLES.common.contains(word)
}

/// The stems of words that belong with this stem.
pub fn kin(stem: &str) -> &'static [(String, Kin)] {
    TABLES.kin.get(stem).map_or(&[], Vec::as_slice)
}

/// Whether who says the one does not mean the other. Stems.
pub fn are_opposite(a: &str, b: &str) -> bool {
    TABLES.opposites.get(a).is_some_and(|opposites| opposites.contains(b))
}

/// The words that a word written together comes apart into.
pub fn parts(word: &str) -> Option<&'static [String]> {
    TABLES.parts.get(word).map(Vec::as_slice)
}

/// The one word that a pair of words becomes.
pub fn together(first: &str, second: &str) -> Option<&'static str> {
    TABLES.pairs.get(second)?.iter().find(|(f, _)| *f == first).map(|(_, whole)| *whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        assert!(is_common("please") && !is_common("deploy"));
        assert!(kin("k8s").contains(&(stem("kubernetes"), Kin::Same)));
        assert!(kin(&stem("adding")).contains(&(stem("create"), Kin::Near)));
        assert!(are_opposite(&stem("revoking"), "grant") && !are_opposite("grant", "allow"));
        assert_eq!(together("set", "up"), Some("setup"));
        assert_eq!(parts("rollback").map(<[String]>::len), Some(2));
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
