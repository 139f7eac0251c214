//! Sessions: stretches of work, and the summary of the selected one as its file would be.

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Result, SessionId};
use crate::config::{Action, Context};
use crate::protocol::{Request, Response, Update};
use crate::report;
use crate::run::{Session, SessionRecord};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::Choose;
use crate::tui::overlays::editor::Editor;
use crate::tui::overlays::export::Export;
use crate::tui::overlays::reason::{Reason, Wanted};
use crate::tui::screens::{Screen, ScreenId};
use crate::tui::widgets::{Hint, ListState, PaneState};

mod markdown;
mod view;

#[cfg(test)]
mod tests;

/// Summaries kept, so that going back and forth in the list asks nothing.
const KEPT: usize = 8;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    List,
    Preview,
}

#[derive(Debug, Default)]
pub struct State {
    list: ListState,
    /// The selected session: it stays selected when others come.
    picked: Option<SessionId>,
    focus: Focus,
    scroll: PaneState,
    /// Newest last.
    summaries: Vec<Summary>,
    /// The record that is on its way.
    asked: Option<SessionId>,
    /// Summaries that were edited and not exported yet.
    pub drafts: HashMap<SessionId, String>,
}

/// A session's record and the text made of it.
#[derive(Debug)]
struct Summary {
    record: Box<SessionRecord>,
    text: String,
    /// Something has happened since; it is shown until the next one is here.
    stale: bool,
}

pub struct Sessions;

fn selected(model: &Model) -> Option<&Session> {
    model.mirror.sessions.get(model.sessions.list.selected)
}

fn summary<'a>(model: &'a Model, session: &SessionId) -> Option<&'a Summary> {
    model.sessions.summaries.iter().find(|s| &s.record.session.id == session)
}

/// Selects a session, from elsewhere.
pub fn pick(model: &mut Model, session: &SessionId) {
    model.sessions.picked = Some(session.clone());
    settle(model);
}

/// The list may have changed: the same session stays selected.
fn settle(model: &mut Model) {
    let sessions = &model.mirror.sessions;
    let place = model.sessions.picked.as_ref().and_then(|id| sessions.iter().position(|s| &s.id == id));
    match place {
        Some(place) => model.sessions.list.selected = place,
        None => model.sessions.list.clamp(sessions.len()),
    }
    model.sessions.picked = selected(model).map(|s| s.id.clone());
}

/// Asks for the selected session's record where it is not here as it now is; one at a time.
fn ask(model: &mut Model) -> Vec<Effect> {
    if model.screen != ScreenId::Sessions || model.sessions.asked.is_some() {
        return Vec::new();
    }
    let Some(session) = selected(model).map(|s| s.id.clone()) else { return Vec::new() };
    if summary(model, &session).is_some_and(|s| !s.stale) {
        return Vec::new();
    }
    model.sessions.asked = Some(session.clone());
    vec![Effect::ask(Asker::Screen(ScreenId::Sessions), Request::SessionRecord { session })]
}

fn stale(model: &mut Model, session: &SessionId) {
    for summary in &mut model.sessions.summaries {
        if &summary.record.session.id == session {
            summary.stale = true;
        }
    }
}

/// The text of a summary: edited where it was, otherwise as it is made.
fn text(model: &Model, session: &SessionId) -> Option<String> {
    let draft = model.sessions.drafts.get(session).cloned();
    draft.or_else(|| summary(model, session).map(|s| s.text.clone()))
}

fn keep(model: &mut Model, record: Box<SessionRecord>) {
    let text = report::markdown_in(&record, &model.facts.zone);
    let summaries = &mut model.sessions.summaries;
    summaries.retain(|s| s.record.session.id != record.session.id);
    if summaries.len() == KEPT {
        summaries.remove(0);
    }
    summaries.push(Summary { record, text, stale: false });
}

/// Opens the card that writes the session's summary to a file.
/// `ending`: the session is being ended, and its summary is to say so.
pub fn export(model: &mut Model, session: &SessionId, ending: bool) -> Vec<Effect> {
    let Some(session) = model.mirror.sessions.iter().find(|s| &s.id == session).cloned() else {
        return Vec::new();
    };
    let draft = model.sessions.drafts.get(&session.id).cloned();
    let (card, effects) = Export::new(session, draft);
    model.open(if ending { card.after_next() } else { card });
    effects
}

