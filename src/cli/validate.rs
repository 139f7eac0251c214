//! `mwtui validate`: what is wrong with workflow files, with the place and what to write.

use std::io::Read;

use serde_json::json;

use crate::base::{Error, Result, SafeText};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit};
use crate::workflow::parse::{FILE_LIMIT, too_large};
use crate::workflow::{Diagnostic, Severity, parse};

/// Check workflow files
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files
    #[arg(required = true)]
    files: Vec<std::path::PathBuf>,
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    let mut diagnostics = Vec::new();
    for path in &args.files {
        let shown = path.display().to_string();
        let unreadable = |e: std::io::Error| {
            let message = format!("{shown} cannot be read");
            let found = e.kind() != std::io::ErrorKind::NotFound;
            let error = if found { Error::internal(message) } else { Error::not_found(message) };
            error.because(e).hint("Give the path of a workflow file")
        };
        let mut file = std::fs::File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        if size > FILE_LIMIT as u64 {
            diagnostics.push(too_large(&shown, size));
            continue;
        }
        let mut bytes = Vec::new();
        // One that grows while it is read, or that has no size of its own, is found out by the parser.
        Read::by_ref(&mut file).take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        match parse(&shown, &bytes) {
            Ok((_, warnings)) => diagnostics.extend(warnings),
            Err(errors) => diagnostics.extend(errors),
        }
    }
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    if env.out.is_json() {
        env.out.json(json!({ "valid": errors == 0, "diagnostics": diagnostics }));
    } else {
        print(env, &diagnostics);
        let files = count(args.files.len(), "file");
        env.out.line(if errors == 0 {
            let warnings = count(diagnostics.len(), "warning");
            Line::new().put(Tone::Success, "✓ ").plain(format!("{files} checked, no errors, {warnings}"))
        } else {
            let errors = count(errors, "error");
            Line::new().put(Tone::Failure, "✗ ").plain(format!("{files} checked, {errors}"))
        });
    }
    Ok(if errors == 0 { Exit::Done } else { Exit::Failed })
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Each diagnostic with its place, its snippet and what to write instead.
pub fn print(env: &Env, diagnostics: &[Diagnostic]) {
    for found in diagnostics {
        let (tone, word) = match found.severity {
            Severity::Error => (Tone::Failure, "error"),
            Severity::Warning => (Tone::Warning, "warning"),
        };
        let place = if found.line == 0 {
            found.file.clone()
        } else {
            format!("{}:{}:{}", found.file, found.line, found.column)
        };
        env.out.line(Line::new().put(tone, word).plain(": ").strong(&found.message).dim("  ").dim(place));
        if !found.snippet.is_empty() {
            env.out.block("  ", &SafeText::new(found.snippet.trim_end()));
        }
        if let Some(help) = &found.help {
            env.out.line(Line::new().plain("  ").put(Tone::Accent, "help: ").plain(help));
        }
    }
}
