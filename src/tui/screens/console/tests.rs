//! The Console and what opens from it: the card, the question, palette and help.

use crate::base::{Actor, Error, Millis, Timestamp};
use crate::config::{ColourDepth, GlyphSet, Settings};
use crate::matching::Options;
use crate::protocol::{Request, Response, Update};
use crate::run::{Command, PrerequisiteResult, Verb, summarise};
use crate::tui::msg::{Effect, Link, Msg};
use crate::tui::screens::ScreenId;
use crate::tui::testing::{Harness, NOW, bundled_run, drive, session};

fn minutes(n: u64) -> Millis {
    Millis::from_secs(60 * n)
}

/// Three runs and a session of yesterday.
fn busy(width: u16, height: u16) -> Harness {
    let (waiting, _) = bundled_run("MW-004", "7f3a", minutes(12));
    let (mut failed, _) = bundled_run("MW-002", "91c0", minutes(9));
    drive(
        &mut failed,
        &Command::Verb(Verb::Fail { step: None, reason: "the schema is wrong".to_owned() }),
        minutes(2),
    );
    let (mut paused, _) = bundled_run("MW-003", "5d2e", minutes(30));
    drive(&mut paused, &Command::Verb(Verb::Pause { freeze: false }), minutes(20));
    let mut past = session();
    past.id = crate::base::SessionId::new("aa00000000000000");
    past.name = "payments-rollout".to_owned();
    past.opened_at = Timestamp(NOW.0 - 20 * 3_600_000);
    past.ended = Some((Timestamp(NOW.0 - 16 * 3_600_000), Actor::Person("ana@laptop".to_owned())));
    past.exports = vec![crate::run::Export {
        path: "/work/checkout-api/SESSION-SUMMARY-payments.md".to_owned(),
        digest: String::new(),
    }];
    Harness::new(width, height)
        .with_run(waiting)
        .with_run(failed)
        .with_run(paused)
        .with_session(past)
        .with_bank()
        .connected()
}

fn prerequisites(request: &Request) -> Option<crate::base::Result<Response>> {
    let Request::CheckPrerequisites { .. } = request else { return None };
    let result =
        |says: &str, passed| PrerequisiteResult { says: says.to_owned(), passed, detail: None, hint: None };
    Some(Ok(Response::Prerequisites(vec![
        result("a", Some(true)),
        result("b", None),
        result("c", None),
        result("d", None),
    ])))
}

#[test]
fn the_first_frame_needs_neither_bank_nor_engine() {
    let mut harness = Harness::new(80, 24);
    harness.send(Msg::Resize);
    harness.see("What do you want to do?").see("connecting").golden("console_first_frame");
}

#[test]
fn an_empty_console_says_what_to_try() {
    Harness::new(80, 24).with_bank().connected().see("Try one of these").golden("console_empty");
    Harness::new(60, 15).with_bank().connected().golden("console_empty_60x15");
    // A phrase can be tried from where it stands.
    let tried = Harness::new(80, 24).with_bank().connected().keys("<down><ret>");
    assert!(!tried.model.console.input.is_empty());
    tried.see("look at it");
}

#[test]
fn a_busy_console_shows_who_is_needed_first() {
    busy(100, 30).see("Needs you").see("failed").see("Running").see("paused").golden("console_busy_100x30");
    busy(80, 24).golden("console_busy");
    busy(60, 15).golden("console_busy_60x15");
    busy(140, 40).golden("console_busy_140x40");
    busy(140, 40)
        .look("light", ColourDepth::True, GlyphSet::Unicode)
        .keys("<down>")
        .golden("console_busy_light");
}

#[test]
fn without_colour_and_unicode_every_status_is_a_word() {
    let plain = busy(80, 24).look("dark", ColourDepth::None, GlyphSet::Ascii).keys("<down><down>");
    for cell in &plain.buffer().content {
        assert!(cell.symbol().is_ascii(), "{:?} is not ASCII", cell.symbol());
        assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset));
    }
    plain.golden("console_busy_ascii");
}

