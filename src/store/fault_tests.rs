//! What the store makes of a disk that is full, fails, or loses its power.

use super::disk::{Disk, Fault};
use super::tests::{learned, more, new_run};
use super::*;
use crate::run::RunStatus;

fn seqs(store: &Store, run: &str) -> Vec<u64> {
    store.events(&run.into(), 0, 99).expect("read").iter().map(|event| event.seq).collect()
}

/// A store with run aa11, at event 2.
fn begun() -> (Disk, Store) {
    let disk = Disk::new();
    let store = Store::open_on(&disk).expect("a new store");
    store.commit(&[new_run("aa11", 2, 10, RunStatus::Running)]).expect("commit");
    (disk, store)
}

#[test]
fn on_a_full_disk_commits_say_so_reading_goes_on_and_so_do_commits_once_there_is_room() {
    let (disk, store) = begun();
    disk.fail(Fault::Full);
    for _ in 0..3 {
        let error = store.commit(&[more("aa11", &[3])]).expect_err("no room");
        assert!(is_full(&error), "{error:?}");
        assert!(error.message.contains("disk is full") && error.hint.is_some(), "{error:?}");
        assert_eq!(seqs(&store, "aa11"), [1, 2], "what was acknowledged can be read");
    }
    assert!(disk.refused() > 0);
    disk.heal();
    store.commit(&[more("aa11", &[3])]).expect("there is room again");
    assert_eq!(seqs(&store, "aa11"), [1, 2, 3]);
    drop(store);
    assert_eq!(seqs(&Store::open_on(&disk).expect("whole"), "aa11"), [1, 2, 3]);
}

#[test]
fn a_device_that_fails_is_not_called_full() {
    let (disk, store) = begun();
    disk.fail(Fault::Device);
    let error = store.commit(&[more("aa11", &[3])]).expect_err("broken");
    assert!(!is_full(&error) && error.kind == ErrorKind::Internal, "{error:?}");
    disk.heal();
    store.commit(&[more("aa11", &[3])]).expect("it works again");
}

#[test]
fn wherever_the_disk_fails_in_a_commit_all_of_it_is_there_or_nothing_and_the_answer_says_which() {
    for fault in [Fault::Full, Fault::Device, Fault::Sync] {
        let mut failures = 0;
        for after in 0..200 {
            let (disk, store) = begun();
            let before = disk.operations();
            disk.fail_after(after, fault);
            let appends = [
                more("aa11", &[3]),
                new_run("bb22", 2, 20, RunStatus::Running),
                more("aa11", &[4]),
                Append::Memory { events: vec![learned(1)] },
            ];
            let made = store.commit(&appends);
            let is_past = disk.operations() - before <= after;
            disk.heal();
            let there = made.is_ok();
            let (run, new, memory): (&[u64], &[u64], usize) =
                if there { (&[1, 2, 3, 4], &[1, 2], 1) } else { (&[1, 2], &[], 0) };
            let look = |store: &Store| {
                let what = format!("{fault:?} after {after}: {made:?}");
                assert_eq!(seqs(store, "aa11"), run, "{what}");
                assert_eq!(seqs(store, "bb22"), new, "{what}");
                assert_eq!(store.memory_events(9).expect("read").len(), memory, "{what}");
                let row = store.summary(&"aa11".into()).expect("read").expect("its row");
                assert_eq!(row.seq, run.len() as u64, "{what}");
                assert_eq!(store.summary(&"bb22".into()).expect("read").is_some(), there, "{what}");
                assert_eq!(store.live_runs().expect("read").len(), 1 + usize::from(there), "{what}");
                let list = store.runs(&RunFilter::default()).expect("read");
                assert_eq!(list.len(), 1 + usize::from(there), "{what}");
            };
            look(&store);
            if !there {
                failures += 1;
                store.commit(&[more("aa11", &[3])]).expect("it goes on where it was");
                assert_eq!(seqs(&store, "aa11"), [1, 2, 3]);
                continue;
            }
            drop(store);
            look(&Store::open_on(&disk).expect("whole"));
            if is_past {
                break;
            }
        }
        assert!(failures > 1, "{fault:?} never struck");
    }
}

#[test]
fn a_commit_that_failed_but_was_kept_is_taken_back_before_anything_is_read() {
    // Syncing fails: redb has written everything, and finds it there when it opens the file again.
    let mut taken_back = 0;
    for after in 0..20 {
        let (disk, store) = begun();
        disk.fail_after(after, Fault::Sync);
        let made = store.commit(&[more("aa11", &[3]), new_run("bb22", 1, 20, RunStatus::Running)]);
        if made.is_ok() {
            break;
        }
        // Even while the fault lasts.
        assert_eq!(seqs(&store, "aa11"), [1, 2]);
        assert_eq!(store.live_runs().expect("read"), ["aa11".into()]);
        assert_eq!(store.newest_run().expect("read"), Some("aa11".into()));
        let unsettled = disk.copy();
        disk.heal();
        store.commit(&[more("aa11", &[3])]).expect("goes on");
        assert_eq!(seqs(&store, "aa11"), [1, 2, 3]);
        taken_back += usize::from(seqs(&Store::open_on(&unsettled).expect("whole"), "aa11").len() == 3);
    }
    assert!(taken_back > 0, "no failed commit was kept: the test tests nothing");
}

#[test]
fn a_crash_at_any_moment_loses_nothing_that_was_acknowledged() {
    // A small generator of our own: the same seed makes the same crash.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..60 {
        let (disk, mut store) = begun();
        let mut acknowledged = 2;
        for _ in 0..4 {
            disk.fail_after(random() % 40, Fault::Device);
            while acknowledged < 90 && store.commit(&[more("aa11", &[acknowledged + 1])]).is_ok() {
                acknowledged += 1;
            }
            disk.crash(|| random() % 2 == 0);
            drop(store);
            store = Store::open_on(&disk).expect("it opens after every crash");
            let found = seqs(&store, "aa11");
            let last = found.last().copied().expect("its journal");
            assert_eq!(found, (1..=last).collect::<Vec<_>>());
            // What was under way may have been kept; what was acknowledged must be.
            assert!(last == acknowledged || last == acknowledged + 1, "{last}, not {acknowledged}");
            acknowledged = last;
        }
    }
}

#[test]
fn a_view_shows_what_is_there_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("temp dir");
    let file = dir.path().join("mwtui.redb");
    let store = Store::open(&file).expect("a new store");
    store.commit(&[new_run("aa11", 3, 10, RunStatus::Running)]).expect("commit");
    // As a crash would leave it: it must be repaired before it can be read.
    let copy = dir.path().join("copy.redb");
    std::fs::copy(&file, &copy).expect("copied");
    let bytes = std::fs::read(&copy).expect("read");
    let (database, _) = open::view(&Place::File(copy.clone())).expect("a view");
    let seen = database.begin_read().map_err(Trouble::from);
    let seen = seen.and_then(|txn| queries::events(&txn, &"aa11".into(), 0, 9)).expect("read");
    assert_eq!(seen.len(), 3);
    drop(database);
    assert!(std::fs::read(&copy).expect("read") == bytes, "the file below was changed");
}

#[test]
fn a_probe_says_whether_there_is_room_and_leaves_nothing() {
    let (disk, store) = begun();
    store.probe().expect("there is room");
    disk.fail(Fault::Full);
    assert!(is_full(&store.probe().expect_err("no room")));
    disk.heal();
    store.probe().expect("there is room again");
    assert_eq!(seqs(&store, "aa11"), [1, 2]);
}
