use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use redb::ReadableTable as _;
use serde_json::Map;

use super::*;
use crate::base::{Actor, ErrorKind, StepId, Timestamp, WorkflowId};
use crate::matching::MemoryEventBody;
use crate::run::summary::{StepStatus, Times};
use crate::run::{Context, EventBody, RunStarted, RunStatus, SessionEventBody, WorkflowRef};
use crate::workflow::Origin;

pub struct Folder {
    _dir: tempfile::TempDir,
    pub file: PathBuf,
}

pub fn place() -> Folder {
    let dir = tempfile::tempdir().expect("temp dir");
    let file = dir.path().join("mwtui.redb");
    Folder { _dir: dir, file }
}

impl Store {
    /// Writes what no caller can.
    pub fn change(&self, write: impl FnOnce(&redb::WriteTransaction) -> trouble::Result<()>) -> Result<()> {
        let opened = self.database.read().expect("unpoisoned");
        let Opened::Database(database) = &*opened else { panic!("the store is not open for writing") };
        let txn = database.begin_write().expect("a transaction");
        journal::transaction(txn, write).map_err(Trouble::in_writing)
    }
}

fn ana() -> Actor {
    Actor::Person("ana@host".into())
}

fn started(run: &str, at: i64) -> Event {
    let header = RunStarted {
        run: RunId::from(run),
        workflow: WorkflowRef {
            id: WorkflowId::from("MW-001"),
            name: "Close the Day".into(),
            version: 3,
            digest: pinned(),
            origin: Origin::Bundled,
        },
        inputs: Map::new(),
        context: Context::default(),
        session: SessionId::from("5e55"),
        session_name: "tests".into(),
        phrase: None,
        prerequisites: vec![],
        parent: None,
        subject: None,
        fork: None,
        step_through: false,
        breakpoints: Vec::new(),
    };
    Event { seq: 1, at: Timestamp(at), actor: ana(), body: EventBody::RunStarted(Box::new(header)) }
}

pub fn note(seq: u64) -> Event {
    let body = EventBody::NoteAdded { step: Some(StepId::from("one")), text: format!("note {seq} “ü”") };
    Event { seq, at: Timestamp(1_000 + seq.cast_signed()), actor: ana(), body }
}

pub fn row(run: &str, seq: u64, at: i64, status: RunStatus) -> Box<RunSummary> {
    Box::new(RunSummary {
        run: RunId::from(run),
        session: SessionId::from("5e55"),
        workflow: WorkflowId::from("MW-001"),
        name: "Close the Day".into(),
        version: 3,
        status,
        folder: "/w".into(),
        subject: format!("Straße {run}"),
        started_at: Timestamp(at),
        started_by: ana(),
        ended_at: None,
        updated_at: Timestamp(at),
        seq,
        settled: 0,
        steps: 2,
        current: 1,
        current_title: "Look around".into(),
        current_status: StepStatus::Running,
        need: None,
        times: Times::default(),
        open: None,
        failed_steps: vec!["Push the tag".into()],
        parent: None,
        moved_over: false,
        rolled_back: false,
    })
}

const SOURCE: &[u8] = b"id: MW-001\n";

/// The digest of the definition that these runs are pinned to.
pub fn pinned() -> String {
    crate::base::digest(SOURCE)
}

fn source() -> Definition {
    (pinned(), Arc::from(SOURCE))
}

/// A run's first `events` events, all at once.
pub fn new_run(run: &str, events: u64, at: i64, status: RunStatus) -> Append {
    let journal = std::iter::once(started(run, at)).chain((2..=events).map(note)).collect();
    Append::Run {
        run: run.into(),
        events: journal,
        summary: row(run, events, at, status),
        definition: Some(source()),
    }
}

pub fn more(run: &str, seqs: &[u64]) -> Append {
    let last = seqs.last().copied().unwrap_or_default();
    Append::Run {
        run: run.into(),
        events: seqs.iter().copied().map(note).collect(),
        summary: row(run, last, 10, RunStatus::Running),
        definition: None,
    }
}

fn opened(id: &str, at: i64) -> (SessionEvent, Session) {
    let body = SessionEventBody::Opened {
        session: SessionId::from(id),
        name: "Monday".into(),
        folder: "/w".into(),
        start_commit: Some("abc".into()),
    };
    let event = SessionEvent { seq: 1, at: Timestamp(at), actor: ana(), body };
    let session = Session::begin(&event).expect("opened");
    (event, session)
}

pub fn ids(runs: &[RunSummary]) -> Vec<&str> {
    runs.iter().map(|r| r.run.as_str()).collect()
}

