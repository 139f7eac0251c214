//! Edit and retry: what of a step, and of the run's inputs, is done otherwise from now on, beside what it would
//! do then and how that differs from what it did before. `part` is the text, `difference` the comparison.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{RunId, StepId};
use crate::config::{Action, Context, Key, Role};
use crate::run::{Edit, Prompt, Role as RecordRole, Run, StepRecord, StepState, Verb, Work, resolve};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::{rows, sheet::Sheet};
use crate::tui::verbs;
use crate::tui::widgets::text::untrusted;
use crate::tui::widgets::{Area, Hint, PaneState, card, hints, pane};

pub mod difference;
mod part;
#[cfg(test)]
mod tests;

use part::{Part, parts};

/// From this width on the preview stands beside the text, rather than below it.
const SIDE_BY_SIDE: u16 = 100;

/// Texts of edits that were left, by run and step; kept in the model.
pub type Edits = std::collections::BTreeMap<(RunId, StepId), Vec<String>>;

pub struct EditCard {
    run: RunId,
    step: StepId,
    attempt: u32,
    parts: Vec<Part>,
    /// The part that has the focus; one past the last is the preview.
    focus: usize,
    scroll: PaneState,
}

/// What Enter would make of what is typed.
enum Outlook {
    /// Nothing is changed.
    Same,
    Would(Box<Edit>, Box<Work>),
    /// It cannot be: why, and what to do.
    Refused(String, Option<String>),
}

impl EditCard {
    /// Whether there is anything about this step that can be done otherwise.
    pub fn fits(run: &Run, record: &StepRecord) -> bool {
        !parts(run, record).is_empty()
    }

    /// Opens the card for a step that is tried again, or is held; without a name the one that waits.
    pub fn open(model: &mut Model, run: &RunId, step: Option<&StepId>) -> Vec<Effect> {
        let Some(copy) = model.mirror.run(run) else { return Vec::new() };
        let named = step.and_then(|s| copy.record(s)).map(|(_, r)| r);
        let Some(record) = named.or_else(|| copy.waiting_steps().map(|(_, r)| r).next()) else {
            return Vec::new();
        };
        let mut parts = parts(copy, record);
        let left = model.run.edits.get(&(run.clone(), record.id.clone()));
        if let Some(left) = left.filter(|left| left.len() == parts.len()) {
            for (part, text) in parts.iter_mut().zip(left) {
                part.put(text);
            }
        }
        let (step, attempt) = (record.id.clone(), record.attempt());
        let card = Self { run: run.clone(), step, attempt, parts, focus: 0, scroll: PaneState::default() };
        model.open(card);
        Vec::new()
    }

