//! Searching in the lines: what is typed, which lines contain it, where it is lit.

use crate::tui::logfile::Entry;
use crate::tui::widgets::LineInput;

#[derive(Debug, Default)]
pub struct Search {
    pub input: LineInput,
    /// Keys go into the search.
    pub editing: bool,
}

impl Search {
    pub fn text(&self) -> &str {
        self.input.text()
    }

    pub fn clear(&mut self) {
        self.input.clear();
        self.editing = false;
    }

    pub fn meets(&self, entry: &Entry) -> bool {
        let run = entry.run.as_ref().map(crate::base::RunId::as_str).unwrap_or_default();
        contains(&entry.text.plain(), self.text())
            || [run, entry.step.as_str(), entry.fields.as_str()]
                .iter()
                .any(|part| contains(part, self.text()))
    }
}

impl super::State {
    pub fn has_match(&self) -> bool {
        self.shown().iter().any(|(_, entry)| self.search.meets(entry))
    }

    /// The search is as it should be: goes to its next match, unless the newest line is followed.
    pub fn find(&mut self) {
        self.search.editing = false;
        if !self.search.text().is_empty() && !self.view().follow {
            self.next_match();
        }
    }

    pub fn next_match(&mut self) {
        self.go(false);
    }

    pub fn previous_match(&mut self) {
        self.go(true);
    }

    /// To the nearest match in that direction; past the end it goes on at the other one.
    fn go(&mut self, back: bool) {
        let to = {
            let shown = self.shown();
            let at = self.place(&shown);
            let meets = |n: &usize| shown.get(*n).is_some_and(|(_, entry)| self.search.meets(entry));
            if back {
                (0..at).rev().find(meets).or_else(|| (at..shown.len()).rev().find(meets))
            } else {
                (at + 1..shown.len()).find(meets).or_else(|| (0..=at).find(meets))
            }
        };
        if let Some(to) = to {
            self.select(to);
        }
    }

    /// Which match the selected line is, and how many lines match.
    pub fn matches(&self) -> (Option<usize>, usize) {
        let shown = self.shown();
        let at = self.place(&shown);
        let hits: Vec<usize> = (0..shown.len()).filter(|n| self.search.meets(shown[*n].1)).collect();
        (hits.iter().position(|n| *n == at).map(|n| n + 1), hits.len())
    }
}

fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn contains(text: &str, wanted: &str) -> bool {
    !wanted.is_empty() && !places(text, wanted).is_empty()
}

/// The byte ranges of `text` that are `wanted`, upper and lower case alike, none overlapping.
pub fn places(text: &str, wanted: &str) -> Vec<(usize, usize)> {
    let wanted: Vec<char> = wanted.chars().map(fold).collect();
    let Some(first) = wanted.first() else { return Vec::new() };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(rest) = text.get(from..) {
        let Some(at) = rest.char_indices().find(|(_, c)| fold(*c) == *first).map(|(at, _)| from + at) else {
            break;
        };
        let Some(tail) = text.get(at..) else { break };
        let met = tail.chars().map(fold).take(wanted.len()).eq(wanted.iter().copied());
        let length: usize = tail.chars().take(if met { wanted.len() } else { 1 }).map(char::len_utf8).sum();
        if met {
            found.push((at, at + length));
        }
        from = at + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_without_regard_to_case_and_to_bytes() {
        assert_eq!(places("Torn page, tORN", "torn"), [(0, 4), (11, 15)]);
        assert_eq!(places("aaa", "aa"), [(0, 2)]);
        assert_eq!(places("Äpfel äpfel", "äp"), [(0, 3), (7, 10)]);
        assert_eq!(places("İstanbul", "stan").len(), 1);
        assert!(places("abc", "").is_empty() && !contains("abc", "") && contains("abc", "C"));
    }
}
