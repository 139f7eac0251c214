//! Typing a phrase, letter by letter, and what becomes of it: the list, what would follow, history, the question,
//! a new workflow, what is said to the console.

use std::path::PathBuf;

use crate::base::{Error, Millis};
use crate::config::{ColourDepth, GlyphSet};
use crate::matching::{Decision, Learned, MARGIN};
use crate::protocol::Request;
use crate::run::{Command, Verb};
use crate::tui::msg::{Effect, Msg};
use crate::tui::screens::ScreenId;
use crate::tui::testing::{Harness, bundled_run, drive};
use crate::workflow::Registry;

/// As people type them, slips and all.
const PHRASES: [&str; 10] = [
    "deploy mcp chnages",
    "we're running out of tokens",
    "the gitops deployment is stuck, look at flux",
    "test the mcp tools",
    "create a new mcp tool",
    "add a tool",
    "please troubleshoot the kustomization",
    "start a new category of tools",
    "bake a chocolate cake",
    "what does the deploy one do?",
];

fn console(width: u16, height: u16) -> Harness {
    Harness::new(width, height).with_bank().connected()
}

fn minutes(n: u64) -> Millis {
    Millis::from_secs(60 * n)
}

fn with_runs(width: u16, height: u16, ids: &[(&str, &str)]) -> Harness {
    let mut harness = Harness::new(width, height);
    for (n, (workflow, id)) in ids.iter().enumerate() {
        harness = harness.with_run(bundled_run(workflow, id, minutes(n as u64 + 3)).0);
    }
    harness.with_bank().connected()
}

/// Types, whatever stands in the phrase.
fn type_all(mut harness: Harness, text: &str) -> Harness {
    for c in text.chars() {
        harness.send(Msg::Key(crate::config::Key::char(c)));
    }
    harness
}

/// The ids that are shown, in their order, with their scores.
fn shown(harness: &Harness) -> Vec<(String, f64)> {
    super::candidates(&harness.model).iter().map(|c| (c.id.to_string(), c.score)).collect()
}

#[test]
fn the_list_stands_still_while_one_types() {
    for phrase in PHRASES {
        let mut harness = console(80, 24);
        let mut before: Vec<(String, f64)> = Vec::new();
        for (n, c) in phrase.chars().enumerate() {
            harness = type_all(harness, &c.to_string());
            let typed = &phrase[..=phrase.char_indices().nth(n).map_or(0, |(at, c)| at + c.len_utf8() - 1)];
            let bank = harness.model.bank.clone().expect("the bank");
            let fresh = bank.index.decide(typed.trim(), &Learned::default());
            let answer = super::answer(&harness.model).expect("an answer");
            assert_eq!(answer.decision, fresh.decision, "{typed}: the order changes no decision");
            let now = shown(&harness);
            let is_control = matches!(answer.decision, Decision::Control(_));
            if answer.decision == Decision::Match {
                assert_eq!(now[0].0, fresh.candidates[0].id.to_string(), "{typed}");
            } else if let (Some(old), Some(new)) = (before.first(), now.first())
                && !is_control
                && old.0 != new.0
            {
                let kept = now.iter().find(|(id, _)| *id == old.0);
                let asked = match answer.decision {
                    Decision::Ambiguous { choices } => now.iter().take(choices).any(|(id, _)| *id == old.0),
                    _ => true,
                };
                let lead = kept.map_or(1.0, |(_, score)| new.1 - score);
                assert!(lead > MARGIN || !asked, "{typed}: {new:?} took the lead from {old:?}");
            }
            before = if is_control { Vec::new() } else { now };
        }
    }
}

