//! `mwtui run`: starts a run after a person has seen what it will do, and walks it.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::base::{Error, Result, StepId};
use crate::cli::dry_run::{self, DryRun};
use crate::cli::output::{Line, Tone};
use crate::cli::planned::Planned;
use crate::cli::questions::Questions;
use crate::cli::values::{self, Known, Taken};
use crate::cli::{
    Env, Exit, ask, find, learned, link::Link, matching, new, plan, start, tell, validate, walk,
};
use crate::client::{self, repo};
use crate::matching::{Candidate, Chosen, Decision, Index, Offered};
use crate::protocol::{OptionsOf, Start};
use crate::run::PrerequisiteResult;
use crate::workflow::field::Asking;
use crate::workflow::{Entry, Registry, Workflow, registry::EntryState};

/// Start a run and walk it at the prompt
///
/// On a terminal it shows what will be done, asks, and then leads through the steps. Without
/// one, or with --no-input, it goes as far as it can alone: exit code 0 done, 1 failed, 7
/// waiting for a person.
///
/// What your words say of the inputs is filled in and shown before the start (“deploy checkout to
/// staging”); --input goes before it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workflow's id, or what you want to do in your own words
    #[arg(required = true)]
    id: Vec<String>,
    /// A value for an input; may be given more than once
    #[arg(long, value_name = "NAME=VALUE")]
    input: Vec<String>,
    /// Show every step with its values filled in, and run none; only the prerequisites' checks are run
    #[arg(long)]
    dry_run: bool,
    /// Hold every automatic step until you have seen what it would do
    #[arg(long)]
    step_through: bool,
    /// Hold this step before it begins; may be given more than once
    #[arg(long, value_name = "STEP")]
    breakpoint: Vec<String>,
    /// What the run works on, where the workflow says `moves`; without it, the branch
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Start, print the run's id, and leave it to the engine
    #[arg(long)]
    detach: bool,
    /// Start even where a prerequisite's check fails
    #[arg(long)]
    skip_prerequisites: bool,
    /// What was said that led here; kept in the journal
    #[arg(long, value_name = "TEXT")]
    phrase: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let registry = env.registry();
    let said = args.id.join(" ");
    let by_id = find::entry(&registry, &said);
    let (entry, chosen) = match by_id {
        Some(entry) => (entry, None),
        None => by_phrase(env, &registry, &said, args.dry_run).await?,
    };
    let phrase = args.phrase.clone().or_else(|| by_id.is_none().then(|| said.clone()));
    let workflow = runnable(env, entry)?;
    if !args.dry_run {
        workflow.refuse_deprecated()?;
    }
    let given = start::pairs("--input", &args.input)?;
    let taken = taken(env, workflow, phrase.as_deref(), &given, args.dry_run).await;
    let questions = Questions {
        fields: &workflow.inputs,
        asking: Asking::inputs(),
        of: OptionsOf::Input {
            workflow: workflow.id.clone(),
            digest: entry.digest.clone(),
            folder: env.folder_text(),
            env: client::named_environment(workflow),
        },
    };
    let inputs = inputs(env, workflow, &questions, &given, &taken, args.dry_run).await?;

    let breakpoints = breakpoints(workflow, &args.breakpoint)?;
    let subject = subject(env, workflow, args.subject.as_deref())?;
    let planned = Planned::new(env, &registry, workflow, &inputs)?;

    if args.dry_run {
        let run = DryRun { entry, inputs: &inputs, taken: &taken, subject: subject.as_deref() };
        return run.show(env, &planned).await;
    }
    let link = Link::connect(&env.paths).await?;
    let folder = env.folder_text();
    let mut results = link.prerequisites(&workflow.id, &entry.digest, folder.clone()).await?;
    if env.may_ask() {
        plan::head(env, entry, workflow, &inputs, &taken);
        if let (Some(moves), Some(name)) = (&workflow.moves, &subject) {
            plan::subject(env, moves, name, Some(&dry_run::known_subject(env, &link, name).await?));
        }
        plan::prerequisites(env, &results);
        plan::list_steps(env, &planned, false);
        if !confirm(env, &mut results).await? {
            env.out.line("Nothing was started.");
            return Ok(Exit::Done);
        }
    } else if !args.skip_prerequisites {
        refuse_failing(&results)?;
    }
    let summary = link
        .start(Start {
            workflow: workflow.id.clone(),
            digest: entry.digest.clone(),
            folder,
            secrets: client::named_secrets(workflow, &inputs),
            inputs,
            env: client::named_environment(workflow),
            phrase,
            prerequisites: results,
            subject,
            step_through: args.step_through,
            breakpoints,
        })
        .await?;
    if let Some(how) = chosen
        && let Err(error) = link.learn(&said, &workflow.id, how, env.folder_text()).await
    {
        env.out.warning(&error);
    }
    if args.detach {
        if env.out.is_json() {
            env.out.json(json!({ "run": summary }));
        } else {
            env.out.line(summary.run.as_str());
        }
        return Ok(Exit::Done);
    }
    if !env.out.is_json() {
        env.out.line(tell::summary_line(&summary));
    }
    walk::walk(env, &link, &summary.run).await
}

