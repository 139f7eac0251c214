//! Where a phrase stands in its file, and the file with more examples in it. The text stays as its author wrote it,
//! comments, order and style; what comes out is read again, and refused where anything but the examples has changed.

use super::report::Sink;
use super::tree::{self, Node, Shape};
use super::{Diagnostic, Severity, decode, parse};
use crate::base::{Error, Result};

/// What is said of a phrase of this file, with its place; of the file as a whole where the phrase is not found.
pub fn remark(
    file: &str,
    bytes: &[u8],
    phrase: &str,
    severity: Severity,
    message: String,
    help: String,
) -> Diagnostic {
    let Ok(text) = decode(file, bytes) else {
        return Diagnostic { severity, ..Diagnostic::of_file(file, message, help) };
    };
    let root = tree::read(text, &mut Sink::new(file, text));
    let found = ["trigger_phrases", "examples"].into_iter().find_map(|key| {
        let list = root.as_ref()?.get(key)?;
        let Shape::List(items) = &list.shape else { return None };
        items.iter().find(|i| matches!(&i.shape, Shape::Text(t) if t.trim() == phrase))
    });
    let Some(node) = found else {
        return Diagnostic { severity, ..Diagnostic::of_file(file, message, help) };
    };
    let mut sink = Sink::new(file, text);
    match severity {
        Severity::Error => sink.error(&node.span, message.clone(), help.clone()),
        Severity::Warning => sink.warning(&node.span, message.clone(), help.clone()),
    }
    sink.finish().pop().unwrap_or_else(|| Diagnostic::of_file(file, message, help))
}

/// The file with these sentences after its last example.
pub fn with_examples(file: &str, bytes: &[u8], sentences: &[String]) -> Result<Vec<u8>> {
    let refused = |why: &str| {
        Error::refused(format!("The examples of {file} cannot be written by themselves: {why}"))
            .hint("Write them into the file by hand, one `- …` line each under `examples:`")
    };
    let told = |found: Vec<Diagnostic>| {
        let first = found.iter().find(|d| d.severity == Severity::Error);
        first.map_or_else(|| "it does not load".to_owned(), ToString::to_string)
    };
    let (before, _) = parse(file, bytes).map_err(|found| refused(&told(found)))?;
    let text = decode(file, bytes).map_err(|found| refused(&told(found)))?;
    let root = tree::read(text, &mut Sink::new(file, text)).ok_or_else(|| refused("it does not load"))?;
    let (at, new) = insertion(text, &root, sentences).map_err(refused)?;
    // What stands before the text is a byte order mark, which stays.
    let at = bytes.len() - text.len() + at;
    let made = [&bytes[..at], new.as_bytes(), &bytes[at..]].concat();
    let (after, _) = parse(file, &made).map_err(|found| refused(&told(found)))?;
    let examples = [before.examples.as_slice(), sentences].concat();
    if after == (crate::workflow::Workflow { examples, ..before }) {
        Ok(made)
    } else {
        Err(refused("something else in it would change"))
    }
}

