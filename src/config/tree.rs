//! Values that know where they stand: in a line of the file, in a variable of the environment, in an
//! option. What the values mean is not known here.

use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use crate::base::{Error, Result};
use crate::config::toml_file::located;

/// What a value comes from; later ones go before earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Default,
    File,
    /// The profile that is chosen; it stands in the file too.
    Profile,
    Environment,
    Option,
}

impl Layer {
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Profile => "profile",
            Self::Environment => "environment",
            Self::Option => "option",
        }
    }
}

/// Where a value stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    pub layer: Layer,
    /// `config.toml:2:10`, `MWTUI_THEME`, `--config theme`.
    pub at: String,
    /// The line of the file; empty elsewhere.
    pub line: String,
}

impl Place {
    pub fn wrong(&self, what: &str) -> Error {
        let error = Error::usage(format!("{}: {what}", self.at));
        if self.line.is_empty() { error } else { error.cause(format!("in the line `{}`", self.line)) }
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub place: Arc<Place>,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A date, a number out of range: nothing that a setting takes.
    Other(String),
    List(Vec<Node>),
    Table(Table),
}

/// In the order in which it was written.
pub type Table = IndexMap<String, Entry>;

/// A name of a table, with the place of the name, and what stands behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: Arc<Place>,
    pub node: Node,
}

impl Node {
    pub fn wrong(&self, what: &str) -> Error {
        self.place.wrong(what)
    }

    /// Its table; empty where it is none.
    pub fn into_table(self) -> Table {
        if let Value::Table(table) = self.value { table } else { Table::new() }
    }

    /// The same, as of another layer.
    #[must_use]
    pub fn of_layer(self, layer: Layer) -> Self {
        let moved = |place: &Place| Arc::new(Place { layer, at: place.at.clone(), line: place.line.clone() });
        let value = match self.value {
            Value::List(nodes) => Value::List(nodes.into_iter().map(|n| n.of_layer(layer)).collect()),
            Value::Table(table) => Value::Table(
                table
                    .into_iter()
                    .map(|(name, e)| (name, Entry { key: moved(&e.key), node: e.node.of_layer(layer) }))
                    .collect(),
            ),
            plain => plain,
        };
        Self { place: moved(&self.place), value }
    }
}

/// The table that a file's text is; errors name `file` and the place.
pub fn from_file(file: &str, text: &str) -> Result<Table> {
    let document = DeTable::parse(text)
        .map_err(|e| located(file, text, e.span().map_or(0, |s| s.start), e.message()))?;
    Ok(table(document.get_ref(), &Source::new(file, text)))
}

/// What a variable or an option says, where it is TOML.
pub fn from_value(text: &str, place: &Arc<Place>) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(Node { place: Arc::clone(place), value: convert(value.get_ref(), &|_| Arc::clone(place)) })
}

/// A text with the beginnings of its lines, so that places are found at once.
struct Source<'t> {
    file: &'t str,
    text: &'t str,
    lines: Vec<usize>,
}

impl<'t> Source<'t> {
    fn new(file: &'t str, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self { file, text, lines: std::iter::once(0).chain(breaks).collect() }
    }

    fn place(&self, offset: usize) -> Arc<Place> {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |t| t.chars().count()) + 1;
        let rest = self.text.get(start..).unwrap_or_default();
        Arc::new(Place {
            layer: Layer::File,
            at: format!("{}:{line}:{column}", self.file),
            line: rest.lines().next().unwrap_or_default().trim().to_owned(),
        })
    }
}

fn table(read: &DeTable<'_>, source: &Source<'_>) -> Table {
    entries(read, &|offset| source.place(offset))
}

fn entries(read: &DeTable<'_>, place: &dyn Fn(usize) -> Arc<Place>) -> Table {
    let mut rows: Vec<_> = read.iter().collect();
    rows.sort_by_key(|(key, _)| key.span().start);
    rows.into_iter()
        .map(|(key, value)| {
            let node = Node { place: place(value.span().start), value: convert(value.get_ref(), place) };
            (key.get_ref().as_ref().to_owned(), Entry { key: place(key.span().start), node })
        })
        .collect()
}