#[test]
fn what_is_committed_is_there_after_reopening() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    let (event, session) = opened("5e55", 7);
    store
        .commit(&[
            new_run("aa11", 2, 10, RunStatus::Running),
            Append::Session {
                session: "5e55".into(),
                events: vec![event.clone()],
                state: Box::new(session.clone()),
            },
        ])
        .expect("commit");
    store.commit(&[more("aa11", &[3, 4])]).expect("commit");
    drop(store);

    let store = Store::open(&place.file).expect("reopen");
    let run = RunId::from("aa11");
    let all = store.events(&run, 0, 100).expect("events");
    assert_eq!(all, vec![started("aa11", 10), note(2), note(3), note(4)]);
    assert_eq!(store.events(&run, 1, 2).expect("events"), vec![note(2), note(3)]);
    assert_eq!(store.events(&run, u64::MAX, 2).expect("events"), vec![]);
    assert_eq!(store.summary(&run).expect("read"), Some(*row("aa11", 4, 10, RunStatus::Running)));
    assert_eq!(store.summary(&"none".into()).expect("read"), None);
    assert_eq!(store.definition(&pinned()).expect("read").as_deref(), Some(&b"id: MW-001\n"[..]));
    assert_eq!(store.definition("d2").expect("read"), None);
    assert_eq!(store.session(&"5e55".into()).expect("read"), Some(session.clone()));
    assert_eq!(store.session_events(&"5e55".into()).expect("read"), vec![event]);
    assert_eq!(store.sessions().expect("read"), vec![session]);
    assert_eq!(store.newest_run().expect("read"), Some(run));
    assert_eq!(store.schema_version().expect("read"), migrations::CURRENT);
    assert!(store.size() > 0);
}

#[test]
fn gaps_duplicates_and_strange_states_are_refused_and_change_nothing() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 2, 10, RunStatus::Running)]).expect("commit");
    let strange = Append::Run {
        run: "aa11".into(),
        events: vec![note(3)],
        summary: row("aa11", 4, 10, RunStatus::Completed),
        definition: None,
    };
    let foreign = Append::Run {
        run: "aa11".into(),
        events: vec![note(3)],
        summary: row("bb22", 3, 10, RunStatus::Running),
        definition: None,
    };
    for bad in [more("aa11", &[4]), more("aa11", &[2]), more("aa11", &[3, 5]), strange, foreign] {
        let error = store.commit(&[bad]).expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Internal, "{error:?}");
    }
    let run = RunId::from("aa11");
    assert_eq!(store.events(&run, 0, 9).expect("events").len(), 2);
    assert_eq!(store.summary(&run).expect("read").map(|s| s.seq), Some(2));
    store.commit(&[more("aa11", &[3])]).expect("goes on after refusals");
}

#[test]
fn of_two_appends_both_are_written_or_none() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store
        .commit(&[new_run("aa11", 1, 10, RunStatus::Running), more("bb22", &[2])])
        .expect_err("a gap in the second");
    assert_eq!(store.summary(&"aa11".into()).expect("read"), None);
    assert_eq!(store.definition(&pinned()).expect("read"), None);
    assert!(store.live_runs().expect("read").is_empty());
    let without = Append::Run {
        run: "aa11".into(),
        events: vec![started("aa11", 1)],
        summary: row("aa11", 1, 1, RunStatus::Running),
        definition: None,
    };
    let error = store.commit(&[without]).expect_err("its definition is nowhere");
    assert!(error.message.contains("definition"), "{error:?}");
}

#[test]
fn a_definition_is_kept_once_and_never_changed() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 1, 10, RunStatus::Running)]).expect("commit");
    let mut second = new_run("bb22", 1, 10, RunStatus::Running);
    if let Append::Run { definition, .. } = &mut second {
        *definition = Some((pinned(), Arc::from(&b"other"[..])));
    }
    store.commit(&[second]).expect("commit");
    assert_eq!(store.definition(&pinned()).expect("read").as_deref(), Some(&b"id: MW-001\n"[..]));
}

