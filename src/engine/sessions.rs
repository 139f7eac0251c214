//! Sessions in the run loop: the open ones in memory, the rules for what may be done to them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::base::{Actor, Error, Result, SessionId, Timestamp};
use crate::run::{Session, SessionEvent, SessionEventBody};
use crate::store::Store;

/// Longest name of a session, in characters.
const NAME_LIMIT: usize = 80;
/// Longest note, in bytes.
const NOTE_LIMIT: usize = 64 * 1024;

/// The sessions that are open, and every name that was ever used.
#[derive(Debug, Default)]
pub struct Sessions {
    pub open: HashMap<SessionId, Session>,
    pub names: HashSet<String>,
}

impl Sessions {
    pub fn load(store: &Store) -> Result<Self> {
        let all = store.sessions()?;
        let names = all.iter().map(|s| s.name.clone()).collect();
        let open = all.into_iter().filter(|s| s.ended.is_none()).map(|s| (s.id.clone(), s)).collect();
        Ok(Self { open, names })
    }

    /// After a commit.
    pub fn publish(&mut self, session: Session) {
        self.names.insert(session.name.clone());
        if session.ended.is_some() {
            self.open.remove(&session.id);
        } else {
            self.open.insert(session.id.clone(), session);
        }
    }
}

/// The open session of a project among `sessions`; the engine serves one user alone, so every
/// session is that person's.
pub fn of_root<'a>(mut sessions: impl Iterator<Item = &'a Session>, root: &Path) -> Option<&'a Session> {
    sessions.find(|s| s.ended.is_none() && Path::new(&s.folder) == root)
}

/// The folder's name, and a number where that was used before.
pub fn fresh_name(root: &Path, is_used: impl Fn(&str) -> bool) -> String {
    let base = root.file_name().map_or_else(|| "session".to_owned(), |n| n.to_string_lossy().into_owned());
    let base: String = base.chars().filter(|c| !c.is_control()).take(NAME_LIMIT).collect();
    if !is_used(&base) {
        return base;
    }
    (2..=u32::MAX).map(|n| format!("{base}-{n}")).find(|name| !is_used(name)).unwrap_or(base)
}

/// The first event of a new session.
pub fn opened(
    name: String,
    root: &Path,
    start_commit: Option<String>,
    actor: &Actor,
    at: Timestamp,
) -> Result<SessionEvent> {
    let session = SessionId::random()?;
    let folder = root.to_string_lossy().into_owned();
    let body = SessionEventBody::Opened { session, name, folder, start_commit };
    Ok(SessionEvent { seq: 1, at, actor: actor.clone(), body })
}

pub fn note(session: &Session, text: &str) -> Result<SessionEventBody> {
    must_be_open(session, "notes")?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::usage("The note is empty"));
    }
    if text.len() > NOTE_LIMIT {
        return Err(Error::usage(format!(
            "The note has {} bytes; at most {NOTE_LIMIT} are kept",
            text.len()
        ))
        .hint("Put the long text into a file and note its name"));
    }
    Ok(SessionEventBody::Noted { text: text.to_owned() })
}

/// `None` where it has that name already.
pub fn rename(
    session: &Session,
    name: &str,
    is_used: impl Fn(&str) -> bool,
) -> Result<Option<SessionEventBody>> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LIMIT || name.chars().any(char::is_control) {
        return Err(Error::usage(format!(
            "A session's name is one line of 1 to {NAME_LIMIT} characters without control characters"
        )));
    }
    if name == session.name {
        return Ok(None);
    }
    if is_used(name) {
        return Err(
            Error::refused(format!("There is a session “{name}” already")).hint("Choose another name")
        );
    }
    Ok(Some(SessionEventBody::Renamed { name: name.to_owned() }))
}

pub fn end(session: &Session) -> Result<SessionEventBody> {
    must_be_open(session, "a second end")?;
    Ok(SessionEventBody::Ended)
}

fn must_be_open(session: &Session, what: &str) -> Result<()> {
    match &session.ended {
        None => Ok(()),
        Some((at, by)) => Err(Error::refused(format!(
            "The session “{}” was ended by {by} at {} and takes no {what}",
            session.name,
            at.local_minute()
        ))
        .hint("The next run in its folder opens a new one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let by = Actor::Person("ana@laptop".to_owned());
        let event = opened("api".to_owned(), Path::new("/src/api"), None, &by, Timestamp(1)).expect("an id");
        Session::begin(&event).expect("opened")
    }

    #[test]
    fn names_are_made_unique() {
        let used = ["api", "api-2"];
        assert_eq!(fresh_name(Path::new("/src/api"), |n| used.contains(&n)), "api-3");
        assert_eq!(fresh_name(Path::new("/"), |_| false), "session");
        assert!(rename(&session(), "x", |n| n == "x").is_err());
        assert_eq!(rename(&session(), "api", |_| true), Ok(None));
        assert!(rename(&session(), " ", |_| false).is_err());
        assert!(rename(&session(), "a\nb", |_| false).is_err());
    }

    #[test]
    fn an_ended_session_takes_no_more() {
        let mut session = session();
        assert!(note(&session, "seen").is_ok());
        assert!(note(&session, "  ").is_err());
        session.apply(&SessionEvent {
            seq: 2,
            at: Timestamp(2),
            actor: Actor::Engine,
            body: end(&session).expect("open"),
        });
        assert!(note(&session, "late").is_err());
        assert!(end(&session).is_err());
        assert!(of_root(std::iter::once(&session), Path::new("/src/api")).is_none());
    }
}