impl Screen for Sessions {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Sessions, Context::List]
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        if matches!(action, Action::Filter | Action::NextMatch | Action::PreviousMatch) {
            return Some("Sessions are not searched; the list is short".to_owned());
        }
        let needs = matches!(
            action,
            Action::ExportSummary
                | Action::RenameSession
                | Action::EndSession
                | Action::Note
                | Action::Edit
                | Action::Copy
        );
        if !needs {
            return None;
        }
        let Some(session) = selected(model) else { return Some("There is no session yet".to_owned()) };
        match action {
            Action::EndSession if session.ended.is_some() => Some("The session has ended already".to_owned()),
            Action::Note if session.ended.is_some() => {
                Some("The session has ended and takes no more notes".to_owned())
            }
            Action::Edit | Action::Copy if text(model, &session.id).is_none() => {
                Some("The summary is still being put together".to_owned())
            }
            _ => None,
        }
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
        let count = model.mirror.sessions.len();
        let session = selected(model).cloned();
        match (action, session) {
            (Action::Focus | Action::FocusBack, Some(_)) => {
                model.sessions.focus = match model.sessions.focus {
                    Focus::List => Focus::Preview,
                    Focus::Preview => Focus::List,
                };
            }
            (Action::Activate, Some(_)) => model.sessions.focus = Focus::Preview,
            (Action::Escape, _) if model.sessions.focus == Focus::Preview => {
                model.sessions.focus = Focus::List;
            }
            (Action::ExportSummary, Some(session)) => return Some(export(model, &session.id, false)),
            (Action::Edit, Some(session)) => {
                let made = summary(model, &session.id).map(|s| s.text.clone()).unwrap_or_default();
                let text = text(model, &session.id)?;
                model.open(Editor::new(session.id, &session.name, &text, made));
            }
            (Action::Copy, Some(session)) => return Some(vec![Effect::Copy(text(model, &session.id)?)]),
            (Action::RenameSession, Some(session)) => {
                let wanted = Wanted::SessionName(session.id);
                model.open(Reason::session(wanted, &session.name));
            }
            (Action::Note, Some(session)) => model.open(Reason::session(Wanted::SessionNote(session.id), "")),
            (Action::EndSession, Some(session)) => {
                let live = model.mirror.live().filter(|r| r.session == session.id).count();
                model.open(Choose::end_session(&session, live));
            }
            _ if model.sessions.focus == Focus::Preview => {
                let moves = matches!(
                    action,
                    Action::Up
                        | Action::Down
                        | Action::PageUp
                        | Action::PageDown
                        | Action::Top
                        | Action::Bottom
                );
                model.sessions.scroll.on_action(action);
                return moves.then(Vec::new);
            }
            _ if model.sessions.list.on_action(action, count) => {
                model.sessions.picked = selected(model).map(|s| s.id.clone());
                model.sessions.scroll.to_top();
                return Some(ask(model));
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn on_enter(&self, model: &mut Model) -> Vec<Effect> {
        settle(model);
        // What git says of the folder may have changed meanwhile.
        if let Some(id) = model.sessions.picked.clone() {
            stale(model, &id);
        }
        ask(model)
    }

    fn on_connected(&self, model: &mut Model) -> Vec<Effect> {
        model.sessions.asked = None;
        for summary in &mut model.sessions.summaries {
            summary.stale = true;
        }
        ask(model)
    }

    fn on_mirror(&self, model: &mut Model) -> Vec<Effect> {
        settle(model);
        ask(model)
    }

    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        match update {
            Update::Run { summary, .. } => stale(model, &summary.session),
            Update::Session(session) => {
                stale(model, &session.id);
                settle(model);
            }
            _ => return Vec::new(),
        }
        ask(model)
    }

    fn on_answer(&self, model: &mut Model, request: &Request, result: Result<Response>) -> Vec<Effect> {
        let Request::SessionRecord { session } = request else { return Vec::new() };
        model.sessions.asked = None;
        match result {
            Ok(Response::SessionRecord(record)) => {
                keep(model, record);
                // Another one may have been selected meanwhile.
                if model.sessions.picked.as_ref() == Some(session) { Vec::new() } else { ask(model) }
            }
            Ok(_) => Vec::new(),
            Err(error) => {
                model.report(&error);
                Vec::new()
            }
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        view::draw(model, frame, area);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let Some(session) = selected(model) else { return vec![Action::GoConsole.into()] };
        let mut hints = vec![Action::ExportSummary.into(), Hint::labelled(Action::Edit, "edit first")];
        match model.sessions.focus {
            Focus::List => hints.push(Hint::labelled(Action::Focus, "read")),
            Focus::Preview => hints.insert(0, Hint::labelled(Action::Focus, "list")),
        }
        if session.ended.is_none() {
            hints.push(Action::Note.into());
            hints.push(Action::EndSession.into());
        }
        hints.push(Action::RenameSession.into());
        hints.push(Action::Copy.into());
        hints
    }
}