#[test]
fn enter_does_what_is_shown_at_every_letter() {
    for phrase in PHRASES {
        let mut harness = console(80, 24);
        for c in phrase.chars() {
            harness = type_all(harness, &c.to_string());
            let text = harness.model.console.input.text().to_owned();
            let answer = super::answer(&harness.model).cloned().expect("an answer");
            let pointed = super::pointed(&harness.model).map(|n| answer.candidates[n].clone());
            match answer.decision {
                // It would act, and take the phrase with it.
                Decision::Control(_) => {
                    assert!(pointed.is_none());
                    continue;
                }
                Decision::Match => {
                    let first = pointed.expect("the first is selected");
                    assert_eq!(first.id, answer.candidates[0].id);
                    harness = harness.keys("<ret>").see("Why this one").see(&first.name).keys("<esc>");
                }
                Decision::Ambiguous { .. } => {
                    assert!(pointed.is_none(), "{text}: nothing is selected where Enter asks");
                    harness = harness.keys("<ret>").see("Which one do you mean?").keys("<esc>");
                }
                Decision::None if super::perhaps(&answer) => {
                    assert!(pointed.is_none(), "{text}: nothing is selected where Enter asks");
                    harness = harness.keys("<ret>").see("Is this what you mean?").keys("<esc>");
                }
                Decision::None => {
                    assert!(pointed.is_none(), "{text}: nothing is selected where nothing fits");
                    harness = harness.keys("<ret>").see("makes a workflow of your phrase");
                    assert!(!harness.effects.iter().any(|e| matches!(e, Effect::NewWorkflow { .. })));
                }
            }
            assert_eq!(harness.model.console.input.text(), text, "the phrase is kept");
            assert!(harness.model.layers.is_empty());
        }
        assert!(harness.requests().iter().all(|r| !matches!(r, Request::Start(_))), "nothing is started");
    }
}

#[test]
fn the_nearest_is_asked_about_where_it_is_perhaps_meant() {
    let harness = console(80, 24).keys("thread the needle").see("Perhaps the first of these");
    let asked = harness.keys("<ret>").see("Is this what you mean?").golden("phrase_perhaps");
    let asked = asked.keys("1").see("Why this one").see("Thread Ending Summary").keys("<esc>");
    let declined = asked.keys("<ret>0").see("None of these, then.").see("makes a workflow of your phrase");
    assert!(declined.requests().iter().all(|r| !matches!(r, Request::Start(_))), "nothing is started");
}

#[test]
fn three_stages_of_a_phrase() {
    let stage = |text: &str, width, height| console(width, height).keys(text);
    stage("de", 80, 24).golden("phrase_de");
    stage("deploy mc", 80, 24).see("deploy mcp changes").golden("phrase_deploy_mc");
    stage("deploy mcp changes to", 80, 24).golden("phrase_deploy_mcp_changes_to");
    stage("deploy mc", 140, 40).golden("phrase_deploy_mc_140x40");
    stage("deploy mc", 60, 15).golden("phrase_deploy_mc_60x15");
    stage("add a tool", 80, 24).golden("phrase_ambiguous");
    let light = stage("deploy mc", 80, 24).look("light", ColourDepth::True, GlyphSet::Unicode).keys("p");
    light.golden("phrase_deploy_mcp_light");
    let chosen = stage("add a tool", 80, 24).keys("<down><down>").golden("phrase_chosen");
    let id = shown(&chosen)[1].0.clone();
    chosen.keys("<ret>").see(&id).see("you chose it from the list");
}

#[test]
fn what_would_follow_is_taken_by_tab_or_right() {
    for key in ["<tab>", "<right>", "<ctrl-f>"] {
        let taken = console(80, 24).keys("deploy mc").see("› deploy mcp changes").keys(key);
        assert!(taken.model.console.input.text().eq_ignore_ascii_case("deploy mcp changes"), "{key}");
        taken.see("1.00");
    }
    // Behind the cursor alone: within the phrase the arrow moves, and nothing is shown.
    let within = console(80, 24).keys("deploy mc<left>").see_no("deploy mcp changes").keys("<right>");
    assert_eq!(within.model.console.input.text(), "deploy mc");
    assert!(within.see("› deploy mcp changes").model.layers.is_empty());
    // Where nothing would follow, Tab goes to the lists as everywhere.
    let away = with_runs(80, 24, &[("MW-003", "5d2e")]).keys("bake a chocolate cake<tab>");
    assert_eq!(away.model.console.focus, super::Focus::Lists);
    // Of the one that is selected, its own words.
    let chosen = console(100, 30).keys("tool<down>").keys("<tab>");
    assert_eq!(chosen.model.console.input.text().to_lowercase().matches("tool").count(), 1);
    assert_ne!(chosen.model.console.input.text(), "tool");
}

