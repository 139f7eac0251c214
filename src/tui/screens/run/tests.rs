//! The Run screen, and the cards and the pager that open from it.

use indexmap::IndexMap;

use crate::base::{Actor, Millis, RunId, StepId, WorkflowId};
use crate::config::{ColourDepth, GlyphSet};
use crate::protocol::{OutputChunk, OutputRange, Request, Response, Update};
use crate::run::testing::{Driver, approval, question, script, workflow};
use crate::run::{
    Command, Event, Evidence, EvidenceKind, Failure, FailureKind, Outcome, Report, Verb, summarise,
};
use crate::tui::screens::ScreenId;
use crate::tui::testing::Harness;
use crate::workflow::testing::step;
use crate::workflow::{Step, StepKind};

pub const HOSTILE: &str = "running 214 tests\n\
    test store::opens_an_old_file ... \x1b[32mok\x1b[0m\n\
    \x1b]0;owned\x07\x1b[2J\x1b[Htest \u{202e}reversed\u{202c} ... \x1b[1;31mFAILED\x1b[0m\n\
    10 %\r20 %\rall of it\n\
    bell\x07 and \u{200b}nothing\n";

fn titled(mut step: Step, title: &str) -> Step {
    title.clone_into(&mut step.title);
    step
}

pub fn steps() -> Vec<Step> {
    let mut tests = titled(script("tests", "cargo test --workspace"), "Run the tests");
    if let StepKind::Run { env, .. } = &mut tests.kind {
        *env = IndexMap::from([("RUST_LOG".to_owned(), "info".to_owned())]);
    }
    tests.timeout = Some(Millis::from_secs(600));
    let actions = |all: &[&str]| StepKind::Manual { actions: all.iter().map(|a| (*a).to_owned()).collect() };
    let review = titled(step("review", actions(&["Read the difference"])), "Review the changes");
    let mut gate = titled(approval("gate"), "Approve the restart");
    gate.kind = StepKind::Approve {
        question: "Restart the MCP server in staging?".to_owned(),
        within: Some(Millis::from_secs(1800)),
        remind: None,
        on_timeout: crate::workflow::OnTimeout::Reject,
        escalate: Vec::new(),
    };
    let mut restart = titled(script("restart", "systemctl --user restart \"$UNIT\""), "Restart the server");
    if let StepKind::Run { env, .. } = &mut restart.kind {
        *env = IndexMap::from([("UNIT".to_owned(), "mcp-server".to_owned())]);
    }
    let mut verify = titled(
        step(
            "verify",
            actions(&["Open a new chat", "Ask for the list of tools", "Call one of the new ones"]),
        ),
        "Verify in a new chat",
    );
    verify.description = Some("The new tools must answer before this is called deployed.".to_owned());
    verify.validation = Some("the new tool answers without an error".to_owned());
    verify.evidence_required = true;
    vec![tests, review, gate, restart, verify]
}

pub fn begin(steps: Vec<Step>) -> Driver {
    let mut workflow = workflow(steps);
    workflow.id = WorkflowId::new("MW-004");
    workflow.name = "Deploy MCP server changes".to_owned();
    Driver::start(workflow)
}

fn done() -> Verb {
    Verb::Done { step: None, evidence: Vec::new() }
}

pub fn completed(driver: &mut Driver, step: &str) -> Vec<Event> {
    let attempt = driver.run.record(&StepId::new(step)).expect("the step exists").1.attempt();
    let evidence = vec![Evidence { kind: EvidenceKind::Output, text: "exit 0, 214 lines".to_owned() }];
    let outcome = Outcome { evidence, ..Outcome::default() };
    driver.report(Report::Completed { step: StepId::new(step), attempt, outcome })
}

fn failed(driver: &mut Driver, step: &str) -> Vec<Event> {
    let attempt = driver.run.record(&StepId::new(step)).expect("the step exists").1.attempt();
    let failure = Failure {
        kind: FailureKind::Exit,
        message: "The command ended with exit code 101".to_owned(),
        exit: Some(101),
    };
    driver.report(Report::Failed { step: StepId::new(step), attempt, failure })
}

/// Up to the approval.
pub fn at_approval() -> Driver {
    let mut driver = begin(steps());
    completed(driver.later(161_000), "tests");
    driver.later(240_000).act(done()).expect("reviewed");
    driver.later(360_000);
    driver
}

