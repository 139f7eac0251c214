//! The card that writes a session's summary to a file: where to, and what to do where a file of
//! that name is there already. Nothing is ever replaced without having been asked for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{Error, ErrorKind, Result, SafeLine, SessionId};
use crate::config::{Action, Context, Key, Role};
use crate::protocol::{Request, Response};
use crate::report;
use crate::run::{Session, SessionRecord};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::widgets::text::{span, untrusted, wrap};
use crate::tui::widgets::{Hint, LineInput, card, hints};

/// How far it has come.
#[derive(Debug)]
enum Stage {
    /// The path is being typed.
    Path,
    /// The engine writes.
    Writing,
    /// It refused: a file is there, or the path may not be written to.
    Refused { message: SafeLine, hint: Option<SafeLine>, selected: usize },
}

/// What can be done after a refusal; the harmless one first.
const CHOICES: [(&str, &str); 2] =
    [("Another name", "The file there stays as it is."), ("Replace it", "What is in it now is lost.")];

pub struct Export {
    session: Session,
    /// As it was edited; otherwise the text is made from the record.
    edited: Option<String>,
    record: Option<Box<SessionRecord>>,
    /// The session's events that the record must have in it: its end, where it is being ended.
    least: u64,
    path: LineInput,
    stage: Stage,
    problem: Option<SafeLine>,
}

impl Export {
    /// With the text as it was edited, where it was; the request brings the record as it now is.
    pub fn new(session: Session, edited: Option<String>) -> (Self, Vec<Effect>) {
        let card = Self {
            path: LineInput::with(&report::file_name(&session.name)),
            session,
            edited,
            record: None,
            least: 0,
            stage: Stage::Path,
            problem: None,
        };
        let ask = card.ask();
        (card, vec![ask])
    }

    /// Waits for the record that has the session's next event in it.
    #[must_use]
    pub fn after_next(mut self) -> Self {
        self.least = self.session.seq + 1;
        self
    }

    fn ask(&self) -> Effect {
        Effect::ask(Asker::Overlay, Request::SessionRecord { session: self.session.id.clone() })
    }

    fn record(&self) -> Option<&SessionRecord> {
        self.record.as_deref().filter(|record| record.session.seq >= self.least)
    }

    fn is_json(&self) -> bool {
        std::path::Path::new(self.path.text().trim())
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("json"))
    }

    /// What is written; `None` as long as the record is on its way.
    fn text(&self, model: &Model) -> Option<String> {
        if self.is_json() {
            let json = report::json(self.record()?);
            return serde_json::to_string_pretty(&json).ok().map(|text| text + "\n");
        }
        match &self.edited {
            Some(text) => Some(text.clone()),
            None => self.record().map(|record| report::markdown_in(record, &model.facts.zone)),
        }
    }

    fn write(&mut self, model: &Model, replace: bool) -> Reaction {
        let path = self.path.text().trim().to_owned();
        if path.is_empty() {
            self.problem = Some(SafeLine::new("It needs a file name"));
            return Reaction::stay();
        }
        let Some(text) = self.text(model) else {
            self.problem =
                Some(SafeLine::new("The summary is still being put together; try again in a moment"));
            return Reaction::stay();
        };
        self.stage = Stage::Writing;
        let session = self.session.id.clone();
        Reaction::stay()
            .with([Effect::ask(Asker::Overlay, Request::ExportSummary { session, path, text, replace })])
    }

    fn on_written(&mut self, model: &mut Model, path: &str, result: &Result<Response>) -> Reaction {
        match result {
            Ok(answer) => {
                if !self.is_json() {
                    model.sessions.drafts.remove(&self.session.id);
                }
                let path = match answer {
                    Response::Exported(export) => &export.path,
                    _ => path,
                };
                model.say(&format!("The summary is written to {path}"));
                Reaction::close()
            }
            Err(error) if error.kind == ErrorKind::Refused => {
                let hint = error.causes.first().or(error.hint.as_ref()).map(|h| SafeLine::new(h));
                self.stage = Stage::Refused { message: SafeLine::new(&error.message), hint, selected: 0 };
                Reaction::stay()
            }
            Err(error) => {
                self.stage = Stage::Path;
                self.problem = Some(SafeLine::new(&told(error)));
                Reaction::stay()
            }
        }
    }

    fn choose(&mut self, model: &Model, choice: usize) -> Reaction {
        self.stage = Stage::Path;
        if choice == 1 { self.write(model, true) } else { Reaction::stay() }
    }
}

fn told(error: &Error) -> String {
    let cause = error.causes.first().map(|c| format!(": {c}")).unwrap_or_default();
    format!("{}{cause}", error.message)
}

