//! The one place where the command line prints. Whatever is printed is made of [`Line`]s, whose
//! every piece passes the sanitiser; colour only on a terminal and without `NO_COLOR`. A reader
//! who has gone away (`mwtui list | head`) ends the printing, not the program.

use std::cell::{Cell, RefCell};
use std::io::{BufWriter, IsTerminal as _, Stdout, Write as _};

use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::base::text::{Ink, escape_json};
use crate::base::{Error, SafeLine, SafeText};
use crate::cli::Exit;

/// Raised when the shape of an object changes its meaning; additions do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// What a piece of a line is, from which its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Dim,
    Strong,
    Accent,
    Success,
    Warning,
    Failure,
    Info,
    Said(Ink),
}

impl Tone {
    /// The SGR parameters, empty for plain text.
    fn sgr(self) -> &'static str {
        match self {
            Self::Plain | Self::Said(Ink::Plain) => "",
            Self::Dim | Self::Said(Ink::Dim) => "2",
            Self::Strong => "1",
            Self::Accent => "1;36",
            Self::Success | Self::Said(Ink::Green) => "32",
            Self::Warning | Self::Said(Ink::Yellow) => "33",
            Self::Failure | Self::Said(Ink::Red) => "31",
            Self::Info | Self::Said(Ink::Cyan) => "36",
            Self::Said(Ink::Blue) => "34",
            Self::Said(Ink::Magenta) => "35",
        }
    }
}

/// One line to print. Every piece is cleaned when it is put in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(Vec<(Tone, SafeLine)>);

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece; line breaks in it become spaces.
    #[must_use]
    pub fn put(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.0.push((tone, SafeLine::new(text.as_ref())));
        self
    }

    #[must_use]
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.put(Tone::Plain, text)
    }

    #[must_use]
    pub fn dim(self, text: impl AsRef<str>) -> Self {
        self.put(Tone::Dim, text)
    }

    #[must_use]
    pub fn strong(self, text: impl AsRef<str>) -> Self {
        self.put(Tone::Strong, text)
    }

    /// Adds all pieces of another line.
    #[must_use]
    pub fn then(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    fn render(&self, colour: bool) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for (tone, piece) in &self.0 {
            let sgr = tone.sgr();
            if colour && !sgr.is_empty() && !piece.as_str().is_empty() {
                let _ = write!(text, "\x1b[{sgr}m{piece}\x1b[0m");
            } else {
                text.push_str(piece.as_str());
            }
        }
        text
    }
}

impl<T: AsRef<str>> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new().plain(text)
    }
}

/// Where a command prints to.
pub struct Output {
    json: bool,
    terminal: bool,
    colour: bool,
    colour_on_stderr: bool,
    width: usize,
    stdout: RefCell<BufWriter<Stdout>>,
    /// The reader has gone away, or the disk is full.
    closed: Cell<bool>,
    trouble: RefCell<Option<std::io::Error>>,
}

impl Output {
    pub fn new(json: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            && std::env::var_os("TERM").is_none_or(|t| t != "dumb");
        let width = crossterm::terminal::size().map_or(100, |(columns, _)| usize::from(columns));
        Self {
            json,
            terminal,
            colour: terminal && wanted,
            colour_on_stderr: std::io::stderr().is_terminal() && wanted,
            width: width.max(40),
            stdout: RefCell::new(BufWriter::new(std::io::stdout())),
            closed: Cell::new(false),
            trouble: RefCell::new(None),
        }
    }

    /// `--json`: objects for programs instead of lines for people.
    pub fn is_json(&self) -> bool {
        self.json
    }

    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Nobody reads any more: what streams should end.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub fn line(&self, line: impl Into<Line>) {
        let text = line.into().render(self.colour);
        self.write(&[text.trim_end_matches(' '), "\n"]);
    }

    pub fn blank(&self) {
        self.write(&["\n"]);
    }

