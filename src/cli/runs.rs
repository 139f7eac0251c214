//! `mwtui runs`: live and past runs, newest first.

use serde_json::json;

use crate::base::{Error, Millis, Result, Timestamp, WorkflowId};
use crate::cli::output::{Line, Table, Tone};
use crate::cli::{Env, Exit, link::Link, tell};
use crate::run::{RunFilter, RunStatus, RunSummary};

/// List runs, live ones and past ones
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only runs with this status; may be given more than once
    #[arg(long, value_parser = parse_status)]
    status: Vec<RunStatus>,
    /// Only runs of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Only runs started since then: a length of time such as 7d, 12h, 30m
    #[arg(long, value_name = "LENGTH", value_parser = parse_length)]
    since: Option<Millis>,
    /// Only runs with this text in their id, name, subject or step titles
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// At most this many past runs
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

fn parse_status(text: &str) -> Result<RunStatus, String> {
    RunStatus::ALL.into_iter().find(|s| s.word() == text).ok_or_else(|| {
        let words: Vec<&str> = RunStatus::ALL.into_iter().map(RunStatus::word).collect();
        format!("one of: {}", words.join(", "))
    })
}

fn parse_length(text: &str) -> Result<Millis, String> {
    Millis::parse(text).ok_or_else(|| "a length of time such as 7d, 12h, 30m".to_owned())
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let now = Timestamp::now();
    let since = args.since.map(|length| {
        let back = i64::try_from(length.0).unwrap_or(i64::MAX);
        Timestamp(now.0.saturating_sub(back))
    });
    if args.limit == 0 {
        return Err(Error::usage("--limit 0 shows nothing").hint("Give a number from 1"));
    }
    let filter = RunFilter {
        statuses: args.status,
        workflow: args.workflow.as_deref().map(WorkflowId::from),
        session: None,
        since,
        search: args.search,
        limit: Some(args.limit),
    };
    let filtered = filter != RunFilter { limit: filter.limit, ..RunFilter::default() };
    let runs = Link::connect(&env.paths).await?.runs(filter).await?;
    if env.out.is_json() {
        env.out.json(json!({ "runs": runs }));
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        let why = if filtered { "No run fits." } else { "There are no runs yet." };
        env.out.line(Line::new().plain(why).dim("  mwtui run ID starts one; mwtui list shows what there is"));
        return Ok(Exit::Done);
    }
    let mut table =
        Table::new(&["RUN", "STATUS", "WORKFLOW", "STEP", "STARTED", "WORK", "WAITING", "BY", "NAME"])
            .right(&[3, 5, 6]);
    for run in &runs {
        let subject = if run.subject.is_empty() { String::new() } else { format!(" ({})", run.subject) };
        let at = match &run.need {
            _ if run.status.is_ended() => String::new(),
            Some(need) => format!(": {}", need.title),
            None => format!(": {}", run.current_title),
        };
        table.row(vec![
            (Tone::Strong, run.run.short().to_owned()),
            (tell::run_tone(run.status), word(run)),
            (Tone::Plain, run.workflow.to_string()),
            (Tone::Plain, format!("{}/{}", run.settled, run.steps)),
            (Tone::Dim, run.started_at.local_minute()),
            (Tone::Dim, run.times.work.to_string()),
            (Tone::Dim, run.times.waiting.to_string()),
            (Tone::Dim, run.started_by.short().to_owned()),
            (Tone::Plain, format!("{}{subject}{at}{}", run.name, family(run))),
        ]);
    }
    env.out.table(&table);
    Ok(Exit::Done)
}

fn word(run: &RunSummary) -> String {
    let back = if run.rolled_back { ", undone" } else { "" };
    format!("{}{back}", tell::run_word(run.status))
}

/// Whose child it is.
fn family(run: &RunSummary) -> String {
    run.parent.as_ref().map_or_else(String::new, |parent| format!("  of run {}", parent.short()))
}
