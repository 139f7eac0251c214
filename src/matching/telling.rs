//! Which letters of any text the telling words of a phrase stand in: lit where people compare workflows. It
//! lights what can be seen; what counted in the decision is `reason`'s.

use crate::matching::stem::stem;
use crate::matching::text;
use crate::matching::words::is_common;

/// Words of either text that are looked at.
const WORDS: usize = 64;

/// Character positions in `text`, ascending, of the words that `phrase` says too, in whatever form.
pub fn telling(text: &str, phrase: &str) -> Vec<usize> {
    let said: Vec<String> =
        text::words(phrase, WORDS).iter().filter(|w| !is_common(&w.text)).map(|w| stem(&w.text)).collect();
    let words = text::words(text, WORDS);
    let met = words.iter().filter(|w| said.contains(&stem(&w.text)));
    let mut places: Vec<usize> = met.flat_map(|w| w.start..w.end).collect();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lit_in_whatever_form() {
        let text = "Creates tools: one tool";
        let lit: String =
            telling(text, "add a TOOL").into_iter().filter_map(|at| text.chars().nth(at)).collect();
        assert_eq!(lit, "toolstool");
        assert!(telling("a part of the garden", "the garden of a").len() == 6, "common words tell nothing");
        assert!(telling("", "x").is_empty() && telling("x", "").is_empty());
    }
}
