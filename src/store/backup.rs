//! Copies of the store, each a store of its own: made while it is open, made before its schema
//! changes, looked at, and put back in its place.

use std::io::ErrorKind as IoKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use redb::{
    Database, Durability, Key, ReadTransaction, ReadableDatabase as _, TableDefinition, TableError, Value,
    WriteTransaction,
};
use tempfile::NamedTempFile;

use crate::base::backups::{self, Origin};
use crate::base::{Error, ErrorKind, Result, Timestamp, paths};
use crate::store::open::{self, Place};
use crate::store::tables::{
    DEFINITIONS, LIVE_RUNS, MEMORY_EVENTS, META, RUN_EVENTS, RUNS, RUNS_BY_START, SESSION_EVENTS, SESSIONS,
    SESSIONS_BY_TIME, SUBJECTS, every_table,
};
use crate::store::trouble::{self, Trouble, has_no_room};
use crate::store::{Store, examine};

/// How many backups that were made by themselves are kept.
const KEPT: usize = 3;

/// Where a copy goes.
#[derive(Debug, Clone, Copy)]
pub enum Target<'p> {
    /// A file that is not there yet.
    File(&'p Path),
    /// The store's own folder for backups, with the date as the name.
    Folder,
}

/// What a store that was looked at holds, and what is wrong in it without making it useless.
#[derive(Debug)]
pub struct Checked {
    pub contents: examine::Contents,
    pub faults: Vec<Error>,
}

impl Store {
    /// Writes a consistent copy while the store is open and goes on being written: a store of its own,
    /// as it is at this moment, for its owner alone, whole or not at all. Gives its place.
    pub fn backup(&self, target: Target<'_>) -> Result<PathBuf> {
        let own = paths::backups_of(self.file());
        let folder = match target {
            Target::File(file) if file.exists() => return Err(taken(file)),
            Target::File(file) => {
                file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
            }
            Target::Folder => {
                paths::private_dir(&own)?;
                &own
            }
        };
        let made = unfinished(folder)?;
        self.read(|txn| Ok(write_copy(txn, &made)?))?;
        // As whoever puts it back will look at it.
        check_as(made.path(), folder)?;
        match target {
            Target::File(file) => match made.persist_noclobber(file) {
                Ok(_) => sync(folder).map(|()| file.to_owned()),
                Err(e) if e.error.kind() == IoKind::AlreadyExists => Err(taken(file)),
                Err(e) => Err(not_made(folder, e.error)),
            },
            Target::Folder => keep(made, folder, Origin::Asked),
        }
    }
}

/// Before its schema changes: the file as it is. Only the last few of these are kept.
pub fn before_migration(file: &Path, schema: u32) -> Result<()> {
    let folder = paths::backups_of(file);
    let refused = |error: Error| {
        let message = format!("The store {} was not brought to schema {schema}", file.display());
        let mut told = Error::new(error.kind, message).cause("Before that a backup is made, and that failed");
        told.causes.push(error.message);
        told.causes.extend(error.causes);
        told.hint(format!("Make room in {}, then try again; nothing was changed", folder.display()))
    };
    let kept = paths::private_dir(&folder)
        .and_then(|()| unfinished(&folder))
        .and_then(|made| copy_bytes(file, &made).map(|()| made))
        .and_then(|made| keep(made, &folder, Origin::BeforeSchema(schema)))
        .map_err(refused)?;
    tracing::info!(backup = %kept.display(), schema, "the store's schema changes; a backup was made");
    let by_themselves =
        backups::list(&folder).into_iter().filter(|b| matches!(b.origin, Origin::BeforeSchema(_)));
    for old in by_themselves.skip(KEPT) {
        if let Err(error) = std::fs::remove_file(&old.path) {
            tracing::warn!(%error, file = %old.path.display(), "an old backup could not be removed");
        }
    }
    Ok(())
}

/// Looks the whole file over without changing it. An error says why it cannot be a store again.
pub fn check(file: &Path) -> Result<Checked> {
    check_as(file, file)
}

/// The same; errors name `shown`.
fn check_as(file: &Path, shown: &Path) -> Result<Checked> {
    let unfit = |error: Error| {
        let mut told = Error::new(error.kind, format!("{} cannot be used as a backup", shown.display()));
        told.causes = error.causes;
        let other = "See the others with mwtui backup --list".to_owned();
        told.hint = Some(if error.kind == ErrorKind::Refused { error.hint.unwrap_or(other) } else { other });
        told
    };
    let place = Place::File(file.to_owned());
    let looked = open::look_at(file).and_then(|()| open::view(&place)).and_then(|(mut database, schema)| {
        open::guarded(file, || {
            let is_whole = database.check_integrity().map_err(|e| open::explain(file, e))?;
            if !is_whole {
                return Err(open::unusable(
                    file,
                    "It is damaged: what is in it contradicts its own checksums",
                ));
            }
            let txn = database.begin_read().map_err(Trouble::from);
            txn.and_then(|txn| {
                let contents = examine::Contents { schema, ..examine::contents(&txn)? };
                Ok(Checked { contents, faults: examine::faults(&txn)? })
            })
            .map_err(Trouble::in_reading)
        })?
    });
    looked.map_err(unfit)
}

