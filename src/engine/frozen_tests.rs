//! Stores of earlier days, frozen: whatever has become of the code, a copy of each opens, is brought
//! up to date, and every run in it folds to what it was. They are never changed and never made anew.
//!
//! A further one, with the runs that the present code can make:
//! `MWTUI_FREEZE=NAME cargo test --lib freeze -- --ignored`.

mod scenes;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::base::{Paths, Timestamp};
use crate::engine::{examine, load};
use crate::matching::Memory;
use crate::run::{AttemptEnd, Run, RunFilter, Session, summarise};
use crate::store::Store;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores")
}

#[test]
fn every_frozen_store_opens_and_every_run_in_it_is_what_it_was() {
    let mut looked = 0;
    for entry in std::fs::read_dir(folder()).expect("the folder of frozen stores") {
        let frozen = entry.expect("an entry").path();
        if frozen.extension().is_none_or(|e| e != "redb") {
            continue;
        }
        let home = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(home.path());
        paths.create().expect("folders");
        std::fs::copy(&frozen, paths.store_file()).expect("a copy");
        let store = Store::open(&paths.store_file()).expect("it opens for ever");
        let live: Vec<Run> = store
            .live_runs()
            .expect("read")
            .iter()
            .map(|id| load::run(&store, id).expect("it folds for ever"))
            .collect();
        // As an engine does that starts on it: a later version may count something else in a row.
        examine::mend(&store, live.iter()).expect("mended");
        let examined = examine::examine(&paths, &store).expect("examined");
        assert!(examined.faults.is_empty(), "{}: {:#?}", frozen.display(), examined.faults);
        assert_eq!(examined.folded, examined.contents.runs);
        let golden = std::fs::read_to_string(frozen.with_extension("txt")).expect("what was in it");
        assert_eq!(told(&store), golden, "{} is not what it was", frozen.display());
        looked += 1;
    }
    assert!(looked > 0, "there is no frozen store in {}", folder().display());
}

#[test]
#[ignore = "makes a new frozen store: see the head of this file"]
fn freeze() {
    let name = std::env::var("MWTUI_FREEZE").expect("MWTUI_FREEZE says the new store's name");
    let file = folder().join(format!("{name}.redb"));
    assert!(!file.exists(), "{} is frozen: it is never made anew", file.display());
    let dir = tempfile::tempdir().expect("temp dir");
    let store = Store::open(&dir.path().join("mwtui.redb")).expect("a new store");
    scenes::fill(&store);
    // A copy has no room left over.
    store.backup(crate::store::backup::Target::File(&file)).expect("frozen");
    std::fs::write(file.with_extension("txt"), told(&store)).expect("written");
}

/// Everything in a store in words of this file's own, which no new field changes.
fn told(store: &Store) -> String {
    let mut text = String::new();
    let mut rows = store.runs(&RunFilter::default()).expect("read");
    rows.sort_by(|a, b| a.subject.cmp(&b.subject).then_with(|| a.run.cmp(&b.run)));
    for row in rows {
        let run = load::run(store, &row.run).expect("it folds");
        tell_run(&mut text, &run);
    }
    for session in store.sessions().expect("read") {
        let events = store.session_events(&session.id).expect("read");
        let folded = Session::replay(&events).expect("it folds");
        assert_eq!(folded, session);
        let _ = writeln!(
            text,
            "session {} “{}”: {} notes, {} exports, ended {}",
            folded.id,
            folded.name,
            folded.notes.len(),
            folded.exports.len(),
            folded.ended.is_some()
        );
    }
    for subject in store.subjects("/work/shop").expect("read") {
        let state = subject.state.as_deref().unwrap_or("unknown");
        let _ = writeln!(text, "subject {}: {state}, {} moves", subject.name, subject.moves.len());
    }
    let mut memory = Memory::default();
    for (_, event) in store.memory_events(usize::MAX).expect("read") {
        memory.apply(&event.expect("it is readable"));
    }
    let missed: Vec<&str> = memory.missed("/work/shop").map(|missed| missed.phrase.as_str()).collect();
    let _ = writeln!(text, "learned: event {}, missed {}", memory.seq, missed.join(", "));
    text
}

