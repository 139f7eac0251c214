//! `mwtui examples`: the other ways to say it that a workflow has, and more of them from standard input, each checked
//! against the whole bank before it is written into the workflow's file.

use std::io::{IsTerminal as _, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::{Error, Result, atomic};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, validate};
use crate::matching::{Index, Trouble, check, check_phrase, key};
use crate::workflow::parse::{PHRASE_LENGTH, PHRASES, with_examples};
use crate::workflow::{Origin, Registry, Workflow};

/// The most that is read from standard input.
const INPUT_LIMIT: usize = 1024 * 1024;

/// List the other ways to say it that a workflow has, or add some
///
/// With --add, sentences are read from standard input, one a line; a `-` before a sentence is taken
/// off. Each is checked against the whole bank: what is there already, clashes with another workflow
/// or is over a limit is left out, and it is said why. The rest is written into the workflow's file,
/// in which nothing else changes. Exits 1 where nothing could be added.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workflow's id
    id: String,
    /// Add the sentences of standard input
    #[arg(long)]
    add: bool,
    /// Add also what clashes with another workflow
    #[arg(long, requires = "add")]
    force: bool,
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    if !args.add {
        return list(args, env);
    }
    // What cannot be written is said before anybody types thirty sentences.
    target(&env.registry(), &args.id)?;
    let lines = input(env)?;
    let registry = env.registry();
    let Target { workflow, path, source } = target(&registry, &args.id)?;
    let index = Index::with(registry.workflows(), &env.matching()?);
    let mut sorted = Sorted { workflow: &workflow, index: &index, force: args.force, all: Vec::new() };
    for line in &lines {
        sorted.put(line);
    }
    let added: Vec<String> = sorted.all.iter().filter(|s| s.added).map(|s| s.text.clone()).collect();
    if !added.is_empty() {
        let made = with_examples(&path.display().to_string(), &source, &added)?;
        // The file itself, where the bank has it by a link.
        let place = std::fs::canonicalize(&path).map_err(|e| unreadable(&path, e))?;
        let mode = std::fs::metadata(&place).map_err(|e| unreadable(&path, e))?.permissions().mode();
        atomic::write(&place, &made, mode & 0o777, atomic::Existing::Replace)?;
        tracing::info!(workflow = %workflow.id, added = added.len(), "examples added");
    }
    let must_trust = !added.is_empty() && is_project(&registry, &workflow);
    tell(env, &sorted.all, &workflow, &path, must_trust);
    let there = |s: &Sentence| s.added || s.is_own;
    Ok(if !added.is_empty() || sorted.all.iter().all(there) { Exit::Done } else { Exit::Failed })
}

fn list(args: &Args, env: &Env) -> Result<Exit> {
    let registry = env.registry();
    let entry = find::entry(&registry, &args.id).ok_or_else(|| find::no_workflow(&registry, &args.id))?;
    let Some(workflow) = entry.workflow() else { return Err(broken(find::label(entry), &entry.file)) };
    if env.out.is_json() {
        let examples = &workflow.examples;
        env.out.json(json!({ "workflow": workflow.id, "file": entry.file, "examples": examples }));
        return Ok(Exit::Done);
    }
    for example in &workflow.examples {
        env.out.line(example);
    }
    if workflow.examples.is_empty() {
        env.out.remark(
            Line::new().plain(workflow.id.as_str()).plain(" has no examples. ").dim(format!(
                "mwtui examples {} --add takes them from standard input, one a line",
                workflow.id
            )),
        );
    }
    Ok(Exit::Done)
}

/// A workflow whose file may be written.
struct Target {
    workflow: Arc<Workflow>,
    path: PathBuf,
    source: Arc<[u8]>,
}

fn target(registry: &Registry, id: &str) -> Result<Target> {
    let entry = find::entry(registry, id).ok_or_else(|| find::no_workflow(registry, id))?;
    let label = find::label(entry);
    let Some(workflow) = entry.workflow() else { return Err(broken(label, &entry.file)) };
    let Some(path) = &entry.path else {
        let refused = Error::refused(format!("{label} comes with the program and cannot be changed"));
        return Err(refused.hint(format!("Copy it, and the copy takes its place: mwtui new {label} --copy")));
    };
    if !entry.is_trusted() {
        return Err(Error::refused(format!(
            "{label} comes with this project, and nobody has trusted it yet"
        ))
        .hint(format!("Read it, then: mwtui trust {}", path.display())));
    }
    Ok(Target { workflow: Arc::clone(workflow), path: path.clone(), source: Arc::clone(&entry.source) })
}

fn broken(label: &str, file: &str) -> Error {
    Error::refused(format!("{label} is broken: its examples cannot be read"))
        .hint(format!("mwtui validate {file}"))
}

fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    Error::internal(format!("{} cannot be read", path.display())).because(cause).hint("Is it still there?")
}

fn is_project(registry: &Registry, workflow: &Workflow) -> bool {
    registry.get(&workflow.id).is_some_and(|entry| entry.origin == Origin::Project)
}

