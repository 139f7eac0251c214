//! Reading a TOML file of settings, with errors that name file, line and column.

use std::path::Path;

use toml::Spanned;

use crate::base::{Error, Result};

/// The file's text; `None` where there is no such file.
pub(super) fn read(file: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::usage(format!("{} cannot be read", file.display())).because(e)),
    }
}

/// `file:line:column` of a byte offset.
pub(super) fn place(file: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{file}:{line}:{column}")
}

/// An error at a byte offset of the file, with the line it is about.
pub(super) fn located(file: &str, text: &str, offset: usize, what: &str) -> Error {
    let line = text.get(..offset).map_or(0, |t| t.matches('\n').count());
    let error = Error::usage(format!("{}: {what}", place(file, text, offset)));
    match text.lines().nth(line) {
        Some(source) if !source.trim().is_empty() => error.cause(format!("in the line `{}`", source.trim())),
        _ => error,
    }
}

/// The file as a typed table.
pub(super) fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|e| {
        let offset = e.span().map_or(0, |s| s.start);
        located(file, text, offset, e.message())
    })
}

/// The name nearest to a mistyped one, as a hint.
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

pub(super) fn offset<T>(value: &Spanned<T>) -> usize {
    value.span().start
}
