//! Collecting diagnostics: positions from byte spans, snippets with a mark, plain text.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::workflow::{Diagnostic, Severity};

/// So many of one file are told; a file that is wrong everywhere needs no longer list.
const LIMIT: usize = 50;

/// Characters of one line that a snippet shows.
const SNIPPET_WIDTH: usize = 100;

/// The diagnostics of one file, in the order in which they were found.
pub(super) struct Sink<'a> {
    file: &'a str,
    text: &'a str,
    /// The byte at which each line begins.
    lines: Vec<usize>,
    found: Vec<Diagnostic>,
    errors: bool,
    left_out: usize,
}

impl<'a> Sink<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, lines, found: Vec::new(), errors: false, left_out: 0 }
    }

    pub(super) fn error(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, span, message.into(), help.into());
    }

    pub(super) fn warning(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Warning, span, message.into(), help.into());
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|&start| start <= byte).max(1)
    }

    /// The source under a span.
    pub(super) fn source(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// Where `part` stands in the source of `span`; the whole span where it is written differently
    /// there (escapes, folded lines).
    pub(super) fn locate(&self, span: &Range<usize>, part: &str) -> Range<usize> {
        match self.source(span).find(part) {
            Some(at) if !part.is_empty() => span.start + at..span.start + at + part.len(),
            _ => span.clone(),
        }
    }

    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        if self.left_out > 0 {
            self.found.push(Diagnostic {
                severity: if self.errors { Severity::Error } else { Severity::Warning },
                file: self.file.to_owned(),
                line: 0,
                column: 0,
                message: format!("{} more problems are not listed", self.left_out),
                help: Some("Mend the ones above first".to_owned()),
                snippet: String::new(),
            });
        }
        self.found.sort_by_key(|d| (d.line == 0, d.line, d.column));
        self.found
    }

    fn add(&mut self, severity: Severity, span: &Range<usize>, message: String, help: String) {
        self.errors |= severity == Severity::Error;
        if self.found.len() >= LIMIT {
            self.left_out += 1;
            return;
        }
        let (line, column) = self.position(span.start);
        self.found.push(Diagnostic {
            severity,
            file: self.file.to_owned(),
            line,
            column,
            message,
            help: Some(help).filter(|h| !h.is_empty()),
            snippet: self.snippet(span),
        });
    }

    fn position(&self, byte: usize) -> (u32, u32) {
        let line = self.line(byte);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..byte.min(self.text.len())).map_or(0, |t| t.chars().count());
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// The line before and the line itself, with a mark under the span's first line.
    fn snippet(&self, span: &Range<usize>) -> String {
        if self.text.is_empty() {
            return String::new();
        }
        let line = self.line(span.start);
        let first = line.saturating_sub(1).max(1);
        let start = self.lines.get(first - 1).copied().unwrap_or(0);
        let own = self.lines.get(line - 1).copied().unwrap_or(0);
        let end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        let (Some(before), Some(text)) = (self.text.get(start..own), self.text.get(own..end)) else {
            return String::new();
        };
        // A line of a megabyte is no snippet: what is shown begins a little before the mark.
        let mut skipped = 0;
        let mut shown = text;
        if text.len() > SNIPPET_WIDTH * 4 {
            skipped = floor(text, (span.start - own).saturating_sub(SNIPPET_WIDTH / 2));
            shown = &text[skipped..floor(text, skipped + SNIPPET_WIDTH)];
        }
        let before = if before.len() > SNIPPET_WIDTH * 4 { "" } else { before };
        let first = if before.is_empty() { line } else { first };
        let window = format!("{before}{shown}");
        let from = (before.len() + (span.start - own).saturating_sub(skipped)).min(window.len());
        let to = (before.len() + (span.end.max(span.start) - own).saturating_sub(skipped)).min(window.len());
        let to = if to <= from { ceil(&window, from + 1) } else { to };
        let snippet = Snippet::source(window)
            .line_start(first)
            .fold(false)
            .annotation(AnnotationKind::Primary.span(from..to));
        let report = [Group::with_level(Level::ERROR).element(snippet)];
        Renderer::plain().render(&report).trim_end().to_owned()
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// The one of `known` that `word` was probably meant to be.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, &k.to_lowercase()), k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}
