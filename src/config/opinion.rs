//! `[second_opinion]` of `config.toml`: who else may be asked which workflow a phrase means, and how
//! long that may take. Plain data; nothing is asked here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::{Error, Millis, Result};
use crate::config::toml_file::{located, nearest};

/// What the table is called.
pub(super) const TABLE: &str = "second_opinion";

const NAMES: [&str; 4] = ["command", "embeddings", "name", "within"];
const ENDPOINT: [&str; 2] = ["model", "url"];

const WITHIN: Millis = Millis(2_000);
const SHORTEST: Millis = Millis(100);
const LONGEST: Millis = Millis(60_000);
/// The longest name, in characters: it stands in sentences.
const NAME: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondOpinion {
    /// What it is called on screen.
    pub name: String,
    pub asks: Asks,
    /// Later answers count for nothing.
    pub within: Millis,
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A program and its arguments; no shell reads them.
    Command(Vec<String>),
    Embeddings {
        url: Loopback,
        model: String,
    },
}

/// A place of this machine that speaks HTTP. There is no way to make one that is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loopback {
    addresses: Vec<SocketAddr>,
    authority: String,
    path: String,
}

impl Loopback {
    /// `http://127.0.0.1:11434/api/embed`. Where it is refused: what is wrong, and what to do.
    pub fn parse(url: &str) -> std::result::Result<Self, (String, String)> {
        let example = "Write it like http://127.0.0.1:11434/api/embed";
        let wrong = |what: &str| Err((what.to_owned(), example.to_owned()));
        let Some(rest) = url.strip_prefix("http://") else {
            return wrong(&format!("`{url}` does not begin with http://"));
        };
        if !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains(['#', '\\']) {
            return wrong(&format!("`{url}` is no address"));
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            return wrong("an address here has no user and no password");
        }
        if path.len() < 2 {
            return wrong(&format!("`{url}` lacks the path of the embeddings"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, "80"),
        };
        let Some(port) = port.parse::<u16>().ok().filter(|p| *p > 0) else {
            return wrong(&format!("`{port}` is no port"));
        };
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        // The name is not looked up: whoever answers for names could send it elsewhere.
        let hosts: Vec<IpAddr> = if host.eq_ignore_ascii_case("localhost") {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            bare.parse().ok().filter(IpAddr::is_loopback).into_iter().collect()
        };
        if hosts.is_empty() {
            return Err((
                format!("`{host}` is not this machine, and embeddings are asked for on this machine alone"),
                "Give an address of 127.0.0.1, ::1 or localhost; to ask elsewhere, configure a command"
                    .to_owned(),
            ));
        }
        Ok(Self {
            addresses: hosts.into_iter().map(|h| SocketAddr::new(h, port)).collect(),
            authority: authority.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Each of them is of this machine; the first that takes the connection is meant.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// As it was written: host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The table, where the file has one; errors name `file` and the place.
pub(super) fn read(file: &str, text: &str) -> Result<Option<SecondOpinion>> {
    // Only this reading knows where each name and value stands, however the table is written.
    let Ok(document) = DeTable::parse(text) else { return Ok(None) };
    let Some((key, value)) = document.get_ref().iter().find(|(key, _)| key.get_ref() == TABLE) else {
        return Ok(None);
    };
    let at = Place { file, text };
    let table = at.table(TABLE, value, &NAMES)?;
    let asks = match (table.get("command"), table.get("embeddings")) {
        (Some(value), None) => Asks::Command(at.command(value)?),
        (None, Some(value)) => at.embeddings(value)?,
        (Some(_), Some(second)) => {
            return Err(at
                .wrong(second, "a second opinion is asked of a command or of embeddings, not of both")
                .hint("Take one of them out"));
        }
        (None, None) => {
            return Err(at
                .wrong_at(key.span().start, "a second opinion needs somebody to ask")
                .hint("Add `command = [\"program\"]`, or `embeddings = { url = \"…\", model = \"…\" }`"));
        }
    };
    let name = match table.get("name") {
        Some(value) => at.text("name", value)?.to_owned(),
        None => match &asks {
            Asks::Command(words) => {
                words.first().map_or("", |w| w.rsplit('/').next().unwrap_or(w)).to_owned()
            }
            Asks::Embeddings { model, .. } => model.clone(),
        },
    };
    let within = match table.get("within") {
        Some(value) => at.within(value)?,
        None => WITHIN,
    };
    Ok(Some(SecondOpinion { name: name.chars().take(NAME).collect(), asks, within }))
}

type Value<'t> = Spanned<DeValue<'t>>;

/// Where errors are.
struct Place<'a> {
    file: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn wrong_at(&self, offset: usize, what: &str) -> Error {
        located(self.file, self.text, offset, what)
    }

    fn wrong(&self, value: &Value<'_>, what: &str) -> Error {
        self.wrong_at(value.span().start, what)
    }

    /// A table that has these names at most.
    fn table<'v, 't>(
        &self,
        name: &str,
        value: &'v Value<'t>,
        known: &[&'static str],
    ) -> Result<&'v DeTable<'t>> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self
                .wrong(value, &format!("`{name}` is a table, and here stands another value"))
                .hint(format!("It has {}", known.join(", "))));
        };
        for key in table.keys() {
            let typed = key.get_ref().as_ref();
            if !known.contains(&typed) {
                let error = self.wrong_at(key.span().start, &format!("`{name}` has no setting `{typed}`"));
                return Err(match nearest(typed, known.iter().copied()) {
                    Some(near) => error.hint(format!("Did you mean `{near}`?")),
                    None => error.hint(format!("It has {}", known.join(", "))),
                });
            }
        }
        Ok(table)
    }

    fn text<'v>(&self, name: &str, value: &'v Value<'_>) -> Result<&'v str> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.wrong(value, &format!("`{name}` is a text that is not empty"))),
        }
    }

    fn command(&self, value: &Value<'_>) -> Result<Vec<String>> {
        let hint = "Write it like `command = [\"program\", \"argument\"]`; no shell reads it";
        let words = match value.get_ref() {
            DeValue::Array(words) if !words.is_empty() => words,
            _ => {
                return Err(self
                    .wrong(value, "`command` is a list: the program, then its arguments")
                    .hint(hint));
            }
        };
        let read = |(n, word): (usize, &Value<'_>)| match word.get_ref() {
            DeValue::String(text) if !text.contains('\0') && (n > 0 || !text.is_empty()) => {
                Ok(text.as_ref().to_owned())
            }
            _ => Err(self.wrong(word, "this is no word of a command").hint(hint)),
        };
        words.iter().enumerate().map(read).collect()
    }

    fn embeddings(&self, value: &Value<'_>) -> Result<Asks> {
        let table = self.table("embeddings", value, &ENDPOINT)?;
        let needed = |name: &str| {
            table.get(name).ok_or_else(|| {
                self.wrong(value, &format!("`embeddings` lacks `{name}`")).hint(
                    "Write `embeddings = { url = \"http://127.0.0.1:11434/api/embed\", model = \"…\" }`",
                )
            })
        };
        let (url, model) = (needed("url")?, needed("model")?);
        let loopback = Loopback::parse(self.text("url", url)?)
            .map_err(|(what, hint)| self.wrong(url, &what).hint(hint))?;
        Ok(Asks::Embeddings { url: loopback, model: self.text("model", model)?.to_owned() })
    }

    fn within(&self, value: &Value<'_>) -> Result<Millis> {
        let length = match value.get_ref() {
            DeValue::String(text) => Millis::parse(text),
            _ => None,
        };
        length.filter(|l| (SHORTEST..=LONGEST).contains(l)).ok_or_else(|| {
            self.wrong(value, &format!("`within` is a length from {SHORTEST} to {LONGEST}"))
                .hint("Write it like `within = \"2s\"`")
        })
    }
}

#[cfg(test)]
mod tests;
