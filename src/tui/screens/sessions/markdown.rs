//! Markdown as one reads it in a terminal: what our own summaries are made of (headings, lists,
//! code, bold, escapes) and no more. Other marks stay as they were written.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::tui::look::Look;
use crate::tui::widgets::text::{untrusted, wrap};

/// Most lines shown; a summary is a few hundred.
const LINES: usize = 5_000;

/// The lines of a Markdown text, untrusted, at most `width` cells wide.
pub fn lines(text: &str, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    // The length of the fence that is open.
    let mut fence: Option<usize> = None;
    for raw in text.lines() {
        if lines.len() > LINES {
            lines.push(Line::styled("The rest is not shown here; the file has it.", look.muted()));
            break;
        }
        let body = raw.trim_start_matches(' ');
        let indent = raw.len() - body.len();
        let ticks = body.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(length) if ticks >= length && body.trim_end().len() == ticks => fence = None,
            Some(_) => lines.push(Line::from(vec![
                Span::raw(" ".repeat(indent.min(12) + 2)),
                untrusted(body, look.muted()),
            ])),
            None if ticks >= 3 => fence = Some(ticks),
            None => block(&mut lines, body, indent.min(12), look, width),
        }
    }
    lines
}

fn block(lines: &mut Vec<Line<'static>>, body: &str, indent: usize, look: &Look, width: usize) {
    let level = body.chars().take_while(|c| *c == '#').count();
    if (1..=6).contains(&level)
        && let Some(title) = body.get(level..).and_then(|t| t.strip_prefix(' '))
    {
        let style = match level {
            1 | 2 => look.strong(),
            _ => look.heading(),
        };
        lines.extend(wrap(&Line::from(spans(title, style, look)), width, 0));
        return;
    }
    let (lead, rest) = match item(body) {
        Some(("-", rest)) => (format!("{} ", look.glyph("•", "-")), rest),
        Some((number, rest)) => (format!("{number} "), rest),
        None => (String::new(), body),
    };
    let hang = indent + lead.chars().count();
    let mut all = vec![Span::raw(" ".repeat(indent)), Span::styled(lead, look.muted())];
    all.extend(spans(rest, look.text(), look));
    lines.extend(wrap(&Line::from(all), width, hang));
}

/// A list's item: its mark, and what follows.
fn item(body: &str) -> Option<(&str, &str)> {
    if let Some(rest) = body.strip_prefix("- ") {
        return Some(("-", rest));
    }
    let digits = body.chars().take_while(char::is_ascii_digit).count();
    let rest = body.get(digits..)?.strip_prefix(". ")?;
    (1..=9).contains(&digits).then(|| body.get(..=digits).map(|mark| (mark, rest)))?
}

/// Bold, code and escapes within a line.
fn spans(text: &str, plain: Style, look: &Look) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut run = String::new();
    let mut bold = false;
    let style = |bold: bool| if bold { plain.add_modifier(Modifier::BOLD) } else { plain };
    let flush = |run: &mut String, spans: &mut Vec<Span<'static>>, style: Style| {
        if !run.is_empty() {
            spans.push(untrusted(run, style));
            run.clear();
        }
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' if after.chars().next().is_some_and(|n| n.is_ascii_punctuation()) => {
                let next = after.chars().next().unwrap_or_default();
                run.push(next);
                rest = &after[next.len_utf8()..];
            }
            '*' if after.starts_with('*') => {
                flush(&mut run, &mut spans, style(bold));
                bold = !bold;
                rest = &after[1..];
            }
            '`' => {
                let ticks = rest.chars().take_while(|c| *c == '`').count();
                let (mark, inside) = rest.split_at(ticks);
                if let Some(end) = closing(inside, ticks) {
                    flush(&mut run, &mut spans, style(bold));
                    let code = &inside[..end];
                    // One space of padding belongs to the marks, where the code has ticks itself.
                    let padded =
                        code.strip_prefix(' ').and_then(|c| c.strip_suffix(' ')).filter(|c| c.contains('`'));
                    spans.push(untrusted(padded.unwrap_or(code), look.subtext()));
                    rest = &inside[end + ticks..];
                } else {
                    run.push_str(mark);
                    rest = inside;
                }
            }
            _ => {
                run.push(c);
                rest = after;
            }
        }
    }
    flush(&mut run, &mut spans, style(bold));
    spans
}

/// Where a run of exactly `ticks` backticks begins.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find('`') {
        let begin = at + found;
        let length = text[begin..].chars().take_while(|c| *c == '`').count();
        if length == ticks {
            return Some(begin);
        }
        at = begin + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ColourDepth, GlyphSet, Theme};

    fn look() -> Look {
        Look::new(Theme::dark(), ColourDepth::True, GlyphSet::Unicode)
    }

    fn plain(text: &str, width: usize) -> Vec<String> {
        lines(text, &look(), width).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn marks_become_looks() {
        let text = "# A \\*b\\*\n\n- **bold** and `co*de`\n  - deep\n10. ten\n";
        assert_eq!(plain(text, 60), ["A *b*", "", "• bold and co*de", "  • deep", "10. ten"]);
        let shown = lines("**b** c", &look(), 60);
        assert!(
            shown[0].spans.iter().any(|s| s.content == "b" && s.style.add_modifier.contains(Modifier::BOLD))
        );
    }

    #[test]
    fn fences_hold_what_they_hold() {
        assert_eq!(plain("  ````text\n  # no\n  ```\n  ````\nafter", 60), ["    # no", "    ```", "after"]);
        assert_eq!(plain("``a `b` c`` d", 60), ["a `b` c d"]);
        assert_eq!(plain("`never closed", 60), ["`never closed"]);
    }

    #[test]
    fn items_hang_and_hostile_text_does_no_harm() {
        assert_eq!(plain("- one two three", 9), ["• one two", "  three"]);
        let evil = plain("# \u{1b}[2J\u{202e}x\n```\n\u{1b}]0;t\u{7}y\n**\\", 40);
        assert_eq!(evil, ["x", "  y", "  **\\"]);
        assert!(plain(&"a ".repeat(500_000), 1).len() > 1);
    }
}
