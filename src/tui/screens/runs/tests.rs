//! Runs: what a line says, what is shown in which order, and what keys ask for.

use super::*;
use crate::base::{Actor, Timestamp};
use crate::config::{ColourDepth, GlyphSet};
use crate::run::{Command, Outcome, Report, Run, StepState, Verb, summarise};
use crate::tui::testing::{Harness, NOW, bundled_run, drive};

fn minutes(n: u64) -> Millis {
    Millis::from_secs(60 * n)
}

fn fail(run: &mut Run, ago: Millis) {
    drive(run, &Command::Verb(Verb::Fail { step: None, reason: "the schema is wrong".to_owned() }), ago);
}

/// Does whatever comes next until the run has ended.
fn finish(run: &mut Run, ago: Millis) {
    while !run.status().is_ended() {
        let running = run.steps.iter().find(|s| matches!(s.state, StepState::Running { .. }));
        let command = match running {
            Some(record) => Command::Report(Report::Completed {
                step: record.id.clone(),
                attempt: u32::try_from(record.attempts.len()).expect("few attempts"),
                outcome: Outcome::default(),
            }),
            None => Command::Verb(Verb::Skip { step: None, reason: "not needed".to_owned() }),
        };
        drive(run, &command, ago);
    }
}

fn cancel(run: &mut Run, ago: Millis) {
    drive(run, &Command::Verb(Verb::Cancel { reason: None }), ago);
    if !run.status().is_ended() {
        drive(run, &Command::Report(Report::Stopped { left_behind: Vec::new() }), ago);
    }
}

/// A run in every state.
fn several() -> Vec<Run> {
    let (running, _) = bundled_run("MW-006", "1111", Millis::from_secs(72));
    let (waiting, _) = bundled_run("MW-005", "7f3a", minutes(12));
    let (mut failed, _) = bundled_run("MW-002", "91c0", minutes(9));
    fail(&mut failed, minutes(2));
    let (mut paused, _) = bundled_run("MW-003", "5d2e", minutes(30));
    drive(&mut paused, &Command::Verb(Verb::Pause { freeze: false }), minutes(20));
    let (mut done, _) = bundled_run("MW-007", "c0de", minutes(26 * 60));
    finish(&mut done, minutes(25 * 60));
    let (mut given_up, _) = bundled_run("MW-002", "dead", minutes(5 * 60));
    fail(&mut given_up, minutes(4 * 60));
    cancel(&mut given_up, minutes(3 * 60));
    let (mut called_off, _) = bundled_run("MW-004", "0ff0", minutes(80 * 60));
    cancel(&mut called_off, minutes(79 * 60));
    vec![running, waiting, failed, paused, done, given_up, called_off]
}

fn runs(width: u16, height: u16) -> Harness {
    let harness = several().into_iter().fold(Harness::new(width, height), Harness::with_run);
    harness.with_bank().connected().keys("3")
}

fn id(harness: &Harness) -> String {
    selected(&harness.model).expect("a run is selected").run.short().to_owned()
}

fn shown(harness: &Harness) -> Vec<String> {
    rows(&harness.model).iter().map(|r| r.run.short().to_owned()).collect()
}

#[test]
fn one_line_a_run_and_live_ones_on_top() {
    let harness = runs(80, 24).see("failed").see("7 runs · 4 live").golden("runs_80x24");
    assert_eq!(shown(&harness), ["1111", "91c0", "7f3a", "5d2e", "dead", "c0de", "0ff0"]);
    runs(60, 15).golden("runs_60x15");
    runs(140, 40).see("ana").see("took").golden("runs_140x40");
    let light = runs(140, 40).look("light", ColourDepth::True, GlyphSet::Unicode).keys("jj");
    light.golden("runs_140x40_light");
    runs(80, 24).look("dark", ColourDepth::None, GlyphSet::Ascii).keys("j").golden("runs_ascii");
}

