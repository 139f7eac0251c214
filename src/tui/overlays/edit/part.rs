//! What of a step can be done otherwise, as text, and read back from it.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::run::{Edit, Run, StepRecord};
use crate::tui::screens::run::rows;
use crate::tui::widgets::Area;
use crate::workflow::{FieldKind, StepKind};

/// Longest text of one part, in bytes; the engine refuses a longer edit as well.
const LIMIT: usize = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Script,
    Env,
    Parameters,
    Text,
    Inputs,
}

pub struct Part {
    pub what: What,
    pub area: Area,
    /// As it is before anything is typed.
    was: String,
}

impl Part {
    fn new(what: What, text: &str) -> Self {
        let area = Area::new(text, LIMIT);
        let was = area.text();
        Self { what, area, was }
    }

    /// Puts another text in, which was typed before and left.
    pub fn put(&mut self, text: &str) {
        self.area = Area::new(text, LIMIT);
    }

    pub fn is_changed(&self) -> bool {
        self.area.text() != self.was
    }

    pub fn label(&self) -> &'static str {
        match self.what {
            What::Script => "script",
            What::Env => "environment",
            What::Parameters => "parameters",
            What::Text => "text",
            What::Inputs => "inputs of the run",
        }
    }
}

/// The parts of a step that an edit can change, as they are now.
pub fn parts(run: &Run, record: &StepRecord) -> Vec<Part> {
    let Some(step) = run.definition(record) else { return Vec::new() };
    let edit = record.edit.as_deref();
    let mut parts = Vec::new();
    // A loop as a whole does nothing of its own.
    if !rows::is_loop(run, record) {
        match &step.kind {
            StepKind::Run { script, env, .. } => {
                let script = edit.and_then(|e| e.script.as_ref()).unwrap_or(script);
                parts.push(Part::new(What::Script, script.trim_end()));
                parts.push(Part::new(What::Env, &env_text(edit.and_then(|e| e.env.as_ref()).unwrap_or(env))));
            }
            StepKind::Call { with, .. } | StepKind::Workflow { inputs: with, .. } => {
                let with = edit.and_then(|e| e.with.as_ref()).unwrap_or(with);
                parts.push(Part::new(What::Parameters, &values_text(with, "null")));
            }
            StepKind::Agent { prompt: text, .. } | StepKind::Write { template: text, .. } => {
                let text = edit.and_then(|e| e.text.as_ref()).unwrap_or(text);
                parts.push(Part::new(What::Text, text.trim_end()));
            }
            StepKind::Manual { .. }
            | StepKind::Ask { .. }
            | StepKind::Approve { .. }
            | StepKind::Rollback => {}
        }
    }
    if !run.workflow.inputs.is_empty() {
        parts.push(Part::new(What::Inputs, &values_text(&run.inputs, "")));
    }
    parts
}

/// What is typed, as an edit; `Err` says what cannot be read.
pub fn edit(run: &Run, parts: &[Part]) -> Result<Edit, String> {
    let mut edit = Edit::default();
    for part in parts.iter().filter(|p| p.is_changed()) {
        let text = part.area.text();
        let wrong = |why: String| format!("{}: {why}", part.label());
        match part.what {
            What::Script => edit.script = Some(text),
            What::Text => edit.text = Some(text),
            What::Env => edit.env = Some(read_env(&text).map_err(wrong)?),
            What::Parameters => edit.with = Some(read_values(&text, |_| false).map_err(wrong)?),
            What::Inputs => {
                let plain = |name: &str| is_text(run, name);
                let mut values = read_values(&text, plain).map_err(wrong)?;
                for (name, value) in values.iter_mut().filter(|(_, value)| **value == "") {
                    // Nothing behind the `=` is no answer, as it stood there; `""` is a text without a letter.
                    if run.inputs.get(name).is_none_or(|now| now != "") && !is_quoted(&text, name) {
                        *value = Value::Null;
                    }
                }
                let others = values.into_iter().filter(|(name, value)| run.inputs.get(name) != Some(value));
                edit.inputs = others.collect();
            }
        }
    }
    Ok(edit)
}

