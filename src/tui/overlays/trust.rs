//! The question before a project's workflow is trusted: which file, which contents, what it may do
//! then. Trust is for exactly what was shown: if the file changes meanwhile, the question closes.

use std::path::PathBuf;

use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::base::SafeLine;
use crate::config::{Action, Context, Role};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::widgets::text::{span, untrusted, wrap};
use crate::tui::widgets::{Hint, PaneState, card, hints, pane};
use crate::workflow::{Entry, Prerequisite, StepKind};

pub struct Trust {
    id: SafeLine,
    path: PathBuf,
    digest: String,
    /// Scripts of steps and of prerequisites.
    commands: usize,
    files: usize,
    scroll: PaneState,
}

impl Trust {
    /// `None` for what needs no trust or cannot have it: bundled, trusted or broken files.
    pub fn of(entry: &Entry) -> Option<Self> {
        let workflow = entry.workflow().filter(|_| !entry.is_trusted())?;
        let count = |wanted: fn(&StepKind) -> bool| workflow.steps.iter().filter(|s| wanted(&s.kind)).count();
        let checks =
            workflow.prerequisites.iter().filter(|p| matches!(p, Prerequisite::Check { .. })).count();
        Some(Self {
            id: SafeLine::new(workflow.id.as_str()),
            path: entry.path.clone()?,
            digest: entry.digest.clone(),
            commands: checks + count(|k| matches!(k, StepKind::Run { .. })),
            files: count(|k| matches!(k, StepKind::Write { .. })),
            scroll: PaneState::default(),
        })
    }

    /// What the workflow may do once it is trusted.
    fn powers(&self) -> String {
        let part = |n: usize, one: &str, many: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        };
        let commands =
            part(self.commands, "command that runs with your rights", "commands that run with your rights");
        let files = part(self.files, "file that it writes", "files that it writes");
        match [commands, files].into_iter().flatten().collect::<Vec<_>>().join(" and ") {
            none if none.is_empty() => "It runs no commands and writes no files.".to_owned(),
            some => format!("It holds {some}. Read them first."),
        }
    }

    fn body(&self, model: &Model, room: usize) -> Vec<Line<'static>> {
        const INDENT: usize = 12;
        let look = &model.look;
        let mut lines = vec![Line::default()];
        let mut add = |label: &str, text: Span<'static>| {
            let line = Line::from(vec![Span::styled(format!("{label:<INDENT$}"), look.muted()), text]);
            lines.extend(wrap(&line, room, INDENT));
        };
        add("file", untrusted(&self.path.display().to_string(), look.text()));
        add("contents", untrusted(&format!("sha256 {}", self.digest), look.subtext()));
        lines.push(Line::default());
        lines.extend(wrap(&Line::styled(self.powers(), look.style(Role::Warning)), room, 0));
        let note = "Only these contents at this place are trusted; any edit asks again.";
        lines.extend(wrap(&Line::styled(note, look.subtext()), room, 0));
        lines
    }
}

impl Overlay for Trust {
    fn contexts(&self) -> &'static [Context] {
        &[Context::List]
    }

    fn title(&self) -> &'static str {
        "Trust"
    }

    fn on_action(&mut self, _model: &mut Model, action: Action) -> Option<Reaction> {
        if action == Action::Activate {
            let effect = Effect::Trust { path: self.path.clone(), digest: self.digest.clone() };
            return Some(Reaction::close().with([effect]));
        }
        self.scroll.on_action(action).then(Reaction::stay)
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let Some(bank) = model.bank.clone() else { return Reaction::stay() };
        let same = |e: &&Entry| e.path.as_ref() == Some(&self.path) && e.digest == self.digest;
        match bank.registry.entries.iter().find(same) {
            Some(entry) if !entry.is_trusted() => Reaction::stay(),
            Some(_) => Reaction::close(),
            None => {
                model.say(&format!("{} has changed: read it again before you trust it", self.id));
                Reaction::close()
            }
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let room = usize::from(card::place(frame.area(), 80, 8).width).saturating_sub(6);
        let lines = self.body(model, room);
        let area = card::place(frame.area(), 80, lines.len() as u16 + 2);
        let title = vec![
            Span::styled("Trust ", look.strong()),
            span(&self.id, look.accent()),
            Span::styled(" as it stands now?", look.strong()),
        ];
        let inner = card::draw(frame, area, look, title, Vec::new());
        let (body, foot) = split_foot(inner);
        pane::draw(frame, body, look, &lines, &self.scroll, false);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Hint::labelled(Action::Activate, "trust it"), Hint::labelled(Action::Escape, "not now")]
    }
}
