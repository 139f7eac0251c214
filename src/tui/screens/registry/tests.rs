//! The Registry: what stands in the list and the document, and what its keys ask for.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::base::{Error, digest};
use crate::config::{ColourDepth, GlyphSet};
use crate::matching::Options;
use crate::run::{RunStatus, summarise};
use crate::tui::msg::{Bank, Msg};
use crate::tui::testing::{Harness, NOW, bundled_run};
use crate::workflow::registry::EntryState;
use crate::workflow::{Origin, parse};

const PROJECT: &str = "id: release-notes
name: Write the release notes
version: 2
status: active
category: Releases
trigger_phrases: [write the release notes]
scope: Gather what changed since the last tag, and write it down for the people who use it
prerequisites:
  - check: git describe --tags
    says: There is a last tag
inputs:
  audience: { type: choice, options: [users, operators], default: users, prompt: For whom? }
steps:
  - id: gather
    title: Gather the changes
    run: git log --oneline \"$(git describe --tags --abbrev=0)\"..HEAD
    timeout: 30s
  - id: write
    title: Write them down
    if: inputs.audience == \"users\"
    write: RELEASE-NOTES.md
    template: |
      # What is new for ${{ inputs.audience }}
  - id: read
    title: Have somebody read it
    actions: [Send it to a colleague, Mend what they found]
    validation: A colleague has understood it
    evidence: required
outputs: [The release notes]
success_criteria: [Nobody asks what has changed]
";

const BROKEN: &str = "id: rotate-keys
name: Rotate the keys
trigger_phrases: [rotate the keys]
steps:
  - title: Rotate
    run: ./rotate ${{ inputs.key }}
";

const DRAFT: &str = "id: on-call-handover
name: Hand the pager over
status: draft
trigger_phrases: [hand the pager over]
steps:
  - title: Tell who is next
";

fn file(name: &str, origin: Origin, text: &str) -> Entry {
    let folder = match origin {
        Origin::Project => "/work/checkout-api/.mwtui/workflows",
        _ => "/home/ana/.config/mwtui/workflows",
    };
    let path = PathBuf::from(folder).join(name);
    let shown = path.display().to_string();
    let state = match parse(&shown, text.as_bytes()) {
        Ok((workflow, warnings)) => {
            EntryState::Loaded { workflow: Arc::new(workflow), warnings, trusted: origin != Origin::Project }
        }
        Err(errors) => EntryState::Broken { label: name.to_owned(), errors },
    };
    let source: Arc<[u8]> = Arc::from(text.as_bytes());
    Entry { origin, file: shown, path: Some(path), digest: digest(&source), source, state }
}

/// The bundled bank, and one file of each kind that needs attention.
fn bank() -> crate::workflow::Registry {
    let harness = Harness::new(1, 1).with_bank();
    let mut registry = harness.model.bank.as_ref().expect("the bank is there").registry.clone();
    registry.entries.push(file("handover.yaml", Origin::User, DRAFT));
    registry.entries.push(file("release-notes.yaml", Origin::Project, PROJECT));
    registry.entries.push(file("rotate-keys.yaml", Origin::User, BROKEN));
    registry
}

fn hours(n: u64) -> Millis {
    Millis::from_secs(3600 * n)
}

/// Runs of the last weeks: MW-004 went well twice and was given up once.
fn past(request: &Request) -> Option<Result<Response>> {
    let Request::Runs { filter } = request else { return None };
    filter.since?;
    let row = |id: &str, ago: u64, status: RunStatus| {
        let (run, _) = bundled_run("MW-004", id, hours(ago));
        RunSummary { status, ended_at: Some(NOW), ..summarise(&run) }
    };
    Some(Ok(Response::Runs(vec![
        row("a1", 2, RunStatus::Completed),
        row("a2", 50, RunStatus::Completed),
        row("a3", 200, RunStatus::Failed),
        row("a4", 210, RunStatus::Cancelled),
    ])))
}

