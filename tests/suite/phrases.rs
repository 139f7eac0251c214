//! What people say against the bundled bank: phrases by a writer who has not read the code, and the examples of the
//! process bank's own document.

use std::fmt::Write as _;
use std::path::Path;

use mwtui::matching::{Answer, Decision, Index, Learned};
use mwtui::workflow::Registry;
use serde::Deserialize;

/// Phrases, of which at least so many are right, and at most so many guessed wrong: just below what was measured
/// last. Move them when the matching has become better, and for nothing else but other phrases.
struct Set {
    lines: &'static str,
    all: usize,
    right: usize,
    guesses: usize,
}

/// For the seven workflows of the process bank's own document; measured last: 213 and 13.
const DOCUMENT: Set =
    Set { lines: include_str!("../phrases/document.jsonl"), all: 240, right: 212, guesses: 14 };

/// For the whole bundled bank; measured last: 141 and 7.
const BUNDLED: Set =
    Set { lines: include_str!("../phrases/bundled.jsonl"), all: 160, right: 140, guesses: 8 };

/// A phrase, and what a careful colleague would do with it.
#[derive(Debug, Deserialize)]
struct Said {
    phrase: String,
    expect: Expect,
    ids: Vec<String>,
    control: Option<Control>,
    kind: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Match,
    Ambiguous,
    None,
    Control,
}

#[derive(Debug, Deserialize)]
struct Control {
    action: String,
    workflow: Option<String>,
}

fn bank() -> (Registry, Index) {
    folder("workflows")
}

fn folder(name: &str) -> (Registry, Index) {
    let registry = Registry::load_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let index = Index::new(registry.workflows());
    (registry, index)
}

/// The decision in one line, with the ids that carry it.
fn told(answer: &Answer) -> String {
    let ids = |n: usize| -> String {
        answer.candidates.iter().take(n).fold(String::new(), |all, c| format!("{all} {}", c.id))
    };
    match &answer.decision {
        Decision::Match => format!("match{}", ids(1)),
        Decision::Ambiguous { choices } => format!("ambiguous{}", ids(*choices)),
        Decision::None => "none".to_owned(),
        Decision::Control(control) => {
            let action = serde_json::to_value(control.action).expect("a name");
            let of = control.workflow.as_ref().map_or(String::new(), |w| format!(" {w}"));
            format!("control {}{of}", action.as_str().expect("a text"))
        }
    }
}

fn is_right(said: &Said, answer: &Answer) -> bool {
    let meant = |n: usize| {
        answer.candidates.iter().take(n).filter(|c| said.ids.iter().any(|id| *id == c.id.as_str())).count()
    };
    match (said.expect, &answer.decision) {
        (Expect::Match, Decision::Match) => meant(1) == 1,
        (Expect::Ambiguous, Decision::Ambiguous { choices }) => meant(*choices) >= 2,
        (Expect::None, Decision::None) => true,
        (Expect::Control, Decision::Control(control)) => said.control.as_ref().is_some_and(|wanted| {
            serde_json::to_value(control.action).is_ok_and(|action| action == wanted.action.as_str())
                && wanted
                    .workflow
                    .as_deref()
                    .is_none_or(|id| control.workflow.as_ref().is_some_and(|w| w.as_str() == id))
        }),
        _ => false,
    }
}

#[test]
fn phrases_for_the_documents_bank_by_somebody_who_has_not_read_the_code() {
    measure(&DOCUMENT, &folder("tests/fixtures/bank").1);
}

#[test]
fn phrases_for_the_whole_bank_by_somebody_who_has_not_read_its_triggers() {
    measure(&BUNDLED, &bank().1);
}

fn measure(set: &Set, index: &Index) {
    let (mut all, mut right, mut guesses) = (0, 0, 0);
    let mut misses = String::new();
    for line in set.lines.lines() {
        let said: Said = serde_json::from_str(line).expect(line);
        let answer = index.decide(&said.phrase, &Learned::default());
        all += 1;
        if is_right(&said, &answer) {
            right += 1;
            continue;
        }
        let guess = matches!(answer.decision, Decision::Match | Decision::Control(_));
        guesses += usize::from(guess);
        let mark = if guess { "guessed" } else { "" };
        let _ = writeln!(
            misses,
            "{mark:<7}  {:<10}  {:<28}  {:<40}  {}",
            said.kind,
            told(&answer),
            format!("{:?} {}", said.expect, said.ids.join(" ")),
            said.phrase
        );
    }
    assert_eq!(all, set.all, "a phrase was lost");
    assert!(
        right >= set.right && guesses <= set.guesses,
        "{right} of {all} right and {guesses} guessed wrong; at least {} and at most {} are wanted. The misses:\n{misses}",
        set.right,
        set.guesses
    );
}

#[test]
fn every_trigger_phrase_matches_its_own_workflow() {
    let (registry, index) = bank();
    let mut phrases = 0;
    for workflow in registry.workflows() {
        for phrase in &workflow.trigger_phrases {
            phrases += 1;
            let answer = index.decide(phrase, &Learned::default());
            assert_eq!(told(&answer), format!("match {}", workflow.id), "{phrase}");
        }
    }
    assert!(phrases >= 7, "{phrases}");
}

#[test]
fn the_examples_of_the_process_banks_own_document() {
    let (registry, index) = bank();
    let check = |phrase: &str, wanted: &str| {
        assert_eq!(told(&index.decide(phrase, &Learned::default())), wanted, "{phrase}");
    };
    let asked = index.decide("Add a tool", &Learned::default());
    let mut between: Vec<&str> = asked.candidates.iter().take(2).map(|c| c.id.as_str()).collect();
    between.sort_unstable();
    assert_eq!(asked.decision, Decision::Ambiguous { choices: 2 }, "{}", told(&asked));
    assert_eq!(between, ["MW-002", "MW-007"]);
    check("Cancel this workflow", "control cancel");
    check("Never mind, let's do something else", "control cancel");
    check("What workflows are available?", "control list");
    check("Show me the workflow registry", "control list");
    for workflow in registry.workflows() {
        let explained = format!("control explain {}", workflow.id);
        check(&format!("Explain the {} workflow", workflow.name), &explained);
        check(&format!("What does {} do?", workflow.id), &explained);
    }
}
