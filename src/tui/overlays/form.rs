//! A form: fields one below the other, each checked as it is left. For the questions of an `ask`
//! step and for a workflow's inputs.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};
use tui_textarea::{CursorMove, TextArea};

use crate::base::{RunId, SafeLine, SafeText, StepId};
use crate::config::{Action, Context, Key, KeyCode, Role};
use crate::run::Verb;
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::verbs;
use crate::tui::widgets::text::{cut, cut_line, untrusted, wrap};
use crate::tui::widgets::{Hint, LineInput, card, hints};
use crate::workflow::{Field, FieldKind, field};

/// Where the values go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Answer {
        run: RunId,
        step: StepId,
    },
    /// To the overlay below.
    Bring,
}

/// What one field is typed into.
enum Editor {
    Line(LineInput),
    Many(Box<TextArea<'static>>),
    /// An option's number; `None`: nothing chosen yet.
    Choice(Option<usize>),
}

/// A value that came from somewhere else than the keys, and the words that say so.
pub struct Source {
    pub input: String,
    pub value: Value,
    pub told: String,
}

struct Entry {
    field: Field,
    editor: Editor,
    source: Option<Source>,
    problem: Option<SafeLine>,
}

pub struct Form {
    title: SafeLine,
    purpose: Purpose,
    entries: Vec<Entry>,
    focus: usize,
}

/// Drafts of answers that were left, by run and step; kept in the model.
pub type Drafts = BTreeMap<(RunId, StepId), Map<String, Value>>;

const YES_NO: [&str; 2] = ["yes", "no"];
/// Lines that a `text` field shows.
const TALL: u16 = 4;

impl Form {
    /// The questions of a step. `values`: what was typed before and left.
    pub fn answer(
        run: RunId,
        step: StepId,
        title: &str,
        fields: Vec<Field>,
        values: &Map<String, Value>,
    ) -> Self {
        Self::new(title, Purpose::Answer { run, step }, fields, values)
    }

    /// A workflow's inputs, brought to the overlay below; `sources`: where values come from.
    pub fn inputs(
        title: &str,
        fields: Vec<Field>,
        values: &Map<String, Value>,
        sources: Vec<Source>,
    ) -> Self {
        let mut form = Self::new(title, Purpose::Bring, fields, values);
        for source in sources {
            if let Some(entry) = form.entries.iter_mut().find(|e| e.field.name == source.input) {
                entry.source = Some(source);
            }
        }
        form
    }

    fn new(title: &str, purpose: Purpose, fields: Vec<Field>, values: &Map<String, Value>) -> Self {
        let entries = fields
            .into_iter()
            .map(|field| {
                let value = values.get(&field.name).filter(|v| !v.is_null()).or(field.default.as_ref());
                let editor = Editor::new(&field, value);
                Entry { field, editor, source: None, problem: None }
            })
            .collect();
        Self { title: SafeLine::new(title), purpose, entries, focus: 0 }
    }

    /// What is typed so far, checked or not.
    fn draft(&self) -> Map<String, Value> {
        let typed = |e: &Entry| (e.field.name.clone(), Value::String(e.editor.typed(&e.field)));
        self.entries.iter().map(typed).filter(|(_, v)| v != "").collect()
    }

    fn leave(&self, model: &mut Model) {
        if let Purpose::Answer { run, step } = &self.purpose {
            model.run.drafts.insert((run.clone(), step.clone()), self.draft());
        }
    }

    fn check(&mut self) {
        if let Some(entry) = self.entries.get_mut(self.focus) {
            entry.problem = entry.read().err().map(|p| SafeLine::new(&p));
        }
    }

    fn step(&mut self, forward: bool) {
        self.check();
        let count = self.entries.len().max(1);
        self.focus = (self.focus + if forward { 1 } else { count - 1 }) % count;
    }

    fn submit(&mut self, model: &mut Model) -> Reaction {
        let mut values = Map::new();
        let mut wrong = None;
        for (n, entry) in self.entries.iter_mut().enumerate() {
            match entry.read() {
                Ok(value) => {
                    entry.problem = None;
                    values.insert(entry.field.name.clone(), value);
                }
                Err(problem) => {
                    entry.problem = Some(SafeLine::new(&problem));
                    wrong = wrong.or(Some(n));
                }
            }
        }
        if let Some(first) = wrong {
            self.focus = first;
            return Reaction::stay();
        }
        match &self.purpose {
            Purpose::Bring => Reaction::close().values(values),
            Purpose::Answer { run, step } => {
                // Kept until the run says that it has the answers.
                model.run.drafts.insert((run.clone(), step.clone()), self.draft());
                let verb = Verb::Answer { step: Some(step.clone()), values };
                Reaction::close().with([verbs::act(run, verb)])
            }
        }
    }

