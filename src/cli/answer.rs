//! `mwtui answer`: the answers of a step that asks, all checked before any is sent; and the text
//! that an agent without a command would have given.

use serde_json::{Map, Value};

use crate::base::{Error, Result};
use crate::cli::find::Meant;
use crate::cli::questions::Questions;
use crate::cli::{Env, Exit, find, link::Link, secret, start, status, writing};
use crate::protocol::OptionsOf;
use crate::run::{Prompt, StepState, Verb, resolve};
use crate::workflow::{Field, StepKind};

/// Answer what a run asks
///
/// On a terminal and without --set, it asks one question after the other. Where a step waits for an agent's
/// answer, it is one text: from --file, from the editor, or typed on the terminal, ended by a line with a
/// single dot or by ctrl-d. A secret is given as env:NAME or file:PATH, never as it is: arguments can be
/// read by others.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// An answer; may be given more than once. What is not given takes its default
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// An agent's answer, from this file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "set")]
    file: Option<String>,
    /// Write an agent's answer in $EDITOR
    #[arg(long, conflicts_with_all = ["set", "file"])]
    editor: bool,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let fits =
        |s: &StepState| matches!(s, StepState::Waiting { on: Prompt::Answers | Prompt::Agent { .. }, .. });
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "answer", fits).await?;
    let (step, record) = meant.some_step()?;
    let values = match (&step.kind, &record.state) {
        (_, StepState::Waiting { on: Prompt::Agent { prompt, .. }, .. }) => {
            for_agent(&args, env, prompt).await?
        }
        (StepKind::Ask { fields }, StepState::Waiting { on: Prompt::Answers, .. }) => {
            if args.file.is_some() || args.editor {
                return Err(Error::usage(format!("“{}” asks questions, not for one text", step.id))
                    .hint("Give each answer as --set NAME=VALUE"));
            }
            answers(&args, env, &link, &meant, fields).await?
        }
        _ => return Err(not_asking(&meant)),
    };
    let Some(values) = values else {
        env.out.line("Nothing was answered.");
        return Ok(Exit::Waiting);
    };
    send(env, &link, &meant, values).await
}

async fn send(env: &Env, link: &Link, meant: &Meant, values: Map<String, Value>) -> Result<Exit> {
    let summary = link.act_on(meant, Verb::Answer { step: meant.step.clone(), values }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

async fn answers(
    args: &Args,
    env: &Env,
    link: &Link,
    meant: &Meant,
    fields: &[Field],
) -> Result<Option<Map<String, Value>>> {
    let run = meant.run.id();
    let Some(step) = meant.step.clone() else { return Err(not_asking(meant)) };
    let of = OptionsOf::Step { run: run.clone(), step };
    let questions = Questions { fields, asking: resolve::asking(&meant.run), of };
    if args.set.is_empty() && env.may_ask() {
        return questions.ask(env, Some(link), &Map::new()).await;
    }
    let given = start::pairs("--set", &args.set)?;
    let (values, missing, mut problems) = start::typed(fields, questions.asking.clone(), &given, "question");
    let mut values = values.into_iter().collect::<Map<_, _>>();
    problems.extend(questions.hold(link, &|name| given.get(name).cloned(), &mut values).await);
    start::refuse_problems("The answers cannot be taken", &problems, &missing, "--set")?;
    secret::give_variables(link, run, &values).await?;
    Ok(Some(values))
}

/// `None` where the person left.
async fn for_agent(args: &Args, env: &Env, prompt: &str) -> Result<Option<Map<String, Value>>> {
    let given = start::pairs("--set", &args.set)?;
    let text = match (given.get("text"), &args.file) {
        (Some(text), _) if given.len() == 1 => Some(text.clone()),
        (_, Some(file)) => Some(writing::read(file)?),
        _ if args.editor => writing::edited(env, "answer.md", "").await?,
        _ if given.is_empty() && env.may_ask() => {
            env.out.block("  ", &crate::base::SafeText::new(prompt.trim_end()));
            writing::typed(env).await?
        }
        _ => {
            return Err(Error::usage("An agent's answer is one text")
                .hint("Give it as --set text=TEXT, or --file FILE (- is standard input)"));
        }
    };
    Ok(text.map(|text| Map::from_iter([("text".to_owned(), Value::String(text))])))
}

fn not_asking(meant: &Meant) -> Error {
    let id = meant.root.short();
    Error::refused(format!("Run {id} asks nothing at that place")).hint(format!("mwtui status {id}"))
}
