//! The live end of a step's output: how much of it is kept, and when it is asked for again.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{Millis, Result, RunId, SafeText, StepId, Timestamp};
use crate::config::Role;
use crate::protocol::{OutputRange, Request, Response};
use crate::run::{StepRecord, StepState};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::screens::ScreenId;
use crate::tui::widgets::text::coloured;
use crate::tui::widgets::{PaneState, pane};

/// Bytes of the end that are kept, and lines of those.
pub const TAIL: u32 = 64 * 1024;
const LINES: usize = 2_000;
/// Not asked for again before this has passed.
const APART: Millis = Millis(100);

/// Which try's output it is.
pub type Of = (RunId, StepId, u32);

#[derive(Debug, Default)]
pub struct Output {
    of: Option<Of>,
    text: SafeText,
    total: u64,
    /// How far it had grown when it was last asked for, whatever came of it.
    seen: u64,
    lines: u64,
    /// The first piece has come.
    known: bool,
    /// The engine has said that nothing more will come.
    complete: bool,
    /// There is more than what is here.
    stale: bool,
    under_way: bool,
    asked: Option<Timestamp>,
    pub scroll: PaneState,
}

impl Output {
    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Whether it belongs on the screen: there is some, or some may come.
    pub fn shown(&self, record: &StepRecord) -> bool {
        !self.is_empty() || matches!(record.state, StepState::Running { .. })
    }

    pub fn plain(&self) -> String {
        self.text.plain()
    }

    /// The last lines that say something.
    pub fn of(&self) -> Option<&Of> {
        self.of.as_ref()
    }

    /// How long until it may be asked for again; `None`: no need.
    pub fn next_tick(&self, now: Timestamp) -> Option<Millis> {
        let asked = self.asked.filter(|_| self.stale && !self.under_way)?;
        Some(asked.plus(APART).since(now))
    }

    /// The engine is reached anew: whatever was under way is lost.
    pub fn reset(&mut self) {
        self.under_way = false;
        self.stale = true;
    }
}

/// Turns to the try that is shown, and asks for its output where there is more than is known.
pub fn refresh(model: &mut Model, of: Option<Of>, ended: bool) -> Vec<Effect> {
    let growth = of.as_ref().map(|(run, step, attempt)| model.mirror.growth(run, step, *attempt));
    let (now, shown) = (model.now, model.screen == ScreenId::Run);
    let output = &mut model.run.output;
    if output.of != of {
        *output = Output { of: of.clone(), stale: true, scroll: PaneState::following(), ..Output::default() };
    }
    let (Some((run, step, attempt)), Some(growth)) = (of, growth) else { return Vec::new() };
    if growth.total > output.seen || (ended && !output.complete) {
        output.stale = true;
    }
    let soon = output.asked.is_some_and(|asked| now.since(asked) < APART);
    if !shown || !output.stale || output.under_way || soon {
        return Vec::new();
    }
    output.under_way = true;
    output.stale = false;
    output.asked = Some(now);
    output.seen = growth.total;
    // Once it has ended the answer is the last word, whatever it says.
    output.complete = ended;
    let range = OutputRange::Tail { bytes: TAIL };
    vec![Effect::ask(
        Asker::Screen(ScreenId::Run),
        Request::Output { run, step, attempt: Some(attempt), range },
    )]
}

/// Takes a piece in.
pub fn answer(model: &mut Model, request: &Request, result: Result<Response>) {
    let Request::Output { run, step, attempt: Some(attempt), .. } = request else { return };
    let output = &mut model.run.output;
    if output.of.as_ref().is_none_or(|of| (&of.0, &of.1, of.2) != (run, step, *attempt)) {
        return;
    }
    output.under_way = false;
    match result {
        Ok(Response::Output(chunk)) => {
            let mut text = SafeText::new(&chunk.text);
            // A line break at the very end begins no line of its own.
            if text.lines.last().is_some_and(Vec::is_empty) {
                text.lines.pop();
            }
            let spare = text.lines.len().saturating_sub(LINES);
            text.lines.drain(..spare);
            output.text = text;
            output.total = chunk.total;
            output.seen = output.seen.max(chunk.total);
            output.lines = chunk.lines;
            output.known = true;
        }
        Ok(_) => {}
        Err(error) => model.report(&error),
    }
}

/// A rule that says how much there is, then the end of it.
pub fn draw(model: &Model, frame: &mut Frame, area: Rect, focused: bool) {
    let look = &model.look;
    let output = &model.run.output;
    let (rule, body) = (Rect { height: area.height.min(1), ..area }, rest(area));
    let following = output.scroll.follow;
    let told = match (output.lines, output.known) {
        (0, false) => String::new(),
        (0, true) => "no output yet".to_owned(),
        (1, _) => "1 line".to_owned(),
        (n, _) => format!("{} lines", thousands(n)),
    };
    let mark = if following { look.glyph("▾", "v") } else { look.glyph("‖", "=") };
    let told = if told.is_empty() { told } else { format!(" {told} {mark}") };
    let room = usize::from(area.width).saturating_sub(Span::raw(told.as_str()).width());
    let style = if focused { look.border(true) } else { look.style(Role::Border) };
    let line = Line::from(vec![
        Span::styled(look.glyph("─", "-").repeat(room), style),
        Span::styled(told, look.muted()),
    ]);
    frame.render_widget(line, rule);
    pane::draw(frame, body, look, &coloured(&output.text, look), &output.scroll, false);
}

fn rest(area: Rect) -> Rect {
    let used = area.height.min(1);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// `1,204`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}
