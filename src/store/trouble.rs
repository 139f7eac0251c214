//! What goes wrong inside a transaction, kept apart until it leaves the room: the storage below said
//! no, or what was asked for made no sense. After the first, the database must be opened anew.

use std::io::ErrorKind as IoKind;

use crate::base::{Error, ErrorKind};

#[derive(Debug)]
pub enum Trouble {
    Storage(redb::Error),
    Other(Error),
}

pub type Result<T, E = Trouble> = std::result::Result<T, E>;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl<E: Into<redb::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Storage(error.into())
    }
}

impl Trouble {
    /// Whether it is the storage: redb refuses what comes after a failure until it is opened anew.
    pub fn is_storage(&self) -> bool {
        matches!(self, Self::Storage(_))
    }

    pub fn in_writing(self) -> Error {
        match self {
            Self::Other(error) => error,
            Self::Storage(redb::Error::Io(e)) if has_no_room(&e) => {
                Error::new(ErrorKind::NoRoom, "The disk is full: the store could not be written")
                    .because(e)
                    .cause("Nothing was changed; what was acknowledged before is kept")
                    .hint("Make room on the disk: mwtui goes on by itself as soon as there is some")
            }
            Self::Storage(e) => Error::internal("The store could not be written; nothing was changed")
                .because(e)
                .hint("Check the disk, then try again; mwtui doctor examines the store"),
        }
    }

    pub fn in_reading(self) -> Error {
        match self {
            Self::Other(error) => error,
            Self::Storage(e) => Error::internal("The store could not be read")
                .because(e)
                .hint("Try again; if it stays so, mwtui doctor examines the store and names its backups"),
        }
    }
}

/// Whether there was no room: on the disk, in the user's share of it, or under the limit of a file's size.
pub fn has_no_room(error: &std::io::Error) -> bool {
    matches!(error.kind(), IoKind::StorageFull | IoKind::QuotaExceeded | IoKind::FileTooLarge)
}
