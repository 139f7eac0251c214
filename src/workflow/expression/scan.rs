//! Reading an expression's tokens: where `}}` ends it, which names it reads, and its comparisons
//! rewritten into calls. Everything else is minijinja's to parse.

use std::fmt::Write as _;
use std::ops::Range;

/// The function that comparisons become.
pub(super) const COMPARE: &str = "_compare";

/// A name that an expression reads: `inputs.service`, `steps["a-b"].outputs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// At least one part.
    pub path: Vec<String>,
    /// Where it stands in the expression, in bytes.
    pub span: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Number,
    Text,
    Open,
    Close,
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`.
    Comparison,
    /// `,`, `:`, a single `=`.
    Separator,
    Dot,
    Pipe,
    Other,
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    span: Range<usize>,
}

/// Never fails: what it does not know is `Other`, and minijinja has the last word.
fn tokens(source: &str) -> Vec<Token> {
    let bytes = source.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let c = bytes[at];
        let two = bytes.get(at..at + 2).unwrap_or_default();
        let kind = match c {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'"' | b'\'' => {
                at += string_length(&bytes[at..]);
                Kind::Text
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => {
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80) {
                    at += 1;
                }
                Kind::Name
            }
            b'0'..=b'9' => {
                let fraction = |at: usize| {
                    bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
                };
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') || fraction(at) {
                    at += 1;
                }
                Kind::Number
            }
            _ if matches!(two, b"==" | b"!=" | b"<=" | b">=") => {
                at += 2;
                Kind::Comparison
            }
            _ if matches!(two, b"//" | b"**") => {
                at += 2;
                Kind::Other
            }
            _ => {
                at += 1;
                match c {
                    b'(' | b'[' | b'{' => Kind::Open,
                    b')' | b']' | b'}' => Kind::Close,
                    b'<' | b'>' => Kind::Comparison,
                    b',' | b':' | b'=' => Kind::Separator,
                    b'.' => Kind::Dot,
                    b'|' => Kind::Pipe,
                    _ => Kind::Other,
                }
            }
        };
        tokens.push(Token { kind, span: start..at });
    }
    tokens
}

/// The length of the string that begins here, quotes included; to the end where it is not closed.
fn string_length(bytes: &[u8]) -> usize {
    let quote = bytes[0];
    let mut at = 1;
    while let Some(&b) = bytes.get(at) {
        at += 1;
        if b == b'\\' {
            at += 1;
        } else if b == quote {
            break;
        }
    }
    at.min(bytes.len())
}

/// Where the `}}` stands that closes an expression begun before `text`: not inside a string, and
/// not the end of a mapping written inside it.
pub(super) fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => {
                at += string_length(&bytes[at..]);
                continue;
            }
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The names that an expression reads, in order. Names of filters and tests, keyword arguments
/// and attributes of other values are none.
pub fn references(source: &str) -> Vec<Reference> {
    let tokens = tokens(source);
    let text = |t: &Token| &source[t.span.clone()];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let first = at;
        at += 1;
        if token.kind != Kind::Name || is_keyword(text(token)) {
            continue;
        }
        let before = first.checked_sub(1).and_then(|i| tokens.get(i));
        let tested = before.is_some_and(|b| {
            text(b) == "is" || (text(b) == "not" && first >= 2 && text(&tokens[first - 2]) == "is")
        });
        let attribute = before.is_some_and(|b| matches!(b.kind, Kind::Dot | Kind::Pipe));
        let named = tokens.get(at).is_some_and(|n| text(n) == "=");
        if tested || attribute || named {
            continue;
        }
        let mut path = vec![text(token).to_owned()];
        let mut end = token.span.end;
        loop {
            match &tokens[at..] {
                [dot, name, ..]
                    if dot.kind == Kind::Dot && matches!(name.kind, Kind::Name | Kind::Number) =>
                {
                    path.push(text(name).to_owned());
                    end = name.span.end;
                    at += 2;
                }
                [open, key, close, ..]
                    if text(open) == "["
                        && key.kind == Kind::Text
                        && text(close) == "]"
                        && text(key).len() >= 2 =>
                {
                    path.push(text(key)[1..text(key).len() - 1].to_owned());
                    end = close.span.end;
                    at += 3;
                }
                _ => break,
            }
        }
        found.push(Reference { path, span: token.span.start..end });
    }
    found
}

fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "and"
            | "or"
            | "not"
            | "in"
            | "is"
            | "if"
            | "else"
            | "true"
            | "false"
            | "none"
            | "True"
            | "False"
            | "None"
    )
}

/// The expression with `a == b` written as `_compare("==", a, b)`, and so for every comparison.
///
/// In this grammar comparisons bind tighter than `not`, `and`, `or` and `if … else` and looser
/// than everything else, so an operand reaches exactly to the nearest of these, a separator, or
/// the bracket around it.
pub(super) fn strict(source: &str) -> Result<String, String> {
    let tokens = tokens(source);
    let mut out = String::with_capacity(source.len() + 16);
    let mut at = 0;
    rewrite(source, &tokens, &mut at, &mut out)?;
    Ok(out)
}

/// Rewrites up to the bracket that closes this level, or the end.
fn rewrite(source: &str, tokens: &[Token], at: &mut usize, out: &mut String) -> Result<(), String> {
    // The operand that is being read, and the comparison whose left side has been.
    let mut operand = String::new();
    let mut pending: Option<(&str, String)> = None;
    while let Some(token) = tokens.get(*at) {
        let text = &source[token.span.clone()];
        let previous = at.checked_sub(1).map_or("", |i| &source[tokens[i].span.clone()]);
        let is_name = token.kind == Kind::Name;
        let not_in = text == "not" && tokens.get(*at + 1).is_some_and(|n| &source[n.span.clone()] == "in");
        // After `is`, a name is a test's: `x is not none`, never an operator.
        let test_not = text == "not" && previous == "is";
        // After a dot, a name is an attribute's, whatever it is called.
        let attribute = previous == ".";
        let operator = match token.kind {
            Kind::Comparison => Some(text),
            Kind::Name if attribute => None,
            Kind::Name if not_in && !test_not => Some("not in"),
            Kind::Name if text == "in" => Some("in"),
            _ => None,
        };
        if token.kind == Kind::Close {
            break;
        }
        *at += 1;
        if let Some(operator) = operator {
            if operator == "not in" {
                *at += 1;
            }
            if pending.is_some() {
                return Err(format!(
                    "`{operator}` follows another comparison; write `a < b and b < c`, or put one of them in parentheses"
                ));
            }
            pending = Some((operator, std::mem::take(&mut operand)));
        } else if token.kind == Kind::Open {
            spaced(&mut operand, text, token, tokens, *at);
            rewrite(source, tokens, at, &mut operand)?;
            if let Some(close) = tokens.get(*at) {
                operand.push_str(&source[close.span.clone()]);
                *at += 1;
            }
        } else if token.kind == Kind::Separator
            || (is_name && !attribute && !test_not && matches!(text, "and" | "or" | "not" | "if" | "else"))
        {
            flush(out, &mut operand, &mut pending);
            let _ = write!(out, " {text} ");
        } else {
            spaced(&mut operand, text, token, tokens, *at);
        }
    }
    flush(out, &mut operand, &mut pending);
    Ok(())
}

/// Keeps two tokens apart where the source did.
fn spaced(operand: &mut String, text: &str, token: &Token, tokens: &[Token], next: usize) {
    let apart =
        next.checked_sub(2).and_then(|i| tokens.get(i)).is_some_and(|b| b.span.end < token.span.start);
    if apart {
        operand.push(' ');
    }
    operand.push_str(text);
}

fn flush(out: &mut String, operand: &mut String, pending: &mut Option<(&str, String)>) {
    let operand = std::mem::take(operand);
    let is_null = |text: &str| matches!(text.trim(), "none" | "None");
    let _ = match pending.take() {
        None => write!(out, "{operand}"),
        Some(("==", left)) if is_null(&operand) => write!(out, "({left}) is none"),
        Some(("!=", left)) if is_null(&operand) => write!(out, "({left}) is not none"),
        Some((operator, left)) => write!(out, "{COMPARE}(\"{operator}\", {left}, {operand})"),
    };
}
