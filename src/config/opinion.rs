//! `[second_opinion]` of `config.toml`: who else may be asked which workflow a phrase means, and how
//! long that may take. Plain data; nothing is asked here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::base::{Millis, Result};
use crate::config::reader;
use crate::config::tree::{Entry, Node};

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

/// The table, where there is one.
pub(super) fn read(entry: Option<&Entry>) -> Result<Option<SecondOpinion>> {
    let Some(Entry { key, node }) = entry else { return Ok(None) };
    let table = reader::table(TABLE, node, &NAMES)?;
    let asks = match (reader::get(table, "command"), reader::get(table, "embeddings")) {
        (Some(node), None) => Asks::Command(reader::command(node)?),
        (None, Some(node)) => embeddings(node)?,
        (Some(_), Some(second)) => {
            return Err(second
                .wrong("a second opinion is asked of a command or of embeddings, not of both")
                .hint("Take one of them out"));
        }
        (None, None) => {
            return Err(key
                .wrong("a second opinion needs somebody to ask")
                .hint("Add `command = [\"program\"]`, or `embeddings = { url = \"…\", model = \"…\" }`"));
        }
    };
    let name = match reader::get(table, "name") {
        Some(node) => reader::text("name", node)?.to_owned(),
        None => match &asks {
            Asks::Command(words) => {
                words.first().map_or("", |w| w.rsplit('/').next().unwrap_or(w)).to_owned()
            }
            Asks::Embeddings { model, .. } => model.clone(),
        },
    };
    let within = match reader::get(table, "within") {
        Some(node) => reader::length("within", node, SHORTEST..=LONGEST, "2s")?,
        None => WITHIN,
    };
    Ok(Some(SecondOpinion { name: name.chars().take(NAME).collect(), asks, within }))
}

fn embeddings(node: &Node) -> Result<Asks> {
    let table = reader::table("embeddings", node, &ENDPOINT)?;
    let needed = |name: &str| {
        reader::needed(table, name, || {
            node.wrong(&format!("`embeddings` lacks `{name}`"))
                .hint("Write `embeddings = { url = \"http://127.0.0.1:11434/api/embed\", model = \"…\" }`")
        })
    };
    let (url, model) = (needed("url")?, needed("model")?);
    let loopback =
        Loopback::parse(reader::text("url", url)?).map_err(|(what, hint)| url.wrong(&what).hint(hint))?;
    Ok(Asks::Embeddings { url: loopback, model: reader::text("model", model)?.to_owned() })
}

#[cfg(test)]
mod tests;
