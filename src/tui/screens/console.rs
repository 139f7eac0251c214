//! Console: what do you want to do, what needs you, what is running. One types at once; what is
//! typed is matched letter by letter, and Enter opens a card, never a run.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Error, ErrorKind, Millis, Result, RunId, SafeLine};
use crate::config::{Action, Context, Key};
use crate::matching::{Answer, Candidate, Chosen, Control, ControlAction, Decision, memory};
use crate::protocol::{Request, Response, Update};
use crate::run::{RunStatus, RunSummary, Session};
use crate::tui::Model;
use crate::tui::model::LinkState;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::{Choose, Item, Pick};
use crate::tui::overlays::confirm::Confirm;
use crate::tui::overlays::help::Help;
use crate::tui::screens::{Screen, ScreenId, registry, sessions};
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
    /// Which candidate is selected.
    candidate: usize,
    /// Phrases to try, each of which would match.
    examples: Vec<SafeLine>,
    /// A second opinion that is waited for, and how many were asked for before.
    opinion: opinion::State,
}

#[cfg(test)]
impl State {
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    pub fn selected(&self) -> usize {
        self.candidate
    }
}

mod draw;
mod opinion;

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

fn match_again(model: &mut Model) {
    let text = model.console.input.text().trim();
    let bank = model.bank.as_ref().filter(|_| !text.is_empty());
    let learned = model.mirror.learned(&model.facts.folder, model.now);
    model.console.answer = bank.map(|bank| bank.index.decide(text, learned));
    model.console.candidate = 0;
}

/// The same text, after something was learned: the selected candidate stays selected.
fn learned_meanwhile(model: &mut Model) {
    let selected = candidates(model).get(model.console.candidate).map(|c| c.id.clone());
    let was_first = model.console.candidate == 0;
    match_again(model);
    if !was_first && let Some(place) = candidates(model).iter().position(|c| Some(&c.id) == selected.as_ref())
    {
        model.console.candidate = place;
    }
}

/// Puts a phrase into the input line, as if it had been typed.
pub fn say(model: &mut Model, phrase: &str) -> Vec<Effect> {
    let effects = model.go(ScreenId::Console);
    model.console.input.set(phrase);
    model.console.focus = Focus::Input;
    match_again(model);
    effects
}

/// The candidates that are shown.
fn candidates(model: &Model) -> &[Candidate] {
    let all = model.console.answer.as_ref().map_or(&[][..], |a| &a.candidates);
    &all[..all.len().min(CANDIDATES)]
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
    let Some(answer) = model.console.answer.clone().filter(|_| !phrase.is_empty()) else {
        if model.bank.is_none() {
            model.say("The bank is still being read");
        }
        return Vec::new();
    };
    let chosen = model.console.candidate;
    if chosen > 0
        && let Some(candidate) = answer.candidates.get(chosen)
    {
        let instead = Some(Chosen::Instead);
        let reason = "you chose it from the list";
        return Confirm::open_chosen(model, &candidate.id, Some(&phrase), reason, instead);
    }
    match opinion::ask(model, &phrase, &answer) {
        Some(effects) => effects,
        None => decide(model, &phrase, answer, None),
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
        Decision::Ambiguous { choices } => {
            let asked = answer.candidates.get(..choices).unwrap_or(&answer.candidates);
            let items = asked.iter().map(|c| choice(model, c, asked, phrase)).collect();
            let question = format!("Which one do you mean?   “{phrase}”");
            let question = match said {
                Some(said) => said.in_question(model, phrase, &answer.candidates, &question, items),
                None => Choose::new(&question, items),
            };
            model.open(question);
            Vec::new()
        }
        Decision::None => {
            if let Some(offer) = said.as_ref().and_then(|s| s.offer(model, phrase, &answer.candidates)) {
                model.open(offer);
                return missed(model, phrase);
            }
            let error = Error::new(ErrorKind::NoMatch, format!("No workflow fits “{phrase}”"));
            let remark = said.as_ref().and_then(opinion::Said::remark);
            let error = remark.into_iter().fold(error, Error::cause);
            model.report(&match answer.candidates.first() {
                Some(near) => {
                    error.hint(format!("The nearest is {} {}: “{}”", near.id, near.name, near.text))
                }
                None => error.hint("Press alt-2 to see every workflow of the bank"),
            });
            missed(model, phrase)
        }
        Decision::Control(control) => {
            model.console.input.take();
            match_again(model);
            obey(model, &control)
        }
    }
}

/// Keeps a phrase that fits nothing, so that people see what the bank lacks. What is started for it after all
/// takes it off again.
fn missed(model: &Model, phrase: &str) -> Vec<Effect> {
    let is_kept = memory::kept(phrase).is_some() && matches!(model.link, LinkState::Connected);
    let request = || Request::Miss { phrase: phrase.to_owned(), folder: model.facts.folder.clone() };
    is_kept.then(|| Effect::ask(Asker::Verb, request())).into_iter().collect()
}

/// One of several workflows that could be meant, with what tells it from the others: its scope,
/// and what their authors say of it.
fn choice(model: &Model, candidate: &Candidate, asked: &[Candidate], phrase: &str) -> Item {
    let workflow = |id| model.bank.as_ref().and_then(|b| b.registry.get(id)).and_then(|e| e.workflow());
    let scope = workflow(&candidate.id).map(|w| SafeLine::new(&w.scope));
    let told =
        asked.iter().filter_map(|other| workflow(&other.id)?.says_of(&candidate.id)).map(SafeLine::new);
    Item {
        lead: SafeLine::new(candidate.id.as_str()),
        label: SafeLine::new(&candidate.name),
        details: scope.into_iter().chain(told).collect(),
        pick: Pick::Workflow {
            id: candidate.id.clone(),
            phrase: phrase.to_owned(),
            reason: candidate.reason.clone(),
        },
    }
}

