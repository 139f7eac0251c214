//! Scripts and the shells that read them; texts in which nothing is filled in.

use std::ops::Range;

use super::super::report::{Sink, nearest};
use super::super::table::{Table, brief, sentence};
use super::super::tree::Shape;
use crate::workflow::expression::{self, Piece};

/// Programs that read a script as one more argument.
pub(in crate::workflow::parse) const SHELLS: [(&str, &[&str]); 5] = [
    ("sh", &["sh", "-c"]),
    ("bash", &["bash", "-c"]),
    ("zsh", &["zsh", "-c"]),
    ("python3", &["python3", "-c"]),
    ("node", &["node", "-e"]),
];

/// The shell of a script where nothing else is said.
pub(super) fn plain_shell() -> Vec<String> {
    SHELLS[0].1.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn shell(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<Vec<String>> {
    let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let Some(node) = table.get("shell") else { return Some(owned(SHELLS[0].1)) };
    if let Shape::List(list) = &node.shape {
        let words: Vec<String> = list.iter().filter_map(|n| sentence(n, "shell", sink)).collect();
        if words.is_empty() {
            sink.error(&node.span, "`shell` is empty", "Give the program and its arguments: [bash, -euc]");
            return None;
        }
        return Some(words);
    }
    let name = sentence(node, "shell", sink)?;
    if let Some((_, words)) = SHELLS.iter().find(|(n, _)| *n == name) {
        return Some(owned(words));
    }
    let known = SHELLS.iter().map(|(n, _)| *n);
    let message = match nearest(&name, known.clone()) {
        Some(meant) => format!("unknown shell `{}`; did you mean `{meant}`?", brief(&name)),
        None => format!("unknown shell `{}`", brief(&name)),
    };
    let help = format!(
        "Known are {}; any other program is given as a list: [fish, -c]",
        known.collect::<Vec<_>>().join(", ")
    );
    sink.error(&node.span, message, help);
    None
}

/// Scripts are never filled in: that is what makes a hostile value harmless. `key` is where the script stands.
pub(super) fn refuse_expressions(script: &str, key: &str, span: &Range<usize>, sink: &mut Sink<'_>) {
    if !script.contains("${{") {
        return;
    }
    let found = expression::pieces(script).unwrap_or_default();
    let expressions: Vec<&str> = found
        .iter()
        .filter_map(|p| match p {
            Piece::Expression(source, _) => Some(*source),
            Piece::Text(_) => None,
        })
        .collect();
    let at = sink.locate(span, "${{");
    if expressions.is_empty() {
        let message = format!("`${{{{` is not filled in inside `{key}`");
        sink.error(&at, message, "Values reach a script through `env:`");
    }
    for source in expressions {
        let at = sink.locate(span, source);
        let name: String = expression::references(source)
            .first()
            .and_then(|r| r.path.last())
            .map_or_else(|| "VALUE".to_owned(), |n| n.to_uppercase())
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let quoted = source.replace('\\', "\\\\").replace('"', "\\\"");
        let line = format!("env: {{ {name}: \"${{{{ {quoted} }}}}\" }}");
        sink.error(
            &at,
            format!(
                "`${{{{ … }}}}` is not filled in inside `{key}`: scripts get values through their environment"
            ),
            format!("Write \"${name}\" in the script, and beside `run:` the line\n{line}"),
        );
    }
}

/// `${{` where nothing fills it in would be shown to people as it stands.
pub(super) fn not_filled_in(table: &Table<'_>, sink: &mut Sink<'_>) {
    for key in ["title", "description", "validation", "actions", "call", "agent", "workflow", "escalate"] {
        let Some(node) = table.get(key) else { continue };
        let nodes = match &node.shape {
            Shape::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for node in nodes {
            if matches!(&node.shape, Shape::Text(text) if text.contains("${{")) {
                let at = sink.locate(&node.span, "${{");
                sink.error(
                    &at,
                    format!("`${{{{` is not filled in inside `{key}`"),
                    "Values are filled in in `env`, `cwd`, `with`, `inputs`, `persona`, `prompt`, `expects`, `approve`, `write` and `template`",
                );
            }
        }
    }
}
