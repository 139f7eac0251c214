//! `mwtui match`: the decision for a phrase, with the candidates and why. Starts no run, and asks the
//! engine for nothing but what was learned, the names of earlier runs and, where told to, a second opinion.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use crate::base::{Error, Result, SafeLine};
use crate::cli::output::{Line, SCHEMA_VERSION, Tone};
use crate::cli::values::{Known, Taken};
use crate::cli::{Env, Exit, check, explain, learned, new, opinion, words};
use crate::matching::{Answer, Candidate, Caution, Decision, Found, Index, Learned, Options};
use crate::workflow::{Entry, Registry};

/// Say which workflow a phrase means, and what it says of its inputs
///
/// What people chose for the phrase before counts, unless it is left out. A phrase that begins with
/// the name of a command below is given as one argument, or after `--`.
#[derive(Debug, clap::Args)]
#[command(name = "match", subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<MatchCommand>,
    /// What you want to do, in your own words
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    phrase: Vec<String>,
    /// Read one phrase a line from standard input; exits 0 whatever the decisions are
    #[arg(long)]
    batch: bool,
    /// Look in the files of this folder alone, and leave out what was learned
    #[arg(long, value_name = "DIR")]
    workflows: Option<PathBuf>,
    /// Leave out what was learned; starts no engine for it
    #[arg(long)]
    no_learned: bool,
    /// Ask the second opinion of config.toml where the decision is not sure; it changes no decision
    #[arg(long, conflicts_with = "batch")]
    second_opinion: bool,
    /// Tell all of it: which word met which, the numbers behind, and what kept it from being certain
    #[arg(long)]
    explain: bool,
    /// What a wrong guess costs, in questions, from 1 to 20: more asks more and guesses less
    #[arg(long, value_name = "N", value_parser = caution)]
    caution: Option<Caution>,
}

#[derive(Debug, clap::Subcommand)]
enum MatchCommand {
    Check(check::Args),
    #[command(flatten)]
    Learned(learned::LearnedCommand),
    /// Show what is known of a word: abbreviations, synonyms, opposites; without one, the whole table
    ///
    /// Words of your own are added in config.toml, under [matching].
    Words {
        #[arg(value_name = "WORD")]
        words: Vec<String>,
    },
}

impl MatchCommand {
    /// The phrase that was meant, where the command is only its first word.
    fn phrase(&self) -> Option<String> {
        match self {
            Self::Check(args) => args.phrase(),
            Self::Learned(command) => command.phrase(),
            Self::Words { words } => (words.len() > 1).then(|| format!("words {}", words.join(" "))),
        }
    }
}

fn caution(typed: &str) -> std::result::Result<Caution, String> {
    let number = typed.parse::<f64>().ok().filter(|n| (Caution::LEAST..=Caution::MOST).contains(n));
    number
        .map(Caution::new)
        .ok_or_else(|| format!("it is a number from {} to {}", Caution::LEAST, Caution::MOST))
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let mut phrase = args.phrase.join(" ");
    if let Some(command) = &args.command {
        match command.phrase() {
            // With words that the command does not take it is the beginning of a phrase.
            Some(words) if phrase.is_empty() && !args.batch => phrase = words,
            _ => {
                refuse_options(args)?;
                return match command {
                    MatchCommand::Check(args) => check::run(args, env),
                    MatchCommand::Learned(command) => learned::run(command, env).await,
                    MatchCommand::Words { words: said } => words::run(said.first().map(String::as_str), env),
                };
            }
        }
    }
    // Files of a folder are judged by themselves: what was run with them before does not count.
    let known = if args.workflows.is_some() { Known::nothing() } else { Known::of_runs(env) };
    let registry = check::registry(env, args.workflows.as_ref())?;
    // Nor do settings.
    let options = if args.workflows.is_some() { Options::default() } else { env.matching()? };
    let options = match args.caution {
        Some(caution) => options.with_caution(caution),
        None => options,
    };
    let index = Index::with(registry.workflows(), &options);
    let left_out = args.no_learned || args.workflows.is_some();
    let learned = if left_out { Learned::default() } else { learned::here(env).await };
    if args.batch {
        return batch(args, env, &registry, &index, &known, &learned).await;
    }
    let (answer, elapsed) = decide(&index, &phrase, &learned);
    let found = found(&registry, &known, &phrase, &answer).await;
    let second =
        if args.second_opinion { Some(opinion::ask(env, &registry, &phrase, &answer).await?) } else { None };
    if env.out.is_json() {
        let mut value = object(&phrase, &answer, &found, elapsed);
        if let (Some(second), Some(fields)) = (&second, value.as_object_mut()) {
            fields.insert("second_opinion".to_owned(), second.json());
        }
        if args.explain {
            explain::insert(&mut value, &answer, &index.measure(&phrase));
        }
        env.out.json(value);
    } else {
        tell(env, &registry, &answer);
        if answer.decision == Decision::Match {
            let indent = Line::new().plain(format!("{:<28}", ""));
            Taken::new(&phrase, found).lines().for_each(|line| env.out.line(indent.clone().then(line)));
        }
        if let Some(second) = &second {
            second.tell(env, &answer);
        }
        if answer.decision == Decision::None {
            go_on(env, &registry, &phrase);
        }
        if args.explain {
            env.out.blank();
            explain::tell(env, &answer, &index.measure(&phrase));
        }
    }
    Ok(match answer.decision {
        Decision::Match | Decision::Control(_) => Exit::Done,
        Decision::None | Decision::Ambiguous { .. } => Exit::NoMatch,
    })
}