/// The sentences of standard input; what is no UTF-8 is left for the check to refuse.
fn input(env: &Env) -> Result<Vec<String>> {
    if std::io::stdin().is_terminal() {
        env.out.remark(Line::new().dim("One sentence a line, as people would say it; ctrl-d ends."));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_LIMIT as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::internal("Standard input could not be read").because(e))?;
    if bytes.len() > INPUT_LIMIT {
        return Err(Error::usage(format!("Standard input has more than {INPUT_LIMIT} bytes"))
            .hint(format!("A workflow has at most {PHRASES} examples, one a line")));
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.trim_start_matches('\u{feff}').lines().map(|line| {
        let line = line.trim();
        line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line).trim().to_owned()
    });
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return Err(Error::usage("Standard input has no sentence")
            .hint("Give one a line: mwtui examples MW-004 --add < sentences.txt"));
    }
    Ok(lines)
}

/// A sentence that was given, and what became of it.
struct Sentence {
    text: String,
    added: bool,
    /// The workflow has it already.
    is_own: bool,
    /// Why it was left out, or why it might have been; empty where nothing is wrong.
    why: String,
    help: String,
    trouble: Option<Trouble>,
}

struct Sorted<'a> {
    workflow: &'a Workflow,
    index: &'a Index,
    force: bool,
    all: Vec<Sentence>,
}

impl Sorted<'_> {
    fn put(&mut self, text: &str) {
        let mut sentence = Sentence {
            text: text.to_owned(),
            added: false,
            is_own: false,
            why: String::new(),
            help: String::new(),
            trouble: None,
        };
        let of = &self.workflow.id;
        let room = self.workflow.examples.len() + self.all.iter().filter(|s| s.added).count();
        if text.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
            "holds a control character, or is no UTF-8".clone_into(&mut sentence.why);
        } else if self.all.iter().any(|s| s.added && same(&s.text, text)) {
            "is given twice".clone_into(&mut sentence.why);
            sentence.is_own = true;
        } else if let Some(trouble) = check_phrase(self.index, text, of) {
            let clashes = trouble.other(of).is_some();
            sentence.is_own = matches!(&trouble, Trouble::AlreadyThere { workflow } if workflow == of);
            sentence.added = clashes && self.force && room < PHRASES && text.len() <= PHRASE_LENGTH;
            sentence.why = trouble.says();
            sentence.help = check::help(self.index, of, &trouble);
            sentence.trouble = Some(trouble);
        } else if room >= PHRASES {
            sentence.why = format!("is one too many: {PHRASES} examples are allowed");
            "Keep the ones that differ most".clone_into(&mut sentence.help);
        } else {
            sentence.added = true;
        }
        self.all.push(sentence);
    }
}

/// Whether the matcher sees no difference, or the file would refuse both.
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase() || !key(a).is_empty() && key(a) == key(b)
}

fn tell(env: &Env, all: &[Sentence], workflow: &Workflow, path: &Path, must_trust: bool) {
    let added = all.iter().filter(|s| s.added).count();
    let now = workflow.examples.len() + added;
    if env.out.is_json() {
        let sentences: Vec<Value> = all
            .iter()
            .map(|s| {
                let why = (!s.why.is_empty()).then(|| format!("“{}” {}", s.text, s.why));
                json!({ "text": s.text, "added": s.added, "why": why, "trouble": s.trouble })
            })
            .collect();
        env.out.json(json!({
            "workflow": workflow.id,
            "file": path.display().to_string(),
            "added": added,
            "examples": now,
            "must_be_trusted": must_trust,
            "sentences": sentences,
        }));
        return;
    }
    for sentence in all {
        let mark = match (sentence.added, sentence.is_own) {
            (true, _) => Line::new().put(Tone::Success, "✓ "),
            (false, true) => Line::new().dim("· "),
            (false, false) => Line::new().put(Tone::Warning, "▲ "),
        };
        let what = if sentence.added { "" } else { "left out: " };
        let line = mark.plain(what).plain(format!("“{}”", sentence.text));
        let why = if sentence.why.is_empty() { String::new() } else { format!(" {}", sentence.why) };
        env.out.line(line.dim(why));
        if !sentence.added && !sentence.is_own && !sentence.help.is_empty() {
            env.out.line(Line::new().plain("  ").put(Tone::Accent, "help: ").plain(&sentence.help));
        }
    }
    let left = all.len() - added;
    let left = if left == 0 { String::new() } else { format!(", {left} left out") };
    let line = if added > 0 { Line::new().put(Tone::Success, "✓ ") } else { Line::new().dim("· ") };
    let id = workflow.id.as_str();
    let now = validate::count(now, "example");
    env.out.line(line.plain(format!("{added} added to {id}{left}; it has {now} now")));
    if must_trust {
        env.out.remark(
            Line::new()
                .put(Tone::Warning, "untrusted: ")
                .plain("its file has changed, so it is not run before you say  mwtui trust ")
                .plain(path.display().to_string()),
        );
    }
}