fn registry(width: u16, height: u16) -> Harness {
    Harness::new(width, height).answering(past).with_registry(bank()).connected().keys("2")
}

fn on(width: u16, height: u16, id: &str) -> Harness {
    let mut harness = registry(width, height);
    let effects = show(&mut harness.model, &WorkflowId::new(id));
    assert!(effects.contains(&Effect::LoadBank), "files may have changed");
    harness.resize(width, height)
}

fn file_of(harness: &Harness) -> String {
    selected(&harness.model).expect("something is selected").file.clone()
}

#[test]
fn the_bundled_bank_reads_well() {
    let bundled = |w, h| Harness::new(w, h).answering(past).with_bank().connected().keys("2");
    bundled(80, 24).see("7 workflows").golden("registry_80x24");
    bundled(60, 15).golden("registry_60x15").keys("<tab>").golden("registry_60x15_document");
    let wide = bundled(140, 40).keys("jjj").see("MW-004").see("2/3").see("2 h ago");
    wide.golden("registry_140x40").keys("<tab>G").golden("registry_140x40_end");
    bundled(140, 40)
        .look("light", ColourDepth::True, GlyphSet::Unicode)
        .keys("j<tab>x")
        .golden("registry_140x40_light");
}

#[test]
fn what_needs_attention_stays_in_the_list() {
    registry(140, 40).see("1 broken · 1 untrusted · 3 drafts");
    let all = registry(80, 24).see("1 broken");
    let broken = all.keys("G").see("broken").see("rotate-keys.yaml").golden("registry_broken_80x24");
    broken.keys("<ret>").see("mend its file first").keys("t").see("cannot be trusted");
    registry(60, 15)
        .keys("G")
        .golden("registry_broken_60x15")
        .keys("<tab>")
        .golden("registry_broken_60x15_document");
    registry(140, 40).keys("G").see("env:").golden("registry_broken_140x40");
    on(80, 24, "release-notes").see("untrusted").golden("registry_untrusted_80x24");
    on(60, 15, "release-notes").keys("<tab>").golden("registry_untrusted_60x15_document");
    on(140, 40, "release-notes").golden("registry_untrusted_140x40");
}

#[test]
fn an_empty_bank_says_where_files_go() {
    Harness::new(80, 24).keys("2").see("Reading the bank");
    let empty = || crate::workflow::Registry::default();
    Harness::new(80, 24)
        .with_registry(empty())
        .keys("2")
        .see("The bank is empty")
        .golden("registry_empty_80x24");
    Harness::new(60, 15).with_registry(empty()).keys("2").golden("registry_empty_60x15").keys("<ret>");
}

#[test]
fn nothing_panics_on_a_tiny_screen() {
    for (width, height) in [(1, 1), (40, 8), (70, 8), (41, 9), (71, 9)] {
        on(width, height, "release-notes").keys("<tab>jG/a");
    }
}

#[test]
fn the_filter_narrows_letter_by_letter_and_keeps_the_selection() {
    let typed = on(80, 24, "MW-004").keys("/2").see("/2");
    assert_eq!(typed.model.screen, ScreenId::Registry, "digits are text now");
    let typed = typed.keys("<backspace>mcp dep").golden("registry_filter_80x24");
    assert_eq!(file_of(&typed), "bundled:MW-004.yaml", "it is among those that fit");
    let kept = typed.keys("<ret>").see("/mcp dep");
    assert!(kept.model.layers.is_empty(), "Enter keeps the filter and opens nothing");
    let all = kept.keys("<esc>").see("9 workflows").see_no("/mcp");
    assert_eq!(file_of(&all), "bundled:MW-004.yaml");
    let none = all.keys("/zzz").see("No workflow contains").golden("registry_filter_nothing_80x24");
    assert_eq!(none.keys("<esc>").model.screen, ScreenId::Registry);
    registry(80, 24).keys("/untrusted").see("1 of 10").see("release-notes");
    registry(60, 15).keys("/tool").golden("registry_filter_60x15");
}

