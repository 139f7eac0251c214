//! `mwtui validate`: what is wrong with workflow files, with the place and what to write.

use std::io::Read;
use std::sync::Arc;

use serde_json::json;

use crate::base::{Error, Result, SafeText};
use crate::cli::check::{self, Checked};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit};
use crate::workflow::parse::{FILE_LIMIT, too_large};
use crate::workflow::{Diagnostic, Severity, Status, Workflow, parse};

/// With fewer examples than this, people are understood noticeably less often.
const FEW: usize = 10;

/// Check workflow files, and their trigger phrases against the bank
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files
    #[arg(required = true)]
    files: Vec<std::path::PathBuf>,
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    let mut diagnostics = Vec::new();
    let mut read = Vec::new();
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
            Ok((workflow, warnings)) => {
                diagnostics.extend(warnings);
                diagnostics.extend(few_examples(&shown, &workflow));
                read.push(Checked { file: shown, source: bytes, workflow: Arc::new(workflow) });
            }
            Err(errors) => diagnostics.extend(errors),
        }
    }
    for found in check::of_files(env, &read)? {
        // What reading the file has said of a phrase is not said twice.
        let same = |d: &Diagnostic| {
            d.line > 0 && (&d.file, d.line, d.column) == (&found.file, found.line, found.column)
        };
        if !diagnostics.iter().any(same) {
            diagnostics.push(found);
        }
    }
    let place = |d: &Diagnostic| (d.line == 0, d.line, d.column);
    let file = |d: &Diagnostic| args.files.iter().position(|f| f.display().to_string() == d.file);
    diagnostics.sort_by_key(|d| (file(d), place(d)));
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

/// Words alone cannot know in how many ways people ask for it.
fn few_examples(file: &str, workflow: &Workflow) -> Option<Diagnostic> {
    if workflow.examples.len() >= FEW || matches!(workflow.status, Status::Deprecated { .. }) {
        return None;
    }
    let has = match workflow.examples.len() {
        0 => "no examples yet".to_owned(),
        few => format!("only {}", count(few, "example")),
    };
    let message = format!(
        "it has {has}: with {FEW} other ways to say it or more, people are understood far more often"
    );
    let help = format!("Write them under `examples:`, or, one a line: mwtui examples {} --add", workflow.id);
    Some(Diagnostic { severity: Severity::Warning, ..Diagnostic::of_file(file, message, help) })
}

pub fn count(n: usize, what: &str) -> String {
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