/// What belongs to a phrase says nothing to a command about what was learned.
fn refuse_options(args: &Args) -> Result<()> {
    let given = [
        (args.batch, "--batch"),
        (args.workflows.is_some(), "--workflows"),
        (args.no_learned, "--no-learned"),
        (args.second_opinion, "--second-opinion"),
        (args.explain, "--explain"),
        (args.caution.is_some(), "--caution"),
        (!args.phrase.is_empty(), "a phrase"),
    ];
    match given.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, what)) => Err(Error::usage(format!("{what} does not go with this command of mwtui match"))
            .hint("To match a phrase that begins with a command's name, give it after `--`")),
        None => Ok(()),
    }
}

async fn batch(
    args: &Args,
    env: &Env,
    registry: &Registry,
    index: &Index,
    known: &Known<'_>,
    learned: &Learned,
) -> Result<Exit> {
    let mut input = std::io::stdin().lock();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = input.read_until(b'\n', &mut bytes);
        let read = read.map_err(|e| Error::internal("Standard input could not be read").because(e))?;
        if read == 0 || env.out.is_closed() {
            return Ok(Exit::Done);
        }
        let text = String::from_utf8_lossy(&bytes);
        let phrase = text.trim_end_matches(['\n', '\r']);
        let (answer, elapsed) = decide(index, phrase, learned);
        if env.out.is_json() {
            let found = found(registry, known, phrase, &answer).await;
            let mut value = object(phrase, &answer, &found, elapsed);
            if let Some(fields) = value.as_object_mut() {
                fields.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
            }
            if args.explain {
                explain::insert(&mut value, &answer, &index.measure(phrase));
            }
            env.out.bare_json(value);
        } else {
            let (tone, word) = verdict(&answer.decision);
            let ids: Vec<&str> = asked(&answer).iter().map(|c| c.id.as_str()).collect();
            let ids = if matches!(answer.decision, Decision::Ambiguous { .. }) {
                ids.join(", ")
            } else {
                ids.first().copied().unwrap_or_default().to_owned()
            };
            let ids = if matches!(answer.decision, Decision::None) { String::new() } else { ids };
            env.out.line(
                Line::new().put(tone, format!("{word:<9}  ")).strong(format!("{ids:<24}  ")).plain(phrase),
            );
            if args.explain {
                explain::tell(env, &answer, &index.measure(phrase));
                env.out.blank();
            }
        }
    }
}

/// The decision and the microseconds that it took.
fn decide(index: &Index, phrase: &str, learned: &Learned) -> (Answer, u64) {
    let begun = Instant::now();
    let answer = index.decide(phrase, learned);
    (answer, u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX))
}

/// What the phrase says of the first candidate's inputs, where that one may be meant.
async fn found(registry: &Registry, known: &Known<'_>, phrase: &str, answer: &Answer) -> Vec<Found> {
    let first = match answer.decision {
        Decision::Match | Decision::Ambiguous { .. } => answer.candidates.first(),
        Decision::None | Decision::Control(_) => None,
    };
    match first.and_then(|c| registry.get(&c.id)).and_then(Entry::workflow) {
        Some(workflow) => known.values(phrase, workflow).await,
        None => Vec::new(),
    }
}

