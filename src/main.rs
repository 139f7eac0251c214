//! Parses arguments, starts tracing, dispatches to a front end.

use std::path::PathBuf;
use std::process::ExitCode;

use mwtui::base::{Error, Paths, Result};
use mwtui::engine;

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    match run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(?error, "mwtui ends");
            ExitCode::from(6)
        }
    }
}

fn run(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> Result<()> {
    if arguments.next().is_none_or(|a| a != "engine") {
        return Err(Error::usage("mwtui engine [--background] [--home DIR]"));
    }
    let (mut background, mut home) = (false, None);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--background") => background = true,
            Some("--home") => home = arguments.next().map(PathBuf::from),
            _ => return Err(Error::usage(format!("{} is no option", argument.display()))),
        }
    }
    let (paths, options) = (Paths::resolve(home)?, engine::Options::from_env()?);
    if background { engine::background::serve(paths, options) } else { engine::serve(paths, options) }
}
