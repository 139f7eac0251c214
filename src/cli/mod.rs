//! The command line: one file per subcommand, each a `clap` struct and what it does. Talks to
//! the engine through `client` alone; prints through `output` alone.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::base::{Error, ErrorKind, Paths, Result, paths};
use crate::config::Settings;
use crate::matching::Options;
use crate::protocol::upkeep::{Backup, Examination, Restored};
use crate::workflow::Registry;

mod answer;
mod approve;
mod ask;
mod back;
mod backup;
mod breakpoint;
mod cancel;
mod check;
mod config;
mod definition;
mod doctor;
mod done;
mod dry_run;
mod engine;
mod events;
mod examples;
mod explain;
mod fail;
mod family;
mod find;
mod follow;
mod fork;
mod hand_over;
mod happened;
mod hidden;
mod learned;
mod link;
mod list;
mod logs;
mod matching;
mod move_over;
mod new;
mod note;
mod opinion;
pub mod output;
mod pause;
mod plan;
mod planned;
mod proceed;
mod prompt;
mod prompts;
mod push_back;
mod questions;
pub mod reference;
mod reject;
mod restore;
mod resume;
mod retry;
mod rollback;
mod run;
mod runs;
mod schema;
mod secret;
mod session;
mod show;
mod skip;
mod start;
mod status;
mod step_through;
mod stream;
mod subject;
mod summary;
mod take;
mod take_back;
mod tell;
mod trust;
mod validate;
mod values;
mod walk;
mod words;
mod work;
mod writing;

pub use engine::EngineCommand;
use output::{Line, Output};

/// The operations console for a team's process bank.
///
/// Without a command it opens the console. Every command takes --json for programs and
/// --no-input for scripts.
#[derive(Debug, Parser)]
#[command(name = "mwtui", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// Print JSON: one object, or one a line where it streams
    #[arg(long, global = true)]
    pub json: bool,
    /// Keep everything under this folder instead of the XDG folders (MWTUI_HOME)
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Lay this profile of config.toml over the rest of it (MWTUI_PROFILE)
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Set a key of config.toml for this command: --config limits.parallel=2; may be given more than once
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub config: Vec<String>,
    /// Never ask: do what can be done without a person
    #[arg(long, global = true)]
    pub no_input: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Match(matching::Args),
    Run(run::Args),
    Walk(walk::Args),
    Runs(runs::Args),
    Status(status::Args),
    Logs(logs::Args),
    Events(events::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Cancel(cancel::Args),
    Proceed(proceed::Args),
    Take(take::Args),
    HandOver(hand_over::Args),
    TakeBack(take_back::Args),
    StepThrough(step_through::Args),
    Breakpoint(breakpoint::Args),
    Retry(retry::Args),
    Skip(skip::Args),
    Back(back::Args),
    Rollback(rollback::Args),
    Fork(fork::Args),
    MoveOver(move_over::Args),
    Done(done::Args),
    Fail(fail::Args),
    Answer(answer::Args),
    Approve(approve::Args),
    Reject(reject::Args),
    PushBack(push_back::Args),
    Note(note::Args),
    Secret(secret::Args),
    Subject(subject::Args),
    Session(session::Args),
    Summary(summary::Args),
    New(new::Args),
    Validate(validate::Args),
    Examples(examples::Args),
    Schema(schema::Args),
    Trust(trust::Args),
    Engine(engine::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Config(config::Args),
    Doctor(doctor::Args),
    /// Writes down what the steps print: started by the engine alone
    #[command(hide = true)]
    Drain {
        /// The folder of the engine whose steps they are
        outputs: PathBuf,
    },
}

impl Command {
    /// Whether it is refused while the settings do not read. Looking at runs, stopping them, and finding out
    /// what is wrong goes on.
    pub fn needs_settings(&self) -> bool {
        !matches!(
            self,
            Self::Config(_)
                | Self::Doctor(_)
                | Self::Backup(_)
                | Self::Restore(_)
                | Self::Engine(_)
                | Self::Match(_)
                | Self::Validate(_)
                | Self::Runs(_)
                | Self::Status(_)
                | Self::Logs(_)
                | Self::Events(_)
                | Self::Pause(_)
                | Self::Cancel(_)
        )
    }
}

/// How a command ends; the exit codes are a public promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The run or check failed.
    Failed,
    Usage,
    NotFound,
    /// State, trust or approval says no.
    Refused,
    /// No workflow matches, or several could be meant.
    NoMatch,
    /// Engine or store trouble.
    Internal,
    /// Waiting for a person.
    Waiting,
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::NoMatch => 5,
            Self::Internal => 6,
            Self::Waiting => 7,
            Self::Interrupted => 130,
        }
    }

    pub fn of(error: &Error) -> Self {
        match error.kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Refused => Self::Refused,
            ErrorKind::NoMatch => Self::NoMatch,
            ErrorKind::Internal | ErrorKind::NoRoom => Self::Internal,
        }
    }
}

