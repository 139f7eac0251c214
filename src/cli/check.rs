//! `mwtui match check`: which phrases of the bank cannot be told apart, and whether a new one can. Beside it, what
//! `validate` says of the same.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::base::{Error, Result, WorkflowId};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, validate};
use crate::matching::{Finding, Index, Options, check, check_phrase};
use crate::workflow::parse::remark;
use crate::workflow::{Diagnostic, Entry, Origin, Registry, Severity, Workflow};

/// Check the trigger phrases of the whole bank, or one phrase against it
///
/// Finds phrases that two workflows share or that cannot be told apart, where neither says in
/// `disambiguates_from` what tells it from the other, and trigger phrases that are too short, made of
/// common words alone or addressed to the console. Exits 1 where a trigger phrase can do no good, or
/// the phrase that was given would not be told from the others.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A phrase that is not in the bank yet
    phrase: Vec<String>,
    /// The workflow that the phrase is meant for; it need not exist yet
    #[arg(long, value_name = "ID")]
    of: Option<String>,
    /// Look in the files of this folder alone
    #[arg(long, value_name = "DIR")]
    workflows: Option<PathBuf>,
}

impl Args {
    /// The phrase to match, where the command is only its first word.
    pub fn phrase(&self) -> Option<String> {
        let is_phrase = !self.phrase.is_empty() && self.of.is_none() && self.workflows.is_none();
        is_phrase.then(|| format!("check {}", self.phrase.join(" ")))
    }
}

/// The bank, or the files of one folder.
pub fn registry(env: &Env, folder: Option<&PathBuf>) -> Result<Registry> {
    match folder {
        Some(folder) if folder.is_dir() => Ok(Registry::load_folder(folder)),
        Some(folder) => Err(Error::not_found(format!("{} is no folder", folder.display()))
            .hint("Give a folder of workflow files with --workflows DIR")),
        None => Ok(env.registry()),
    }
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    let registry = registry(env, args.workflows.as_ref())?;
    // Files of a folder are judged by themselves, without settings.
    let options = if args.workflows.is_some() { Options::default() } else { env.matching()? };
    match (&args.of, args.phrase.is_empty()) {
        (Some(of), false) => Ok(one(env, &registry, &options, &args.phrase.join(" "), of)),
        (None, true) => Ok(bank(env, &registry, &options)),
        (Some(_), true) => Err(Error::usage("--of says whose phrase it is, and no phrase is given")
            .hint("mwtui match check \"roll it back\" --of MW-004")),
        (None, false) => Err(Error::usage("It is not said which workflow the phrase is meant for")
            .hint("Add --of ID; the workflow need not exist yet")),
    }
}

fn one(env: &Env, registry: &Registry, options: &Options, phrase: &str, of: &str) -> Exit {
    let known = registry.find(of).and_then(Entry::workflow);
    let of = known.map_or_else(|| WorkflowId::new(of), |w| w.id.clone());
    let index = Index::with(registry.workflows(), options);
    let trouble = check_phrase(&index, phrase, &of);
    let help = trouble.as_ref().map(|t| check::help(&index, &of, t));
    if env.out.is_json() {
        env.out.json(json!({
            "phrase": phrase,
            "workflow": of,
            "known": known.is_some(),
            "fine": trouble.is_none(),
            "trouble": trouble,
            "message": trouble.as_ref().map(|t| format!("“{phrase}” {}", t.says())),
            "help": help,
        }));
    } else {
        if known.is_none() {
            env.out.remark(Line::new().dim("There is no workflow ").dim(of.as_str()).dim(" yet."));
        }
        match &trouble {
            None => env.out.line(
                Line::new()
                    .put(Tone::Success, "✓ ")
                    .plain(format!("“{phrase}” can be told from the phrases of all other workflows")),
            ),
            Some(trouble) => {
                env.out.line(
                    Line::new().put(Tone::Warning, "▲ ").plain(format!("“{phrase}” {}", trouble.says())),
                );
                let help = help.unwrap_or_default();
                env.out.line(Line::new().plain("  ").put(Tone::Accent, "help: ").plain(help));
            }
        }
    }
    if trouble.is_none() { Exit::Done } else { Exit::Failed }
}

