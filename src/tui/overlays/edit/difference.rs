//! What a step would do, line by line, beside what it did before.

use ratatui::text::{Line, Span};
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::config::Role;
use crate::run::{Opened, Work};
use crate::tui::look::Look;
use crate::tui::screens::run::sheet::{exact, plain};
use crate::tui::widgets::text::wrap;
use crate::workflow::secret;

/// Lines that are the same and stand around one that is not.
const AROUND: usize = 1;

/// A work as plain lines, each safe to show.
pub fn told(work: &Work) -> Vec<String> {
    let mut lines = Vec::new();
    let text = |lines: &mut Vec<String>, text: &str| lines.extend(exact(text).lines().map(str::to_owned));
    let value = |lines: &mut Vec<String>, name: &str, value: &str| {
        lines.push(format!("{} = {}", exact(name), exact(value).replace('\n', "⏎")));
    };
    match work {
        Work::Run { script, env, secrets, cwd, .. } => {
            text(&mut lines, script);
            for (name, of) in env {
                value(&mut lines, name, of);
            }
            for (name, of) in secrets {
                value(&mut lines, name, &secret::masked(of));
            }
            if !cwd.is_empty() {
                lines.push(format!("in {}", exact(cwd)));
            }
        }
        Work::Call { server, tool, arguments, .. } => {
            lines.push(format!("calls {server}.{tool}"));
            for (name, of) in arguments {
                value(&mut lines, name, &plain(of));
            }
        }
        Work::Agent { agent, persona, prompt, .. } => {
            lines.push(format!("asks {agent}"));
            text(&mut lines, persona);
            text(&mut lines, prompt);
        }
        Work::Workflow { workflow, inputs, .. } => {
            lines.push(format!("starts {workflow}"));
            for (name, of) in inputs {
                value(&mut lines, name, &plain(of));
            }
        }
        Work::Rollback { run } => lines.push(format!("rolls back run {}", run.short())),
        Work::Write { path, content, .. } => {
            lines.push(format!("writes {}", exact(path)));
            text(&mut lines, content);
        }
        Work::ForEach { items } => lines.extend(items.iter().map(|item| exact(&plain(item)))),
        Work::Approve { question, opens, .. } => {
            text(&mut lines, question);
            for Opened { step, work } in opens {
                lines.push(format!("opens {step}"));
                lines.extend(told(work));
            }
        }
        Work::Manual | Work::Ask | Work::Unresolved => {}
    }
    lines
}

/// The lines that differ, with a few around them; all of them where none does.
pub fn lines(before: &[String], now: &[String], look: &Look, width: usize) -> Vec<Line<'static>> {
    let ops = capture_diff_slices(Algorithm::Myers, before, now);
    let mut lines = Vec::new();
    let mut add = |sign: &'static str, text: &String, style| {
        let line = Line::from(vec![Span::styled(sign, style), Span::styled(text.clone(), style)]);
        lines.extend(wrap(&line, width, 2));
    };
    if before == now {
        for text in now {
            add("  ", text, look.subtext());
        }
        return lines;
    }
    let mut shown_to = 0;
    for group in group_diff_ops(ops, AROUND) {
        let from = group.first().map_or(0, |op| op.new_range().start);
        if from > shown_to {
            add("  ", &look.glyph("⋯", "...").to_owned(), look.muted());
        }
        for op in &group {
            shown_to = op.new_range().end;
            if let DiffOp::Equal { .. } = op {
                for text in &now[op.new_range()] {
                    add("  ", text, look.subtext());
                }
            } else {
                for text in &before[op.old_range()] {
                    add("- ", text, look.style(Role::Error));
                }
                for text in &now[op.new_range()] {
                    add("+ ", text, look.style(Role::Success));
                }
            }
        }
    }
    if shown_to < now.len() {
        add("  ", &look.glyph("⋯", "...").to_owned(), look.muted());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ColourDepth, GlyphSet, Theme};

    #[test]
    fn what_differs_is_shown_with_its_surroundings() {
        let look = Look::new(Theme::dark(), ColourDepth::None, GlyphSet::Ascii);
        let text = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        let before = text(&["a", "b", "c", "d", "e", "f"]);
        let now = text(&["a", "b", "c", "x", "e", "f"]);
        let told = |lines: Vec<Line<'_>>| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told(lines(&before, &now, &look, 40)), ["  ...", "  c", "- d", "+ x", "  e", "  ..."]);
        assert_eq!(told(lines(&now, &now, &look, 40)).len(), 6);
        assert_eq!(told(lines(&[], &text(&["a"]), &look, 40)), ["+ a"]);
    }
}