#[test]
fn next_and_previous_go_round_within_the_filter() {
    let harness = registry(80, 24).keys("/mcp<ret>");
    let count = harness.model.registry.shown.len();
    assert!(count > 1, "several speak of MCP");
    let first = file_of(&harness);
    let harness = harness.keys("n");
    assert_ne!(file_of(&harness), first);
    let harness = harness.keys("N");
    assert_eq!(file_of(&harness), first);
    let harness = harness.keys("N");
    assert_eq!(harness.model.registry.list.selected, count - 1);
    assert_eq!(file_of(&harness.keys("n")), first);
}

#[test]
fn enter_opens_the_card_and_starts_nothing() {
    let card = on(100, 30, "MW-004").keys("<ret>").see("you chose it from the registry");
    assert_eq!(card.model.layers.len(), 1);
    assert!(!card.requests().iter().any(|r| matches!(r, Request::Start(_))));
    let reading = on(100, 30, "MW-004").keys("<tab><ret>");
    assert_eq!(reading.model.layers.len(), 1, "from the document too");
}

#[test]
fn trust_is_asked_with_path_and_digest() {
    let entry = file("release-notes.yaml", Origin::Project, PROJECT);
    let asked = on(80, 24, "release-notes").keys("t").see("release-notes.yaml").see(&entry.digest[..40]);
    let asked = asked.see("2 commands").golden("registry_trust_80x24");
    on(60, 15, "release-notes").keys("t").golden("registry_trust_60x15");
    let trusts = |h: &Harness| h.effects.iter().filter(|e| matches!(e, Effect::Trust { .. })).count();
    assert_eq!(trusts(&asked), 0, "asking is not trusting");
    let not = asked.keys("<esc>");
    assert_eq!((trusts(&not), not.model.layers.len()), (0, 0));
    let trusted = not.keys("t<ret>");
    let path = entry.path.clone().expect("a project's file has a path");
    assert!(trusted.effects.contains(&Effect::Trust { path, digest: entry.digest }));
    on(80, 24, "MW-004").keys("t").see("part of the program");
    let from_card = on(80, 24, "release-notes").keys("<ret>t").see("as it stands now?");
    assert_eq!((trusts(&from_card), from_card.model.layers.len()), (0, 2), "the card asks the same question");
    assert_eq!(trusts(&from_card.keys("<ret>")), 1);
}

#[test]
fn a_file_that_changes_under_the_question_closes_it() {
    let mut asked = on(80, 24, "release-notes").keys("t");
    let mut registry = bank();
    registry.entries.retain(|e| e.file != file("release-notes.yaml", Origin::Project, "").file);
    registry.entries.push(file("release-notes.yaml", Origin::Project, &PROJECT.replace("git log", "rm")));
    asked.send(Msg::Bank(Arc::new(Bank { registry, ..Bank::empty(&Options::default()) })));
    assert!(asked.model.layers.is_empty());
    let again = asked.see("has changed");
    assert!(file_of(&again).ends_with("release-notes.yaml"), "it stays selected");
}

/// What one is asked to trust can be read to its last character, however narrow the screen.
#[test]
fn nothing_of_a_script_is_cut_off() {
    let long = format!("echo {} && rm -rf \"$HOME\"", "harmless ".repeat(40));
    let text = DRAFT.replace("  - title: Tell who is next", &format!("  - title: Tell\n    run: '{long}'"));
    let entry = file("handover.yaml", Origin::Project, &text);
    let look = Harness::new(1, 1).model.look.clone();
    for room in [1, 20, 60] {
        let lines = document::lines(&look, &entry, false, room);
        let text: String = lines.iter().map(ToString::to_string).collect();
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(text.contains("harmless&&rm-rf\"$HOME\""), "{room}: {text}");
        assert!(lines.iter().all(|l| l.width() <= room), "no line is wider than {room}");
    }
}