fn convert(value: &DeValue<'_>, place: &dyn Fn(usize) -> Arc<Place>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.as_ref().to_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Other(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::Other(number.to_string()), Value::Float)
        }
        DeValue::Boolean(is) => Value::Boolean(*is),
        DeValue::Datetime(date) => Value::Other(date.to_string()),
        DeValue::Array(nodes) => Value::List(
            nodes
                .iter()
                .map(|n| Node { place: place(n.span().start), value: convert(n.get_ref(), place) })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table, place)),
    }
}

/// Puts `over` on top: tables name by name, everything else, lists too, as a whole.
pub fn overlay(under: &mut Table, over: Table) {
    for (name, entry) in over {
        match (under.get_mut(&name), entry) {
            (
                Some(Entry { node: Node { value: Value::Table(below), .. }, .. }),
                Entry { node: Node { value: Value::Table(above), .. }, .. },
            ) => overlay(below, above),
            (_, entry) => {
                under.insert(name, entry);
            }
        }
    }
}

impl Value {
    /// As TOML has it, on one line.
    pub fn toml(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => {
                let text = number.to_string();
                if number.is_finite() && !text.contains('.') { format!("{text}.0") } else { text }
            }
            Self::Boolean(is) => is.to_string(),
            Self::Other(text) => text.clone(),
            Self::List(nodes) => {
                format!("[{}]", nodes.iter().map(|n| n.value.toml()).collect::<Vec<_>>().join(", "))
            }
            Self::Table(table) if table.is_empty() => "{}".to_owned(),
            Self::Table(table) => {
                let rows: Vec<_> =
                    table.iter().map(|(k, e)| format!("{} = {}", bare(k), e.node.value.toml())).collect();
                format!("{{ {} }}", rows.join(", "))
            }
        }
    }

    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) | Self::Other(text) => text.as_str().into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Boolean(is) => (*is).into(),
            Self::List(nodes) => nodes.iter().map(|n| n.value.json()).collect(),
            Self::Table(table) => serde_json::Value::Object(
                table.iter().map(|(k, e)| (k.clone(), e.node.value.json())).collect(),
            ),
        }
    }
}

/// A name as a part of a dotted key.
pub fn bare(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut told = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => told.push_str("\\\""),
            '\\' => told.push_str("\\\\"),
            '\n' => told.push_str("\\n"),
            '\t' => told.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(told, "\\u{:04x}", c as u32);
            }
            c => told.push(c),
        }
    }
    told.push('"');
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table) -> String {
        Value::Table(table.clone()).toml()
    }

    #[test]
    fn every_value_knows_its_place_and_reads_back() {
        let read = from_file("c.toml", "a = \"ä\\n\\\"\"\n[t]\nx.y = [1, 2.0, true]\n[[l]]\nz = 0x1F\n")
            .expect("reads");
        let again = from_value(&text(&read), &read["a"].key).expect("TOML again");
        assert_eq!(again.value.toml(), text(&read));
        let Value::Table(t) = &read["t"].node.value else { panic!("a table") };
        assert_eq!(t["x"].key.at, "c.toml:3:1");
        let Value::Table(x) = &t["x"].node.value else { panic!("a table") };
        let Value::List(list) = &x["y"].node.value else { panic!("a list") };
        assert_eq!(
            (list[1].place.at.as_str(), list[1].place.line.as_str()),
            ("c.toml:3:11", "x.y = [1, 2.0, true]")
        );
        assert_eq!(list[1].value, Value::Float(2.0));
    }

    #[test]
    fn tables_are_laid_over_name_by_name_and_lists_as_a_whole() {
        let mut under = from_file("a", "x = 1\nl = [1, 2]\n[t]\np = 1\nq = 2").expect("reads");
        let over = from_file("b", "l = []\nt.q = 3\nn = 4").expect("reads");
        let over = Node { place: Arc::clone(&under["x"].key), value: Value::Table(over) };
        overlay(&mut under, over.of_layer(Layer::Option).into_table());
        assert_eq!(text(&under), "{ x = 1, l = [], t = { p = 1, q = 3 }, n = 4 }");
        let Value::Table(t) = &under["t"].node.value else { panic!("a table") };
        assert_eq!([t["p"].node.place.layer, t["q"].node.place.layer], [Layer::File, Layer::Option]);
        assert_eq!(t["q"].node.place.at, "b:2:7");
    }
}
