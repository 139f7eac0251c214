//! `mwtui match learned`, `forget` and `missed`: what people's choices taught, and what the bank lacks.
//! Beside them, what other commands need to make use of it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::cli::output::{Line, Table, Tone};
use crate::cli::{Env, Exit, link::Link, matching, shown_path};
use crate::matching::{Decision, Index, Learned, Lesson, Standing, memory};
use crate::workflow::{Entry, Registry};

#[derive(Debug, clap::Subcommand)]
pub enum LearnedCommand {
    /// List what phrases were learned to mean, what was chosen last first
    ///
    /// A phrase that was chosen three times or more for one workflow, and never for another, is
    /// proposed as a trigger phrase, with the line to write.
    Learned {
        #[arg(hide = true)]
        more: Vec<String>,
    },
    /// Forget what was learned of a phrase, or everything that counts here
    Forget {
        /// The phrase, as it is listed
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        phrase: Vec<String>,
        /// Everything: lessons, and phrases that fitted nothing
        #[arg(long)]
        all: bool,
    },
    /// List phrases that fitted no workflow: what the bank lacks
    Missed {
        #[arg(hide = true)]
        more: Vec<String>,
    },
}

impl LearnedCommand {
    /// The phrase that was meant, where the command is only its first word.
    pub fn phrase(&self) -> Option<String> {
        let (first, more) = match self {
            Self::Learned { more } => ("learned", more),
            Self::Missed { more } => ("missed", more),
            Self::Forget { .. } => return None,
        };
        (!more.is_empty()).then(|| format!("{first} {}", more.join(" ")))
    }
}

pub async fn run(command: &LearnedCommand, env: &Env) -> Result<Exit> {
    let link = Link::connect(&env.paths).await?;
    match command {
        LearnedCommand::Learned { .. } => learned(env, &link).await,
        LearnedCommand::Missed { .. } => list_missed(env, &link).await,
        LearnedCommand::Forget { phrase, .. } => {
            let phrase = Some(phrase.join(" ")).filter(|p| !p.is_empty());
            let forgotten = link.forget(phrase.as_deref(), env.folder_text()).await;
            let number = forgotten.map_err(|error| match &phrase {
                Some(phrase) if error.kind == ErrorKind::NotFound => error.hint(format!(
                    "mwtui match learned and mwtui match missed list them; to match it: mwtui match -- forget {phrase}"
                )),
                _ => error,
            })?;
            if env.out.is_json() {
                env.out.json(json!({ "forgotten": number }));
            } else {
                let what = if number == 1 {
                    "1 is forgotten.".to_owned()
                } else {
                    format!("{number} are forgotten.")
                };
                env.out.line(Line::new().put(Tone::Success, "✓ ").plain(what));
            }
            Ok(Exit::Done)
        }
    }
}

/// What was learned, as it counts in this folder. Where the engine cannot be reached, that is said once,
/// and it goes on without.
pub async fn here(env: &Env) -> Learned {
    // Where there is no store nobody has taught anything, and asking would make one.
    if !env.paths.store_file().exists() {
        return Learned::default();
    }
    let asked = async { Link::connect(&env.paths).await?.learned().await }.await;
    match asked {
        Ok(memory) => memory.learned(&env.folder_text(), Timestamp::now()),
        Err(error) => {
            let mut told = Error::internal("What was learned is left out: the engine cannot be asked");
            told.causes = std::iter::once(error.message).chain(error.causes).collect();
            told.hint =
                Some(error.hint.unwrap_or_else(|| "--no-learned leaves it out without asking".to_owned()));
            env.out.warning(&told);
            Learned::default()
        }
    }
}

/// Keeps a phrase that a person said and that fits nothing; trouble with that is said and changes nothing.
pub async fn missed(env: &Env, phrase: &str) {
    if memory::kept(phrase).is_none() {
        return;
    }
    let kept = async { Link::connect(&env.paths).await?.miss(phrase, env.folder_text()).await }.await;
    if let Err(error) = kept {
        env.out.warning(&error);
    }
}

