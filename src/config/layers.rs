//! How the settings come together: what holds without any, the file, the profile that is chosen, the
//! environment, the options of the command; each goes before those it is laid over. One reading of the
//! result tells what is wrong, and where that stands.

use std::sync::Arc;

use crate::base::{Error, Paths, Result};
use crate::config::schema::{self, Meaning, Shape};
use crate::config::settings::Settings;
use crate::config::toml_file::{nearest, read};
use crate::config::tree::{self, Entry, Layer, Node, Place, Table, Value};

/// What the settings are made from.
#[derive(Debug, Clone, Default)]
pub struct Given<'g> {
    /// The file as errors call it, and its text; `None` where there is none.
    pub file: Option<(&'g str, &'g str)>,
    /// `--profile`.
    pub profile: Option<&'g str>,
    /// `--config key=value`, in order.
    pub options: &'g [String],
    /// Variables whose names begin with `MWTUI_`.
    pub environment: &'g [(String, String)],
}

/// The settings, and where each comes from.
#[derive(Debug, Clone)]
pub struct Layered {
    pub settings: Settings,
    /// Everything that is set, laid together.
    pub table: Table,
    /// The profiles of the file.
    pub profiles: Vec<String>,
    /// Variables that look like settings and are none.
    pub unknown: Vec<String>,
}

/// The settings of an installation, with the overrides of this process.
pub fn load(paths: &Paths) -> Result<Layered> {
    let file = paths.config_file();
    let text = read(&file)?;
    let name = file.display().to_string();
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(schema::PREFIX))
        .collect();
    assemble(&Given {
        file: text.as_deref().map(|text| (name.as_str(), text)),
        profile: paths.overrides.profile.as_deref(),
        options: &paths.overrides.settings,
        environment: &environment,
    })
}

/// Lays them together and reads the result. What the file says must be right by itself, in each of its
/// profiles: a mistake is told now, not on the day when the profile is needed.
pub fn assemble(given: &Given<'_>) -> Result<Layered> {
    let mut file = match given.file {
        Some((name, text)) => tree::from_file(name, text)?,
        None => Table::new(),
    };
    let profiles = profiles(&mut file)?;
    for profile in profiles.values() {
        let mut whole = file.clone();
        lay(&mut whole, profile.clone());
        Settings::from_table(&whole)?;
    }
    if profiles.is_empty() {
        Settings::from_table(&file)?;
    }
    let options = options(given.options)?;
    let chosen = chosen(given, &file, &options);
    let mut table = file;
    if let Some((name, place)) = chosen {
        let Some(profile) = profiles.get(&name) else { return Err(no_profile(&name, &place, &profiles)) };
        lay(&mut table, profile.clone());
        let node = Node { place: Arc::clone(&place), value: Value::Text(name) };
        table.insert("profile".to_owned(), Entry { key: place, node });
    }
    let (mut unknown, mut variables) = (Vec::new(), Table::new());
    // Set to nothing is as good as not set.
    for (name, value) in given.environment.iter().filter(|(_, value)| !value.is_empty()) {
        if let Some(set) = variable(name, value, &table, &mut unknown)? {
            tree::overlay(&mut variables, set);
        }
    }
    lay(&mut table, variables);
    for option in options {
        lay(&mut table, option);
    }
    let settings = Settings::from_table(&table)?;
    unknown.sort();
    Ok(Layered { settings, table, profiles: profiles.into_keys().collect(), unknown })
}

/// Takes the profiles out of the file's table.
fn profiles(file: &mut Table) -> Result<indexmap::IndexMap<String, Table>> {
    let Some(Entry { node, .. }) = file.shift_remove("profiles") else {
        return Ok(indexmap::IndexMap::new());
    };
    crate::config::reader::named("profiles", &node, "[profiles.staging]")?;
    let mut profiles = indexmap::IndexMap::new();
    for (name, entry) in node.into_table() {
        let Value::Table(table) = entry.node.clone().of_layer(Layer::Profile).value else {
            return Err(entry
                .node
                .wrong(&format!("the profile `{name}` is a table, and here stands another value"))
                .hint(format!("Write `[profiles.{name}]`, and below it what differs")));
        };
        for inner in ["profile", "profiles"] {
            if let Some(entry) = table.get(inner) {
                return Err(entry
                    .key
                    .wrong(&format!("a profile has no `{inner}` of its own"))
                    .hint("Profiles are not laid over each other: one is chosen"));
            }
        }
        profiles.insert(name, table);
    }
    Ok(profiles)
}

/// The profile's name, and where it was said.
fn chosen(given: &Given<'_>, file: &Table, options: &[Table]) -> Option<(String, Arc<Place>)> {
    let at = |layer, at: &str| Arc::new(Place { layer, at: at.to_owned(), line: String::new() });
    let said = |table: &Table| match table.get("profile").map(|e| &e.node) {
        Some(Node { value: Value::Text(name), place }) => Some((name.clone(), Arc::clone(place))),
        _ => None,
    };
    if let Some(name) = given.profile {
        return Some((name.to_owned(), at(Layer::Option, "--profile")));
    }
    let variable = || {
        let (name, value) = given.environment.iter().find(|(name, _)| name == "MWTUI_PROFILE")?;
        (!value.is_empty()).then(|| (value.clone(), at(Layer::Environment, name)))
    };
    options.iter().rev().find_map(said).or_else(variable).or_else(|| said(file))
}