/// The workflow that a phrase means: where several could be meant, a person is asked. What a start
/// then teaches of the phrase comes with it.
async fn by_phrase<'a>(
    env: &Env,
    registry: &'a Registry,
    said: &str,
    dry_run: bool,
) -> Result<(&'a Entry, Option<Chosen>)> {
    // A dry run starts nothing: nobody needs to confirm it.
    let may_mean = env.may_ask() || dry_run;
    let one_word = !said.trim().contains(char::is_whitespace);
    if one_word && !may_mean {
        return Err(find::no_workflow(registry, said));
    }
    let learned = learned::here(env).await;
    let answer = Index::with(registry.workflows(), &env.matching()?).decide(said, &learned);
    let best = answer.candidates.first();
    let no_match = |message: String| Error::new(crate::base::ErrorKind::NoMatch, message);
    match (&answer.decision, best.and_then(|c| find::entry(registry, c.id.as_str()))) {
        (Decision::Match, Some(entry)) if may_mean => {
            let again = best.is_some_and(|c| c.learned).then_some(Chosen::Confirmed);
            Ok((entry, again))
        }
        (Decision::Match, Some(entry)) => Err(no_match(format!("“{said}” is no id of a workflow"))
            .cause("A phrase starts a run only once a person has confirmed it")
            .hint(as_command(entry, said))),
        (Decision::None, _) if one_word => Err(find::no_workflow(registry, said)),
        (Decision::Control(_), _) => {
            Err(no_match(format!("“{said}” is said to the console, not to a workflow"))
                .hint("mwtui --help shows the commands: cancel, pause, resume, skip, …"))
        }
        (decision, _) => {
            if !env.out.is_json() {
                matching::tell(env, registry, &answer);
            }
            let ambiguous = matches!(decision, Decision::Ambiguous { .. });
            if ambiguous && env.may_ask() {
                let asked = matching::asked(&answer);
                if let Some(entry) =
                    which(env, asked).await?.and_then(|c| find::entry(registry, c.id.as_str()))
                {
                    return Ok((entry, Some(Chosen::Asked)));
                }
            }
            if !ambiguous && env.may_ask() {
                learned::missed(env, said).await;
            }
            let why = if ambiguous { "could mean more than one workflow" } else { "means no workflow" };
            let hint = if ambiguous {
                "mwtui run ID with the id of the one you mean".to_owned()
            } else {
                format!("To make a workflow of it: mwtui new --from-phrase {}", new::quoted(said))
            };
            Err(no_match(format!("“{said}” {why}")).hint(hint))
        }
    }
}

/// The same without a phrase to be understood: the id, and each value that the phrase says.
fn as_command(entry: &Entry, said: &str) -> String {
    let found = entry.workflow().map(|w| crate::matching::values(said, w, &Offered::default()));
    let taken = Taken::new(said, found.unwrap_or_default());
    format!("mwtui run {} --phrase {}{}", find::label(entry), values::word(said), taken.arguments())
}

