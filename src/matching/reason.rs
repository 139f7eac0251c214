//! Why a candidate is one, in one short line, and which of its letters to light.

use crate::matching::index::{Field, How, Lexicon};
use crate::matching::score::{Fit, Query};

/// From this score on, the phrase is the text with a slip or two.
const SAID: f64 = 0.8;
/// Words that a reason names at most.
const NAMED: usize = 4;

/// `said: deploy MCP changes`, `typo: chan→changes`, `shares: mcp`.
pub fn reason(lexicon: &Lexicon, query: &Query, fit: &Fit) -> String {
    let text = &lexicon.texts[fit.text];
    let mut shared: Vec<&str> = Vec::new();
    let mut like: Vec<String> = Vec::new();
    let mut typos: Vec<String> = Vec::new();
    let mut begun: Vec<String> = Vec::new();
    for met in &fit.met {
        let asked = &query.asked[met.asked];
        let word = text.words[met.word].0.text.as_str();
        let pair = || format!("{}→{word}", asked.word);
        match met.how {
            How::Same if !asked.common && !shared.contains(&word) => shared.push(word),
            How::Same => {}
            How::Short | How::Near => like.push(pair()),
            How::Typo => typos.push(pair()),
            How::Begins => begun.push(pair()),
        }
    }
    let mut parts = Vec::new();
    if fit.score >= SAID {
        let label = match text.field {
            Field::Trigger | Field::Example => "said",
            Field::Name => "name",
            Field::Scope => "scope",
        };
        parts.push(format!("{label}: {}", text.shown));
    } else if !shared.is_empty() {
        shared.truncate(NAMED);
        parts.push(format!("shares: {}", shared.join(", ")));
    }
    for (label, mut pairs) in [("typo", typos), ("begins", begun), ("like", like)] {
        if !pairs.is_empty() {
            pairs.truncate(NAMED);
            parts.push(format!("{label}: {}", pairs.join(", ")));
        }
    }
    if parts.is_empty() {
        parts.push("shares only common words".to_owned());
    }
    parts.join("; ")
}

/// Character positions in the text that the phrase meets, ascending.
pub fn lit(lexicon: &Lexicon, query: &Query, fit: &Fit) -> Vec<usize> {
    let text = &lexicon.texts[fit.text];
    let mut places: Vec<usize> = Vec::new();
    for met in &fit.met {
        let word = &text.words[met.word].0;
        let end = match met.how {
            How::Begins => word.end.min(word.start + query.asked[met.asked].word.chars().count()),
            _ => word.end,
        };
        places.extend(word.start..end);
    }
    places.sort_unstable();
    places.dedup();
    places
}
