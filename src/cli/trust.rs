//! `mwtui trust`: a person says that a project's workflow may be run as it is now.

use serde_json::json;

use crate::base::{Error, Result, SafeText};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, find, shown_path};
use crate::workflow::{Entry, prose, registry::EntryState, trust};

/// Trust a project's workflow as it is now; any edit asks again
///
/// Shows what it does first. On a terminal it asks; otherwise giving the command is the
/// decision.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workflow's file, or its id
    path: String,
    /// Take the trust back
    #[arg(long)]
    remove: bool,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let registry = env.registry();
    let wanted = std::fs::canonicalize(&args.path).ok();
    let by_path = |entry: &&Entry| {
        let place = entry.path.as_ref().and_then(|p| std::fs::canonicalize(p).ok());
        place.is_some() && place == wanted
    };
    let entry = registry.entries.iter().find(by_path).or_else(|| find::entry(&registry, &args.path));
    let Some(entry) = entry else {
        return Err(Error::not_found(format!("{} is no workflow of this project", args.path))
            .hint("mwtui list shows the workflows; project ones lie in .mwtui/workflows"));
    };
    let label = find::label(entry);
    let Some(path) = &entry.path else {
        return Err(Error::refused(format!("{label} comes with the program and needs no trust")));
    };
    if args.remove {
        trust::distrust(&env.paths, path)?;
        return Ok(told(env, entry, "no longer trusted"));
    }
    let EntryState::Loaded { workflow, trusted, .. } = &entry.state else {
        return Err(Error::refused(format!("{label} is broken and cannot be trusted"))
            .hint(format!("mwtui validate {}", entry.file)));
    };
    if *trusted {
        return Ok(told(env, entry, "trusted already"));
    }
    if !env.out.is_json() {
        env.out.block("  ", &SafeText::new(prose::markdown(workflow).trim_end()));
        env.out.line(
            Line::new().dim("  ").plain(shown_path(path, &env.folder)).dim("  sha256 ").dim(&entry.digest),
        );
    }
    if env.may_ask() && !ask::yes(env, Line::from("May this be run as it stands here?")).await? {
        env.out.line("Nothing was changed.");
        return Ok(Exit::Refused);
    }
    trust::trust(&env.paths, path, &entry.digest)?;
    tracing::info!(workflow = label, digest = entry.digest, "trusted");
    Ok(told(env, entry, "trusted"))
}

fn told(env: &Env, entry: &Entry, word: &str) -> Exit {
    if env.out.is_json() {
        let trusted = word != "no longer trusted";
        env.out.json(json!({ "workflow": find::label(entry), "digest": entry.digest, "trusted": trusted }));
    } else {
        env.out
            .line(Line::new().put(Tone::Success, "✓ ").strong(find::label(entry)).plain(" is ").plain(word));
    }
    Exit::Done
}
