//! Parses arguments, starts tracing, dispatches to a front end or to the engine.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use mwtui::base::{Error, Overrides, Paths, Result, trace};
use mwtui::cli::{self, Cli, Command, Exit, Upkeep};
use mwtui::config::Settings;
use mwtui::{engine, exec, tui};

fn main() -> ExitCode {
    let exit = match cli::parse() {
        // It has no home and no log: only what it is handed.
        Ok(Cli { command: Some(Command::Drain { .. }), .. }) => {
            if exec::drain::serve::run() {
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
    let mut paths = match Paths::resolve(cli.home) {
        Ok(paths) => paths,
        Err(error) => return cli::refuse(json, &error),
    };
    paths.overrides = Overrides { profile: cli.profile, settings: cli.config };
    let settings = Settings::load(&paths);
    if let Ok(settings) = &settings {
        paths = settings.place(&paths);
    }
    let outcome = match cli.command {
        None if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() => {
            return cli::no_terminal(json);
        }
        None => settings.and_then(|settings| console(paths, &settings)),
        Some(Command::Engine(args)) if args.command.is_none() => serve(paths, settings, args.background),
        Some(command) => match settings {
            Err(error) if command.needs_settings() => Err(error),
            settings => return run(command, json, cli.no_input, paths, &settings.unwrap_or_default()),
        },
    };
    outcome.map_or_else(|error| cli::refuse(json, &error), |()| Exit::Done)
}

/// One command. The runtime is not waited for: a question may still be open in a thread of its own.
fn run(command: Command, json: bool, no_input: bool, paths: Paths, settings: &Settings) -> Exit {
    log(&paths, "cli", settings);
    match runtime() {
        Ok(runtime) => {
            let exit = runtime.block_on(cli::execute(command, json, no_input, paths, upkeep()));
            runtime.shutdown_background();
            exit
        }
        Err(error) => cli::refuse(json, &error),
    }
}

fn upkeep() -> Upkeep {
    use engine::upkeep::{backup, check, examine, restore};
    Upkeep { check, backup, restore, examine }
}

fn console(paths: Paths, settings: &Settings) -> Result<()> {
    log(&paths, "tui", settings);
    tui::run(paths)
}

/// An engine that a client starts serves whatever the settings are like: runs must be there to be looked
/// at and cancelled. What needs the settings is refused until they read.
fn serve(paths: Paths, settings: Result<Settings>, background: bool) -> Result<()> {
    paths.create()?;
    if !background {
        let settings = settings?;
        log(&paths, "engine", &settings);
        return engine::serve(paths, engine::Options::of(&settings));
    }
    let known = settings.as_ref().cloned().unwrap_or_default();
    log(&paths, "engine", &known);
    if let Err(error) = settings {
        tracing::error!(?error, "the settings do not read");
    }
    engine::background::serve(paths, engine::Options::of(&known))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Error::internal("The program's threads could not be started").because(e))
}

/// A log that cannot be written is no reason to refuse work: `mwtui doctor` finds the cause.
fn log(paths: &Paths, component: &'static str, settings: &Settings) {
    if trace::start(paths, component, &settings.log).is_ok() {
        tracing::debug!(version = env!("CARGO_PKG_VERSION"), "begins");
    }
}