/// Whether an input is text, whatever it looks like.
fn is_text(run: &Run, name: &str) -> bool {
    let field = run.workflow.inputs.iter().find(|f| f.name == name);
    field.is_some_and(|f| {
        matches!(
            f.kind,
            FieldKind::String { .. } | FieldKind::Text | FieldKind::Path | FieldKind::Choice { .. }
        )
    })
}

fn env_text(env: &IndexMap<String, String>) -> String {
    env.iter().map(|(name, value)| format!("{name} = {}", line(value))).collect::<Vec<_>>().join("\n")
}

/// A text that fits into a line: as it stands where that reads back as the same.
fn line(text: &str) -> String {
    let bare = !text.contains(['\n', '\r']) && text.trim() == text && !text.starts_with('"');
    if bare { text.to_owned() } else { Value::String(text.to_owned()).to_string() }
}

/// `open` stands for what was left open.
fn values_text(values: &Map<String, Value>, open: &str) -> String {
    let text = |value: &Value| match value {
        Value::Null => open.to_owned(),
        // What would read back as something else than text stands in quotation marks.
        Value::String(text) if serde_json::from_str::<Value>(text).is_ok() => value.to_string(),
        Value::String(text) => line(text),
        other => other.to_string(),
    };
    values
        .iter()
        .map(|(name, value)| format!("{name} = {}", text(value)).trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether something stands behind the name's `=`.
fn is_quoted(text: &str, name: &str) -> bool {
    assignments(text).is_ok_and(|all| all.iter().any(|(known, value)| known == name && !value.is_empty()))
}

/// The lines `NAME = value`, one a name.
fn assignments(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("line {} has no `=`; write NAME = value", n + 1));
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return Err(format!("line {} names nothing before its `=`", n + 1));
        }
        if found.iter().any(|(known, _)| known == name) {
            return Err(format!("line {}: {name} is there twice", n + 1));
        }
        found.push((name.to_owned(), value.to_owned()));
    }
    Ok(found)
}

fn quoted(value: &str) -> Option<String> {
    serde_json::from_str::<String>(value).ok()
}

fn read_env(text: &str) -> Result<IndexMap<String, String>, String> {
    let mut env = IndexMap::new();
    for (name, value) in assignments(text)? {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("`{name}` is no name of a variable; use letters, digits and _"));
        }
        env.insert(name, quoted(&value).unwrap_or(value));
    }
    Ok(env)
}

/// Values as JSON where they are; `plain` names are text whatever they look like.
fn read_values(text: &str, plain: impl Fn(&str) -> bool) -> Result<Map<String, Value>, String> {
    let read = |(name, value): (String, String)| {
        let value = match serde_json::from_str::<Value>(&value) {
            Ok(Value::String(text)) => Value::String(text),
            Ok(other) if !plain(&name) => other,
            _ => Value::String(value),
        };
        (name, value)
    };
    Ok(assignments(text)?.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        let Value::Object(values) = json!({
            "text": "staging", "template": "${{ inputs.a }}", "looks": "5", "number": 5, "list": ["a", "b=c"],
            "lines": "one\ntwo", "spaces": " x ", "quoted": "\"y\"", "empty": "", "equals": "a = b", "none": null,
        }) else {
            panic!("an object")
        };
        assert_eq!(read_values(&values_text(&values, "null"), |_| false), Ok(values));
        let env: IndexMap<String, String> = ["staging", "5", "one\ntwo", "\"y\"", "", " x", "${{ a }}"]
            .iter()
            .enumerate()
            .map(|(n, v)| (format!("V{n}"), (*v).to_owned()))
            .collect();
        assert_eq!(read_env(&env_text(&env)), Ok(env));
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, wanted) in [
            ("A = 1\nB", "line 2 has no `=`"),
            ("= 1", "names nothing"),
            ("A = 1\nA = 2", "A is there twice"),
            ("A-B = 1", "no name of a variable"),
            ("1A = 1", "no name of a variable"),
        ] {
            let problem = read_env(text).expect_err("it cannot be read");
            assert!(problem.contains(wanted), "{problem}");
        }
        assert_eq!(
            read_values("n = 7", |name| name == "n"),
            Ok(Map::from_iter([("n".to_owned(), json!("7"))]))
        );
    }
}