#[test]
fn typing_ranks_candidates_and_digits_are_text_then() {
    let typed = busy(100, 30).keys("deploy mcp 2 chan");
    assert_eq!(typed.model.console.input.text(), "deploy mcp 2 chan");
    assert_eq!(typed.model.screen, ScreenId::Console);
    busy(100, 30).keys("deploy mcp chnages").see("MW-").golden("console_typing").picture("docs/console.svg");
    busy(80, 24).keys("deploy mcp chnages").golden("console_typing_80x24");
    let gone = busy(80, 24).keys("2");
    assert_eq!(gone.model.screen, ScreenId::Registry, "while nothing is typed, digits go to screens");
    let gone = busy(80, 24).keys("deploy<alt-3>");
    assert_eq!(gone.model.screen, ScreenId::Runs, "alt-digits do so inside a text too");
}

#[test]
fn escape_empties_then_leaves_and_i_comes_back() {
    let harness = busy(80, 24).keys("deploy<esc>");
    assert!(harness.model.console.input.is_empty());
    let harness = harness.keys("<esc>j3ideploy");
    assert_eq!(harness.model.screen, ScreenId::Console);
    assert_eq!(harness.model.console.input.text(), "deploy");
}

#[test]
fn enter_opens_a_card_and_starts_nothing() {
    let trigger = trigger_of("MW-004");
    let card =
        busy(100, 30).answering(prerequisites).keys(&format!("{trigger}<ret>")).see("MW-004").see("start");
    assert!(
        !card.requests().iter().any(|r| matches!(r, Request::Start(_))),
        "nothing is started by a phrase"
    );
    let card = card.golden("confirm");
    card.keys("d").golden("confirm_dry_run").keys("<esc>").see_no("Why this one");
    busy(60, 15).answering(prerequisites).keys(&format!("{trigger}<ret>")).golden("confirm_60x15");
    busy(80, 24).answering(prerequisites).keys(&format!("{trigger}<ret>")).golden("confirm_80x24");
    busy(100, 30)
        .look("light", ColourDepth::True, GlyphSet::Unicode)
        .answering(prerequisites)
        .keys(&format!("{trigger}<ret>"))
        .golden("confirm_light");
}

fn trigger_of(id: &str) -> String {
    let harness = Harness::new(80, 24).with_bank();
    let bank = harness.model.bank.clone().expect("the bank is there");
    let entry = bank.registry.find(id).expect("a bundled workflow");
    entry.workflow().expect("it loads").trigger_phrases[0].clone()
}

#[test]
fn a_card_starts_exactly_what_it_shows() {
    let (started, _) = bundled_run("MW-004", "7f3a", Millis::ZERO);
    let row = summarise(&started);
    let harness = Harness::new(100, 30)
        .answering(prerequisites)
        .answering(move |r| {
            matches!(r, Request::Start(_)).then(|| Ok(Response::Summary(Box::new(row.clone()))))
        })
        .with_run(started)
        .with_bank()
        .connected()
        .keys(&format!("{}<ret>", trigger_of("MW-004")));
    let digest =
        harness.model.bank.as_ref().and_then(|b| b.registry.find("MW-004")).map(|e| e.digest.clone());
    let harness = fill_inputs(harness).keys("<ret>");
    let start = harness.requests().into_iter().find_map(|r| match r {
        Request::Start(start) => Some(start.clone()),
        _ => None,
    });
    let start = start.expect("Enter starts");
    assert_eq!(Some(start.digest), digest);
    assert_eq!(start.folder, "/work/checkout-api");
    assert_eq!(harness.model.screen, ScreenId::Run);
    assert!(harness.model.layers.is_empty());
    assert!(harness.model.console.input.is_empty());
}

/// Fills the inputs that are needed, where the card asks for them.
fn fill_inputs(harness: Harness) -> Harness {
    let needed = harness.model.bank.as_ref().and_then(|b| b.registry.find("MW-004")).and_then(|e| {
        let workflow = e.workflow()?;
        Some(workflow.inputs.iter().any(|f| f.required && f.default.is_none()))
    });
    if needed == Some(true) { harness.keys("ix<ctrl-s>") } else { harness }
}

#[test]
fn a_refused_start_says_why_and_stays() {
    let harness = Harness::new(100, 30)
        .answering(prerequisites)
        .answering(|r| {
            matches!(r, Request::Start(_)).then(|| {
                Err(Error::refused("The file has changed since you saw it").hint("Look at it again"))
            })
        })
        .with_bank()
        .connected()
        .keys(&format!("{}<ret>", trigger_of("MW-004")));
    let harness = fill_inputs(harness).keys("<ret>");
    let harness = harness.see("The file has changed").see("Look at it again");
    assert_eq!(harness.model.layers.len(), 1);
}

