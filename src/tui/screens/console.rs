//! Console: what do you want to do, what needs you, what is running. One types at once; what is
//! typed is matched letter by letter, and Enter opens a card, never a run.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Millis, Result, RunId, SafeLine, WorkflowId};
use crate::config::{Action, Context, Key, KeyCode};
use crate::matching::{Answer, Candidate, Chosen, Decision, PHRASE_LIMIT, memory, steady};
use crate::protocol::{Request, Response, Update};
use crate::run::{RunSummary, Session};
use crate::tui::Model;
use crate::tui::model::LinkState;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::Choose;
use crate::tui::overlays::confirm::Confirm;
use crate::tui::overlays::history::History;
use crate::tui::screens::console::ghost::{completion, ghost, shown_ghost, take_ghost};
use crate::tui::screens::{Screen, ScreenId, sessions};
use crate::tui::verbs;
use crate::tui::widgets::ListState;
use crate::tui::widgets::{Hint, LineInput};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Input,
    Lists,
}

#[derive(Debug, Default)]
pub struct State {
    pub input: LineInput,
    focus: Focus,
    /// Over all rows of all lists.
    list: ListState,
    /// What the index says of the text as it stands.
    answer: Option<Answer>,
    /// The candidate that was chosen with the arrows; typing takes the choice back.
    chosen: Option<usize>,
    /// What would follow behind the cursor.
    ghost: SafeLine,
    /// The phrase was entered and is to be no workflow that there is: Enter makes one of it.
    offer: Option<Offer>,
    /// What is to be done to a run once the whole of it is here.
    wish: Option<(RunId, Action)>,
    /// Phrases to try, each of which would match.
    examples: Vec<SafeLine>,
    /// A second opinion that is waited for, and how many were asked for before.
    opinion: opinion::State,
}

/// Why a new workflow is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    NoneFits,
    /// Several were asked about, and it is none of them.
    NoneOfThese,
}

pub mod control;
mod draw;
mod examples;
mod ghost;
pub mod opinion;
pub mod why;

#[cfg(test)]
impl State {
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    pub fn selected(&self) -> usize {
        self.chosen.unwrap_or_default()
    }
}

pub struct Console;

/// How many candidates and sessions are shown.
const CANDIDATES: usize = 5;
const SESSIONS: usize = 5;

