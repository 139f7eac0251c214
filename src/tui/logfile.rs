//! Reads the program's own log for the Logs screen: the newest lines first, then what was
//! appended since. Bounded however long the files are. File access belongs to the runtime; how
//! the lines look belongs to the screen.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value};

use crate::base::{Error, Result, RunId, SafeLine, SafeText, Timestamp};

/// Most bytes of one reading; older ones are left out.
const LIMIT: u64 = 2 * 1024 * 1024;
/// Most lines of one reading.
pub const LINES: usize = 5_000;
/// As `base::trace` names the files; the day follows.
const PREFIX: &str = "mwtui.log";

/// How grave a line is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace]
            .into_iter()
            .find(|l| l.word().eq_ignore_ascii_case(word))
    }
}

/// One line of a log or of an output, safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Option<Timestamp>,
    /// Output has none.
    pub level: Option<Level>,
    pub run: Option<RunId>,
    pub step: SafeLine,
    /// One line, with the colours that output asked for.
    pub text: SafeText,
    /// Everything else that the line says, `name=value`.
    pub fields: SafeLine,
}

/// Where a reading ended: the next one begins there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub offset: u64,
}

/// What one reading brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Oldest first, at most [`LINES`].
    pub entries: Vec<Entry>,
    /// `None`: there is no file yet.
    pub next: Option<Place>,
}

/// The lines after `from`, or the newest ones; blocks.
pub fn read(folder: &Path, from: Option<&Place>) -> Result<Piece> {
    let failed = |e: std::io::Error| {
        Error::internal(format!("The log in {} cannot be read", folder.display()))
            .because(e)
            .hint("Check the folder's permissions")
    };
    let mut files: Vec<(String, u64)> = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(found) => {
            for file in found {
                let file = file.map_err(failed)?;
                let name = file.file_name().to_string_lossy().into_owned();
                if name.starts_with(PREFIX) && file.file_type().is_ok_and(|t| t.is_file()) {
                    let length = file.metadata().map_err(failed)?.len();
                    files.push((name, length));
                }
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    // A day's file is named after the day: by name is by age.
    files.sort();
    if let Some(from) = from {
        files.retain(|(name, _)| *name >= from.file);
    }
    let mut texts = Vec::new();
    let mut room = LIMIT;
    let mut next = from.cloned();
    for (place, (name, length)) in files.iter().rev().enumerate() {
        let begin = match from {
            // A file that got shorter was begun anew.
            Some(from) if from.file == *name && from.offset <= *length => from.offset,
            _ => 0,
        };
        let start = begin.max(length.saturating_sub(room));
        let (text, end) = piece(&folder.join(name), start, length - start, start > begin).map_err(failed)?;
        if place == 0 {
            next = Some(Place { file: name.clone(), offset: end });
        }
        texts.push(text);
        room = room.saturating_sub(length - start);
        if room == 0 {
            break;
        }
    }
    let mut entries: Vec<Entry> = Vec::new();
    // The newest files were read first.
    'all: for text in &texts {
        for line in text.lines().rev().filter(|l| !l.trim().is_empty()) {
            entries.push(entry(line));
            if entries.len() == LINES {
                break 'all;
            }
        }
    }
    entries.reverse();
    Ok(Piece { entries, next })
}

/// Whole lines of a file from `start` on, and where the last of them ends. `inside`: it begins
/// in the middle of a line, which is left out.
fn piece(file: &Path, start: u64, length: u64, inside: bool) -> std::io::Result<(String, u64)> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    let Some(last) = bytes.iter().rposition(|b| *b == b'\n') else {
        // A line that never ends is passed over; any other is read once it is whole.
        let end = if length >= LIMIT { start + length } else { start };
        return Ok((String::new(), end));
    };
    let first = if inside { bytes.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1) } else { 0 };
    let text = String::from_utf8_lossy(bytes.get(first..=last).unwrap_or_default()).into_owned();
    Ok((text, start + last as u64 + 1))
}

