//! Parses arguments, starts tracing, dispatches to a front end or to the engine.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use mwtui::base::{Error, Paths, Result, trace};
use mwtui::cli::{self, Cli, Command, Exit};
use mwtui::{engine, exec, tui};

fn main() -> ExitCode {
    let exit = match cli::parse() {
        // It has no home and no log: only what it reads and writes.
        Ok(Cli { command: Some(Command::Drain), .. }) => {
            if exec::drain::run() {
                Exit::Done
            } else {
                Exit::Failed
            }
        }
        Ok(cli) => dispatch(cli),
        Err(exit) => exit,
    };
    ExitCode::from(exit.code())
}

fn dispatch(cli: Cli) -> Exit {
    let json = cli.json;
    let paths = match Paths::resolve(cli.home) {
        Ok(paths) => paths,
        Err(error) => return cli::refuse(json, &error),
    };
    let outcome = match cli.command {
        None if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() => {
            return cli::no_terminal(json);
        }
        None => console(paths),
        Some(Command::Engine(args)) if args.command.is_none() => serve(paths, args.background),
        Some(command) => return run(command, json, cli.no_input, paths),
    };
    outcome.map_or_else(|error| cli::refuse(json, &error), |()| Exit::Done)
}

/// One command. The runtime is not waited for: a question may still be open in a thread of its own.
fn run(command: Command, json: bool, no_input: bool, paths: Paths) -> Exit {
    log(&paths, "cli");
    match runtime() {
        Ok(runtime) => {
            let exit = runtime.block_on(cli::execute(command, json, no_input, paths));
            runtime.shutdown_background();
            exit
        }
        Err(error) => cli::refuse(json, &error),
    }
}

fn console(paths: Paths) -> Result<()> {
    log(&paths, "tui");
    tui::run(paths)
}

fn serve(paths: Paths, background: bool) -> Result<()> {
    paths.create()?;
    log(&paths, "engine");
    let options = engine::Options::from_env()?;
    if background { engine::background::serve(paths, options) } else { engine::serve(paths, options) }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Error::internal("The program's threads could not be started").because(e))
}

/// A log that cannot be written is no reason to refuse work: `mwtui doctor` finds the cause.
fn log(paths: &Paths, component: &'static str) {
    if trace::start(paths, component).is_ok() {
        tracing::debug!(version = env!("CARGO_PKG_VERSION"), "begins");
    }
}
