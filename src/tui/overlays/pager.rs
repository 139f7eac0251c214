//! The whole output of one try at a step, over the whole screen: paging through a file of any
//! size with a bounded piece of it in memory, following its end, searching.

use std::cell::Cell;
use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthChar as _;

use crate::base::{Result, RunId, SafeLine, SafeText, StepId};
use crate::config::{Action, Context, Key, KeyCode, Role};
use crate::protocol::{OutputChunk, OutputRange, Request, Response};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::output::thousands;
use crate::tui::screens::run::rows;
use crate::tui::widgets::text::{coloured, cut_line, span};
use crate::tui::widgets::{Hint, LineInput, hints};

/// Bytes that are asked for at once, and that are kept at most.
const PIECE: u32 = 128 * 1024;
const KEPT: usize = 4 * PIECE as usize;
/// Cells that left and right move by.
const ASIDE: usize = 16;

struct Piece {
    offset: u64,
    next: u64,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// In place of everything that is here, shown from its top or its end.
    Top,
    End,
    Before,
    After,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Down,
    Up,
}

pub struct Pager {
    run: RunId,
    step: StepId,
    attempt: u32,
    title: SafeLine,
    pieces: VecDeque<Piece>,
    /// The pieces, made safe.
    text: SafeText,
    total: u64,
    lines: u64,
    complete: bool,
    under_way: Option<(OutputRange, Join)>,
    /// The first line that is shown, and the first column.
    top: usize,
    aside: usize,
    follow: bool,
    height: Cell<usize>,
    /// Being typed.
    typing: Option<LineInput>,
    /// Searched for, in lower case.
    wanted: String,
    /// Goes on in the next piece.
    seeking: Option<Way>,
}

impl Pager {
    /// The output that the run screen shows.
    pub fn open(model: &mut Model) -> Vec<Effect> {
        match model.run.output_of() {
            Some((run, step, attempt)) => Self::of(model, &run, &step, attempt),
            None => Vec::new(),
        }
    }

    /// The output of one try.
    pub fn of(model: &mut Model, run: &RunId, step: &StepId, attempt: u32) -> Vec<Effect> {
        let found = model.mirror.run(run).map(|r| rows::title_of(r, step));
        let title = SafeLine::new(found.as_deref().unwrap_or(step.as_str()));
        let mut pager = Self {
            run: run.clone(),
            step: step.clone(),
            attempt,
            title,
            pieces: VecDeque::new(),
            text: SafeText::default(),
            total: 0,
            lines: 0,
            complete: false,
            under_way: None,
            top: 0,
            aside: 0,
            follow: true,
            height: Cell::new(1),
            typing: None,
            wanted: String::new(),
            seeking: None,
        };
        let effects = pager.load(Join::End);
        model.open(pager);
        effects
    }

    fn start(&self) -> u64 {
        self.pieces.front().map_or(0, |p| p.offset)
    }

    fn end(&self) -> u64 {
        self.pieces.back().map_or(0, |p| p.next)
    }

    fn count(&self) -> usize {
        self.text.lines.len()
    }

    fn last_top(&self) -> usize {
        self.count().saturating_sub(self.height.get())
    }

    /// Asks for a piece, unless one is under way.
    fn load(&mut self, join: Join) -> Vec<Effect> {
        let start = self.start();
        // The engine gives four bytes at least.
        let join = if join == Join::Before && start < 4 { Join::Top } else { join };
        let range = match join {
            Join::Top => OutputRange::From { offset: 0, bytes: PIECE },
            Join::End => OutputRange::Tail { bytes: PIECE },
            Join::Before => {
                let offset = start.saturating_sub(u64::from(PIECE));
                OutputRange::From { offset, bytes: (start - offset) as u32 }
            }
            Join::After => OutputRange::From { offset: self.end(), bytes: PIECE },
        };
        if self.under_way.is_some_and(|(_, known)| known == join) {
            return Vec::new();
        }
        self.under_way = Some((range, join));
        let (run, step, attempt) = (self.run.clone(), self.step.clone(), Some(self.attempt));
        vec![Effect::ask(Asker::Overlay, Request::Output { run, step, attempt, range })]
    }

    /// What the movement, the growth or the search makes necessary.
    fn more(&mut self, model: &Model) -> Vec<Effect> {
        let known = model.mirror.growth(&self.run, &self.step, self.attempt).total.max(self.total);
        if self.follow && self.end() < known {
            // Far behind its end, the end alone matters.
            let far = known - self.end() > u64::from(PIECE);
            return self.load(if far { Join::End } else { Join::After });
        }
        if self.top >= self.last_top() && self.end() < known {
            return self.load(Join::After);
        }
        if self.top == 0 && self.start() > 0 {
            return self.load(Join::Before);
        }
        Vec::new()
    }