#[test]
fn without_runs_it_says_how_one_begins() {
    Harness::new(80, 24).with_bank().keys("3").see("Asking the engine");
    let empty = Harness::new(80, 24).with_bank().connected().keys("3").see("No runs yet");
    empty.golden("runs_empty_80x24").keys("<ret>v").see_no("has failed");
    Harness::new(60, 15).with_bank().connected().keys("3").golden("runs_empty_60x15");
}

#[test]
fn nothing_panics_on_a_tiny_screen() {
    for (width, height) in [(1, 1), (40, 8), (41, 9), (120, 8)] {
        runs(width, height).keys("jG/a<ret>v<esc><esc>");
    }
}

#[test]
fn search_and_status_compose() {
    let failed = runs(80, 24).keys("vvv").see("only failed").golden("runs_failed_80x24");
    assert_eq!(shown(&failed), ["91c0"], "a run that waits for a decision on its failure is looked for here");
    let mut status = runs(80, 24).keys("v");
    assert_eq!(shown(&status), ["1111", "91c0", "7f3a", "5d2e"]);
    for expected in [&["91c0", "7f3a"][..], &["91c0"], &["c0de"], &["dead", "0ff0"]] {
        status = status.keys("v");
        assert_eq!(shown(&status), expected);
    }
    assert_eq!(shown(&status.keys("v")).len(), 7);
    let both = runs(80, 24).keys("v/mw-002").see("1 of 7 · only live").golden("runs_search_80x24");
    assert_eq!(shown(&both), ["91c0"]);
    // One level back each: first the text, then the status, then the screen.
    let both = both.keys("<ret><esc>");
    assert_eq!(shown(&both).len(), 4);
    let both = both.keys("<esc>");
    assert_eq!((shown(&both).len(), both.model.screen), (7, ScreenId::Runs));
    assert_eq!(both.keys("<esc>").model.screen, ScreenId::Console);
    runs(80, 24).keys("/nowhere").see("No run contains “nowhere”").golden("runs_nothing_80x24");
    runs(60, 15).keys("v/mw-00").golden("runs_search_60x15");
}

#[test]
fn the_filter_keeps_the_selection() {
    let harness = runs(80, 24).keys("jjj");
    assert_eq!(id(&harness), "5d2e");
    let harness = harness.keys("/mw-003");
    assert_eq!((id(&harness), shown(&harness).len()), ("5d2e".to_owned(), 1));
    let harness = harness.keys("<esc>");
    assert_eq!((id(&harness), harness.model.runs.at.borrow().list.selected), ("5d2e".to_owned(), 3));
}

#[test]
fn enter_opens_the_run_and_y_copies_its_id() {
    let opened = runs(80, 24).keys("jj<ret>");
    assert_eq!(opened.model.screen, ScreenId::Run);
    assert!(opened.requests().iter().any(|r| matches!(r, Request::Run { run } if run.short() == "7f3a")));
    let copied = runs(80, 24).keys("jjy");
    assert!(copied.effects.contains(&Effect::Copy("7f3a000000000000".to_owned())));
}

#[test]
fn verbs_act_on_the_selected_run() {
    let paused = runs(80, 24).keys("jjp");
    assert_eq!(paused.verbs(), [&Verb::Pause { freeze: false }]);
    let resumed = runs(80, 24).keys("jjjp");
    assert_eq!(resumed.verbs(), [&Verb::Resume]);
    let retried = runs(80, 24).keys("jr");
    assert_eq!(retried.verbs(), [&Verb::Retry { step: None, edit: None }]);
    let cancelled = runs(80, 24).keys("jjc").see("Cancel this run?").keys("<ret>");
    assert_eq!(cancelled.verbs(), [&Verb::Cancel { reason: None }]);
    let refused = runs(80, 24).keys("jjr").see("No step of the run has failed");
    assert!(refused.verbs().is_empty());
    let ended = runs(80, 24).keys("Gp").see("The run is cancelled").keys("c");
    assert!(ended.verbs().is_empty() && ended.model.layers.is_empty());
}

