//! `mwtui engine`: the process that owns the store and drives the runs, seen from outside.
//! Serving itself is no front end's work: `main` hands that to the engine.

use serde_json::json;

use crate::base::{Error, Result};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, link::Link};

/// Run the engine in the foreground, or look after the one that runs
///
/// Commands and the console start an engine by themselves where none runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<EngineCommand>,
    /// Serve as the engine that a client has started
    #[arg(long, hide = true)]
    pub background: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum EngineCommand {
    /// Show the engine that runs; starts none
    Status,
    /// End the engine; refused while runs work
    Stop {
        /// Even while runs work: their running steps become uncertain
        #[arg(long)]
        force: bool,
    },
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    match &args.command {
        Some(EngineCommand::Status) => status(env).await,
        Some(EngineCommand::Stop { force }) => stop(env, *force).await,
        None => Err(Error::internal("The engine is not served by this part of the program")),
    }
}

async fn status(env: &Env) -> Result<Exit> {
    let Some(link) = Link::existing(&env.paths).await? else {
        return Err(none(env));
    };
    let status = link.engine_status().await?;
    if env.out.is_json() {
        env.out.json(json!({ "engine": status }));
        return Ok(Exit::Done);
    }
    let fact = |name: &str, value: String| {
        env.out.line(Line::new().dim(format!("  {name:<9}")).plain(value));
    };
    env.out
        .line(Line::new().put(Tone::Success, "✓ ").plain(format!("The engine runs, process {}", status.pid)));
    fact("version", status.version);
    fact("since", status.started_at.local_minute());
    fact("runs", format!("{} live, {} working", status.live_runs, status.working_runs));
    fact("clients", format!("{}, of them consoles {}", status.clients, status.consoles));
    fact("store", format!("{} KiB, schema {}", status.store_bytes.div_ceil(1024), status.schema_version));
    if let Some(trouble) = &status.trouble {
        let since = trouble.since.local_minute();
        env.out.line(Line::new().put(Tone::Failure, "✗ ").plain(format!("Since {since}: {}", trouble.error)));
        for line in trouble.error.causes.iter().chain(&trouble.error.hint) {
            env.out.line(Line::new().dim(format!("  {line}")));
        }
    }
    for alone in &status.left_alone {
        let (what, until) = (&alone.what, alone.until.local_clock_seconds());
        let told =
            format!("The {what} is left alone until {until}, after {} failures in a row", alone.failures);
        env.out.line(Line::new().put(Tone::Failure, "✗ ").plain(told));
        env.out.line(Line::new().dim(format!("  {}", alone.why)));
    }
    fact("socket", env.paths.socket().display().to_string());
    Ok(Exit::Done)
}

fn none(env: &Env) -> Error {
    Error::not_found("No engine runs")
        .cause(format!("Nobody answers at {}", env.paths.socket().display()))
        .hint("The next command that needs one starts it; mwtui engine runs one in the foreground")
}

async fn stop(env: &Env, force: bool) -> Result<Exit> {
    let stopped = crate::client::stop_engine(&env.paths, force).await?;
    if env.out.is_json() {
        env.out.json(json!({ "stopped": stopped }));
    } else {
        env.out.line(if stopped { "The engine has ended." } else { "No engine runs." });
    }
    Ok(Exit::Done)
}
