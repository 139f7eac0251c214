//! Spans from text of unknown origin, measuring, cutting and wrapping by display width.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::base::{SafeLine, SafeText};
use crate::tui::look::Look;

/// A span of text that is already safe.
pub fn span(text: &SafeLine, style: Style) -> Span<'static> {
    Span::styled(text.as_str().to_owned(), style)
}

/// A span of text from anywhere, made safe here.
pub fn untrusted(text: &str, style: Style) -> Span<'static> {
    Span::styled(SafeLine::new(text).as_str().to_owned(), style)
}

/// Output with the colours it asked for, as the theme has them.
pub fn coloured(text: &SafeText, look: &Look) -> Vec<Line<'static>> {
    let line = |spans: &Vec<crate::base::text::SafeSpan>| {
        let spans = spans.iter().map(|s| {
            let style = look.ink(s.ink);
            let style = if s.bold { style.add_modifier(ratatui::style::Modifier::BOLD) } else { style };
            Span::styled(s.text.clone(), style)
        });
        Line::from(spans.collect::<Vec<_>>())
    };
    text.lines.iter().map(line).collect()
}

/// A safe text with some of its characters lit, by their positions, ascending.
pub fn lit(text: &SafeLine, letters: &[usize], style: Style, light: Style) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (at, c) in text.as_str().chars().enumerate() {
        let style = if letters.binary_search(&at).is_ok() { light } else { style };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(c),
            _ => spans.push(Span::styled(c.to_string(), style)),
        }
    }
    spans
}

pub fn width(text: &str) -> usize {
    text.width()
}

/// `text`, at most `limit` cells wide; `…` at the end where something was cut.
pub fn cut(text: &str, limit: usize) -> String {
    if text.width() <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme.width();
        if used + wide + 1 > limit {
            break;
        }
        used += wide;
        kept.push_str(grapheme);
    }
    if limit > 0 {
        kept.push('…');
    }
    kept
}

/// A line cut to a width, its styles kept.
pub fn cut_line(line: &Line<'static>, limit: usize) -> Line<'static> {
    if line.width() <= limit {
        return line.clone();
    }
    let mut left = limit;
    let mut spans = Vec::new();
    for span in &line.spans {
        let wide = span.content.width();
        if wide < left {
            left -= wide;
            spans.push(span.clone());
        } else {
            // More than fits follows, be it in this span or the next: `cut` puts the mark.
            let text = if wide == left { format!("{}  ", span.content) } else { span.content.to_string() };
            spans.push(Span::styled(cut(&text, left), span.style));
            break;
        }
    }
    Line::from(spans).style(line.style)
}

/// A line's spans, the line's own style in each of them.
pub fn spans(line: Line<'static>) -> Vec<Span<'static>> {
    let style = line.style;
    line.spans.into_iter().map(|s| Span::styled(s.content, style.patch(s.style))).collect()
}

/// A line broken into lines of at most `limit` cells, between words where possible; every line
/// after the first begins with `indent` spaces.
pub fn wrap(line: &Line<'static>, limit: usize, indent: usize) -> Vec<Line<'static>> {
    let limit = limit.max(1);
    let indent = if indent < limit { indent } else { 0 };
    if line.width() <= limit {
        return vec![line.clone()];
    }
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    let next = |spans: &mut Vec<Span<'static>>, used: &mut usize, lines: &mut Vec<Line<'static>>| {
        lines.push(Line::from(std::mem::take(spans)).style(line.style));
        if indent > 0 {
            spans.push(Span::raw(" ".repeat(indent)));
        }
        *used = indent;
    };
    for span in &line.spans {
        for word in words(&span.content) {
            let wide = word.width();
            if used + wide <= limit {
                used += wide;
                push(&mut spans, word, span.style);
                continue;
            }
            if word.trim().is_empty() {
                // Space at a break is not carried over.
                next(&mut spans, &mut used, &mut lines);
                continue;
            }
            if wide <= limit - indent {
                next(&mut spans, &mut used, &mut lines);
                used += wide;
                push(&mut spans, word, span.style);
                continue;
            }
            for grapheme in word.graphemes(true) {
                if used + grapheme.width() > limit {
                    next(&mut spans, &mut used, &mut lines);
                }
                used += grapheme.width();
                push(&mut spans, grapheme, span.style);
            }
        }
    }
    if used > indent || lines.is_empty() {
        lines.push(Line::from(spans).style(line.style));
    }
    lines
}

/// Words and the spaces between them; what closes a word or a sentence stays with it.
fn words(text: &str) -> Vec<&str> {
    const CLOSING: [char; 12] = ['.', ',', ';', ':', '!', '?', ')', ']', '”', '’', '…', '`'];
    let mut words: Vec<(usize, usize)> = Vec::new();
    for (at, word) in text.split_word_bound_indices() {
        match words.last_mut() {
            Some((from, to)) if word.starts_with(CLOSING) && !text[*from..*to].trim().is_empty() => {
                *to = at + word.len();
            }
            _ => words.push((at, at + word.len())),
        }
    }
    words.into_iter().map(|(from, to)| &text[from..to]).collect()
}

fn push(spans: &mut Vec<Span<'static>>, text: &str, style: Style) {
    match spans.last_mut() {
        Some(last) if last.style == style => last.content.to_mut().push_str(text),
        _ => spans.push(Span::styled(text.to_owned(), style)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_wrapped_by_what_it_shows() {
        assert_eq!(cut("deploy", 6), "deploy");
        assert_eq!(cut("deployment", 6), "deplo…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "");
        let line = Line::from(vec![Span::raw("one two "), Span::raw("three"), Span::raw(" 日本語日本語")]);
        let lines: Vec<String> = wrap(&line, 8, 2).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["one two ", "  three ", "  日本語", "  日本語"]);
        assert_eq!(cut_line(&line, 9).to_string(), "one two …");
        assert_eq!(wrap(&Line::from("abc"), 0, 4).len(), 3);
        let lines: Vec<String> =
            wrap(&Line::from("it is done. So be it!"), 10, 0).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["it is ", "done. So ", "be it!"]);
    }
}
