//! A screen as a picture: cells → SVG, for the README and for looking at screens while building them.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

use crate::config::{Role, Theme};

/// A cell's size, in the picture's units.
const CELL: (usize, usize) = (9, 19);

/// The picture of what a terminal would show, on the theme's background.
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0, rows * CELL.1);
    let ground = hex(theme, Color::Reset, Role::Bg);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n"
    );
    for (at, cell) in buffer.content.iter().enumerate() {
        let (x, y) = (at % columns.max(1) * CELL.0, at / columns.max(1) * CELL.1);
        let reversed = cell.modifier.contains(Modifier::REVERSED);
        let (mut fg, mut bg) = (hex(theme, cell.fg, Role::Text), hex(theme, cell.bg, Role::Bg));
        if reversed {
            std::mem::swap(&mut fg, &mut bg);
        }
        let symbol = cell.symbol();
        let wide = symbol.width().max(1) * CELL.0;
        if bg != ground {
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{}\" fill=\"{bg}\"/>",
                CELL.1
            );
        }
        if symbol.trim().is_empty() {
            continue;
        }
        let mut extra = String::new();
        if cell.modifier.contains(Modifier::BOLD) {
            extra.push_str(" font-weight=\"bold\"");
        }
        if cell.modifier.contains(Modifier::UNDERLINED) {
            extra.push_str(" text-decoration=\"underline\"");
        }
        if cell.modifier.contains(Modifier::DIM) {
            extra.push_str(" opacity=\"0.55\"");
        }
        let base = y + 14;
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{base}\" fill=\"{fg}\"{extra}>{}</text>", escape(symbol));
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A terminal colour as the picture has it; the named ones are the theme's.
fn hex(theme: &Theme, colour: Color, otherwise: Role) -> String {
    let role = match colour {
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(n) => return indexed(n),
        Color::Red | Color::LightRed => Role::Error,
        Color::Green | Color::LightGreen => Role::Success,
        Color::Yellow | Color::LightYellow => Role::Warning,
        Color::Blue | Color::LightBlue => Role::Accent,
        Color::Cyan | Color::LightCyan | Color::Magenta | Color::LightMagenta => Role::Info,
        Color::DarkGray | Color::Gray => Role::Muted,
        _ => otherwise,
    };
    let rgb = theme.colour(role);
    format!("#{:02x}{:02x}{:02x}", rgb.0, rgb.1, rgb.2)
}

/// xterm's cube and greys.
fn indexed(n: u8) -> String {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match n.checked_sub(16) {
        Some(at) if n < 232 => {
            let level = |i: u8| LEVELS[usize::from(i)];
            format!("#{:02x}{:02x}{:02x}", level(at / 36), level(at / 6 % 6), level(at % 6))
        }
        Some(_) => {
            let grey = 8 + 10 * (n - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        None => "#808080".to_owned(),
    }
}
