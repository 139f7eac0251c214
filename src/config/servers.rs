//! `[servers.NAME]` of `config.toml`: MCP servers that `call:` steps may name. Plain data; nothing is
//! started here.

use indexmap::IndexMap;

use crate::base::Millis;

/// What the value of a variable begins with, where it is the name of another one.
pub const REFERENCE: &str = "env:";

/// How long one call may take, where nothing else is said.
pub const WITHIN: Millis = Millis(60_000);

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