    fn focused(&mut self) -> Option<&mut Entry> {
        self.entries.get_mut(self.focus)
    }
}

impl Entry {
    fn read(&self) -> Result<Value, String> {
        field::read(&self.field, &self.editor.typed(&self.field))
    }

    /// Where the value is from, as long as nobody has changed it.
    fn told(&self) -> Option<&str> {
        let source = self.source.as_ref()?;
        (self.read().as_ref() == Ok(&source.value)).then_some(source.told.as_str())
    }
}

impl Editor {
    fn new(field: &Field, value: Option<&Value>) -> Self {
        let text = match value {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(yes)) => YES_NO[usize::from(!yes)].to_owned(),
            Some(other) => other.to_string(),
        };
        match &field.kind {
            FieldKind::Choice { options } => Self::Choice(options.iter().position(|o| *o == text)),
            FieldKind::Boolean => Self::Choice(YES_NO.iter().position(|o| *o == text)),
            FieldKind::Text => {
                let safe = SafeText::new(&text).plain();
                let mut area = TextArea::from(safe.lines());
                area.set_wrap_mode(tui_textarea::WrapMode::WordOrGlyph);
                area.move_cursor(CursorMove::Bottom);
                area.move_cursor(CursorMove::End);
                Self::Many(Box::new(area))
            }
            FieldKind::String { .. } | FieldKind::Number | FieldKind::Path => {
                Self::Line(LineInput::with(&text))
            }
        }
    }

    fn typed(&self, field: &Field) -> String {
        match self {
            Self::Line(line) => line.text().to_owned(),
            Self::Many(area) => area.lines().join("\n"),
            Self::Choice(None) => String::new(),
            Self::Choice(Some(n)) => options(field).get(*n).cloned().unwrap_or_default(),
        }
    }

    fn height(&self) -> u16 {
        match self {
            Self::Many(_) => TALL,
            Self::Line(_) | Self::Choice(_) => 1,
        }
    }
}