#[test]
fn edit_and_copy_go_outside() {
    let path = file("handover.yaml", Origin::User, DRAFT).path.expect("a user's file has a path");
    assert!(on(80, 24, "on-call-handover").keys("e").effects.contains(&Effect::Edit(path)));
    assert!(on(80, 24, "MW-003").keys("y").effects.contains(&Effect::Copy("MW-003".to_owned())));
    on(80, 24, "MW-003").keys("e").see("part of the program");
}

#[test]
fn the_document_scrolls_and_begins_anew_for_each_workflow() {
    let reading = on(80, 24, "MW-004").keys("<tab>jjj");
    assert_eq!(file_of(&reading), "bundled:MW-004.yaml", "the list stands still");
    let reading = reading.see_no("version 1");
    let other = reading.keys("<esc>k").see("version 1");
    assert_eq!(file_of(&other), "bundled:MW-003.yaml");
    assert_eq!(other.keys("<esc>").model.screen, ScreenId::Console);
}

#[test]
fn other_ways_to_say_it_unfold() {
    let folded = registry(140, 40).see("other ways to say it").see_no("calling it a day");
    folded.keys("x").see("calling it a day").keys("x").see_no("calling it a day");
    on(80, 24, "on-call-handover").keys("x").see("no other ways");
}

#[test]
fn the_bank_read_again_keeps_the_selection() {
    let mut harness = on(80, 24, "MW-004");
    let mut registry = bank();
    registry.entries.insert(0, file("aa.yaml", Origin::User, &DRAFT.replace("on-call-handover", "aa")));
    harness.send(Msg::Bank(Arc::new(Bank { registry, ..Bank::empty(&Options::default()) })));
    assert_eq!(file_of(&harness), "bundled:MW-004.yaml");
}

#[test]
fn a_workflow_is_found_once_the_bank_has_come() {
    let mut harness = Harness::new(80, 24);
    show(&mut harness.model, &WorkflowId::new("MW-005"));
    assert_eq!(file_of(&harness.with_registry(bank())), "bundled:MW-005.yaml");
}

#[test]
fn updates_change_the_record_of_a_workflow() {
    let (run, events) = bundled_run("MW-003", "77", hours(1));
    let harness = registry(140, 40).see_no("0/1");
    let summary = RunSummary { status: RunStatus::Failed, ..summarise(&run) };
    harness.update(Update::Run { summary: Box::new(summary), events }).see("0/1").see("1 h ago");
}

#[test]
fn what_the_engine_refuses_is_said_and_asked_again() {
    let refuse = |r: &Request| {
        matches!(r, Request::Runs { filter } if filter.since.is_some())
            .then(|| Err(Error::internal("The store is busy")))
    };
    let asked = |h: &Harness| {
        let month = |r: &&&Request| matches!(r, Request::Runs { filter } if filter.since.is_some());
        h.requests().iter().filter(month).count()
    };
    let harness =
        Harness::new(80, 24).answering(refuse).with_bank().connected().keys("2").see("The store is busy");
    assert_eq!(asked(&harness), 1);
    assert_eq!(asked(&harness.keys("12")), 2);
    let once = registry(80, 24).keys("12");
    assert_eq!(asked(&once), 1, "what is known is not asked again");
}

#[test]
fn hostile_names_reach_no_screen() {
    let text = DRAFT.replace("Hand the pager over", "\"Hand \\e[31mit\\u202E over\"");
    let mut registry = crate::workflow::Registry::default();
    registry.entries.push(file("handover.yaml", Origin::User, &text));
    let harness = Harness::new(80, 24).with_registry(registry).keys("2");
    let screen = harness.screen();
    assert!(
        !screen.contains('\u{202e}') && !screen.contains('\u{1b}') && !screen.contains("[31m"),
        "{screen}"
    );
}
