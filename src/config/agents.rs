//! `[agents.NAME]` of `config.toml`: who does the work of `agent:` steps. Plain data; nothing is run here.

use crate::base::Millis;

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