#[test]
fn earlier_phrases_come_back() {
    let mut harness = console(80, 24).keys("<up>").see("No phrase was entered yet");
    harness.send(Msg::Phrases(Box::new(Ok(vec!["roll it back".to_owned(), "rotate the keys".to_owned()]))));
    let harness = harness.keys("bake a cake<ret>");
    assert!(harness.effects.contains(&Effect::KeepPhrase("bake a cake".to_owned())));
    let harness = harness.keys("<esc><esc>").see("say it in your own words").keys("<up>");
    assert_eq!(harness.model.console.input.text(), "bake a cake");
    let harness = harness.keys("<up><up><up>");
    assert_eq!(harness.model.console.input.text(), "roll it back");
    let harness = harness.keys("<down><down><down>");
    assert!(harness.model.console.input.is_empty(), "at last what was typed");
    // With the cursor at the first candidate too; the draft is kept.
    let harness = harness.keys("add a tool<down><up><up>");
    assert_eq!(harness.model.console.input.text(), "bake a cake");
    let harness = harness.keys("<down>");
    assert_eq!(harness.model.console.input.text(), "add a tool");
    // What begins with a space is not kept.
    let secret = harness.keys("<esc> token=abc<ret>").see("No workflow fits this");
    assert!(!secret.effects.iter().any(|e| matches!(e, Effect::KeepPhrase(p) if p.contains("token"))));
    let mut broken = console(80, 24);
    broken.send(Msg::Phrases(Box::new(Err(Error::internal("The earlier phrases cannot be read")))));
    broken.see("The earlier phrases cannot be read");
}

#[test]
fn the_history_is_searched() {
    let earlier = ["deploy mcp changes", "rotate the keys of staging", "Deploy the docs", "roll it back"];
    let with_history = |width, height| {
        let mut harness = console(width, height);
        harness.send(Msg::Phrases(Box::new(Ok(earlier.map(str::to_owned).to_vec()))));
        harness
    };
    let search = with_history(80, 24).keys("dep<ctrl-r>").see("Earlier phrases").keys("deploy");
    let search = search.see("Deploy the docs").see_no("roll it back").golden("history");
    with_history(60, 15).keys("<ctrl-r>").golden("history_60x15");
    let taken = search.keys("<ctrl-r><ret>");
    assert_eq!(taken.model.console.input.text(), "deploy mcp changes", "the one before");
    assert!(taken.model.layers.is_empty(), "it does nothing yet");
    taken.see("MW-004");
    let left = with_history(80, 24).keys("dep<ctrl-r>zzz").see("No earlier phrase holds that");
    let left = left.keys("<ret><esc><esc>");
    assert_eq!(left.model.console.input.text(), "dep");
    console(80, 24).keys("<ctrl-r>").see("No phrase was entered yet");
}

#[test]
fn a_question_is_narrowed_by_typing_on() {
    let asked = || console(80, 24).keys("add a tool<ret>").see("Which one do you mean?");
    let narrowed = asked().keys(" category").see("› add a tool category").see("MW-007").see_no("MW-002");
    let narrowed = narrowed.golden("choose_narrowed");
    assert_eq!(narrowed.model.layers.len(), 1);
    narrowed.keys("<ret>").see("Create New Tool Category").see("“add a tool category”").keys("<esc>");
    let back = asked().keys(" category<backspace><backspace><esc>");
    assert_eq!(back.model.console.input.text(), "add a tool catego", "nothing typed is lost");
    assert!(back.model.layers.is_empty());
    // Letters that move elsewhere are text here; a number chooses at any time.
    let typed = asked().keys(" jkghln");
    assert_eq!(typed.model.console.input.text(), "add a tool jkghln");
    typed.keys("<ctrl-w>2").see("Why this one").see("MW-007");
    let number = asked().keys(" 7 9");
    assert_eq!(number.model.console.input.text(), "add a tool 7 9", "other numbers are text");
    let light = console(140, 40).look("light", ColourDepth::True, GlyphSet::Unicode).keys("add a tool<ret>");
    light.golden("choose_light_140x40");
    // It is none of them: the phrase stays, and a workflow is offered.
    for keys in ["0", "<down><down><ret>"] {
        let none = asked().keys(keys).see("None of these, then.").see("makes a workflow of your phrase");
        assert_eq!(none.model.console.input.text(), "add a tool");
        let made = none.keys("<ret>");
        assert!(made.effects.contains(&Effect::NewWorkflow { phrase: "add a tool".to_owned() }));
    }
    let taken_back = asked().keys("0<esc>").see("could be meant").keys("<ret>").see("Which one");
    drop(taken_back.paste(" with \u{202e}a schema\n"));
}

