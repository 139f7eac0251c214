//! Copies of the store: made while it is written, before a migration, looked at and put back.

use std::os::unix::fs::PermissionsExt as _;

use redb::TableHandle as _;

use super::backup::{self, Target};
use super::tests::{Folder, learned, more, new_run, pinned, place};
use super::*;
use crate::base::backups::{self, Origin};
use crate::base::paths;
use crate::run::RunStatus;

fn ends(store: &Store) -> Vec<(String, usize)> {
    let runs = store.runs(&RunFilter::default()).expect("read");
    let events = |run: &RunId| store.events(run, 0, 999).expect("read").len();
    runs.iter().map(|run| (run.run.to_string(), events(&run.run))).collect()
}

fn filled() -> (Folder, Store) {
    let place = place();
    let store = Store::open(&place.file).expect("new store");
    store.commit(&[new_run("aa11", 3, 10, RunStatus::Running)]).expect("commit");
    store.commit(&[new_run("bb22", 2, 20, RunStatus::Completed)]).expect("commit");
    store.commit(&[Append::Memory { events: vec![learned(1)] }]).expect("commit");
    (place, store)
}

#[test]
fn a_backup_is_a_store_of_its_own_with_every_table() {
    let (place, store) = filled();
    let made = store.backup(Target::Folder).expect("a backup");
    let folder = paths::backups_of(&place.file);
    assert_eq!(made.parent(), Some(&*folder));
    let mode = |path: &Path| std::fs::metadata(path).expect("meta").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&made)), (0o700, 0o600));
    store.commit(&[more("aa11", &[4])]).expect("the store goes on");
    assert_eq!(std::fs::read_dir(&folder).expect("list").count(), 1, "nothing else is left");

    let checked = backup::check(&made).expect("whole");
    assert!(checked.faults.is_empty(), "{:?}", checked.faults);
    assert_eq!((checked.contents.runs, checked.contents.live_runs, checked.contents.events), (2, 1, 5));
    let copy = Store::open(&made).expect("a store");
    assert_eq!(ends(&copy), [("bb22".into(), 2), ("aa11".into(), 3)]);
    assert_eq!(copy.memory_events(9).expect("read").len(), 1);
    assert_eq!(copy.live_runs().expect("read"), store.live_runs().expect("read"));
    assert_eq!(copy.definition(&pinned()).expect("read"), store.definition(&pinned()).expect("read"));
    let tables = |store: &Store| {
        store
            .read(|txn| Ok(txn.list_tables()?.map(|table| table.name().to_owned()).collect::<Vec<_>>()))
            .expect("tables")
    };
    assert_eq!(tables(&copy), tables(&store));
}

#[test]
fn a_backup_never_takes_the_place_of_a_file() {
    let (place, store) = filled();
    let named = place.file.with_file_name("mine.redb");
    store.backup(Target::File(&named)).expect("a backup");
    let error = store.backup(Target::File(&named)).expect_err("it is there already");
    assert_eq!(error.kind, ErrorKind::Refused);
    let nowhere = place.file.with_file_name("no/such/folder.redb");
    let error = store.backup(Target::File(&nowhere)).expect_err("no folder");
    assert!(error.message.contains("no/such") && error.hint.is_some(), "{error:?}");
}

#[test]
fn backups_at_the_same_time_are_several_while_the_store_is_written() {
    let (place, store) = filled();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for seq in 4..60 {
                store.commit(&[more("aa11", &[seq])]).expect("commit");
            }
        });
        let makers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| store.backup(Target::Folder).expect("a backup"))).collect();
        let made: std::collections::BTreeSet<_> =
            makers.into_iter().map(|maker| maker.join().expect("made")).collect();
        assert_eq!(made.len(), 3, "each has its own file: {made:?}");
        writer.join().expect("written");
        for file in &made {
            let checked = backup::check(file).expect("whole");
            assert!(checked.faults.is_empty(), "consistent, whatever moment it shows: {:?}", checked.faults);
            assert!((5..=61).contains(&checked.contents.events), "{:?}", checked.contents);
        }
        assert_eq!(backups::list(&paths::backups_of(&place.file)).len(), 3);
    });
    assert_eq!(ends(&store)[1], ("aa11".into(), 59));
}

#[test]
fn what_is_put_back_is_looked_at_first_and_the_present_store_is_kept() {
    let (place, store) = filled();
    let made = store.backup(Target::Folder).expect("a backup");
    store.commit(&[more("aa11", &[4, 5])]).expect("commit");
    drop(store);
    let present = std::fs::read(&place.file).expect("read");

    let bytes = std::fs::read(&made).expect("read");
    let bad = place.file.with_file_name("bad.redb");
    let half = bytes[..bytes.len() / 2].to_vec();
    let mut page = bytes.clone();
    let at = bytes.windows(9).rposition(|part| part == b"Close the").expect("a row");
    page[at] ^= 1;
    for (what, bytes) in
        [("half", half), ("one bit", page), ("empty", vec![]), ("text", b"hello\n".repeat(999))]
    {
        std::fs::write(&bad, &bytes).expect("written");
        let error = backup::put_back(&bad, &place.file).expect_err(what);
        assert!(error.message.contains("bad.redb") && !error.causes.is_empty(), "{what}: {error:?}");
        assert!(std::fs::read(&place.file).expect("read") == present, "{what}: the store was touched");
        assert!(std::fs::read(&bad).expect("read") == bytes, "{what}: the backup was touched");
    }
    assert_eq!(backup::put_back(&place.file, &place.file).expect_err("itself").kind, ErrorKind::Refused);
    let folder = place.file.parent().expect("folder");
    let names = |folder: &Path| std::fs::read_dir(folder).expect("list").count();
    assert_eq!(names(folder), 3, "the store, bad.redb and backups/; nothing half done is left");

    let (checked, aside) = backup::put_back(&made, &place.file).expect("put back");
    assert_eq!(checked.contents.events, 5);
    let aside = aside.expect("there was a store");
    assert!(std::fs::read(&aside).expect("read") == present);
    assert_eq!(ends(&Store::open(&place.file).expect("a store"))[1], ("aa11".into(), 3));
    assert!(made.exists(), "the backup stays");
    // And back again.
    backup::put_back(&aside, &place.file).expect("put back");
    assert_eq!(ends(&Store::open(&place.file).expect("a store"))[1], ("aa11".into(), 5));
    let origins: Vec<Origin> =
        backups::list(&paths::backups_of(&place.file)).iter().map(|b| b.origin).collect();
    assert_eq!(origins.iter().filter(|origin| **origin == Origin::Aside).count(), 2);
}

