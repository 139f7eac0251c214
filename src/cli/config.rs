//! `mwtui config`: the settings that hold, and where each comes from.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::base::{Error, Result};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, shown_path};
use crate::config::layers::{self, Given, Layered};
use crate::config::schema;
use crate::config::tree::{Layer, Node, Table, Value, bare};

/// Show the settings that hold, and where each comes from
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Print where config.toml lies, whether it is there or not
    Path,
    /// Read a file of settings, all its profiles included, and say what is wrong with it
    Check {
        /// The file; without it, the one that holds
        file: Option<PathBuf>,
    },
}

/// One key with what it is.
struct Row {
    key: String,
    /// As TOML has it, for people.
    shown: String,
    json: Json,
    layer: Layer,
    /// Where it stands; empty for a default.
    at: String,
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    match &args.command {
        None => show(env),
        Some(ConfigCommand::Path) => {
            let file = env.paths.config_file();
            if env.out.is_json() {
                env.out.json(json!({ "path": file, "exists": file.exists() }));
            } else {
                env.out.line(file.display().to_string());
            }
            Ok(Exit::Done)
        }
        Some(ConfigCommand::Check { file }) => check(env, file.as_deref()),
    }
}

fn show(env: &Env) -> Result<Exit> {
    let layered = layers::load(&env.paths)?;
    let rows = rows(&layered);
    let file = env.paths.config_file();
    if env.out.is_json() {
        let settings: Vec<Json> = rows
            .iter()
            .map(|row| {
                let at = (!row.at.is_empty()).then_some(&row.at);
                json!({ "key": row.key, "value": row.json, "from": row.layer.word(), "at": at })
            })
            .collect();
        env.out.json(json!({
            "path": file,
            "exists": file.exists(),
            "profile": layered.settings.profile,
            "profiles": layered.profiles,
            "settings": settings,
            "unknown_variables": layered.unknown,
        }));
        return Ok(Exit::Done);
    }
    let key = rows.iter().map(|row| row.key.len()).max().unwrap_or(0);
    let value = rows.iter().map(|row| row.shown.chars().count()).filter(|n| *n <= 40).max().unwrap_or(0);
    for row in &rows {
        let line = Line::new().plain(format!("{:<key$} ", row.key)).dim("= ");
        let line = match row.layer {
            Layer::Default => line.dim(format!("{:<value$}  ", row.shown)).dim("default"),
            _ => line.plain(format!("{:<value$}  ", row.shown)).dim(place(row, env)),
        };
        env.out.line(line);
    }
    if !file.exists() {
        env.out.remark(Line::new().dim(format!("There is no {} yet.", file.display())));
    }
    if !layered.profiles.is_empty() && layered.settings.profile.is_none() {
        let names = layered.profiles.join(", ");
        env.out.remark(Line::new().dim(format!("Profiles: {names}. --profile NAME chooses one.")));
    }
    for name in &layered.unknown {
        env.out.remark(Line::new().put(Tone::Warning, "note: ").plain(format!("{name} is no setting")));
    }
    Ok(Exit::Done)
}

fn place(row: &Row, env: &Env) -> String {
    let at = row.at.strip_prefix(&format!("{}/", env.paths.config.display())).unwrap_or(&row.at);
    match row.layer {
        Layer::Profile => format!("{at} (profile)"),
        _ => at.to_owned(),
    }
}

/// Every key that is set, and every other that has a default; in the order of the declaration.
fn rows(layered: &Layered) -> Vec<Row> {
    let mut set = Vec::new();
    leaves(&mut set, Vec::new(), &layered.table);
    let mut rows = Vec::new();
    for key in schema::KEYS {
        let of_key: Vec<_> = set
            .iter()
            .filter(|(path, _)| schema::find(path).is_some_and(|found| found.path == key.path))
            .collect();
        for (path, node) in &of_key {
            rows.push(row(path, node));
        }
        if of_key.is_empty() && !key.default.is_empty() {
            let place = std::sync::Arc::new(crate::config::tree::Place {
                layer: Layer::Default,
                at: String::new(),
                line: String::new(),
            });
            if let Some(node) = crate::config::tree::from_value(key.default, &place) {
                rows.push(row(&key.path.split('.').map(str::to_owned).collect::<Vec<_>>(), &node));
            }
        }
    }
    rows
}

fn leaves<'t>(into: &mut Vec<(Vec<String>, &'t Node)>, begun: Vec<String>, table: &'t Table) {
    for (name, entry) in table {
        let path = [begun.clone(), vec![name.clone()]].concat();
        match &entry.node.value {
            Value::Table(inner) => leaves(into, path, inner),
            _ => into.push((path, &entry.node)),
        }
    }
}

fn row(path: &[String], node: &Node) -> Row {
    let key = path.iter().map(|part| bare(part)).collect::<Vec<_>>().join(".");
    let (layer, at) = (node.place.layer, node.place.at.clone());
    if is_secret(path, node) {
        return Row { key, shown: "(hidden)".to_owned(), json: Json::Null, layer, at };
    }
    Row { key, shown: node.value.toml(), json: node.value.json(), layer, at }
}

/// What a server is given may be a secret, unless it only says where one is.
fn is_secret(path: &[String], node: &Node) -> bool {
    let is_environment = schema::find(path).is_some_and(|key| key.path == "servers.*.env.*");
    let is_reference =
        matches!(&node.value, Value::Text(text) if text.starts_with(crate::config::servers::REFERENCE));
    is_environment && !is_reference
}

fn check(env: &Env, file: Option<&Path>) -> Result<Exit> {
    let own = env.paths.config_file();
    let file = file.unwrap_or(&own);
    let text = std::fs::read_to_string(file).map_err(|e| {
        let missing = e.kind() == std::io::ErrorKind::NotFound;
        let make = if missing { Error::not_found } else { Error::usage };
        make(format!("{} cannot be read", file.display())).because(e)
    })?;
    let name = shown_path(file, &env.folder);
    let read = layers::assemble(&Given { file: Some((&name, &text)), ..Given::default() })?;
    crate::matching::Options::new(&read.settings.matching)?;
    if env.out.is_json() {
        env.out.json(json!({ "path": file, "valid": true, "profiles": read.profiles }));
        return Ok(Exit::Done);
    }
    let line = Line::new().put(Tone::Success, "✓ ").plain(format!("{name} reads"));
    env.out.line(match read.profiles.as_slice() {
        [] => line,
        names => line.plain(format!(", with each of its profiles: {}", names.join(", "))),
    });
    Ok(Exit::Done)
}
