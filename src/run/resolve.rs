//! Filling a step's expressions in: what a try would do, exactly. Also the dry run, and the preview
//! of an edit.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::base::{RunId, StepId, digest};
use crate::run::state::{Role, StepRecord};
use crate::run::{Context, Edit, Failure, FailureKind, Opened, Outcome, Repo, Run, StepState, Work};
use crate::workflow::expression::{self, ExpressionError, Scope};
use crate::workflow::field::Asking;
use crate::workflow::{ITEMS_LIMIT, Items, Reference, Step, StepKind, Workflow};

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
    let mut scope = initial_scope(&run.workflow, &run.inputs, &run.header.context);
    let mut answers = Map::new();
    let mut steps = Map::new();
    for (step, record) in run.each_step() {
        if !matches!(record.role, Role::Step { .. }) {
            continue;
        }
        let mut outputs = Map::new();
        let mut failure = Value::Null;
        match &record.state {
            StepState::Done { outcome, .. } => {
                answers.extend(outcome.answers.clone());
                outputs.clone_from(&outcome.outputs);
                if let Some(name) = &step.assign {
                    scope.0.insert(name.clone(), Value::Object(outputs.clone()));
                }
            }
            StepState::Failed { failure: why, .. } => {
                failure = json!({ "kind": why.kind, "message": why.message, "exit": why.exit });
            }
            _ => {}
        }
        let told = json!({ "status": record.state.status().word(), "outputs": outputs, "failure": failure });
        steps.insert(step.id.as_str().to_owned(), told);
    }
    // The last thing that an approver wanted to be different.
    let feedback = run.backs.iter().rev().find_map(|back| match back.cause {
        crate::run::BackCause::PushedBack { .. } => back.reason.clone(),
        _ => None,
    });
    let subject = run.header.subject.as_ref();
    scope.0.insert("answers".to_owned(), Value::Object(answers));
    scope.0.insert("steps".to_owned(), Value::Object(steps));
    scope.0.insert(
        "run".to_owned(),
        json!({
            "id": run.id(),
            "feedback": feedback.unwrap_or_default(),
            "subject": subject.map_or("", |s| s.name.as_str()),
        }),
    );
    scope
        .0
        .insert("session".to_owned(), json!({ "id": run.header.session, "name": run.header.session_name }));
    scope
}

/// What the conditions of a step's questions may read: the inputs and the answers of the steps before.
pub fn asking(run: &Run) -> Asking {
    let mut answers = Map::new();
    for record in run.steps.iter().filter(|r| matches!(r.role, Role::Step { .. })) {
        if let StepState::Done { outcome, .. } = &record.state {
            answers.extend(outcome.answers.clone());
        }
    }
    Asking::answers(&run.inputs, &answers)
}

/// The same for one record: an iteration reads its `item` as well.
pub fn scope_of(run: &Run, record: &StepRecord) -> Scope {
    let mut scope = scope(run);
    match &record.role {
        Role::Iteration { number, item, .. } | Role::Undo { number: Some(number), item, .. } => {
            with_item(&mut scope, *number, item);
        }
        Role::Step { .. } | Role::Undo { .. } => {}
    }
    scope
}

fn with_item(scope: &mut Scope, number: u32, item: &Value) {
    scope.0.insert("item".to_owned(), item.clone());
    scope.0.insert("iteration".to_owned(), Value::from(number));
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

/// What is known of a try besides the step's own texts.
pub struct Place<'a> {
    pub run: &'a RunId,
    pub step: &'a StepId,
    pub attempt: u32,
    pub context: &'a Context,
    /// The child run of the step that is undone.
    pub undone: Option<&'a RunId>,
}

impl<'a> Place<'a> {
    /// Of a try at this record.
    pub fn of(run: &'a Run, record: &'a StepRecord, attempt: u32) -> Self {
        let undone = match &record.role {
            Role::Undo { of, .. } => run.record(of).and_then(|(_, undone)| undone.child()),
            Role::Step { .. } | Role::Iteration { .. } => None,
        };
        Self { run: run.id(), step: &record.id, attempt, context: &run.header.context, undone }
    }

    /// Before there is a run.
    fn planned(run: &'a RunId, step: &'a StepId, context: &'a Context) -> Self {
        Self { run, step, attempt: 1, context, undone: None }
    }
}

