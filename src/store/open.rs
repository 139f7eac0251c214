//! Opening the file: a new one is made whole or not at all, and an old one is looked at before
//! anything is written to it, so that one we cannot use stays as it is, byte for byte.

use std::io::ErrorKind as IoKind;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase as _, StorageError};

use crate::base::{Error, ErrorKind, Result, backups, paths};
#[cfg(test)]
use crate::store::disk::Disk;
use crate::store::overlay::Overlay;
use crate::store::trouble::{Trouble, has_no_room};
use crate::store::{backup, journal, migrations};

/// Memory for pages of the database. redb's own default is 1 GiB, far beyond what a journal needs.
const CACHE_BYTES: usize = 32 << 20;

/// Where the database lies.
pub enum Place {
    File(PathBuf),
    #[cfg(test)]
    Disk(Disk),
}

impl Place {
    /// As errors name it.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(file) => file,
            #[cfg(test)]
            Self::Disk(_) => Path::new("/disk/mwtui.redb"),
        }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::File(file) => std::fs::metadata(file).map_or(0, |meta| meta.len()),
            #[cfg(test)]
            Self::Disk(disk) => redb::StorageBackend::len(&disk.backend()).unwrap_or(0),
        }
    }
}

pub fn open(place: &Place) -> Result<Database> {
    match place {
        Place::File(file) => match std::fs::metadata(file) {
            Err(e) if e.kind() == IoKind::NotFound => create(file),
            _ => open_existing(place),
        },
        #[cfg(test)]
        Place::Disk(disk) if disk.is_empty() => create_on(disk),
        #[cfg(test)]
        Place::Disk(_) => open_existing(place),
    }
}

/// Opens a database that must be there: never makes one.
pub fn open_existing(place: &Place) -> Result<Database> {
    let path = place.path();
    let database = match place {
        Place::File(file) => open_file(file)?,
        #[cfg(test)]
        Place::Disk(disk) => guarded(path, || on_disk(disk))?.map_err(|e| explain(path, e))?,
    };
    let version = version(path, &database)?;
    if version < migrations::CURRENT {
        match place {
            Place::File(file) => backup::before_migration(file, migrations::CURRENT)?,
            #[cfg(test)]
            Place::Disk(_) => {}
        }
        bring_up_to_date(&database, version)?;
    }
    Ok(database)
}

/// Opens what is there without changing it: repairs and migrations are made in memory. It is not
/// locked: whoever asks knows that nobody writes. With it comes the schema that it has on the disk.
pub fn view(place: &Place) -> Result<(Database, u32)> {
    let path = place.path();
    let unseen = |e: std::io::Error| unusable(path, "It cannot be looked at").because(e);
    let overlay = match place {
        Place::File(file) => {
            is_file(file)?;
            std::fs::File::open(file).and_then(Overlay::of_file)
        }
        #[cfg(test)]
        Place::Disk(disk) => Overlay::new(Box::new(disk.backend())),
    };
    let overlay = overlay.map_err(unseen)?;
    #[expect(clippy::disallowed_methods, reason = "into memory; the file below is not changed")]
    let opened = guarded(path, || builder().create_with_backend(overlay))?;
    let database = opened.map_err(|e| explain(path, e))?;
    let version = version(path, &database)?;
    if version < migrations::CURRENT {
        bring_up_to_date(&database, version)?;
    }
    Ok((database, version))
}

