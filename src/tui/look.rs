//! How roles and statuses look: a theme at a colour depth, with a set of glyphs. The one place
//! where a status gets its glyph, word and colour.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::base::text::Ink;
use crate::config::theme::Rgb;
use crate::config::{ColourDepth, GlyphSet, Role, Theme};
use crate::run::{NeedKind, RunStatus, StepStatus};

/// Theme, depth and glyphs, as everything that draws asks for them.
#[derive(Debug, Clone)]
pub struct Look {
    pub theme: Theme,
    pub depth: ColourDepth,
    pub glyphs: GlyphSet,
}

/// A status: glyph, word and colour, so that nothing is lost without one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    pub glyph: &'static str,
    pub word: &'static str,
    pub style: Style,
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// The turning glyph of what is being worked on.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

impl Look {
    pub fn new(theme: Theme, depth: ColourDepth, glyphs: GlyphSet) -> Self {
        Self { theme, depth, glyphs }
    }

    /// The foreground of a role.
    pub fn style(&self, role: Role) -> Style {
        match self.depth {
            ColourDepth::None => match role {
                Role::Muted | Role::Border | Role::Pending => Style::new().add_modifier(Modifier::DIM),
                Role::Accent | Role::Focus | Role::Warning | Role::Error => {
                    Style::new().add_modifier(Modifier::BOLD)
                }
                _ => Style::new(),
            },
            _ => Style::new().fg(self.colour(role)),
        }
    }

    /// What the whole screen lies on.
    pub fn ground(&self) -> Style {
        self.on(Role::Bg)
    }

    /// What cards lie on.
    pub fn surface(&self) -> Style {
        self.on(Role::Surface)
    }

    fn on(&self, role: Role) -> Style {
        match self.depth {
            ColourDepth::None => Style::new(),
            // Sixteen colours belong to the terminal's own theme, its background too.
            ColourDepth::Sixteen => Style::new().fg(Color::Reset).bg(Color::Reset),
            _ => Style::new().fg(self.colour(Role::Text)).bg(self.colour(role)),
        }
    }

    /// Laid over the line that is selected, where the pane has the focus.
    pub fn selection(&self) -> Style {
        match self.depth {
            ColourDepth::None | ColourDepth::Sixteen => Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::new().bg(self.colour(Role::Selection)),
        }
    }

    pub fn text(&self) -> Style {
        self.style(Role::Text)
    }

    pub fn strong(&self) -> Style {
        self.style(Role::Text).add_modifier(Modifier::BOLD)
    }

    pub fn subtext(&self) -> Style {
        self.style(Role::Subtext)
    }

    pub fn muted(&self) -> Style {
        self.style(Role::Muted)
    }

    pub fn accent(&self) -> Style {
        self.style(Role::Accent)
    }

    /// A heading within a screen.
    pub fn heading(&self) -> Style {
        self.style(Role::Subtext).add_modifier(Modifier::BOLD)
    }

    pub fn border(&self, focused: bool) -> Style {
        self.style(if focused { Role::Focus } else { Role::Border })
    }

