//! Untrusted text inside Markdown: it can be read, and cannot become a heading, a fence, a list
//! or HTML of the document around it.

use crate::base::{SafeLine, SafeText};

/// One safe line.
pub fn line(text: &str) -> String {
    SafeLine::new(text).as_str().trim().to_owned()
}

/// Safe lines, without blank ones at the ends.
pub fn block(text: &str) -> String {
    let plain = SafeText::new(text).plain();
    let lines: Vec<&str> = plain.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|l| !l.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|l| !l.is_empty()).map_or(first, |l| l + 1);
    lines[first..last].join("\n")
}

/// Text within a line of Markdown, shown letter by letter.
pub fn inline(text: &str) -> String {
    let text = line(text);
    let chars: Vec<char> = text.chars().collect();
    let mut escaped = String::with_capacity(text.len() + 8);
    for (place, &c) in chars.iter().enumerate() {
        let word_at = |at: Option<usize>| at.and_then(|i| chars.get(i)).is_some_and(|c| c.is_alphanumeric());
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' => true,
            // Inside a word an underscore is only an underscore.
            '_' => !(word_at(place.checked_sub(1)) && word_at(Some(place + 1))),
            '&' => word_at(Some(place + 1)) || chars.get(place + 1) == Some(&'#'),
            '#' => place == 0 || place + 1 == chars.len(),
            '+' | '-' | '=' => place == 0,
            '.' | ')' => place > 0 && place < 10 && chars[..place].iter().all(char::is_ascii_digit),
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text as code within a line.
pub fn code(text: &str) -> String {
    let text = line(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Text in a fence that is longer than any in it, every line with `indent` before it.
pub fn fenced(text: &str, info: &str, indent: &str) -> String {
    let text = block(text);
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let mut fenced = format!("{indent}{fence}{info}\n");
    for line in text.lines() {
        if !line.is_empty() {
            fenced.push_str(indent);
            fenced.push_str(line);
        }
        fenced.push('\n');
    }
    fenced.push_str(indent);
    fenced.push_str(&fence);
    fenced
}

/// What a person wrote, as they wrote it, as paragraphs of their own: lists and code stay, but
/// no line becomes a heading or HTML, and a fence that is left open is closed.
pub fn paragraphs(text: &str) -> String {
    let text = block(text);
    let mut written: Vec<String> = Vec::new();
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        if let Some((mark, length)) = open {
            let closes = indent < 4 && body.chars().all(|c| c == mark) && body.len() >= length;
            if closes {
                open = None;
            }
            written.push(line.to_owned());
            continue;
        }
        let mark = body.chars().next().unwrap_or(' ');
        let length = body.chars().take_while(|c| *c == mark).count();
        let opens =
            indent < 4 && length >= 3 && (mark == '~' || (mark == '`' && !body[length..].contains('`')));
        if opens {
            open = Some((mark, length));
            written.push(line.to_owned());
            continue;
        }
        let underline = matches!(mark, '=' | '-') && body.trim_end().chars().all(|c| c == mark);
        let heading = mark == '#' || (underline && !written.is_empty());
        let body = without_html(body);
        written.push(if heading {
            format!("{}\\{body}", &line[..indent])
        } else {
            format!("{}{body}", &line[..indent])
        });
    }
    if let Some((mark, length)) = open {
        written.push(std::iter::repeat_n(mark, length).collect());
    }
    written.join("\n")
}

fn without_html(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '<' && chars.peek().is_some_and(|n| n.is_ascii_alphabetic() || matches!(n, '/' | '!' | '?')) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn longest_run(text: &str, mark: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == mark { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(inline("# not a heading\n## nor this"), "\\# not a heading ## nor this");
        assert_eq!(
            inline("1. no list *or* snake_case `x` <b>"),
            "1\\. no list \\*or\\* snake_case \\`x\\` \\<b\\>"
        );
        assert_eq!(inline("\u{202e}evil\u{1b}[31m"), "evil");
        assert_eq!(code("a `b` c"), "``a `b` c``");
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        let fenced = fenced("one\n````\n# x", "text", "  ");
        assert_eq!(fenced, "  `````text\n  one\n  ````\n  # x\n  `````");
    }

    #[test]
    fn paragraphs_keep_their_lists_and_lose_their_headings() {
        assert_eq!(paragraphs("# Head\n- item\n\nTitle\n==="), "\\# Head\n- item\n\nTitle\n\\===");
        assert_eq!(paragraphs("Title\n---\n<script>"), "Title\n\\---\n\\<script>");
        assert_eq!(paragraphs("```sh\n# a comment"), "```sh\n# a comment\n```", "an open fence is closed");
        assert_eq!(paragraphs("~~~~\n~~~\nx\n~~~~\n# y"), "~~~~\n~~~\nx\n~~~~\n\\# y");
    }
}