/// Up to the last step.
pub fn at_manual() -> Driver {
    let mut driver = at_approval();
    approve(&mut driver, "ana@laptop");
    completed(driver.later(21_000), "restart");
    driver.later(100_000);
    driver.act(Verb::Check { step: None, action: 0, checked: true }).expect("ticked");
    let text = "second restart was needed, see log".to_owned();
    driver.act(Verb::Note { step: Some(StepId::new("verify")), text }).expect("noted");
    driver.later(300_000);
    driver
}

fn approve(driver: &mut Driver, who: &str) -> Vec<Event> {
    let verb = Verb::Approve { step: None, digest: digest(driver) };
    driver.act_as(&Actor::Person(who.to_owned()), Command::Verb(verb)).expect("approved")
}

fn digest(driver: &Driver) -> String {
    use crate::run::{Prompt, StepState};
    let (_, record) = driver.run.record(&StepId::new("gate")).expect("the step exists");
    match &record.state {
        StepState::Waiting { on: Prompt::Approval { digest, .. }, .. } => digest.clone(),
        other => panic!("no approval waits: {other:?}"),
    }
}

/// The console on this run, at the run's own time; the engine prints `output`.
fn console(driver: &Driver, width: u16, height: u16, output: &'static str) -> Harness {
    let mut harness = Harness::new(width, height).with_run(driver.run.clone()).answering(move |request| {
        let Request::Output { step, attempt, range, .. } = request else { return None };
        let total = output.len() as u64;
        let (from, to) = match range {
            OutputRange::Tail { bytes } => (total.saturating_sub(u64::from(*bytes)), total),
            OutputRange::From { offset, bytes } => {
                (total.min(*offset), total.min(offset + u64::from(*bytes)))
            }
        };
        Some(Ok(Response::Output(OutputChunk {
            step: Some(step.clone()),
            attempt: attempt.unwrap_or(1),
            offset: from,
            next: to,
            total,
            lines: output.lines().count() as u64,
            text: output[from as usize..to as usize].to_owned(),
            complete: false,
        })))
    });
    harness.model.now = driver.now;
    harness.connected()
}

/// The same, with the run opened.
pub fn shown(driver: &Driver, width: u16, height: u16, output: &'static str) -> Harness {
    open(console(driver, width, height, output), driver.run.id())
}

pub fn open(mut harness: Harness, run: &RunId) -> Harness {
    for effect in harness.model.open_run(run) {
        harness.perform(effect);
    }
    harness
}

pub fn grown(driver: &Driver, step: &str, total: usize) -> Update {
    Update::Output {
        run: driver.run.id().clone(),
        step: StepId::new(step),
        attempt: 1,
        total: total as u64,
        lines: 5,
    }
}

pub fn outputs(harness: &Harness) -> usize {
    harness.requests().into_iter().filter(|r| matches!(r, Request::Output { .. })).count()
}

#[test]
fn a_manual_step() {
    let driver = at_manual();
    shown(&driver, 140, 40, "").golden("run_manual_140x40");
    shown(&driver, 80, 24, "").golden("run_manual_80x24");
    shown(&driver, 60, 15, "").golden("run_manual_60x15").keys("<tab>").golden("run_manual_steps_60x15");
    shown(&driver, 100, 24, "")
        .look("light", ColourDepth::True, GlyphSet::Unicode)
        .keys("<left>")
        .golden("run_manual_light");
    shown(&driver, 80, 24, "")
        .look("dark", ColourDepth::None, GlyphSet::Ascii)
        .keys("j")
        .golden("run_manual_ascii");
}

#[test]
fn every_size_is_drawn() {
    for driver in [at_manual(), at_approval(), begin(steps())] {
        for (width, height) in [(1, 1), (20, 5), (40, 8), (41, 60), (69, 19), (250, 9), (250, 90)] {
            shown(&driver, width, height, HOSTILE).keys("<tab>").keys("<tab><ret>").keys("?");
        }
    }
}

#[test]
fn without_a_run_it_says_where_to_find_one() {
    Harness::new(80, 24).connected().keys("<alt-4>").see("none is open").keys("<ret>").see("3 Runs");
}

#[test]
fn ticking_goes_on_to_the_next_action_and_enter_asks_for_the_evidence_that_is_needed() {
    let harness = shown(&at_manual(), 80, 24, "").keys("<space><space>");
    let check = |action| Verb::Check { step: Some(StepId::new("verify")), action, checked: true };
    assert_eq!(harness.verbs(), [&check(1), &check(2)]);
    let harness = harness.keys("<ret>").see("what shows it?").keys("it answered<ret>");
    let evidence = vec![Evidence { kind: EvidenceKind::Note, text: "it answered".to_owned() }];
    assert!(matches!(harness.verbs().last(), Some(Verb::Done { evidence: given, .. }) if *given == evidence));
    let back = shown(&at_manual(), 80, 24, "").keys("<up><space>");
    assert_eq!(back.verbs(), [&Verb::Check { step: Some(StepId::new("verify")), action: 0, checked: false }]);
}