/// What to put in, and where.
fn insertion(text: &str, root: &Node, sentences: &[String]) -> Result<(usize, String), &'static str> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = |indent: &str, like: &str| -> String {
        let line = |s: &String| [newline, indent, "- ", &written(s, like, false)].concat();
        sentences.iter().map(line).collect()
    };
    let Some(list) = root.get("examples") else {
        let Shape::Mapping(entries) = &root.shape else { return Err("it is no mapping") };
        let Some((key, value)) = entries.iter().find(|(key, _)| key.text == "trigger_phrases") else {
            return Err("it has no trigger phrases");
        };
        let Some(indent) = before(text, key.span.start).filter(|i| i.trim().is_empty()) else {
            return Err("its keys are written in one line");
        };
        // A list of lines ends where the next key begins; its last item ends on its own line.
        let last = match &value.shape {
            Shape::List(items) if !text[value.span.start..].starts_with('[') => items.last().unwrap_or(value),
            _ => value,
        };
        let items = lines(&format!("{indent}  "), "\"");
        return Ok((end_of_line(text, &last.span), format!("{newline}{indent}examples:{items}")));
    };
    let Shape::List(items) = &list.shape else { return Err("`examples` is no list") };
    match text.get(list.span.start..).and_then(|t| t.chars().next()) {
        Some('*' | '&') => Err("`examples` has an alias or an anchor"),
        Some('[') => {
            let like = items.last().and_then(|i| text.get(i.span.clone())).unwrap_or("\"");
            let new: Vec<String> = sentences.iter().map(|s| written(s, like, true)).collect();
            let new = new.join(", ");
            let Some(last) = items.last() else { return Ok((list.span.start + 1, new)) };
            let rest = text.get(last.span.end..list.span.end).unwrap_or_default();
            Ok(match rest.find(',') {
                Some(comma) => (last.span.end + comma + 1, format!(" {new}")),
                None => (last.span.end, format!(", {new}")),
            })
        }
        _ => {
            let Some(last) = items.last() else { return Err("`examples` has no line to write after") };
            // The `-` of all items stand below each other; a text of several lines begins below its own.
            let dash =
                items.iter().find_map(|i| before(text, i.span.start).filter(|line| line.trim() == "-"));
            let Some(dash) = dash else { return Err("no example begins on the line of its `-`") };
            let indent = dash.split('-').next().unwrap_or_default();
            let like = text.get(last.span.clone()).unwrap_or_default();
            Ok((end_of_line(text, &last.span), lines(indent, like)))
        }
    }
}

/// What stands before this place on its line.
fn before(text: &str, at: usize) -> Option<&str> {
    let head = text.get(..at)?;
    Some(&head[head.rfind('\n').map_or(0, |n| n + 1)..])
}

/// Where the last line of what stands there ends, a comment behind it included.
fn end_of_line(text: &str, span: &std::ops::Range<usize>) -> usize {
    let end = text.get(..span.end).map_or(text.len(), |head| head.trim_end().len());
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.find('\n').map_or(rest, |n| &rest[..n]);
    end + line.trim_end_matches('\r').len()
}