fn no_profile(name: &str, place: &Place, profiles: &indexmap::IndexMap<String, Table>) -> Error {
    let error = place.wrong(&format!("there is no profile `{name}`"));
    match nearest(name, profiles.keys().map(String::as_str)) {
        Some(near) => error.hint(format!("Did you mean `{near}`?")),
        None if profiles.is_empty() => {
            error.hint(format!("config.toml has none: write [profiles.{name}], and below it what differs"))
        }
        None => {
            let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
            error.hint(format!("The profiles are {}", names.join(", ")))
        }
    }
}

/// Lays a table over another; who is asked for a second opinion takes the place of whoever was.
fn lay(under: &mut Table, over: Table) {
    const ASKED: [&str; 2] = ["command", "embeddings"];
    if let (Some(Value::Table(below)), Some(Value::Table(above))) = (
        under.get_mut("second_opinion").map(|e| &mut e.node.value),
        over.get("second_opinion").map(|e| &e.node.value),
    ) && ASKED.iter().any(|asked| above.contains_key(*asked))
    {
        below.retain(|name, _| !ASKED.contains(&name.as_str()) || above.contains_key(name));
    }
    tree::overlay(under, over);
}

/// What `--config key=value` says, each as a table.
fn options(options: &[String]) -> Result<Vec<Table>> {
    options.iter().map(|option| self::option(option)).collect()
}

fn option(option: &str) -> Result<Table> {
    let wrong = |what: String| {
        Err(Error::usage(what).hint("Write it like --config theme=dark or --config limits.parallel=2"))
    };
    let Some((typed, value)) = option.split_once('=') else {
        return wrong(format!("--config {option}: there is no `=`"));
    };
    let typed = typed.trim();
    let Some(path) = path(typed) else { return wrong(format!("--config: `{typed}` is no key")) };
    let place =
        Arc::new(Place { layer: Layer::Option, at: format!("--config {typed}"), line: String::new() });
    if path.first().is_some_and(|first| first == "profiles") {
        return Err(place
            .wrong("profiles stand in the file alone")
            .hint("--profile NAME chooses one; --config KEY=VALUE sets what differs"));
    }
    let node = value_of(&path, value.trim(), &place);
    Ok(nested(&path, node, &place))
}

/// The parts of a dotted key, quoted ones too.
fn path(key: &str) -> Option<Vec<String>> {
    if key.contains(['\n', '\r']) {
        return None;
    }
    let mut table = tree::from_file("", &format!("{key} = 0")).ok()?;
    let mut path = Vec::new();
    loop {
        let (name, entry) = (table.len() == 1).then(|| table.pop()).flatten()?;
        path.push(name);
        match entry.node.value {
            Value::Table(inner) => table = inner,
            Value::Integer(0) => return Some(path),
            _ => return None,
        }
    }
}

/// What one variable says, as a table.
fn variable(name: &str, value: &str, table: &Table, unknown: &mut Vec<String>) -> Result<Option<Table>> {
    let names = |path: &[String]| {
        let mut table = table;
        for part in path {
            match table.get(part).map(|e| &e.node.value) {
                Some(Value::Table(inner)) => table = inner,
                _ => return Vec::new(),
            }
        }
        table.keys().cloned().collect()
    };
    let place = Arc::new(Place { layer: Layer::Environment, at: name.to_owned(), line: String::new() });
    match schema::meaning(name, &names) {
        Meaning::Sets(path) if path == ["profile"] => Ok(None),
        Meaning::Sets(path) => Ok(Some(nested(&path, value_of(&path, value, &place), &place))),
        Meaning::Either(one, other) => Err(place
            .wrong(&format!("this could be `{one}` or `{other}`"))
            .hint("Use --config, or give one of them another name")),
        Meaning::Wrong(near) => Err(match near {
            Some(near) => place.wrong("this variable names no setting").hint(format!("Did you mean {near}?")),
            None => place
                .wrong("this variable names no setting")
                .hint("Unset it, or look which there are: `mwtui config`"),
        }),
        Meaning::Other(is_unknown) => {
            if is_unknown {
                unknown.push(name.to_owned());
            }
            Ok(None)
        }
    }
}

/// A value as a variable or an option has it: texts stand there as they are, everything else is TOML.
fn value_of(path: &[String], value: &str, place: &Arc<Place>) -> Node {
    let literal = || Node { place: Arc::clone(place), value: Value::Text(value.to_owned()) };
    let shape = schema::find(path).map_or(Shape::Toml, |key| key.shape);
    if shape == Shape::Text && !value.starts_with(['"', '\'']) {
        return literal();
    }
    tree::from_value(value, place).unwrap_or_else(literal)
}

/// A value under its path.
fn nested(path: &[String], node: Node, place: &Arc<Place>) -> Table {
    let mut node = node;
    for part in path.iter().skip(1).rev() {
        let entry = Entry { key: Arc::clone(place), node };
        node = Node {
            place: Arc::clone(place),
            value: Value::Table(std::iter::once((part.clone(), entry)).collect()),
        };
    }
    let first = path.first().cloned().unwrap_or_default();
    std::iter::once((first, Entry { key: Arc::clone(place), node })).collect()
}

#[cfg(test)]
mod tests;
