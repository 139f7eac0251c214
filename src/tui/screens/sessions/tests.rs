//! The Sessions screen: pictures of it, and what keys ask of the engine.

use super::*;
use crate::base::{Actor, Error, Millis, Timestamp};
use crate::config::{ColourDepth, GlyphSet};
use crate::run::session::SessionNote;
use crate::run::testing::{Driver, manual, workflow};
use crate::run::{Export as Exported, GitState, Run};
use crate::tui::testing::{Harness, NOW, session as current};

fn past(id: &str, name: &str, hours: i64, length: i64) -> Session {
    let opened = Timestamp(NOW.0 - hours * 3_600_000);
    let ana = Actor::Person("ana@laptop".to_owned());
    Session {
        id: SessionId::new(format!("{id:0<16}")),
        name: name.to_owned(),
        folder: format!("/work/{name}"),
        start_commit: None,
        opened_at: opened,
        opened_by: ana.clone(),
        ended: Some((opened.plus(Millis(length as u64 * 60_000)), ana)),
        notes: Vec::new(),
        exports: Vec::new(),
        seq: 3,
    }
}

fn run() -> Run {
    let mut driver = Driver::start(workflow(vec![manual("look"), manual("tell")]));
    let mut run = driver.later(60_000).run.clone();
    run.header.session = current().id;
    run
}

fn record(session: Session) -> SessionRecord {
    let runs = if session.id == current().id { vec![run()] } else { Vec::new() };
    let git = Some(GitState {
        branch: "main".to_owned(),
        commits: vec![("1a2b3c4".to_owned(), "Mend the rollout".to_owned())],
        uncommitted: vec!["M src/main.rs".to_owned()],
        ..GitState::default()
    });
    SessionRecord { session, runs, git, at: NOW, outputs: Vec::new() }
}

fn all() -> Vec<Session> {
    let mut payments = past("aaaa", "payments-rollout", 20, 95);
    payments.exports.push(Exported {
        path: "/work/payments-rollout/SESSION-SUMMARY-payments-rollout.md".to_owned(),
        digest: "0".repeat(64),
    });
    vec![payments, past("bbbb", "search", 75, 240)]
}

fn answer(request: &Request) -> Option<Result<Response>> {
    let Request::SessionRecord { session } = request else { return None };
    let found = all().into_iter().find(|s| &s.id == session).unwrap_or_else(|| {
        let mut open = current();
        open.notes.push(SessionNote {
            at: NOW,
            by: open.opened_by.clone(),
            text: "second restart was needed".to_owned(),
        });
        open
    });
    Some(Ok(Response::SessionRecord(Box::new(record(found)))))
}

fn opened(width: u16, height: u16) -> Harness {
    let mut harness = Harness::new(width, height).answering(answer).with_run(run());
    harness.sessions = all();
    harness.connected().keys("7")
}

fn exports(harness: &Harness) -> Vec<(String, String, bool)> {
    let export = |r: &Request| match r {
        Request::ExportSummary { path, text, replace, .. } => Some((path.clone(), text.clone(), *replace)),
        _ => None,
    };
    harness.requests().into_iter().filter_map(export).collect()
}

#[test]
fn sessions_with_preview() {
    opened(80, 24).see("Session Summary: checkout-api").golden("sessions_80x24");
    opened(140, 40).see("current").golden("sessions_140x40");
    let light = opened(80, 24).look("light", ColourDepth::True, GlyphSet::Unicode).keys("j<tab>");
    light.golden("sessions_light_80x24");
    opened(60, 15)
        .golden("sessions_60x15")
        .keys("<tab>")
        .see("Read this file first")
        .golden("sessions_preview_60x15");
}

#[test]
fn sessions_empty() {
    Harness::new(80, 24).keys("7").see("A session is a stretch of your work").golden("sessions_empty_80x24");
    Harness::new(60, 15).keys("7x").see("There is no session yet");
}