#[test]
fn where_nothing_fits_the_nearest_is_named_and_a_workflow_offered() {
    let none = console(80, 24).keys("write a report of the meeting<ret>").see("No workflow fits this.");
    let none = none.see("The nearest is").see("of 1: ").golden("none_nearest");
    console(60, 15).keys("write a report of the meeting<ret>").golden("none_nearest_60x15");
    let light = console(140, 40).look("light", ColourDepth::True, GlyphSet::Unicode);
    light.keys("write a report of the meeting<ret>").golden("none_nearest_light_140x40");
    let near = shown(&none)[0].0.clone();
    let looked = none.keys("<down><ret>").see("Why this one").see(&near).keys("<esc>");
    let typed = looked.keys("<up><ret>").see("makes a workflow").keys("x").see_no("makes a workflow");
    assert!(!typed.effects.iter().any(|e| matches!(e, Effect::NewWorkflow { .. })));
    let mut made = typed.keys("<backspace><ret><ret>");
    let phrase = "write a report of the meeting".to_owned();
    assert!(made.effects.contains(&Effect::NewWorkflow { phrase: phrase.clone() }));
    let file = PathBuf::from("/home/ana/.config/mwtui/workflows/write-report-meeting.yaml");
    made.send(Msg::Written(Box::new(Ok(file.clone()))));
    assert_eq!(made.effects.last(), Some(&Effect::Edit(file)));
    assert_eq!(made.model.console.input.text(), phrase, "it will match once the file is there");
    let mut failed = made.see("The new workflow is");
    failed.send(Msg::Written(Box::new(Err(Error::internal("The folder cannot be made")))));
    failed.see("The folder cannot be made");
    // A key of its own, and why not.
    let by_key = console(80, 24).keys("bake a cake<ctrl-n>");
    assert!(by_key.effects.contains(&Effect::NewWorkflow { phrase: "bake a cake".to_owned() }));
    console(80, 24).keys("<ctrl-n>").see("Say first what");
    console(80, 24).keys("deploy mcp changes<ctrl-n>").see("MW-004 fits this phrase");
    console(80, 24).keys("pause this workflow<ctrl-n>").see("said to the console");
}

#[test]
fn control_phrases_say_what_they_act_on() {
    let none = console(80, 24).keys("pause this workflow").see("There is no run to pause");
    let none = none.golden("control_without_run").keys("<ret>").see("3 shows the runs");
    assert_eq!(none.model.console.input.text(), "pause this workflow", "the phrase is kept");
    assert!(none.verbs().is_empty());
    let one = with_runs(80, 24, &[("MW-004", "7f3a")]).keys("pause this workflow");
    let one = one.see("pause: run 7f3a of MW-004").golden("control_with_run").keys("<ret>");
    assert!(matches!(one.verbs()[..], [Verb::Pause { freeze: false }]));
    assert!(one.model.console.input.is_empty() && one.model.screen == ScreenId::Run);
    let several = with_runs(80, 24, &[("MW-004", "7f3a"), ("MW-003", "5d2e")]).keys("pause");
    let several = several.see("pause one of 2 runs").keys("<ret>").see("Which run: pause");
    assert!(several.verbs().is_empty());
    assert!(matches!(several.keys("2").verbs()[..], [Verb::Pause { .. }]));
    let named =
        with_runs(80, 24, &[("MW-004", "7f3a"), ("MW-003", "5d2e")]).keys("pause the MW-003 run<ret>");
    assert!(matches!(named.verbs()[..], [Verb::Pause { .. }]));
    console(80, 24).keys("resume<ret>").see("There is no paused run to resume");
    let (mut run, _) = bundled_run("MW-004", "7f3a", minutes(9));
    drive(&mut run, &Command::Verb(Verb::Pause { freeze: false }), minutes(2));
    let resumed = Harness::new(80, 24).with_run(run).with_bank().connected().keys("carry on<ret>");
    assert!(matches!(resumed.verbs()[..], [Verb::Resume]));
}

#[test]
fn control_phrases_skip_go_back_and_cancel_with_a_question() {
    let one = || with_runs(80, 24, &[("MW-004", "7f3a")]);
    let cancel = one().keys("cancel this workflow<ret>").see("Cancel this run?");
    assert!(cancel.verbs().is_empty(), "a card asks first");
    assert!(matches!(cancel.keys("<ret>").verbs()[..], [Verb::Cancel { reason: None }]));
    assert!(one().keys("never mind<ret>").see("Cancel this run?").keys("<esc>").verbs().is_empty());
    let skip = one().keys("skip this step<ret>").see("Skip the step: why?").keys("not needed<ret>");
    assert!(matches!(skip.verbs()[..], [Verb::Skip { .. }]));
    // The whole run has to come first; then it asks where to.
    let back = one().keys("go back<ret>").see("Go back to which step?").keys("<ret>");
    assert!(matches!(back.verbs()[..], [Verb::Back { .. }]));
    let asked = with_runs(80, 24, &[("MW-004", "7f3a"), ("MW-003", "5d2e")]).keys("go back<ret>1");
    asked.see("Go back to which step?");
    for phrase in ["skip this step", "go back", "cancel this workflow"] {
        let nothing = console(80, 24).keys(phrase).keys("<ret>").see("There is no");
        assert!(nothing.model.layers.is_empty() && nothing.verbs().is_empty());
    }
}