    /// The step, as long as it can still be tried again.
    fn subject<'a>(&self, model: &'a Model) -> Option<(&'a Run, &'a StepRecord)> {
        let run = model.mirror.run(&self.run).filter(|run| !run.is_ended())?;
        let (_, record) = run.record(&self.step)?;
        let open = matches!(
            record.state,
            StepState::Failed { continued: false, .. }
                | StepState::Uncertain { .. }
                | StepState::Waiting { on: Prompt::Retry { .. } | Prompt::Proceed { .. }, .. }
        );
        (open && record.attempt() == self.attempt).then_some((run, record))
    }

    fn outlook(&self, model: &Model) -> Option<Outlook> {
        let (run, record) = self.subject(model)?;
        let edit = match part::edit(run, &self.parts) {
            Ok(edit) if edit.is_empty() => return Some(Outlook::Same),
            Ok(edit) => edit,
            Err(why) => return Some(Outlook::Refused(why, None)),
        };
        let verb = Verb::Retry { step: Some(self.step.clone()), edit: Some(Box::new(edit.clone())) };
        if let Some(refusal) = verbs::refusal(model, run, verb) {
            return Some(Outlook::Refused(refusal.reason, refusal.hint));
        }
        Some(match resolve::preview(run, record, &edit) {
            Ok(work) => Outlook::Would(Box::new(edit), Box::new(work)),
            Err(failure) => Outlook::Refused(failure.message, Some("Mend the expression".to_owned())),
        })
    }

    /// What was typed is kept until it is sent.
    fn keep(&self, model: &mut Model) {
        let key = (self.run.clone(), self.step.clone());
        if self.parts.iter().any(Part::is_changed) {
            let texts = self.parts.iter().map(|p| p.area.text()).collect();
            model.run.edits.insert(key, texts);
        } else {
            model.run.edits.remove(&key);
        }
    }

    fn submit(&mut self, model: &mut Model) -> Reaction {
        let edit = match self.outlook(model) {
            Some(Outlook::Would(edit, _)) => Some(edit),
            Some(Outlook::Same) => None,
            Some(Outlook::Refused(why, hint)) => {
                let hint = hint.map(|h| format!(". {h}")).unwrap_or_default();
                model.report(&crate::base::Error::refused(format!("{why}{hint}")));
                return Reaction::stay();
            }
            None => return Reaction::close(),
        };
        model.run.edits.remove(&(self.run.clone(), self.step.clone()));
        let verb = Verb::Retry { step: Some(self.step.clone()), edit };
        Reaction::close().with([verbs::act(&self.run, verb)])
    }

    /// What it would do, and what that means.
    fn preview(&self, model: &Model, width: usize) -> Vec<Line<'static>> {
        let look = &model.look;
        let Some((run, record)) = self.subject(model) else { return Vec::new() };
        let mut sheet = Sheet::new(look, width);
        let held = match &record.state {
            StepState::Waiting { on: Prompt::Proceed { work, .. }, .. } => Some(work.as_deref()),
            _ => None,
        };
        let before = held.unwrap_or_else(|| record.attempts.last().map(|a| &a.work));
        let before = before.filter(|w| !matches!(w, Work::Unresolved)).map(difference::told);
        let never = if held.is_some() { "is held now" } else { "ran before" };
        match self.outlook(model) {
            None => {}
            Some(Outlook::Refused(why, hint)) => {
                sheet.prose(&why, look.style(Role::Error));
                if let Some(hint) = hint {
                    sheet.prose(&hint, look.text());
                }
            }
            Some(Outlook::Same) => {
                let told = format!("Nothing is changed: it would do what {never}.");
                sheet.line(Line::styled(told, look.muted()), 0);
                sheet.gap();
                let before = before.unwrap_or_default();
                sheet.lines.extend(difference::lines(&before, &before, look, width));
            }
            Some(Outlook::Would(edit, work)) => {
                for gate in gates(run, record, &work) {
                    let told =
                        format!("“{gate}” has approved something else: it is asked again before this.");
                    sheet.prose(&told, look.style(Role::Warning));
                }
                if !edit.inputs.is_empty() {
                    let names: Vec<&str> = edit.inputs.keys().map(String::as_str).collect();
                    let told = format!("Changed for every later step: {}", names.join(", "));
                    sheet.prose(&told, look.style(Role::Info));
                }
                let now = difference::told(&work);
                match before {
                    Some(before) if before == now => {
                        let told = "What it does comes out the same:";
                        sheet.line(Line::styled(told, look.muted()), 0);
                        sheet.lines.extend(difference::lines(&now, &now, look, width));
                    }
                    Some(before) => {
                        sheet.line(Line::styled(format!("Beside what {never}:"), look.muted()), 0);
                        sheet.lines.extend(difference::lines(&before, &now, look, width));
                    }
                    None => {
                        sheet.line(Line::styled("It has not been filled in before:", look.muted()), 0);
                        sheet.lines.extend(difference::lines(&[], &now, look, width));
                    }
                }
            }
        }
        sheet.lines
    }

    /// The parts by name, the one that is typed in lit, the changed ones marked.
    fn tabs(&self, model: &Model) -> Line<'static> {
        let look = &model.look;
        let mut spans = Vec::new();
        for (n, part) in self.parts.iter().enumerate() {
            let style = if n == self.focus { look.accent() } else { look.subtext() };
            spans.push(Span::raw(if n > 0 { "   " } else { "" }));
            spans.push(Span::styled(part.label(), style));
            let mark = if part.is_changed() { look.glyph(" ✎", " *") } else { "" };
            spans.push(Span::styled(mark, look.style(Role::Info)));
        }
        Line::from(spans)
    }

    fn reading(&self) -> bool {
        self.focus >= self.parts.len()
    }
}

/// The approvals that were given for something else than this, and would be asked again.
fn gates(run: &Run, record: &StepRecord, now: &Work) -> Vec<String> {
    let (RecordRole::Step { index } | RecordRole::Iteration { index, .. }) = record.role else {
        return Vec::new();
    };
    let needs = run.workflow.needs(index);
    let gates = needs.into_iter().filter_map(|id| run.record(id)).map(|(_, gate)| gate).filter(|gate| {
        matches!(gate.state, StepState::Done { .. })
            && match gate.attempts.last().map(|a| &a.work) {
                Some(Work::Approve { opens, .. }) => {
                    !opens.iter().any(|o| o.step == record.id && resolve::is_as_opened(&o.work, now))
                }
                _ => false,
            }
    });
    gates.map(|gate| rows::title(run, gate)).collect()
}

