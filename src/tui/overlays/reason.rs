//! One line of text that a verb needs: a reason, a note, evidence, a name.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::base::{Actor, RunId, SafeLine, SessionId, StepId};
use crate::config::{Action, Context, Key};
use crate::protocol::Request;
use crate::run::{Evidence, EvidenceKind, Verb};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::verbs;
use crate::tui::widgets::text::{span, wrap};
use crate::tui::widgets::{Hint, LineInput, card, hints};

/// What the text is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Cancel,
    Skip {
        step: Option<StepId>,
    },
    Reject {
        step: Option<StepId>,
    },
    Fail {
        step: Option<StepId>,
    },
    Note {
        step: Option<StepId>,
    },
    /// To whom; left empty, to whoever comes.
    HandOver {
        step: Option<StepId>,
    },
    /// Evidence, with which the step is done.
    Done {
        step: Option<StepId>,
    },
    SessionNote(SessionId),
    SessionName(SessionId),
}

pub struct Reason {
    /// None for what concerns a session.
    run: Option<RunId>,
    wanted: Wanted,
    input: LineInput,
    problem: Option<&'static str>,
}

impl Reason {
    pub fn new(run: RunId, wanted: Wanted) -> Self {
        Self { run: Some(run), wanted, input: LineInput::default(), problem: None }
    }

    /// A note on a session, or another name for it, with the text it has now.
    pub fn session(wanted: Wanted, text: &str) -> Self {
        Self { run: None, wanted, input: LineInput::with(text), problem: None }
    }

    fn question(&self) -> &'static str {
        match self.wanted {
            Wanted::Cancel => "Cancel this run?",
            Wanted::Skip { .. } => "Skip the step: why?",
            Wanted::Reject { .. } => "Reject it: why?",
            Wanted::Fail { .. } => "The step failed: how?",
            Wanted::Note { .. } | Wanted::SessionNote(_) => "A note for the journal",
            Wanted::HandOver { .. } => "Hand the step over: to whom?",
            Wanted::Done { .. } => "Done: what shows it?",
            Wanted::SessionName(_) => "A name for the session",
        }
    }

    fn sentence(&self) -> &'static str {
        match self.wanted {
            Wanted::Cancel => {
                "Its processes are ended, then the run is over. A reason helps whoever reads this later, but you can leave it empty."
            }
            Wanted::Skip { .. } => {
                "The run goes on with what comes after it; what of it still runs is ended. The reason goes into the journal and the summary."
            }
            Wanted::Reject { .. } => "Nothing of it is done. The reason goes to whoever asked.",
            Wanted::Fail { .. } => "Say what you saw. Then you can try again, go back, or skip.",
            Wanted::Note { .. } | Wanted::SessionNote(_) => {
                "It is kept with its time and your name, and shows in the summary."
            }
            Wanted::HandOver { .. } => {
                "A person as user@host, or an agent by its name: nobody else answers the step then. Left empty, what you have taken is for whoever comes."
            }
            Wanted::Done { .. } => "A note, a link, or the path of a file: evidence that the step is done.",
            Wanted::SessionName(_) => "The name stands in the list and in the summary's file name.",
        }
    }

    /// The step that it is about, where it is about one.
    fn step(&self) -> Option<&StepId> {
        match &self.wanted {
            Wanted::Skip { step }
            | Wanted::Reject { step }
            | Wanted::Fail { step }
            | Wanted::Note { step }
            | Wanted::HandOver { step }
            | Wanted::Done { step } => step.as_ref(),
            Wanted::Cancel | Wanted::SessionNote(_) | Wanted::SessionName(_) => None,
        }
    }

    fn submit(&mut self) -> Reaction {
        let text = self.input.text().trim().to_owned();
        if text.is_empty() && !matches!(self.wanted, Wanted::Cancel | Wanted::HandOver { .. }) {
            self.problem = Some("It cannot be empty");
            return Reaction::stay();
        }
        Reaction::close().with(self.effect(text))
    }

    fn effect(&self, text: String) -> Option<Effect> {
        let verb = match self.wanted.clone() {
            Wanted::Cancel => Verb::Cancel { reason: Some(text).filter(|t| !t.is_empty()) },
            Wanted::Skip { step } => Verb::Skip { step, reason: text },
            Wanted::Reject { step } => Verb::Reject { step, reason: text },
            Wanted::Fail { step } => Verb::Fail { step, reason: text },
            Wanted::Note { step } => Verb::Note { step, text },
            Wanted::HandOver { step } => {
                let to = Some(text).filter(|t| !t.is_empty()).map(|name| Actor::named(&name));
                Verb::HandOver { step, to, length: None }
            }
            Wanted::Done { step } => {
                let kind = if text.starts_with("https://") || text.starts_with("http://") {
                    EvidenceKind::Link
                } else {
                    EvidenceKind::Note
                };
                Verb::Done { step, evidence: vec![Evidence { kind, text }] }
            }
            Wanted::SessionNote(session) => {
                return Some(Effect::ask(Asker::Verb, Request::NoteSession { session, text }));
            }
            Wanted::SessionName(session) => {
                return Some(Effect::ask(Asker::Verb, Request::RenameSession { session, name: text }));
            }
        };
        self.run.as_ref().map(|run| verbs::act(run, verb))
    }
}

