//! The Logs screen: pictures of it, and what keys do.

use super::*;
use crate::base::StepId;
use crate::config::{ColourDepth, GlyphSet};
use crate::protocol::{OutputChunk, OutputRange};
use crate::run::testing::{Driver, script, workflow};
use crate::run::{Run, Verb};
use crate::tui::logfile::entry;
use crate::tui::msg::Msg;
use crate::tui::testing::{Harness, NOW};

fn line(at: i64, level: &str, more: &str) -> Entry {
    let at = Timestamp(NOW.0 - 3_600_000 + at * 1_000).rfc3339();
    entry(&format!(
        "{{\"component\":\"engine\",\"pid\":7,\"timestamp\":\"{at}\",\"level\":\"{level}\",{more},\"target\":\"mwtui\"}}"
    ))
}

fn day() -> Vec<Entry> {
    let run = "7f3a000000000000";
    let mut entries = vec![
        line(0, "INFO", "\"message\":\"the engine is ready\",\"home\":\"/home/ana\""),
        line(1, "DEBUG", "\"message\":\"a client is here\",\"connection\":1"),
    ];
    let steps = ["tests", "review", "approve", "restart"];
    for (n, step) in (0_i64..).zip(steps.iter().cycle().take(30)) {
        let name = if n % 2 == 0 { "step.started" } else { "step.completed" };
        entries.push(line(
            10 + n * 7,
            "INFO",
            &format!("\"message\":\"{name}\",\"run\":\"{run}\",\"step\":\"{step}\",\"actor\":\"ana@laptop\""),
        ));
    }
    entries.push(line(400, "WARN", &format!("\"message\":\"a pid file cannot be removed\",\"run\":\"{run}\",\"step\":\"restart\",\"error\":\"No such file or directory (os error 2)\",\"file\":\"/home/ana/.local/state/mwtui/outputs/7f3a000000000000/restart.1.pid\"")));
    entries.push(line(
        410,
        "ERROR",
        &format!("\"message\":\"an output cannot be read: torn page\",\"run\":\"{run}\",\"step\":\"tests\""),
    ));
    entries
}

fn piece(entries: Vec<Entry>) -> Msg {
    let next = Some(Place { file: "mwtui.log.2026-11-21".to_owned(), offset: 4_096 });
    Msg::Log(Box::new(Ok(Piece { entries, next })))
}

fn with(width: u16, height: u16, entries: Vec<Entry>) -> Harness {
    let mut harness = Harness::new(width, height).connected().keys("<alt-5>");
    harness.send(piece(entries));
    harness
}

fn opened(width: u16, height: u16) -> Harness {
    with(width, height, day())
}

#[test]
fn logs_following() {
    opened(80, 24).see("following").golden("logs_following_80x24");
    opened(60, 15).golden("logs_following_60x15");
    opened(140, 40).golden("logs_following_140x40");
    let light = opened(80, 24).look("light", ColourDepth::True, GlyphSet::Unicode).keys("k/step<ret>");
    light.golden("logs_light_80x24");
    let plain = opened(80, 24).look("dark", ColourDepth::None, GlyphSet::Ascii).keys("k");
    assert!(plain.screen().is_ascii(), "{}", plain.screen());
}

#[test]
fn logs_filtered() {
    opened(80, 24)
        .keys("vvvv")
        .see("warnings and above")
        .see_no("step.started")
        .golden("logs_filtered_80x24");
    opened(80, 24).keys("vvv").see("errors only").see_no("pid file").see("an output cannot be read");
    opened(80, 24).keys("v").see("debug and above").keys("g").see("a client is here");
}

#[test]
fn logs_searching() {
    let harness = opened(80, 24).keys("/torn").see("following").golden("logs_searching_80x24");
    let lit =
        harness.buffer().content.iter().filter(|c| c.modifier.contains(ratatui::style::Modifier::UNDERLINED));
    let lit: String = lit.map(ratatui::buffer::Cell::symbol).collect();
    assert!(lit.contains("torn"), "{lit:?}");
    let harness = harness.keys("<ret>").see("following").keys("n").see("not following").see("1/1");
    harness.keys("<esc>").see_no("/torn").keys("/nowhere<ret>n").see("No line contains “nowhere”");
    opened(60, 15).keys("k/pid<ret>n").golden("logs_found_60x15");
}