    /// Text without a line break, shown at once: a question.
    pub fn ask(&self, line: &Line) {
        self.write(&[&line.render(self.colour)]);
        self.flush();
    }

    /// Untrusted text of many lines: its own colours on a terminal, none elsewhere.
    pub fn block(&self, indent: &str, text: &SafeText) {
        for spans in &text.lines {
            let mut line = Line::new().plain(indent);
            for span in spans {
                line = line.put(Tone::Said(span.ink), &span.text);
            }
            self.line(line);
        }
    }

    /// A file as it is, into a file or a pipe; never for a terminal.
    pub fn copy(&self, text: &str) {
        self.write(&[text]);
    }

    /// One JSON object on one line, `schema_version` first.
    pub fn json(&self, value: Value) {
        self.bare_json(versioned(value));
        self.flush();
    }

    /// One JSON value on one line, as it is: formats that others have laid down.
    pub fn bare_json(&self, value: Value) {
        self.write(&[&escape_json(&value.to_string()), "\n"]);
    }

    /// Shows and logs an error: what happened, why, what to do next.
    pub fn error(&self, error: &Error) {
        self.flush();
        let exit = Exit::of(error);
        tracing::error!(
            kind = ?error.kind,
            causes = ?error.causes,
            hint = error.hint.as_deref().unwrap_or_default(),
            exit = exit.code(),
            "{}",
            error.message
        );
        let mut text = String::new();
        if self.json {
            let object = versioned(json!({ "error": error, "exit": exit.code() }));
            text.push_str(&escape_json(&object.to_string()));
            text.push('\n');
        } else {
            for line in error_lines(error) {
                text.push_str(line.render(self.colour_on_stderr).trim_end());
                text.push('\n');
            }
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Trouble that does not keep the command from going on, on stderr and in the log.
    pub fn warning(&self, error: &Error) {
        self.flush();
        let hint = error.hint.as_deref().unwrap_or_default();
        tracing::warn!(kind = ?error.kind, causes = ?error.causes, hint, "{}", error.message);
        let mut text = String::new();
        if self.json {
            text.push_str(&escape_json(&versioned(json!({ "warning": error })).to_string()));
            text.push('\n');
        } else {
            let mut lines = error_lines(error);
            lines[0] = Line::new().put(Tone::Warning, "note: ").plain(&error.message);
            for line in lines {
                text.push_str(line.render(self.colour_on_stderr).trim_end());
                text.push('\n');
            }
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// A remark beside the result, on stderr; not with `--json`.
    pub fn remark(&self, line: impl Into<Line>) {
        if self.json {
            return;
        }
        self.flush();
        let text = line.into().render(self.colour_on_stderr);
        let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
    }

    pub fn flush(&self) {
        if !self.closed.get() {
            let outcome = self.stdout.borrow_mut().flush();
            self.noted(outcome);
        }
    }

    /// Flushes; an error where something could not be written (a full disk, not a reader who left).
    pub fn finish(&self) -> Result<(), Error> {
        self.flush();
        match self.trouble.borrow_mut().take() {
            Some(e) => Err(Error::internal("The output could not be written").because(e)),
            None => Ok(()),
        }
    }

    fn write(&self, pieces: &[&str]) {
        for piece in pieces {
            if self.closed.get() {
                return;
            }
            let outcome = self.stdout.borrow_mut().write_all(piece.as_bytes());
            self.noted(outcome);
        }
    }

    fn noted(&self, outcome: std::io::Result<()>) {
        if let Err(e) = outcome {
            self.closed.set(true);
            if e.kind() != std::io::ErrorKind::BrokenPipe {
                *self.trouble.borrow_mut() = Some(e);
            }
        }
    }

    /// Prints a table: columns aligned, two spaces between them; on a terminal the last column
    /// is cut at its edge.
    pub fn table(&self, table: &Table) {
        let mut widths: Vec<usize> = Vec::new();
        for row in std::iter::once(&table.heads).chain(&table.rows) {
            for (index, (_, text)) in row.iter().enumerate() {
                let width = SafeLine::new(text).as_str().width();
                match widths.get_mut(index) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        for row in std::iter::once(&table.heads).chain(&table.rows) {
            if row.is_empty() {
                continue;
            }
            let mut line = Line::new();
            let mut used = 0;
            for (index, (tone, text)) in row.iter().enumerate() {
                let mut cell = SafeLine::new(text).as_str().to_owned();
                let column = widths.get(index).copied().unwrap_or_default();
                let last = index + 1 == row.len();
                if last && self.terminal && used + cell.width() > self.width {
                    cell = cut(&cell, self.width.saturating_sub(used));
                }
                let gap = " ".repeat(column.saturating_sub(cell.width()));
                line = if table.right.contains(&index) {
                    line.plain(gap).put(*tone, cell)
                } else {
                    let line = line.put(*tone, cell);
                    if last { line } else { line.plain(gap) }
                };
                if !last {
                    line = line.plain("  ");
                }
                used += column + 2;
            }
            self.line(line);
        }
    }
}

/// Rows under dim headings.
#[derive(Debug, Default)]
pub struct Table {
    heads: Vec<(Tone, String)>,
    rows: Vec<Vec<(Tone, String)>>,
    right: Vec<usize>,
}

impl Table {
    pub fn new(heads: &[&str]) -> Self {
        let heads = heads.iter().map(|h| (Tone::Dim, (*h).to_owned())).collect();
        Self { heads, ..Self::default() }
    }

    /// Numbers stand at the right of these columns.
    #[must_use]
    pub fn right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    pub fn row(&mut self, cells: Vec<(Tone, String)>) {
        self.rows.push(cells);
    }
}

/// `text` in at most `width` columns, with `…` where something is missing.
fn cut(text: &str, width: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        if used + grapheme.width() + 1 > width {
            kept.push('…');
            break;
        }
        used += grapheme.width();
        kept.push_str(grapheme);
    }
    kept
}

/// `error: … / because: … / try: …`
pub fn error_lines(error: &Error) -> Vec<Line> {
    let mut lines = vec![Line::new().put(Tone::Failure, "error: ").plain(&error.message)];
    lines.extend(error.causes.iter().map(|cause| Line::new().dim("because: ").plain(cause)));
    lines.extend(error.hint.iter().map(|hint| Line::new().put(Tone::Accent, "try: ").plain(hint)));
    lines
}

/// `value` with `schema_version` in front; what is no object goes under `value`.
fn versioned(value: Value) -> Value {
    let mut object = Map::new();
    object.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    match value {
        Value::Object(fields) => object.extend(fields),
        other => {
            object.insert("value".to_owned(), other);
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cleaned_and_coloured_only_where_asked() {
        let line = Line::new().put(Tone::Failure, "red\x1b[2J").plain(" a\nb\u{202e}");
        assert_eq!(line.render(false), "red a b");
        assert_eq!(line.render(true), "\x1b[31mred\x1b[0m a b");
    }

    #[test]
    fn an_error_tells_what_why_and_what_next() {
        let error = Error::refused("The run is paused").cause("ana paused it").hint("mwtui resume 7f3a");
        let text: Vec<String> = error_lines(&error).iter().map(|l| l.render(false)).collect();
        assert_eq!(text, ["error: The run is paused", "because: ana paused it", "try: mwtui resume 7f3a"]);
    }

    #[test]
    fn a_cut_text_fits_and_says_so() {
        assert_eq!(cut("deploy", 10), "deploy");
        assert_eq!(cut("deployment", 7), "deploy…");
        assert_eq!(cut("日本語日本語", 7).width(), 7);
    }

    #[test]
    fn the_version_stands_first() {
        assert_eq!(versioned(json!({"a": 1})).to_string(), r#"{"schema_version":1,"a":1}"#);
    }
}
