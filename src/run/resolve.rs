//! Filling a step's expressions in: what a try would do, exactly. Also the dry run.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::base::digest;

use crate::run::{Context, Failure, FailureKind, Repo, Run, StepState, Work};
use crate::workflow::expression::{self, ExpressionError, Scope};
use crate::workflow::field::Asking;
use crate::workflow::{Reference, Step, StepKind, Workflow};

/// A step as a dry run or the confirmation card shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedStep {
    pub index: usize,
    /// What would be done; `Err` where a value is known only once earlier steps are done.
    pub work: Result<Work, Failure>,
    /// `Some(false)`: it would be skipped; `None`: known only later.
    pub condition: Option<bool>,
}

/// What expressions may read at this point of the run.
pub fn scope(run: &Run) -> Scope {
    let mut scope = initial_scope(&run.workflow, &run.header.inputs, &run.header.context);
    let mut answers = Map::new();
    let mut steps = Map::new();
    for (step, record) in run.each_step() {
        let mut outputs = Map::new();
        if let StepState::Done { outcome, .. } = &record.state {
            answers.extend(outcome.answers.clone());
            outputs.clone_from(&outcome.outputs);
            if let Some(name) = &step.assign {
                scope.0.insert(name.clone(), Value::Object(outputs.clone()));
            }
        }
        let told = json!({ "status": record.state.status().word(), "outputs": outputs });
        steps.insert(step.id.as_str().to_owned(), told);
    }
    scope.0.insert("answers".to_owned(), Value::Object(answers));
    scope.0.insert("steps".to_owned(), Value::Object(steps));
    scope.0.insert("run".to_owned(), json!({ "id": run.id() }));
    scope
        .0
        .insert("session".to_owned(), json!({ "id": run.header.session, "name": run.header.session_name }));
    scope
}

/// What the conditions of a step's questions may read: the inputs and the answers of the steps before.
pub fn asking(run: &Run) -> Asking {
    let mut answers = Map::new();
    for record in &run.steps {
        if let StepState::Done { outcome, .. } = &record.state {
            answers.extend(outcome.answers.clone());
        }
    }
    Asking::answers(&run.header.inputs, &answers)
}

fn initial_scope(workflow: &Workflow, inputs: &Map<String, Value>, context: &Context) -> Scope {
    let Repo { root, branch, owner, name } = context.repo.clone().unwrap_or_default();
    let mut scope = Map::new();
    scope.insert("inputs".to_owned(), Value::Object(inputs.clone()));
    scope.insert("env".to_owned(), json!(context.env));
    scope.insert("repo".to_owned(), json!({ "root": root, "branch": branch, "owner": owner, "name": name }));
    scope.insert("workflow".to_owned(), json!({ "id": workflow.id, "name": workflow.name }));
    Scope(scope)
}

/// The work of a step, with every value filled in. An approval's digest is of what it shows,
/// the work that it opens (`next`) included.
pub fn work(step: &Step, next: Option<&Step>, scope: &Scope, folder: &str) -> Result<Work, Failure> {
    let text = |template: &str| expression::render(template, scope).map(|v| plain(&v)).map_err(failure);
    Ok(match &step.kind {
        StepKind::Manual { .. } => Work::Manual,
        StepKind::Ask { .. } => Work::Ask,
        StepKind::Run { script, shell, env, secrets, cwd } => {
            let mut env = env
                .iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<IndexMap<_, _>, Failure>>()?;
            let mut references = IndexMap::new();
            for (variable, place) in secrets {
                match secret(place, scope)? {
                    Some(reference) => references.insert(variable.clone(), reference.to_string()),
                    // A secret that was left open is empty, as any other value is.
                    None => env.insert(variable.clone(), String::new()),
                };
            }
            Work::Run {
                script: script.clone(),
                shell: shell.clone(),
                env,
                secrets: references,
                cwd: cwd.as_deref().map_or_else(|| Ok(String::new()), text)?,
            }
        }
        StepKind::Write { path, template, overwrite } => {
            Work::Write { path: text(path)?, content: text(template)?, overwrite: *overwrite }
        }
        StepKind::Approve { question, .. } => {
            let question = text(question)?;
            let opens = next
                .filter(|s| s.kind.is_automatic())
                .and_then(|s| work(s, None, scope, folder).ok())
                .map(Box::new);
            let shown = json!({
                "step": step.id, "question": question, "opens": opens, "folder": folder,
                "inputs": scope.0.get("inputs"),
            });
            Work::Approve { question, opens, digest: digest(shown.to_string().as_bytes()) }
        }
    })
}

/// Where the secret that stands at `inputs.token` or `answers.token` comes from. Its value is nowhere in a run.
fn secret(place: &str, scope: &Scope) -> Result<Option<Reference>, Failure> {
    let found = place.split('.').try_fold(None, |found: Option<&Value>, part| {
        Some(Some(found.map_or_else(|| scope.0.get(part), |value| value.get(part))?))
    });
    match found.flatten() {
        Some(Value::Null) => Ok(None),
        Some(value) => Reference::of(value).map(Some).ok_or_else(|| Failure {
            kind: FailureKind::Secret,
            message: format!("`{place}` is no secret here"),
            exit: None,
        }),
        None => Err(Failure {
            kind: FailureKind::Expression,
            message: format!("there is no `{place}`"),
            exit: None,
        }),
    }
}

/// Whether the step's `if` holds; true where it has none.
pub fn condition(step: &Step, scope: &Scope) -> Result<bool, Failure> {
    step.condition.as_deref().map_or(Ok(true), |source| expression::condition(source, scope).map_err(failure))
}

/// Every step resolved as far as it can be before the start; nothing is run.
pub fn plan(workflow: &Workflow, inputs: &Map<String, Value>, context: &Context) -> Vec<PlannedStep> {
    let scope = initial_scope(workflow, inputs, context);
    workflow
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| PlannedStep {
            index,
            work: work(step, workflow.steps.get(index + 1), &scope, &context.folder),
            condition: condition(step, &scope).ok(),
        })
        .collect()
}

/// A value as an environment variable or a file holds it. An answer that was left empty is
/// null, and stands for no text.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn failure(error: ExpressionError) -> Failure {
    Failure { kind: FailureKind::Expression, message: error.to_string(), exit: None }
}
