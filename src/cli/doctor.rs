//! `mwtui doctor`: looks at everything that mwtui needs, says what is wrong and what to do.
//! Changes nothing, and starts nothing but, where one is configured, the second opinion.

mod store;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::json;

use crate::base::Result;
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, opinion};
use crate::config::{Settings, layers};
use crate::protocol::EngineStatus;
use crate::workflow::registry::EntryState;

/// Look for what is wrong with this installation
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How a thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    /// Worth knowing; nothing is wrong.
    Remark,
    Bad,
}

struct Finding {
    health: Health,
    what: String,
    /// What to do, where something is to be done.
    hint: Option<String>,
}

fn good(what: impl Into<String>) -> Finding {
    Finding { health: Health::Good, what: what.into(), hint: None }
}

fn remark(what: impl Into<String>) -> Finding {
    Finding { health: Health::Remark, what: what.into(), hint: None }
}

fn bad(what: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { health: Health::Bad, what: what.into(), hint: Some(hint.into()) }
}

pub async fn run(env: &Env) -> Result<Exit> {
    let mut findings = Vec::new();
    let paths = &env.paths;
    for (name, folder) in [("settings", &paths.config), ("state", &paths.state), ("run", &paths.run)] {
        findings.push(folder_finding(name, folder));
    }
    findings.extend(private_file("store", &paths.store_file()));
    findings.extend(private_file("phrases", &paths.phrases_file()));
    let settings = settings(env, &mut findings);
    let engine = store::engine_and_store(env, &mut findings).await;
    store::backups(env, &mut findings);
    store::files(env, &mut findings);
    if let Some(settings) = &settings {
        hooks(settings, engine.as_ref(), &mut findings);
    }
    bank(env, &mut findings);
    findings.push(second_opinion(env).await);
    terminal(&mut findings);
    findings.push(git());

    let sick = findings.iter().any(|f| f.health == Health::Bad);
    if env.out.is_json() {
        let all: Vec<_> = findings
            .iter()
            .map(|f| {
                let health = match f.health {
                    Health::Good => "good",
                    Health::Remark => "remark",
                    Health::Bad => "bad",
                };
                json!({ "health": health, "what": f.what, "hint": f.hint })
            })
            .collect();
        env.out.json(json!({ "healthy": !sick, "findings": all }));
    } else {
        for finding in &findings {
            let (tone, glyph) = match finding.health {
                Health::Good => (Tone::Success, "✓"),
                Health::Remark => (Tone::Dim, "·"),
                Health::Bad => (Tone::Failure, "✗"),
            };
            env.out.line(Line::new().put(tone, glyph).plain(" ").plain(&finding.what));
            if let Some(hint) = &finding.hint {
                env.out.line(Line::new().put(Tone::Accent, "    try: ").plain(hint));
            }
        }
    }
    Ok(if sick { Exit::Failed } else { Exit::Done })
}

/// The settings, where they read.
fn settings(env: &Env, findings: &mut Vec<Finding>) -> Option<Settings> {
    let file = env.paths.config_file();
    let layered = match layers::load(&env.paths) {
        Ok(layered) => layered,
        Err(error) => {
            findings.push(from_error("settings", &error));
            return None;
        }
    };
    let place = if file.exists() { file.display().to_string() } else { "the defaults".to_owned() };
    findings.push(good(match &layered.settings.profile {
        Some(profile) => format!("settings: {place} reads, with the profile {profile}"),
        None => format!("settings: {place} reads"),
    }));
    findings.extend(
        layered.unknown.iter().map(|name| remark(format!("settings: {name} is set and is no setting"))),
    );
    Some(layered.settings)
}

/// What hooks are there, whether their programs are, and how it went with them.
fn hooks(settings: &Settings, engine: Option<&EngineStatus>, findings: &mut Vec<Finding>) {
    let own = settings.profile.as_deref();
    if let Some(theirs) = engine
        && theirs.settings_error.is_none()
        && theirs.profile.as_deref() != own
    {
        let told = |profile: Option<&str>| profile.map_or("none".to_owned(), |name| format!("`{name}`"));
        findings.push(bad(
            format!(
                "engine: its profile is {}, that of this command {}; it starts no run for it",
                told(theirs.profile.as_deref()),
                told(own)
            ),
            "mwtui engine stop; the next command starts one with its own profile",
        ));
    }
    if let Some(error) = engine.and_then(|engine| engine.settings_error.as_ref()) {
        findings.push(from_error("engine", error));
    }
    for hook in &settings.hooks {
        let program = hook.command.first().map_or("", String::as_str);
        if !program.contains('/') && in_path(program).is_none() {
            findings.push(bad(
                format!("hook {program}: not found in PATH; what it is to be told of, nobody hears"),
                "install it, or write its whole path into config.toml",
            ));
        }
    }
    let status = engine.map(|engine| engine.hooks.clone()).unwrap_or_default();
    for failure in &status.last {
        findings.push(bad(
            format!(
                "hook {} failed at {} ({} of run {}): {}",
                failure.command,
                failure.at.local_minute(),
                failure.event,
                failure.run.short(),
                failure.why
            ),
            "try it by hand: mwtui events RUN prints the lines that it is given",
        ));
    }
    if status.missed > 0 {
        findings.push(bad(
            format!("hooks: {} calls were not made, too many waited", status.missed),
            "let them match less, be quicker, or raise limits.hooks in config.toml",
        ));
    }
    findings.push(match settings.hooks.len() {
        0 => remark("hooks: none are configured"),
        count => good(format!(
            "hooks: {count} configured; {} called since the engine started, {} failed, {} under way",
            status.called, status.failed, status.waiting
        )),
    });
}

