//! Where a secret's value comes from. In values, journals and files there is only this; the value
//! itself is looked up when a step needs it, by whoever runs the step.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::base::secret::MASK;
use crate::workflow::{StepKind, Workflow};

/// The key of the mapping that stands for a secret among values.
const KEY: &str = "secret";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// An environment variable, where the run was started.
    Env(String),
    /// The text of a file; relative to the run's folder.
    File(String),
    /// What a command prints.
    Command(String),
    /// What a person typed, by the number under which the engine keeps it in its memory.
    Typed(String),
}

impl Reference {
    /// `env:NAME`, `file:PATH`, `command:TEXT`, `typed:ID`; otherwise what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (how, what) = text.split_once(':').unwrap_or(("", text));
        let what = what.trim();
        let is_name = what.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && what.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_clean = !what.is_empty() && !what.contains('\0');
        match how.trim() {
            "env" if is_name => Ok(Self::Env(what.to_owned())),
            "file" if is_clean => Ok(Self::File(what.to_owned())),
            "command" if is_clean => Ok(Self::Command(what.to_owned())),
            "typed" if is_clean && what.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Ok(Self::Typed(what.to_owned()))
            }
            "env" => Err("a variable's name has letters, digits and _".to_owned()),
            _ => Err("a secret is env:NAME, file:PATH or command:TEXT".to_owned()),
        }
    }

    /// The reference that a value is; `None` where it is something else.
    pub fn of(value: &Value) -> Option<Self> {
        let map = value.as_object().filter(|map| map.len() == 1)?;
        Self::parse(map.get(KEY)?.as_str()?).ok()
    }

    /// As it stands among values and in the journal.
    pub fn value(&self) -> Value {
        json!({ KEY: self.to_string() })
    }

    /// Where the value is from, for people.
    pub fn told(&self) -> String {
        match self {
            Self::Env(name) => format!("the variable {name}"),
            Self::File(path) => format!("the file {path}"),
            Self::Command(command) => format!("the command {command}"),
            Self::Typed(_) => "typed".to_owned(),
        }
    }

    /// What is shown instead of the value: `•••• from the variable DEPLOY_TOKEN`.
    pub fn shown(&self) -> String {
        match self {
            Self::Typed(_) => format!("{MASK} typed"),
            other => format!("{MASK} from {}", other.told()),
        }
    }
}

/// What is shown for a reference that stands as text in a step's work.
pub fn masked(reference: &str) -> String {
    Reference::parse(reference).map_or_else(|_| MASK.to_owned(), |reference| reference.shown())
}

/// The environment variables that a run of the workflow takes secrets from, with these inputs.
pub fn variables(workflow: &Workflow, inputs: &Map<String, Value>) -> Vec<String> {
    let asked = workflow.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Ask { fields } => Some(fields),
        _ => None,
    });
    let fields = workflow.inputs.iter().chain(asked.flatten()).filter(|f| f.is_secret());
    let from = fields.filter_map(|f| inputs.get(&f.name).or(f.default.as_ref()));
    let mut names: Vec<String> = from
        .filter_map(|value| match Reference::of(value)? {
            Reference::Env(name) => Some(name),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Command(command) => write!(f, "command:{command}"),
            Self::Typed(id) => write!(f, "typed:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_written_and_told_from_other_values() {
        for text in ["env:DEPLOY_TOKEN", "file:~/.token", "command:pass show x:y", "typed:7f3a"] {
            let reference = Reference::parse(text).expect(text);
            assert_eq!(reference.to_string(), text);
            assert_eq!(Reference::of(&reference.value()), Some(reference));
        }
        for text in ["hunter2", "env:", "env:1A", "env:A B", "file: ", "typed:x", "vault:a", "file:a\0"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
        assert_eq!(Reference::of(&json!({ "secret": "env:A", "more": 1 })), None);
        assert_eq!(Reference::of(&json!("env:A")), None);
        assert_eq!(Reference::Env("A".into()).shown(), "•••• from the variable A");
    }
}
