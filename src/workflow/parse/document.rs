//! The keys of a workflow file outside its steps.

use std::path::Path;

use super::names::Names;
use super::question::{self, inputs};
use super::report::Sink;
use super::retry::config;
use super::step;
use super::table::{Keys, Table, brief, check_name, is_workflow_id, items, sentence, slug};
use super::tree::{Node, Shape};
use super::{PHRASE_LENGTH, PHRASES};
use crate::base::WorkflowId;
use crate::workflow::{Defaults, Distinction, Moves, Prerequisite, Status, Workflow};

pub(super) const WORKFLOW: Keys = Keys {
    of: "a workflow",
    known: &[
        "id",
        "name",
        "workflow_name",
        "version",
        "status",
        "replaced_by",
        "reason",
        "category",
        "tags",
        "updated",
        "trigger_phrases",
        "examples",
        "scope",
        "disambiguates_from",
        "prerequisites",
        "inputs",
        "env",
        "moves",
        "config",
        "ends_session",
        "steps",
        "outputs",
        "success_criteria",
    ],
    later: &["extends", "secrets"],
};

pub(super) const DISTINCTION: Keys = Keys { of: "a distinction", known: &["id", "because"], later: &[] };

pub(super) const PREREQUISITE: Keys =
    Keys { of: "a prerequisite", known: &["check", "says", "hint"], later: &[] };

pub(super) const MOVES: Keys = Keys { of: "`moves`", known: &["from", "to", "if"], later: &[] };

pub(super) const STATUSES: [&str; 3] = ["draft", "active", "deprecated"];

/// Phrases that are addressed to the console: as a trigger they would take them away from it.
const CONTROL: [&str; 10] =
    ["cancel", "pause", "resume", "list", "help", "status", "skip", "back", "quit", "explain"];

pub(super) fn read(root: &Node, file: &str, sink: &mut Sink<'_>) -> Option<Workflow> {
    let table = Table::open(root, &WORKFLOW, sink)?;
    let name = name(&table, sink);
    let id = id(&table, name.as_deref(), file, sink);
    let trigger_phrases = phrases(&table, "trigger_phrases", sink);
    if table.get("trigger_phrases").is_none() {
        table.missing(
            "trigger_phrases",
            "List the sentences by which people ask for it, one `- …` line each",
            sink,
        );
    } else if trigger_phrases.is_empty() && !sink.has_errors() {
        sink.error(
            &table.head(),
            "`trigger_phrases` is empty",
            "List at least one sentence by which people ask for it",
        );
    }
    warn_of_control(&table, sink);
    let scope = table.sentence("scope", sink);
    if table.get("scope").is_none() {
        let help = "Say in one sentence what the workflow covers: people read it before they start a run";
        sink.warning(&table.head(), "missing key `scope`", help);
    }
    let mut names = Names::default();
    let env = declared(&table, sink);
    names.env.clone_from(&env);
    let inputs = inputs(&table, &mut names, sink);
    let config = table.get("config").map_or_else(Defaults::default, |node| config(node, sink));
    let moves = moves(&table, &names, sink);
    let steps = if let Some(node) = table.get("steps") {
        step::read_all(node, &config, &mut names, sink)
    } else {
        table.missing("steps", "A workflow has at least one step", sink);
        Vec::new()
    };
    Some(Workflow {
        id: WorkflowId::new(id?),
        name: name?,
        version: table
            .whole("version", 1, u64::from(u32::MAX), sink)
            .and_then(|v| u32::try_from(v).ok())
            .unwrap_or(1),
        status: status(&table, sink),
        category: table.sentence("category", sink),
        tags: table.sentences("tags", sink),
        updated: table.sentence("updated", sink),
        trigger_phrases,
        examples: phrases(&table, "examples", sink),
        // Given and wrong is an error that the sink has; absent is a warning.
        scope: scope.unwrap_or_default(),
        disambiguates_from: distinctions(&table, sink),
        prerequisites: prerequisites(&table, sink),
        inputs,
        env,
        moves,
        config,
        ends_session: table.boolean("ends_session", sink).unwrap_or(false),
        steps,
        outputs: table.sentences("outputs", sink),
        success_criteria: table.sentences("success_criteria", sink),
    })
}

