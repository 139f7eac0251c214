//! Console: what do you want to do, what needs you, what is running. One types at once; what is
//! typed is matched letter by letter, and Enter opens a card, never a run.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use crate::base::{Error, ErrorKind, Millis, RunId, SafeLine};
use crate::config::{Action, Context, Key, Role};
use crate::matching::{Answer, Candidate, Control, ControlAction, Decision};
use crate::run::{RunStatus, RunSummary, Session};
use crate::tui::Model;
use crate::tui::model::short;
use crate::tui::msg::Effect;
use crate::tui::overlays::choose::{Choose, Item, Pick};
use crate::tui::overlays::confirm::Confirm;
use crate::tui::overlays::help::Help;
use crate::tui::screens::{Screen, ScreenId, registry, sessions};
use crate::tui::verbs;
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::text::{span, untrusted, wrap};
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

fn match_again(model: &mut Model) {
    let text = model.console.input.text().trim();
    let bank = model.bank.as_ref().filter(|_| !text.is_empty());
    model.console.answer = bank.map(|bank| bank.index.decide(text));
    model.console.candidate = 0;
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
        return Confirm::open(model, &candidate.id, Some(&phrase), "you chose it from the list");
    }
    match answer.decision {
        Decision::Match => match answer.candidates.first() {
            Some(best) => Confirm::open(model, &best.id, Some(&phrase), &best.reason),
            None => Vec::new(),
        },
        Decision::Ambiguous { choices } => {
            let items = answer.candidates.iter().take(choices).map(|c| choice(model, c, &phrase)).collect();
            model.open(Choose::new(&format!("Which one do you mean?   “{phrase}”"), items));
            Vec::new()
        }
        Decision::None => {
            let error = Error::new(ErrorKind::NoMatch, format!("No workflow fits “{phrase}”"));
            model.report(&match answer.candidates.first() {
                Some(near) => error.hint(format!("The nearest is {} {}: “{}”", near.id, near.name, near.text)),
                None => error.hint("Press alt-2 to see every workflow of the bank"),
            });
            Vec::new()
        }
        Decision::Control(control) => {
            model.console.input.take();
            match_again(model);
            obey(model, &control)
        }
    }
}

