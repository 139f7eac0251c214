//! Themes: a colour for each role. Widgets name roles, never colours.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;

use crate::base::{Error, Result};
use crate::config::toml_file::{located, nearest, offset, parse, read};

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Bg,
    /// Behind cards.
    Surface,
    Text,
    Subtext,
    /// Units, hints, what matters least.
    Muted,
    Border,
    /// The border of what has the focus.
    Focus,
    /// The one accent: the main action, the selected tab.
    Accent,
    /// Behind the selected line.
    Selection,
    Success,
    /// Somebody is needed.
    Warning,
    Error,
    Info,
    Pending,
}

impl Role {
    pub const ALL: [Self; 14] = [
        Self::Bg,
        Self::Surface,
        Self::Text,
        Self::Subtext,
        Self::Muted,
        Self::Border,
        Self::Focus,
        Self::Accent,
        Self::Selection,
        Self::Success,
        Self::Warning,
        Self::Error,
        Self::Info,
        Self::Pending,
    ];

    /// As theme files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bg => "bg",
            Self::Surface => "surface",
            Self::Text => "text",
            Self::Subtext => "subtext",
            Self::Muted => "muted",
            Self::Border => "border",
            Self::Focus => "focus",
            Self::Accent => "accent",
            Self::Selection => "selection",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Info => "info",
            Self::Pending => "pending",
        }
    }
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let channel = |value: u8| {
            let v = f64::from(value) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(self.0) + 0.7152 * channel(self.1) + 0.0722 * channel(self.2)
    }

    /// Contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio").
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub name: String,
    /// By role, in the order of `Role::ALL`.
    colours: [Rgb; 14],
}

const DARK: &str = include_str!("../../themes/dark.toml");
const LIGHT: &str = include_str!("../../themes/light.toml");

impl Theme {
    pub fn colour(&self, role: Role) -> Rgb {
        self.colours[role as usize]
    }

    /// The user's theme of this name in `folder`, else the bundled one.
    pub fn load(name: &str, folder: &Path) -> Result<Self> {
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            return Err(Error::usage(format!("`{name}` is no name of a theme")));
        }
        let file = folder.join(format!("{name}.toml"));
        if let Some(text) = read(&file)? {
            return Self::read(name, &file.display().to_string(), &text);
        }
        match name {
            "dark" => Self::read("dark", "themes/dark.toml", DARK),
            "light" => Self::read("light", "themes/light.toml", LIGHT),
            _ => Err(Error::not_found(format!("There is no theme `{name}`"))
                .cause(format!("{} is not there", file.display()))
                .hint("Use `dark` or `light`, or put a file with that name there")),
        }
    }

    /// A theme from its file's text: every role once, as `role = "#rrggbb"`.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Self> {
        let table: BTreeMap<Spanned<String>, Spanned<String>> = parse(file, text)?;
        let mut colours = [None; 14];
        for (key, value) in &table {
            let Some(role) = Role::ALL.into_iter().find(|r| r.name() == key.as_ref()) else {
                let error = located(file, text, offset(key), &format!("there is no role `{}`", key.as_ref()));
                let names: Vec<&str> = Role::ALL.iter().map(|r| r.name()).collect();
                return Err(match nearest(key.as_ref(), names.iter().copied()) {
                    Some(near) => error.hint(format!("Did you mean `{near}`?")),
                    None => error.hint(format!("The roles are {}", names.join(", "))),
                });
            };
            let colour = Rgb::parse(value.as_ref()).ok_or_else(|| {
                located(file, text, offset(value), &format!("`{}` is no colour", value.as_ref()))
                    .hint("Colours look like #7aa2f7")
            })?;
            colours[role as usize] = Some(colour);
        }
        let mut whole = [Rgb(0, 0, 0); 14];
        for role in Role::ALL {
            whole[role as usize] = colours[role as usize].ok_or_else(|| {
                Error::usage(format!("{file}: the role `{}` has no colour", role.name()))
                    .hint("A theme gives every role a colour; copy a bundled one to begin with")
            })?;
        }
        Ok(Self { name: name.to_owned(), colours: whole })
    }

    /// The bundled dark theme.
    pub fn dark() -> Self {
        Self::read("dark", "themes/dark.toml", DARK).unwrap_or_else(|_| Self::plain())
    }

    /// Black and white: what is left if even the bundled theme did not read. A test sees that it does.
    fn plain() -> Self {
        let mut colours = [Rgb(255, 255, 255); 14];
        colours[Role::Bg as usize] = Rgb(0, 0, 0);
        colours[Role::Surface as usize] = Rgb(0, 0, 0);
        colours[Role::Selection as usize] = Rgb(64, 64, 64);
        Self { name: "plain".to_owned(), colours }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_themes_can_be_read_by_everybody() {
        for (name, text) in [("dark", DARK), ("light", LIGHT)] {
            let theme = Theme::read(name, name, text).expect("a bundled theme reads");
            let readable = [
                Role::Text,
                Role::Subtext,
                Role::Muted,
                Role::Accent,
                Role::Success,
                Role::Warning,
                Role::Error,
                Role::Info,
                Role::Pending,
            ];
            for role in readable {
                for ground in [Role::Bg, Role::Surface] {
                    let contrast = theme.colour(role).contrast(theme.colour(ground));
                    assert!(contrast >= 4.5, "{name}: {role:?} on {ground:?} is {contrast:.2}");
                }
            }
            for role in [Role::Text, Role::Subtext, Role::Accent, Role::Warning, Role::Error, Role::Success] {
                let contrast = theme.colour(role).contrast(theme.colour(Role::Selection));
                assert!(contrast >= 4.5, "{name}: {role:?} on the selection is {contrast:.2}");
            }
        }
    }

    #[test]
    fn errors_name_the_place() {
        let wrong =
            Theme::read("x", "x.toml", "bg = \"#000000\"\nacent = \"#ffffff\"\n").expect_err("no role");
        assert!(wrong.message.starts_with("x.toml:2:1: there is no role `acent`"), "{wrong}");
        assert_eq!(wrong.hint.as_deref(), Some("Did you mean `accent`?"));
        let wrong = Theme::read("x", "x.toml", "bg = \"black\"\n").expect_err("no colour");
        assert!(wrong.message.starts_with("x.toml:1:6: `black` is no colour"), "{wrong}");
        assert!(Theme::read("x", "x.toml", "bg = \"#000000\"\n").is_err(), "a role is missing");
        let dir = tempfile::tempdir().expect("temp dir");
        assert!(Theme::load("../etc/passwd", dir.path()).is_err());
        std::fs::write(dir.path().join("mine.toml"), DARK).expect("write");
        assert_eq!(Theme::load("mine", dir.path()).expect("the user's own").name, "mine");
        assert!(Theme::load("other", dir.path()).is_err());
    }

    #[test]
    fn black_on_white_is_twenty_one_to_one() {
        let contrast = Rgb(0, 0, 0).contrast(Rgb(255, 255, 255));
        assert!((contrast - 21.0).abs() < 1e-9);
    }
}
