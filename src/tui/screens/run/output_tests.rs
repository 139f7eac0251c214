//! The output of a step: its live end on the Run screen, and the pager.

use crate::base::{Error, Millis};
use crate::protocol::{OutputChunk, OutputRange, Request, Response};
use crate::tui::model::LinkState;
use crate::tui::msg::Effect;
use crate::tui::screens::run::tests::{HOSTILE, begin, completed, grown, open, outputs, shown, steps};
use crate::tui::testing::Harness;

/// 40,000 lines of 20 bytes each.
fn long() -> &'static str {
    (0..40_000).fold(String::new(), |all, n| all + &format!("line {n:>13}.\n")).leak()
}

#[test]
fn output_is_asked_for_no_more_often_than_ten_times_a_second() {
    let driver = begin(steps());
    let mut harness = shown(&driver, 80, 24, HOSTILE);
    let first = outputs(&harness);
    for total in 0..50 {
        harness = harness.update(grown(&driver, "tests", HOSTILE.len() + total + 1));
    }
    assert_eq!(outputs(&harness), first, "no time has passed");
    let tick = harness.model.next_tick().expect("there is more");
    assert!(tick <= Millis(100));
    let harness = harness.later(Millis(100));
    assert_eq!(outputs(&harness), first + 1);
    let elsewhere = harness.keys("1").update(grown(&driver, "tests", 9_999)).later(Millis(200));
    assert_eq!(outputs(&elsewhere), first + 1, "nobody looks");
}

#[test]
fn output_follows_its_end_until_it_is_scrolled() {
    let long: &'static str = (0..300).fold(String::new(), |all, n| format!("{all}line {n}\n")).leak();
    let harness = shown(&begin(steps()), 80, 24, long).see("line 299").see("300 lines");
    let harness = harness.keys("<page-up>").see_no("line 299").see("‖");
    let harness = harness.keys("g").see("line 0").keys("f").see("line 299");
    harness.keys("<up>").see_no("line 299").keys("G").see("line 299");
}

#[test]
fn copying_takes_what_is_looked_at() {
    let copies = |harness: Harness| {
        harness
            .effects
            .iter()
            .filter_map(|e| if let Effect::Copy(text) = e { Some(text.clone()) } else { None })
            .collect::<Vec<_>>()
    };
    let running = || shown(&begin(steps()), 80, 24, HOSTILE);
    assert_eq!(copies(running().keys("<tab>y")), ["7f3a000000000000"]);
    let output = copies(running().keys("y"));
    assert!(output[0].contains("all of it") && !output[0].contains('\u{1b}'), "{output:?}");
    assert_eq!(copies(shown(&begin(steps()), 80, 24, "").keys("y")), ["cargo test --workspace"]);
}

#[test]
fn the_pager_goes_through_a_long_output_with_a_bounded_piece_of_it() {
    let harness =
        shown(&begin(steps()), 80, 24, long()).keys("l").see("40,000 lines · following").see("39999.");
    let harness = harness.keys("g").see("     0.").see("0 %");
    let mut harness = harness.keys("/     20000.<ret>").see("20000.").see("49 %");
    let asked = harness.requests().len();
    harness = harness.keys("n").see("nowhere below").keys("/39999.<ret>").see("39999.");
    assert!(harness.requests().len() > asked);
    harness = harness.keys("/    12.<ret>").see("nowhere below").keys("N").see("   12.");
    harness = harness.keys("G").see("following").keys("<page-up>").see("99 %");
    for request in harness.requests() {
        if let Request::Output {
            range: OutputRange::From { bytes, .. } | OutputRange::Tail { bytes }, ..
        } = request
        {
            assert!(*bytes <= 128 * 1024);
        }
    }
    harness.keys("<esc><esc>").see("Timeline").see_no("attempt 1   run");
}

#[test]
fn the_pager_shows_hostile_output_in_the_themes_colours() {
    let driver = begin(steps());
    let harness = shown(&driver, 80, 24, HOSTILE).keys("l").golden("run_pager_80x24").keys("/failed<ret>");
    assert!(!harness.screen().contains('\u{1b}'));
    let harness = harness.keys("<esc>f<right>").see("s_an_old").see_no("opens").keys("y");
    assert!(harness.effects.iter().any(|e| matches!(e, Effect::Copy(text) if text.contains("all of it"))));
    shown(&driver, 60, 15, HOSTILE).keys("l").golden("run_pager_60x15");
    shown(&driver, 80, 24, "").keys("l").see("no output");
}

#[test]
fn a_lost_engine_does_not_end_the_output() {
    let driver = begin(steps());
    let mut harness = Harness::new(80, 24).with_run(driver.run.clone());
    harness.model.now = driver.now;
    let mut harness = open(harness.connected(), driver.run.id());
    let asked = outputs(&harness);
    assert_eq!(asked, 1, "it has not been answered");
    harness.send(crate::tui::msg::Msg::Link(crate::tui::msg::Link::Lost(Error::internal("gone"))));
    assert!(matches!(harness.model.link, LinkState::Lost(_)));
    let harness = harness.later(Millis(500)).connected();
    assert_eq!(outputs(&harness), 2);
}

#[test]
fn output_that_cannot_be_read_is_not_asked_for_in_a_circle() {
    let driver = begin(steps());
    let mut harness = Harness::new(80, 24).with_run(driver.run.clone()).answering(|request| {
        matches!(request, Request::Output { .. }).then(|| Err(Error::internal("The output cannot be read")))
    });
    harness.model.now = driver.now;
    let harness = open(harness.connected(), driver.run.id()).see("cannot be read");
    let harness = harness.later(Millis(200)).update(grown(&driver, "tests", 10));
    let asked = outputs(&harness);
    let harness = harness.later(Millis(200)).later(Millis(200));
    assert_eq!(outputs(&harness), asked, "nothing has grown since");
}

#[test]
fn the_pager_follows_what_grows_to_its_end() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static WRITTEN: AtomicUsize = AtomicUsize::new(10_000);
    let text = long();
    let mut driver = begin(steps());
    let mut harness = Harness::new(80, 24).with_run(driver.run.clone()).answering(move |request| {
        let Request::Output { step, range, .. } = request else { return None };
        let total = WRITTEN.load(Ordering::Relaxed);
        let (from, to) = match range {
            OutputRange::Tail { bytes } => (total.saturating_sub(*bytes as usize), total),
            OutputRange::From { offset, bytes } => {
                (total.min(*offset as usize), total.min(*offset as usize + *bytes as usize))
            }
        };
        Some(Ok(Response::Output(OutputChunk {
            step: Some(step.clone()),
            attempt: 1,
            offset: from as u64,
            next: to as u64,
            total: total as u64,
            lines: (total / 20) as u64,
            text: text[from..to].to_owned(),
            complete: to == text.len(),
        })))
    });
    harness.model.now = driver.now;
    let mut harness = open(harness.connected(), driver.run.id()).keys("l").see("  499.").see("following");
    for total in [20_000, 500_000, 780_000] {
        WRITTEN.store(total, Ordering::Relaxed);
        harness = harness.update(grown(&driver, "tests", total)).see(&format!("{}.", total / 20 - 1));
    }
    WRITTEN.store(text.len(), Ordering::Relaxed);
    let harness = harness.update(grown(&driver, "tests", text.len())).see("39999.");
    let events = completed(&mut driver, "tests");
    harness.update_run(&driver.run, events).see("39999.").see("· end");
}