/// One of several workflows that could be meant, with what tells it from the others.
fn choice(model: &Model, candidate: &Candidate, phrase: &str) -> Item {
    let entry = model.bank.as_ref().and_then(|b| b.registry.get(&candidate.id));
    let scope = entry.and_then(|e| e.workflow()).map(|w| w.scope.clone()).unwrap_or_default();
    Item {
        lead: SafeLine::new(candidate.id.as_str()),
        label: SafeLine::new(&candidate.name),
        detail: SafeLine::new(&scope),
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
                detail: SafeLine::new(&format!("{}, at {}  {}", r.status.word(), r.current_title, r.subject)),
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
        Vec::new()
    }

    fn on_bank(&self, model: &mut Model) {
        let bank = model.bank.clone();
        let phrases = bank.iter().flat_map(|bank| {
            bank.registry.workflows().filter_map(|workflow| {
                let phrase = workflow.trigger_phrases.first()?;
                let answer = bank.index.decide(phrase);
                let would_match =
                    answer.decision == Decision::Match && answer.candidates.first()?.id == workflow.id;
                would_match.then(|| SafeLine::new(phrase))
            })
        });
        model.console.examples = phrases.take(3).collect();
        match_again(model);
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
        draw(model, frame, area);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        if model.console.focus == Focus::Lists {
            return match targets(model).get(model.console.list.selected) {
                Some(Target::Example(_)) => vec![Hint::labelled(Action::Activate, "try it"), Action::Input.into()],
                Some(_) => vec![Action::Activate.into(), Action::Input.into(), Hint::labelled(Action::Down, "move")],
                None => vec![Action::Input.into()],
            };
        }
        if model.console.input.is_empty() {
            return vec![Hint::labelled(Action::Down, "lists"), Action::GoRegistry.into(), Action::GoRuns.into()];
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
        Action::Down if state.input.is_empty() => focus_lists(model),
        Action::Up => state.candidate = state.candidate.saturating_sub(1),
        Action::Down => state.candidate = (state.candidate + 1).min(shown.saturating_sub(1)),
        Action::Focus | Action::FocusBack => focus_lists(model),
        Action::Escape if state.input.is_empty() => focus_lists(model),
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
                    model.console.input.set(phrase.as_str());
                    model.console.focus = Focus::Input;
                    match_again(model);
                    return Some(Vec::new());
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

fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let below = draw_input(model, frame, area);
    let below = draw_answer(model, frame, below);
    if is_new(model) {
        draw_new(model, frame, below);
    } else {
        draw_lists(model, frame, below);
    }
}

fn take_rows(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// The input line in its box; gives what is left below.
fn draw_input(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let look = &model.look;
    let focused = model.console.focus == Focus::Input;
    let (place, below) = take_rows(area, 3);
    let boxed = Rect { x: place.x + 1.min(place.width), width: place.width.saturating_sub(2), ..place };
    let block = Block::bordered()
        .border_set(look.border_set())
        .border_style(look.border(focused))
        .title_top(Line::styled(" What do you want to do? ", if focused { look.strong() } else { look.subtext() }));
    let inner = block.inner(boxed);
    frame.render_widget(block, boxed);
    if inner.width < 6 || inner.height == 0 {
        return below;
    }
    frame.render_widget(Line::styled(format!(" {}", look.glyph("›", ">")), look.accent()), Rect { width: 2, ..inner });
    let field = Rect { x: inner.x + 3, width: inner.width - 4, ..inner };
    if model.console.input.is_empty() {
        frame.render_widget(Line::styled("say it in your own words", look.muted()), field);
    }
    model.console.input.draw(frame, field, look.text(), focused && model.layers.is_empty());
    below
}

/// What the text means so far.
fn draw_answer(model: &Model, frame: &mut Frame, area: Rect) -> Rect {
    let look = &model.look;
    let Some(answer) = &model.console.answer else { return take_rows(area, 1).1 };
    let verdict = match &answer.decision {
        Decision::Match => None,
        Decision::Ambiguous { choices } => Some(format!("{choices} could be meant: Enter asks which")),
        Decision::None if answer.candidates.is_empty() => Some("No workflow of the bank fits this".to_owned()),
        Decision::None => Some("No workflow fits this yet; the nearest are".to_owned()),
        Decision::Control(control) => Some(format!("To the console: {}", told(control))),
    };
    let mut area = area;
    if let Some(verdict) = verdict {
        let (row, below) = take_rows(area, 1);
        let line = Line::from(vec![Span::raw("   "), untrusted(&verdict, look.subtext())]);
        frame.render_widget(line, row);
        area = below;
    }
    if matches!(answer.decision, Decision::Control(_)) {
        return take_rows(area, 1).1;
    }
    let rows: Vec<Row> = candidates(model).iter().map(|c| candidate_row(model, c)).collect();
    let (place, below) = take_rows(area, rows.len() as u16);
    let place = Rect { x: place.x + 1.min(place.width), width: place.width.saturating_sub(2), ..place };
    let columns = [
        Column::fit(20).essential(),
        Column::fill(),
        Column::fit(34),
        Column::fit(30),
        Column::fit(5).right(),
    ];
    let state = ListState::at(model.console.candidate);
    list::draw(frame, place, look, &columns, &rows, &state, Some(model.console.focus == Focus::Input));
    take_rows(below, 1).1
}

fn told(control: &Control) -> String {
    let about = control.workflow.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    match control.action {
        ControlAction::Cancel => format!("cancel the run{about}"),
        ControlAction::Pause => format!("pause the run{about}"),
        ControlAction::Resume => format!("resume the run{about}"),
        ControlAction::List => "show every workflow".to_owned(),
        ControlAction::Explain => format!("explain{about}"),
        ControlAction::Help => "show the keys".to_owned(),
        ControlAction::Status => "show the runs".to_owned(),
        ControlAction::Skip => format!("skip the step{about}"),
        ControlAction::Back => format!("go back a step{about}"),
        ControlAction::Quit => "leave".to_owned(),
    }
}

fn candidate_row(model: &Model, candidate: &Candidate) -> Row {
    let look = &model.look;
    // Cleaning may drop characters, which would move the lit positions; such text is shown unlit.
    let safe = SafeLine::new(&candidate.text);
    let lit = if safe.as_str() == candidate.text { &candidate.lit[..] } else { &[] };
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (at, c) in safe.as_str().chars().enumerate() {
        let style = if lit.contains(&at) { look.lit() } else { look.muted() };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(c),
            _ => spans.push(Span::styled(c.to_string(), style)),
        }
    }
    // The phrase's own trigger is shown lit already.
    let reason = SafeLine::new(&candidate.reason);
    Row::new(vec![
        Line::from(untrusted(candidate.id.as_str(), look.accent())),
        Line::from(untrusted(&candidate.name, look.text())),
        Line::from(spans),
        Line::from(span(&reason, look.subtext())),
        Line::styled(format!("{:.2}", candidate.score), look.muted()),
    ])
}

/// Nothing has been done yet: what to try, what a session is, where the bank lies.
fn draw_new(model: &Model, frame: &mut Frame, area: Rect) {
    let look = &model.look;
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    if model.bank.is_none() {
        frame.render_widget(Line::styled("  Reading the bank…", look.muted()), take_rows(area, 1).0);
        return;
    }
    let (head, below) = take_rows(area, 1);
    frame.render_widget(Line::styled("  Try one of these", look.heading()), head);
    let rows: Vec<Row> =
        model.console.examples.iter().map(|e| Row::new(vec![Line::from(span(e, look.text()))])).collect();
    let (place, below) = take_rows(below, rows.len() as u16);
    let focused = model.console.focus == Focus::Lists;
    list::draw(frame, place, look, &[Column::fill()], &rows, &model.console.list, Some(focused));
    let (_, mut below) = take_rows(below, 1);
    let count = model.bank.as_ref().map_or(0, |b| b.registry.workflows().count());
    let told = [
        "A session gathers the runs, notes and decisions of one stretch of your work; its summary writes itself."
            .to_owned(),
        format!(
            "The bank: {count} workflows. Your own lie in {}, a project's in {}.",
            model.facts.workflows, model.facts.project_workflows
        ),
    ];
    for sentence in told {
        let line = Line::from(vec![Span::raw("  "), untrusted(&sentence, look.muted())]);
        for line in wrap(&line, usize::from(below.width), 2) {
            let (row, rest) = take_rows(below, 1);
            frame.render_widget(line, row);
            below = rest;
        }
    }
}

fn draw_lists(model: &Model, frame: &mut Frame, area: Rect) {
    let needs: Vec<Row> = model.mirror.needs().iter().map(|r| need_row(model, r)).collect();
    let working: Vec<Row> = model.mirror.working().iter().map(|r| working_row(model, r)).collect();
    let sessions: Vec<Row> = past_sessions(model).map(|s| session_row(model, s)).collect();
    let sections = [("Needs you", needs), ("Running", working), ("Sessions", sessions)];
    let selected = model.console.list.selected;
    let focused = model.console.focus == Focus::Lists;
    let mut below = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let shown: Vec<_> = sections.into_iter().filter(|(name, rows)| !rows.is_empty() || *name == "Needs you").collect();
    let mut first = 0;
    for (n, (name, rows)) in shown.iter().enumerate() {
        // What comes after keeps a heading and a line each.
        let later = 3 * (shown.len() - n - 1) as u16;
        let has = selected >= first && selected < first + rows.len();
        let (head, rest) = take_rows(below, 1);
        heading(model, frame, head, name, rows.len());
        if rows.is_empty() {
            let (row, rest) = take_rows(rest, 1);
            frame.render_widget(Line::styled("  Nothing waits for you.", model.look.muted()), row);
            below = take_rows(rest, 1).1;
            continue;
        }
        let room = rest.height.saturating_sub(later + 1).max(2);
        let (place, rest) = take_rows(rest, (rows.len() as u16).min(room));
        let state = ListState::at(selected.saturating_sub(first).min(rows.len() - 1));
        let columns: &[Column] = if *name == "Sessions" { &SESSION_COLUMNS } else { &RUN_COLUMNS };
        list::draw(frame, place, &model.look, columns, rows, &state, Some(focused && has));
        below = take_rows(rest, 1).1;
        first += rows.len();
    }
}

const RUN_COLUMNS: [Column; 7] = [
    Column::fit(12).essential(),
    Column::fit(20),
    Column::fit(7).right(),
    Column::fill(),
    Column::fit(24),
    Column::fit(9).right(),
    Column::fit(14),
];

const SESSION_COLUMNS: [Column; 4] = [Column::fit(14).right(), Column::fill(), Column::fit(12).right(), Column::fit(44)];

fn heading(model: &Model, frame: &mut Frame, area: Rect, name: &'static str, count: usize) {
    let look = &model.look;
    let line = Line::from(vec![
        Span::styled(format!("  {name}"), look.heading()),
        Span::styled(if count > 0 { format!("  {count}") } else { String::new() }, look.muted()),
    ]);
    frame.render_widget(line, area);
}

fn badge(glyph: &str, word: &str, style: ratatui::style::Style) -> Line<'static> {
    Line::styled(format!("{glyph} {word}"), style)
}

fn need_row(model: &Model, row: &RunSummary) -> Row {
    let look = &model.look;
    let Some(need) = &row.need else { return Row::default() };
    let mark = look.need(need.kind);
    let last = match (need.deadline, &need.detail) {
        (Some(deadline), _) if deadline >= model.now => {
            let left = deadline.since(model.now);
            let style = if left < Millis::from_secs(300) { look.style(Role::Error) } else { look.subtext() };
            Line::styled(format!("{} left", short(left)), style)
        }
        (Some(_), _) => Line::styled("time is up", look.style(Role::Error)),
        (None, Some(detail)) => Line::from(untrusted(detail, look.subtext())),
        (None, None) => Line::default(),
    };
    Row::new(vec![
        badge(mark.glyph, mark.word, mark.style),
        Line::from(untrusted(row.workflow.as_str(), look.text())),
        Line::styled(format!("{}/{}", row.current, row.steps), look.muted()),
        Line::from(untrusted(&need.title, look.text())),
        Line::from(untrusted(&row.subject, look.subtext())),
        Line::styled(short(model.now.since(need.since)), look.muted()),
        last,
    ])
}

fn working_row(model: &Model, row: &RunSummary) -> Row {
    let look = &model.look;
    let mark = look.run(row.status);
    let glyph = if row.status == RunStatus::Running { look.spinner(model.now.0 / 250) } else { mark.glyph };
    Row::new(vec![
        badge(glyph, mark.word, mark.style),
        Line::from(untrusted(row.workflow.as_str(), look.text())),
        Line::styled(format!("{}/{}", row.current, row.steps), look.muted()),
        Line::from(untrusted(&row.current_title, look.text())),
        Line::from(untrusted(&row.subject, look.subtext())),
        Line::styled(short(row.times_at(model.now).work), look.muted()),
        Line::styled("work", look.muted()),
    ])
}

fn session_row(model: &Model, session: &Session) -> Row {
    let look = &model.look;
    let ended = session.ended.as_ref().map_or(session.opened_at, |(at, _)| *at);
    let runs = model.mirror.runs_of(&session.id);
    let summary = session.exports.last().map(|e| e.path.rsplit('/').next().unwrap_or(&e.path).to_owned());
    Row::new(vec![
        Line::styled(format!("{} ago", short(model.now.since(ended))), look.muted()),
        Line::from(untrusted(&session.name, look.text())),
        Line::styled(if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }, look.muted()),
        Line::from(untrusted(&summary.unwrap_or_default(), look.subtext())),
    ])
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