/// The candidates worth telling: with an ambiguity those that a person would be asked about.
pub fn asked(answer: &Answer) -> &[Candidate] {
    match answer.decision {
        Decision::Ambiguous { choices } => answer.candidates.get(..choices).unwrap_or(&answer.candidates),
        _ => &answer.candidates,
    }
}

fn object(phrase: &str, answer: &Answer, found: &[Found], elapsed: u64) -> Value {
    let candidates: Vec<Value> = asked(answer)
        .iter()
        .map(|c| json!({ "id": c.id, "score": c.score, "name": c.name, "reason": c.reason, "learned": c.learned }))
        .collect();
    let control = match &answer.decision {
        Decision::Control(control) => json!({ "action": control.action, "workflow": control.workflow }),
        _ => Value::Null,
    };
    json!({
        "phrase": phrase,
        "decision": verdict(&answer.decision).1,
        "candidates": candidates,
        "values": found,
        "control": control,
        "elapsed_us": elapsed,
    })
}

pub fn verdict(decision: &Decision) -> (Tone, &'static str) {
    match decision {
        Decision::Match => (Tone::Success, "match"),
        Decision::Ambiguous { .. } => (Tone::Warning, "ambiguous"),
        Decision::None => (Tone::Dim, "none"),
        Decision::Control(_) => (Tone::Info, "control"),
    }
}

/// The answer as people read it.
pub fn tell(env: &Env, registry: &Registry, answer: &Answer) {
    match &answer.decision {
        Decision::Match => {
            if let Some(best) = answer.candidates.first() {
                candidate(env, best);
            }
        }
        Decision::Ambiguous { .. } => {
            env.out.line(Line::new().put(Tone::Warning, "More than one could be meant:"));
            let asked = asked(answer);
            for one in asked {
                candidate(env, one);
                let workflow = |id| registry.get(id).and_then(Entry::workflow);
                let scope = workflow(&one.id).map(|w| w.scope.as_str());
                let told = asked.iter().filter_map(|other| workflow(&other.id)?.says_of(&one.id));
                for sentence in scope.into_iter().chain(told) {
                    env.out.line(Line::new().plain(format!("{:<28}", "")).dim(sentence));
                }
            }
        }
        Decision::None => {
            let perhaps = answer.candidates.first().is_some_and(|c| c.score >= PERHAPS);
            env.out.line(if perhaps {
                "It is not sure that a workflow is meant."
            } else {
                "No workflow does this."
            });
            let near: Vec<&Candidate> = answer.candidates.iter().take(3).collect();
            if !near.is_empty() {
                env.out.line(Line::new().dim("Nearest, for what it is worth:"));
            }
            for one in near {
                candidate(env, one);
            }
        }
        Decision::Control(control) => {
            let word = serde_json::to_value(control.action).unwrap_or_default();
            let mut line = Line::new()
                .plain("This is said to the console: ")
                .put(Tone::Info, word.as_str().unwrap_or_default());
            if let Some(workflow) = &control.workflow {
                line = line.plain(" ").strong(workflow.as_str());
            }
            env.out.line(line);
        }
    }
}

/// From this likelihood on the nearest workflow is perhaps meant, though not surely enough to say so.
const PERHAPS: f64 = 0.45;

/// What can be done where no workflow fits.
fn go_on(env: &Env, registry: &Registry, phrase: &str) {
    let said = SafeLine::new(phrase);
    if said.as_str().trim().is_empty() {
        let examples = registry.workflows().filter_map(|w| w.trigger_phrases.first()).take(3);
        for (n, example) in examples.enumerate() {
            let lead = if n == 0 { "Say what you want to do:  " } else { "                          " };
            env.out.line(Line::new().dim(lead).plain(format!("mwtui match {}", new::quoted(example))));
        }
        env.out.line(Line::new().dim("Every workflow of the bank:  ").plain("mwtui list"));
        return;
    }
    let command = format!("mwtui new --from-phrase {}", new::quoted(said.as_str().trim()));
    env.out.line(Line::new().dim("To make a workflow of it:  ").plain(command));
}

fn candidate(env: &Env, one: &Candidate) {
    env.out.line(
        Line::new()
            .plain("  ")
            .strong(format!("{:<24}", one.id))
            .plain("  ")
            .plain(&one.name)
            .dim("  ")
            .dim(&one.reason)
            .dim(format!("  {:.2}", one.score)),
    );
}