#[test]
fn n_goes_round_and_back() {
    let harness = opened(80, 24).keys("/step.completed<ret>");
    let all = harness.model.logs.matches().1;
    assert_eq!(all, 15);
    let harness = harness.keys("n").see("1/15").keys("n").see("2/15").keys("NN").see("15/15");
    assert!(!harness.model.logs.view().follow);
}

#[test]
fn logs_empty() {
    Harness::new(80, 24).connected().keys("<alt-5>").see("Reading the program's log");
    with(80, 24, Vec::new()).see("nothing yet").golden("logs_empty_80x24");
    with(60, 15, Vec::new()).keys("<tab>").see("there is no run yet").golden("logs_output_empty_60x15");
    with(80, 24, vec![line(0, "INFO", "\"message\":\"m\"")])
        .keys("vvv")
        .see("No line of the program's log is that grave");
}

#[test]
fn what_came_since_is_counted_until_one_follows_again() {
    let mut harness = opened(80, 24).keys("kk").see("not following");
    let more = |count: i64| (0..count).map(|n| line(500 + n, "INFO", "\"message\":\"more\"")).collect();
    harness.send(piece(more(1_204)));
    let selected = harness.model.logs.selected().cloned();
    let mut harness = harness.see("1,204 new ↓").golden("logs_new_80x24");
    // The oldest ones go, the selected one stays selected.
    harness.send(piece(more(3_500)));
    assert_eq!(harness.model.logs.selected(), selected.as_ref());
    assert_eq!(harness.model.logs.program.book.entries.len(), 4_738);
    harness.send(piece(more(2_000)));
    assert_eq!(harness.model.logs.program.book.entries.len(), LINES);
    harness
        .keys("f")
        .see("following")
        .see_no("new ↓")
        .keys("k")
        .see("not following")
        .keys("G")
        .see("following");
}

#[test]
fn it_is_read_on_only_while_it_is_shown_and_one_reading_at_a_time() {
    let reads = |h: &Harness| h.effects.iter().filter(|e| matches!(e, Effect::ReadLog { .. })).count();
    let harness = Harness::new(80, 24).connected().later(Millis(5_000));
    assert_eq!(reads(&harness), 0, "not shown");
    let mut harness = harness.keys("<alt-5>").later(Millis(5_000));
    assert_eq!(
        (reads(&harness), harness.model.screen.screen().next_tick(&harness.model)),
        (1, None),
        "under way"
    );
    harness.send(piece(day()));
    let harness = harness.later(Millis(499));
    assert_eq!(reads(&harness), 1, "too soon");
    let harness = harness.later(Millis(1));
    assert_eq!(reads(&harness), 2);
    let from = Place { file: "mwtui.log.2026-11-21".to_owned(), offset: 4_096 };
    assert_eq!(harness.effects.last(), Some(&Effect::ReadLog { from: Some(from) }));
    let harness = harness.keys("1").later(Millis(60_000));
    assert_eq!(reads(&harness), 2, "no longer shown");
}

#[test]
fn a_line_is_copied_and_opens_its_run() {
    let harness = opened(80, 24).keys("y");
    let copied = harness.effects.last().cloned();
    let wanted =
        "2026-11-21T08:06:50Z error 7f3a000000000000 tests an output cannot be read: torn page engine";
    assert_eq!(copied, Some(Effect::Copy(wanted.to_owned())));
    let harness = harness.keys("<ret>");
    assert_eq!(harness.model.screen, ScreenId::Run);
    assert_eq!(harness.model.run.open, Some(RunId::new("7f3a000000000000")));
    opened(80, 24).keys("g<ret>").see("This line belongs to no run");
}

#[test]
fn a_log_that_cannot_be_read_says_so_once() {
    let mut harness = Harness::new(80, 24).connected().keys("<alt-5>");
    let failed = || Msg::Log(Box::new(Err(crate::base::Error::internal("The log in /x cannot be read"))));
    harness.send(failed());
    let mut harness = harness.see("The log in /x cannot be read").keys("<left>").see("cannot be read");
    harness.send(failed());
    assert!(harness.model.toast.is_none());
    harness.send(piece(day()));
    harness.see("an output cannot").see_no("cannot be read.");
}