fn options(field: &Field) -> Vec<String> {
    match &field.kind {
        FieldKind::Choice { options } => options.clone(),
        FieldKind::Boolean => YES_NO.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

/// Our key as the text area's.
fn area_key(key: Key) -> tui_textarea::Input {
    use tui_textarea::Key as K;
    let code = match key.code {
        KeyCode::Char(c) => K::Char(c),
        KeyCode::Enter => K::Enter,
        KeyCode::Backspace => K::Backspace,
        KeyCode::Delete => K::Delete,
        KeyCode::Up => K::Up,
        KeyCode::Down => K::Down,
        KeyCode::Left => K::Left,
        KeyCode::Right => K::Right,
        KeyCode::Home => K::Home,
        KeyCode::End => K::End,
        KeyCode::PageUp => K::PageUp,
        KeyCode::PageDown => K::PageDown,
        KeyCode::Esc | KeyCode::Tab | KeyCode::Insert | KeyCode::F(_) => K::Null,
    };
    tui_textarea::Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: key.shift }
}

impl Overlay for Form {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Form]
    }

    fn title(&self) -> &'static str {
        "Form"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        match &self.purpose {
            Purpose::Answer { run, .. } => Some(run.clone()),
            Purpose::Bring => None,
        }
    }

    fn takes(&self, key: Key) -> bool {
        let Some(entry) = self.entries.get(self.focus) else { return false };
        match entry.editor {
            Editor::Line(_) => LineInput::takes(key),
            Editor::Many(_) => {
                LineInput::takes(key)
                    || matches!(
                        key.code,
                        KeyCode::Enter | KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown
                    ) && !key.ctrl
            }
            Editor::Choice(_) => {
                key.text().is_some()
                    || matches!(key.code, KeyCode::Left | KeyCode::Right | KeyCode::Up | KeyCode::Down)
            }
        }
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        let Some(entry) = self.focused() else { return Reaction::stay() };
        entry.problem = None;
        match &mut entry.editor {
            Editor::Line(line) => {
                line.key(key);
            }
            Editor::Many(area) => {
                area.input(area_key(key));
            }
            Editor::Choice(chosen) => {
                let options = options(&entry.field);
                let count = options.len().max(1);
                let at = *chosen;
                *chosen = match key.code {
                    KeyCode::Left | KeyCode::Up => Some(at.map_or(count - 1, |n| (n + count - 1) % count)),
                    KeyCode::Right | KeyCode::Down | KeyCode::Char(' ') => {
                        Some(at.map_or(0, |n| (n + 1) % count))
                    }
                    // A letter goes to the next option that begins with it.
                    KeyCode::Char(c) => {
                        let from = at.map_or(0, |n| n + 1);
                        let begins =
                            |n: &usize| options[*n].to_lowercase().starts_with(c.to_ascii_lowercase());
                        (from..options.len()).chain(0..from.min(options.len())).find(begins).or(at)
                    }
                    _ => at,
                };
            }
        }
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        if let Some(entry) = self.focused() {
            match &mut entry.editor {
                Editor::Line(line) => line.insert(text),
                Editor::Many(area) => {
                    area.insert_str(SafeText::new(text).plain());
                }
                Editor::Choice(_) => {}
            }
        }
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Submit => return Some(self.submit(model)),
            // Enter goes on, and sends from the last field.
            Action::Activate if self.focus + 1 >= self.entries.len() => return Some(self.submit(model)),
            Action::Activate | Action::Focus => self.step(true),
            Action::FocusBack => self.step(false),
            Action::Escape => {
                self.leave(model);
                return Some(Reaction::close());
            }
            _ => return None,
        }
        Some(Reaction::stay())
    }

    /// The step no longer waits for answers: somebody else gave them, or the run has ended.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if let Purpose::Answer { run, step } = &self.purpose
            && let Some(copy) = model.mirror.run(run)
            && verbs::waiting(copy, |p| matches!(p, crate::run::Prompt::Answers))
                .is_none_or(|(s, _)| &s != step)
        {
            self.leave(model);
            model.say("The step no longer waits for answers");
            return Reaction::close();
        }
        Reaction::stay()
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let height: u16 = self.entries.iter().map(|e| e.editor.height() + 3).sum();
        let area = card::place(frame.area(), 80, height + 2);
        let inner =
            card::draw(frame, area, look, vec![untrusted(self.title.as_str(), look.strong())], Vec::new());
        let (body, foot) = split_foot(inner);
        // Drawn into rows counted from the form's top; scrolled so that the focused field is seen.
        let blocks: Vec<u16> = self.entries.iter().map(|e| e.editor.height() + 3).collect();
        let focus_end: u16 = blocks.iter().take(self.focus + 1).sum();
        let skip = focus_end.saturating_sub(body.height);
        let mut y: u16 = 0;
        for (n, entry) in self.entries.iter().enumerate() {
            let start = y;
            y += blocks[n];
            if start < skip || start - skip >= body.height {
                continue;
            }
            let top = body.y + start - skip;
            let room = Rect { y: top, height: blocks[n].min(body.y + body.height - top), ..body };
            draw_entry(model, frame, room, entry, n == self.focus);
        }
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let label = match self.purpose {
            Purpose::Answer { .. } => "send",
            Purpose::Bring => "take over",
        };
        vec![
            Hint::labelled(Action::Submit, label),
            Hint::labelled(Action::Focus, "next field"),
            Hint::labelled(Action::Escape, "later"),
        ]
    }
}

