//! Keys that belong to some kinds of step only: nothing that is written is ignored.

use super::super::report::Sink;
use super::super::table::Table;

/// What the engine does by itself.
const AUTOMATIC: &[&str] = &["run", "call", "agent", "write", "workflow"];

/// Keys that belong to some kinds of step only.
pub(in crate::workflow::parse) const BELONGS: [(&str, &[&str]); 21] = [
    ("shell", &["run"]),
    ("env", &["run"]),
    ("cwd", &["run"]),
    ("pty", &["run"]),
    ("done_exits", &["run"]),
    ("expects", &["run", "call", "agent"]),
    ("with", &["call"]),
    ("persona", &["agent"]),
    ("prompt", &["agent"]),
    ("inputs", &["workflow"]),
    ("required", &["workflow"]),
    ("within", &["approve"]),
    ("remind", &["approve"]),
    ("on_timeout", &["approve"]),
    ("escalate", &["approve"]),
    ("template", &["write"]),
    ("overwrite", &["write"]),
    ("timeout", AUTOMATIC),
    ("retry", AUTOMATIC),
    ("idempotent", AUTOMATIC),
    ("outputs", AUTOMATIC),
];

/// Says which keys do not belong to a step of this kind.
pub(super) fn check(table: &Table<'_>, word: &str, sink: &mut Sink<'_>) {
    for (key, kinds) in BELONGS {
        if let Some(key) = table.key(key)
            && !kinds.contains(&word)
        {
            sink.error(
                &key.span,
                format!("`{}` belongs to the {}, this step is {word}", key.text, listed(kinds)),
                instead(&key.text, word),
            );
        }
    }
}

/// “kind `run`”, “kinds `run` and `call`”.
fn listed(kinds: &[&str]) -> String {
    match kinds {
        [one] => format!("kind `{one}`"),
        [first @ .., last] => format!("kinds `{}` and `{last}`", first.join("`, `")),
        [] => String::new(),
    }
}

/// What to write instead of a key that does not belong to this kind of step.
fn instead(key: &str, word: &str) -> &'static str {
    match (key, word) {
        ("timeout", "approve") => "How long people have is said with `within`",
        ("within", "run" | "call" | "agent" | "write" | "workflow") => {
            "How long it may work is said with `timeout`"
        }
        ("with", "workflow") => "A child run gets its values by `inputs`",
        ("with" | "inputs", "run") => "A script gets its values by `env`",
        ("inputs", "call") => "A tool gets its values by `with`",
        ("prompt", "ask") => "Each question has a prompt of its own",
        ("expects", _) => "What a person does is checked with `validation`",
        ("outputs", "ask") => "Its answers are read as answers.<name>",
        ("required", _) => "A step that may fail says `continue_on_error: true`",
        ("timeout" | "retry" | "idempotent" | "outputs", _) => {
            "Nothing would enforce it: take it out, or move it"
        }
        _ => "Take it out, or move it",
    }
}