fn name(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<String> {
    if let (Some(_), Some(second)) = (table.key("name"), table.key("workflow_name")) {
        sink.error(&second.span, "both `name` and `workflow_name` are given", "They mean the same: keep one");
    }
    if table.get("name").is_none() && table.get("workflow_name").is_none() {
        table.missing("name", "Give a short name that people recognise", sink);
        return None;
    }
    table.sentence("name", sink).or_else(|| table.sentence("workflow_name", sink))
}

/// As it is given; else out of the name, else out of the file's name.
fn id(table: &Table<'_>, name: Option<&str>, file: &str, sink: &mut Sink<'_>) -> Option<String> {
    if let Some(node) = table.get("id") {
        let id = sentence(node, "id", sink)?;
        if !is_workflow_id(&id) {
            sink.error(
                &node.span,
                format!("`{}` cannot be an id", brief(&id)),
                "Use letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 64",
            );
            return None;
        }
        return Some(id);
    }
    let stem = Path::new(file).file_stem().and_then(|s| s.to_str()).unwrap_or("");
    let id = [name.unwrap_or(""), stem].into_iter().map(slug).find(|s| !s.is_empty());
    if id.is_none() {
        table.missing("id", "Give an id: it cannot be made from the name", sink);
    }
    id
}

fn status(table: &Table<'_>, sink: &mut Sink<'_>) -> Status {
    let word = table.word("status", &STATUSES, sink);
    let replaced_by = table.sentence("replaced_by", sink).map(WorkflowId::new);
    let reason = table.sentence("reason", sink);
    if word == Some("deprecated") {
        return Status::Deprecated { replaced_by, reason };
    }
    for key in ["replaced_by", "reason"] {
        if let Some(key) = table.key(key) {
            sink.error(
                &key.span,
                format!("`{}` belongs to a deprecated workflow", key.text),
                "Write `status: deprecated`, or take it out",
            );
        }
    }
    if word == Some("draft") { Status::Draft } else { Status::Active }
}

fn phrases(table: &Table<'_>, key: &str, sink: &mut Sink<'_>) -> Vec<String> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let list = items(node, key, sink);
    if list.len() > PHRASES {
        sink.error(
            &list[PHRASES].span,
            format!("`{key}` has {} sentences; {PHRASES} are allowed", list.len()),
            "Keep the ones that differ most",
        );
        return Vec::new();
    }
    let mut phrases: Vec<String> = Vec::new();
    for item in list {
        let Some(phrase) = sentence(item, key, sink) else { continue };
        if phrase.len() > PHRASE_LENGTH {
            sink.error(
                &item.span,
                format!("this phrase has {} bytes; {PHRASE_LENGTH} are allowed", phrase.len()),
                "A phrase is one sentence",
            );
        } else if phrases.iter().any(|p| p.to_lowercase() == phrase.to_lowercase()) {
            sink.warning(
                &item.span,
                format!("“{}” is listed twice", brief(&phrase)),
                "Remove one of the two",
            );
        } else {
            phrases.push(phrase);
        }
    }
    phrases
}

fn warn_of_control(table: &Table<'_>, sink: &mut Sink<'_>) {
    let Some(Shape::List(list)) = table.get("trigger_phrases").map(|n| &n.shape) else { return };
    for item in list {
        let Shape::Text(phrase) = &item.shape else { continue };
        let word = phrase.trim().trim_end_matches(['.', '!', '?']).to_lowercase();
        if CONTROL.contains(&word.as_str()) {
            sink.warning(
                &item.span,
                format!(
                    "“{}” is also addressed to the console, and this workflow takes it away",
                    brief(phrase)
                ),
                "Say what is meant: “cancel the rollout” rather than “cancel”",
            );
        }
    }
}

