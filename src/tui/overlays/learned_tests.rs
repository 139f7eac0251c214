//! Learning in the console: what is recorded and what is not, what a lesson changes, and the card
//! that shows and forgets lessons.

use crate::base::{Millis, WorkflowId};
use crate::config::{Action, ColourDepth, GlyphSet};
use crate::matching::{Chosen, Decision, MemoryEventBody};
use crate::protocol::{Request, Response, Update};
use crate::run::summarise;
use crate::tui::msg::{Effect, Link, Msg};
use crate::tui::screens::ScreenId;
use crate::tui::testing::{Harness, answered_with, bundled_run, remembered};

const ASKED: &str = "add a tool";

fn days(n: u64) -> Millis {
    Millis::from_secs(24 * 3600 * n)
}

fn confirmed(phrase: &str, workflow: &str) -> MemoryEventBody {
    let (phrase, workflow) = (phrase.to_owned(), WorkflowId::new(workflow));
    MemoryEventBody::Chosen { phrase, workflow, how: Chosen::Confirmed, project: None }
}

fn missed(phrase: &str) -> MemoryEventBody {
    MemoryEventBody::Missed { phrase: phrase.to_owned(), project: None }
}

/// A console whose engine starts whatever it is asked to.
fn starting(width: u16, height: u16) -> Harness {
    let (run, _) = bundled_run("MW-002", "7f3a", Millis::ZERO);
    let row = summarise(&run);
    Harness::new(width, height).with_run(run).answering(move |request| match request {
        Request::Start(_) => Some(Ok(Response::Summary(Box::new(row.clone())))),
        Request::CheckPrerequisites { .. } => Some(Ok(Response::Prerequisites(Vec::new()))),
        Request::Learn { .. } | Request::Miss { .. } => Some(Ok(Response::Done)),
        Request::Forget { .. } => Some(Ok(Response::Forgotten(1))),
        _ => None,
    })
}

/// What was taught, as workflow and how.
fn taught(harness: &Harness) -> Vec<(String, Chosen)> {
    let lesson = |request: &&Request| match request {
        Request::Learn { phrase, workflow, how, folder } => {
            assert_eq!((phrase.as_str(), folder.as_str()), (ASKED, "/work/checkout-api"));
            Some((workflow.to_string(), *how))
        }
        _ => None,
    };
    harness.requests().iter().filter_map(lesson).collect()
}

/// Fills in the inputs that the card asks for, where it does, and starts.
fn start(harness: Harness) -> Harness {
    let harness = harness.keys("<ret>");
    let harness =
        if harness.screen().contains(": inputs") { harness.keys("x<ctrl-s><ret>") } else { harness };
    assert!(harness.requests().iter().any(|r| matches!(r, Request::Start(_))), "{}", harness.screen());
    harness
}

#[test]
fn an_answer_is_learned_once_it_is_started() {
    let asked =
        || starting(100, 30).with_bank().connected().keys("add a tool<ret>").see("Which one do you mean?");
    for left in ["<esc>", "0", "2<esc>", "2d<esc><esc>"] {
        assert_eq!(taught(&asked().keys(left)), [], "{left}: nothing is learned from looking");
    }
    assert_eq!(taught(&start(asked().keys("2"))), [("MW-007".to_owned(), Chosen::Asked)]);
}

#[test]
fn another_candidate_than_the_first_is_learned_once_it_is_started() {
    let chosen = |phrase: &str| {
        let typed = starting(100, 30).with_bank().connected().keys(phrase);
        let second = typed.model.console.answer().expect("an answer").candidates[1].id.to_string();
        let chosen = typed.keys("<down><down><ret>").see("from the list").see(&second);
        assert_eq!(taught_phrase(&chosen), None);
        taught_phrase(&start(chosen))
    };
    let none = "sync the garden";
    assert_eq!(chosen(none), Some((none.to_owned(), Chosen::Instead)));
    // One of those that Enter would have asked about answers the question.
    assert_eq!(chosen(ASKED), Some((ASKED.to_owned(), Chosen::Asked)));
}

