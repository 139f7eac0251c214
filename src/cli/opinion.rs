//! A second opinion on the command line: asked when told to, shown as what it is, never a decision.

use serde_json::{Value, json};

use crate::base::{Error, Result, WorkflowId};
use crate::cli::Env;
use crate::cli::link::Link;
use crate::cli::output::{Line, Tone};
use crate::config::Settings;
use crate::matching::{Answer, Opinion, Question, Subject};
use crate::workflow::{Entry, Registry};

/// What came of asking.
pub struct Second {
    name: String,
    told: Told,
}

enum Told {
    /// The decision is sure, or there is nothing to choose from.
    NotAsked,
    Said(Opinion),
    /// Late, wrong or unreadable.
    Nothing(Error),
}

/// Asks where the decision is not sure. An error only where nobody is configured: what goes wrong
/// in asking is told, and the answer stands.
pub async fn ask(env: &Env, registry: &Registry, phrase: &str, answer: &Answer) -> Result<Second> {
    let Some(asked) = Settings::load(&env.paths)?.second_opinion else {
        return Err(Error::usage("No second opinion is configured").hint(format!(
            "Add a [second_opinion] to {}; docs/CONFIGURATION.md shows how",
            env.paths.config_file().display()
        )));
    };
    let workflow = |id: &WorkflowId| registry.get(id).and_then(Entry::workflow).map(AsRef::as_ref);
    let told = match Question::about(phrase, answer, workflow) {
        None => Told::NotAsked,
        Some(question) => match Link::connect(&env.paths).await?.opinion(question).await {
            Ok(opinion) => Told::Said(opinion),
            Err(error) => Told::Nothing(error),
        },
    };
    Ok(Second { name: asked.name, told })
}

/// Whether the one who is configured answers: the name; `None` where nobody is.
pub async fn probe(env: &Env) -> Result<Option<String>> {
    let Some(asked) = Settings::load(&env.paths)?.second_opinion else { return Ok(None) };
    let example = |id: &str, phrase: &str| Subject {
        id: WorkflowId::new(id),
        name: format!("Example {id}"),
        scope: "Made up by mwtui doctor".to_owned(),
        trigger_phrases: vec![phrase.to_owned()],
        examples: Vec::new(),
    };
    let question = Question {
        phrase: "is anybody there".to_owned(),
        candidates: vec![example("one", "say that you are there"), example("two", "water the plants")],
    };
    Link::connect(&env.paths).await?.opinion(question).await?;
    Ok(Some(asked.name))
}

impl Second {
    pub fn json(&self) -> Value {
        match &self.told {
            Told::NotAsked => Value::Null,
            Told::Said(opinion) => json!({ "by": self.name, "id": opinion.id, "reason": opinion.reason }),
            Told::Nothing(error) => json!({ "by": self.name, "error": error }),
        }
    }

    pub fn tell(&self, env: &Env, answer: &Answer) {
        match &self.told {
            Told::NotAsked => {
                let why = if answer.candidates.is_empty() {
                    "there is nothing to choose from"
                } else {
                    "the decision is sure"
                };
                env.out.line(Line::new().dim(format!("{} was not asked: {why}.", self.name)));
            }
            Told::Said(Opinion { id: Some(id), reason }) => {
                let name = answer.candidates.iter().find(|c| &c.id == id).map_or("", |c| &c.name);
                let says = Line::new().put(Tone::Info, format!("{} suggests ", self.name));
                env.out.line(because(says.strong(id.as_str()).plain("  ").plain(name), reason));
            }
            Told::Said(Opinion { id: None, reason }) => {
                let says = Line::new().put(Tone::Info, format!("{} suggests none of these", self.name));
                env.out.line(because(says, reason));
            }
            Told::Nothing(error) => {
                let told: Vec<&str> =
                    std::iter::once(&error.message).chain(&error.causes).map(String::as_str).collect();
                env.out.line(Line::new().dim(told.join(": ")));
            }
        }
    }
}

fn because(says: Line, reason: &str) -> Line {
    if reason.is_empty() { says } else { says.dim(format!(": {reason}")) }
}
