//! The second opinion at the Console: asked at Enter where the decision is not sure, waited for with
//! one line on the screen, ended by any key. What is said becomes a suggestion inside the question;
//! only a person chooses.

use ratatui::text::{Line, Span};

use super::decide;
use crate::base::{Error, Millis, Result, SafeLine, Timestamp, WorkflowId};
use crate::config::{Action, Key, SecondOpinion};
use crate::matching::{Answer, Question};
use crate::protocol::{Request, Response};
use crate::tui::Model;
use crate::tui::model::short;
use crate::tui::msg::{Asker, Effect};
use crate::tui::screens::ScreenId;
use crate::tui::update;
use crate::tui::widgets::text::span;

/// How much longer than agreed the engine is waited for: to be started, and to answer.
const PATIENCE: Millis = Millis(1_000);
const FRAME: Millis = Millis(250);

#[derive(Debug, Default)]
pub struct State {
    waiting: Option<Waiting>,
    asked: u64,
    /// Why nothing was suggested where no workflow fits.
    pub remark: Option<SafeLine>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    phrase: String,
    answer: Answer,
    asked: SecondOpinion,
    since: Timestamp,
}

/// What came of asking.
#[derive(Debug, Clone)]
pub enum Said {
    Suggests(Suggestion),
    /// None of them, or no usable answer: the sentence that says so.
    Nothing(SafeLine),
}

#[derive(Debug, Clone)]
pub struct Suggestion {
    pub id: WorkflowId,
    by: String,
    /// May be empty.
    reason: String,
}

impl State {
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }
}

/// Begins to ask, where somebody is configured and there is something to ask about.
pub fn ask(model: &mut Model, phrase: &str, answer: &Answer) -> Option<Vec<Effect>> {
    let asked = model.facts.second_opinion.clone()?;
    let bank = model.bank.clone()?;
    let workflow = |id: &WorkflowId| bank.registry.get(id).and_then(|e| e.workflow()).map(AsRef::as_ref);
    let question = Box::new(Question::about(phrase, answer, workflow)?);
    let state = &mut model.console.opinion;
    state.asked += 1;
    let number = state.asked;
    let (phrase, answer, since) = (phrase.to_owned(), answer.clone(), model.now);
    state.waiting = Some(Waiting { number, phrase, answer, asked, since });
    Some(vec![to_engine(Request::Opinion { number, question })])
}

fn to_engine(request: Request) -> Effect {
    Effect::ask(Asker::Screen(ScreenId::Console), request)
}

/// Waits no longer, and does nothing else.
pub fn cancel(model: &mut Model) -> Vec<Effect> {
    let waiting = model.console.opinion.waiting.take();
    waiting.into_iter().map(|w| to_engine(Request::CancelOpinion { number: w.number })).collect()
}

/// A key ends the waiting. Enter goes on without the opinion, Escape goes back to the line, and any
/// other key does what it always does.
pub fn interrupt(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(waiting) = model.console.opinion.waiting.take() else { return Vec::new() };
    let mut effects = vec![to_engine(Request::CancelOpinion { number: waiting.number })];
    let actions = model.keymap.actions(key, &model.contexts());
    if actions.contains(&Action::Activate) {
        effects.extend(decide(model, &waiting.phrase, waiting.answer, None));
    } else if !actions.contains(&Action::Escape) {
        effects.extend(update::on_key(model, key));
    }
    effects
}

/// What the engine brought. An answer to a question that is no longer waited for changes nothing.
pub fn answered(model: &mut Model, request: &Request, result: Result<Response>) -> Vec<Effect> {
    let Request::Opinion { number, .. } = request else { return Vec::new() };
    let Some(waiting) = model.console.opinion.waiting.take_if(|w| w.number == *number) else {
        return Vec::new();
    };
    let name = &waiting.asked.name;
    let said = match result {
        Ok(Response::Opinion(opinion)) => match opinion.id {
            Some(id) if waiting.answer.candidates.iter().any(|c| c.id == id) => {
                Said::Suggests(Suggestion { id, by: name.clone(), reason: opinion.reason })
            }
            Some(id) => {
                Said::Nothing(SafeLine::new(&format!("{name} named {id}, which it was not asked about")))
            }
            None => Said::Nothing(SafeLine::new(&with_reason(
                &format!("{name} says none of these"),
                &opinion.reason,
            ))),
        },
        Ok(_) => Said::Nothing(SafeLine::new(&format!("{name} gave no usable answer"))),
        Err(error) => Said::Nothing(sentence(&error)),
    };
    decide(model, &waiting.phrase, waiting.answer, Some(said))
}

fn with_reason(says: &str, reason: &str) -> String {
    if reason.is_empty() { says.to_owned() } else { format!("{says}: {reason}") }
}

fn sentence(error: &Error) -> SafeLine {
    let told: Vec<&str> = std::iter::once(&error.message).chain(&error.causes).map(String::as_str).collect();
    SafeLine::new(&told.join(": "))
}

pub fn next_tick(model: &Model) -> Option<Millis> {
    model.console.opinion.waiting.as_ref().map(|_| FRAME)
}

/// Where even the engine says nothing, the person is not kept waiting.
pub fn on_tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let is_over = |w: &mut Waiting| now.since(w.since) > w.asked.within.plus(PATIENCE);
    let Some(waiting) = model.console.opinion.waiting.take_if(is_over) else { return Vec::new() };
    let mut effects = vec![to_engine(Request::CancelOpinion { number: waiting.number })];
    let told = format!("{} gave no answer within {}", waiting.asked.name, waiting.asked.within);
    let said = Said::Nothing(SafeLine::new(&told));
    effects.extend(decide(model, &waiting.phrase, waiting.answer, Some(said)));
    effects
}

/// Who is asked, and for how long.
pub fn line(model: &Model) -> Option<Line<'static>> {
    let look = &model.look;
    let waiting = model.console.opinion.waiting.as_ref()?;
    let spinner = look.spinner(model.now.0 / 250);
    let so_far = short(model.now.since(waiting.since));
    let line = Line::from(vec![
        Span::styled(format!("{spinner} "), look.accent()),
        span(&SafeLine::new(&format!("asking {} which one is meant", waiting.asked.name)), look.text()),
        Span::styled(format!("   {so_far} of {}", waiting.asked.within), look.muted()),
    ]);
    Some(line)
}

impl Said {
    pub fn suggests(&self) -> Option<&Suggestion> {
        match self {
            Self::Suggests(suggestion) => Some(suggestion),
            Self::Nothing(_) => None,
        }
    }

    /// Why nothing is suggested.
    pub fn remark(&self) -> Option<&SafeLine> {
        match self {
            Self::Nothing(told) => Some(told),
            Self::Suggests(_) => None,
        }
    }
}

impl Suggestion {
    /// For the question.
    pub fn says(&self) -> SafeLine {
        SafeLine::new(&with_reason(&format!("says {}", self.by), &self.reason))
    }

    /// For the card: it, too, says whose suggestion it was.
    pub fn because(&self) -> String {
        with_reason(&format!("{} suggested it", self.by), &self.reason)
    }
}

#[cfg(test)]
mod tests;