#[test]
fn updates_keep_the_selection() {
    let harness = runs(80, 24).keys("jj");
    assert_eq!(id(&harness), "7f3a");
    let (newer, events) = bundled_run("MW-007", "2222", Millis(0));
    let harness = harness.update_run(&newer, events);
    assert_eq!(shown(&harness)[0], "2222");
    assert_eq!(id(&harness), "7f3a");
    // Untouched, the selection is what was seen, not whatever comes on top.
    let harness = runs(80, 24);
    assert_eq!(id(&harness), "1111");
    let (newer, events) = bundled_run("MW-007", "2222", Millis(0));
    assert_eq!(id(&harness.update_run(&newer, events)), "1111");
}

#[test]
fn a_run_that_ends_moves_below_the_live_ones() {
    let harness = runs(80, 24).keys("jj");
    let (mut run, _) = bundled_run("MW-005", "7f3a", minutes(12));
    cancel(&mut run, Millis(0));
    let harness = harness.update_run(&run, Vec::new()).see("7 runs · 3 live");
    assert_eq!(shown(&harness), ["1111", "91c0", "5d2e", "7f3a", "dead", "c0de", "0ff0"]);
    assert_eq!(id(&harness), "7f3a", "the selection goes with it");
    // Where the filter lets it go, the place stays selected.
    let live = runs(80, 24).keys("vjj").update_run(&run, Vec::new());
    assert_eq!(id(&live), "5d2e");
}

#[test]
fn time_goes_on_for_live_runs_alone() {
    let harness = runs(140, 40);
    let (waits, done) = ("7f3a", "c0de");
    let line = |h: &Harness, run: &str| {
        let rows = rows(&h.model);
        let place = rows.iter().position(|r| r.run.short() == run).expect("it is shown");
        h.screen().lines().nth(4 + place).expect("a line").to_owned()
    };
    let before = (line(&harness, waits), line(&harness, done));
    let harness = harness.later(Millis::from_secs(600));
    assert_ne!(line(&harness, waits), before.0);
    assert!(line(&harness, waits).contains("22 m"), "{}", line(&harness, waits));
    assert_eq!(line(&harness, done), before.1, "26 hours ago, an hour long");
}

/// More runs than the mirror holds: a filter that is kept asks the engine for older ones.
#[test]
fn a_kept_filter_finds_older_runs() {
    fn answer(request: &Request) -> Option<Result<Response>> {
        let Request::Runs { filter } = request else { return None };
        let (mut run, _) = bundled_run("MW-002", "0", minutes(60));
        cancel(&mut run, minutes(50));
        let row = summarise(&run);
        let many = || {
            let row = row.clone();
            (0..ENDED_RUNS).map(move |n| RunSummary { run: RunId::new(format!("{n:0>16}")), ..row.clone() })
        };
        let older = || RunSummary {
            run: RunId::new("01d0000000000000"),
            started_at: Timestamp(NOW.0 - 90 * 86_400_000),
            started_by: Actor::Person("zoe@desk".to_owned()),
            ..row.clone()
        };
        match filter.search.as_deref() {
            None => Some(Ok(Response::Runs(many().collect()))),
            Some("zoe") => Some(Ok(Response::Runs(vec![older()]))),
            Some(_) => Some(Ok(Response::Runs(Vec::new()))),
        }
    }
    let harness = Harness::new(100, 30).answering(answer).with_bank().connected().keys("3/zoe");
    let harness = harness.see("No run contains");
    let harness = harness.keys("<ret>").see("90 d ago");
    assert_eq!(shown(&harness).len(), 1);
    assert_eq!(shown(&harness.keys("<esc>")).len(), ENDED_RUNS);
    let small = runs(80, 24).keys("/zoe<ret>");
    let searched = |r: &&&Request| matches!(r, Request::Runs { filter } if filter.search.is_some());
    assert_eq!(small.requests().iter().filter(searched).count(), 0, "all of them are here already");
}
