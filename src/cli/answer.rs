//! `mwtui answer`: the answers of a step that asks, all checked before any is sent.

use serde_json::Map;

use crate::base::{Error, Result, StepId};
use crate::cli::questions::Questions;
use crate::cli::{Env, Exit, find, secret, start, status};
use crate::protocol::OptionsOf;
use crate::run::{Prompt, Run, StepState, Verb, resolve};
use crate::workflow::{Step, StepKind};

/// Answer what a run asks
///
/// On a terminal and without --set, it asks one question after the other. A secret is given as env:NAME or
/// file:PATH, never as it is: arguments can be read by others.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// An answer; may be given more than once. What is not given takes its default
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let run = link.run(&id).await?;
    let wanted = args.step.as_deref().map(|text| find::step(&run, text)).transpose()?;
    let step = asking(&run, wanted.as_ref())?;
    let StepKind::Ask { fields } = &step.kind else {
        return Err(not_asking(&run));
    };
    let of = OptionsOf::Step { run: id.clone(), step: step.id.clone() };
    let questions = Questions { fields, asking: resolve::asking(&run), of };
    let values = if args.set.is_empty() && env.may_ask() {
        let Some(values) = questions.ask(env, Some(&link), &Map::new()).await? else {
            env.out.line("Nothing was answered.");
            return Ok(Exit::Waiting);
        };
        values
    } else {
        let given = start::pairs("--set", &args.set)?;
        let (values, missing, mut problems) =
            start::typed(fields, questions.asking.clone(), &given, "question");
        let mut values = values.into_iter().collect::<Map<_, _>>();
        problems.extend(questions.hold(&link, &|name| given.get(name).cloned(), &mut values).await);
        start::refuse_problems("The answers cannot be taken", &problems, &missing, "--set")?;
        secret::give_variables(&link, &id, &values).await?;
        values
    };
    let summary = link.act_and_settle(&id, Verb::Answer { step: Some(step.id.clone()), values }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// The step that asks.
fn asking<'a>(run: &'a Run, wanted: Option<&StepId>) -> Result<&'a Step> {
    run.each_step()
        .filter(|(step, _)| wanted.is_none_or(|id| &step.id == id))
        .find(|(_, record)| matches!(record.state, StepState::Waiting { on: Prompt::Answers, .. }))
        .map(|(step, _)| step)
        .ok_or_else(|| not_asking(run))
}

fn not_asking(run: &Run) -> Error {
    let id = run.id().short();
    Error::refused(format!("Run {id} asks nothing at that place")).hint(format!("mwtui status {id}"))
}
