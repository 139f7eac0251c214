//! Who did a thing. Every event has one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who did a thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// `user@host`, as the socket's peer says.
    Person(String),
    /// An assistant, by its client name.
    Agent(String),
    /// The engine itself.
    Engine,
}

impl Actor {
    /// `ana` for `ana@laptop`: what narrow columns show.
    pub fn short(&self) -> &str {
        match self {
            Self::Person(name) => name.split('@').next().unwrap_or(name),
            Self::Agent(name) => name,
            Self::Engine => "engine",
        }
    }

    /// Whom a person means who types a name: `user@host` is a person, anything else an agent.
    pub fn named(text: &str) -> Self {
        let name = text.trim().to_owned();
        if name.contains('@') { Self::Person(name) } else { Self::Agent(name) }
    }

    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) | Self::Agent(name) => f.pad(name),
            Self::Engine => f.pad("engine"),
        }
    }
}