    fn take(&mut self, chunk: &OutputChunk, join: Join) {
        (self.total, self.lines, self.complete) = (chunk.total, chunk.lines, chunk.complete);
        let mut piece = Piece { offset: chunk.offset, next: chunk.next, text: chunk.text.clone() };
        // A tail begins with a whole line by itself.
        if join == Join::Before {
            begin_with_a_line(&mut piece);
        }
        let before = self.count();
        match join {
            Join::Top | Join::End => {
                self.pieces.clear();
                self.pieces.push_back(piece);
            }
            Join::Before => self.pieces.push_front(piece),
            Join::After if piece.text.is_empty() => return,
            Join::After => self.pieces.push_back(piece),
        }
        let kept = |pieces: &VecDeque<Piece>| pieces.iter().map(|p| p.text.len()).sum::<usize>();
        let mut dropped = 0;
        while self.pieces.len() > 1 && kept(&self.pieces) > KEPT {
            let gone = if join == Join::Before { self.pieces.pop_back() } else { self.pieces.pop_front() };
            if join == Join::After {
                dropped += gone.map_or(0, |p| p.text.matches('\n').count());
            }
        }
        let whole: String = self.pieces.iter().map(|p| p.text.as_str()).collect();
        self.text = SafeText::new(&whole);
        if self.text.lines.last().is_some_and(Vec::is_empty) {
            self.text.lines.pop();
        }
        match join {
            Join::Top => self.top = 0,
            Join::End => self.top = self.last_top(),
            Join::Before => self.top += self.count().saturating_sub(before),
            Join::After => self.top = self.top.saturating_sub(dropped),
        }
        if self.follow {
            self.top = self.last_top();
        }
        self.top = self.top.min(self.count().saturating_sub(1));
    }

    fn holds(&self, line: usize) -> bool {
        let Some(spans) = self.text.lines.get(line) else { return false };
        let plain: String = spans.iter().map(|s| s.text.as_str()).collect();
        plain.to_lowercase().contains(&self.wanted)
    }

    /// Goes to the next line that holds what is wanted, through further pieces where needed.
    fn seek(&mut self, model: &mut Model, way: Way, from: usize) -> Vec<Effect> {
        self.seeking = None;
        if self.wanted.is_empty() {
            model.say("Press / and type what to search for");
            return Vec::new();
        }
        let found = match way {
            Way::Down => (from..self.count()).find(|n| self.holds(*n)),
            Way::Up => (0..from.min(self.count())).rev().find(|n| self.holds(*n)),
        };
        if let Some(line) = found {
            self.follow = false;
            self.top = line;
            return Vec::new();
        }
        let (join, there_is_more) = match way {
            Way::Down => (Join::After, self.end() < self.total),
            Way::Up => (Join::Before, self.start() > 0),
        };
        if there_is_more {
            self.follow = false;
            self.seeking = Some(way);
            self.top = if way == Way::Down { self.count() } else { 0 };
            return self.load(join);
        }
        let place = if way == Way::Down { "below" } else { "above" };
        model.say(&format!("“{}” is nowhere {place} in this output", self.wanted));
        self.top = self.top.min(self.last_top());
        Vec::new()
    }

    fn moved(&mut self, action: Action) -> Option<Join> {
        let page = self.height.get().max(2) - 1;
        let last = self.last_top();
        let to = match action {
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top + 1,
            Action::PageUp => self.top.saturating_sub(page),
            Action::PageDown => self.top + page,
            Action::Top if self.start() > 0 => {
                self.follow = false;
                return Some(Join::Top);
            }
            Action::Top => 0,
            Action::Bottom => {
                self.follow = true;
                return (self.end() < self.total).then_some(Join::End).or_else(|| {
                    self.top = last;
                    None
                });
            }
            Action::Left => {
                self.aside = self.aside.saturating_sub(ASIDE);
                self.top
            }
            Action::Right => {
                self.aside += ASIDE;
                self.top
            }
            _ => self.top,
        };
        if to < self.top {
            self.follow = false;
        }
        // A match near the end may stand higher than the last page.
        self.top = to.min(last.max(self.top));
        None
    }
}

/// A piece from the middle of a file: leaves out what is no whole character, then what is no
/// whole line, as far as it is known how many bytes that is.
fn begin_with_a_line(piece: &mut Piece) {
    if piece.offset == 0 {
        return;
    }
    let broken = piece.text.chars().take(3).take_while(|c| *c == '\u{fffd}').count();
    let mut skip = broken * '\u{fffd}'.len_utf8();
    let mut bytes = broken;
    if let Some(at) = piece.text[skip..].find('\n')
        && at + skip + 1 < piece.text.len()
        && !piece.text[skip..skip + at].contains('\u{fffd}')
    {
        skip += at + 1;
        bytes += at + 1;
    }
    piece.text.drain(..skip);
    piece.offset += bytes as u64;
}