/// `{ id, because }`, or a sentence that may begin with an id: `MW-002 (focuses on tools)`.
fn distinctions(table: &Table<'_>, sink: &mut Sink<'_>) -> Vec<Distinction> {
    let Some(node) = table.get("disambiguates_from") else { return Vec::new() };
    let mut found = Vec::new();
    for item in items(node, "disambiguates_from", sink) {
        if let Shape::Text(_) = item.shape {
            found.extend(sentence(item, "disambiguates_from", sink).map(|text| distinction(&text)));
            continue;
        }
        let Some(entry) = Table::open(item, &DISTINCTION, sink) else { continue };
        let id = entry.sentence("id", sink).map(WorkflowId::new);
        match entry.sentence("because", sink) {
            Some(because) => found.push(Distinction { id, because }),
            None if entry.get("because").is_none() => {
                entry.missing(
                    "because",
                    "Say what tells the two apart; people read it when both could be meant",
                    sink,
                );
            }
            None => {}
        }
    }
    found
}

fn distinction(text: &str) -> Distinction {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let first = first.trim_end_matches([':', ',']);
    // An id is told from a plain word by a digit or a dash in it.
    let is_id = is_workflow_id(first) && first.contains(|c: char| c.is_ascii_digit() || c == '-');
    if !is_id {
        return Distinction { id: None, because: text.to_owned() };
    }
    let rest = rest.trim().trim_start_matches(['-', '–', '—', ':']).trim();
    let inner = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')).unwrap_or(rest);
    let because = if inner.is_empty() { text } else { inner };
    Distinction { id: Some(WorkflowId::new(first)), because: because.to_owned() }
}

fn prerequisites(table: &Table<'_>, sink: &mut Sink<'_>) -> Vec<Prerequisite> {
    let Some(node) = table.get("prerequisites") else { return Vec::new() };
    let mut found = Vec::new();
    for item in items(node, "prerequisites", sink) {
        let Shape::Mapping(entries) = &item.shape else {
            found.extend(sentence(item, "prerequisites", sink).map(Prerequisite::Sentence));
            continue;
        };
        // A sentence with a colon reads as a mapping: say that rather than “unknown key”.
        if !entries.iter().any(|(key, _)| key.text == "check" || key.text == "says") {
            sentence(item, "prerequisites", sink);
            continue;
        }
        let Some(entry) = Table::open(item, &PREREQUISITE, sink) else { continue };
        let Some(check) = entry.sentence("check", sink) else {
            if entry.get("check").is_none() {
                entry.missing("check", "Give the command, or write the sentence alone", sink);
            }
            continue;
        };
        if check.contains("${{") {
            let at = entry.get("check").map_or(item.span.clone(), |n| sink.locate(&n.span, "${{"));
            sink.error(
                &at,
                "`${{` is not filled in inside a command",
                "A prerequisite's command takes no values: it runs before the inputs are asked for",
            );
            continue;
        }
        let says = entry.sentence("says", sink).unwrap_or_else(|| check.clone());
        found.push(Prerequisite::Check { check, says, hint: entry.sentence("hint", sink) });
    }
    found
}

fn declared(table: &Table<'_>, sink: &mut Sink<'_>) -> Vec<String> {
    let Some(node) = table.get("env") else { return Vec::new() };
    let mut env: Vec<String> = Vec::new();
    for item in items(node, "env", sink) {
        let Some(name) = sentence(item, "env", sink) else { continue };
        if check_name(&name, &item.span, sink) && !env.contains(&name) {
            env.push(name);
        }
    }
    env
}

/// `{ from: X, to: Z, if: inputs.live }`; `from` is one state, a list of them, or absent.
fn moves(table: &Table<'_>, names: &Names, sink: &mut Sink<'_>) -> Option<Moves> {
    let node = table.get("moves")?;
    let table = Table::open(node, &MOVES, sink)?;
    let from = match table.get("from") {
        Some(Node { shape: Shape::List(list), span }) => {
            if list.is_empty() {
                sink.error(
                    span,
                    "`from` is empty",
                    "List the states, or take it out: a run may then start in any",
                );
            }
            table.sentences("from", sink)
        }
        Some(_) => table.sentence("from", sink).into_iter().collect(),
        None => Vec::new(),
    };
    if table.get("to").is_none() {
        table.missing("to", "Say in which state a completed run leaves its subject", sink);
    }
    let condition = question::condition(&table, names, sink);
    Some(Moves { from, to: table.sentence("to", sink)?, condition })
}