/// What is done to the store as a file where no engine runs. Front ends import neither `store` nor
/// `engine`: `main` hands it in. `None` says that an engine runs after all, and is to be asked.
pub struct Upkeep {
    pub check: fn(&Path) -> Backup,
    pub backup: fn(&Paths, Option<&Path>) -> Result<Option<Backup>>,
    pub restore: fn(&Paths, &Path) -> Result<Option<Restored>>,
    pub examine: fn(&Paths) -> Result<Option<Examination>>,
}

/// What every command has at hand.
pub struct Env {
    pub paths: Paths,
    pub upkeep: Upkeep,
    pub out: Output,
    /// The root of the working tree that the command was given in.
    pub folder: PathBuf,
    no_input: bool,
    /// What ctrl-c says: how to come back.
    parting: std::cell::RefCell<Option<Line>>,
    /// The terminal is the person's editor's.
    editing: std::cell::Cell<bool>,
}

impl Env {
    fn new(paths: Paths, upkeep: Upkeep, json: bool, no_input: bool) -> Result<Self> {
        let here = std::env::current_dir().map_err(|e| {
            Error::usage("The current folder cannot be found")
                .because(e)
                .hint("Change to a folder that exists")
        })?;
        Ok(Self {
            paths,
            upkeep,
            out: Output::new(json),
            folder: paths::project_root(&here),
            no_input,
            parting: std::cell::RefCell::default(),
            editing: std::cell::Cell::new(false),
        })
    }

    /// Whether a person can be asked.
    pub fn may_ask(&self) -> bool {
        !self.no_input && !self.out.is_json() && std::io::stdin().is_terminal() && self.out.is_terminal()
    }

    pub fn registry(&self) -> Registry {
        Registry::load(&self.paths, &self.folder)
    }

    /// How phrases are matched, as config.toml says.
    pub fn matching(&self) -> Result<Options> {
        Options::new(&Settings::load(&self.paths)?.matching)
    }

    /// The folder as messages to the engine name it.
    pub fn folder_text(&self) -> String {
        self.folder.to_string_lossy().into_owned()
    }

    /// What is said when ctrl-c ends the command from now on.
    pub fn on_interrupt(&self, line: Line) {
        *self.parting.borrow_mut() = Some(line);
    }
}

/// Whether `--json` stands in the arguments, for errors that come before they are understood.
fn json_asked() -> bool {
    std::env::args_os().skip(1).take_while(|a| a != "--").any(|a| a == "--json")
}

/// The arguments, or the exit code where help was asked for or they make no sense.
pub fn parse() -> std::result::Result<Cli, Exit> {
    Cli::try_parse().map_err(|error| {
        use clap::error::ErrorKind as Kind;
        match error.kind() {
            Kind::DisplayHelp | Kind::DisplayVersion => {
                // Help into a closed pipe is no error.
                let _ = error.print();
                Exit::Done
            }
            _ if json_asked() => {
                let text = error.render().to_string();
                let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
                Output::new(true).error(&Error::usage(message).hint("mwtui --help"));
                Exit::Usage
            }
            _ => {
                let _ = error.print();
                Exit::Usage
            }
        }
    })
}

/// Shows an error that came before a command could begin.
pub fn refuse(json: bool, error: &Error) -> Exit {
    Output::new(json).error(error);
    Exit::of(error)
}

