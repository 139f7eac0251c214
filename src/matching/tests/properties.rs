//! What holds for every phrase and every registry.

use proptest::prelude::*;

use std::sync::LazyLock;

use super::*;

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(&bank()));

const SAMPLES: &[&str] = &[
    "deploy mcp changes",
    "delpoy the mcp changes",
    "add a tool",
    "this thread is ending",
    "cancel this workflow",
    "what does MW-001 do",
    "flux",
    "order a pizza",
    "roll back the release",
    "explain the deploy workflow",
];

/// Workflows that have nothing to do with those of the bank.
const UNRELATED: &[(&str, &str, &[&str])] = &[
    ("lunch", "Order lunch", &["order lunch for everybody", "we are hungry", "get sandwiches"]),
    ("plants", "Water the plants", &["water the plants", "the ficus looks dry"]),
    ("expenses", "File an expense report", &["file my expenses", "reimburse a taxi receipt"]),
    ("parking", "Renew a parking permit", &["renew my parking permit", "my car has no permit"]),
    ("party", "Plan the summer party", &["plan the summer party", "find a band and a tent"]),
    ("brochure", "Translate a brochure", &["translate the brochure into Italian", "proofread the leaflet"]),
    ("coffee", "Descale the coffee machine", &["descale the coffee machine", "the espresso tastes odd"]),
    ("holiday", "Apply for holiday", &["apply for two weeks of holiday", "take friday off"]),
    ("desk", "Book a meeting room", &["book a meeting room", "where can eight people sit"]),
    ("invoice", "Pay an invoice", &["pay the invoice of a supplier", "a supplier waits for money"]),
    ("photo", "Take a staff photo", &["take a photo for my badge", "my portrait is old"]),
    ("heating", "Report broken heating", &["the radiator is cold", "call the janitor about heating"]),
];

fn accented(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a' => 'á',
            'e' => 'ë',
            'o' => 'ô',
            'u' => 'ü',
            'c' => 'ç',
            c => c,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dress_changes_nothing(
        sample in prop::sample::select(SAMPLES),
        upper in any::<bool>(),
        accents in any::<bool>(),
        gap in "[ \t]{1,4}",
        end in "[.!? …]{0,4}",
    ) {
        let index = &*INDEX;
        let mut dressed = if accents { accented(sample) } else { sample.to_owned() };
        if upper {
            dressed = dressed.to_uppercase();
        }
        let dressed = format!("{gap}{}{end}", dressed.replace(' ', &gap));
        prop_assert_eq!(index.decide(sample, &Learned::default()), index.decide(&dressed, &Learned::default()), "{:?}", dressed);
    }

    #[test]
    fn any_text_gives_one_answer(text in "\\PC{0,200}|[a-z ]{0,400}|(deploy|mw|4|what does|explain|stop|[\\x00-\\x20]| ){0,20}") {
        let index = &*INDEX;
        let answer = index.decide(&text, &Learned::default());
        prop_assert_eq!(&answer, &index.decide(&text, &Learned::default()));
        prop_assert!(answer.candidates.len() <= MOST);
        for candidate in &answer.candidates {
            prop_assert!((0.0..=1.0).contains(&candidate.score));
            let length = candidate.text.chars().count();
            prop_assert!(candidate.lit.iter().all(|place| *place < length));
            prop_assert!(candidate.lit.is_sorted_by(|a, b| a < b));
        }
        match answer.decision {
            Decision::Match => prop_assert!(!answer.candidates.is_empty()),
            Decision::Ambiguous { choices } => {
                prop_assert!((2..=MOST_CHOICES).contains(&choices) && choices <= answer.candidates.len());
            }
            Decision::None | Decision::Control(_) => {}
        }
    }

    /// The decision stays, or becomes more careful; it never goes over to another workflow.
    #[test]
    fn an_unrelated_workflow_turns_no_match_into_another(
        (phrase, _) in prop::sample::select(FOUND),
        which in prop::sample::subsequence(UNRELATED, 1..=UNRELATED.len()),
        first in any::<bool>(),
    ) {
        let added = which.iter().map(|(id, name, triggers)| Arc::new(workflow(id, name, name, triggers)));
        let mut all: Vec<Arc<Workflow>> = bank();
        let at = if first { 0 } else { all.len() };
        all.splice(at..at, added);
        let (before, after) = (INDEX.decide(phrase, &Learned::default()), Index::new(&all).decide(phrase, &Learned::default()));
        prop_assert_eq!(&before.decision, &Decision::Match);
        match &after.decision {
            Decision::Match => prop_assert_eq!(&after.candidates[0].id, &before.candidates[0].id),
            Decision::Ambiguous { choices } => {
                let asked = &after.candidates[..*choices];
                prop_assert!(asked.iter().any(|c| c.id == before.candidates[0].id), "{:?}", asked);
            }
            Decision::None => {}
            Decision::Control(control) => prop_assert!(false, "{:?}", control),
        }
    }

    /// Whatever arrives as bytes, from a pipe or a paste, is text by the time it is matched.
    #[test]
    fn any_bytes_give_the_same_answer_twice(
        bytes in prop::collection::vec(any::<u8>(), 0..6000),
        said in prop::sample::select(SAMPLES),
        at in any::<prop::sample::Index>(),
    ) {
        let mut mixed = bytes.clone();
        let at = at.index(mixed.len() + 1);
        mixed.splice(at..at, said.bytes());
        let index = &*INDEX;
        for bytes in [&bytes, &mixed] {
            let text = String::from_utf8_lossy(bytes);
            let answer = index.decide(&text, &Learned::default());
            prop_assert_eq!(&answer, &index.decide(cut(&text), &Learned::default()), "the same again, and cut alike");
            let shown = answer.candidates.iter().flat_map(|c| [&c.text, &c.reason]).chain(&answer.doubt);
            for text in shown {
                prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
            }
        }
    }

    #[test]
    fn what_comes_after_the_limit_counts_for_nothing(said in prop::sample::select(SAMPLES), wide in "[é€𝄞]{1,3}") {
        let index = &*INDEX;
        let long = format!("{said} {}", wide.repeat(PHRASE_LIMIT));
        let (kept, more) = (cut(&long), format!("{long} cancel this workflow"));
        prop_assert!(kept.len() <= PHRASE_LIMIT && kept.len() + 4 > PHRASE_LIMIT);
        prop_assert_eq!(index.decide(kept, &Learned::default()), index.decide(&more, &Learned::default()));
    }
}