fn draw_entry(model: &Model, frame: &mut Frame, room: Rect, entry: &Entry, focused: bool) {
    let look = &model.look;
    let row = |n: u16| Rect { y: room.y + n, height: u16::from(n < room.height), ..room };
    let prompt = if focused { look.strong() } else { look.subtext() };
    let needed = if entry.field.required { "" } else { "  optional" };
    let mut head = vec![untrusted(&entry.field.prompt, prompt), Span::styled(needed, look.muted())];
    if let Some(told) = entry.told() {
        head.push(untrusted(&format!("   {told}"), look.muted()));
    }
    let head = cut_line(&Line::from(head), usize::from(room.width));
    frame.render_widget(head, row(0));
    let mark = if focused { look.glyph("›", ">") } else { " " };
    frame.render_widget(Line::styled(mark, look.accent()), Rect { width: 1.min(room.width), ..row(1) });
    let shift = |r: Rect| Rect { x: r.x + 2.min(r.width), width: r.width.saturating_sub(2), ..r };
    let height = entry.editor.height();
    match &entry.editor {
        Editor::Line(line) => line.draw(frame, shift(row(1)), look.text(), focused),
        Editor::Many(area) => {
            let place = shift(Rect { height: height.min(room.height.saturating_sub(1)), ..row(1) });
            let mut area = (**area).clone();
            area.set_style(look.text());
            area.set_cursor_line_style(ratatui::style::Style::new());
            let cursor = if focused {
                look.text().add_modifier(ratatui::style::Modifier::REVERSED)
            } else {
                look.text()
            };
            area.set_cursor_style(cursor);
            frame.render_widget(&area, place);
        }
        Editor::Choice(chosen) => {
            let mut spans = Vec::new();
            for (n, option) in options(&entry.field).iter().enumerate() {
                let on = *chosen == Some(n);
                let glyph = if on { look.glyph("●", "(x)") } else { look.glyph("○", "( )") };
                let style = if on { look.accent() } else { look.muted() };
                spans.push(Span::styled(format!("{glyph} "), style));
                spans.push(untrusted(&cut(option, 30), if on { look.text() } else { look.subtext() }));
                spans.push(Span::raw("   "));
            }
            frame.render_widget(Line::from(spans), shift(row(1)));
        }
    }
    if let Some(problem) = &entry.problem {
        let line = Line::from(untrusted(problem.as_str(), look.style(Role::Error)));
        let line = wrap(&line, usize::from(room.width).saturating_sub(2), 0).swap_remove(0);
        frame.render_widget(line, shift(row(1 + height)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Request;
    use crate::tui::testing::Harness;
    use crate::workflow::SummarySection;

    fn fields() -> Vec<Field> {
        let field = |name: &str, prompt: &str, kind, required| Field {
            name: name.to_owned(),
            kind,
            prompt: prompt.to_owned(),
            default: None,
            required,
            summary: None::<SummarySection>,
        };
        vec![
            field("service", "Which service?", FieldKind::String { max_length: Some(20) }, true),
            field(
                "plan",
                "What shall we do?",
                FieldKind::Choice { options: vec!["rollback".into(), "patch".into()] },
                true,
            ),
            field("sure", "Is the error rate back to normal?", FieldKind::Boolean, false),
            field("count", "How many pods?", FieldKind::Number, true),
            field("story", "What happened?", FieldKind::Text, false),
        ]
    }

    fn form() -> Harness {
        form_at(90, 30)
    }

    fn form_at(width: u16, height: u16) -> Harness {
        let mut harness = Harness::new(width, height);
        let form = Form::answer(RunId::new("7f3a"), StepId::new("ask"), "Decide", fields(), &Map::new());
        harness.model.open(form);
        harness
    }

    #[test]
    fn the_field_at_hand_is_always_in_sight() {
        form_at(80, 24).keys("checkout<tab>").see("What shall we do?").golden("form_80x24");
        let small = form_at(60, 15).keys("checkout<tab><tab><tab>12<tab>first").see("first");
        small.see("What happened?").golden("form_60x15");
    }

    #[test]
    fn answers_are_typed_checked_and_sent_once_they_fit() {
        let harness = form().keys("checkout<tab>p<tab><space><tab>many<tab>first<ret>second");
        let harness = harness.see("Is the error rate").see("not `many`").golden("form");
        let harness = harness.keys("<ctrl-s>");
        assert!(harness.verbs().is_empty(), "a wrong answer is not sent");
        let harness = harness.keys("<ctrl-u>3<ctrl-s>");
        let [Verb::Answer { values, .. }] = harness.verbs()[..] else { panic!("one answer is sent") };
        let expected = serde_json::json!({
            "service": "checkout", "plan": "patch", "sure": true, "count": 3, "story": "first\nsecond",
        });
        assert_eq!(serde_json::Value::Object(values.clone()), expected);
        assert!(harness.requests().iter().any(|r| matches!(r, Request::Act { .. })));
    }

    #[test]
    fn escape_keeps_a_draft() {
        let harness = form().keys("checkout<tab>p<esc>");
        assert!(harness.model.layers.is_empty() && harness.verbs().is_empty());
        let draft = &harness.model.run.drafts[&(RunId::new("7f3a"), StepId::new("ask"))];
        assert_eq!(draft["service"], "checkout");
        assert_eq!(draft["plan"], "patch");
    }

    #[test]
    fn pasted_text_is_made_safe() {
        let harness = form().paste("a\u{202e}b\x1b[2J\nc").keys("<esc>");
        let draft = &harness.model.run.drafts[&(RunId::new("7f3a"), StepId::new("ask"))];
        assert_eq!(draft["service"], "ab c");
    }
}