fn builder() -> redb::Builder {
    let mut builder = redb::Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

#[cfg(test)]
fn on_disk(disk: &Disk) -> Result<Database, DatabaseError> {
    #[expect(clippy::disallowed_methods, reason = "a disk of a test")]
    builder().create_with_backend(disk.backend())
}

fn is_file(file: &Path) -> Result<()> {
    match std::fs::metadata(file) {
        Ok(meta) if !meta.is_file() => Err(unusable(file, "It is not a file")),
        Ok(meta) if meta.len() == 0 => Err(unusable(file, "It is empty: what was in it is gone")),
        Ok(_) => Ok(()),
        Err(e) => Err(unusable(file, "It cannot be looked at").because(e)),
    }
}

fn open_file(file: &Path) -> Result<Database> {
    // Opening for writing marks the file as open, so a file that is refused must be found out
    // about by reading. After a crash that is impossible: the repair comes first then.
    look_at(file)?;
    #[expect(clippy::disallowed_methods, reason = "the one place that opens the database")]
    let opened = guarded(file, || builder().open(file))?;
    let database = opened.map_err(|e| explain(file, e))?;
    // One that was put back from a copy may be open to others.
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .map_err(|e| unusable(file, "It cannot be kept from other people's eyes (mode 0600)").because(e))?;
    Ok(database)
}

fn version(path: &Path, database: &Database) -> Result<u32> {
    guarded(path, || {
        let txn = database.begin_read().map_err(|e| unusable(path, "It cannot be read").because(e))?;
        migrations::version(&txn).map_err(|e| name(path, e))
    })?
}

/// Made on another disk first: no crash leaves half a store behind.
#[cfg(test)]
fn create_on(disk: &Disk) -> Result<Database> {
    let made = Disk::new();
    let database = on_disk(&made);
    bring_up_to_date(&database.map_err(|e| explain(Path::new("/disk"), e))?, 0)?;
    disk.take(&made);
    open_existing(&Place::Disk(disk.clone()))
}

/// Made under another name, then given its own, so that no crash leaves half a store behind.
fn create(file: &Path) -> Result<Database> {
    let failed = |what: &str| {
        Error::internal(format!("The store {} cannot be created: {what}", file.display())).hint(
            "Check the folder's permissions and the free space, or choose another folder with --home DIR",
        )
    };
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // tempfile makes it 0600 from the first moment.
    let made = tempfile::Builder::new()
        .prefix(".mwtui-store-")
        .tempfile_in(folder)
        .map_err(|e| failed("no file can be made in its folder").because(e))?;
    let handle = made.as_file().try_clone().map_err(|e| failed("its file cannot be opened").because(e))?;
    #[expect(clippy::disallowed_methods, reason = "the one place that creates the database")]
    let database =
        builder().create_file(handle).map_err(|e| failed("the database cannot be set up").because(e))?;
    bring_up_to_date(&database, 0)?;
    match made.persist_noclobber(file) {
        Ok(_) => {
            // The name lasts only once the folder does.
            let synced = std::fs::File::open(folder).and_then(|dir| dir.sync_all());
            synced.map_err(|e| failed("its folder cannot be synced").because(e))?;
            Ok(database)
        }
        // Somebody else was faster; theirs counts.
        Err(e) if e.error.kind() == IoKind::AlreadyExists => open_existing(&Place::File(file.to_owned())),
        Err(e) => Err(failed("it cannot be given its name").because(e.error)),
    }
}

/// A new database in a file that is empty.
pub fn new_in(file: std::fs::File) -> Result<Database, DatabaseError> {
    #[expect(clippy::disallowed_methods, reason = "the one place that creates the database")]
    builder().create_file(file)
}

/// An error where the file cannot be used, as far as can be seen without repairing it.
pub fn look_at(file: &Path) -> Result<()> {
    is_file(file)?;
    look(file)?.map_or(Ok(()), Err)
}

/// What keeps us from using the file, found without writing to it.
fn look(file: &Path) -> Result<Option<Error>> {
    #[expect(clippy::disallowed_methods, reason = "the one place that opens the database")]
    let looked = guarded(file, || ReadOnlyDatabase::open(file))?;
    match looked {
        Ok(database) => guarded(file, || match database.begin_read() {
            Ok(txn) => migrations::version(&txn).err().map(|e| name(file, e)),
            Err(e) => Some(unusable(file, "It cannot be read").because(e)),
        }),
        Err(DatabaseError::RepairAborted) => {
            tracing::info!(file = %file.display(), "the store was not closed; it is repaired");
            Ok(None)
        }
        Err(e) => Ok(Some(explain(file, e))),
    }
}

fn bring_up_to_date(database: &Database, from: u32) -> Result<()> {
    let txn = database.begin_write().map_err(Trouble::from);
    txn.and_then(|txn| journal::transaction(txn, |txn| migrations::migrate(txn, from)))
        .map_err(Trouble::in_writing)
}

/// Damaged pages can make redb panic; that is one more way of being unreadable.
pub fn guarded<T>(file: &Path, work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| unusable(file, "It is damaged: the database found pages that contradict each other"))
}

pub fn explain(file: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            Error::refused(format!("The store {} is in use by another process", file.display()))
                .cause("An engine has it open; only one process can")
                .hint("Work through that engine (mwtui finds it by itself), or end it with mwtui engine stop")
        }
        DatabaseError::UpgradeRequired(version) => {
            unusable(file, &format!("It is in the database's old file format {version}"))
        }
        DatabaseError::Storage(StorageError::Io(e)) if e.kind() == IoKind::InvalidData => {
            unusable(file, "It is not a store of mwtui, or its beginning is overwritten").because(e)
        }
        DatabaseError::Storage(StorageError::Io(e)) if has_no_room(&e) => Error::new(
            ErrorKind::NoRoom,
            format!("The store {} cannot be opened: the disk is full", file.display()),
        )
        .because(e)
        .hint("Make room on the disk, then try again"),
        other => unusable(file, "The database refuses it").because(other),
    }
}

/// Puts the file's name before an error about its contents.
fn name(file: &Path, error: Error) -> Error {
    let mut named = unusable(file, &error.message);
    named.causes.extend(error.causes);
    if error.kind == ErrorKind::Refused {
        named.kind = ErrorKind::Refused;
        named.hint = error.hint;
    }
    named
}

pub fn unusable(file: &Path, why: &str) -> Error {
    let error = Error::internal(format!("The store {} cannot be used; it was left as it is", file.display()))
        .cause(why);
    let folder = paths::backups_of(file);
    error.hint(match backups::newest(&folder) {
        Some(newest) => format!(
            "mwtui restore {} puts the newest backup back and keeps this file aside; mwtui backup --list shows all",
            newest.path.display()
        ),
        None => format!(
            "There is no backup in {}. mwtui doctor looks further; to begin anew and keep the file: mv {1} {1}.broken",
            folder.display(),
            file.display()
        ),
    })
}