    pub fn border_set(&self) -> border::Set<'static> {
        match self.glyphs {
            GlyphSet::Unicode => border::ROUNDED,
            GlyphSet::Ascii => ASCII_BORDER,
        }
    }

    /// The letters of a match that the phrase meets.
    pub fn lit(&self) -> Style {
        match self.depth {
            ColourDepth::None => Style::new().add_modifier(Modifier::UNDERLINED),
            _ => self.accent(),
        }
    }

    /// A colour that untrusted text asked for.
    pub fn ink(&self, ink: Ink) -> Style {
        match ink {
            Ink::Plain => self.text(),
            Ink::Red => self.style(Role::Error),
            Ink::Green => self.style(Role::Success),
            Ink::Yellow => self.style(Role::Warning),
            Ink::Blue | Ink::Cyan | Ink::Magenta => self.style(Role::Info),
            Ink::Dim => self.muted(),
        }
    }

    /// `unicode` where the terminal shows it, otherwise `ascii`.
    pub fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.glyphs {
            GlyphSet::Unicode => unicode,
            GlyphSet::Ascii => ascii,
        }
    }

    /// A label with `…` and the like spelt as the terminal can show it.
    pub fn label(&self, label: &str) -> String {
        match self.glyphs {
            GlyphSet::Unicode => label.to_owned(),
            GlyphSet::Ascii => label.replace('…', "..."),
        }
    }

    /// Marks the selected line.
    pub fn pointer(&self) -> &'static str {
        self.glyph("❯", ">")
    }

    pub fn run(&self, status: RunStatus) -> Badge {
        let (unicode, ascii, role) = match status {
            RunStatus::Running => ("●", "*", Role::Info),
            RunStatus::Waiting => ("▲", "!", Role::Warning),
            RunStatus::Paused => ("‖", "=", Role::Muted),
            RunStatus::Completed => ("✓", "v", Role::Success),
            RunStatus::Failed => ("✗", "x", Role::Error),
            RunStatus::Cancelled => ("⊘", "/", Role::Muted),
        };
        Badge { glyph: self.glyph(unicode, ascii), word: status.word(), style: self.style(role) }
    }

    pub fn step(&self, status: StepStatus) -> Badge {
        let (unicode, ascii, role) = match status {
            StepStatus::Pending => ("·", ".", Role::Pending),
            StepStatus::Running => ("●", "*", Role::Info),
            StepStatus::Waiting => ("▲", "!", Role::Warning),
            StepStatus::Done => ("✓", "v", Role::Success),
            StepStatus::Failed => ("✗", "x", Role::Error),
            StepStatus::Skipped => ("⤼", "-", Role::Muted),
            StepStatus::Cancelled => ("⊘", "/", Role::Muted),
            StepStatus::Uncertain => ("?", "?", Role::Warning),
        };
        Badge { glyph: self.glyph(unicode, ascii), word: status.word(), style: self.style(role) }
    }

    pub fn need(&self, kind: NeedKind) -> Badge {
        let (unicode, ascii, role) = match kind {
            NeedKind::Failed => ("✗", "x", Role::Error),
            NeedKind::Uncertain => ("?", "?", Role::Warning),
            NeedKind::Check | NeedKind::Answer | NeedKind::Approve | NeedKind::Agent | NeedKind::Proceed => {
                ("▲", "!", Role::Warning)
            }
        };
        Badge { glyph: self.glyph(unicode, ascii), word: kind.word(), style: self.style(role) }
    }

    /// What kind of step it is, before it has a status.
    pub fn kind(&self, word: &str) -> &'static str {
        match word {
            "manual" => self.glyph("☐", "o"),
            "ask" => self.glyph("?", "?"),
            "approve" => self.glyph("◆", "#"),
            "write" => self.glyph("✎", "w"),
            _ => self.glyph("▸", ">"),
        }
    }

    /// The turning glyph at this moment; `at` counts quarter seconds.
    pub fn spinner(&self, at: i64) -> &'static str {
        match self.glyphs {
            GlyphSet::Unicode => SPINNER[usize::try_from(at.rem_euclid(10)).unwrap_or(0)],
            GlyphSet::Ascii => ["*", "+"][usize::try_from(at.rem_euclid(2)).unwrap_or(0)],
        }
    }

    fn colour(&self, role: Role) -> Color {
        let rgb = self.theme.colour(role);
        match self.depth {
            ColourDepth::True => Color::Rgb(rgb.0, rgb.1, rgb.2),
            ColourDepth::Indexed => Color::Indexed(nearest_indexed(rgb)),
            ColourDepth::Sixteen => sixteen(role),
            ColourDepth::None => Color::Reset,
        }
    }
}

/// The terminal's own colours, which its owner has chosen to be legible.
fn sixteen(role: Role) -> Color {
    match role {
        Role::Bg | Role::Surface | Role::Text | Role::Subtext | Role::Selection => Color::Reset,
        Role::Muted | Role::Border | Role::Pending => Color::DarkGray,
        Role::Focus | Role::Accent => Color::Blue,
        Role::Success => Color::Green,
        Role::Warning => Color::Yellow,
        Role::Error => Color::Red,
        Role::Info => Color::Cyan,
    }
}

/// The nearest of xterm's 6×6×6 cube and its 24 greys. The first sixteen are left out: every
/// terminal shows others there.
fn nearest_indexed(rgb: Rgb) -> u8 {
    const LEVELS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |r: i32, g: i32, b: i32| {
        (r - i32::from(rgb.0)).pow(2) + (g - i32::from(rgb.1)).pow(2) + (b - i32::from(rgb.2)).pow(2)
    };
    let mut best = (i32::MAX, 16_u8);
    for index in 16..=255_u8 {
        let found = if index < 232 {
            let at = usize::from(index - 16);
            distance(LEVELS[at / 36], LEVELS[at / 6 % 6], LEVELS[at % 6])
        } else {
            let grey = 8 + 10 * i32::from(index - 232);
            distance(grey, grey, grey)
        };
        if found < best.0 {
            best = (found, index);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_is_none() {
        let look = Look::new(Theme::dark(), ColourDepth::None, GlyphSet::Unicode);
        for role in Role::ALL {
            let style = look.style(role);
            assert!(style.fg.is_none() && style.bg.is_none(), "{role:?}");
        }
        assert!(look.selection().bg.is_none() && look.ground().bg.is_none());
    }

    #[test]
    fn colours_find_their_nearest_neighbours() {
        assert_eq!(nearest_indexed(Rgb(255, 0, 0)), 196);
        assert_eq!(nearest_indexed(Rgb(8, 8, 8)), 232);
        assert_eq!(nearest_indexed(Rgb(95, 135, 175)), 67);
    }

    #[test]
    fn ascii_is_ascii() {
        let look = Look::new(Theme::dark(), ColourDepth::None, GlyphSet::Ascii);
        for status in RunStatus::ALL {
            assert!(look.run(status).glyph.is_ascii());
        }
        assert!(
            look.pointer().is_ascii() && look.border_set().top_left.is_ascii() && look.spinner(3).is_ascii()
        );
    }
}