#[test]
fn the_summary_is_asked_for_once_and_again_when_its_runs_get_on() {
    let records = |h: &Harness, id: &str| {
        let of = |r: &&Effect| matches!(r, Effect::Ask { asker: Asker::Screen(_), request: Request::SessionRecord { session } } if session.as_str().starts_with(id));
        h.effects.iter().filter(of).count()
    };
    let harness = opened(80, 24);
    assert_eq!(records(&harness, "5e55"), 1);
    let harness =
        harness.keys("jj").see("Session Summary: search").keys("kk").see("Session Summary: checkout-api");
    assert_eq!((records(&harness, "5e55"), records(&harness, "bbbb")), (1, 1), "kept");
    let harness = harness.update_run(&run(), Vec::new());
    assert_eq!(records(&harness, "5e55"), 2);
    let harness = harness.keys("1").update_run(&run(), Vec::new());
    assert_eq!(records(&harness, "5e55"), 2, "nobody looks");
    assert_eq!(records(&harness.keys("<alt-7>"), "5e55"), 3);
}

#[test]
fn the_preview_scrolls_and_escape_comes_back() {
    let harness = opened(80, 24).keys("<tab>G").see_no("Read this file first").see("second restart was");
    let harness = harness.keys("g").see("Read this file first").keys("<esc>");
    assert_eq!((harness.model.sessions.focus, harness.model.screen), (Focus::List, ScreenId::Sessions));
    assert_eq!(harness.keys("<esc>").model.screen, ScreenId::Console);
}

#[test]
fn export_writes_what_is_shown_and_says_where() {
    let written = |request: &Request| match request {
        Request::ExportSummary { path, .. } => Some(Ok(Response::Exported(Exported {
            path: format!("/work/checkout-api/{path}"),
            digest: String::new(),
        }))),
        _ => None,
    };
    let harness = opened(80, 24)
        .answering(written)
        .keys("x")
        .see("SESSION-SUMMARY-checkout-api.md")
        .golden("export_80x24");
    let harness = harness.keys("<ret>").see("The summary is written to /work/checkout-api/SESSION-SUMMARY-");
    assert!(harness.model.layers.is_empty());
    let made = exports(&harness);
    let (path, text, replace) = &made[0];
    assert_eq!((path.as_str(), *replace), ("SESSION-SUMMARY-checkout-api.md", false));
    assert!(
        text.starts_with("# Session Summary: checkout-api") && text.contains("second restart was needed")
    );
    let harness = harness.keys("x<ctrl-u>out/summary.json<ret>");
    let made = exports(&harness);
    let json: serde_json::Value = serde_json::from_str(&made[1].1).expect("JSON");
    assert_eq!((made[1].0.as_str(), json["schema_version"].as_u64()), ("out/summary.json", Some(1)));
    opened(60, 15).keys("x").golden("export_60x15").keys("<ctrl-u><ret>").see("It needs a file name");
}

#[test]
fn a_file_that_exists_is_never_replaced_silently() {
    let taken = |request: &Request| match request {
        Request::ExportSummary { replace: false, path, .. } => {
            Some(Err(Error::refused(format!("/work/checkout-api/{path} is already there"))))
        }
        Request::ExportSummary { .. } => Some(Ok(Response::Done)),
        _ => None,
    };
    let open = || opened(80, 24).answering(taken).keys("x<ret>").see("is already there").see("Replace it");
    let harness = open().golden("export_exists_80x24").keys("<ret>").see("Write the summary to a file");
    assert_eq!(exports(&harness).len(), 1, "the first choice replaces nothing");
    let harness = harness
        .keys("<backspace><backspace>txt<ret>")
        .see("SESSION-SUMMARY-checkout-api.txt is already there");
    let harness = harness.keys("2").see("The summary is written to");
    let made: Vec<bool> = exports(&harness).into_iter().map(|(_, _, replace)| replace).collect();
    assert_eq!(made, [false, false, true]);
    let harness = open().keys("<esc>");
    assert_eq!((harness.model.layers.len(), exports(&harness).len()), (1, 1), "back to the path");
    opened(60, 15).answering(taken).keys("x<ret>").golden("export_exists_60x15");
}

