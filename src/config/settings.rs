//! Everything that `config.toml` says, read: what every part of the program goes by.

use std::path::Path;

use indexmap::IndexMap;

use crate::base::{Millis, Paths, Result, trace};
use crate::config::agents::{self, Agent};
use crate::config::hooks::{self, Hook};
use crate::config::layers::{self, Given};
use crate::config::limits::{self, Limits, Timeouts};
use crate::config::matching::{self, Matching};
use crate::config::opinion::{self, SecondOpinion};
use crate::config::servers::{self, Server};
use crate::config::toml_file::nearest;
use crate::config::tree::{Node, Table, Value};
use crate::config::{reader, schema};

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColourDepth {
    True,
    Indexed,
    Sixteen,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlyphSet {
    Unicode,
    Ascii,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The profile that is laid over the file.
    pub profile: Option<String>,
    /// A theme's name, or `auto`: light or dark, as the terminal says.
    pub theme: String,
    /// `None`: as the terminal says.
    pub colour: Option<ColourDepth>,
    /// `None`: as the locale says.
    pub glyphs: Option<GlyphSet>,
    /// The level of the log, as `base::trace` reads it.
    pub log: String,
    pub matching: Matching,
    /// `None`: nobody else is asked.
    pub second_opinion: Option<SecondOpinion>,
    /// By name, in the order of the file.
    pub agents: IndexMap<String, Agent>,
    /// By name, in the order of the file.
    pub servers: IndexMap<String, Server>,
    pub hooks: Vec<Hook>,
    pub limits: Limits,
    pub timeouts: Timeouts,
    pub folders: Folders,
    /// After this long without a client and without working runs, the engine ends by itself.
    pub engine_idle: Millis,
}

/// `[paths]`: where things of one's own lie, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    pub workflows: Option<String>,
    pub themes: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: None,
            theme: "auto".to_owned(),
            colour: None,
            glyphs: None,
            log: "info".to_owned(),
            matching: Matching::default(),
            second_opinion: None,
            agents: IndexMap::new(),
            servers: IndexMap::new(),
            hooks: Vec::new(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            folders: Folders::default(),
            engine_idle: Millis(30_000),
        }
    }
}

const DEPTHS: [(&str, Option<ColourDepth>); 5] = [
    ("auto", None),
    ("truecolor", Some(ColourDepth::True)),
    ("256", Some(ColourDepth::Indexed)),
    ("16", Some(ColourDepth::Sixteen)),
    ("none", Some(ColourDepth::None)),
];

const GLYPHS: [(&str, Option<GlyphSet>); 3] =
    [("auto", None), ("unicode", Some(GlyphSet::Unicode)), ("ascii", Some(GlyphSet::Ascii))];

fn level(node: &Node) -> Result<String> {
    let level = reader::text("log", node)?;
    if trace::is_level(level) {
        return Ok(level.to_owned());
    }
    Err(node
        .wrong(&format!("`{level}` is no level of the log"))
        .hint("Use one of error, warn, info, debug, trace, off, or `mwtui::engine=trace` for a part of it"))
}

fn folders(node: Option<&Node>) -> Result<Folders> {
    let Some(node) = node else { return Ok(Folders::default()) };
    let table = reader::table("paths", node, &["themes", "workflows"])?;
    let folder =
        |name| reader::get(table, name).map(|node| reader::text(name, node).map(str::to_owned)).transpose();
    Ok(Folders { workflows: folder("workflows")?, themes: folder("themes")? })
}

fn idle(node: &Node) -> Result<Millis> {
    let table = reader::table("engine", node, &["idle"])?;
    let Some(node) = reader::get(table, "idle") else { return Ok(Settings::default().engine_idle) };
    // A bare number is one of milliseconds: MWTUI_ENGINE_IDLE has always been.
    if let Value::Text(text) = &node.value
        && let Ok(number) = text.trim().parse()
    {
        return Ok(Millis(number));
    }
    reader::length("idle", node, Millis::ZERO..=Millis(7 * 86_400_000), "30s")
}

impl Settings {
    /// The settings of an installation: the defaults, changed by `config.toml` where there is one, by the
    /// profile that is chosen, by the environment, and by the options of the command.
    pub fn load(paths: &Paths) -> Result<Self> {
        layers::load(paths).map(|layered| layered.settings)
    }

    /// What the text of a `config.toml` alone says; errors name `file` and the place.
    pub fn read(file: &str, text: &str) -> Result<Self> {
        let given = Given { file: Some((file, text)), ..Given::default() };
        layers::assemble(&given).map(|layered| layered.settings)
    }