#[test]
fn lists_are_newest_first_and_a_limit_spares_live_runs() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    for (run, at, status) in [
        ("aa11", 10, RunStatus::Waiting),
        ("aa22", 20, RunStatus::Completed),
        ("bb33", 30, RunStatus::Failed),
        ("bb44", 40, RunStatus::Completed),
        ("cc55", -5, RunStatus::Running),
    ] {
        store.commit(&[new_run(run, 1, at, status)]).expect("commit");
    }
    let list = |filter: RunFilter| store.runs(&filter).expect("list");
    assert_eq!(ids(&list(RunFilter::default())), ["bb44", "bb33", "aa22", "aa11", "cc55"]);
    assert_eq!(ids(&list(RunFilter { limit: Some(3), ..Default::default() })), ["bb44", "aa11", "cc55"]);
    assert_eq!(ids(&list(RunFilter { limit: Some(0), ..Default::default() })), ["aa11", "cc55"]);
    assert_eq!(
        ids(&list(RunFilter { since: Some(Timestamp(20)), ..Default::default() })),
        ["bb44", "bb33", "aa22"]
    );
    let statuses = vec![RunStatus::Failed, RunStatus::Waiting];
    assert_eq!(ids(&list(RunFilter { statuses, ..Default::default() })), ["bb33", "aa11"]);
    let search = |text: &str| RunFilter { search: Some(text.into()), ..Default::default() };
    assert_eq!(ids(&list(search("STRASSE"))), Vec::<&str>::new());
    assert_eq!(ids(&list(search("STRAßE bb33"))), ["bb33"]);
    assert_eq!(list(search("close DAY")).len(), 5);
    assert_eq!(list(search("push the TAG")).len(), 5);
    assert_eq!(list(RunFilter { workflow: Some("MW-002".into()), ..Default::default() }).len(), 0);
    assert_eq!(list(RunFilter { session: Some("5e55".into()), ..Default::default() }).len(), 5);

    let mut live = store.live_runs().expect("read");
    live.sort();
    assert_eq!(live, ["aa11".into(), "cc55".into()]);
    assert_eq!(store.newest_run().expect("read"), Some("bb44".into()));
    let found = |prefix, limit| store.runs_with_prefix(prefix, limit).expect("read").len();
    assert_eq!(
        [found("aa", 9), found("", 9), found("", 2), found("bb4", 9), found("zz", 9)],
        [2, 5, 2, 1, 0]
    );
}

#[test]
fn a_run_that_ends_is_live_no_more() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 1, 10, RunStatus::Running)]).expect("commit");
    let end = Event { seq: 2, at: Timestamp(11), actor: Actor::Engine, body: EventBody::RunCompleted };
    store
        .commit(&[Append::Run {
            run: "aa11".into(),
            events: vec![end],
            summary: row("aa11", 2, 10, RunStatus::Completed),
            definition: None,
        }])
        .expect("commit");
    assert!(store.live_runs().expect("read").is_empty());
}

#[test]
fn the_file_is_private_and_has_one_opener() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    let mode = std::fs::metadata(&place.file).expect("meta").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = place.file.parent().expect("folder");
    assert_eq!(std::fs::read_dir(folder).expect("list").count(), 1, "nothing else is left");
    let error = Store::open(&place.file).err().expect("in use");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("in use") && error.hint.is_some(), "{error:?}");
    drop(store);
    std::fs::set_permissions(&place.file, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let _store = Store::open(&place.file).expect("free again");
    let mode = std::fs::metadata(&place.file).expect("meta").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "tightened");
}

#[test]
fn what_cannot_be_read_is_refused_and_left_as_it_is() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 50, 10, RunStatus::Running)]).expect("commit");
    drop(store);
    let good = std::fs::read(&place.file).expect("read");
    let mut beginning = good.clone();
    beginning[..9].fill(0);
    let mut header = good.clone();
    header[64..512].fill(0xff);
    let mut pages = good.clone();
    pages[4096..].fill(0xaa);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("text", b"not a database at all\n".to_vec()),
        ("long text", b"not a database at all\n".repeat(10_000)),
        ("no magic number", beginning),
        ("broken header", header),
        ("broken pages", pages),
        ("cut in half", good[..good.len() / 2].to_vec()),
        ("header only", good[..512].to_vec()),
    ];
    for (what, bytes) in cases {
        std::fs::write(&place.file, &bytes).expect("write");
        let error = Store::open(&place.file).err().unwrap_or_else(|| panic!("{what} was opened"));
        assert_eq!(error.kind, ErrorKind::Internal, "{what}: {error:?}");
        let told = format!("{} {} {:?}", error.message, error.causes.join(" "), error.hint);
        for part in ["mwtui.redb", "/backups", "mwtui doctor"] {
            assert!(told.contains(part), "{what}: {told}");
        }
        assert!(std::fs::read(&place.file).expect("read") == bytes, "{what} was changed");
    }
    std::fs::write(&place.file, &good).expect("restore");
    assert_eq!(
        Store::open(&place.file).expect("good").events(&"aa11".into(), 0, 99).expect("read").len(),
        50
    );
}

