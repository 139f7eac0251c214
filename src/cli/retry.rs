//! `mwtui retry`: a failed, uncertain or held step is tried again now, as it is or done otherwise.

use serde_json::{Value, json};

use crate::base::{Error, Result};
use crate::cli::definition::Definition;
use crate::cli::find::{self, Meant};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, happened, start, status, work, writing};
use crate::run::{Edit, Prompt, Run, StepRecord, StepState, Verb, Work, resolve};
use crate::workflow::{Step, field};

/// Try a failed or uncertain step again, as it is or edited
///
/// An edit holds for this run from now on, and the journal keeps both; the workflow's file stays as it is.
/// What would run is printed before it does. With --edit, the step's definition opens in $EDITOR, and nothing
/// is sent before you have seen what will run and said yes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
    /// Another script for a `run` step
    #[arg(long, value_name = "TEXT")]
    script: Option<String>,
    /// The same from a file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "script")]
    script_file: Option<String>,
    /// A value of a `run` step's environment; may be given more than once, the others stay. It may hold
    /// ${{ … }}
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// The parameters of a `call`, or the inputs of a `workflow` step, all of them as one JSON object
    #[arg(long, value_name = "JSON")]
    with: Option<String>,
    /// Another prompt for an `agent` step, or another template for a `write` step
    #[arg(long)]
    text: Option<String>,
    /// Another value for an input of the run, for this and all later steps; may be given more than once
    #[arg(long, value_name = "NAME=VALUE")]
    input: Vec<String>,
    /// Edit the step's definition in $EDITOR
    #[arg(long, conflicts_with_all = ["script", "script_file", "env", "with", "text"])]
    edit: bool,
    /// Only print what would run
    #[arg(long)]
    preview: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let fits = |s: &StepState| {
        matches!(
            s,
            StepState::Failed { .. }
                | StepState::Uncertain { .. }
                | StepState::Waiting { on: Prompt::Retry { .. } | Prompt::Proceed { .. }, .. }
        )
    };
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "try again", fits).await?;
    let mut edit = match meant.step() {
        Some((step, record)) => given(&args, &meant.run, step, record)?,
        None => Edit::default(),
    };
    if args.edit {
        let Some(edited) = edited(env, &meant, edit).await? else {
            env.out.line("Nothing was sent.");
            return Ok(Exit::Done);
        };
        edit = edited;
    } else if args.preview || !edit.is_empty() {
        let (step, record) = meant.some_step()?;
        preview(env, &meant.run, step, record, &edit, args.preview)?;
    }
    if args.preview {
        return Ok(Exit::Done);
    }
    let edit = Some(edit).filter(|e| !e.is_empty()).map(Box::new);
    let summary = link.act_on(&meant, Verb::Retry { step: meant.step.clone(), edit }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// The edit that the options say.
fn given(args: &Args, run: &Run, step: &Step, record: &StepRecord) -> Result<Edit> {
    let definition = Definition::of(step, record);
    let env = start::pairs("--env", &args.env)?;
    let script = match (&args.script, &args.script_file) {
        (_, Some(file)) => Some(writing::read(file)?),
        (script, None) => script.clone(),
    };
    let with = args.with.as_deref().map(|text| match serde_json::from_str(text) {
        Ok(Value::Object(with)) => Ok(with),
        Ok(_) => Err(Error::usage("--with is no object").hint("Write it as '{\"name\": \"value\"}'")),
        Err(e) => {
            Err(Error::usage("--with is no JSON").because(e).hint("Write it as '{\"name\": \"value\"}'"))
        }
    });
    Ok(Edit {
        script,
        env: (!env.is_empty()).then(|| definition.env_with(env)),
        with: with.transpose()?,
        text: args.text.clone(),
        inputs: start::some(&run.workflow, &args.input)?,
    })
}

/// Prints what would run; an error where it cannot be filled in.
fn preview(env: &Env, run: &Run, step: &Step, record: &StepRecord, edit: &Edit, alone: bool) -> Result<()> {
    let work = resolve::preview(run, record, edit).map_err(|failure| {
        Error::refused("What would run cannot be filled in").cause(failure.message).hint("Mend the edit")
    })?;
    if !env.out.is_json() {
        show(env, step, &work, edit);
    } else if alone {
        env.out.json(json!({ "run": run.id(), "step": record.id, "edit": edit, "work": work }));
    }
    Ok(())
}

fn show(env: &Env, step: &Step, work: &Work, edit: &Edit) {
    let line = Line::new().put(Tone::Accent, "will run  ").strong(&step.title);
    let what =
        if edit.is_empty() { "as it is".to_owned() } else { format!("edited: {}", happened::edited(edit)) };
    env.out.line(line.dim(format!("  {}  {what}", step.id)));
    work::show(env, "  ", work, true);
    for (name, value) in &edit.inputs {
        env.out.line(Line::new().dim("  input ").plain(name).dim(" = ").plain(field::shown(value)));
    }
}

/// Lets the person edit, shows what would run, and asks; `None` where they leave it.
pub async fn edited(env: &Env, meant: &Meant, given: Edit) -> Result<Option<Edit>> {
    let (step, record) = meant.some_step()?;
    edit_step(env, &meant.run, step, record, given).await
}

/// The same for a step at hand.
pub async fn edit_step(
    env: &Env,
    run: &Run,
    step: &Step,
    record: &StepRecord,
    given: Edit,
) -> Result<Option<Edit>> {
    let before = Definition::of(step, record);
    if before.is_empty() {
        return Err(Error::refused(format!(
            "“{}” is a {} step and has nothing to edit",
            step.id,
            step.kind.word()
        ))
        .hint("Inputs of the run are edited with --input NAME=VALUE"));
    }
    let mut file = before.file(step);
    let name = format!("{}.yaml", step.id);
    loop {
        let Some(text) = writing::edited(env, &name, &file).await? else { return Ok(None) };
        file = text;
        let outcome = Definition::read(&file).and_then(|now| {
            let edit = Edit { inputs: given.inputs.clone(), ..now.since(&before) };
            preview(env, run, step, record, &edit, false).map(|()| edit)
        });
        let question = match &outcome {
            Ok(_) => Line::new().put(Tone::Accent, "y").plain(" run this   "),
            Err(error) => {
                env.out.error(error);
                Line::new()
            }
        };
        let question = question.put(Tone::Accent, "e").plain(" edit again   ");
        let question = question.put(Tone::Accent, "q").plain(" leave it › ");
        loop {
            let Some(typed) = ask::line(env, &question).await? else { return Ok(None) };
            match (typed.trim().to_lowercase().as_str(), &outcome) {
                ("y" | "yes", Ok(edit)) => return Ok(Some(edit.clone())),
                ("e", _) => break,
                ("q" | "n" | "no", _) => return Ok(None),
                _ => {}
            }
        }
    }
}
