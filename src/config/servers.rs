//! `[servers.NAME]` of `config.toml`: MCP servers that `call:` steps may name. Plain data; nothing is
//! started here.

use indexmap::IndexMap;

use crate::base::{Error, Millis, Result};
use crate::config::reader;
use crate::config::tree::{Node, Value};

pub(super) const TABLE: &str = "servers";

const NAMES: [&str; 3] = ["command", "env", "within"];

/// What the value of a variable begins with, where it is the name of another one.
pub const REFERENCE: &str = "env:";

/// How long one call may take, where nothing else is said.
pub const WITHIN: Millis = Millis(60_000);
const SHORTEST: Millis = Millis(100);
const LONGEST: Millis = Millis(3_600_000);

/// An MCP server that is started by its command and spoken to over its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// Further environment. A value `env:NAME` is a reference, resolved at use.
    pub env: IndexMap<String, String>,
    /// How long one call may take.
    pub within: Millis,
}

pub(super) fn read(node: Option<&Node>) -> Result<IndexMap<String, Server>> {
    let Some(node) = node else { return Ok(IndexMap::new()) };
    let servers = reader::named(TABLE, node, "[servers.observability]")?;
    servers.iter().map(|(name, entry)| Ok((name.clone(), server(name, &entry.node)?))).collect()
}

fn server(name: &str, node: &Node) -> Result<Server> {
    let title = format!("servers.{name}");
    let table = reader::table(&title, node, &NAMES)?;
    let command = reader::needed(table, "command", || {
        node.wrong(&format!("`{title}` lacks `command`"))
            .hint("Add `command = [\"program\", \"argument\"]`: what starts the server")
    })?;
    Ok(Server {
        name: name.to_owned(),
        command: reader::command(command)?,
        env: reader::get(table, "env").map(|node| env(&title, node)).transpose()?.unwrap_or_default(),
        within: reader::get(table, "within")
            .map_or(Ok(WITHIN), |node| reader::length("within", node, SHORTEST..=LONGEST, "60s"))?,
    })
}

fn env(title: &str, node: &Node) -> Result<IndexMap<String, String>> {
    let hint = "Write it like `env = { TOKEN = \"env:MY_TOKEN\" }`: the value is taken from MY_TOKEN at use";
    let Value::Table(table) = &node.value else {
        return Err(node.wrong(&format!("`{title}.env` is a table of texts")).hint(hint));
    };
    let mut read = IndexMap::new();
    for (name, entry) in table {
        // The line is not quoted: the value may be a secret.
        let wrong = |what: String| Err(Error::usage(format!("{}: {what}", entry.key.at)).hint(hint));
        let Value::Text(value) = &entry.node.value else {
            return wrong(format!("the value of `{name}` is a text"));
        };
        if !is_variable(name) {
            return wrong(format!("`{name}` is no name of a variable"));
        }
        if value.contains('\0') || value.strip_prefix(REFERENCE).is_some_and(|n| !is_variable(n)) {
            return wrong(format!("the value of `{name}` names no variable after `{REFERENCE}`"));
        }
        read.insert(name.clone(), value.clone());
    }
    Ok(read)
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
