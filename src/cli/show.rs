//! `mwtui show`: one workflow as one reads it, or what is wrong with its file.

use serde_json::json;

use crate::base::{Error, Result, SafeText};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, list, validate};
use crate::workflow::{prose, registry::EntryState};

/// Show one workflow as Markdown, or its file
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workflow's id
    id: String,
    /// The file itself: to copy it, and change the copy
    #[arg(long)]
    yaml: bool,
    /// Only where its file is; one that comes with the program has none
    #[arg(long, conflicts_with = "yaml")]
    path: bool,
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    let registry = env.registry();
    let entry = find::entry(&registry, &args.id).ok_or_else(|| find::no_workflow(&registry, &args.id))?;
    if env.out.is_json() {
        let mut object = list::entry_json(entry);
        if let Some(fields) = object.as_object_mut() {
            fields.insert("workflow".to_owned(), json!(entry.workflow()));
        }
        env.out.json(object);
        return Ok(if entry.workflow().is_some() { Exit::Done } else { Exit::Failed });
    }
    if args.path {
        let label = find::label(entry);
        let bundled = Error::refused(format!("{label} comes with the program and has no file of its own"));
        let path = entry
            .path
            .as_ref()
            .ok_or_else(|| bundled.hint(format!("To have one: mwtui new {label} --copy")))?;
        env.out.line(path.display().to_string());
        return Ok(Exit::Done);
    }
    if args.yaml && !entry.source.is_empty() {
        // On a screen like any text; elsewhere byte for byte, so that a copy is one.
        let text = String::from_utf8_lossy(&entry.source);
        if env.out.is_terminal() {
            env.out.block("", &SafeText::new(text.trim_end()));
        } else {
            env.out.copy(&text);
        }
        return Ok(Exit::Done);
    }
    match &entry.state {
        EntryState::Broken { errors, .. } => {
            env.out.line(
                Line::new().put(Tone::Failure, "✗ broken  ").plain(&entry.file).dim("  it cannot be run"),
            );
            validate::print(env, errors);
            Ok(Exit::Failed)
        }
        EntryState::Loaded { workflow, warnings, trusted } => {
            env.out.block("", &SafeText::new(prose::markdown(workflow).trim_end()));
            env.out.blank();
            env.out.line(
                Line::new()
                    .dim(format!("{}  ", list::origin_word(entry.origin)))
                    .dim(&entry.file)
                    .dim("  sha256 ")
                    .dim(entry.digest.get(..12).unwrap_or(&entry.digest)),
            );
            if !trusted {
                env.out.remark(
                    Line::new()
                        .put(Tone::Warning, "untrusted: ")
                        .plain("it is not run before you say  mwtui trust ")
                        .plain(&entry.file),
                );
            }
            validate::print(env, warnings);
            Ok(Exit::Done)
        }
    }
}
