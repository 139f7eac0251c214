//! `[agents.NAME]` of `config.toml`: who does the work of `agent:` steps. Plain data; nothing is run here.

use indexmap::IndexMap;

use crate::base::{Millis, Result};
use crate::config::reader;
use crate::config::tree::Node;

pub(super) const TABLE: &str = "agents";

const NAMES: [&str; 3] = ["command", "persona", "within"];

const SHORTEST: Millis = Millis(1_000);
const LONGEST: Millis = Millis(24 * 3_600_000);

/// An assistant that steps may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub name: String,
    /// The program and its arguments; no shell reads them. Empty: whoever takes the step answers it.
    pub command: Vec<String>,
    /// Who it is to be; a step's own persona goes before it.
    pub persona: Option<String>,
    /// `None`: as long as the step may take.
    pub within: Option<Millis>,
}

pub(super) fn read(node: Option<&Node>) -> Result<IndexMap<String, Agent>> {
    let Some(node) = node else { return Ok(IndexMap::new()) };
    let agents = reader::named(TABLE, node, "[agents.analyst]")?;
    agents.iter().map(|(name, entry)| Ok((name.clone(), agent(name, &entry.node)?))).collect()
}

fn agent(name: &str, node: &Node) -> Result<Agent> {
    let table = reader::table(&format!("agents.{name}"), node, &NAMES)?;
    Ok(Agent {
        name: name.to_owned(),
        command: reader::get(table, "command").map(reader::command).transpose()?.unwrap_or_default(),
        persona: reader::get(table, "persona")
            .map(|node| reader::text("persona", node).map(str::to_owned))
            .transpose()?,
        within: reader::get(table, "within")
            .map(|node| reader::length("within", node, SHORTEST..=LONGEST, "10m"))
            .transpose()?,
    })
}
