//! Why a candidate is one: in one short line, word by word, and which of its letters to light.

use crate::matching::Pair;
use crate::matching::index::Lexicon;
use crate::matching::meaning::How;
use crate::matching::prepared::Field;
use crate::matching::score::{Fit, Met, Query};

/// From this fit on, the phrase is the text with a slip or two.
const SAID: f64 = 0.8;
/// Words that a reason names at most.
const NAMED: usize = 4;
/// From this cosine on, phrase and text mean about the same.
const ALIKE: f64 = 0.5;

/// `said: deploy MCP changes`, `typo: chan→changes`, `shares: mcp`, `like: trip→travel`.
pub fn reason(lexicon: &Lexicon, query: &Query, fit: &Fit) -> String {
    let text = lexicon.text(fit.place);
    let mut shared: Vec<&str> = Vec::new();
    let mut like: Vec<String> = Vec::new();
    let mut typos: Vec<String> = Vec::new();
    let mut begun: Vec<String> = Vec::new();
    for met in &fit.met {
        let asked = &query.asked[met.asked];
        let word = text.terms[met.word].word.text.as_str();
        let pair = || format!("{}→{word}", asked.word);
        match met.how {
            How::Same if !asked.common && !shared.contains(&word) => shared.push(word),
            How::Same => {}
            How::Like if asked.word == word => {}
            // What a number means is between no two words.
            How::Like if asked.word.bytes().all(|b| b.is_ascii_digit()) => {}
            How::Short | How::Near | How::Like | How::Joined => like.push(pair()),
            How::Typo => typos.push(pair()),
            How::Begins => begun.push(pair()),
        }
    }
    let mut parts = Vec::new();
    if fit.exact || fit.hard >= SAID {
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
        let alike = if fit.cosine >= ALIKE { "means about the same" } else { "shares only common words" };
        parts.push(alike.to_owned());
    }
    parts.join("; ")
}

/// Every word of the phrase that met a word of the text, and how.
pub fn pairs(lexicon: &Lexicon, query: &Query, fit: &Fit) -> Vec<Pair> {
    let text = lexicon.text(fit.place);
    fit.met
        .iter()
        .map(|met| {
            let said = query.asked[met.asked].word.clone();
            let meant = text.terms[met.word].word.text.clone();
            let how = match met.how {
                How::Same if said == meant => "same",
                How::Same => "form",
                How::Short => "abbreviation",
                How::Near => "synonym",
                How::Like => "like",
                How::Typo => "typo",
                How::Begins => "prefix",
                How::Joined => "joined",
            };
            Pair { said, meant, how: how.to_owned() }
        })
        .collect()
}

/// Character positions in the text that the phrase meets, ascending.
pub fn lit(lexicon: &Lexicon, query: &Query, fit: &Fit) -> Vec<usize> {
    let text = lexicon.text(fit.place);
    let mut places: Vec<usize> = Vec::new();
    for Met { asked, word, how, .. } in &fit.met {
        let word = &text.terms[*word].word;
        let end = match how {
            How::Begins => word.end.min(word.start + query.asked[*asked].word.chars().count()),
            _ => word.end,
        };
        places.extend(word.start..end);
    }
    places.sort_unstable();
    places.dedup();
    places
}
