//! The one error that crosses rooms: what happened, why, and what to do next.
//!
//! Rooms may have richer error types of their own (`workflow::Diagnostic`,
//! `run::Refusal`); at their edge they become this one, which the console, the
//! command line and the log show in the same way.

use serde::{Deserialize, Serialize};

/// What kind of trouble it is; decides the exit code of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The call itself is off: options, values, file contents.
    Usage,
    /// No such workflow, run, step or session.
    NotFound,
    /// The thing exists, but its state, trust or approval rules say no.
    Refused,
    /// No workflow matches, or several could be meant.
    NoMatch,
    /// Engine, store, socket or file-system trouble.
    Internal,
    /// The disk is full: the same works once there is room.
    NoRoom,
}

/// What happened, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    /// What happened, in one sentence, naming the thing it happened to.
    pub message: String,
    /// Why: the causes, nearest first, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hint: None }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Adds the cause and all causes below it.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error) -> Self {
        self.causes.push(cause.to_string());
        let mut next = cause.source();
        while let Some(deeper) = next {
            self.causes.push(deeper.to_string());
            next = deeper.source();
        }
        self
    }

    /// Adds a cause told in words.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
