//! `mwtui list`: the registry, broken and untrusted files included.

use serde_json::{Value, json};

use crate::cli::output::{Line, Table, Tone};
use crate::cli::{Env, Exit, find};
use crate::workflow::{Entry, Origin, Status, registry::EntryState};

/// List the workflows
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Deprecated ones as well
    #[arg(long)]
    all: bool,
}

pub fn run(args: &Args, env: &Env) -> Exit {
    let registry = env.registry();
    let shown: Vec<&Entry> = registry
        .entries
        .iter()
        .filter(|e| args.all || !e.workflow().is_some_and(|w| matches!(w.status, Status::Deprecated { .. })))
        .collect();
    if env.out.is_json() {
        env.out.json(json!({ "workflows": shown.iter().map(|e| entry_json(e)).collect::<Vec<_>>() }));
        return Exit::Done;
    }
    if shown.is_empty() {
        env.out.line(
            Line::new()
                .plain("There are no workflows here. ")
                .dim("Put files into ")
                .plain(env.paths.workflows().display().to_string()),
        );
        return Exit::Done;
    }
    let mut table = Table::new(&["ID", "STATUS", "FROM", "NAME", "SAY"]);
    for entry in shown {
        table.row(match &entry.state {
            EntryState::Broken { label, errors } => vec![
                (Tone::Strong, label.clone()),
                (Tone::Failure, "✗ broken".to_owned()),
                (Tone::Dim, origin_word(entry.origin).to_owned()),
                (Tone::Plain, errors.first().map_or_else(String::new, |e| e.message.clone())),
                (Tone::Dim, format!("mwtui show {label}")),
            ],
            EntryState::Loaded { workflow, trusted, .. } => {
                let status = if *trusted {
                    let tone = match workflow.status {
                        Status::Active => Tone::Success,
                        Status::Draft => Tone::Plain,
                        Status::Deprecated { .. } => Tone::Dim,
                    };
                    (tone, workflow.status.word().to_owned())
                } else {
                    (Tone::Warning, "▲ untrusted".to_owned())
                };
                let say = workflow.trigger_phrases.first();
                vec![
                    (Tone::Strong, workflow.id.to_string()),
                    status,
                    (Tone::Dim, origin_word(entry.origin).to_owned()),
                    (Tone::Plain, workflow.name.clone()),
                    (Tone::Dim, say.map_or_else(String::new, |p| format!("“{p}”"))),
                ]
            }
        });
    }
    env.out.table(&table);
    Exit::Done
}

pub fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Bundled => "bundled",
        Origin::User => "user",
        Origin::Project => "project",
    }
}

/// What programs are told of an entry of the registry.
pub fn entry_json(entry: &Entry) -> Value {
    let workflow = entry.workflow();
    json!({
        "id": find::label(entry),
        "name": workflow.map(|w| &w.name),
        "version": workflow.map(|w| w.version),
        "status": workflow.map_or("broken", |w| w.status.word()),
        "category": workflow.and_then(|w| w.category.as_ref()),
        "tags": workflow.map(|w| &w.tags),
        "trigger_phrases": workflow.map(|w| &w.trigger_phrases),
        "scope": workflow.map(|w| &w.scope),
        "steps": workflow.map(|w| w.steps.len()),
        "origin": entry.origin,
        "trusted": entry.is_trusted(),
        "file": entry.file,
        "digest": entry.digest,
        "diagnostics": match &entry.state {
            EntryState::Loaded { warnings, .. } => warnings,
            EntryState::Broken { errors, .. } => errors,
        },
    })
}
