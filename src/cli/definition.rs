//! The definition of one step as a file to edit, and the edit that comes back: only what was changed
//! is part of it.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::{Error, Result};
use crate::cli::ask;
use crate::run::{Edit, StepRecord};
use crate::workflow::{Step, StepKind};

/// What of a step can be otherwise when it is tried again, as it is now.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    pub script: Option<String>,
    env: Option<IndexMap<String, Value>>,
    pub with: Option<Map<String, Value>>,
    pub text: Option<String>,
}

impl Definition {
    /// As the author wrote it, and as it was edited since.
    pub fn of(step: &Step, record: &StepRecord) -> Self {
        let mut definition = match &step.kind {
            StepKind::Run { script, env, .. } => {
                Self { script: Some(script.clone()), env: Some(values(env)), ..Self::default() }
            }
            StepKind::Call { with, .. } => Self { with: Some(with.clone()), ..Self::default() },
            StepKind::Workflow { inputs, .. } => Self { with: Some(inputs.clone()), ..Self::default() },
            StepKind::Agent { prompt: text, .. } | StepKind::Write { template: text, .. } => {
                Self { text: Some(text.clone()), ..Self::default() }
            }
            StepKind::Manual { .. }
            | StepKind::Ask { .. }
            | StepKind::Approve { .. }
            | StepKind::Rollback => Self::default(),
        };
        if let Some(edit) = record.edit.as_deref() {
            definition.script = edit.script.clone().or(definition.script);
            definition.env = edit.env.as_ref().map(values).or(definition.env);
            definition.with = edit.with.clone().or(definition.with);
            definition.text = edit.text.clone().or(definition.text);
        }
        definition
    }

    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The environment as it is, with these on top.
    pub fn env_with(&self, given: IndexMap<String, String>) -> IndexMap<String, String> {
        let mut env = self.env();
        env.extend(given);
        env
    }

    fn env(&self) -> IndexMap<String, String> {
        let named = self.env.iter().flatten();
        named.map(|(name, value)| (name.clone(), ask::value_text(value))).collect()
    }

    /// The file that a person edits.
    pub fn file(&self, step: &Step) -> String {
        let mut file =
            format!("# {}: change what is to be different, save, and leave the editor.\n", step.id);
        file.push_str("# What runs then is shown before anything is sent. Leave everything as it is to change nothing.\n");
        if let Some(script) = &self.script {
            file.push_str("# A script is never filled in: values reach it through env.\n");
            let _ = writeln!(file, "script: {}", block(script, "  "));
        }
        for (name, values) in [
            ("env", self.env.as_ref().map(|e| e.iter().collect::<Vec<_>>())),
            ("with", self.with.as_ref().map(|w| w.iter().collect())),
        ] {
            match values {
                Some(values) if values.is_empty() => {
                    let _ = writeln!(file, "{name}: {{}}");
                }
                Some(values) => {
                    let _ = writeln!(file, "{name}:");
                    for (key, value) in values {
                        let value =
                            value.as_str().map_or_else(|| value.to_string(), |text| block(text, "    "));
                        let _ = writeln!(file, "  {}: {value}", quoted(key));
                    }
                }
                None => {}
            }
        }
        if let Some(text) = &self.text {
            let _ = writeln!(file, "text: {}", block(text, "  "));
        }
        file
    }

    /// What a person made of the file.
    pub fn read(text: &str) -> Result<Self> {
        serde_saphyr::from_str(text).map_err(|e| {
            let told = e.to_string();
            let mut lines = told.lines();
            let first = lines.next().unwrap_or("It cannot be read").to_owned();
            Error::usage("The edited definition cannot be read")
                .cause(first)
                .hint("Keep the keys as they are, and two spaces before each line of a text")
        })
    }

    /// What is otherwise in `self` than in `before`.
    pub fn since(&self, before: &Self) -> Edit {
        let changed = |now: &Option<String>, then: &Option<String>| {
            now.clone().filter(|now| then.as_ref().map(|t| t.trim_end()) != Some(now.trim_end()))
        };
        Edit {
            script: changed(&self.script, &before.script),
            env: self.env.as_ref().map(|_| self.env()).filter(|env| *env != before.env()),
            with: self.with.clone().filter(|with| before.with.as_ref() != Some(with)),
            text: changed(&self.text, &before.text),
            inputs: Map::new(),
        }
    }
}

fn values(env: &IndexMap<String, String>) -> IndexMap<String, Value> {
    env.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
}

/// A text as YAML: lines as they are, unless something in it needs to be escaped.
fn block(text: &str, indent: &str) -> String {
    let plain = |c: char| c == '\n' || !(c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}'));
    let first_is_text =
        text.lines().next().is_some_and(|line| !line.trim().is_empty() && !line.starts_with(' '));
    if !text.contains('\n') || !first_is_text || !text.chars().all(plain) {
        return quoted(text);
    }
    let end = match text.len() - text.trim_end_matches('\n').len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let mut block = format!("|{end}");
    for line in text.lines() {
        block.push('\n');
        if !line.is_empty() {
            block.push_str(indent);
            block.push_str(line);
        }
    }
    block
}

/// JSON is YAML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StepId;
    use crate::run::testing::script;
    use crate::run::{Role, StepState};
    use proptest::prelude::*;

    fn record() -> StepRecord {
        StepRecord {
            id: StepId::new("build"),
            role: Role::Step { index: 0 },
            state: StepState::Pending,
            attempts: Vec::new(),
            failures_in_row: 0,
            edit: None,
            released: false,
            backs: 0,
        }
    }

    #[test]
    fn only_what_was_changed_is_an_edit() {
        let step = script("build", "echo one\n  echo two\n");
        let before = Definition::of(&step, &record());
        let file = before.file(&step);
        let same = Definition::read(&file).expect("as it was written");
        assert!(same.since(&before).is_empty(), "{same:?}");
        let edited = Definition::read(&file.replace("echo two", "echo three")).expect("still a definition");
        let edit = edited.since(&before);
        assert_eq!(edit.script.as_deref(), Some("echo one\n  echo three\n"));
        assert!(edit.env.is_none() && edit.with.is_none() && edit.text.is_none(), "{edit:?}");
    }

    #[test]
    fn an_earlier_edit_is_what_is_edited_next() {
        let mut record = record();
        let env = IndexMap::from([("A".to_owned(), "${{ inputs.a }}".to_owned())]);
        record.edit = Some(Box::new(Edit { env: Some(env), ..Edit::default() }));
        let definition = Definition::of(&script("build", "true"), &record);
        let more = definition.env_with(IndexMap::from([("B".to_owned(), "2".to_owned())]));
        assert_eq!(more.keys().collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(definition.script.as_deref(), Some("true"));
    }

    #[test]
    fn a_file_that_is_no_definition_says_where() {
        let error = Definition::read("script: x\nscrpt: y\n").expect_err("misspelt");
        assert!(error.causes.iter().any(|c| c.contains("scrpt")), "{error:?}");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_as_it_was(text in any::<String>(), value in any::<String>()) {
            let step = script("build", &text);
            let mut before = Definition::of(&step, &record());
            before.with = Some(Map::from_iter([("a b: c".to_owned(), Value::String(value))]));
            let read = Definition::read(&before.file(&step));
            prop_assert!(read.is_ok(), "{read:?} {}", before.file(&step));
            prop_assert!(read.expect("checked").since(&before).is_empty());
        }
    }
}
