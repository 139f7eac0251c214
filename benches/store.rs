//! Durable steps a second: what a commit of the journal costs beside the least that the disk
//! asks for, an append and one fdatasync of as many bytes. Ratios hold; figures are the disk's.
//!
//! `MWTUI_BENCH_DIR` puts the files on the disk to be measured; a temporary folder in memory
//! measures nothing.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use mwtui::base::{Actor, RunId, SessionId, StepId, Timestamp, WorkflowId};
use mwtui::run::summary::{StepStatus, Times};
use mwtui::run::{Context, Event, EventBody, Evidence, EvidenceKind, Outcome, RunStarted, RunStatus};
use mwtui::run::{RunSummary, WorkflowRef};
use mwtui::store::{Append, Store};
use mwtui::workflow::Origin;

/// Runs that a group commit serves at once.
const RUNS: usize = 64;

fn main() {
    divan::main();
}

/// One event and the summary after it, in one durable commit.
#[divan::bench]
fn commit_one_step(bencher: Bencher) {
    let (_dir, store) = store(1);
    let mut seq = 1;
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        seq += 1;
        store.commit(&[step(0, seq)]).expect("commit");
    });
}

/// A step of each of 64 runs in one durable commit.
#[divan::bench]
fn commit_steps_of_64_runs(bencher: Bencher) {
    let (_dir, store) = store(RUNS);
    let mut seq = 1;
    bencher.counter(ItemsCount::new(RUNS)).bench_local(|| {
        seq += 1;
        let appends: Vec<Append> = (0..RUNS).map(|run| step(run, seq)).collect();
        store.commit(&appends).expect("commit");
    });
}

/// The floor: as many bytes as one step has, appended and synced.
#[divan::bench]
fn bare_append_and_fdatasync(bencher: Bencher) {
    let dir = dir();
    let mut file = append_file(dir.path().join("bare"));
    let bytes = vec![b'x'; bytes_of_a_step()];
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        file.write_all(&bytes).expect("write");
        file.sync_data().expect("fdatasync");
    });
}

fn dir() -> tempfile::TempDir {
    match std::env::var_os("MWTUI_BENCH_DIR") {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    }
    .expect("a temporary folder")
}

fn append_file(path: PathBuf) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("a file")
}

/// A store with `runs` runs, each with its first event.
fn store(runs: usize) -> (tempfile::TempDir, Store) {
    let dir = dir();
    let store = Store::open(&dir.path().join("mwtui.redb")).expect("a new store");
    let appends: Vec<Append> = (0..runs)
        .map(|run| Append::Run {
            run: id(run),
            events: vec![Event { seq: 1, at: Timestamp(1), actor: ana(), body: started(run) }],
            summary: Box::new(summary(run, 1)),
            definition: Some(("d1".into(), Arc::from(&b"id: MW-001\n"[..]))),
        })
        .collect();
    store.commit(&appends).expect("first events");
    (dir, store)
}

fn step(run: usize, seq: u64) -> Append {
    Append::Run {
        run: id(run),
        events: vec![completed(seq)],
        summary: Box::new(summary(run, seq)),
        definition: None,
    }
}

fn bytes_of_a_step() -> usize {
    let event = serde_json::to_vec(&completed(2)).expect("JSON");
    let summary = serde_json::to_vec(&summary(0, 2)).expect("JSON");
    event.len() + summary.len()
}

fn id(run: usize) -> RunId {
    RunId::new(format!("{run:016x}"))
}

fn ana() -> Actor {
    Actor::Person("ana@laptop".into())
}

fn started(run: usize) -> EventBody {
    EventBody::RunStarted(Box::new(RunStarted {
        run: id(run),
        workflow: WorkflowRef {
            id: WorkflowId::from("MW-001"),
            name: "Close the Day".into(),
            version: 3,
            digest: "d1".into(),
            origin: Origin::Bundled,
        },
        inputs: serde_json::Map::new(),
        context: Context::default(),
        session: SessionId::from("5e55"),
        session_name: "bench".into(),
        phrase: None,
        prerequisites: Vec::new(),
        parent: None,
        subject: None,
        fork: None,
        step_through: false,
        breakpoints: Vec::new(),
    }))
}

fn completed(seq: u64) -> Event {
    let evidence = Evidence { kind: EvidenceKind::Output, text: "exit 0, 214 lines".into() };
    let outcome = Outcome { evidence: vec![evidence], ..Outcome::default() };
    let body = EventBody::StepCompleted { step: StepId::from("build"), attempt: 1, outcome };
    Event { seq, at: Timestamp(1_763_700_000_000), actor: Actor::Engine, body }
}

fn summary(run: usize, seq: u64) -> RunSummary {
    RunSummary {
        run: id(run),
        session: SessionId::from("5e55"),
        workflow: WorkflowId::from("MW-001"),
        name: "Close the Day".into(),
        version: 3,
        status: RunStatus::Running,
        folder: "/home/ana/shop".into(),
        subject: "checkout, staging".into(),
        started_at: Timestamp(1_763_700_000_000),
        started_by: ana(),
        ended_at: None,
        updated_at: Timestamp(1_763_700_000_000),
        seq,
        settled: 3,
        steps: 9,
        current: 4,
        current_title: "Build and test".into(),
        current_status: StepStatus::Running,
        need: None,
        times: Times::default(),
        open: None,
        failed_steps: Vec::new(),
        parent: None,
        moved_over: false,
        rolled_back: false,
    }
}