#[test]
fn a_refused_start_teaches_nothing() {
    let refused = Harness::new(100, 30)
        .answering(|r| matches!(r, Request::Start(_)).then(|| Err(crate::base::Error::refused("No"))))
        .with_bank()
        .connected()
        .keys("add a tool<ret>2");
    assert_eq!(taught(&start(refused)), []);
}

#[test]
fn a_learned_phrase_leads_and_its_start_confirms_it() {
    let led = |width, height| {
        starting(width, height)
            .with_memory([(answered_with(ASKED, "MW-002"), days(1))])
            .with_bank()
            .connected()
            .keys("Add a tool!")
    };
    led(80, 24).see("you chose it before").see_no("could be meant").golden("console_learned_80x24");
    led(140, 40).golden("console_learned_140x40");
    let card = led(80, 24).keys("<ret>").see("you chose it before").golden("confirm_learned_80x24");
    assert_eq!(taught_phrase(&start(card)), Some(("Add a tool!".to_owned(), Chosen::Confirmed)));
    // What is clear without any lesson is no lesson.
    let plain = starting(80, 24).with_bank().connected().keys("this thread is ending<ret>");
    assert_eq!(taught_phrase(&start(plain)), None);
}

fn taught_phrase(harness: &Harness) -> Option<(String, Chosen)> {
    harness.requests().iter().find_map(|request| match request {
        Request::Learn { phrase, how, .. } => Some((phrase.clone(), *how)),
        _ => None,
    })
}

#[test]
fn a_phrase_that_fits_nothing_is_kept_where_there_are_words_and_an_engine() {
    let misses = |harness: &Harness| {
        let all = harness.requests().into_iter().filter(|r| matches!(r, Request::Miss { .. }));
        all.cloned().collect::<Vec<_>>()
    };
    let none = starting(80, 24).with_bank().connected().keys("bake a chocolate cake");
    assert!(misses(&none).is_empty(), "not while it is typed");
    let none = none.keys("<ret>").see("No workflow fits");
    assert_eq!(
        misses(&none),
        [Request::Miss {
            phrase: "bake a chocolate cake".to_owned(),
            folder: "/work/checkout-api".to_owned()
        }]
    );
    assert!(misses(&starting(80, 24).with_bank().connected().paste("?!").keys("<ret>")).is_empty());
    assert!(misses(&starting(80, 24).with_bank().keys("bake a chocolate cake<ret>")).is_empty());
}

#[test]
fn an_open_console_sees_a_new_lesson_at_once() {
    let typed = Harness::new(80, 24).with_bank().connected().keys(ASKED).see("could be meant");
    let lesson = |seq, body| Update::Learned(Box::new(remembered(seq, body, Millis::ZERO)));
    let led = typed.update(lesson(1, answered_with(ASKED, "MW-002"))).see("you chose it before");
    assert_eq!(led.model.console.answer().map(|a| a.decision.clone()), Some(Decision::Match));
    let forget = MemoryEventBody::Forgotten { phrase: Some(ASKED.to_owned()), project: None };
    let mut asks = led.update(lesson(2, forget)).see("could be meant");
    // After a gap everything is asked for again.
    asks.effects.clear();
    let behind = asks.update(lesson(9, answered_with(ASKED, "MW-007")));
    assert_eq!(behind.requests(), [&Request::Learned]);
    // The selected candidate stays the selected one.
    let selected = Harness::new(80, 24).with_bank().connected().keys("add a tool<down>");
    let id = |harness: &Harness| {
        let answer = harness.model.console.answer().expect("an answer").clone();
        answer.candidates[harness.model.console.selected()].id.to_string()
    };
    let before = id(&selected);
    let after = selected.update(lesson(1, answered_with(ASKED, &before)));
    assert_eq!(id(&after), before);
}