#[test]
fn no_match_and_control_phrases() {
    Harness::new(80, 24).with_bank().connected().keys("zzzz qqqq<ret>").see("No workflow fits this");
    let listed = busy(80, 24).keys("list workflows<ret>");
    assert_eq!(listed.model.screen, ScreenId::Registry);
    let nothing = Harness::new(80, 24).with_bank().connected().keys("pause this workflow<ret>");
    assert!(nothing.verbs().is_empty());
    nothing.see("There is no run to pause");
    let (only, _) = bundled_run("MW-004", "7f3a", minutes(12));
    let paused = Harness::new(80, 24).with_run(only).with_bank().connected().keys("pause this workflow<ret>");
    assert!(matches!(paused.verbs()[..], [Verb::Pause { freeze: false }]));
    let asked = busy(80, 24).keys("cancel this workflow<ret>").see("Which run");
    assert!(asked.verbs().is_empty());
    let reason = asked.keys("1").see("Cancel this run?").golden("reason_cancel");
    assert!(reason.verbs().is_empty());
    let cancelled = reason.keys("not needed<ret>");
    assert!(matches!(cancelled.verbs()[..], [Verb::Cancel { reason: Some(r) }] if r == "not needed"));
}

#[test]
fn palette_and_help_do_what_they_list() {
    let palette = busy(100, 30).keys(":sess").see("go.sessions").golden("palette").keys("<ret>");
    assert_eq!(palette.model.screen, ScreenId::Sessions);
    let refused = busy(100, 30).keys(":run.pause").see("only in Run").keys("<ret>");
    assert_eq!(refused.model.layers.len(), 1, "what cannot be done now stays where it is");
    let help = busy(100, 30).keys("?registry").see("Go to the Registry").keys("<ret>");
    assert_eq!(help.model.screen, ScreenId::Registry);
    busy(80, 24).keys("?").golden("help").keys("?").see_no("Keys: Console");
    busy(60, 15).keys("?").see("Keys: Console").golden("help_60x15");
    busy(60, 15).keys(":sess").see("go.sessions").golden("palette_60x15");
}

#[test]
fn a_lost_engine_is_told_and_everything_asked_again() {
    let mut harness = busy(80, 24);
    harness.send(Msg::Link(Link::Lost(Error::internal("The connection to the engine is lost"))));
    let mut harness = harness.see("engine lost").see("The connection to the engine is lost");
    harness.effects.clear();
    let harness = harness.connected().see_no("engine lost");
    assert!(harness.requests().iter().any(|r| matches!(r, Request::Runs { .. })));
}

#[test]
fn leaving_is_asked_once() {
    let harness = busy(80, 24).keys("<ctrl-c>").see("Press again to leave; 3 runs go on");
    assert!(!harness.effects.contains(&Effect::Quit));
    assert!(harness.keys("<ctrl-c>").effects.contains(&Effect::Quit));
    let late = busy(80, 24).keys("<ctrl-c>").later(Millis::from_secs(10)).keys("<ctrl-c>");
    assert!(!late.effects.contains(&Effect::Quit));
}

#[test]
fn no_size_is_too_small_to_draw() {
    let trigger = trigger_of("MW-004");
    for (width, height) in
        [(1, 1), (2, 5), (39, 8), (40, 7), (40, 8), (41, 9), (60, 15), (69, 19), (70, 20), (300, 3)]
    {
        let harness = busy(width, height)
            .keys(&trigger)
            .keys("<ret>?x<esc><esc>:<esc><esc><ctrl-c>")
            .keys("<esc><esc><down>");
        drop(harness.resize(1, 1).resize(80, 24));
    }
    busy(39, 8).see("2 runs need you; this window is too");
}

#[test]
fn hostile_text_cannot_reach_the_screen() {
    let harness = busy(80, 24).paste("a\u{202e}b\x1b]52;c;AAAA\x07\u{200b}c\nd");
    assert_eq!(harness.model.console.input.text(), "abc d");
    let (mut run, _) = bundled_run("MW-002", "91c0", minutes(9));
    let reason = "\x1b[2J\u{202e}evil\u{2066}".to_owned();
    drive(&mut run, &Command::Verb(Verb::Fail { step: None, reason }), minutes(2));
    let screen = Harness::new(80, 24).with_run(run).with_bank().connected().see("evil").screen();
    assert!(!screen.contains(['\u{1b}', '\u{202e}', '\u{2066}']));
}