impl Overlay for Pager {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Output, Context::List]
    }

    fn title(&self) -> &'static str {
        "Output"
    }

    fn takes(&self, key: Key) -> bool {
        self.typing.is_some() && LineInput::takes(key)
    }

    fn on_key(&mut self, _model: &mut Model, key: Key) -> Reaction {
        if let Some(typing) = &mut self.typing {
            if key.code == KeyCode::Backspace && typing.is_empty() {
                self.typing = None;
            } else {
                typing.key(key);
            }
        }
        Reaction::stay()
    }

    fn on_paste(&mut self, _model: &mut Model, text: &str) -> Reaction {
        if let Some(typing) = &mut self.typing {
            typing.insert(text);
        }
        Reaction::stay()
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        let effects = match action {
            Action::Escape if self.typing.is_some() => {
                self.typing = None;
                Vec::new()
            }
            Action::Escape if self.seeking.is_some() => {
                self.seeking = None;
                Vec::new()
            }
            Action::Escape if !self.wanted.is_empty() => {
                self.wanted.clear();
                Vec::new()
            }
            Action::Activate => match self.typing.take() {
                Some(typing) => {
                    self.wanted = typing.text().to_lowercase();
                    if self.wanted.is_empty() { Vec::new() } else { self.seek(model, Way::Down, self.top) }
                }
                None => Vec::new(),
            },
            Action::Filter => {
                self.typing = Some(LineInput::default());
                Vec::new()
            }
            Action::NextMatch => self.seek(model, Way::Down, self.top + 1),
            Action::PreviousMatch => self.seek(model, Way::Up, self.top),
            Action::Follow => {
                self.follow = !self.follow;
                if self.follow {
                    self.top = self.last_top();
                }
                self.more(model)
            }
            Action::Copy => vec![Effect::Copy(self.text.plain())],
            Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom
            | Action::Left
            | Action::Right => match self.moved(action) {
                Some(join) => self.load(join),
                None => self.more(model),
            },
            _ => return None,
        };
        Some(Reaction::stay().with(effects))
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        let Request::Output { run, step, attempt, range } = request else { return None };
        let mine = (run, step, *attempt) == (&self.run, &self.step, Some(self.attempt));
        let (awaited, join) = self.under_way?;
        if !mine || awaited != *range {
            return None;
        }
        self.under_way = None;
        match result {
            Ok(Response::Output(chunk)) => {
                let before = self.count();
                self.take(chunk, join);
                let effects = match self.seeking {
                    Some(Way::Down) => self.seek(model, Way::Down, self.top.min(before)),
                    Some(Way::Up) => self.seek(model, Way::Up, self.count().saturating_sub(before) + 1),
                    // An answer that brings nothing new is not asked for again at once.
                    None if chunk.next > chunk.offset => self.more(model),
                    None => Vec::new(),
                };
                Some(Reaction::stay().with(effects))
            }
            Ok(_) => Some(Reaction::stay()),
            Err(error) => {
                self.seeking = None;
                model.report(error);
                Some(Reaction::stay())
            }
        }
    }

    /// Once the try has ended, its last piece is asked for.
    fn on_change(&mut self, model: &mut Model) -> Reaction {
        let record = model.mirror.run(&self.run).and_then(|r| r.record(&self.step)).map(|(_, r)| r);
        let attempt = record.and_then(|r| r.attempts.iter().find(|a| a.number == self.attempt));
        let ended = attempt.is_some_and(|a| a.ended.is_some());
        if ended && !self.complete && self.under_way.is_none() && self.end() == self.total {
            let effects = self.load(Join::After);
            return Reaction::stay().with(effects);
        }
        Reaction::stay()
    }

    fn on_output(&mut self, model: &mut Model) -> Reaction {
        let effects = self.more(model);
        Reaction::stay().with(effects)
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let all = frame.area();
        frame.render_widget(Clear, all);
        frame.buffer_mut().set_style(all, look.ground());
        let inner = Rect { x: all.x + 1.min(all.width), width: all.width.saturating_sub(2), ..all };
        let row = |y: u16| Rect {
            y: inner.y + y.min(inner.height.saturating_sub(1)),
            height: inner.height.min(1),
            ..inner
        };
        let head = vec![
            Span::styled("Output  ", look.muted()),
            span(&self.title, look.strong()),
            Span::styled(format!("  attempt {}   run {}", self.attempt, self.run.short()), look.muted()),
        ];
        let at = self.place();
        let wide = (Span::raw(at.as_str()).width() as u16).min(inner.width);
        let room = usize::from(inner.width - wide).saturating_sub(1);
        frame.render_widget(cut_line(&Line::from(head), room), row(0));
        frame.render_widget(
            Line::styled(at, look.subtext()),
            Rect { x: inner.x + inner.width - wide, width: wide, ..row(0) },
        );
        let rule = look.glyph("─", "-").repeat(inner.width.into());
        frame.render_widget(Line::styled(rule, look.style(Role::Border)), row(1));
        let body = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(3), ..inner };
        self.height.set(body.height.into());
        let last = self.last_top();
        let top = if self.follow { last } else { self.top };
        let shown = self.text.lines.iter().skip(top).take(body.height.into()).cloned().collect();
        for (n, line) in coloured(&SafeText { lines: shown }, look).into_iter().enumerate() {
            let line = if self.wanted.is_empty() { line } else { lit(line, &self.wanted, look.lit()) };
            let line = cut_line(&skip(line, self.aside), body.width.into());
            frame.render_widget(line, Rect { y: body.y + n as u16, height: 1, ..body });
        }
        if self.total == 0 && self.under_way.is_none() && body.height > 0 {
            let line = Line::styled("This step has printed nothing yet.", look.muted());
            frame.render_widget(line, Rect { height: 1, ..body });
        }
        let foot = row(inner.height.saturating_sub(1));
        if let Some(typing) = &self.typing {
            frame.render_widget(Line::styled("/", look.accent()), foot);
            let field = Rect { x: foot.x + 2.min(foot.width), width: foot.width.saturating_sub(2), ..foot };
            typing.draw(frame, field, look.text(), true);
        } else {
            let line = hints::line(look, &model.keymap, &self.hints(model), foot.width.into());
            frame.render_widget(line, foot);
        }
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        let search = Hint::labelled(Action::Filter, "search");
        let follow = Hint::labelled(Action::Follow, if self.follow { "hold" } else { "follow" });
        let mut all = vec![search];
        if !self.wanted.is_empty() {
            all.extend([Action::NextMatch.into(), Hint::labelled(Action::PreviousMatch, "previous")]);
        }
        all.extend([
            follow,
            Action::Escape.into(),
            Action::Copy.into(),
            Hint::labelled(Action::Top, "start"),
            Hint::labelled(Action::Bottom, "end"),
        ]);
        all
    }
}

