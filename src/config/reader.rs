//! Reading a tree of values as what settings are: each reading says what it wants and, where something
//! else stands there, what is wrong and how to write it.

use std::ops::RangeInclusive;

use crate::base::{Error, Millis, Result};
use crate::config::toml_file::nearest;
use crate::config::tree::{Node, Table, Value};

/// The longest name of an agent or a server, in characters: it stands in sentences.
const NAME: usize = 40;

/// A table that has these names at most.
pub(super) fn table<'n>(name: &str, node: &'n Node, known: &[&str]) -> Result<&'n Table> {
    let Value::Table(table) = &node.value else {
        return Err(node
            .wrong(&format!("`{name}` is a table, and here stands another value"))
            .hint(format!("It has {}", known.join(", "))));
    };
    for (typed, entry) in table {
        if !known.contains(&typed.as_str()) {
            let error = entry.key.wrong(&format!("`{name}` has no setting `{typed}`"));
            return Err(match nearest(typed, known.iter().copied()) {
                Some(near) => error.hint(format!("Did you mean `{near}`?")),
                None => error.hint(format!("It has {}", known.join(", "))),
            });
        }
    }
    Ok(table)
}

/// A table whose names are the author's own.
pub(super) fn named<'n>(name: &str, node: &'n Node, example: &str) -> Result<&'n Table> {
    let Value::Table(table) = &node.value else {
        return Err(node
            .wrong(&format!("`{name}` is a table, and here stands another value"))
            .hint(format!("Write it like `{example}`")));
    };
    for (own, entry) in table {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if own.is_empty() || own.len() > NAME || !own.chars().all(plain) {
            let shown: String = own.chars().take(NAME).collect();
            return Err(entry
                .key
                .wrong(&format!("`{shown}` is no name here"))
                .hint(format!("A name has letters, digits, `-` and `_`, at most {NAME} of them")));
        }
    }
    Ok(table)
}

pub(super) fn get<'t>(table: &'t Table, name: &str) -> Option<&'t Node> {
    table.get(name).map(|entry| &entry.node)
}

pub(super) fn text<'n>(name: &str, node: &'n Node) -> Result<&'n str> {
    match &node.value {
        Value::Text(text) if !text.trim().is_empty() && !text.contains('\0') => Ok(text),
        _ => Err(node.wrong(&format!("`{name}` is a text that is not empty"))),
    }
}

pub(super) fn command(node: &Node) -> Result<Vec<String>> {
    let hint = "Write it like `command = [\"program\", \"argument\"]`; no shell reads it";
    let words = match &node.value {
        Value::List(words) if !words.is_empty() => words,
        _ => return Err(node.wrong("`command` is a list: the program, then its arguments").hint(hint)),
    };
    let read = |(n, word): (usize, &Node)| match &word.value {
        Value::Text(text) if !text.contains('\0') && (n > 0 || !text.is_empty()) => Ok(text.clone()),
        _ => Err(word.wrong("this is no word of a command").hint(hint)),
    };
    words.iter().enumerate().map(read).collect()
}

pub(super) fn length(
    name: &str,
    node: &Node,
    range: RangeInclusive<Millis>,
    example: &str,
) -> Result<Millis> {
    let length = match &node.value {
        Value::Text(text) => Millis::parse(text),
        _ => None,
    };
    length.filter(|l| range.contains(l)).ok_or_else(|| {
        node.wrong(&format!("`{name}` is a length from {} to {}", range.start(), range.end()))
            .hint(format!("Write it like `{name} = \"{example}\"`"))
    })
}

pub(super) fn count(name: &str, node: &Node, range: RangeInclusive<usize>) -> Result<usize> {
    let number = match &node.value {
        Value::Integer(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    number.filter(|n| range.contains(n)).ok_or_else(|| {
        node.wrong(&format!("`{name}` is a whole number from {} to {}", range.start(), range.end()))
            .hint(format!("Write it like `{name} = {}`", range.start()))
    })
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(name: &str, node: &Node, known: &[(&str, T)]) -> Result<T> {
    let typed = text(name, node)?;
    known.iter().find(|(word, _)| *word == typed).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        node.wrong(&format!("`{typed}` is no value of `{name}`"))
            .hint(format!("Use one of {}", words.join(", ")))
    })
}

/// What a table must have.
pub(super) fn needed<'t>(table: &'t Table, name: &str, lacks: impl FnOnce() -> Error) -> Result<&'t Node> {
    get(table, name).ok_or_else(lacks)
}