/// The work of a step, with every value filled in. `opens` is what an approval lets happen; its
/// digest is of everything that it shows.
pub fn work(
    step: &Step,
    edit: Option<&Edit>,
    scope: &Scope,
    place: &Place<'_>,
    opens: Vec<Opened>,
) -> Result<Work, Failure> {
    let text = |template: &str| expression::render(template, scope).map(|v| plain(&v)).map_err(failure);
    Ok(match &step.kind {
        StepKind::Manual { .. } => Work::Manual,
        StepKind::Ask { .. } => Work::Ask,
        StepKind::Run { script, shell, env, secrets, cwd, pty, done_exits, expects } => {
            let env = edit.and_then(|e| e.env.as_ref()).unwrap_or(env);
            let mut env = env
                .iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<IndexMap<_, _>, Failure>>()?;
            let secrets = references(secrets, scope, &mut env)?;
            Work::Run {
                script: edit.and_then(|e| e.script.as_ref()).unwrap_or(script).clone(),
                shell: shell.clone(),
                env,
                secrets,
                cwd: cwd.as_deref().map_or_else(|| Ok(String::new()), text)?,
                pty: *pty,
                done_exits: done_exits.clone(),
                expects: expects.as_deref().map(text).transpose()?,
            }
        }
        StepKind::Write { path, template, overwrite } => Work::Write {
            path: text(path)?,
            content: text(edit.and_then(|e| e.text.as_ref()).unwrap_or(template))?,
            overwrite: *overwrite,
        },
        StepKind::Call { server, tool, with, expects } => Work::Call {
            server: server.clone(),
            tool: tool.clone(),
            arguments: values(edit.and_then(|e| e.with.as_ref()).unwrap_or(with), scope)?,
            expects: expects.as_deref().map(text).transpose()?,
        },
        StepKind::Agent { agent, persona, prompt, expects } => Work::Agent {
            agent: agent.clone(),
            persona: text(persona)?,
            prompt: text(edit.and_then(|e| e.text.as_ref()).unwrap_or(prompt))?,
            expects: expects.as_deref().map(text).transpose()?,
            by_command: place.context.agents.contains(agent),
        },
        StepKind::Workflow { workflow, inputs } => Work::Workflow {
            workflow: workflow.clone(),
            inputs: values(edit.and_then(|e| e.with.as_ref()).unwrap_or(inputs), scope)?,
            run: child_id(place),
        },
        StepKind::Rollback => Work::Rollback {
            run: place.undone.cloned().ok_or_else(|| Failure {
                kind: FailureKind::Child,
                message: "The step has started no run that could be rolled back".to_owned(),
                exit: None,
            })?,
        },
        StepKind::Approve { question, .. } => {
            let question = text(question)?;
            let shown = json!({
                "step": place.step, "question": question, "opens": opens, "folder": place.context.folder,
                "inputs": scope.0.get("inputs"),
            });
            Work::Approve { question, opens, digest: digest(shown.to_string().as_bytes()) }
        }
    })
}