async fn learned(env: &Env, link: &Link) -> Result<Exit> {
    let learned = link.learned().await?.learned(&env.folder_text(), Timestamp::now());
    let registry = env.registry();
    let entries: HashMap<&str, &Entry> =
        registry.entries.iter().filter_map(|e| Some((e.workflow()?.id.as_str(), e))).collect();
    let entry = |lesson: &Lesson| entries.get(lesson.workflow.as_str()).copied();
    let standing = |lesson: &Lesson| lesson.standing(entry(lesson).and_then(Entry::workflow).map(|w| &**w));
    let lessons = learned.newest();
    if env.out.is_json() {
        let object = |lesson: &&Lesson| {
            let standing = standing(lesson);
            let proposal = match (standing, entry(lesson)) {
                (Standing::Proved, Some(entry)) => {
                    json!({ "file": entry.path, "line": lesson.trigger_line() })
                }
                _ => Value::Null,
            };
            json!({
                "phrase": lesson.phrase,
                "workflow": lesson.workflow,
                "times": lesson.times,
                "against": lesson.against,
                "last": lesson.last.rfc3339(),
                "weight": lesson.weight,
                "standing": standing,
                "proposal": proposal,
            })
        };
        env.out.json(json!({ "learned": lessons.iter().map(object).collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    if lessons.is_empty() {
        env.out.line(
            Line::new()
                .plain("Nothing has been learned yet. ")
                .dim("What you choose when you are asked, and start, is remembered."),
        );
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&["WORKFLOW", "TIMES", "LAST", "WEIGHT", "", "PHRASE"]).right(&[1, 3]);
    for lesson in &lessons {
        let standing = standing(lesson);
        let tone = match standing {
            Standing::Proved => Tone::Success,
            Standing::Gone => Tone::Warning,
            Standing::Counts | Standing::Faded => Tone::Dim,
        };
        table.row(vec![
            (Tone::Strong, lesson.workflow.to_string()),
            (Tone::Plain, lesson.times.to_string()),
            (Tone::Dim, lesson.last.local_minute()),
            (Tone::Plain, format!("{:.2}", lesson.weight)),
            (tone, standing.word().to_owned()),
            (Tone::Plain, lesson.phrase.clone()),
        ]);
    }
    env.out.table(&table);
    for lesson in &lessons {
        if let (Standing::Proved, Some(entry)) = (standing(lesson), entry(lesson)) {
            propose(env, lesson, entry);
        }
    }
    Ok(Exit::Done)
}

/// The line to write, and where.
fn propose(env: &Env, lesson: &Lesson, entry: &Entry) {
    let place = match &entry.path {
        Some(path) => shown_path(path, &env.folder),
        None => format!("{}.yaml in your own workflows folder, a copy of the bundled one", lesson.workflow),
    };
    env.out.blank();
    env.out.line(
        Line::new()
            .put(Tone::Success, "✓ ")
            .plain("Has proved itself: write it under trigger_phrases of ")
            .strong(lesson.workflow.as_str())
            .dim(format!("  {place}")),
    );
    env.out.line(Line::new().plain("  ").plain(lesson.trigger_line()));
}

async fn list_missed(env: &Env, link: &Link) -> Result<Exit> {
    let memory = link.learned().await?;
    let folder = env.folder_text();
    let learned = memory.learned(&folder, Timestamp::now());
    let registry: Registry = env.registry();
    let index = Index::with(registry.workflows(), &env.matching()?);
    let mut objects = Vec::new();
    let mut table = Table::new(&["TIMES", "LAST", "NOW", "PHRASE"]).right(&[0]);
    for missed in memory.missed(&folder) {
        let answer = index.decide(&missed.phrase, &learned);
        let (tone, word) = matching::verdict(&answer.decision);
        let fits: Vec<&str> = match answer.decision {
            Decision::Match => answer.candidates.iter().take(1).map(|c| c.id.as_str()).collect(),
            Decision::Ambiguous { .. } => matching::asked(&answer).iter().map(|c| c.id.as_str()).collect(),
            Decision::None | Decision::Control(_) => Vec::new(),
        };
        let now = if fits.is_empty() { word.to_owned() } else { fits.join(", ") };
        objects.push(json!({
            "phrase": missed.phrase,
            "times": missed.times,
            "last": missed.last.rfc3339(),
            "now": word,
            "workflows": fits,
        }));
        table.row(vec![
            (Tone::Plain, missed.times.to_string()),
            (Tone::Dim, missed.last.local_minute()),
            (tone, now),
            (Tone::Plain, missed.phrase.clone()),
        ]);
    }
    if env.out.is_json() {
        env.out.json(json!({ "missed": objects }));
    } else if objects.is_empty() {
        env.out.line(
            Line::new()
                .plain("Every phrase has fitted something so far. ")
                .dim("One that fits no workflow at Enter is remembered here."),
        );
    } else {
        env.out.table(&table);
    }
    Ok(Exit::Done)
}