    pub(super) fn from_table(table: &Table) -> Result<Self> {
        let names = schema::top();
        for (name, entry) in table {
            if !names.contains(&name.as_str()) {
                let error = entry.key.wrong(&format!("there is no setting `{name}`"));
                return Err(match nearest(name, names.iter().copied()) {
                    Some(near) => error.hint(format!("Did you mean `{near}`?")),
                    None => error.hint(format!("The settings are {}", names.join(", "))),
                });
            }
        }
        let get = |name| reader::get(table, name);
        let text = |name| get(name).map(|node| reader::text(name, node).map(str::to_owned)).transpose();
        let default = Self::default();
        Ok(Self {
            profile: text("profile")?,
            theme: text("theme")?.unwrap_or(default.theme),
            colour: get("colour").map_or(Ok(None), |node| reader::one_of("colour", node, &DEPTHS))?,
            glyphs: get("glyphs").map_or(Ok(None), |node| reader::one_of("glyphs", node, &GLYPHS))?,
            log: get("log").map_or(Ok(default.log), level)?,
            matching: matching::read(get(matching::TABLE))?,
            second_opinion: opinion::read(table.get(opinion::TABLE))?,
            agents: agents::read(get(agents::TABLE))?,
            servers: servers::read(get(servers::TABLE))?,
            hooks: hooks::read(get(hooks::TABLE))?,
            limits: limits::limits(get(limits::LIMITS))?,
            timeouts: limits::timeouts(get(limits::TIMEOUTS))?,
            folders: folders(get("paths"))?,
            engine_idle: get("engine").map_or(Ok(default.engine_idle), idle)?,
        })
    }

    /// The same installation, with the folders that the settings name.
    #[must_use]
    pub fn place(&self, paths: &Paths) -> Paths {
        let under = |folder: &Option<String>| {
            let folder = folder.as_deref()?;
            // Relative ones lie in the configuration folder.
            Some(match (folder.strip_prefix("~/"), std::env::var_os("HOME")) {
                (Some(rest), Some(home)) => Path::new(&home).join(rest),
                _ => paths.config.join(folder),
            })
        };
        Paths {
            workflows: under(&self.folders.workflows),
            themes: under(&self.folders.themes),
            ..paths.clone()
        }
    }

    /// The colour depth: as set, else none where `NO_COLOR` is set, else what the terminal says.
    /// `env` looks a variable up.
    pub fn depth(&self, env: impl Fn(&str) -> Option<String>) -> ColourDepth {
        if let Some(depth) = self.colour {
            return depth;
        }
        let get = |name: &str| env(name).filter(|v| !v.is_empty());
        if get("NO_COLOR").is_some() || get("TERM").as_deref() == Some("dumb") {
            return ColourDepth::None;
        }
        let term = get("TERM").unwrap_or_default();
        match get("COLORTERM").as_deref() {
            Some("truecolor" | "24bit") => ColourDepth::True,
            _ if term.ends_with("-direct") => ColourDepth::True,
            _ if term.contains("256color") => ColourDepth::Indexed,
            _ => ColourDepth::Sixteen,
        }
    }

    /// The glyphs: as set, else Unicode where the locale is UTF-8.
    pub fn glyph_set(&self, env: impl Fn(&str) -> Option<String>) -> GlyphSet {
        if let Some(set) = self.glyphs {
            return set;
        }
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|n| env(n).filter(|v| !v.is_empty()));
        match locale {
            Some(name) if !name.to_ascii_lowercase().replace('-', "").contains("utf8") => GlyphSet::Ascii,
            // No locale at all is a bare container or service; its terminal is most likely UTF-8.
            _ => GlyphSet::Unicode,
        }
    }

    /// The name of the theme: as set; `auto` reads `COLORFGBG`, whose last number is the background.
    pub fn theme_name(&self, env: impl Fn(&str) -> Option<String>) -> &str {
        if self.theme != "auto" {
            return &self.theme;
        }
        let background =
            env("COLORFGBG").and_then(|v| v.rsplit(';').next().and_then(|n| n.parse::<u8>().ok()));
        if matches!(background, Some(7 | 15)) { "light" } else { "dark" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn colours_follow_the_terminal_unless_told() {
        let auto = Settings::default();
        assert_eq!(auto.depth(env(&[("COLORTERM", "truecolor"), ("TERM", "xterm")])), ColourDepth::True);
        assert_eq!(auto.depth(env(&[("TERM", "xterm-256color")])), ColourDepth::Indexed);
        assert_eq!(auto.depth(env(&[("TERM", "linux")])), ColourDepth::Sixteen);
        assert_eq!(auto.depth(env(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")])), ColourDepth::None);
        assert_eq!(auto.depth(env(&[("NO_COLOR", ""), ("TERM", "linux")])), ColourDepth::Sixteen);
        assert_eq!(auto.theme_name(env(&[("COLORFGBG", "0;15")])), "light");
        assert_eq!(auto.theme_name(env(&[])), "dark");
        assert_eq!(auto.glyph_set(env(&[("LC_ALL", ""), ("LANG", "POSIX")])), GlyphSet::Ascii);
        assert_eq!(auto.glyph_set(env(&[("LANG", "de_DE.UTF-8")])), GlyphSet::Unicode);
        let told =
            Settings::read("c", "theme = \"light\"\ncolour = \"16\"\nglyphs = \"ascii\"").expect("reads");
        assert_eq!(told.depth(env(&[("NO_COLOR", "1")])), ColourDepth::Sixteen);
        assert_eq!(told.theme_name(env(&[])), "light");
    }

    #[test]
    fn errors_name_the_place() {
        let wrong =
            Settings::read("config.toml", "theme = \"dark\"\ncolour = \"millions\"\n").expect_err("value");
        assert!(wrong.message.starts_with("config.toml:2:10: `millions` is no value of `colour`"), "{wrong}");
        let wrong = Settings::read("config.toml", "theme = \"dark\"\ncolor = \"16\"\n").expect_err("name");
        assert!(wrong.message.starts_with("config.toml:2:1: there is no setting `color`"), "{wrong}");
        assert_eq!(wrong.hint.as_deref(), Some("Did you mean `colour`?"));
    }
}