/// What the phrase says of inputs that are not given. Only where a person sees it before anything starts.
async fn taken(
    env: &Env,
    workflow: &Workflow,
    phrase: Option<&str>,
    given: &IndexMap<String, String>,
    dry_run: bool,
) -> Taken {
    let Some(phrase) = phrase.filter(|_| env.may_ask() || dry_run) else { return Taken::default() };
    let mut found = Known::of_runs(env).values(phrase, workflow).await;
    found.retain(|f| !given.contains_key(&f.input));
    Taken::new(phrase, found)
}

/// Asks which of several is meant; `None` where the person leaves.
async fn which<'a>(env: &Env, asked: &'a [Candidate]) -> Result<Option<&'a Candidate>> {
    let mut question = Line::new();
    for (n, candidate) in asked.iter().enumerate() {
        question = question.put(Tone::Accent, (n + 1).to_string()).plain(" ").plain(candidate.id.as_str());
        question = question.plain("   ");
    }
    question = question.put(Tone::Accent, "q").plain(" none of these ");
    loop {
        let Some(typed) = ask::line(env, &question).await? else { return Ok(None) };
        let typed = typed.trim();
        if matches!(typed.to_lowercase().as_str(), "" | "q" | "n" | "no") {
            return Ok(None);
        }
        let by_number = typed.parse::<usize>().ok().and_then(|n| asked.get(n.checked_sub(1)?));
        let by_id = || asked.iter().find(|c| c.id.as_str().eq_ignore_ascii_case(typed));
        if let Some(candidate) = by_number.or_else(by_id) {
            return Ok(Some(candidate));
        }
    }
}

/// The workflow of an entry that may be run.
fn runnable<'a>(env: &Env, entry: &'a Entry) -> Result<&'a Workflow> {
    match &entry.state {
        EntryState::Broken { label, errors } => {
            if !env.out.is_json() {
                validate::print(env, errors);
            }
            let first = errors.first().map_or("It does not load", |e| e.message.as_str());
            Err(Error::refused(format!("{label} is broken and cannot be run"))
                .cause(first)
                .hint(format!("mwtui validate {}", entry.file)))
        }
        EntryState::Loaded { workflow, trusted: false, .. } => {
            Err(Error::refused(format!("{} is not trusted yet", workflow.id))
                .cause("It comes with the project, and nobody here has said that it may be run as it is now")
                .hint(format!("mwtui show {}, then mwtui trust {}", workflow.id, entry.file)))
        }
        EntryState::Loaded { workflow, .. } => Ok(workflow),
    }
}

/// The inputs: given ones read, then those of the phrase, missing ones asked for or defaulted; all problems at once.
async fn inputs(
    env: &Env,
    workflow: &Workflow,
    questions: &Questions<'_>,
    given: &IndexMap<String, String>,
    taken: &Taken,
    dry_run: bool,
) -> Result<Map<String, Value>> {
    let (values, mut missing, mut problems) =
        start::typed(&workflow.inputs, questions.asking.clone(), given, "input");
    missing.retain(|field| taken.of(&field.name).is_none());
    // A dry run starts no engine, and needs no secret that a person would type.
    missing.retain(|field| !(dry_run && field.is_secret()));
    let link =
        if dry_run || !questions.needs_engine() { None } else { Some(Link::connect(&env.paths).await?) };
    let mut values: Map<String, Value> = values.into_iter().collect();
    if let Some(link) = &link {
        problems.extend(questions.hold(link, &|name| given.get(name).cloned(), &mut values).await);
    }
    let asked_for = if env.may_ask() { &[][..] } else { &missing[..] };
    let message = format!("The inputs of {} cannot be taken", workflow.id);
    start::refuse_problems(&message, &problems, asked_for, "--input")?;
    values.extend(taken.found().iter().map(|f| (f.input.clone(), f.value.clone())));
    if !missing.is_empty() {
        taken.lines().for_each(|line| env.out.line(Line::new().plain("  ").then(line)));
        values = questions.ask(env, link.as_ref(), &values).await?.ok_or_else(|| {
            let names: Vec<&str> = missing.iter().map(|f| f.name.as_str()).collect();
            Error::usage(format!("The inputs of {} are needed: {}", workflow.id, names.join(", ")))
                .hint(format!("Give each as --input {}=VALUE", names.first().copied().unwrap_or("NAME")))
        })?;
    }
    // In the order of the workflow, whoever gave them.
    let mut ordered = Map::new();
    for field in &workflow.inputs {
        if let Some(value) = values.remove(&field.name) {
            ordered.insert(field.name.clone(), value);
        }
    }
    Ok(ordered)
}

