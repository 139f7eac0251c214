//! Asking at Enter, the suggestion in the question, and all that ends the waiting.

use crate::base::{Error, Millis, Result, WorkflowId};
use crate::config::{Asks, ColourDepth, GlyphSet, SecondOpinion};
use crate::matching::Opinion;
use crate::protocol::{Request, Response};
use crate::tui::msg::{Asker, Msg};
use crate::tui::screens::ScreenId;
use crate::tui::testing::Harness;

/// Two workflows of the bundled bank have this trigger phrase.
const TWO: &str = "add a tool";
/// Nothing in the bundled bank does this, though a word of it is near.
const NONE: &str = "write a report of the meeting in the garden";

fn console(width: u16, height: u16) -> Harness {
    let mut harness = Harness::new(width, height);
    harness.model.facts.second_opinion = Some(SecondOpinion {
        name: "ada".to_owned(),
        asks: Asks::Command(vec!["/opt/ada".to_owned()]),
        within: Millis(2_000),
    });
    harness.with_bank().connected()
}

/// The numbers of the questions that were asked.
fn asked(harness: &Harness) -> Vec<u64> {
    let number = |r: &&Request| match r {
        Request::Opinion { number, .. } => Some(*number),
        _ => None,
    };
    harness.requests().iter().filter_map(number).collect()
}

fn cancelled(harness: &Harness) -> Vec<u64> {
    let number = |r: &&Request| match r {
        Request::CancelOpinion { number } => Some(*number),
        _ => None,
    };
    harness.requests().iter().filter_map(number).collect()
}

/// The answer to a question comes, whether or not it is waited for.
fn comes(mut harness: Harness, number: u64, result: Result<Response>) -> Harness {
    let is_it = |r: &&Request| matches!(r, Request::Opinion { number: n, .. } if *n == number);
    let request = harness.requests().into_iter().find(is_it).cloned().expect("it was asked");
    harness.send(Msg::Answered {
        asker: Asker::Screen(ScreenId::Console),
        request: Box::new(request),
        result: Box::new(result),
    });
    harness
}

/// The one who was asked says this.
fn says(harness: Harness, number: u64, id: Option<&str>, reason: &str) -> Harness {
    let opinion = Opinion { id: id.map(WorkflowId::new), reason: reason.to_owned() };
    comes(harness, number, Ok(Response::Opinion(opinion)))
}

fn nothing_started(harness: &Harness) {
    assert!(harness.requests().iter().all(|r| !matches!(r, Request::Start(_))), "something was started");
}

#[test]
fn nobody_is_asked_unless_configured_and_only_where_there_is_doubt() {
    let harness =
        Harness::new(80, 24).with_bank().connected().keys(TWO).keys("<ret>").see("Which one do you");
    assert!(asked(&harness).is_empty());
    let sure = console(80, 24).keys("create a new tool category<ret>").see("Why this one");
    assert!(asked(&sure).is_empty());
    let control = console(80, 24).keys("list workflows<ret>");
    assert!(asked(&control).is_empty());
    let chosen = console(80, 24).keys(TWO).keys("<down><ret>").see("Why this one");
    assert!(asked(&chosen).is_empty(), "the person has chosen already");
    let typing = console(80, 24).keys(TWO);
    assert!(asked(&typing).is_empty(), "not while one types");
}

#[test]
fn one_line_says_who_is_asked_and_for_how_long() {
    let asking = console(80, 24).keys(TWO).keys("<ret>").see("asking ada which one is meant   0 s of 2 s");
    assert_eq!(asked(&asking), [1]);
    let Some(Request::Opinion { question, .. }) =
        asking.requests().into_iter().find(|r| matches!(r, Request::Opinion { .. })).cloned()
    else {
        panic!("it was asked")
    };
    assert_eq!(question.phrase, TWO);
    assert!(question.candidates.iter().any(|c| c.id.as_str() == "MW-002"));
    assert_eq!(asking.model.next_tick(), Some(Millis(250)));
    let asking = asking.later(Millis(1_250)).see("1 s of 2 s").golden("opinion_asking");
    asking.see_no("Which one do you mean");
    console(60, 15).keys(TWO).keys("<ret>").golden("opinion_asking_60x15");
    console(80, 24)
        .look("dark", ColourDepth::None, GlyphSet::Ascii)
        .keys(TWO)
        .keys("<ret>")
        .golden("opinion_asking_ascii");
}

#[test]
fn what_is_suggested_stands_first_with_its_name_and_the_person_confirms() {
    let reason = "you seem to want one tool and no whole category, and this one makes it, from the question to its test";
    let suggested = |width, height| {
        let asking = console(width, height).keys(TWO).keys("<ret>");
        says(asking, 1, Some("MW-002"), reason).see("Which one do you mean?").see("says ada: you seem")
    };
    let question = suggested(80, 24).golden("opinion_suggested");
    suggested(60, 15).golden("opinion_suggested_60x15");
    nothing_started(&question);
    let card = question.keys("1").see("MW-002").see("ada suggested it").golden("opinion_card");
    nothing_started(&card);
    let other = suggested(80, 24).keys("2").see("MW-007").see_no("suggested it");
    nothing_started(&other);
    suggested(80, 24).keys("0").see_no("Which one").see("None of these, then.");
}

