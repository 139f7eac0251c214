//! A stretch of one person's work at the console: opened by itself, ended by a person or by a
//! workflow with `ends_session`. Folded from its own events; its runs name it in their first.

use serde::{Deserialize, Serialize};

use crate::base::{Actor, SessionId, Timestamp};
use crate::run::Run;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// From 1 within its session, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub actor: Actor,
    #[serde(flatten)]
    pub body: SessionEventBody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data")]
pub enum SessionEventBody {
    #[serde(rename = "session.opened")]
    Opened {
        session: SessionId,
        name: String,
        /// The project's root, absolute.
        folder: String,
        /// The commit that was checked out, where the folder is a git working tree.
        start_commit: Option<String>,
    },
    #[serde(rename = "session.note")]
    Noted { text: String },
    #[serde(rename = "session.renamed")]
    Renamed { name: String },
    #[serde(rename = "session.exported")]
    Exported(Export),
    #[serde(rename = "session.ended")]
    Ended,
}

/// A summary that was written to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Absolute.
    pub path: String,
    /// SHA-256 of what was written: the same file may be brought up to date as long as nobody
    /// else has changed it.
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub name: String,
    pub folder: String,
    pub start_commit: Option<String>,
    pub opened_at: Timestamp,
    pub opened_by: Actor,
    pub ended: Option<(Timestamp, Actor)>,
    pub notes: Vec<SessionNote>,
    /// Newest last; one entry a path.
    pub exports: Vec<Export>,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionNote {
    pub at: Timestamp,
    pub by: Actor,
    pub text: String,
}

impl Session {
    /// The state after the first event, which must be `Opened`.
    pub fn begin(first: &SessionEvent) -> Option<Self> {
        let SessionEventBody::Opened { session, name, folder, start_commit } = &first.body else {
            return None;
        };
        Some(Self {
            id: session.clone(),
            name: name.clone(),
            folder: folder.clone(),
            start_commit: start_commit.clone(),
            opened_at: first.at,
            opened_by: first.actor.clone(),
            ended: None,
            notes: Vec::new(),
            exports: Vec::new(),
            seq: first.seq,
        })
    }

    pub fn apply(&mut self, event: &SessionEvent) {
        self.seq = event.seq;
        match &event.body {
            SessionEventBody::Opened { .. } => {}
            SessionEventBody::Noted { text } => {
                self.notes.push(SessionNote { at: event.at, by: event.actor.clone(), text: text.clone() });
            }
            SessionEventBody::Renamed { name } => self.name.clone_from(name),
            SessionEventBody::Exported(export) => {
                self.exports.retain(|e| e.path != export.path);
                self.exports.push(export.clone());
            }
            SessionEventBody::Ended => self.ended = Some((event.at, event.actor.clone())),
        }
    }

    pub fn replay(events: &[SessionEvent]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let mut session = Self::begin(first)?;
        for event in rest {
            session.apply(event);
        }
        Some(session)
    }
}

/// What git says of a session's folder, at the moment it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitState {
    pub branch: String,
    /// Short hash and subject of the commits since the session's start, oldest first.
    pub commits: Vec<(String, String)>,
    /// As `git status --porcelain` has them, `M src/main.rs`.
    pub uncommitted: Vec<String>,
    /// Commits that the upstream does not have; `None` without an upstream.
    pub unpushed: Option<u32>,
    /// `git diff --stat`'s last line since the session's start, where there is one.
    pub diff: Option<String>,
}

/// Everything that a session summary is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    pub session: Session,
    /// In order of start.
    pub runs: Vec<Run>,
    /// `None` where the folder is no git working tree.
    pub git: Option<GitState>,
    /// When the record was put together.
    pub at: Timestamp,
    /// For each run and step that has `summary:` set and printed something: the tail of its output.
    pub outputs: Vec<StepOutput>,
}

/// The tail of a `run:` step's output, untrusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutput {
    pub run: crate::base::RunId,
    pub step: crate::base::StepId,
    pub attempt: u32,
    pub tail: String,
}