#[test]
fn a_backup_of_a_later_version_is_refused_with_the_reason() {
    let (place, store) = filled();
    let made = store.backup(Target::Folder).expect("a backup");
    let later = Store::open(&made).expect("a store");
    later.change(|txn| migrations::set_version(txn, migrations::CURRENT + 1, "9.9.9")).expect("written");
    drop(later);
    drop(store);
    let error = backup::put_back(&made, &place.file).expect_err("newer");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.causes[0].contains("9.9.9"), "{error:?}");
}

#[test]
fn before_its_schema_changes_the_store_is_copied_and_the_last_few_copies_are_kept() {
    let (place, mut store) = filled();
    let folder = paths::backups_of(&place.file);
    for time in 1..=5 {
        store.change(|txn| migrations::set_version(txn, 1, "0.0.1")).expect("written");
        drop(store);
        store = Store::open(&place.file).expect("migrated");
        let kept = backups::list(&folder);
        assert_eq!(kept.len(), time.min(3), "{kept:?}");
        assert!(kept.iter().all(|b| b.origin == Origin::BeforeSchema(migrations::CURRENT)));
        assert_eq!(backup::check(&kept[0].path).expect("whole").contents.schema, 1);
    }
    // Where it cannot be copied, it is not changed.
    store.change(|txn| migrations::set_version(txn, 1, "0.0.1")).expect("written");
    drop(store);
    std::fs::remove_dir_all(&folder).expect("removed");
    std::fs::write(&folder, "in the way").expect("written");
    let error = Store::open(&place.file).err().expect("not migrated");
    assert!(error.message.contains("was not brought to schema"), "{error:?}");
    assert_eq!(Store::view(&place.file).expect("a view").contents().expect("read").runs, 2);
    std::fs::remove_file(&folder).expect("removed");
    let again = Store::open(&place.file).expect("migrated");
    assert_eq!(again.schema_version().expect("read"), migrations::CURRENT);
}

#[test]
fn an_unreadable_store_names_its_newest_backup_and_how_to_put_it_back() {
    let (place, store) = filled();
    let made = store.backup(Target::Folder).expect("a backup");
    drop(store);
    std::fs::write(&place.file, "no store at all\n".repeat(500)).expect("written");
    let error = Store::open(&place.file).err().expect("unreadable");
    let hint = error.hint.expect("a hint");
    assert!(hint.contains(&format!("mwtui restore {}", made.display())), "{hint}");
}

#[test]
fn faults_are_found_and_told_one_by_one() {
    type Harm = fn(&redb::WriteTransaction) -> trouble::Result<()>;
    let harms: &[(&str, Harm)] = &[
        ("event 2 is missing", |txn| {
            txn.open_table(tables::RUN_EVENTS)?.remove(("aa11", 2))?;
            Ok(())
        }),
        ("its journal ends at event 2", |txn| {
            txn.open_table(tables::RUN_EVENTS)?.remove(("aa11", 3))?;
            Ok(())
        }),
        ("cannot be read", |txn| {
            txn.open_table(tables::RUN_EVENTS)?.insert(("aa11", 3), &b"\x01{"[..])?;
            Ok(())
        }),
        ("definition that it is pinned to is missing", |txn| {
            txn.open_table(tables::DEFINITIONS)?.remove(pinned().as_str())?;
            Ok(())
        }),
        ("was changed", |txn| {
            txn.open_table(tables::DEFINITIONS)?.insert(pinned().as_str(), &b"\x00id: MW-002\n"[..])?;
            Ok(())
        }),
        ("its row is missing", |txn| {
            txn.open_table(tables::RUNS)?.remove("aa11")?;
            Ok(())
        }),
        ("the lists of runs", |txn| {
            txn.open_table(tables::LIVE_RUNS)?.remove("aa11")?;
            Ok(())
        }),
        ("the lists of runs", |txn| {
            txn.open_table(tables::RUNS_BY_START)?.remove((10, "aa11"))?;
            Ok(())
        }),
        ("What is learned: event 1 is missing", |txn| {
            txn.open_table(tables::MEMORY_EVENTS)?.remove(1)?;
            txn.open_table(tables::MEMORY_EVENTS)?.insert(2, tables::encode(&learned(2))?.as_slice())?;
            Ok(())
        }),
    ];
    let told = |store: &Store| -> Vec<String> {
        store.faults().expect("read").into_iter().map(|fault| fault.message).collect()
    };
    assert_eq!(told(&filled().1), Vec::<String>::new());
    for (sign, harm) in harms {
        let (_place, store) = filled();
        store.change(harm).expect("harmed");
        let told = told(&store);
        assert!(told.iter().any(|fault| fault.contains(sign)), "{sign}: {told:?}");
        assert!(told.iter().all(|fault| !fault.contains("bb22") || fault.contains("definition")), "{told:?}");
    }
}