fn running() -> Run {
    let mut driver = Driver::start(workflow(vec![script("tests", "cargo test"), script("deploy", "deploy")]));
    driver.later(1_000);
    driver.run
}

fn chunk(text: &str, offset: u64, complete: bool) -> Response {
    let next = offset + text.len() as u64;
    let chunk = OutputChunk {
        step: Some(StepId::new("tests")),
        attempt: 1,
        offset,
        next,
        total: next,
        lines: 2,
        text: text.to_owned(),
        complete,
    };
    Response::Output(chunk)
}

fn output(width: u16, height: u16, first: &'static str) -> Harness {
    let answer = move |request: &Request| match request {
        Request::Output { range: OutputRange::Tail { .. }, .. } => Some(Ok(chunk(first, 0, false))),
        Request::Output { range: OutputRange::From { offset, .. }, .. } => {
            Some(Ok(chunk("… ok\ntest b ... \u{1b}[31mFAILED\u{1b}[0m\n", *offset, false)))
        }
        _ => None,
    };
    Harness::new(width, height).with_run(running()).answering(answer).connected().keys("<alt-5><tab>")
}

#[test]
fn logs_output() {
    let harness = output(80, 24, "running 2 tests\ntest a ").see("Output of test 7f3a").see("test a");
    let asked = |h: &Harness| h.requests().iter().filter(|r| matches!(r, Request::Output { .. })).count();
    assert_eq!(asked(&harness), 1);
    let grown = Update::Output {
        run: RunId::new("7f3a000000000000"),
        step: StepId::new("tests"),
        attempt: 1,
        total: 60,
        lines: 3,
    };
    let harness = harness.update(grown.clone()).see("test a … ok").see("FAILED").golden("logs_output_80x24");
    assert_eq!(asked(&harness), 2);
    let last = harness.requests().into_iter().rev().find(|r| matches!(r, Request::Output { .. })).cloned();
    let offset = "running 2 tests\ntest a ".len() as u64;
    assert!(
        matches!(last, Some(Request::Output { range: OutputRange::From { offset: at, .. }, .. }) if at == offset),
        "{last:?}"
    );
    let harness = harness.keys("v").see("Output has no levels").keys("1").update(grown);
    assert_eq!(asked(&harness), 2, "nobody looks");
    assert_eq!(asked(&harness.keys("<alt-5>")), 3);
}

#[test]
fn the_output_of_a_run_that_ended_is_asked_for_no_more() {
    let mut driver = Driver::start(workflow(vec![script("tests", "cargo test")]));
    driver.act(Verb::Cancel { reason: None }).expect("a run can be cancelled");
    let answer =
        |request: &Request| matches!(request, Request::Output { .. }).then(|| Ok(chunk("done\n", 0, true)));
    let harness = Harness::new(80, 24)
        .with_run(driver.run)
        .answering(answer)
        .connected()
        .keys("<alt-5><tab>")
        .see("done");
    let harness = harness.keys("<tab><tab>jk");
    let asked = harness.requests().into_iter().filter(|r| matches!(r, Request::Output { .. }));
    assert_eq!(asked.count(), 1);
}

#[test]
fn hostile_lines_do_no_harm() {
    let long = "z".repeat(1_000_000);
    let entries = vec![
        line(
            0,
            "INFO",
            "\"message\":\"\\u001b[2J\\u001b]0;title\\u0007\\u202eevil\\u200b\",\"\\u001b[31mname\":\"\\u0007\"",
        ),
        entry("\u{1b}[2J not json \u{202e}"),
        line(1, "ERROR", &format!("\"message\":\"{long}\"")),
        line(2, "INFO", "\"message\":{\"deep\":[1,2]},\"run\":\"é\",\"timestamp\":\"never\""),
    ];
    let harness = with(80, 24, entries).keys("gjj/zz<ret>nN");
    for symbol in harness.buffer().content.iter().map(ratatui::buffer::Cell::symbol) {
        assert!(
            !symbol
                .chars()
                .any(|c| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')),
            "{symbol:?}"
        );
    }
    let mut harness = harness.see("evil").see("not json");
    for (width, height) in [(1, 1), (3, 2), (40, 8), (41, 9), (200, 9)] {
        harness = harness.resize(width, height).keys("kj<tab><tab>");
    }
}