/// A sentence as YAML, quoted as its neighbour is where that is possible.
fn written(sentence: &str, like: &str, in_brackets: bool) -> String {
    let special = [": ", " #"].into_iter().any(|mark| sentence.contains(mark))
        || sentence.ends_with(':')
        || in_brackets && sentence.contains([',', '[', ']', '{', '}', ':']);
    let begins = sentence.starts_with(|c: char| c.is_alphabetic());
    let plain = begins && !special && matches!(tree::plain(sentence), Shape::Text(_));
    if like.starts_with('\'') {
        format!("'{}'", sentence.replace('\'', "''"))
    } else if like.starts_with('"') || !plain {
        format!("\"{}\"", sentence.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        sentence.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &str = "scope: s\nsteps:\n  - title: A # the only one\n";

    fn added(text: &str, sentences: &[&str]) -> Result<String> {
        let sentences: Vec<String> = sentences.iter().map(ToString::to_string).collect();
        let made = with_examples("t.yaml", text.as_bytes(), &sentences)?;
        Ok(String::from_utf8(made).expect("UTF-8"))
    }

    #[test]
    fn nothing_else_in_the_file_is_touched() {
        let new = ["it's \"broken\" again", "deploy: now # really", "null"];
        for (before, after) in [
            // Quoted; comments, an empty line, another indent.
            (
                "examples:\n    # by ana\n    - \"one\"  # first\n    - \"two\"   # second\n\n# the end\n",
                "    - \"two\"   # second\n    - \"it's \\\"broken\\\" again\"\n    - \"deploy: now # really\"\n    - \"null\"\n\n# the end\n",
            ),
            (
                "examples:\n- one\n- two\n",
                "- two\n- it's \"broken\" again\n- \"deploy: now # really\"\n- \"null\"\n",
            ),
            ("examples: ['one']\n", "['one', 'it''s \"broken\" again', 'deploy: now # really', 'null']\n"),
            ("examples: [\n  \"one\", # first\n]\n", "\"one\", \"it's"),
            ("examples: []\n", "[\"it's \\\"broken\\\" again\", \"deploy: now # really\", \"null\"]\n"),
            (
                "examples:\n  - one\n  - >-\n    one\n    sentence\n",
                "    sentence\n  - it's \"broken\" again\n  - \"deploy: now # really\"\n  - \"null\"\n",
            ),
        ] {
            let text = format!("name: T\ntrigger_phrases: [do t]\n{before}{STEPS}");
            let made = added(&text, &new).unwrap_or_else(|e| panic!("{before}: {e:?}"));
            assert!(made.contains(after), "{made}");
            assert!(
                made.ends_with(STEPS) && made.starts_with("name: T\ntrigger_phrases: [do t]\n"),
                "{made}"
            );
            for line in before.lines() {
                let kept =
                    line.trim_end_matches(']').split_once(", #").map_or(line.trim_end_matches(']'), |l| l.0);
                assert!(made.contains(kept), "{line}: {made}");
            }
        }
    }

    #[test]
    fn the_first_examples_come_after_the_trigger_phrases() {
        let text = format!("name: T\ntrigger_phrases:\n  - do t # often\n\n# What it is for\n{STEPS}");
        let made = added(&text, &["once more"]).expect("written");
        assert!(
            made.contains("  - do t # often\nexamples:\n  - \"once more\"\n\n# What it is for\n"),
            "{made}"
        );
        let made =
            added(&format!("name: T\ntrigger_phrases: [do t]\n{STEPS}"), &["once more"]).expect("written");
        assert!(made.contains("trigger_phrases: [do t]\nexamples:\n  - \"once more\"\nscope"), "{made}");
    }

    #[test]
    fn line_ends_a_byte_order_mark_and_a_missing_last_newline_stay() {
        let text = "\u{feff}name: T\r\nsteps: [{title: A}]\r\nscope: s\r\ntrigger_phrases:\r\n  - do t";
        let made = added(text, &["once more"]).expect("written");
        assert_eq!(made, format!("{text}\r\nexamples:\r\n  - \"once more\""));
        let more = added(&made, &["and again"]).expect("written");
        assert_eq!(more, format!("{made}\r\n  - \"and again\""));
    }

    #[test]
    fn what_cannot_be_written_so_is_refused_and_says_what_to_do() {
        let head = "name: T\ntrigger_phrases: &t [do t]\n";
        let many: Vec<String> = (0..201).map(|n| format!("sentence {n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (text, new, part) in [
            (format!("{head}examples: *t\n{STEPS}"), &["once more"][..], "alias"),
            (
                "{name: T, trigger_phrases: [do t], scope: s, steps: [{title: A}]}\n".to_owned(),
                &["a b"],
                "in one line",
            ),
            (format!("{head}examples:\n{STEPS}"), &["once more"], "found nothing"),
            (format!("{head}{STEPS}"), &many, "201 sentences"),
            (
                format!("{head}examples: [Once more]\n{STEPS}"),
                &["once more"],
                "something else in it would change",
            ),
            (format!("{head}examples:\n  -\n    one\n{STEPS}"), &["once more"], "on the line of its `-`"),
        ] {
            let error = added(&text, new).expect_err(part);
            assert!(error.message.contains(part), "{error:?}");
            assert!(error.hint.is_some_and(|h| h.contains("by hand")));
        }
    }

    #[test]
    fn a_phrase_is_told_with_its_place() {
        let text = format!("name: T\ntrigger_phrases:\n  - do t\n  - \" do it \"\n{STEPS}");
        let of = |phrase: &str| {
            remark("t.yaml", text.as_bytes(), phrase, Severity::Warning, "is short".into(), "longer".into())
        };
        let found = of("do it");
        assert_eq!((found.line, found.column, found.severity), (4, 5, Severity::Warning));
        assert!(found.snippet.contains("do it"), "{}", found.snippet);
        assert_eq!((of("nothing").line, of("nothing").severity), (0, Severity::Warning));
    }
}
