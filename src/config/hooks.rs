//! `[[hooks]]` of `config.toml`: commands that are told of events. Plain data; nothing is run here.

use std::fmt;

use crate::base::Millis;

/// How long a hook may take, where nothing else is said.
pub const WITHIN: Millis = Millis(10_000);

/// A command that is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// It is told of events that one of these matches.
    pub on: Vec<Pattern>,
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// It is ended when it takes longer.
    pub within: Millis,
}

impl Hook {
    pub fn wants(&self, event: &str) -> bool {
        self.on.iter().any(|pattern| pattern.matches(event))
    }
}

/// The name of an event, or of several: `run.completed`, `step.*`, `*.failed`, `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Each part of the name is a word or `*`; a `*` at the end stands for any number of parts.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, event: &str) -> bool {
        let (mut wanted, mut parts) = (self.0.split('.').peekable(), event.split('.'));
        loop {
            match (wanted.next(), parts.next()) {
                (Some("*"), Some(_)) if wanted.peek().is_none() => return true,
                (Some("*"), Some(_)) => {}
                (Some(word), Some(part)) if word == part => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_a_part_and_at_the_end_for_the_rest() {
        for (pattern, event, told) in [
            ("run.completed", "run.completed", true),
            ("run.completed", "run.completed.now", false),
            ("run.completed", "run", false),
            ("step.*", "step.failed", true),
            ("step.*", "step.a.b", true),
            ("step.*", "run.failed", false),
            ("step.*", "step", false),
            ("*.failed", "run.failed", true),
            ("*.failed", "step.completed", false),
            ("*", "approval.needed", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(event), told, "{pattern} {event}");
        }
    }
}