fn folder_finding(name: &str, folder: &Path) -> Finding {
    let place = folder.display();
    match std::fs::metadata(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            remark(format!("{name} folder {place}: not there yet; made when it is needed"))
        }
        Err(e) => bad(
            format!("{name} folder {place}: cannot be looked at ({e})"),
            "check who owns it and its parents, or choose another with --home DIR",
        ),
        Ok(meta) if !meta.is_dir() => bad(
            format!("{name} folder {place}: is no folder"),
            format!("move the file {place} out of the way"),
        ),
        Ok(meta) if meta.uid() != rustix::process::getuid().as_raw() => bad(
            format!("{name} folder {place}: belongs to another user ({})", meta.uid()),
            "give it to yourself with chown, or choose another with --home DIR",
        ),
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => bad(
            format!(
                "{name} folder {place}: others can look in (mode {:o})",
                meta.permissions().mode() & 0o777
            ),
            format!("chmod 700 {place}"),
        ),
        Ok(_) => good(format!("{name} folder {place}")),
    }
}

fn private_file(name: &str, file: &Path) -> Option<Finding> {
    let meta = std::fs::metadata(file).ok()?;
    let place = file.display();
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Some(bad(
            format!("{name} {place}: others can read it (mode {mode:o})"),
            format!("chmod 600 {place}"),
        ));
    }
    Some(good(format!("{name} {place}, {} KiB", meta.len().div_ceil(1024))))
}

fn from_error(what: &str, error: &crate::base::Error) -> Finding {
    let told = std::iter::once(&error.message).chain(&error.causes).map(String::as_str);
    bad(
        format!("{what}: {}", told.collect::<Vec<_>>().join("; ")),
        error.hint.clone().unwrap_or_else(|| "look at the log in the state folder".to_owned()),
    )
}

fn bank(env: &Env, findings: &mut Vec<Finding>) {
    let registry = env.registry();
    let mut loaded = 0;
    for entry in &registry.entries {
        match &entry.state {
            EntryState::Broken { label, errors } => {
                let first = errors.first().map_or("it does not load", |e| e.message.as_str());
                findings.push(bad(
                    format!("workflow {label} in {} is broken: {first}", entry.file),
                    format!("mwtui show {label}"),
                ));
            }
            EntryState::Loaded { trusted: false, .. } => {
                loaded += 1;
                findings.push(remark(format!(
                    "workflow {} is not trusted: mwtui trust {} after a look",
                    find::label(entry),
                    entry.file
                )));
            }
            EntryState::Loaded { .. } => loaded += 1,
        }
    }
    findings.push(good(format!("bank: {loaded} workflows load")));
}

/// Asks one made-up question: only an answer shows that there would be one.
async fn second_opinion(env: &Env) -> Finding {
    match opinion::probe(env).await {
        Ok(Some(name)) => good(format!("second opinion: {name} answers")),
        Ok(None) => remark("second opinion: none is configured; nobody else is asked"),
        Err(error) => from_error("second opinion", &error),
    }
}

fn terminal(findings: &mut Vec<Finding>) {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let term = variable("TERM").unwrap_or_else(|| "not set".to_owned());
    let colours = if variable("NO_COLOR").is_some() {
        "none, NO_COLOR is set"
    } else if variable("COLORTERM").is_some_and(|c| c == "truecolor" || c == "24bit") {
        "truecolor"
    } else if term.contains("256") {
        "256"
    } else if term == "dumb" {
        "none"
    } else {
        "16"
    };
    let text = format!("terminal: TERM {term}, colours {colours}");
    findings.push(match term.as_str() {
        "dumb" => remark(format!("{text}; the console needs a terminal that can move its cursor")),
        _ => good(text),
    });
    let utf8 = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    if !utf8.is_some_and(|l| l.to_lowercase().replace('-', "").contains("utf8")) {
        findings
            .push(remark("terminal: the locale does not say UTF-8; if boxes look broken, set LANG=C.UTF-8"));
    }
}

/// Looked for, not run: this room starts no processes.
fn git() -> Finding {
    match in_path("git") {
        Some(file) => good(format!("git: {}", file.display())),
        None => bad(
            "git: not found in PATH; summaries will tell nothing of commits and changes",
            "install git, or put it into PATH",
        ),
    }
}

fn in_path(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| {
        std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    })
}