/// Acts on what is at hand; never starts a run.
fn obey(model: &mut Model, control: &Control) -> Vec<Effect> {
    let action = match control.action {
        ControlAction::List => return model.go(ScreenId::Registry),
        ControlAction::Status => return model.go(ScreenId::Runs),
        ControlAction::Quit => return vec![Effect::Quit],
        ControlAction::Help => {
            let help = Help::of(model);
            model.open(help);
            return Vec::new();
        }
        ControlAction::Explain => {
            return match &control.workflow {
                Some(id) => registry::show(model, id),
                None => model.go(ScreenId::Registry),
            };
        }
        ControlAction::Cancel => Action::Cancel,
        ControlAction::Pause => Action::Pause,
        ControlAction::Resume => Action::Resume,
        ControlAction::Skip => Action::Skip,
        ControlAction::Back => Action::Back,
    };
    let meant = |r: &&RunSummary| control.workflow.as_ref().is_none_or(|id| &r.workflow == id);
    let fits = |r: &&RunSummary| match action {
        Action::Pause => r.status != RunStatus::Paused,
        Action::Resume => r.status == RunStatus::Paused,
        Action::Skip => r.need.is_some(),
        _ => true,
    };
    let runs: Vec<RunSummary> = model.mirror.live().filter(meant).filter(fits).cloned().collect();
    match runs.as_slice() {
        [] => {
            let about = control.workflow.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
            model.say(&format!("There is no run{about} to {}", action.label().trim_end_matches('…')));
            Vec::new()
        }
        [only] => {
            let id = only.run.clone();
            let mut effects = model.open_run(&id);
            if action == Action::Back && model.mirror.run(&id).is_none() {
                model.say("Choose the step to go back to on this screen");
            }
            effects.extend(verbs::perform(model, &id, action));
            effects
        }
        several => {
            let item = |r: &RunSummary| Item {
                lead: SafeLine::new(r.run.short()),
                label: SafeLine::new(&r.name),
                details: vec![SafeLine::new(&format!(
                    "{}, at {}  {}",
                    r.status.word(),
                    r.current_title,
                    r.subject
                ))],
                pick: Pick::Run { run: r.run.clone(), action },
            };
            let items = several.iter().map(item).collect();
            model.open(Choose::new(&format!("Which run: {}", action.label()), items));
            Vec::new()
        }
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
            return key.text().is_some_and(|c| c.is_alphabetic() || !c.is_ascii());
        }
        LineInput::takes(key)
    }

    fn on_key(&self, model: &mut Model, key: Key) -> Vec<Effect> {
        if model.console.opinion.is_waiting() {
            return opinion::interrupt(model, key);
        }
        let before = model.console.input.text().to_owned();
        model.console.input.key(key);
        if before != model.console.input.text() {
            match_again(model);
        }
        Vec::new()
    }

    fn on_paste(&self, model: &mut Model, text: &str) -> Vec<Effect> {
        model.console.focus = Focus::Input;
        model.console.input.insert(text.trim());
        match_again(model);
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
        let phrases = bank.iter().flat_map(|bank| {
            bank.registry.workflows().filter_map(|workflow| {
                let phrase = workflow.trigger_phrases.first()?;
                let answer = bank.index.decide(phrase, learned);
                let would_match =
                    answer.decision == Decision::Match && answer.candidates.first()?.id == workflow.id;
                would_match.then(|| SafeLine::new(phrase))
            })
        });
        model.console.examples = phrases.take(3).collect();
        match_again(model);
    }

    fn on_update(&self, model: &mut Model, update: &Update) -> Vec<Effect> {
        if matches!(update, Update::Learned(_)) {
            learned_meanwhile(model);
        }
        Vec::new()
    }

    fn on_mirror(&self, model: &mut Model) -> Vec<Effect> {
        learned_meanwhile(model);
        Vec::new()
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
        let nothing = candidates(model).is_empty() || model.console.focus == Focus::Lists;
        (action == Action::Complete && nothing).then(|| "There is nothing to complete".to_owned())
    }

    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>> {
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
            return vec![
                Hint::labelled(Action::Down, "lists"),
                Action::GoRegistry.into(),
                Action::GoRuns.into(),
            ];
        }
        vec![
            Hint::labelled(Action::Activate, "look at it"),
            Action::Complete.into(),
            Hint::labelled(Action::Down, "next match"),
            Hint::labelled(Action::Escape, "empty"),
        ]
    }
}

fn input_action(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let shown = candidates(model).len();
    let state = &mut model.console;
    match action {
        Action::Activate => return Some(enter(model)),
        Action::Complete => {
            let best = candidates(model).get(model.console.candidate)?.text.clone();
            model.console.input.set(&best);
            match_again(model);
        }
        Action::Up if state.input.is_empty() || state.input.is_recalled() => {
            state.input.older();
            match_again(model);
        }
        Action::Down if state.input.is_recalled() => {
            state.input.newer();
            match_again(model);
        }
        Action::Down | Action::Escape if state.input.is_empty() => focus_lists(model),
        Action::Up => state.candidate = state.candidate.saturating_sub(1),
        Action::Down => state.candidate = (state.candidate + 1).min(shown.saturating_sub(1)),
        Action::Focus | Action::FocusBack => focus_lists(model),
        Action::Escape => {
            state.input.clear();
            match_again(model);
        }
        _ => return None,
    }
    Some(Vec::new())
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
            return Some(model.open_run(&run));
        }
        _ if model.console.list.on_action(action, count) => {}
        _ => return None,
    }
    Some(Vec::new())
}

#[cfg(test)]
mod tests;
