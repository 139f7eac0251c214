//! What would follow behind the cursor: where what is typed is the beginning of a phrase, or of a word
//! within one, the rest of it. Which workflow is meant is not decided here.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

/// Fewer letters begin a word within too many phrases.
const WITHIN: usize = 2;

/// The rest of the first of these phrases that begins with `typed`, else of the first that holds it from the
/// beginning of a word on. Case, accents and the number of spaces do not count. `None` also where nothing
/// is left of it.
pub fn complete<'a>(typed: &str, phrases: impl Iterator<Item = &'a str>) -> Option<String> {
    let text = typed;
    let typed: Vec<char> = folded(typed).into_iter().map(|(c, _)| c).collect();
    let initial = *typed.first()?;
    let mut within = None;
    for phrase in phrases {
        let letters = folded(phrase);
        let begins = letters.first().is_some_and(|(c, _)| *c == initial);
        if let Some(end) = begins.then(|| follow(&typed, &letters)).flatten() {
            return Some(rest(text, phrase, end)).filter(|rest| !rest.is_empty());
        }
        if within.is_none() && typed.len() >= WITHIN {
            let starts = (1..letters.len()).filter(|at| {
                letters[*at].0 == initial && initial.is_alphanumeric() && !letters[at - 1].0.is_alphanumeric()
            });
            let mut rests = starts.filter_map(|at| follow(&typed, &letters[at..]));
            within = rests.find(|end| *end < phrase.len()).map(|end| rest(text, phrase, end));
        }
    }
    within
}

/// What is left of a phrase, in the case of what was typed: a word that was begun in small letters ends in them.
fn rest(typed: &str, phrase: &str, end: usize) -> String {
    let (head, tail) = phrase.split_at(end);
    let small = typed.chars().next_back().is_some_and(char::is_lowercase);
    if !small || !head.chars().next_back().is_some_and(char::is_uppercase) {
        return tail.to_owned();
    }
    let word = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
    tail[..word].to_lowercase() + &tail[word..]
}

/// Where in the phrase the typed letters end, if its letters begin with them.
fn follow(typed: &[char], letters: &[(char, usize)]) -> Option<usize> {
    let head = letters.get(..typed.len())?;
    let same = head.iter().map(|(c, _)| c).eq(typed);
    let (_, end) = *head.last()?;
    // One character of the phrase may stand for several letters: it is not cut in two.
    let whole = letters.get(typed.len()).is_none_or(|(_, next)| *next != end);
    (same && whole).then_some(end)
}

/// The letters as they are compared, each with the place in the text where its character ends.
fn folded(text: &str) -> Vec<(char, usize)> {
    let mut letters: Vec<(char, usize)> = Vec::new();
    for (at, grapheme) in text.grapheme_indices(true) {
        let end = at + grapheme.len();
        if grapheme.chars().all(char::is_whitespace) {
            match letters.last_mut() {
                Some(last) if last.0 == ' ' => last.1 = end,
                Some(_) => letters.push((' ', end)),
                None => {}
            }
            continue;
        }
        let plain = grapheme.nfkd().filter(|c| !is_combining_mark(*c));
        letters.extend(plain.flat_map(char::to_lowercase).map(|c| (c, end)));
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(typed: &str, phrases: &[&str]) -> Option<String> {
        complete(typed, phrases.iter().copied())
    }

    #[test]
    fn the_beginning_of_a_phrase_is_completed() {
        let phrases = ["Deploy MCP changes", "deploy the docs", "Écrire  un résumé"];
        assert_eq!(follows("dep", &phrases).as_deref(), Some("loy MCP changes"));
        assert_eq!(follows("  DEPLOY  t", &phrases).as_deref(), Some("he docs"));
        assert_eq!(follows("deploy m", &phrases).as_deref(), Some("cp changes"));
        assert_eq!(follows("deploy M", &phrases).as_deref(), Some("CP changes"));
        assert_eq!(follows("deploy", &phrases).as_deref(), Some(" MCP changes"));
        assert_eq!(follows("deploy ", &phrases).as_deref(), Some("MCP changes"));
        assert_eq!(follows("ecrire un re", &phrases).as_deref(), Some("sumé"));
        assert_eq!(follows("deploy now", &phrases), None);
        for nothing in ["", "   ", "Deploy MCP changes", "deploy the docs please"] {
            assert_eq!(follows(nothing, &phrases), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_word_within_is_completed_where_nothing_begins_so() {
        let phrases = ["Deploy MCP changes", "change the name"];
        assert_eq!(follows("mcp ch", &phrases).as_deref(), Some("anges"));
        assert_eq!(follows("cha", &phrases).as_deref(), Some("nge the name"), "a beginning goes before");
        assert_eq!(follows("m", &phrases), None, "one letter begins too much");
        assert_eq!(follows("ploy", &phrases), None, "only words begin");
        assert_eq!(follows("changes", &phrases), None, "nothing follows");
    }

    #[test]
    fn characters_are_never_cut_in_two() {
        assert_eq!(follows("o", &["oﬃce"]).as_deref(), Some("ﬃce"));
        assert_eq!(follows("of", &["oﬃce"]), None);
        assert_eq!(follows("offi", &["oﬃce"]).as_deref(), Some("ce"));
        assert_eq!(follows("日", &["日本語"]).as_deref(), Some("本語"));
        assert_eq!(follows("של", &["שלום עולם"]).as_deref(), Some("ום עולם"));
        assert_eq!(follows("cafe", &["cafe\u{301} open"]).as_deref(), Some(" open"));
        assert_eq!(follows("e\u{301}", &["été"]).as_deref(), Some("té"));
        for typed in ["\u{301}", "\u{200d}", "👩‍👩", "ß", "\u{0}"] {
            let _ = follows(typed, &["👩‍👩‍👧 straße", "\u{301}", ""]);
        }
    }
}