impl Overlay for EditCard {
    fn contexts(&self) -> &'static [Context] {
        if self.reading() { &[Context::Form, Context::List] } else { &[Context::Form] }
    }

    fn title(&self) -> &'static str {
        "Edit and retry"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        Some(self.run.clone())
    }

    fn step_at_hand(&self, _model: &Model) -> Option<StepId> {
        Some(self.step.clone())
    }

    fn takes(&self, key: Key) -> bool {
        !self.reading() && Area::takes(key)
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        if let Some(part) = self.parts.get_mut(self.focus) {
            part.area.key(key);
        }
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        if let Some(part) = self.parts.get_mut(self.focus) {
            part.area.paste(text);
        }
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let stops = self.parts.len() + 1;
        match action {
            Action::Submit => return Some(self.submit(model)),
            Action::Focus => self.focus = (self.focus + 1) % stops,
            Action::FocusBack => self.focus = (self.focus + stops - 1) % stops,
            Action::Escape => {
                self.keep(model);
                return Some(Reaction::close());
            }
            moved if self.reading() => return self.scroll.on_action(moved).then(Reaction::stay),
            _ => return None,
        }
        Some(Reaction::stay())
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if self.subject(model).is_some() || model.mirror.run(&self.run).is_none() {
            return Reaction::stay();
        }
        self.keep(model);
        model.say("The step no longer waits to be tried again");
        Reaction::close()
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some((run, record)) = self.subject(model) else { return };
        card::dim(frame, look);
        let screen = frame.area();
        let area = card::place(screen, screen.width, screen.height);
        let title = vec![
            Span::styled("Edit “", look.text()),
            untrusted(&rows::title(run, record), look.strong()),
            Span::styled("”", look.text()),
        ];
        let again = if matches!(record.state, StepState::Waiting { on: Prompt::Proceed { .. }, .. }) {
            "then let it proceed"
        } else {
            "then try it again"
        };
        let inner = card::draw(frame, area, look, title, vec![Span::styled(again, look.muted())]);
        let (body, foot) = split_foot(inner);
        let (place, side) = if body.width >= SIDE_BY_SIDE {
            let half = body.width / 2;
            let right = Rect { x: body.x + half + 2, width: body.width - half - 2, ..body };
            (Rect { width: half - 1, ..body }, right)
        } else {
            let upper = (body.height * 2 / 5).max(4).min(body.height);
            (Rect { height: upper, ..body }, Rect { y: body.y + upper, height: body.height - upper, ..body })
        };
        let row =
            |of: Rect, n: u16| Rect { y: of.y + n.min(of.height), height: u16::from(n < of.height), ..of };
        let rest = |of: Rect| Rect { y: of.y + 1.min(of.height), height: of.height.saturating_sub(1), ..of };
        frame.render_widget(self.tabs(model), row(place, 0));
        let shown = self.focus.min(self.parts.len().saturating_sub(1));
        if let Some(part) = self.parts.get(shown) {
            part.area.draw(frame, rest(place), look, !self.reading());
        }
        let style = if self.reading() { look.accent() } else { look.muted() };
        let told = "What it would do ";
        let line = Line::from(vec![
            Span::styled(told, style),
            Span::styled(
                look.glyph("─", "-").repeat(usize::from(side.width).saturating_sub(told.len())),
                look.border(self.reading()),
            ),
        ]);
        frame.render_widget(line, row(side, 0));
        let lines = self.preview(model, usize::from(side.width).saturating_sub(1));
        pane::draw(frame, rest(side), look, &lines, &self.scroll, false);
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let next = match self.parts.get(self.focus + 1) {
            Some(part) => part.label(),
            None if self.focus + 1 == self.parts.len() => "read the preview",
            None => self.parts.first().map_or("", Part::label),
        };
        let held = self.subject(model).is_some_and(|(_, r)| matches!(r.state, StepState::Waiting { .. }));
        let send = match self.outlook(model) {
            Some(Outlook::Same) if !held => "retry unchanged",
            Some(Outlook::Same) => "proceed unchanged",
            _ if held => "proceed so",
            _ => "retry so",
        };
        vec![
            Hint::labelled(Action::Submit, send),
            Hint::labelled(Action::Focus, next),
            Hint::labelled(Action::Escape, "later"),
        ]
    }
}
