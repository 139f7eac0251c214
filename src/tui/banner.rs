//! The one thing that stands above every screen: the engine can write nothing down, and so begins
//! nothing. It says what happened and what to do, and goes away by itself.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::SafeLine;
use crate::config::Role;
use crate::tui::Model;
use crate::tui::model::{LinkState, ago};
use crate::tui::widgets::text::{span, wrap};

/// Draws it at the top of `area`, where there is trouble. Gives how many lines it takes.
pub fn draw(model: &Model, frame: &mut Frame, area: Rect) -> u16 {
    let (Some(trouble), LinkState::Connected) = (&model.mirror.trouble, &model.link) else { return 0 };
    let look = &model.look;
    let room = usize::from(area.width.saturating_sub(2));
    let error = &trouble.error;
    let since = format!(" ({}).", ago(model.now.since(trouble.since)));
    let head = Line::from(vec![
        Span::styled(format!("{} ", look.glyph("✗", "x")), look.style(Role::Error)),
        span(&SafeLine::new(&error.message), look.style(Role::Error)),
        Span::styled(since, look.subtext()),
        Span::styled(" Nothing new begins; what was done is kept.", look.text()),
    ]);
    let mut lines = wrap(&head, room, 2);
    if let Some(hint) = &error.hint {
        let hint = Line::from(vec![
            Span::styled(format!("{} ", look.glyph("→", "->")), look.accent()),
            span(&SafeLine::new(hint), look.text()),
        ]);
        lines.extend(wrap(&hint, room, 2));
    }
    // The screen below keeps the better part of a small window.
    let height = (lines.len() as u16).min(area.height / 3);
    frame.buffer_mut().set_style(Rect { height, ..area }, look.surface());
    for (row, line) in lines.into_iter().enumerate().take(height.into()) {
        let place = Rect { x: area.x + 1, y: area.y + row as u16, width: area.width - 2, height: 1 };
        frame.render_widget(line, place);
    }
    height
}

#[cfg(test)]
mod tests {
    use crate::base::{Error, Millis};
    use crate::config::Action;
    use crate::protocol::{Request, StoreTrouble, Update};
    use crate::tui::testing::{Harness, NOW};

    fn full() -> Update {
        let error = Error::internal("The disk is full: the store could not be written")
            .hint("Make room on the disk: mwtui goes on by itself as soon as there is some");
        Update::Store { trouble: Some(StoreTrouble { since: NOW, error }) }
    }

    #[test]
    fn a_full_disk_stands_above_every_screen_until_there_is_room() {
        let mut console = Harness::new(80, 24).with_bank().connected().update(full()).golden("banner_80x24");
        for key in ["2", "3", "4", "5", "7", "1"] {
            console = console.keys(key).see("The disk is full").see("Make room on the disk");
        }
        console = console.later(Millis::from_secs(180)).see("3 m ago");
        // It is alive: help opens over it and goes.
        console = console.action(Action::Help).see("palette").keys("<esc>").see("The disk is full");
        console.update(Update::Store { trouble: None }).see_no("disk is full");
    }

    #[test]
    fn small_windows_keep_the_better_part() {
        let console = Harness::new(60, 15).with_bank().connected().update(full());
        let console = console.golden("banner_60x15").resize(40, 8).see("The disk is full");
        console.resize(30, 6).see("The store cannot be");
    }

    #[test]
    fn a_console_that_comes_later_asks_and_opens_its_session_when_there_is_room() {
        let console = Harness::new(80, 24)
            .answering(|request| match request {
                Request::OpenSession { .. } => Some(Err(Error::internal("The disk is full"))),
                _ => None,
            })
            .connected();
        assert!(console.requests().contains(&&Request::EngineStatus));
        let before = console.requests().len();
        let console = console.update(full()).update(Update::Store { trouble: None });
        assert!(matches!(console.requests()[before..], [Request::OpenSession { .. }]));
    }
}