#[test]
fn where_no_workflow_fits_the_suggestion_is_a_choice() {
    let asking = console(80, 24).keys(NONE).keys("<ret>").see("asking ada");
    let offered = says(asking, 1, Some("MW-001"), "a session ends there, too")
        .see("No workflow fits by its words")
        .see("says ada: a session ends there, too")
        .golden("opinion_offered");
    nothing_started(&offered);
    let is_kept = |r: &&Request| matches!(r, Request::Miss { phrase, .. } if phrase == NONE);
    assert!(offered.requests().iter().any(is_kept), "the bank lacks it until it is started for it");
    let card = offered.keys("<ret>").see("Why this one").see("ada suggested it: a session ends there, too");
    nothing_started(&card);
    let asking = console(80, 24).keys(NONE).keys("<ret>");
    let none = says(asking, 1, None, "gardens are not in the bank");
    assert!(none.model.layers.is_empty());
    none.see("No workflow fits").see("ada says none of these: gardens").golden("opinion_none");
}

#[test]
fn an_opinion_that_is_none_or_no_use_is_one_sentence_in_the_ordinary_question() {
    let late = || {
        Err(Error::internal("ada gave no usable answer").cause("it failed: exit 1").hint("never shown here"))
    };
    let asking = console(80, 24).keys(TWO).keys("<ret>");
    let question = comes(asking, 1, late()).see("Which one do you mean?");
    let question = question.see("ada gave no usable answer: it failed: exit 1").see_no("never shown");
    question.golden("opinion_failed").keys("1").see("MW-002").see_no("suggested it");
    let asking = console(80, 24).keys(TWO).keys("<ret>");
    says(asking, 1, None, "both would do").see("Which one do").see("ada says none of these: both would");
    let asking = console(80, 24).keys(TWO).keys("<ret>");
    says(asking, 1, Some("rm-rf"), "x").see("Which one do").see("named rm-rf, which it was not asked");
    let asking = console(80, 24).keys(TWO).keys("<ret>");
    comes(asking, 1, Ok(Response::Done)).see("Which one do").see("ada gave no usable answer");
}

#[test]
fn any_key_ends_the_waiting_and_a_late_answer_changes_nothing() {
    let asking = || console(80, 24).keys(TWO).keys("<ret>").see("asking ada");
    let back = asking().keys("<esc>").see_no("asking ada").see_no("Which one do you mean");
    assert_eq!(cancelled(&back), [1]);
    assert_eq!(back.model.console.input.text(), TWO, "Escape empties nothing while it ends the waiting");
    let before = back.screen();
    let back = says(back, 1, Some("MW-007"), "too late");
    assert_eq!(back.screen(), before);

    let without = asking().keys("<ret>").see("Which one do you mean?");
    assert_eq!(cancelled(&without), [1]);
    let before = without.screen();
    assert_eq!(says(without, 1, Some("MW-007"), "too late").screen(), before);

    let typed = asking().keys("x").see_no("asking ada");
    assert_eq!(cancelled(&typed), [1]);
    assert_eq!(typed.model.console.input.text(), format!("{TWO}x"));
    let pasted = asking().paste("y").see_no("asking ada");
    assert_eq!(cancelled(&pasted), [1]);
    assert_eq!(pasted.model.console.input.text(), format!("{TWO}y"));
    let left = asking().keys("<ctrl-c>").see("Press again to leave").see_no("asking ada");
    assert_eq!(cancelled(&left), [1]);
    let elsewhere = asking().keys("<alt-3>");
    assert_eq!((elsewhere.model.screen, cancelled(&elsewhere)), (ScreenId::Runs, vec![1]));
}

#[test]
fn an_answer_to_an_earlier_question_is_not_taken_for_this_one() {
    let again = console(80, 24).keys(TWO).keys("<ret><esc><ret>").see("asking ada");
    assert_eq!(asked(&again), [1, 2]);
    let again = comes(again, 1, Err(Error::refused("The second opinion is no longer waited for")));
    let again = again.see("asking ada").see_no("no longer waited for");
    says(again, 2, Some("MW-007"), "in time").see("says ada: in time");
}

#[test]
fn an_engine_that_says_nothing_does_not_keep_the_person_waiting() {
    let waited = console(80, 24).keys(TWO).keys("<ret>").later(Millis(2_900)).see("asking ada");
    let waited = waited.later(Millis(200)).see("Which one do you mean?");
    assert_eq!(cancelled(&waited), [1]);
    let waited = waited.see("ada gave no answer within 2 s");
    assert_eq!(waited.model.next_tick().filter(|t| *t == Millis(250)), None, "nothing moves any more");
    let before = waited.screen();
    assert_eq!(says(waited, 1, Some("MW-007"), "too late").screen(), before);
}

#[test]
fn what_is_said_cannot_reach_the_terminal() {
    let asking = console(80, 24).keys(TWO).keys("<ret>");
    let evil = "\u{1b}[2J\u{202e}evil\u{2066}\nsecond line";
    let screen = says(asking, 1, Some("MW-007"), evil).see("evil").screen();
    assert!(!screen.contains(['\u{1b}', '\u{202e}', '\u{2066}']));
}