#[test]
fn what_two_could_be_meant_by_is_asked_with_what_tells_them_apart() {
    let asked = |width, height| {
        Harness::new(width, height)
            .with_bank()
            .connected()
            .answering(prerequisites)
            .keys("add a tool<ret>")
            .see("Which one do you mean?")
            .see("MW-002")
            .see("single tool, not a category")
    };
    let harness = asked(80, 24).see("entire tool categories").golden("choose");
    asked(60, 15).golden("choose_60x15");
    let card = harness.keys("2").see_no("Which one").see("MW-007").see("Create New Tool Category");
    card.keys("<esc>").see_no("Why this one");
}

#[test]
fn a_phrase_that_fits_nothing_is_told_so() {
    let harness = Harness::new(80, 24).with_bank().connected().keys("bake a chocolate cake<ret>");
    harness.see("No workflow fits").golden("console_none");
}

#[test]
fn an_ended_session_says_where_its_summary_lies_and_no_empty_one_follows() {
    let mut ended = crate::tui::testing::session();
    ended.seq += 2;
    ended.exports.push(crate::run::Export { path: "/work/SESSION-SUMMARY-x.md".into(), digest: "0".into() });
    ended.ended = Some((ended.opened_at, ended.opened_by.clone()));
    let mut next = crate::tui::testing::session();
    next.id = crate::base::SessionId::new("next");
    let harness = Harness::new(100, 30).with_bank().connected();
    next.folder.clone_from(&harness.model.facts.folder);
    let harness = harness.update(Update::Session(ended)).see("has ended").see("/work/SESSION-SUMMARY-x.md");
    assert_eq!(harness.model.mirror.session, None);
    let opened = harness.requests().iter().filter(|r| matches!(r, Request::OpenSession { .. })).count();
    assert_eq!(opened, 1, "only the one at the start");
    let harness = harness.update(Update::Session(next));
    assert_eq!(harness.model.mirror.session, Some(crate::base::SessionId::new("next")));
}

#[test]
fn enter_while_commands_are_checked_starts_once_they_have_passed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = "id: a\nname: A\ntrigger_phrases: [do the thing]\nscope: S\nprerequisites:\n  - { check: 'true', says: It is there }\nsteps:\n  - { id: s, title: S }\n";
    std::fs::write(folder.path().join("a.yaml"), file).expect("a file");
    let pressed = || {
        Harness::new(80, 24)
            .with_registry(crate::workflow::Registry::load_folder(folder.path()))
            .connected()
            .keys("do the thing<ret>")
            .see("checking")
            .keys("<ret>")
            .see("as soon as")
    };
    let starts = |harness: &Harness| harness.requests().iter().any(|r| matches!(r, Request::Start(_)));
    let answer = |harness: &mut Harness, passed: bool| {
        let request =
            harness.requests().into_iter().find(|r| matches!(r, Request::CheckPrerequisites { .. }));
        let request = request.expect("asked").clone();
        let hint = (!passed).then(|| "Put it there".to_owned());
        let result =
            PrerequisiteResult { says: "It is there".into(), passed: Some(passed), detail: None, hint };
        let result = Box::new(Ok(Response::Prerequisites(vec![result])));
        harness.send(Msg::Answered {
            asker: crate::tui::msg::Asker::Overlay,
            request: Box::new(request),
            result,
        });
    };
    let mut harness = pressed();
    assert!(!starts(&harness));
    answer(&mut harness, true);
    assert!(starts(&harness), "it was wished already");
    let mut harness = pressed();
    answer(&mut harness, false);
    assert!(!starts(&harness), "one that is not met is told first");
    harness.see("not met").see("Put it there").golden("confirm_unmet").keys("<ret>").see_no("as soon as");
}

#[test]
fn the_words_of_config_toml_count_and_a_bank_read_again_keeps_them() {
    let text = "[matching]\nwords = [\"= zorp deploy\", \"= quux mcp\"]\n";
    let settings = Settings::read("config.toml", text).expect("reads");
    let options = Options::new(&settings.matching).expect("words");
    let said = "zorp the quux changes";
    Harness::new(80, 24).with_bank().connected().keys(said).see("No workflow fits");
    Harness::new(80, 24)
        .matching(&options)
        .with_bank()
        .connected()
        .keys(said)
        .see("Deploy MCP Changes")
        .see_no("No workflow fits")
        .with_bank()
        .see("Deploy MCP Changes")
        .see_no("No workflow fits");
}