impl Overlay for Reason {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Form]
    }

    fn title(&self) -> &'static str {
        "Reason"
    }

    fn takes(&self, key: Key) -> bool {
        LineInput::takes(key)
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        self.problem = None;
        self.input.key(key);
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        self.problem = None;
        self.input.insert(text);
        Reaction::stay()
    }

    fn on_action(&mut self, _model: &mut Model, action: Action) -> Option<Reaction> {
        matches!(action, Action::Activate | Action::Submit).then(|| self.submit())
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let about = self.run.as_ref().and_then(|r| model.mirror.summary(r));
        let right = about.map_or_else(Vec::new, |row| {
            let step = self.step().map(|s| format!(" · {s}")).unwrap_or_default();
            vec![span(&SafeLine::new(&format!("{} {}{step}", row.workflow, row.run.short())), look.muted())]
        });
        let area = card::place(frame.area(), 72, 9);
        let inner = card::draw(frame, area, look, vec![Span::styled(self.question(), look.strong())], right);
        let (body, foot) = split_foot(inner);
        let mut lines = vec![Line::default()];
        lines.extend(wrap(&Line::styled(self.sentence(), look.subtext()), body.width.into(), 0));
        lines.push(Line::default());
        let at = lines.len() as u16;
        for (row, line) in lines.into_iter().enumerate().take(body.height.into()) {
            frame.render_widget(line, ratatui::layout::Rect { y: body.y + row as u16, height: 1, ..body });
        }
        let row = |n: u16| ratatui::layout::Rect {
            y: body.y + n.min(body.height.saturating_sub(1)),
            height: body.height.min(1),
            ..body
        };
        let field = row(at);
        frame.render_widget(Line::styled(look.glyph("›", ">"), look.accent()), field);
        let field = ratatui::layout::Rect {
            x: field.x + 2.min(field.width),
            width: field.width.saturating_sub(2),
            ..field
        };
        self.input.draw(frame, field, look.text(), true);
        if let Some(problem) = self.problem {
            frame.render_widget(Line::styled(problem, look.style(crate::config::Role::Error)), row(at + 1));
        }
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let label = match self.wanted {
            Wanted::Cancel => "cancel the run",
            Wanted::Skip { .. } => "skip",
            Wanted::Reject { .. } => "reject",
            Wanted::Fail { .. } => "mark as failed",
            Wanted::Note { .. } | Wanted::SessionNote(_) => "keep",
            Wanted::HandOver { .. } => "hand over",
            Wanted::Done { .. } => "done",
            Wanted::SessionName(_) => "rename",
        };
        vec![Hint::labelled(Action::Activate, label), Hint::labelled(Action::Escape, "not now")]
    }
}