/// Something in the lists that one can open.
enum Target<'a> {
    Run(&'a RunSummary),
    Session(&'a Session),
    Example(&'a SafeLine),
}

pub fn focus_input(model: &mut Model) {
    model.console.focus = Focus::Input;
}

/// A phrase that has come as a whole: nothing of the list before is kept.
fn match_again(model: &mut Model) {
    match_after(model, &[]);
}

/// The same phrase, typed on: candidates that fit about equally keep their places.
fn match_on(model: &mut Model) {
    let before: Vec<WorkflowId> = candidates(model).iter().map(|c| c.id.clone()).collect();
    match_after(model, &before);
}

/// The same text, after something else has changed: what was chosen stays chosen.
fn match_anew(model: &mut Model) {
    let chosen = model.console.chosen.and_then(|n| candidates(model).get(n)).map(|c| c.id.clone());
    let offer = model.console.offer;
    match_on(model);
    if let Some(id) = chosen {
        model.console.chosen = candidates(model).iter().position(|c| c.id == id);
        model.console.ghost = ghost(model);
    }
    if !is_meant(&model.console) {
        model.console.offer = offer;
    }
}

fn match_after(model: &mut Model, before: &[WorkflowId]) {
    let text = model.console.input.text().trim();
    let bank = model.bank.as_ref().filter(|_| !text.is_empty());
    let learned = model.mirror.learned(&model.facts.folder, model.now);
    let answer = bank.map(|bank| steady(bank.index.decide(text, learned), before));
    model.console.answer = answer;
    model.console.chosen = None;
    model.console.offer = None;
    model.console.ghost = ghost(model);
}

/// Puts a phrase into the input line, as if it had been typed.
pub fn say(model: &mut Model, phrase: &str) -> Vec<Effect> {
    let effects = model.go(ScreenId::Console);
    model.console.input.set(phrase);
    model.console.focus = Focus::Input;
    match_again(model);
    effects
}

/// A key that edits the phrase, here or in the question about it.
pub fn type_key(model: &mut Model, key: Key) {
    let before = model.console.input.text().to_owned();
    let changed = model.console.input.key(key);
    if before != model.console.input.text() {
        match_on(model);
    } else if !changed && key.text().is_some() {
        say_too_long(model);
    }
}

/// Text from elsewhere, put into the phrase.
pub fn type_text(model: &mut Model, text: &str) {
    let whole = model.console.input.put(text.trim());
    match_again(model);
    if !whole {
        say_too_long(model);
    }
}

fn say_too_long(model: &mut Model) {
    model.say(&format!("A phrase may have {PHRASE_LIMIT} bytes; there is no room for more"));
}

/// The phrase as it stands.
pub fn phrase(model: &Model) -> &str {
    model.console.input.text().trim()
}

/// The phrase in a line of its own, with the cursor and what would follow it.
pub fn draw_phrase(model: &Model, frame: &mut Frame, area: Rect) {
    draw::draw_phrase(model, frame, area, true);
}

/// What the phrase means as it stands.
pub fn answer(model: &Model) -> Option<&Answer> {
    model.console.answer.as_ref()
}

/// It is none of those that were asked about: a new workflow is offered.
pub fn none_of_these(model: &mut Model) {
    model.console.focus = Focus::Input;
    model.console.chosen = None;
    model.console.offer = Some(Offer::NoneOfThese);
}

/// The candidates that are shown.
fn candidates(model: &Model) -> &[Candidate] {
    let all = model.console.answer.as_ref().map_or(&[][..], |a| &a.candidates);
    &all[..all.len().min(CANDIDATES)]
}

/// The candidate that Enter opens; `None` where Enter asks, offers or obeys.
fn pointed(model: &Model) -> Option<usize> {
    let state = &model.console;
    let first = (is_meant(state) && state.offer.is_none()).then_some(0);
    state.chosen.or(first).filter(|n| *n < candidates(model).len())
}

/// The sessions below the lists: those that have ended, newest first.
fn past_sessions(model: &Model) -> impl Iterator<Item = &Session> {
    model.mirror.sessions.iter().filter(|s| s.ended.is_some()).take(SESSIONS)
}

/// Nothing has been done here yet.
fn is_new(model: &Model) -> bool {
    model.mirror.newest().is_empty() && past_sessions(model).next().is_none()
}

fn targets(model: &Model) -> Vec<Target<'_>> {
    if is_new(model) {
        return model.console.examples.iter().map(Target::Example).collect();
    }
    let runs = model.mirror.needs().into_iter().chain(model.mirror.working()).map(Target::Run);
    runs.chain(past_sessions(model).map(Target::Session)).collect()
}

/// Does what the text asks for: opens a card or a question, or acts on what is at hand.
fn enter(model: &mut Model) -> Vec<Effect> {
    let phrase = model.console.input.text().trim().to_owned();
    if phrase.is_empty() {
        model.say("Say what you want to do, in your own words; ? shows the keys");
        return Vec::new();
    }
    let Some(answer) = model.console.answer.clone() else {
        model.say("The bank is still being read");
        return Vec::new();
    };
    let mut effects: Vec<Effect> =
        model.console.input.remember().map(Effect::KeepPhrase).into_iter().collect();
    effects.extend(act(model, &phrase, answer));
    effects
}

fn act(model: &mut Model, phrase: &str, answer: Answer) -> Vec<Effect> {
    if let Some((n, candidate)) = model.console.chosen.and_then(|n| Some((n, answer.candidates.get(n)?))) {
        let choices = match answer.decision {
            Decision::Ambiguous { choices } => choices,
            _ => 0,
        };
        if n > 0 || answer.decision != Decision::Match {
            // One of those that would have been asked about is the answer to that question.
            let how = if n < choices { Chosen::Asked } else { Chosen::Instead };
            let reason = "you chose it from the list";
            return Confirm::open_chosen(model, &candidate.id, Some(phrase), reason, Some(how));
        }
    }
    if model.console.offer.is_some() {
        return new_workflow(model);
    }
    match opinion::ask(model, phrase, &answer) {
        Some(effects) => effects,
        None => decide(model, phrase, answer, None),
    }
}

/// Does what the decision says; `said` is what somebody else thinks of it.
fn decide(model: &mut Model, phrase: &str, answer: Answer, said: Option<opinion::Said>) -> Vec<Effect> {
    match answer.decision {
        Decision::Match => match answer.candidates.first() {
            Some(best) => {
                let again = best.learned.then_some(Chosen::Confirmed);
                Confirm::open_chosen(model, &best.id, Some(phrase), &best.reason, again)
            }
            None => Vec::new(),
        },
        Decision::Ambiguous { .. } => {
            Choose::ask_which(model, said);
            Vec::new()
        }
        Decision::None => {
            model.console.opinion.remark = said.as_ref().and_then(opinion::Said::remark).cloned();
            match said.filter(|said| said.suggests().is_some()) {
                Some(said) => Choose::offer(model, said),
                None if perhaps(&answer) => Choose::ask_if(model),
                None => model.console.offer = Some(Offer::NoneFits),
            }
            missed(model, phrase)
        }
        Decision::Control(control) => match control::obey(model, &control) {
            Some(effects) => {
                model.console.input.take();
                match_again(model);
                effects
            }
            None => Vec::new(),
        },
    }
}

/// From this likelihood on the nearest workflow is asked about, though most likely none or another one is meant.
const PERHAPS: f64 = 0.45;

/// Whether no workflow is meant for sure, but the nearest one perhaps.
fn perhaps(answer: &Answer) -> bool {
    answer.decision == Decision::None && answer.candidates.first().is_some_and(|near| near.score >= PERHAPS)
}

/// Keeps a phrase that fits nothing, so that people see what the bank lacks. What is started for it after all
/// takes it off again.
fn missed(model: &Model, phrase: &str) -> Vec<Effect> {
    let is_kept = memory::kept(phrase).is_some() && matches!(model.link, LinkState::Connected);
    let request = || Request::Miss { phrase: phrase.to_owned(), folder: model.facts.folder.clone() };
    is_kept.then(|| Effect::ask(Asker::Verb, request())).into_iter().collect()
}

/// Makes a workflow of the phrase; the editor opens once the file is there.
fn new_workflow(model: &mut Model) -> Vec<Effect> {
    let phrase = model.console.input.text().trim().to_owned();
    model.console.offer = None;
    vec![Effect::NewWorkflow { phrase }]
}

/// Why no workflow can be made of the phrase now.
fn refuses_new(model: &Model) -> Option<String> {
    let Some(answer) = &model.console.answer else {
        return Some("Say first what the new workflow is for".to_owned());
    };
    match (&answer.decision, answer.candidates.first()) {
        (Decision::Match, Some(best)) => {
            Some(format!("{} fits this phrase: a new workflow needs another", best.id))
        }
        (Decision::Control(_), _) => {
            Some("This is said to the console: a workflow needs another phrase".to_owned())
        }
        _ => None,
    }
}

impl Screen for Console {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Console, Context::List]
    }

    fn takes(&self, model: &Model, key: Key) -> bool {
        if model.console.opinion.is_waiting() {
            return true;
        }
        if model.console.focus != Focus::Input {
            return false;
        }
        if model.console.input.is_empty() {
            // Digits, `?`, `:` and `/` do what they do everywhere, as long as nothing is typed.
            // What begins with a space is not kept in the history.
            return key.text().is_some_and(|c| c.is_alphabetic() || c == ' ' || !c.is_ascii());
        }
        LineInput::takes(key)
    }

    fn on_key(&self, model: &mut Model, key: Key) -> Vec<Effect> {
        if model.console.opinion.is_waiting() {
            return opinion::interrupt(model, key);
        }
        let onward = key == Key::plain(KeyCode::Right) || key == Key::ctrl('f');
        if !(onward && take_ghost(model)) {
            type_key(model, key);
        }
        Vec::new()
    }

    fn on_paste(&self, model: &mut Model, text: &str) -> Vec<Effect> {
        model.console.focus = Focus::Input;
        type_text(model, text);
        opinion::cancel(model)
    }

    fn on_answer(&self, model: &mut Model, request: &Request, result: Result<Response>) -> Vec<Effect> {
        opinion::answered(model, request, result)
    }

    fn next_tick(&self, model: &Model) -> Option<Millis> {
        opinion::next_tick(model)
    }

    fn on_tick(&self, model: &mut Model) -> Vec<Effect> {
        opinion::on_tick(model)
    }

    fn on_bank(&self, model: &mut Model) {
        let bank = model.bank.clone();
        let learned = model.mirror.learned(&model.facts.folder, model.now);
        model.console.examples = bank.iter().flat_map(|bank| examples::of(bank, learned)).collect();
        match_anew(model);
    }

    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        if matches!(update, Update::Learned(_)) {
            match_anew(model);
        }
        Vec::new()
    }

    fn on_mirror(&self, model: &mut Model) -> Vec<Effect> {
        match_anew(model);
        control::fulfil(model)
    }

    fn run_at_hand(&self, model: &Model) -> Option<RunId> {
        if model.console.focus != Focus::Lists {
            return None;
        }
        match targets(model).get(model.console.list.selected) {
            Some(Target::Run(row)) => Some(row.run.clone()),
            _ => None,
        }
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        match action {
            Action::Complete => {
                let whole = completion(model).is_none() || model.console.focus == Focus::Lists;
                whole.then(|| "There is nothing to complete".to_owned())
            }
            Action::NewWorkflow => refuses_new(model),
            Action::History if model.console.input.history().is_empty() => {
                Some("No phrase was entered yet".to_owned())
            }
            _ => None,
        }
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
        match action {
            Action::NewWorkflow => return Some(new_workflow(model)),
            Action::History => {
                History::open(model);
                return Some(Vec::new());
            }
            _ => {}
        }
        match model.console.focus {
            Focus::Input => input_action(model, action),
            Focus::Lists => list_action(model, action),
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        draw::draw(model, frame, area);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        if model.console.opinion.is_waiting() {
            return vec![
                Hint::labelled(Action::Activate, "without it"),
                Hint::labelled(Action::Escape, "back"),
            ];
        }
        if model.console.focus == Focus::Lists {
            return match targets(model).get(model.console.list.selected) {
                Some(Target::Example(_)) => {
                    vec![Hint::labelled(Action::Activate, "try it"), Action::Input.into()]
                }
                Some(_) => {
                    vec![Action::Activate.into(), Action::Input.into(), Hint::labelled(Action::Down, "move")]
                }
                None => vec![Action::Input.into()],
            };
        }
        if model.console.input.is_empty() {
            let mut hints = vec![Hint::labelled(Action::Down, "lists")];
            if !model.console.input.history().is_empty() {
                hints.push(Action::History.into());
            }
            hints.extend([Hint::new(Action::GoRegistry), Hint::new(Action::GoRuns)]);
            return hints;
        }
        let mut hints = Vec::new();
        let enter = match model.console.answer.as_ref().map(|a| &a.decision) {
            _ if pointed(model).is_some() => "look at it",
            _ if model.console.offer.is_some() => "make a workflow",
            Some(Decision::Ambiguous { .. }) => "say which",
            _ if model.console.answer.as_ref().is_some_and(perhaps) => "say whether",
            Some(Decision::Control(said)) if control::is_idle(model, said) => "",
            Some(Decision::Control(_)) => "do it",
            _ => "what now",
        };
        if !enter.is_empty() {
            hints.push(Hint::labelled(Action::Activate, enter));
        }
        if completion(model).is_some() {
            hints.push(Action::Complete.into());
        }
        if pointed(model).unwrap_or_default() + 1 < candidates(model).len() && !is_control(model) {
            let down = if pointed(model).is_some() { "next match" } else { "choose" };
            hints.push(Hint::labelled(Action::Down, down));
        }
        let back = if model.console.offer.is_some() { "not now" } else { "empty" };
        hints.push(Hint::labelled(Action::Escape, back));
        hints
    }
}

