//! `[[hooks]]` of `config.toml`: commands that are told of events. Plain data; nothing is run here.

use std::fmt;

use crate::base::{Millis, Result};
use crate::config::events::EVENTS;
use crate::config::reader;
use crate::config::toml_file::nearest;
use crate::config::tree::{Node, Value};

pub(super) const TABLE: &str = "hooks";

const NAMES: [&str; 3] = ["command", "on", "within"];

const EXAMPLE: &str =
    "Write it like `[[hooks]]`, and below it `on = \"run.failed\"` and `command = [\"program\"]`";

/// How long a hook may take, where nothing else is said.
pub const WITHIN: Millis = Millis(10_000);
const SHORTEST: Millis = Millis(100);
const LONGEST: Millis = Millis(600_000);

/// Hooks, at most.
const MOST: usize = 100;

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

pub(super) fn read(node: Option<&Node>) -> Result<Vec<Hook>> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let Value::List(hooks) = &node.value else {
        return Err(node.wrong("`hooks` is a list of tables").hint(EXAMPLE));
    };
    if let Some(first) = hooks.get(MOST) {
        return Err(first
            .wrong(&format!("there are {} hooks, and {MOST} is the most", hooks.len()))
            .hint("One command may be told of several events: `on = [\"run.failed\", \"step.*\"]`"));
    }
    hooks.iter().map(hook).collect()
}

fn hook(node: &Node) -> Result<Hook> {
    let table = reader::table("hooks", node, &NAMES)?;
    let lacks = |name| move || node.wrong(&format!("this hook lacks `{name}`")).hint(EXAMPLE);
    let on = reader::needed(table, "on", lacks("on"))?;
    let patterns = match &on.value {
        Value::List(patterns) if !patterns.is_empty() => patterns.as_slice(),
        Value::Text(_) => std::slice::from_ref(on),
        _ => return Err(on.wrong("`on` is the name of an event, or a list of such").hint(EXAMPLE)),
    };
    Ok(Hook {
        on: patterns.iter().map(pattern).collect::<Result<_>>()?,
        command: reader::command(reader::needed(table, "command", lacks("command"))?)?,
        within: reader::get(table, "within")
            .map_or(Ok(WITHIN), |node| reader::length("within", node, SHORTEST..=LONGEST, "10s"))?,
    })
}

fn pattern(node: &Node) -> Result<Pattern> {
    let typed = reader::text("on", node)?;
    let pattern = Pattern::new(typed);
    if EVENTS.iter().any(|event| pattern.matches(event.name)) {
        return Ok(pattern);
    }
    let error = node.wrong(&format!("no event is called `{typed}`"));
    Err(match nearest(typed, EVENTS.iter().map(|event| event.name)) {
        Some(near) => error.hint(format!("Did you mean `{near}`?")),
        None => {
            error.hint("docs/EVENTS.md tells them all; `step.*` means every one that begins with `step.`")
        }
    })
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
