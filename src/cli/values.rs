//! Values in the phrase, for `run` and `match`: which names are known, and how it is told what was found.

use std::collections::BTreeMap;

use tokio::sync::OnceCell;

use crate::base::WorkflowId;
use crate::cli::output::Line;
use crate::cli::{Env, link::Link};
use crate::matching::{Found, Offered, values};
use crate::workflow::{FieldKind, Workflow, field};

/// The names that earlier runs were given, asked for once and only where they matter. An engine that does
/// not run is not started for them.
pub struct Known<'e> {
    /// `None`: nothing is asked for.
    env: Option<&'e Env>,
    names: OnceCell<BTreeMap<WorkflowId, Offered>>,
}

impl<'e> Known<'e> {
    pub fn of_runs(env: &'e Env) -> Self {
        Self { env: Some(env), names: OnceCell::new() }
    }

    pub fn nothing() -> Self {
        Self { env: None, names: OnceCell::new() }
    }

    /// What the phrase says of the workflow's inputs.
    pub async fn values(&self, phrase: &str, workflow: &Workflow) -> Vec<Found> {
        let takes_names = workflow.inputs.iter().any(|f| match &f.kind {
            FieldKind::String { .. } => true,
            // Its options are names that a command has printed.
            FieldKind::Choice { options } => options.is_empty(),
            _ => false,
        });
        match self.env.filter(|_| takes_names) {
            Some(env) => {
                let names = self.names.get_or_init(|| ask_for(env)).await;
                values(phrase, workflow, names.get(&workflow.id).unwrap_or(&Offered::default()))
            }
            None => values(phrase, workflow, &Offered::default()),
        }
    }
}

async fn ask_for(env: &Env) -> BTreeMap<WorkflowId, Offered> {
    let asked = async {
        match Link::existing(&env.paths).await? {
            Some(link) => link.offered().await,
            None => Ok(BTreeMap::new()),
        }
    };
    asked.await.unwrap_or_else(|error| {
        // A name less is found; what needs the engine says what is wrong with it.
        tracing::warn!(error = error.message, "the names of earlier runs are not known");
        BTreeMap::new()
    })
}

/// What was taken from a phrase.
#[derive(Debug, Default)]
pub struct Taken {
    phrase: String,
    found: Vec<Found>,
}

impl Taken {
    pub fn new(phrase: &str, found: Vec<Found>) -> Self {
        Self { phrase: phrase.to_owned(), found }
    }

    pub fn found(&self) -> &[Found] {
        &self.found
    }

    pub fn of(&self, input: &str) -> Option<&Found> {
        self.found.iter().find(|f| f.input == input)
    }

    /// `, from your phrase: “prod”`; nothing where the input is not from there.
    pub fn source(&self, input: &str) -> String {
        self.of(input).map(|f| format!(", {}", f.told(&self.phrase))).unwrap_or_default()
    }

    /// A line for each: `environment = staging, from your phrase`.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.found.iter().map(|f| {
            let value = field::shown(&f.value);
            Line::new().plain(&f.input).dim(" = ").plain(value).dim(self.source(&f.input))
        })
    }

    /// The same as arguments: ` --input environment=staging`.
    pub fn arguments(&self) -> String {
        let one =
            |f: &Found| format!(" --input {}", word(&format!("{}={}", f.input, field::shown(&f.value))));
        self.found.iter().map(one).collect()
    }
}

/// One word of a shell.
pub fn word(text: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | ':' | ',');
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_stays_one() {
        assert_eq!(word("environment=staging"), "environment=staging");
        assert_eq!(word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(word(""), "''");
    }
}