#[test]
fn each_verb_is_one_key() {
    let open = || shown(&at_manual(), 80, 24, "");
    let verify = || StepId::new("verify");
    assert_eq!(open().keys("p").verbs(), [&Verb::Pause { freeze: false }]);
    assert_eq!(open().keys("P").verbs(), [&Verb::Pause { freeze: true }]);
    let one =
        |keys: &str| open().keys(keys).verbs().into_iter().next().cloned().expect("a verb was asked for");
    assert!(matches!(one("sno need<ret>"), Verb::Skip { reason, .. } if reason == "no need"));
    assert!(matches!(one("fit hung<ret>"), Verb::Fail { reason, .. } if reason == "it hung"));
    assert_eq!(one("c<ret>"), Verb::Cancel { reason: None });
    assert_eq!(one("nlook<ret>"), Verb::Note { step: Some(verify()), text: "look".to_owned() });
    assert!(matches!(one("eproof<ret>"), Verb::Done { step: Some(step), .. } if step == verify()));
    assert_eq!(one("b1"), Verb::Back { to: StepId::new("tests"), reason: None });
    let mut paused = at_manual();
    paused.act(Verb::Pause { freeze: false }).expect("paused");
    assert_eq!(shown(&paused, 80, 24, "").keys("p").verbs(), [&Verb::Resume]);
    let refused = open().keys("r").see("tried again");
    assert!(refused.verbs().is_empty());
}

#[test]
fn the_selection_follows_the_run_until_it_is_moved() {
    let mut driver = at_approval();
    let harness = shown(&driver, 100, 24, "").keys("<esc>").see("Restart the MCP server");
    let events = approve(&mut driver, "ana@laptop");
    let harness = harness.update_run(&driver.run, events).see("systemctl");
    let harness = harness.keys("<tab><up><up>").see("2  Review the changes").see("Esc follows the run again");
    let harness = harness.keys("s").see("the run is at step 4");
    assert!(harness.verbs().is_empty(), "a verb on another step than the one that is looked at");
    let events = completed(driver.later(1000), "restart");
    let harness = harness.update_run(&driver.run, events).see("2  Review the changes");
    let harness = harness.keys("<esc>").see("Open a new chat").see_no("Esc follows");
    assert_eq!(harness.model.screen, ScreenId::Run);
    assert_eq!(harness.keys("<esc>").model.screen, ScreenId::Console);
}

#[test]
fn a_step_that_asks() {
    let mut ask = titled(question("why"), "Say why it is deployed");
    ask.description = Some("The answers go into the summary.".to_owned());
    let mut all = vec![ask];
    all.extend(steps());
    let mut driver = begin(all);
    driver.later(70_000);
    shown(&driver, 80, 24, "").golden("run_ask_80x24");
    let harness = shown(&driver, 60, 15, "").golden("run_ask_60x15");
    let harness = harness.keys("<ret>half an ans<esc>").see("typed: half an ans");
    let harness = harness.keys("a").see("half an ans").keys("wer<ctrl-s>");
    let [Verb::Answer { values, .. }] = harness.verbs()[..] else { panic!("{:?}", harness.verbs()) };
    assert_eq!(values.get("why"), Some(&serde_json::json!("half an answer")));
    let mut values = serde_json::Map::new();
    values.insert("why".to_owned(), serde_json::json!("because"));
    let events = driver.act(Verb::Answer { step: None, values }).expect("answered");
    let harness = harness.update_run(&driver.run, events).keys("<tab><up><ret>").see("because");
    assert!(harness.model.run.drafts.is_empty(), "what the run has is no draft");
}

