//! `config`, and `retry`: how often, and how long apart, a failed step is tried again by itself.

use super::report::{Sink, nearest};
use super::table::{Keys, Table, brief, exit_code, items};
use super::tree::{Node, Shape};
use crate::base::Millis;
use crate::workflow::{Backoff, Defaults, Final, Retry};

pub(super) const CONFIG: Keys =
    Keys { of: "`config`", known: &["timeout", "continue_on_error", "retry", "parallel"], later: &[] };

pub(super) const RETRY: Keys = Keys {
    of: "`retry`",
    known: &["max_attempts", "backoff", "initial", "max", "multiplier", "jitter", "final"],
    later: &[],
};

pub(super) const BACKOFFS: [&str; 3] = ["fixed", "linear", "exponential"];

/// Steps, and iterations of a loop, that may run side by side at most.
pub(super) const PARALLEL: u64 = 64;

pub(super) fn config(node: &Node, sink: &mut Sink<'_>) -> Defaults {
    let Some(table) = Table::open(node, &CONFIG, sink) else { return Defaults::default() };
    Defaults {
        timeout: table.duration("timeout", sink),
        continue_on_error: table.boolean("continue_on_error", sink).unwrap_or(false),
        retry: table.get("retry").and_then(|node| retry(node, sink)),
        parallel: table.whole("parallel", 1, PARALLEL, sink).and_then(|n| u32::try_from(n).ok()),
    }
}

pub(super) fn retry(node: &Node, sink: &mut Sink<'_>) -> Option<Retry> {
    let table = Table::open(node, &RETRY, sink)?;
    let max_attempts = table.whole("max_attempts", 1, 10, sink);
    if table.get("max_attempts").is_none() {
        table.missing("max_attempts", "Say how often it is tried in all, 1 to 10", sink);
    }
    let percent = multiplier(&table, sink);
    let word = table.word("backoff", &BACKOFFS, sink);
    let backoff = match word {
        Some("linear") => Backoff::Linear,
        Some("exponential") => percent.map_or(Backoff::DOUBLING, |percent| Backoff::Exponential { percent }),
        _ => Backoff::Fixed,
    };
    if let Some(key) = table.key("multiplier")
        && !matches!(backoff, Backoff::Exponential { .. })
    {
        let found = word.unwrap_or("fixed");
        sink.error(
            &key.span,
            format!("`multiplier` belongs to the backoff `exponential`, this is {found}"),
            "Write `backoff: exponential`, or take it out",
        );
    }
    let initial = table.duration("initial", sink).unwrap_or(Millis::from_secs(1));
    let max = table.duration("max", sink).unwrap_or(Millis::from_secs(60).max(initial));
    if max < initial {
        let at = table.key("max").map_or(node.span.clone(), |k| k.span.clone());
        sink.error(&at, "`max` is shorter than `initial`", "`initial` is the first wait, `max` the longest");
    }
    Some(Retry {
        max_attempts: u32::try_from(max_attempts?).unwrap_or(10),
        backoff,
        initial,
        max,
        jitter: table.boolean("jitter", sink).unwrap_or(false),
        finals: finals(&table, sink),
    })
}

/// In hundredths.
fn multiplier(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<u32> {
    let node = table.get("multiplier")?;
    let hundredths = match &node.shape {
        Shape::Number(number) => number.as_f64().map(|n| n * 100.0),
        _ => None,
    };
    let whole =
        hundredths.map(f64::round).filter(|whole| hundredths.is_some_and(|h| (h - whole).abs() < 1e-6));
    let percent = whole.filter(|whole| *whole > 100.0 && *whole <= 1000.0).map(|whole| whole as u32);
    if percent.is_none() {
        sink.error(
            &node.span,
            format!("`multiplier` must be a number above 1, at most 10, found {}", node.found()),
            "2 doubles each wait, 1.5 makes it longer by a half; two digits after the point are kept",
        );
    }
    percent
}

/// Exit codes, and words for failures that are none.
fn finals(table: &Table<'_>, sink: &mut Sink<'_>) -> Vec<Final> {
    let Some(node) = table.get("final") else { return Vec::new() };
    let mut found = Vec::new();
    for item in items(node, "final", sink) {
        let Shape::Text(text) = &item.shape else {
            found.extend(exit_code(item, "final", sink).map(Final::Exit));
            continue;
        };
        let word = text.trim();
        if let Some((_, known)) = Final::WORDS.iter().find(|(name, _)| *name == word) {
            found.push(*known);
            continue;
        }
        let words = Final::WORDS.iter().map(|(name, _)| *name);
        let message = match nearest(word, words.clone()) {
            Some(meant) => format!("`final` cannot have “{}”; did you mean `{meant}`?", brief(word)),
            None => format!("`final` cannot have “{}”", brief(word)),
        };
        let words: Vec<&str> = words.collect();
        sink.error(&item.span, message, format!("It has exit codes, and of {}", words.join(", ")));
    }
    found
}