#[test]
fn an_edited_summary_is_exported_and_a_draft_is_kept() {
    let harness = opened(80, 24).keys("e").see("Edit the summary").keys("Mine: ").golden("editor_80x24");
    let harness = harness.keys("<esc>").see("edited, not exported yet").see("Mine: ");
    let harness = harness.keys("e<ctrl-s>").see("The summary as you edited it").keys("<ret>");
    assert!(exports(&harness)[0].1.starts_with("Mine: # Session Summary: checkout-api"));
    let refused = Request::ExportSummary {
        session: current().id,
        path: String::new(),
        text: String::new(),
        replace: false,
    };
    let mut harness = harness;
    let failed = Err(Error::internal("The disk is full"));
    harness.send(crate::tui::Msg::Answered {
        asker: Asker::Overlay,
        request: Box::new(refused.clone()),
        result: Box::new(failed),
    });
    let mut harness = harness.see("The disk is full");
    assert!(harness.model.sessions.drafts.contains_key(&current().id), "kept until it is written");
    harness.send(crate::tui::Msg::Answered {
        asker: Asker::Overlay,
        request: Box::new(refused),
        result: Box::new(Ok(Response::Done)),
    });
    assert!(harness.model.sessions.drafts.is_empty() && harness.model.layers.is_empty());
    let harness = opened(80, 24).keys("e<esc>");
    assert!(harness.model.sessions.drafts.is_empty(), "nothing was edited");
    let harness = opened(60, 15).keys("e").golden("editor_60x15").paste("a\u{202e}\u{1b}[2Jb").keys("<esc>");
    assert!(harness.model.sessions.drafts[&current().id].starts_with("ab#"));
}

#[test]
fn rename_note_and_end_ask_the_engine() {
    let harness = opened(80, 24).keys("r<ctrl-u>release<ret>nall well<ret>");
    let wanted = [
        Request::RenameSession { session: current().id, name: "release".to_owned() },
        Request::NoteSession { session: current().id, text: "all well".to_owned() },
    ];
    for request in &wanted {
        assert!(harness.requests().contains(&request), "{request:?}");
    }
    let end = Request::EndSession { session: current().id };
    let harness = harness.keys("E").see("End the session").golden("session_end_80x24");
    assert!(!harness.requests().contains(&&end), "it asks first");
    let only = opened(80, 24).keys("E2");
    assert!(only.requests().contains(&&end) && only.model.layers.is_empty());
    let harness = harness.keys("1").see("Write the summary to a file");
    assert!(harness.requests().contains(&&end));
    // The summary is written only with the end in it.
    let harness = harness.keys("<ret>").see("still being put together");
    assert!(exports(&harness).is_empty());
    let update = Session { seq: 2, ended: Some((NOW, current().opened_by)), ..current() };
    let mut harness = harness.update(Update::Session(update.clone()));
    let asked = Request::SessionRecord { session: current().id };
    let asks = harness.effects.iter().filter(|e| **e == Effect::ask(Asker::Overlay, asked.clone()));
    assert_eq!(asks.count(), 2, "once as it opens, once more for the end");
    harness.send(crate::tui::Msg::Answered {
        asker: Asker::Overlay,
        request: Box::new(asked),
        result: Box::new(Ok(Response::SessionRecord(Box::new(record(update))))),
    });
    let harness = harness.keys("<ret>");
    assert!(exports(&harness)[0].1.contains("ended 2026-11-21 09:00"));
}

#[test]
fn an_ended_session_stays_and_takes_no_more() {
    let harness = opened(80, 24)
        .keys("j")
        .see("Session Summary: payments-rollout")
        .see("exported to SESSION-SUMMARY-pay");
    harness.keys("E").see("The session has ended already").keys("n").see("takes no more notes");
}

#[test]
fn small_and_hostile_screens_do_no_harm() {
    let evil = |request: &Request| {
        let Request::SessionRecord { .. } = request else { return None };
        let name = format!("\u{1b}[2J\u{202e}{}", "n".repeat(100_000));
        Some(Ok(Response::SessionRecord(Box::new(record(Session { name, ..current() })))))
    };
    let mut harness = Harness::new(80, 24).answering(evil).connected().keys("7<tab>Gg");
    for (width, height) in [(1, 1), (3, 2), (40, 8), (70, 9), (200, 60)] {
        harness = harness.resize(width, height).keys("x<esc>e<esc>E<esc><tab>");
    }
    for symbol in harness.buffer().content.iter().map(ratatui::buffer::Cell::symbol) {
        assert!(!symbol.chars().any(|c| c.is_control() || c == '\u{202e}'), "{symbol:?}");
    }
}