/// The steps that are to be held, by id or number.
fn breakpoints(workflow: &Workflow, given: &[String]) -> Result<Vec<StepId>> {
    let one = |text: &String| {
        let by_number = || workflow.steps.get(text.parse::<usize>().ok()?.checked_sub(1)?);
        let found = workflow.steps.iter().find(|s| s.id.as_str() == text).or_else(by_number);
        found.map(|s| s.id.clone()).ok_or_else(|| {
            let ids: Vec<&str> = workflow.steps.iter().map(|s| s.id.as_str()).collect();
            Error::usage(format!("{} has no step {text} to hold", workflow.id))
                .hint(format!("Its steps are: {}", ids.join(", ")))
        })
    };
    given.iter().map(one).collect()
}

/// What the run works on: what was named, else the branch. `None` where it moves nothing, or where the
/// engine says that there must be a name.
fn subject(env: &Env, workflow: &Workflow, named: Option<&str>) -> Result<Option<String>> {
    match (named, &workflow.moves) {
        (Some(_), None) => Err(Error::usage(format!("{} changes the state of no subject", workflow.id))
            .hint("--subject is for workflows with `moves`")),
        (Some(name), Some(_)) => Ok(Some(name.to_owned())),
        (None, None) => Ok(None),
        (None, Some(_)) => Ok(repo::read(&env.folder).map(|r| r.branch).filter(|b| !b.is_empty())),
    }
}

/// The last question before the start.
async fn confirm(env: &Env, results: &mut [PrerequisiteResult]) -> Result<bool> {
    if results.iter().any(|r| r.passed == Some(false)) {
        let question = Line::new().put(Tone::Warning, "A check failed. Start all the same?");
        return ask::yes(env, question).await;
    }
    let open = results.iter().any(|r| r.passed.is_none());
    let mut question = Line::new().put(Tone::Accent, "Enter").plain(" start   ");
    if open {
        question = question.put(Tone::Accent, "t").plain(" start, and what stands under before is true   ");
    }
    question = question.put(Tone::Accent, "q").plain(" not this ");
    loop {
        let Some(typed) = ask::line(env, &question).await? else { return Ok(false) };
        match typed.trim().to_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "t" if open => {
                for result in results.iter_mut().filter(|r| r.passed.is_none()) {
                    result.passed = Some(true);
                }
                return Ok(true);
            }
            "q" | "n" | "no" => return Ok(false),
            _ => {}
        }
    }
}

fn refuse_failing(results: &[PrerequisiteResult]) -> Result<()> {
    let failing: Vec<&PrerequisiteResult> = results.iter().filter(|r| r.passed == Some(false)).collect();
    if failing.is_empty() {
        return Ok(());
    }
    let mut error = Error::refused("A prerequisite is not met");
    for result in failing {
        let detail = result.detail.as_deref().map_or_else(String::new, |d| format!(": {}", d.trim()));
        let hint = result.hint.as_deref().map_or_else(String::new, |h| format!("\n{h}"));
        error = error.cause(format!("{}{detail}{hint}", result.says));
    }
    Err(error.hint("Put it right, or start all the same with --skip-prerequisites"))
}
