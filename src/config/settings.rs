//! `config.toml`: theme, colours, glyphs, matching, a second opinion.

use indexmap::IndexMap;
use serde::Deserialize;
use toml::Spanned;

use crate::base::{Paths, Result};
use crate::config::agents::Agent;
use crate::config::hooks::Hook;
use crate::config::limits::{Limits, Timeouts};
use crate::config::matching::{self, Matching};
use crate::config::opinion::{self, SecondOpinion};
use crate::config::servers::Server;
use crate::config::toml_file::{located, nearest, offset, parse, read};

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
    /// A theme's name, or `auto`: light or dark, as the terminal says.
    pub theme: String,
    /// `None`: as the terminal says.
    pub colour: Option<ColourDepth>,
    /// `None`: as the locale says.
    pub glyphs: Option<GlyphSet>,
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "auto".to_owned(),
            colour: None,
            glyphs: None,
            matching: Matching::default(),
            second_opinion: None,
            agents: IndexMap::new(),
            servers: IndexMap::new(),
            hooks: Vec::new(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Raw {
    theme: Option<Spanned<String>>,
    colour: Option<Spanned<String>>,
    glyphs: Option<Spanned<String>>,
    /// Read by its own module, which knows where its parts stand.
    #[serde(rename = "matching")]
    _matching: Option<toml::Value>,
    /// The same.
    #[serde(rename = "second_opinion")]
    _second_opinion: Option<toml::Value>,
    #[serde(flatten)]
    other: std::collections::BTreeMap<String, toml::Value>,
}

const NAMES: [&str; 5] = ["theme", "colour", "glyphs", matching::TABLE, opinion::TABLE];

impl Settings {
    /// The defaults, changed by the file where there is one.
    pub fn load(paths: &Paths) -> Result<Self> {
        let file = paths.config_file();
        match read(&file)? {
            Some(text) => Self::read(&file.display().to_string(), &text),
            None => Ok(Self::default()),
        }
    }

    /// The defaults, changed by the text of a `config.toml`; errors name `file` and the place.
    pub fn read(file: &str, text: &str) -> Result<Self> {
        let raw: Raw = parse(file, text)?;
        if let Some(name) = raw.other.keys().next() {
            let at = text.lines().scan(0, |at, line| {
                let start = *at;
                *at += line.len() + 1;
                Some((start, line))
            });
            let at =
                at.filter(|(_, line)| line.trim_start().trim_start_matches('[').starts_with(name.as_str()));
            let place = at.map(|(start, _)| start).next().unwrap_or(0);
            let error = located(file, text, place, &format!("there is no setting `{name}`"));
            return Err(match nearest(name, NAMES) {
                Some(near) => error.hint(format!("Did you mean `{near}`?")),
                None => error.hint(format!("The settings are {}", NAMES.join(", "))),
            });
        }
        let mut settings = Self::default();
        if let Some(theme) = raw.theme {
            settings.theme = theme.into_inner();
        }
        if let Some(colour) = raw.colour {
            let depths = [
                ("auto", None),
                ("truecolor", Some(ColourDepth::True)),
                ("256", Some(ColourDepth::Indexed)),
                ("16", Some(ColourDepth::Sixteen)),
                ("none", Some(ColourDepth::None)),
            ];
            settings.colour = one_of(file, text, "colour", &colour, &depths)?;
        }
        if let Some(glyphs) = raw.glyphs {
            let sets =
                [("auto", None), ("unicode", Some(GlyphSet::Unicode)), ("ascii", Some(GlyphSet::Ascii))];
            settings.glyphs = one_of(file, text, "glyphs", &glyphs, &sets)?;
        }
        settings.matching = matching::read(file, text)?;
        settings.second_opinion = opinion::read(file, text)?;
        Ok(settings)
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

fn one_of<T: Copy>(
    file: &str,
    text: &str,
    name: &str,
    value: &Spanned<String>,
    known: &[(&str, T)],
) -> Result<T> {
    known.iter().find(|(word, _)| word == value.as_ref()).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        located(file, text, offset(value), &format!("`{}` is no value of `{name}`", value.as_ref()))
            .hint(format!("Use one of {}", words.join(", ")))
    })
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