/// A line as `base::trace` writes it; what is no such JSON is shown as it is.
pub fn entry(line: &str) -> Entry {
    let Ok(Value::Object(mut all)) = serde_json::from_str::<Value>(line) else {
        let text = one_line(line);
        return Entry {
            at: None,
            level: None,
            run: None,
            step: SafeLine::default(),
            text,
            fields: SafeLine::default(),
        };
    };
    let at = take(&mut all, "timestamp").and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let level = take(&mut all, "level").and_then(|l| Level::parse(&l));
    let run = take(&mut all, "run").filter(|r| !r.is_empty()).map(|r| RunId::new(SafeLine::new(&r).as_str()));
    let step = take(&mut all, "step").map(|s| SafeLine::new(&s)).unwrap_or_default();
    let message = take(&mut all, "message").unwrap_or_default();
    // Of no help to a person.
    for name in ["pid", "target", "seq"] {
        all.remove(name);
    }
    let component = take(&mut all, "component");
    let mut fields: Vec<String> = all.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
    fields.extend(component);
    Entry {
        at: at.map(|t| Timestamp(t.as_millisecond())),
        level,
        run,
        step,
        text: one_line(&message),
        fields: SafeLine::new(&fields.join("  ")),
    }
}

fn take(all: &mut Map<String, Value>, name: &str) -> Option<String> {
    all.remove(name).map(|value| word(&value))
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn one_line(text: &str) -> SafeText {
    SafeText::new(SafeLine::new(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn line(message: &str) -> String {
        format!(
            "{{\"component\":\"engine\",\"pid\":7,\"timestamp\":\"2026-11-21T09:00:00Z\",\"level\":\"INFO\",\"message\":\"{message}\",\"run\":\"7f3a\",\"step\":\"tests\",\"actor\":\"ana\",\"target\":\"mwtui\"}}\n"
        )
    }

    fn messages(piece: &Piece) -> Vec<String> {
        piece.entries.iter().map(|e| e.text.plain()).collect()
    }

    fn append(file: &Path, text: &str) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).expect("opens");
        file.write_all(text.as_bytes()).expect("writes");
    }

    #[test]
    fn reads_on_where_it_ended_and_into_the_next_day() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (monday, tuesday) =
            (dir.path().join("mwtui.log.2026-11-20"), dir.path().join("mwtui.log.2026-11-21"));
        assert_eq!(read(&dir.path().join("none"), None).expect("no folder is no error").next, None);
        append(&monday, &(line("one") + &line("two") + "{\"half"));
        let first = read(dir.path(), None).expect("reads");
        assert_eq!(messages(&first), ["one", "two"], "an unfinished line waits");
        append(&monday, "\":1}\n");
        append(&tuesday, &line("three"));
        let second = read(dir.path(), first.next.as_ref()).expect("reads");
        assert_eq!(messages(&second), ["", "three"]);
        assert_eq!(second.next.as_ref().map(|p| p.file.as_str()), Some("mwtui.log.2026-11-21"));
        assert!(messages(&read(dir.path(), second.next.as_ref()).expect("reads")).is_empty());
        std::fs::write(&tuesday, line("4")).expect("begun anew");
        assert_eq!(messages(&read(dir.path(), second.next.as_ref()).expect("reads")), ["4"]);
    }

    #[test]
    fn never_more_than_its_limits() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("mwtui.log.2026-11-21");
        append(&file, &line("short").repeat(8_000));
        assert_eq!(read(dir.path(), None).expect("reads").entries.len(), LINES);
        append(&file, &line(&"x".repeat(3 * 1024 * 1024)));
        append(&file, &line("after"));
        let piece = read(dir.path(), None).expect("reads");
        assert_eq!(messages(&piece), ["after"], "a line longer than the limit is passed over");
    }

    #[test]
    fn a_line_becomes_an_entry_and_nothing_unsafe_comes_through() {
        let good = entry(line("step.started").trim());
        assert_eq!(good.level, Some(Level::Info));
        assert_eq!(good.at.map(|t| t.0), Some(1_795_251_600_000));
        assert_eq!(good.run.as_ref().map(RunId::as_str), Some("7f3a"));
        assert_eq!((good.step.as_str(), good.fields.as_str()), ("tests", "actor=ana  engine"));
        let evil = entry("{\"message\":\"a\\u001b[2J\\u202eb\\nc\",\"run\":\"\\u001b]0;x\\u0007r\"}");
        assert_eq!(evil.text.plain(), "ab c");
        assert_eq!(evil.run.as_ref().map(RunId::as_str), Some("r"));
        assert_eq!(entry("\u{1b}[31mno json").text.plain(), "no json");
        assert!(entry(&format!("{{\"message\":\"{}\"}}", "y".repeat(1_000_000))).text.plain().len() < 5_000);
    }
}