#[test]
fn control_phrases_show_and_explain() {
    let two = || with_runs(80, 24, &[("MW-004", "7f3a"), ("MW-003", "5d2e")]);
    let screen = |harness: Harness, phrase: &str| harness.keys(phrase).keys("<ret>").model.screen;
    assert_eq!(screen(console(80, 24), "list workflows"), ScreenId::Registry);
    assert_eq!(screen(two(), "what is running"), ScreenId::Runs);
    assert_eq!(screen(with_runs(80, 24, &[("MW-004", "7f3a")]), "where are we"), ScreenId::Run);
    console(80, 24).keys("status").see("Nothing runs at the moment").keys("<ret>").see("Nothing runs");
    console(80, 24).keys("help<ret>").see("Keys: Console");
    let explained = console(140, 40).keys("what does MW-001 do?").see("explain MW-001").keys("<ret>");
    assert_eq!(explained.model.screen, ScreenId::Registry);
    explained.see("Thread Ending Summary");
    let this = with_runs(140, 40, &[("MW-004", "7f3a")]).keys("explain this").see("explain MW-004");
    this.keys("<ret>").see("Deploy MCP Changes");
    let which = two().keys("explain this workflow<ret>").see("Explain which workflow?").keys("1");
    assert_eq!(which.model.screen, ScreenId::Registry);
    console(80, 24).keys("explain this<ret>").see("Choose the workflow here");
    let quit = two().keys("quit").see("leave; 2 runs go on").keys("<ret>");
    assert!(quit.effects.contains(&Effect::Quit));
    for phrase in ["help", "list workflows", "status", "what does MW-001 do?"] {
        let none = two().keys(phrase).keys("<ret>");
        assert!(none.requests().iter().all(|r| !matches!(r, Request::Start(_))) && none.verbs().is_empty());
        assert!(none.model.console.input.is_empty());
    }
}

#[test]
fn any_text_can_be_typed() {
    let long = format!("deploy {}", "mcp changes ".repeat(400));
    let harness = console(80, 24).paste(&long).see("A phrase may have 4096 bytes");
    assert_eq!(harness.model.console.input.text().len(), 4096);
    drop(harness.keys("x<ret>").keys("<esc><esc>"));
    for text in ["日本語のデプロイ", "e\u{301}te\u{301} de\u{301}ploy", "שלום deploy", "👩‍👩‍👧 deploy", "\u{301}"]
    {
        for (width, height) in [(80, 24), (60, 15), (41, 9), (10, 3)] {
            let typed = type_all(console(width, height), text).keys("<left><left>x<end><tab><ret>");
            drop(typed.keys("<esc><ret><ret>").resize(140, 40));
        }
    }
    let wide = type_all(console(80, 24), "日本語").keys("abc<left>");
    assert_eq!(wide.model.console.input.text(), "日本語abc");
    wide.see("› 日本語abc");
    for (width, height) in [(41, 9), (60, 15), (80, 24)] {
        drop(console(width, height).paste(&"add a tool ".repeat(300)).keys("<ret>").keys("1<esc>0<esc>"));
    }
}

#[test]
fn nothing_typed_shows_what_can_be_done() {
    console(80, 24).see("Try one of these").keys("<ret>").see("Say what you want to do");
    with_runs(80, 24, &[("MW-004", "7f3a")]).see("for example").see("what is running");
}

#[test]
fn the_palette_finds_workflows_as_the_line_does() {
    let found = console(100, 30).keys(":deploy mcp chnages").see("MW-004").golden("palette_workflow");
    found.keys("<ret>").see("Why this one").see("chosen in the palette");
    console(100, 30).keys(":session").keys("<ret>").see_no("Why this one");
    // A bank of one's own is found at once when it is read.
    let folder = tempfile::tempdir().expect("a folder");
    let file = "id: fika\nname: Make the coffee\ntrigger_phrases: [brew some coffee]\nscope: Coffee\nsteps: [{ title: Brew }]\n";
    std::fs::write(folder.path().join("fika.yaml"), file).expect("a file");
    let own = console(80, 24).keys("brew some coffee").see("No workflow");
    own.with_registry(Registry::load_folder(folder.path())).see("fika").see("1.00");
}