/// Puts a copy of `backup` where the store is, after a look at the copy. The present store is not lost:
/// it is given another name, in the folder for backups. Whoever asks holds the engine's lock.
pub fn put_back(backup: &Path, store: &Path) -> Result<(Checked, Option<PathBuf>)> {
    let is_same = |a: &Path, b: &Path| std::fs::canonicalize(a).ok() == std::fs::canonicalize(b).ok();
    if store.exists() && is_same(backup, store) {
        return Err(Error::refused(format!("{} is the store itself", backup.display()))
            .hint("Name a backup; mwtui backup --list shows them"));
    }
    check(backup)?;
    let folder = store.parent().unwrap_or(Path::new("."));
    paths::private_dir(folder)?;
    let made = unfinished(folder)?;
    copy_bytes(backup, &made)?;
    let checked = check_as(made.path(), backup)?;
    let aside = set_aside(store)?;
    // In one step: at every moment there is a store.
    made.persist(store).map_err(|e| not_made(folder, e.error))?;
    sync(folder)?;
    Ok((checked, aside))
}

/// A second name for the present store.
fn set_aside(store: &Path) -> Result<Option<PathBuf>> {
    let folder = paths::backups_of(store);
    paths::private_dir(&folder)?;
    let failed = |e: std::io::Error| {
        Error::internal(format!("The present store {} cannot be set aside", store.display()))
            .because(e)
            .cause("Nothing was changed")
            .hint(format!("Check the folder {}", folder.display()))
    };
    for name in backups::names(Timestamp::now(), Origin::Aside) {
        let aside = folder.join(name);
        match std::fs::hard_link(store, &aside) {
            Ok(()) => return sync(&folder).map(|()| Some(aside)),
            Err(e) if e.kind() == IoKind::AlreadyExists => {}
            Err(e) if e.kind() == IoKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        }
    }
    Err(failed(IoKind::AlreadyExists.into()))
}

/// A new database with everything that `txn` sees.
fn write_copy(txn: &ReadTransaction, made: &NamedTempFile) -> Result<()> {
    let failed = |trouble: Trouble| match trouble.in_writing() {
        error if error.kind == ErrorKind::NoRoom => no_room(made.path().parent().unwrap_or(Path::new("."))),
        error => {
            Error { message: "The backup could not be written; the store was not touched".into(), ..error }
        }
    };
    let handle = made.as_file().try_clone().map_err(|e| not_made(made.path(), e))?;
    let mut database = open::new_in(handle).map_err(|e| failed(Trouble::Storage(e.into())))?;
    copy_tables(txn, &database).map_err(failed)?;
    // Its pages were given out for a file that would grow.
    database.compact().map_err(|e| failed(Trouble::Storage(e.into())))?;
    drop(database);
    made.as_file().sync_all().map_err(|e| not_made(made.path(), e))
}

fn copy_tables(from: &ReadTransaction, database: &Database) -> trouble::Result<()> {
    let mut to = database.begin_write()?;
    to.set_durability(Durability::Immediate)?;
    to.set_two_phase_commit(true);
    macro_rules! copy {
        ($table:ident) => {
            copy_table(from, &to, $table)?;
        };
    }
    every_table!(copy);
    Ok(to.commit()?)
}

fn copy_table<K: Key + 'static, V: Value + 'static>(
    from: &ReadTransaction,
    to: &WriteTransaction,
    table: TableDefinition<K, V>,
) -> trouble::Result<()> {
    let source = match from.open_table(table) {
        Ok(source) => source,
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    let mut copy = to.open_table(table)?;
    for entry in redb::ReadableTable::iter(&source)? {
        let (key, value) = entry?;
        copy.insert(key.value(), value.value())?;
    }
    Ok(())
}

/// A file for its owner alone that goes away unless it is kept.
fn unfinished(folder: &Path) -> Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(paths::UNFINISHED)
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(|e| not_made(folder, e))
}

fn copy_bytes(from: &Path, made: &NamedTempFile) -> Result<()> {
    let folder = made.path().parent().unwrap_or(Path::new("."));
    let mut source =
        std::fs::File::open(from).map_err(|e| open::unusable(from, "It cannot be read").because(e))?;
    std::io::copy(&mut source, &mut made.as_file()).map_err(|e| not_made(folder, e))?;
    made.as_file().sync_all().map_err(|e| not_made(folder, e))
}

/// Gives it the name of this moment, or the next one that is free.
fn keep(made: NamedTempFile, folder: &Path, origin: Origin) -> Result<PathBuf> {
    let mut made = made;
    for name in backups::names(Timestamp::now(), origin) {
        let path = folder.join(name);
        match made.persist_noclobber(&path) {
            Ok(_) => return sync(folder).map(|()| path),
            Err(e) if e.error.kind() == IoKind::AlreadyExists => made = e.file,
            Err(e) => return Err(not_made(folder, e.error)),
        }
    }
    Err(not_made(folder, IoKind::AlreadyExists.into()))
}

/// The new name lasts only once its folder does.
fn sync(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|dir| dir.sync_all()).map_err(|e| not_made(folder, e))
}

fn taken(file: &Path) -> Error {
    Error::refused(format!("{} is already there", file.display())).hint("Choose another name for the backup")
}

fn not_made(folder: &Path, error: std::io::Error) -> Error {
    if has_no_room(&error) {
        return no_room(folder).because(error);
    }
    Error::internal(format!("No backup can be written in {}", folder.display()))
        .because(error)
        .hint("Check that the folder is there and yours, or name a file elsewhere with -o FILE")
}

fn no_room(folder: &Path) -> Error {
    Error::new(ErrorKind::NoRoom, format!("The disk is full: no backup was written in {}", folder.display()))
        .hint("Make room, or name a file on another disk with -o FILE")
}