#[test]
fn a_foreign_or_newer_database_is_refused_and_left_as_it_is() {
    let place = place();
    #[expect(clippy::disallowed_methods, reason = "a database that is none of ours")]
    let foreign = redb::Database::create(&place.file).expect("foreign database");
    drop(foreign);
    let bytes = std::fs::read(&place.file).expect("read");
    let error = Store::open(&place.file).err().expect("foreign");
    assert!(error.causes[0].contains("no schema version"), "{error:?}");
    assert!(std::fs::read(&place.file).expect("read") == bytes);

    std::fs::remove_file(&place.file).expect("remove");
    let store = Store::open(&place.file).expect("new store");
    store
        .change(|txn| migrations::set_version(txn, migrations::CURRENT + 1, "9.9.9"))
        .expect("a newer version");
    drop(store);
    let bytes = std::fs::read(&place.file).expect("read");
    let error = Store::open(&place.file).err().expect("newer");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.causes[0].contains("9.9.9"), "{error:?}");
    assert!(std::fs::read(&place.file).expect("read") == bytes);
}

#[test]
fn migrations_may_run_twice_and_keep_what_is_there() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 2, 10, RunStatus::Running)]).expect("commit");
    store.change(|txn| migrations::set_version(txn, 0, "0.0.0")).expect("back to the beginning");
    drop(store);
    let store = Store::open(&place.file).expect("migrated again");
    assert_eq!(store.schema_version().expect("read"), migrations::CURRENT);
    assert_eq!(store.events(&"aa11".into(), 0, 9).expect("read").len(), 2);
}

pub fn learned(seq: u64) -> MemoryEvent {
    let body = MemoryEventBody::Missed { phrase: format!("phrase {seq}"), project: None };
    MemoryEvent { seq, at: Timestamp(5), actor: ana(), body }
}

#[test]
fn a_store_from_before_learning_gets_its_table() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store
        .change(|txn| {
            txn.delete_table(tables::MEMORY_EVENTS)?;
            migrations::set_version(txn, 1, "0.0.1")
        })
        .expect("as the first version left it");
    drop(store);
    let store = Store::open(&place.file).expect("migrated");
    assert_eq!(store.schema_version().expect("read"), migrations::CURRENT);
    assert!(store.memory_events(9).expect("read").is_empty());
    store.commit(&[Append::Memory { events: vec![learned(1)] }]).expect("commit");
}

#[test]
fn of_what_is_learned_the_newest_are_read_and_a_broken_event_costs_itself_alone() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[Append::Memory { events: (1..=4).map(learned).collect() }]).expect("commit");
    store.commit(&[Append::Memory { events: vec![learned(6)] }]).expect_err("a gap");
    store
        .change(|txn| {
            let mut table = txn.open_table(tables::MEMORY_EVENTS)?;
            table.insert(3, &[9_u8, 1][..])?;
            Ok(())
        })
        .expect("written");
    let read = store.memory_events(3).expect("read");
    let told: Vec<(u64, bool)> = read.iter().map(|(seq, event)| (*seq, event.is_ok())).collect();
    assert_eq!(told, [(2, true), (3, false), (4, true)]);
    let error = read[1].1.as_ref().expect_err("unreadable");
    assert!(error.message.contains("Event 3"), "{error:?}");
}

#[test]
fn a_store_copied_while_open_is_repaired_and_has_every_commit() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 3, 10, RunStatus::Running)]).expect("commit");
    let copy = place.file.with_file_name("copy.redb");
    std::fs::copy(&place.file, &copy).expect("as a crash would leave it");
    let store = Store::open(&copy).expect("repaired");
    assert_eq!(store.events(&"aa11".into(), 0, 9).expect("read").len(), 3);
}

#[test]
fn after_a_failed_write_the_file_is_opened_anew_but_never_made_anew() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 1, 10, RunStatus::Running)]).expect("commit");
    store.broken.store(true, Ordering::Release);
    std::fs::remove_file(&place.file).expect("the file is taken away");
    let error = store.commit(&[more("aa11", &[2])]).expect_err("no file");
    assert_eq!(error.kind, ErrorKind::Internal);
    assert!(!place.file.exists(), "an empty store must not take its place");
}

#[test]
fn values_tell_their_format() {
    let bytes = tables::encode(&note(2)).expect("encode");
    assert_eq!(bytes[0], tables::JSON);
    let what = || "Event 2".to_owned();
    assert_eq!(tables::decode::<Event>(&bytes, what).expect("decode"), note(2));
    let error = tables::decode::<Event>(&[9, b'{', b'}'], what).expect_err("unknown format");
    assert!(error.causes[0].contains("format 9"), "{error:?}");
    assert!(tables::decode::<Event>(&[], what).is_err() && tables::decode::<Event>(b"\x01{", what).is_err());
}

#[test]
fn a_value_in_an_unknown_format_is_named() {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store
        .change(|txn| {
            let mut table = txn.open_table(tables::RUNS)?;
            table.insert("aa11", &[9_u8, 1][..])?;
            assert!(table.first()?.is_some());
            Ok(())
        })
        .expect("written");
    let error = store.summary(&"aa11".into()).expect_err("unreadable");
    assert!(error.message.contains("aa11"), "{error:?}");
}
