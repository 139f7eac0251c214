//! Key hints, made from the action table and the keymap: `⏎ open   ⇥ complete   ? help`.

use ratatui::text::{Line, Span};

use crate::config::{Action, GlyphSet, Keymap};
use crate::tui::keys::shown;
use crate::tui::look::Look;

/// An action that matters now, with another label than its own where that says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    pub action: Action,
    pub label: &'static str,
}

impl Hint {
    pub fn new(action: Action) -> Self {
        Self { action, label: action.label() }
    }

    pub fn labelled(action: Action, label: &'static str) -> Self {
        Self { action, label }
    }
}

impl From<Action> for Hint {
    fn from(action: Action) -> Self {
        Self::new(action)
    }
}

/// As many hints as fit into `width`; those without a key are left out.
pub fn line(look: &Look, keymap: &Keymap, hints: &[Hint], width: usize) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for hint in hints {
        let Some(key) = keymap.keys(hint.action).first() else { continue };
        let key = shown(*key, look.glyphs == GlyphSet::Unicode);
        let gap = if spans.is_empty() { 0 } else { 3 };
        let label = look.label(hint.label);
        let wide = gap + Span::raw(key.as_str()).width() + 1 + Span::raw(label.as_str()).width();
        if used + wide > width {
            break;
        }
        used += wide;
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(key, look.accent()));
        spans.push(Span::styled(format!(" {label}"), look.subtext()));
    }
    Line::from(spans)
}