impl Pager {
    /// `1,204 lines · following`, `1,204 lines · 37 %`.
    fn place(&self) -> String {
        let lines = match self.lines {
            1 => "1 line".to_owned(),
            n => format!("{} lines", thousands(n)),
        };
        let there = if self.seeking.is_some() {
            "searching…".to_owned()
        } else if self.follow {
            if self.complete { "end".to_owned() } else { "following".to_owned() }
        } else {
            let (top, count) = (self.top as u64, self.count().max(1) as u64);
            let at = self.start() + (self.end() - self.start()) * top / count;
            format!("{} %", at * 100 / self.total.max(1))
        };
        format!("{lines} · {there}")
    }
}

/// The line from a column on.
fn skip(line: Line<'static>, columns: usize) -> Line<'static> {
    if columns == 0 {
        return line;
    }
    let mut left = columns;
    let spans = line.spans.into_iter().filter_map(|span| {
        let kept: String = span
            .content
            .chars()
            .skip_while(|c| {
                let wide = c.width().unwrap_or(0);
                let skipped = left > 0;
                left = left.saturating_sub(wide);
                skipped
            })
            .collect();
        (!kept.is_empty()).then(|| Span::styled(kept, span.style))
    });
    Line::from(spans.collect::<Vec<_>>())
}

/// The line with every place that holds `wanted` (in lower case) in another style.
fn lit(line: Line<'static>, wanted: &str, style: Style) -> Line<'static> {
    let cells: Vec<(char, Style)> =
        line.spans.iter().flat_map(|s| s.content.chars().map(|c| (c, s.style))).collect();
    let lower: Vec<char> = cells.iter().map(|(c, _)| c.to_lowercase().next().unwrap_or(*c)).collect();
    let wanted: Vec<char> = wanted.chars().collect();
    let mut marks = vec![false; cells.len()];
    let mut at = 0;
    while at + wanted.len() <= lower.len() {
        if lower[at..at + wanted.len()] == wanted[..] {
            marks[at..at + wanted.len()].fill(true);
            at += wanted.len();
        } else {
            at += 1;
        }
    }
    let mut spans: Vec<Span<'static>> = Vec::new();
    for ((c, plain), marked) in cells.into_iter().zip(marks) {
        let style = if marked { style } else { plain };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(c),
            _ => spans.push(Span::styled(c.to_string(), style)),
        }
    }
    Line::from(spans)
}