/// Where the secrets of a step's variables come from. One that was left open is empty, as any other
/// value is.
fn references(
    secrets: &IndexMap<String, String>,
    scope: &Scope,
    env: &mut IndexMap<String, String>,
) -> Result<IndexMap<String, String>, Failure> {
    let mut references = IndexMap::new();
    let edited: Vec<String> = env.keys().cloned().collect();
    // An edit may have given a variable another value.
    for (variable, place) in secrets.iter().filter(|(name, _)| !edited.contains(*name)) {
        match secret(place, scope)? {
            Some(reference) => references.insert(variable.clone(), reference.to_string()),
            None => env.insert(variable.clone(), String::new()),
        };
    }
    Ok(references)
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

/// The id of a child run follows from its place, so that a crashed engine never starts two.
fn child_id(place: &Place<'_>) -> RunId {
    let of = format!("child/{}/{}/{}", place.run, place.step, place.attempt);
    RunId::new(digest(of.as_bytes()).chars().take(16).collect::<String>())
}

/// The items that a loop is done for.
pub fn items(step: &Step, scope: &Scope) -> Result<Vec<Value>, Failure> {
    let value = match step.for_each.as_ref().map(|f| &f.items) {
        Some(Items::Listed(listed)) => deep(&Value::Array(listed.clone()), scope)?,
        Some(Items::Expression(source)) => {
            expression::render(&format!("${{{{ {source} }}}}"), scope).map_err(failure)?
        }
        None => Value::Array(Vec::new()),
    };
    let wrong = |message: String| Failure { kind: FailureKind::Expression, message, exit: None };
    let Value::Array(items) = value else {
        return Err(wrong(
            "`for_each` needs a list; make one with `| split(\",\")` or list the items".to_owned(),
        ));
    };
    if items.len() > ITEMS_LIMIT {
        return Err(wrong(format!("`for_each` has {} items; {ITEMS_LIMIT} are allowed", items.len())));
    }
    Ok(items)
}

/// Whether the step's `if` holds; true where it has none.
pub fn condition(step: &Step, scope: &Scope) -> Result<bool, Failure> {
    step.condition.as_deref().map_or(Ok(true), |source| expression::condition(source, scope).map_err(failure))
}

/// What a try gave, with the outputs that the author declared. `output` is read by their expressions.
pub fn outcome(step: &Step, mut outcome: Outcome, scope: impl FnOnce() -> Scope) -> Result<Outcome, Failure> {
    if !step.outputs.is_empty() {
        let mut scope = scope();
        scope.0.insert("output".to_owned(), Value::Object(outcome.outputs.clone()));
        for (name, source) in &step.outputs {
            let value = expression::render(source, &scope).map_err(failure)?;
            outcome.outputs.insert(name.clone(), value);
        }
    }
    Ok(outcome)
}

/// What the approval at `gate` opens: every automatic step that needs it, as far as it can be
/// filled in now. One whose `if` is false is left out; a loop is told item by item.
pub fn opens(run: &Run, gate: usize) -> Vec<Opened> {
    let mut scope = scope(run);
    // What depends on the decision itself is shown as it would be after it.
    if let Some(told) =
        run.workflow.steps.get(gate).and_then(|s| scope.0.get_mut("steps")?.get_mut(s.id.as_str()))
    {
        told["status"] = Value::from("done");
    }
    let records: Vec<(usize, Option<&Edit>)> = run
        .steps
        .iter()
        .filter(|r| matches!(r.role, Role::Step { .. }))
        .map(|r| (r.role.index(), r.edit.as_deref()))
        .collect();
    opened(&run.workflow, gate, run.id(), &run.header.context, &scope, |index| {
        records.iter().find(|(i, _)| *i == index).and_then(|(_, edit)| *edit)
    })
}

/// Whether the approval at `gate` shows what the step at `index` would do: the step needs it, and
/// nothing else that itself comes after it.
pub fn shows(workflow: &Workflow, gate: usize, index: usize) -> bool {
    let Some(id) = workflow.steps.get(gate).map(|s| &s.id) else { return false };
    let needs = workflow.needs(index);
    let after = workflow.with_dependents(gate);
    let is_after =
        |id: &StepId| after.iter().any(|i| *i != gate && workflow.steps.get(*i).is_some_and(|s| &s.id == id));
    needs.contains(&id) && !needs.iter().any(|need| is_after(need))
}

fn opened<'e>(
    workflow: &Workflow,
    gate: usize,
    run: &RunId,
    context: &Context,
    scope: &Scope,
    edit: impl Fn(usize) -> Option<&'e Edit>,
) -> Vec<Opened> {
    let mut opens = Vec::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        if !step.kind.is_automatic() || !shows(workflow, gate, index) {
            continue;
        }
        let edit = edit(index);
        let mut add = |id: StepId, scope: &Scope| {
            let place = Place { attempt: 0, ..Place::planned(run, &id, context) };
            if let Ok(work) = work(step, edit, scope, &place, Vec::new()) {
                opens.push(Opened { step: id, work });
            }
        };
        if step.for_each.is_some() {
            for (position, item) in items(step, scope).unwrap_or_default().iter().enumerate() {
                let number = u32::try_from(position + 1).unwrap_or(u32::MAX);
                let mut scope = scope.clone();
                with_item(&mut scope, number, item);
                add(StepId::new(format!("{}.{number}", step.id)), &scope);
            }
        } else if condition(step, scope) != Ok(false) {
            add(step.id.clone(), scope);
        }
    }
    opens
}

