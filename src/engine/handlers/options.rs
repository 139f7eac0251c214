//! The options of a question, printed by its command.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use serde_json::{Map, Value};

use crate::base::{Error, Result, WorkflowId};
use crate::engine::handlers::{canonical, start};
use crate::engine::{Engine, batch, blocking, run_loop};
use crate::exec;
use crate::protocol::{OptionsOf, Response};
use crate::run::{Prompt, StepState, resolve};
use crate::workflow::field::{Asking, check};
use crate::workflow::{Field, StepKind};

/// A question whose command is to be run, and with what.
struct Question {
    /// All of its form's, in order.
    fields: Vec<Field>,
    asking: Asking,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    /// Where its options become names that a phrase may say.
    input_of: Option<WorkflowId>,
}

/// The commands of a workflow that nobody trusts are not run: the same rules as for a start.
pub async fn options(
    engine: &Arc<Engine>,
    of: OptionsOf,
    name: String,
    values: Map<String, Value>,
) -> Result<Response> {
    let Question { fields, mut asking, folder, environment, input_of } = match of {
        OptionsOf::Input { workflow, digest, folder, env } => {
            let folder = canonical(folder).await?;
            let entry = start::entry(engine, &workflow, Some(&digest), &folder).await?;
            let named = |name: &String| Some((name.clone(), env.get(name)?.clone()));
            Question {
                fields: entry.workflow.inputs.clone(),
                asking: Asking::inputs(),
                folder,
                environment: entry.workflow.env.iter().filter_map(named).collect(),
                input_of: Some(workflow),
            }
        }
        OptionsOf::Step { run, step } => {
            let shared = Arc::clone(engine);
            let run = blocking(move || shared.run(&run)).await?;
            let waiting = run
                .record(&step)
                .map(|(_, record)| record)
                .filter(|record| matches!(record.state, StepState::Waiting { on: Prompt::Answers, .. }));
            let asking = waiting.and_then(|record| run.definition(record));
            let Some(StepKind::Ask { fields }) = asking.map(|step| &step.kind) else {
                return Err(Error::refused(format!("Step {step} asks nothing now")));
            };
            Question {
                fields: fields.clone(),
                asking: resolve::asking(&run),
                folder: PathBuf::from(&run.header.context.folder),
                environment: batch::environment(&run),
                input_of: None,
            }
        }
    };
    let Some((place, command)) = fields
        .iter()
        .enumerate()
        .find(|(_, field)| field.name == name)
        .and_then(|(place, field)| Some((place, field.options_from.clone()?)))
    else {
        return Err(Error::not_found(format!("The question “{name}” has no command for its options")));
    };
    for field in &fields[..place] {
        if let Some(value) = values.get(&field.name).filter(|value| check(field, value).is_ok()) {
            asking.take(field, value.clone());
        }
    }
    let mut environment = environment;
    environment.extend(run_loop::environment(engine));
    environment.extend(told("INPUT", &asking.known("inputs")));
    environment.extend(told("ANSWER", &asking.known("answers")));
    let options = exec::options::options(&command, &folder, &environment).await.map_err(|why| {
        Error::refused(format!("The options of “{name}” are not known"))
            .cause(format!("{command}: {why}"))
            .hint("Type the answer instead")
    })?;
    if let Some(workflow) = input_of {
        let mut offers = engine.offers.write().unwrap_or_else(PoisonError::into_inner);
        let names = offers.entry(workflow).or_default();
        for option in &options {
            names.add(&name, option);
        }
    }
    Ok(Response::Options(options))
}

/// Answers as variables: `INPUT_REGION`, `ANSWER_PLAN`. What is open, secret, or cannot be one, is left out.
fn told(prefix: &str, values: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()).filter(|t| !t.contains('\0')),
        other => Some(other.to_string()),
    };
    values
        .iter()
        .filter_map(|(name, value)| Some((format!("{prefix}_{}", name.to_uppercase()), text(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_variables_and_secrets_are_not() {
        let values = json!({
            "region": "eu; rm -rf", "count": 3, "zones": ["a", "b"], "open": null,
            "token": { "secret": "env:TOKEN" }, "odd": "a\u{0}b",
        });
        let values = values.as_object().expect("an object");
        let told: Vec<(String, String)> = told("INPUT", values);
        let expected =
            [("INPUT_REGION", "eu; rm -rf"), ("INPUT_COUNT", "3"), ("INPUT_ZONES", r#"["a","b"]"#)];
        assert_eq!(told, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
