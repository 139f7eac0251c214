//! The card of an edit, on a step that failed after an approval.

use serde_json::{Value, json};

use crate::base::{Millis, StepId};
use crate::run::Verb;
use crate::run::testing::Driver;
use crate::tui::screens::run::engine_tests::{SERVICES, SIZES, approve, done, failed, release};
use crate::tui::screens::run::tests::shown;
use crate::workflow::{Field, FieldKind, StepKind, Workflow};

/// The release, approved, with these inputs, where its deployment has failed.
fn deploy_failed(flow: &Workflow, inputs: Value) -> Driver {
    let mut driver = Driver::start(flow.clone());
    driver.run.inputs = inputs.as_object().cloned().expect("an object");
    done(driver.later(41_000), "build");
    done(driver.later(5_000), "lint");
    for n in 1..=SERVICES.len() {
        done(driver.later(8_000), &format!("test.{n}"));
    }
    approve(&mut driver);
    failed(driver.later(30_000), "deploy", "The command ended with exit code 2");
    done(driver.later(1_000), "tell");
    driver
}

#[test]
fn edit_and_retry_shows_what_would_be_otherwise() {
    let mut flow = release();
    flow.inputs = vec![Field::new(
        "environment",
        FieldKind::Choice { options: vec!["staging".to_owned(), "production".to_owned()] },
        "Where to?",
    )];
    if let StepKind::Run { env, script, .. } = &mut flow.steps[4].kind {
        env.insert("TARGET".to_owned(), "${{ inputs.environment }}".to_owned());
        "set -eu\nkubectl config use-context \"$TARGET\"\nkubectl apply -f \"$MANIFEST\"\n"
            .clone_into(script);
    }
    let begin = || deploy_failed(&flow, json!({ "environment": "staging" }));
    let driver = begin();
    let edit = |width, height| {
        let card = shown(&driver, width, height, "").later(Millis(600)).see("edit and retry…").keys("e");
        card.see("Nothing is changed").keys("<down><down><end> --server-side").see("+ ")
    };
    for (width, height) in SIZES {
        edit(width, height).golden(&format!("engine_edit_{width}x{height}"));
    }
    let card = edit(140, 40).see("“Approve the release” has approved something else");
    // What cannot be is said at once, and not sent.
    let card = card.keys(" ${{ inputs.environment }}").see("A script is never filled in").keys("<ctrl-s>");
    assert!(card.verbs().is_empty());
    let card = edit(140, 40).keys("<tab><ctrl-e>").keys("<down><down><end>").keys("<ret>B").see("has no `=`");
    assert!(card.keys("<ctrl-s>").verbs().is_empty());
    // What was typed and left comes back.
    let card =
        edit(140, 40).keys("<esc>").see_no("What it would do").keys("<ret>").keys("e").see("--server-side");
    let card = card.keys("<ctrl-s>");
    let [Verb::Retry { step: Some(step), edit: Some(sent) }] = card.verbs()[..] else {
        panic!("{:?}", card.verbs())
    };
    assert_eq!(step.as_str(), "deploy");
    assert!(sent.script.as_deref().is_some_and(|s| s.ends_with("--server-side")) && sent.env.is_none());
    // An input holds for every later step; its rules are the workflow's.
    let inputs = |text: &str| {
        let card =
            shown(&driver, 140, 40, "").later(Millis(600)).keys("e<tab><tab>").see("environment = staging");
        card.keys("<ctrl-e>").keys(&"<backspace>".repeat(7)).keys(text)
    };
    let card =
        inputs("production").see("Changed for every later step: environment").see("+ TARGET = production");
    card.golden("engine_edit_inputs_140x40");
    let refused = inputs("moon");
    assert!(!refused.screen().contains("Changed for every"), "{}", refused.screen());
    assert!(refused.keys("<ctrl-s>").verbs().is_empty());
    // Once it is edited, the step says so.
    let mut driver = begin();
    let edit = crate::run::Edit { script: Some("true".to_owned()), ..Default::default() };
    let verb = Verb::Retry { step: Some(StepId::new("deploy")), edit: Some(Box::new(edit)) };
    driver.act(verb).expect("tried again");
    let harness = shown(&driver, 100, 30, "").keys("<esc><tab>G<up>");
    harness.see("Deploy ✎").see("script, since the file");
}

#[test]
fn a_question_that_was_left_open_stays_open() {
    let mut flow = release();
    let text = || FieldKind::String { max_length: None };
    flow.inputs = ["note", "place"].map(|name| Field::new(name, text(), "What?")).to_vec();
    flow.inputs.iter_mut().for_each(|field| field.required = false);
    let driver = deploy_failed(&flow, json!({ "note": null, "place": null }));
    let card = shown(&driver, 140, 40, "").later(Millis(600)).keys("e<tab><tab>").see("place =");
    let card = card.keys("<down><end> here").see("Changed for every later step: place").keys("<ctrl-s>");
    let [Verb::Retry { edit: Some(sent), .. }] = card.verbs()[..] else { panic!("{:?}", card.verbs()) };
    assert_eq!(json!(sent.inputs), json!({ "place": "here" }), "and “note” is no text `null`");
}
