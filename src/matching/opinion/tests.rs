use std::sync::Arc;

use super::*;
use crate::matching::{Index, Learned};

fn subject(id: &str, sentences: &[&str]) -> Subject {
    Subject {
        id: WorkflowId::new(id),
        name: format!("Name of {id}"),
        scope: String::new(),
        trigger_phrases: sentences.iter().map(|s| (*s).to_owned()).collect(),
        examples: Vec::new(),
    }
}

fn question() -> Question {
    Question {
        phrase: "bring it back".to_owned(),
        candidates: vec![subject("a", &["roll back", "undo"]), subject("b", &["deploy"])],
    }
}

#[test]
fn an_answer_names_a_candidate_or_none_of_them() {
    let read = |text: &str| question().read(text.as_bytes());
    let opinion = read(r#" {"id": "b", "reason": "it is about deploying", "model": "x"} "#).expect("reads");
    assert_eq!(opinion.id, Some(WorkflowId::new("b")));
    assert_eq!(opinion.reason, "it is about deploying");
    let none = read(r#"{"id": null, "reason": "neither"}"#).expect("reads");
    assert_eq!((none.id, none.reason.as_str()), (None, "neither"));
    assert_eq!(read(r#"{"id": "a"}"#).expect("reads").reason, "");
}

#[test]
fn any_other_answer_is_told_and_counts_for_nothing() {
    let wrong = |bytes: &[u8]| question().read(bytes).expect_err("no answer");
    for (bytes, told) in [
        (&b""[..], "said nothing"),
        (b" \n", "said nothing"),
        (b"I think it is b.", "is no JSON object"),
        (b"[\"b\"]", "is no JSON object"),
        (b"{\"id\": \"b\"} {\"id\": \"a\"}", "is no JSON object"),
        (b"{\"id\": \"b", "is no JSON object"),
        (b"\xff\xfe{}", "is no JSON object"),
        (b"{\"reason\": \"b\"}", "gave no `id`"),
        (b"{\"id\": 2}", "neither text nor null"),
        (b"{\"id\": \"b\", \"reason\": []}", "`reason` that is no text"),
        (b"{\"id\": \"c\"}", "named “c”, which it was not asked about"),
    ] {
        let said = wrong(bytes);
        assert!(said.contains(told), "{said}");
    }
    let deep = "[".repeat(100_000);
    assert!(wrong(deep.as_bytes()).contains("is no JSON object"));
}

#[test]
fn what_is_said_is_one_clean_line_of_bounded_length() {
    let output = format!(r#"{{"id": "a", "reason": "x\u001b[31m\n\u202e{}"}}"#, "y".repeat(10_000));
    let reason = question().read(output.as_bytes()).expect("reads").reason;
    assert!(reason.chars().count() <= REASON && reason.ends_with('…'), "{reason}");
    assert!(!reason.contains(['\u{1b}', '\n', '\u{202e}']), "{reason:?}");
    let named = format!(r#"{{"id": "\u001b{}"}}"#, "z".repeat(10_000));
    let told = question().read(named.as_bytes()).expect_err("unknown");
    assert!(told.chars().count() < REASON + 60 && !told.contains('\u{1b}'), "{told}");
}

#[test]
fn the_clearly_nearest_sentence_speaks_for_its_workflow() {
    let vectors = |a: [f32; 2], b: [f32; 2]| {
        move |sentence: &str| -> Option<&'static [f32]> {
            Some(Box::leak(Box::new(match sentence {
                "undo" => a,
                "deploy" => b,
                _ => [0.0, -1.0],
            })))
        }
    };
    let near = question().nearest(&[1.0, 0.1], vectors([2.0, 0.2], [0.0, 1.0]));
    assert_eq!(near.id, Some(WorkflowId::new("a")));
    assert_eq!(near.reason, "nearest is “undo” (1.00); the next workflow has 0.10");
    let tied = question().nearest(&[1.0, 0.0], vectors([1.0, 0.2], [1.0, 0.3]));
    assert_eq!(tied.id, None);
    assert!(tied.reason.contains("about as near (0.96)"), "{}", tied.reason);
    let far = question().nearest(&[1.0, 0.0], vectors([0.1, 1.0], [-1.0, 1.0]));
    assert_eq!(far.id, None);
    assert!(far.reason.contains("which is not near"), "{}", far.reason);
}

#[test]
fn vectors_that_cannot_be_compared_count_for_nothing() {
    for odd in [&[][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[1.0, 2.0, 3.0]] {
        assert_eq!(question().nearest(&[1.0, 0.0], |_| Some(odd)).id, None, "{odd:?}");
    }
    assert_eq!(question().nearest(&[1.0, 0.0], |_| None).reason, "there is nothing to compare with");
}

#[test]
fn only_what_is_not_sure_is_asked_and_only_so_much_is_told() {
    let workflow = |id: &str, triggers: Vec<String>| {
        let mut workflow = crate::workflow::testing::workflow(id, Vec::new());
        workflow.trigger_phrases = triggers;
        workflow.scope = "s".repeat(5_000);
        workflow.examples = (0..50).map(|n| format!("example {n} of {id}")).collect();
        Arc::new(workflow)
    };
    let many = |word: &str| (0..40).map(|n| format!("{word} the release {n}")).collect();
    let bank = [workflow("ship", many("alpha")), workflow("stop", many("omega"))];
    let index = Index::new(&bank);
    let find = |id: &WorkflowId| bank.iter().find(|w| &w.id == id).map(AsRef::as_ref);
    let ask = |phrase: &str| Question::about(phrase, &index.decide(phrase, &Learned::default()), find);
    assert_eq!(ask("alpha the release 3"), None, "a match");
    assert_eq!(ask("list workflows"), None, "said to the console");
    assert_eq!(ask("qqqq wwww"), None, "no candidates");
    let asked = ask("the release\u{202e}").expect("not sure");
    assert!(!asked.phrase.contains('\u{202e}'));
    assert_eq!(asked.candidates.len(), 2);
    assert_eq!(asked.sentences().len(), 2 * (TRIGGERS + EXAMPLES));
    let json = asked.json();
    assert_eq!(json["schema_version"], 1);
    let told = &json["candidates"][0];
    assert_eq!(told["trigger_phrases"].as_array().map(Vec::len), Some(TRIGGERS));
    assert_eq!(told["examples"].as_array().map(Vec::len), Some(EXAMPLES_TOLD));
    assert_eq!(told["scope"].as_str().map(|s| s.chars().count()), Some(TEXT));
    let mut names: Vec<&String> = told.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(names, ["examples", "id", "name", "scope", "trigger_phrases"], "nothing else is told");
}