fn tell_run(text: &mut String, run: &Run) {
    let row = summarise(run);
    let begin = run.started_at;
    let seconds = |at: Timestamp| (at.0 - begin.0) / 1000;
    let _ = writeln!(
        text,
        "run {} {} “{}”: {}, event {}, {}/{} settled, at {} “{}” {}",
        row.run,
        row.workflow,
        row.subject,
        row.status.word(),
        row.seq,
        row.settled,
        row.steps,
        row.current,
        row.current_title,
        row.current_status.word()
    );
    let need = row.need.as_ref().map(|need| {
        let deadline = need.deadline.map(seconds);
        format!("{} at {}, {:?}, deadline {deadline:?}", need.kind.word(), need.step, need.detail)
    });
    let _ = writeln!(
        text,
        "  needs {}; updated {} s, ended {:?} s; work {}, waiting {}, retry {}, paused {}; failed {:?}",
        need.unwrap_or_else(|| "nobody".to_owned()),
        seconds(row.updated_at),
        row.ended_at.map(seconds),
        row.times.work.0,
        row.times.waiting.0,
        row.times.retry.0,
        row.times.paused.0,
        row.failed_steps
    );
    for record in &run.steps {
        let attempts: Vec<String> = record
            .attempts
            .iter()
            .map(|attempt| {
                let end = match &attempt.ended {
                    None => "open".to_owned(),
                    Some(AttemptEnd::Done { by, outcome, .. }) => {
                        let outputs = serde_json::to_string(&outcome.outputs).expect("JSON");
                        let answers = serde_json::to_string(&outcome.answers).expect("JSON");
                        format!("done by {by} {outputs} {answers} {} evidence", outcome.evidence.len())
                    }
                    Some(AttemptEnd::Failed { failure, .. }) => {
                        format!("failed {:?} {} {:?}", failure.kind, failure.message, failure.exit)
                    }
                    Some(AttemptEnd::Skipped { .. }) => "skipped".to_owned(),
                    Some(AttemptEnd::Interrupted { .. }) => "interrupted".to_owned(),
                    Some(AttemptEnd::Uncertain { .. }) => "uncertain".to_owned(),
                    Some(AttemptEnd::Cancelled { .. }) => "cancelled".to_owned(),
                };
                format!("{}. {end}", attempt.number)
            })
            .collect();
        let _ = writeln!(text, "  {} {}: {}", record.id, record.state.status().word(), attempts.join("; "));
    }
    let _ = writeln!(text, "  notes {}, went back {}", run.notes.len(), run.backs.len());
    // Lines that older stores have not.
    if let Some(rollback) = &run.rollback {
        let done = rollback.done.map(seconds);
        let _ =
            writeln!(text, "  rolled back: {}, then {:?}, through {done:?}", rollback.reason, rollback.then);
    }
    if let Some(subject) = &run.header.subject {
        let _ = writeln!(text, "  subject {} was {:?}", subject.name, subject.state);
    }
    if let Some(parent) = &run.header.parent {
        let _ = writeln!(text, "  child of {} {} {}", parent.run, parent.step, parent.attempt);
    }
    if let Some(fork) = &run.header.fork {
        let _ = writeln!(text, "  forked from {} at {}, {} carried", fork.run, fork.from, fork.carried.len());
    }
    for moved in &run.moved {
        let _ = writeln!(
            text,
            "  moved over by {} from {} to {}",
            moved.by, moved.from.version, moved.to.version
        );
    }
    for record in &run.steps {
        if let Some(lease) = record.state.taken() {
            let _ =
                writeln!(text, "  {} taken by {} until {} s", record.id, lease.holder, seconds(lease.until));
        }
    }
    if run.step_through || !run.breakpoints.is_empty() {
        let _ = writeln!(text, "  steps through {}, breakpoints {:?}", run.step_through, run.breakpoints);
    }
}