fn is_control(model: &Model) -> bool {
    matches!(model.console.answer.as_ref().map(|a| &a.decision), Some(Decision::Control(_)))
}

fn input_action(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let pointed = pointed(model);
    let shown = if is_control(model) { 0 } else { candidates(model).len() };
    let state = &mut model.console;
    match action {
        Action::Activate => return Some(enter(model)),
        Action::Complete => {
            let words = completion(model)?;
            model.console.input.set(&words);
            match_again(model);
        }
        Action::Down if state.input.is_recalled() => {
            state.input.newer();
            match_again(model);
        }
        Action::Down | Action::Escape if state.input.is_empty() => focus_lists(model),
        Action::Up => match state.chosen {
            Some(n) if n > 0 => choose(model, Some(n - 1)),
            Some(_) if !is_meant(state) => choose(model, None),
            _ => {
                if !state.input.older() && state.input.history().is_empty() {
                    model.say("No phrase was entered yet");
                }
                match_again(model);
            }
        },
        Action::Down if shown > 0 => choose(model, Some(pointed.map_or(0, |n| (n + 1).min(shown - 1)))),
        Action::Down => {}
        Action::Focus | Action::FocusBack => focus_lists(model),
        Action::Escape if state.offer.is_some() => state.offer = None,
        Action::Escape => {
            // The history has it back.
            state.input.take();
            match_again(model);
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// One workflow is meant, so that the list begins with it selected.
fn is_meant(state: &State) -> bool {
    matches!(state.answer.as_ref().map(|a| &a.decision), Some(Decision::Match))
}

fn choose(model: &mut Model, candidate: Option<usize>) {
    model.console.chosen = candidate;
    model.console.offer = None;
    model.console.ghost = ghost(model);
}

fn focus_lists(model: &mut Model) {
    let count = targets(model).len();
    if count > 0 {
        model.console.focus = Focus::Lists;
        model.console.list.clamp(count);
    }
}

fn list_action(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let count = targets(model).len();
    model.console.list.clamp(count);
    let selected = model.console.list.selected;
    match action {
        Action::Up if selected == 0 => model.console.focus = Focus::Input,
        Action::Focus | Action::FocusBack | Action::Input => model.console.focus = Focus::Input,
        Action::Activate => {
            let run = match targets(model).get(selected) {
                Some(Target::Run(row)) => row.run.clone(),
                Some(Target::Session(session)) => {
                    let id = session.id.clone();
                    sessions::pick(model, &id);
                    return Some(model.go(ScreenId::Sessions));
                }
                Some(Target::Example(phrase)) => {
                    let phrase = (*phrase).clone();
                    return Some(say(model, phrase.as_str()));
                }
                None => return None,
            };
            // What a child run asks is answered there.
            let run = verbs::child::asker(model, &run);
            return Some(model.open_run(&run));
        }
        _ if model.console.list.on_action(action, count) => {}
        _ => return None,
    }
    Some(Vec::new())
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod phrase_tests;