#[test]
fn a_command_runs() {
    let mut driver = begin(steps());
    driver.later(72_000);
    for (width, height) in [(140, 40), (80, 24), (60, 15)] {
        let harness = shown(&driver, width, height, HOSTILE);
        let screen = harness.screen();
        assert!(!screen.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{7}']), "{screen}");
        assert!(!screen.contains("owned"), "{screen}");
        harness.see("1 m 12 s").see("all of it").golden(&format!("run_running_{width}x{height}"));
    }
}

#[test]
fn a_failed_step_opens_its_card_once() {
    let mut driver = begin(steps());
    let mut before = Harness::new(1, 1);
    for (width, height) in [(80, 24), (60, 15)] {
        driver = begin(steps());
        let harness = shown(&driver, width, height, HOSTILE);
        let events = failed(driver.later(41_000), "tests");
        let mut harness = harness.update_run(&driver.run, events);
        harness.model.now = driver.now;
        before = harness.keys("").later(Millis(0)).see("failed").see("Esc later");
        before = before.golden(&format!("run_failed_{width}x{height}"));
    }
    let harness = before.keys("<esc>").see_no("Esc later");
    let note = driver.act(Verb::Note { step: None, text: "hm".to_owned() }).expect("noted");
    let harness = harness.update_run(&driver.run, note).see_no("mark done with");
    let harness = harness.keys("<ret>").see("mark done with").keys("r");
    assert_eq!(harness.verbs(), [&Verb::Retry { step: Some(StepId::new("tests")), edit: None }]);
    let retried = driver.act(Verb::Retry { step: None, edit: None }).expect("retried");
    let harness = harness.update_run(&driver.run, retried).see_no("mark done with");
    let again = failed(driver.later(1000), "tests");
    harness.update_run(&driver.run, again).see("mark done with");
}

#[test]
fn the_failure_card_leads_to_every_choice() {
    let mut driver = begin(steps());
    let open = shown(&driver, 80, 24, HOSTILE);
    let events = failed(driver.later(41_000), "tests");
    let card = open.update_run(&driver.run, events);
    let card = card.keys("d").see("what shows it?").keys("by hand<ret>");
    assert!(matches!(card.verbs()[..], [Verb::Done { .. }]));
    let card = card.keys("snot today<ret>");
    assert!(matches!(card.verbs()[..], [_, Verb::Skip { .. }]));
    let card = card
        .keys("b")
        .see("Go back to which step?")
        .keys("<esc>")
        .keys("c")
        .see("Cancel this run?")
        .keys("<esc>");
    let card = card.keys("l").see("attempt 1").see("end").keys("<esc>").see("Esc later");
    card.keys("1").see("Esc later");
}

#[test]
fn a_step_that_nobody_knows_the_end_of() {
    for (width, height) in [(80, 24), (60, 15)] {
        let mut driver = begin(steps());
        driver.later(41_000).report(Report::Recovered);
        driver.later(300_000);
        let harness = shown(&driver, width, height, HOSTILE).see("nobody knows").see("run again");
        let harness = harness.golden(&format!("run_uncertain_{width}x{height}"));
        let harness = harness.keys("r").see("only just opened").later(Millis(600)).keys("r");
        assert_eq!(harness.verbs(), [&Verb::Retry { step: Some(StepId::new("tests")), edit: None }]);
    }
}

#[test]
fn an_approval_shows_the_thing_itself() {
    let driver = at_approval();
    for (width, height) in [(80, 24), (60, 15), (140, 40)] {
        let harness =
            shown(&driver, width, height, "").see("systemctl --user restart").see("UNIT = mcp-server");
        let harness = harness.see("24 m left").golden(&format!("run_approval_{width}x{height}"));
        harness.keys("<esc>").see_no("a approve").golden(&format!("run_approval_behind_{width}x{height}"));
    }
}

#[test]
fn an_approval_sends_the_digest_that_was_shown_and_is_not_given_by_accident() {
    let driver = at_approval();
    let harness = shown(&driver, 80, 24, "").keys("<ret>").keys("a").see("only just opened");
    assert!(harness.verbs().is_empty(), "neither Enter nor a key that was meant for something else");
    let harness = harness.later(Millis(600)).keys("a");
    let digest = digest(&driver);
    assert_eq!(harness.verbs(), [&Verb::Approve { step: Some(StepId::new("gate")), digest }]);
    let harness =
        shown(&driver, 80, 24, "").later(Millis(600)).keys("r").see("Reject it: why?").keys("not now<ret>");
    assert!(matches!(harness.verbs()[..], [Verb::Reject { reason, .. }] if reason == "not now"));
    let harness = shown(&driver, 80, 24, "").keys("<esc>").keys("a").see("bound to").keys("a");
    assert_eq!(harness.verbs().len(), 1, "a card that somebody opened answers at once");
}

#[test]
fn an_approval_that_changes_is_void() {
    let mut driver = at_approval();
    let harness = shown(&driver, 80, 24, "").later(Millis(600));
    // The same step asks again, about something else.
    let mut other = driver.run.clone();
    let events = driver.act(Verb::Back { to: StepId::new("gate"), reason: None }).expect("back");
    other.clone_from(&driver.run);
    let (_, record) = other.record(&StepId::new("gate")).expect("the step exists");
    let index = other.steps.iter().position(|s| s.id == record.id).expect("it is there");
    if let crate::run::StepState::Waiting { on: crate::run::Prompt::Approval { digest, .. }, .. } =
        &mut std::sync::Arc::make_mut(&mut other.steps[index]).state
    {
        *digest = "f".repeat(64);
    }
    let mut harness = harness;
    harness.model.mirror.unwatch(driver.run.id());
    let effects = harness.model.mirror.watch(driver.run.id());
    harness.runs = vec![other];
    for effect in effects {
        harness.perform(effect);
    }
    let harness = harness.keys("").see("has changed since you opened it").keys("a").see("has changed");
    assert!(harness.verbs().is_empty());
    drop(events);
}

#[test]
fn another_one_decides_first() {
    let mut driver = at_approval();
    let harness = shown(&driver, 80, 24, "").see("bound to");
    let events = approve(&mut driver, "bo@desk");
    harness.update_run(&driver.run, events).see("bo@desk has approved").see_no("bound to").see("systemctl");

    let mut driver = at_approval();
    let harness = shown(&driver, 80, 24, "");
    let verb = Verb::Reject { step: None, reason: "on Monday".to_owned() };
    let bo = Actor::Person("bo@desk".to_owned());
    let events = driver.act_as(&bo, Command::Verb(verb)).expect("rejected");
    let harness =
        harness.update_run(&driver.run, events).see("bo@desk rejected it: on Monday").see("ask again");
    harness.see_no("mark done with");

    let mut driver = at_approval();
    let harness = shown(&driver, 80, 24, "").later(Millis(600)).keys("a");
    let events = approve(&mut driver, "ana@laptop");
    harness.update_run(&driver.run, events).see_no("has approved");
}

#[test]
fn a_paused_run_and_its_ends() {
    let mut paused = at_manual();
    paused.act(Verb::Pause { freeze: true }).expect("paused");
    paused.later(120_000);
    let mut complete = at_manual();
    let evidence = vec![Evidence { kind: EvidenceKind::Note, text: "answered in 40 ms".to_owned() }];
    complete.act(Verb::Done { step: None, evidence }).expect("done");
    complete.later(120_000);
    let mut cancelled = begin(steps());
    completed(cancelled.later(161_000), "tests");
    cancelled.act(Verb::Cancel { reason: Some("wrong branch".to_owned()) }).expect("cancelled");
    cancelled.report(Report::Stopped { left_behind: vec!["cargo (4711)".to_owned()] });
    cancelled.later(60_000);
    for (name, driver) in [("paused", &paused), ("completed", &complete), ("cancelled", &cancelled)] {
        for (width, height) in [(80, 24), (60, 15)] {
            shown(driver, width, height, HOSTILE).golden(&format!("run_{name}_{width}x{height}"));
        }
    }
    let harness = shown(&complete, 80, 24, HOSTILE).keys("s").see("is completed");
    let harness =
        harness.keys("gd").see("is completed").keys("<ret>").see("all of it").keys("<ret>").see("attempt 1");
    assert!(harness.verbs().is_empty());
}

#[test]
fn attempts_and_what_is_unverified() {
    let mut driver = begin(steps());
    failed(driver.later(41_000), "tests");
    driver.later(1000).act(Verb::Retry { step: None, edit: None }).expect("retried");
    completed(driver.later(30_000), "tests");
    driver.later(1000).act(done()).expect("reviewed");
    let harness = shown(&driver, 100, 30, "").keys("<esc><tab><up>").see("none: unverified");
    harness.keys("<up>").see("Earlier attempts").see("exit 101");
}

#[test]
fn another_run_begins_afresh() {
    let driver = at_manual();
    let harness = shown(&driver, 80, 24, "").keys("<tab><up>").see("Esc follows");
    let mut other = begin(steps());
    other.run.header.run = RunId::new("91c0000000000000");
    let mut harness = harness.with_run(other.run.clone());
    let row = Update::Run { summary: Box::new(summarise(&other.run)), events: Vec::new() };
    harness = open(harness.update(row), other.run.id());
    harness.see("91c0").see("cargo test").see_no("Esc follows");
}

#[test]
fn a_card_waits_until_the_one_before_it_has_closed() {
    let mut driver = begin(steps());
    let harness = shown(&driver, 80, 24, HOSTILE).keys("nhalf a note");
    let events = failed(driver.later(1000), "tests");
    let harness = harness.update_run(&driver.run, events).see("half a note").see_no("mark done with");
    harness.keys("<esc>").later(Millis(1000)).see("mark done with");
}