/// Whether the work of a step is what an approval showed. The id of a child run follows from the
/// attempt and is no part of what people decide.
pub fn is_as_opened(shown: &Work, now: &Work) -> bool {
    match (shown, now) {
        (Work::Workflow { workflow: a, inputs: b, .. }, Work::Workflow { workflow: c, inputs: d, .. }) => {
            a == c && b == d
        }
        _ => shown == now,
    }
}

/// What a step would do when it is tried again with this edit. Nothing is changed by it.
pub fn preview(run: &Run, record: &StepRecord, edit: &Edit) -> Result<Work, Failure> {
    let mut run = run.clone();
    run.inputs.extend(edit.inputs.clone());
    let Some(step) = run.definition(record).cloned() else {
        return Err(Failure {
            kind: FailureKind::Expression,
            message: format!("“{}” has no definition", record.id),
            exit: None,
        });
    };
    let mut merged = record.edit.as_deref().cloned().unwrap_or_default();
    merged.script = edit.script.clone().or(merged.script);
    merged.env = edit.env.clone().or(merged.env);
    merged.with = edit.with.clone().or(merged.with);
    merged.text = edit.text.clone().or(merged.text);
    let scope = scope_of(&run, record);
    let place = Place::of(&run, record, record.attempt() + 1);
    work(&step, Some(&merged), &scope, &place, opens(&run, record.role.index()))
}

/// What undoes this step, and what it would do as things stand; `None` where nothing undoes it.
pub fn undo<'r>(run: &'r Run, record: &StepRecord) -> Option<(&'r Step, Result<Work, Failure>)> {
    let undo = run.workflow.steps.get(record.role.index())?.rollback.as_deref()?;
    let place = Place { undone: record.child(), ..Place::of(run, record, 1) };
    Some((undo, work(undo, None, &scope_of(run, record), &place, Vec::new())))
}

/// Every step resolved as far as it can be before the start; nothing is run.
pub fn plan(workflow: &Workflow, inputs: &Map<String, Value>, context: &Context) -> Vec<PlannedStep> {
    let scope = initial_scope(workflow, inputs, context);
    let run = RunId::new("");
    workflow
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let place = Place::planned(&run, &step.id, context);
            let work = if step.for_each.is_some() {
                items(step, &scope).map(|items| Work::ForEach { items })
            } else {
                let opens = match step.kind {
                    StepKind::Approve { .. } => opened(workflow, index, &run, context, &scope, |_| None),
                    _ => Vec::new(),
                };
                work(step, None, &scope, &place, opens)
            };
            PlannedStep { index, work, condition: condition(step, &scope).ok() }
        })
        .collect()
}

/// What each iteration of the loop at `index` would do, as far as it can be filled in before the start;
/// none where its list is known only later.
pub fn iterations(
    workflow: &Workflow,
    index: usize,
    inputs: &Map<String, Value>,
    context: &Context,
) -> Vec<(Value, Result<Work, Failure>)> {
    let Some(step) = workflow.steps.get(index).filter(|s| s.for_each.is_some()) else { return Vec::new() };
    let scope = initial_scope(workflow, inputs, context);
    let run = RunId::new("");
    let listed = items(step, &scope).unwrap_or_default();
    let each = listed.into_iter().zip(1u32..).map(|(item, number)| {
        let mut scope = scope.clone();
        with_item(&mut scope, number, &item);
        let id = StepId::new(format!("{}.{number}", step.id));
        let place = Place::planned(&run, &id, context);
        let work = work(step, None, &scope, &place, Vec::new());
        (item, work)
    });
    each.collect()
}

fn values(given: &Map<String, Value>, scope: &Scope) -> Result<Map<String, Value>, Failure> {
    given.iter().map(|(name, value)| Ok((name.clone(), deep(value, scope)?))).collect()
}

/// Every text in it filled in; one that is one whole expression keeps its type.
fn deep(value: &Value, scope: &Scope) -> Result<Value, Failure> {
    Ok(match value {
        Value::String(text) => expression::render(text, scope).map_err(failure)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| deep(item, scope)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => Value::Object(values(entries, scope)?),
        other => other.clone(),
    })
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