/// The hint of plain `mwtui` without a terminal. No escape bytes.
pub fn no_terminal(json: bool) -> Exit {
    refuse(
        json,
        &Error::usage("The console needs a terminal on input and output")
            .hint("mwtui list, or mwtui --help for every command"),
    )
}

/// Runs one command to its end, or until ctrl-c.
pub async fn execute(command: Command, json: bool, no_input: bool, paths: Paths, upkeep: Upkeep) -> Exit {
    let env = match Env::new(paths, upkeep, json, no_input) {
        Ok(env) => env,
        Err(error) => return refuse(json, &error),
    };
    let mut dispatched = std::pin::pin!(dispatch(command, &env));
    let outcome = loop {
        tokio::select! {
            outcome = &mut dispatched => break outcome,
            // Pressed in the person's editor, it is the editor's.
            _ = tokio::signal::ctrl_c() => if env.editing.get() {
                continue;
            },
        }
        if let Some(line) = env.parting.take() {
            env.out.blank();
            env.out.remark(line);
        }
        return Exit::Interrupted;
    };
    let exit = outcome.unwrap_or_else(|error| {
        env.out.error(&error);
        Exit::of(&error)
    });
    match env.out.finish() {
        Ok(()) => exit,
        Err(error) => {
            env.out.error(&error);
            Exit::Internal
        }
    }
}

async fn dispatch(command: Command, env: &Env) -> Result<Exit> {
    match command {
        Command::List(args) => Ok(list::run(&args, env)),
        Command::Show(args) => show::run(&args, env),
        Command::Match(args) => matching::run(&args, env).await,
        Command::Run(args) => run::run(args, env).await,
        Command::Walk(args) => walk::run(&args, env).await,
        Command::Runs(args) => runs::run(args, env).await,
        Command::Status(args) => status::run(&args, env).await,
        Command::Logs(args) => logs::run(&args, env).await,
        Command::Events(args) => events::run(&args, env).await,
        Command::Pause(args) => pause::run(args, env).await,
        Command::Resume(args) => resume::run(args, env).await,
        Command::Cancel(args) => cancel::run(args, env).await,
        Command::Proceed(args) => proceed::run(args, env).await,
        Command::Take(args) => take::run(args, env).await,
        Command::HandOver(args) => hand_over::run(args, env).await,
        Command::TakeBack(args) => take_back::run(args, env).await,
        Command::StepThrough(args) => step_through::run(args, env).await,
        Command::Breakpoint(args) => breakpoint::run(args, env).await,
        Command::Rollback(args) => rollback::run(args, env).await,
        Command::Fork(args) => fork::run(args, env).await,
        Command::MoveOver(args) => move_over::run(args, env).await,
        Command::PushBack(args) => push_back::run(args, env).await,
        Command::Subject(args) => subject::run(args, env).await,
        Command::Retry(args) => retry::run(args, env).await,
        Command::Skip(args) => skip::run(args, env).await,
        Command::Back(args) => back::run(args, env).await,
        Command::Done(args) => done::run(args, env).await,
        Command::Fail(args) => fail::run(args, env).await,
        Command::Answer(args) => answer::run(args, env).await,
        Command::Approve(args) => approve::run(args, env).await,
        Command::Reject(args) => reject::run(args, env).await,
        Command::Note(args) => note::run(args, env).await,
        Command::Secret(args) => secret::run(args, env).await,
        Command::Session(args) => session::run(args, env).await,
        Command::Summary(args) => summary::run(&args, env).await,
        Command::New(args) => new::run(&args, env),
        Command::Validate(args) => validate::run(&args, env),
        Command::Examples(args) => examples::run(&args, env),
        Command::Schema(_) => Ok(schema::run(env)),
        Command::Trust(args) => trust::run(&args, env).await,
        Command::Engine(args) => engine::run(&args, env).await,
        Command::Backup(args) => backup::run(args, env).await,
        Command::Restore(args) => restore::run(args, env).await,
        Command::Config(args) => config::run(&args, env),
        Command::Doctor(_) => doctor::run(env).await,
        // The program's own beginning takes it.
        Command::Drain { .. } => Ok(Exit::Usage),
    }
}

/// `path` as people read it: relative to `folder` where it lies under it.
fn shown_path(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}