impl Overlay for Export {
    fn contexts(&self) -> &'static [Context] {
        match self.stage {
            Stage::Refused { .. } => &[Context::Choose, Context::List],
            _ => &[Context::Form],
        }
    }

    fn title(&self) -> &'static str {
        "Export"
    }

    fn takes(&self, key: Key) -> bool {
        match self.stage {
            Stage::Path => LineInput::takes(key),
            Stage::Writing => key.text().is_some(),
            Stage::Refused { .. } => key.text().is_some_and(|c| c.is_ascii_digit()),
        }
    }

    fn on_key(&mut self, model: &mut Model, key: Key) -> Reaction {
        match self.stage {
            Stage::Path => {
                self.problem = None;
                self.path.key(key);
            }
            Stage::Writing => {}
            Stage::Refused { .. } => match key.text() {
                Some('1') => return self.choose(model, 0),
                Some('2') => return self.choose(model, 1),
                _ => {}
            },
        }
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        if matches!(self.stage, Stage::Path) {
            self.problem = None;
            self.path.insert(text.trim());
        }
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match (&mut self.stage, action) {
            (Stage::Path, Action::Activate | Action::Submit) => Some(self.write(model, false)),
            (Stage::Refused { selected, .. }, Action::Up | Action::Top) => {
                *selected = 0;
                Some(Reaction::stay())
            }
            (Stage::Refused { selected, .. }, Action::Down | Action::Bottom) => {
                *selected = CHOICES.len() - 1;
                Some(Reaction::stay())
            }
            (Stage::Refused { selected, .. }, Action::Activate) => {
                let choice = *selected;
                Some(self.choose(model, choice))
            }
            (Stage::Refused { .. }, Action::Neither | Action::Escape) => {
                self.stage = Stage::Path;
                Some(Reaction::stay())
            }
            _ => None,
        }
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        match request {
            Request::SessionRecord { session } if session == &self.session.id => {
                match result {
                    Ok(Response::SessionRecord(record)) => self.record = Some(record.clone()),
                    Ok(_) => {}
                    Err(error) => self.problem = Some(SafeLine::new(&told(error))),
                }
                Some(Reaction::stay())
            }
            Request::ExportSummary { session, path, .. } if session == &self.session.id => {
                Some(self.on_written(model, path, result))
            }
            _ => None,
        }
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let now = model.mirror.sessions.iter().find(|s| s.id == self.session.id);
        let Some(now) = now.filter(|now| now.seq > self.session.seq) else { return Reaction::stay() };
        // What happened to the session belongs into its summary.
        self.session = now.clone();
        self.least = self.least.max(now.seq);
        Reaction::stay().with([self.ask()])
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let mut lines = vec![Line::default()];
        let width = usize::from(card::place(frame.area(), 72, 12).width.saturating_sub(6));
        let mut field = None;
        match &self.stage {
            Stage::Path | Stage::Writing => {
                let what = match (&self.edited, self.is_json()) {
                    (_, true) => "The summary as JSON, for another program.",
                    (Some(_), _) => "The summary as you edited it.",
                    (None, _) => "The summary as Markdown; a name that ends with .json gives JSON.",
                };
                lines.extend(wrap(&Line::styled(what, look.subtext()), width, 0));
                let folder =
                    vec![Span::styled("In  ", look.muted()), untrusted(&self.session.folder, look.text())];
                lines.extend(wrap(&Line::from(folder), width, 4));
                lines.push(Line::default());
                field = Some(lines.len());
                lines.push(Line::default());
                match (&self.problem, &self.stage) {
                    (Some(problem), _) => {
                        lines.extend(wrap(&Line::from(span(problem, look.style(Role::Error))), width, 0));
                    }
                    (None, Stage::Writing) => lines.push(Line::styled("Writing…", look.muted())),
                    (None, _) => lines.push(Line::default()),
                }
            }
            Stage::Refused { message, hint, selected } => {
                lines.extend(wrap(&Line::from(span(message, look.text())), width, 0));
                if let Some(hint) = hint {
                    lines.extend(wrap(&Line::from(span(hint, look.muted())), width, 0));
                }
                lines.push(Line::default());
                for (n, (name, sentence)) in CHOICES.iter().enumerate() {
                    let here = n == *selected;
                    let pointer = if here { look.pointer() } else { " " };
                    lines.push(Line::from(vec![
                        Span::styled(format!("{pointer} {}  ", n + 1), look.accent()),
                        Span::styled(format!("{name:<14}"), if here { look.strong() } else { look.text() }),
                        Span::styled(*sentence, look.muted()),
                    ]));
                }
            }
        }
        lines.push(Line::default());
        let area = card::place(frame.area(), 72, lines.len() as u16 + 1);
        let title = match self.stage {
            Stage::Refused { .. } => "It was not written",
            _ => "Write the summary to a file",
        };
        let name = vec![untrusted(&self.session.name, look.muted())];
        let inner = card::draw(frame, area, look, vec![Span::styled(title, look.strong())], name);
        let (body, foot) = split_foot(inner);
        for (row, line) in lines.into_iter().enumerate().take(body.height.into()) {
            frame.render_widget(line, Rect { y: body.y + row as u16, height: 1, ..body });
        }
        if let Some(at) = field.filter(|at| *at < usize::from(body.height)) {
            let place = Rect { y: body.y + at as u16, height: 1, ..body };
            frame.render_widget(Line::styled(look.glyph("›", ">"), look.accent()), place);
            let place =
                Rect { x: place.x + 2.min(place.width), width: place.width.saturating_sub(2), ..place };
            self.path.draw(frame, place, look.text(), matches!(self.stage, Stage::Path));
        }
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        match self.stage {
            Stage::Path => {
                vec![Hint::labelled(Action::Activate, "write"), Hint::labelled(Action::Escape, "not now")]
            }
            Stage::Writing => vec![Hint::labelled(Action::Escape, "close")],
            Stage::Refused { .. } => vec![
                Hint::labelled(Action::Activate, "choose"),
                Hint::labelled(Action::Down, "move"),
                Hint::labelled(Action::Escape, "back"),
            ],
        }
    }
}

/// Writes down where an export of a session went whose card was closed meanwhile.
pub fn told_late(model: &mut Model, session: &SessionId, result: Result<Response>) {
    match result {
        Ok(Response::Exported(export)) => {
            model.sessions.drafts.remove(session);
            model.say(&format!("The summary is written to {}", export.path));
        }
        Ok(_) => {}
        Err(error) => model.report(&error),
    }
}