fn bank(env: &Env, registry: &Registry, options: &Options) -> Exit {
    // What clashes is told at the file that can be changed: bundled ones come last.
    let (bundled, own): (Vec<&Entry>, Vec<&Entry>) =
        registry.entries.iter().partition(|e| e.origin == Origin::Bundled);
    let index = Index::with(own.into_iter().chain(bundled).filter_map(Entry::workflow), options);
    let findings = check::check(&index);
    let place = |finding: &Finding| {
        let entry = registry.get(&finding.workflow);
        entry.map(|entry| diagnostic(finding, finding.severity, &entry.file, &entry.source))
    };
    let told: Vec<Diagnostic> = findings.iter().filter_map(place).collect();
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let workflows = registry.workflows().count();
    let broken = registry.entries.len() - workflows;
    if env.out.is_json() {
        let with_place = findings.iter().zip(&told).map(|(finding, told)| {
            let mut value = serde_json::to_value(finding).unwrap_or_default();
            if let Some(fields) = value.as_object_mut() {
                fields.insert("message".to_owned(), json!(told.message));
                fields.insert("file".to_owned(), json!(told.file));
                fields.insert("line".to_owned(), json!(told.line));
                fields.insert("column".to_owned(), json!(told.column));
            }
            value
        });
        let findings: Vec<serde_json::Value> = with_place.collect();
        env.out.json(json!({ "workflows": workflows, "broken": broken, "findings": findings }));
    } else {
        validate::print(env, &told);
        if broken > 0 {
            let files = validate::count(broken, "broken file");
            env.out.remark(Line::new().dim(format!("{files} left out; mwtui list names them")));
        }
        let checked = validate::count(workflows, "workflow");
        let found = format!("{}, {}", validate::count(errors, "error"), validate::count(warnings, "warning"));
        let line = Line::new();
        let line =
            if errors == 0 { line.put(Tone::Success, "✓ ") } else { line.put(Tone::Failure, "✗ ") };
        env.out.line(line.plain(format!("{checked} checked: {found}")));
    }
    if errors == 0 { Exit::Done } else { Exit::Failed }
}

/// A finding with its place in the file.
fn diagnostic(finding: &Finding, severity: Severity, file: &str, source: &[u8]) -> Diagnostic {
    let message = format!("“{}” {}", finding.phrase, finding.trouble.says());
    remark(file, source, &finding.phrase, severity, message, finding.help.clone())
}

/// A file that loads.
pub struct Checked {
    pub file: String,
    pub source: Vec<u8>,
    pub workflow: Arc<Workflow>,
}

/// What `validate` says of the phrases of these files, as they would stand in the bank. They load all the same, so
/// that all of it is warnings.
pub fn of_files(env: &Env, files: &[Checked]) -> Result<Vec<Diagnostic>> {
    let registry = env.registry();
    let given =
        |id: &WorkflowId| files.iter().position(|f| f.workflow.id.as_str().eq_ignore_ascii_case(id.as_str()));
    let others = registry.workflows().filter(|w| given(&w.id).is_none());
    // Of two files with one id the first counts; the bank would refuse both.
    let own = files.iter().enumerate().filter(|(at, f)| given(&f.workflow.id) == Some(*at));
    let all: Vec<&Arc<Workflow>> = others.chain(own.map(|(_, f)| &f.workflow)).collect();
    let index = Index::with(all, &env.matching()?);
    let findings = check::check_some(&index, |id| given(id).is_some());
    let place = |finding: &Finding| {
        let file = &files[given(&finding.workflow)?];
        Some(diagnostic(finding, Severity::Warning, &file.file, &file.source))
    };
    Ok(findings.iter().filter_map(place).collect())
}
