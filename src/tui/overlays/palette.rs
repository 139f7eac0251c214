//! The palette: every action by its name, and the workflows that the words mean, as the input line finds
//! them. What cannot be done now is dim and says why.

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;
use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::base::{SafeLine, WorkflowId};
use crate::config::action::ACTIONS;
use crate::config::{Action, Context, Key, KeyCode};
use crate::tui::Model;
use crate::tui::overlays::choose::split_foot;
use crate::tui::overlays::confirm::Confirm;
use crate::tui::overlays::help::{keys_of, search_line};
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::widgets::list::{self, Column, ListState, Row};
use crate::tui::widgets::text::span;
use crate::tui::widgets::{Hint, LineInput, card, hints};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Action(Action),
    Workflow(WorkflowId),
}

/// Points that a letter has where all goes well, and what a word in the sentence is worth.
const LETTER: f64 = 32.0;
const TOLD: f64 = 0.3;

struct Entry {
    target: Target,
    title: SafeLine,
    sentence: SafeLine,
    /// Why not now.
    refused: Option<String>,
    /// 0 to 1.
    score: f64,
}

pub struct Palette {
    contexts: Vec<Context>,
    search: LineInput,
    list: ListState,
    /// Made when it opens and with every letter, not with every frame.
    entries: Vec<Entry>,
}

impl Palette {
    pub fn open(model: &mut Model) {
        let mut palette = Self {
            contexts: model.contexts(),
            search: LineInput::default(),
            list: ListState::default(),
            entries: Vec::new(),
        };
        palette.find(model);
        model.open(palette);
    }

    fn find(&mut self, model: &mut Model) {
        let wanted = self.search.text().trim();
        let matcher = SkimMatcherV2::default().ignore_case();
        // Every word has to be found, in whichever order.
        // Names fuzzily, sentences as they stand: letters scattered over a sentence mean nothing.
        let score = |name: &str, sentence: &str| {
            let sentence = sentence.to_lowercase();
            let mut sum = 0.0;
            let mut words = 0.0;
            for word in wanted.split_whitespace() {
                let word = word.to_lowercase();
                let told = sentence.contains(&word).then_some(TOLD);
                let full = word.chars().count() as f64 * LETTER;
                let points = |points| (points as f64 / full).clamp(0.0, 1.0);
                let named = name.contains(&word).then_some(1.0);
                sum += named.or_else(|| matcher.fuzzy_match(name, &word).map(points)).or(told)?;
                words += 1.0;
            }
            Some(if words > 0.0 { sum / words } else { 0.0 })
        };
        let mut entries = Vec::new();
        for d in ACTIONS {
            let movement = d.contexts == [Context::List] && d.name.starts_with("move.");
            let Some(score) = score(&format!("{} {}", d.name, d.label), d.sentence).filter(|_| !movement)
            else {
                continue;
            };
            let here = d.contexts.iter().any(|c| self.contexts.contains(c));
            let refused = if here {
                model.refused(d.action)
            } else {
                let places: Vec<&str> = d.contexts.iter().map(|c| c.title()).collect();
                Some(format!("only in {}", places.join(", ")))
            };
            entries.push(Entry {
                target: Target::Action(d.action),
                title: SafeLine::new(d.name),
                sentence: SafeLine::new(d.sentence),
                refused,
                score,
            });
        }
        // Without a word only actions; the registry has its own screen.
        let learned = model.mirror.learned(&model.facts.folder, model.now);
        let found = model.bank.as_ref().map(|bank| bank.index.decide(wanted, learned));
        entries.extend(found.into_iter().flat_map(|answer| answer.candidates).map(|candidate| Entry {
            title: SafeLine::new(candidate.id.as_str()),
            sentence: SafeLine::new(&candidate.name),
            refused: None,
            score: candidate.score,
            target: Target::Workflow(candidate.id),
        }));
        entries.sort_by(|a, b| {
            (a.refused.is_some().cmp(&b.refused.is_some())).then(b.score.total_cmp(&a.score))
        });
        self.entries = entries;
    }
}

impl Overlay for Palette {
    fn contexts(&self) -> &'static [Context] {
        &[Context::List]
    }

    fn title(&self) -> &'static str {
        "Palette"
    }

    fn takes(&self, key: Key) -> bool {
        key.text().is_some() || key.code == KeyCode::Backspace
    }

    fn on_key(&mut self, model: &mut Model, key: Key) -> Reaction {
        self.search.key(key);
        self.find(model);
        self.list = ListState::default();
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Activate => {
                let entry = self.entries.get(self.list.selected)?;
                if let Some(reason) = &entry.refused {
                    model.say(reason);
                    return Some(Reaction::stay());
                }
                match &entry.target {
                    Target::Action(action) => Some(Reaction::close().action(*action)),
                    Target::Workflow(id) => {
                        let effects = Confirm::open(model, id, None, "chosen in the palette");
                        Some(Reaction::close().with(effects))
                    }
                }
            }
            Action::Palette => Some(Reaction::close()),
            _ if self.list.on_action(action, self.entries.len()) => Some(Reaction::stay()),
            _ => None,
        }
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        card::dim(frame, look);
        let rows: Vec<Row> = self
            .entries
            .iter()
            .map(|entry| {
                let usable = entry.refused.is_none();
                let keys = match &entry.target {
                    Target::Action(action) => keys_of(model, *action),
                    Target::Workflow(_) => String::new(),
                };
                let told = entry.refused.as_deref().map_or_else(|| entry.sentence.clone(), SafeLine::new);
                Row::new(vec![
                    Line::from(span(&entry.title, if usable { look.text() } else { look.muted() })),
                    Line::from(span(&told, if usable { look.subtext() } else { look.muted() })),
                    Line::styled(keys, if usable { look.accent() } else { look.muted() }),
                ])
            })
            .collect();
        let area = card::place(frame.area(), 96, frame.area().height.saturating_sub(8).clamp(10, 26));
        let inner = card::draw(frame, area, look, vec![Span::styled("Palette", look.strong())], Vec::new());
        let body = search_line(model, frame, inner, &self.search, "an action or a workflow");
        let (body, foot) = split_foot(body);
        let columns = [Column::fit(22).essential(), Column::fill(), Column::fit(14)];
        list::draw(frame, body, look, &columns, &rows, &self.list, Some(true));
        frame.render_widget(hints::line(look, &model.keymap, &self.hints(model), foot.width.into()), foot);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Hint::labelled(Action::Activate, "do it"), Action::Escape.into()]
    }
}