#[test]
fn a_store_that_was_put_back_may_know_less() {
    let mut harness = Harness::new(80, 24)
        .with_memory([(answered_with(ASKED, "MW-002"), days(1))])
        .with_bank()
        .connected()
        .keys(ASKED)
        .see("you chose it before");
    harness.memory = crate::matching::Memory::default();
    harness.send(Msg::Link(Link::Lost(crate::base::Error::internal("The engine has ended"))));
    harness.connected().see("could be meant");
}

fn full(width: u16, height: u16) -> Harness {
    starting(width, height)
        .with_memory([
            (answered_with("water the plants", "garden"), days(40)),
            (answered_with("tidy up the thread", "MW-001"), days(120)),
            (answered_with("ship the tools", "MW-004"), days(9)),
            (confirmed("ship the tools", "MW-004"), days(5)),
            (missed("bake a chocolate cake"), days(3)),
            (confirmed("Ship the tools", "MW-004"), days(2)),
            (answered_with(ASKED, "MW-002"), days(1)),
            (missed("this thread is ending"), days(1)),
            (missed("Bake a chocolate cake?"), Millis::from_secs(600)),
        ])
        .with_bank()
        .connected()
}

#[test]
fn lessons_are_listed_with_how_they_stand() {
    let card = full(80, 24).keys("<alt-l>").see("proved").see("faded").see("gone").see("counts");
    let card = card.golden("learned_80x24");
    let copied = card.keys("<down>").see("Has proved itself").keys("y");
    assert!(copied.effects.contains(&Effect::Copy("- \"Ship the tools\"".to_owned())));
    let missed = copied.keys("<tab>").see("perhaps there should be one").golden("learned_missed_80x24");
    let tried = missed.keys("<ret>");
    assert_eq!(tried.model.console.input.text(), "Bake a chocolate cake?");
    assert_eq!((tried.model.screen, tried.model.layers.len()), (ScreenId::Console, 0));
    full(140, 40).keys("<alt-l>").golden("learned_140x40");
    full(60, 15).keys("<alt-l>").golden("learned_60x15");
    full(140, 40)
        .look("light", ColourDepth::True, GlyphSet::Unicode)
        .keys("<alt-3><alt-l><tab><down>")
        .see("By now")
        .golden("learned_missed_140x40_light");
    let palette = full(80, 24).keys(":learned<ret>").see("Fitted nothing");
    assert_eq!(palette.model.layers.len(), 1);
}

#[test]
fn one_is_forgotten_with_a_key_and_all_with_two() {
    let forgets = |harness: &Harness| {
        let all = harness.requests().into_iter().filter_map(|r| match r {
            Request::Forget { phrase, .. } => Some(phrase.clone()),
            _ => None,
        });
        all.collect::<Vec<_>>()
    };
    let one = full(80, 24).keys("<alt-l>x");
    assert_eq!(forgets(&one), [Some(ASKED.to_owned())]);
    let forget = MemoryEventBody::Forgotten { phrase: Some(ASKED.to_owned()), project: None };
    one.update(Update::Learned(Box::new(remembered(10, forget, Millis::ZERO)))).see_no(ASKED);
    let asked = full(80, 24).keys("<alt-l>X").see("Press again to forget all 6");
    assert_eq!(forgets(&asked), []);
    assert_eq!(forgets(&full(80, 24).keys("<alt-l>X<down>X")), [], "anything else takes it back");
    assert_eq!(forgets(&asked.keys("X")), [None]);
}

#[test]
fn an_empty_card_says_why_and_what_to_do() {
    let empty = Harness::new(80, 24).with_bank().connected().action(Action::Learned);
    let empty = empty.see("Nothing has been learned yet").golden("learned_empty_80x24");
    empty.keys("x").see("There is nothing here").keys("<tab>").see("Every phrase has fitted").keys("<esc>");
    for (width, height) in [(1, 1), (40, 8), (41, 9), (70, 20)] {
        drop(full(width, height).keys("<alt-l><tab><down><tab>").resize(200, 3));
    }
}
