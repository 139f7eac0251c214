//! The log: JSON lines in one file a day under `<state>/logs`, kept for a week, readable by
//! their owner alone. Never the terminal. Console, command line and engine write the same file
//! and say in `component` which of them speaks.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::{Event, Subscriber};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, fmt as layer};

use crate::base::{Error, Paths, Result, paths, text};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The target of what hooks do: their lines say `hook` for the component, whichever process writes them.
pub const HOOK: &str = "mwtui::hook";

const PREFIX: &str = "mwtui.log";
const DAYS: usize = 7;

/// Whether a text says what is logged: `debug`, or `info,mwtui::engine=trace`.
pub fn is_level(text: &str) -> bool {
    let is_word = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    // A bare word that is no level would be taken for the name of a part.
    text.split(',').all(|part| is_word(part.trim()) || part.contains('=')) && EnvFilter::try_new(text).is_ok()
}

/// The MCP library tells whole messages, in which a server may repeat what nobody should read. What they mean for a
/// step is told by `exec`; whoever wants them still says so: `info,rmcp=debug`.
fn quieted(level: &str) -> String {
    if level.contains("rmcp") { level.to_owned() } else { format!("{level},rmcp=off") }
}

/// Starts the log of this process. `component` is `tui`, `cli` or `engine`; `level` as the settings say it,
/// `info` where it cannot be read. Once a process; a second call changes nothing and is an error.
pub fn start(paths: &Paths, component: &'static str, level: &str) -> Result<()> {
    let writer = DailyFile::open(&paths.logs())?;
    let level = if is_level(level) { level } else { "info" };
    let filter = EnvFilter::try_new(quieted(level)).unwrap_or_else(|_| EnvFilter::new(quieted("info")));
    let subscriber = layer::Subscriber::builder()
        .with_env_filter(filter)
        .with_writer(writer)
        // A line that cannot be written would be told on standard error: over the console's
        // screen, and with a panic where that is a file on the same full disk.
        .log_internal_errors(false)
        .fmt_fields(layer::format::JsonFields::new())
        .event_format(Lines { component, json: layer::format().json().flatten_event(true) })
        .finish();
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|e| Error::internal("The log could not be started").because(e))
}

/// `tracing`'s JSON lines with the component in front, and no control, bidi or zero-width
/// character left raw.
struct Lines<J> {
    component: &'static str,
    json: J,
}

impl<S, N, J> FormatEvent<S, N> for Lines<J>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    J: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &layer::FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        let rest = line.trim_end().strip_prefix('{').unwrap_or_default();
        let component = if event.metadata().target() == HOOK { "hook" } else { self.component };
        writeln!(
            writer,
            "{{\"component\":\"{component}\",\"pid\":{},{}",
            std::process::id(),
            text::escape_json(rest)
        )
    }
}

/// The appender's daily file. The appender creates files as wide as the umask allows, so each
/// day's file is made here first, 0600, and the appender finds it.
struct DailyFile {
    folder: PathBuf,
    state: Mutex<State>,
}

struct State {
    appender: RollingFileAppender,
    made: String,
}

impl DailyFile {
    fn open(folder: &Path) -> Result<Self> {
        paths::private_dir(folder)?;
        let failed = |e: &dyn std::error::Error| {
            Error::internal(format!("The log in {} cannot be written", folder.display()))
                .cause(e.to_string())
                .hint("Check the folder's permissions and the free space")
        };
        let made = make_private(folder, "").map_err(|e| failed(&e))?;
        let appender = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(PREFIX)
            .max_log_files(DAYS)
            .build(folder)
            .map_err(|e| failed(&e))?;
        Ok(Self { folder: folder.to_owned(), state: Mutex::new(State { appender, made }) })
    }
}

/// Makes the file of the present day, unless it is `made` already. Looks a minute ahead, so
/// that the next day's is there before the appender turns to it.
fn make_private(folder: &Path, made: &str) -> io::Result<String> {
    let now = jiff::Timestamp::now();
    let mut newest = made.to_owned();
    for moment in [now, now + jiff::SignedDuration::from_secs(60)] {
        let day = moment.strftime("%Y-%m-%d").to_string();
        if day > newest {
            let file = folder.join(format!("{PREFIX}.{day}"));
            OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
            newest = day;
        }
    }
    Ok(newest)
}

impl<'a> MakeWriter<'a> for DailyFile {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter(self)
    }
}

/// Writes one line whole: several processes append to the same file.
struct LineWriter<'a>(&'a DailyFile);

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.made = make_private(&self.0.folder, &state.made)?;
        state.appender.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).appender.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_line_is_json_private_and_without_raw_controls() {
        let dir = tempfile::tempdir().expect("temp dir");
        let subscriber = layer::Subscriber::builder()
            .with_writer(DailyFile::open(&dir.path().join("logs")).expect("opened"))
            .fmt_fields(layer::format::JsonFields::new())
            .event_format(Lines { component: "cli", json: layer::format().json().flatten_event(true) })
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(run = "7f3a", step = "tests", "evil \x1b[2J \u{9b}2J \u{202e}text");
        });
        let files: Vec<_> = std::fs::read_dir(dir.path().join("logs")).expect("listed").flatten().collect();
        let mut text = String::new();
        for file in files {
            let mode = file.metadata().expect("metadata").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
            text.push_str(&std::fs::read_to_string(file.path()).expect("read"));
        }
        let line = text.trim_end();
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(line).expect("one JSON object");
        assert_eq!(value["component"], "cli");
        assert_eq!(value["run"], "7f3a");
        assert_eq!(value["step"], "tests");
        assert_eq!(value["message"], "evil \x1b[2J \u{9b}2J \u{202e}text");
    }
}
