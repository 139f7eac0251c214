//! The output of the run at hand: every attempt's, in the order in which it comes in. One piece
//! is asked for at a time, and only while somebody looks.

use crate::base::{Result, RunId, SafeLine, SafeText, StepId, Timestamp};
use crate::protocol::{OutputChunk, OutputRange, Request, Response, Update};
use crate::run::{Run, Work};
use crate::tui::Model;
use crate::tui::logfile::Entry;
use crate::tui::msg::{Asker, Effect};
use crate::tui::screens::ScreenId;

/// Bytes of one piece.
const PIECE: u32 = 256 * 1024;
/// An unfinished line longer than this is broken.
const LONGEST: usize = 64 * 1024;
/// Of a run with more attempts, the older ones' output is left out.
const ATTEMPTS: usize = 30;

#[derive(Debug, Default)]
pub struct Output {
    /// The run that is shown.
    pub run: Option<RunId>,
    streams: Vec<Stream>,
    /// A piece is on its way.
    asked: bool,
    book: super::Book,
    /// The unfinished lines, one a stream.
    tails: Vec<Entry>,
}

/// What one attempt prints.
#[derive(Debug)]
struct Stream {
    step: StepId,
    attempt: u32,
    started: Timestamp,
    /// `None`: not asked yet.
    next: Option<u64>,
    /// The last line, as long as it is unfinished; untrusted.
    rest: String,
    /// There is nothing new until the engine says so.
    drained: bool,
    complete: bool,
}

impl Output {
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.book.numbered().chain((self.book.next()..).zip(&self.tails))
    }

    fn stream(&mut self, step: &StepId, attempt: u32) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|s| &s.step == step && s.attempt == attempt)
    }
}

/// The run at hand: the one that is open, otherwise one that lives, otherwise the newest.
fn at_hand(model: &Model) -> Option<RunId> {
    let shown = &model.logs.output.run;
    let runs = model.mirror.newest();
    let live = || {
        let mut live = runs.iter().filter(|r| !r.status.is_ended());
        let newest = live.clone().next();
        live.find(|r| Some(&r.run) == shown.as_ref()).or(newest).map(|r| r.run.clone())
    };
    let newest = || runs.first().map(|r| r.run.clone());
    model.run.open.clone().or_else(live).or_else(|| shown.clone()).or_else(newest)
}

/// Looks at the run at hand and asks for what is missing of its output.
pub fn look(model: &mut Model) -> Vec<Effect> {
    let Some(run) = at_hand(model) else { return Vec::new() };
    let mut effects = Vec::new();
    if model.logs.output.run.as_ref() != Some(&run) {
        let last =
            std::mem::replace(&mut model.logs.output, Output { run: Some(run.clone()), ..Output::default() });
        model.logs.views[super::Source::Output as usize] = super::View::default();
        if let Some(last) = last.run.filter(|last| model.run.open.as_ref() != Some(last)) {
            model.mirror.unwatch(&last);
        }
    }
    effects.extend(model.mirror.watch(&run));
    effects.extend(ask(model));
    effects
}

/// Whatever was asked is lost with the connection.
pub fn reconnected(model: &mut Model) {
    model.logs.output.asked = false;
    for stream in &mut model.logs.output.streams {
        stream.drained = false;
    }
}

fn attempts(run: &Run) -> Vec<(StepId, u32, Timestamp)> {
    let mut found: Vec<(StepId, u32, Timestamp)> = run
        .steps
        .iter()
        .flat_map(|record| {
            let printing = record.attempts.iter().filter(|a| matches!(a.work, Work::Run { .. }));
            printing.map(|a| (record.id.clone(), a.number, a.started))
        })
        .collect();
    found.sort_by_key(|(_, _, started)| *started);
    let skip = found.len().saturating_sub(ATTEMPTS);
    found.split_off(skip)
}

/// The next piece that is wanted.
fn ask(model: &mut Model) -> Option<Effect> {
    if model.logs.output.asked {
        return None;
    }
    let id = model.logs.output.run.clone()?;
    let attempts = attempts(model.mirror.run(&id)?);
    let output = &mut model.logs.output;
    for (step, attempt, started) in attempts {
        if output.stream(&step, attempt).is_none() {
            let new = Stream {
                step,
                attempt,
                started,
                next: None,
                rest: String::new(),
                drained: false,
                complete: false,
            };
            output.streams.push(new);
        }
    }
    let wanted = output.streams.iter().find(|s| !s.complete && !s.drained)?;
    let range = match wanted.next {
        None => OutputRange::Tail { bytes: PIECE },
        Some(offset) => OutputRange::From { offset, bytes: PIECE },
    };
    let request =
        Request::Output { run: id, step: wanted.step.clone(), attempt: Some(wanted.attempt), range };
    output.asked = true;
    Some(Effect::ask(Asker::Screen(ScreenId::Logs), request))
}

pub fn on_answer(model: &mut Model, request: &Request, result: Result<Response>) -> Vec<Effect> {
    let Request::Output { run, step, attempt, .. } = request else { return Vec::new() };
    if model.logs.output.run.as_ref() != Some(run) {
        return Vec::new();
    }
    let output = &mut model.logs.output;
    output.asked = false;
    match result {
        Ok(Response::Output(chunk)) => take_in(output, run, step, attempt.unwrap_or(chunk.attempt), &chunk),
        Ok(_) => {}
        Err(error) => {
            if let Some(stream) = output.stream(step, attempt.unwrap_or(0)) {
                // Asked again when the engine says that there is more, or after a reconnection.
                stream.drained = true;
            }
            model.report(&error);
        }
    }
    if model.screen == ScreenId::Logs { ask(model).into_iter().collect() } else { Vec::new() }
}

fn take_in(output: &mut Output, run: &RunId, step: &StepId, attempt: u32, chunk: &OutputChunk) {
    let Some(stream) = output.stream(step, attempt) else { return };
    let first = stream.next.is_none();
    stream.drained = chunk.next >= chunk.total || stream.next == Some(chunk.next);
    stream.next = Some(chunk.next);
    stream.complete = chunk.complete;
    let started = stream.started;
    let mut text = std::mem::take(&mut stream.rest);
    text.push_str(&chunk.text);
    let end = match text.rfind('\n') {
        _ if chunk.complete || text.len() > LONGEST => text.len(),
        Some(at) => at + 1,
        None => 0,
    };
    stream.rest = text.split_off(end);
    let name = if attempt > 1 { format!("{step} #{attempt}") } else { step.to_string() };
    let entry = |at: Option<Timestamp>, text: SafeText, fields: &str| Entry {
        at,
        level: None,
        run: Some(run.clone()),
        step: SafeLine::new(&name),
        text,
        fields: SafeLine::new(fields),
    };
    let mut at = Some(started).filter(|_| first);
    if first && chunk.offset > 0 {
        let left_out = format!("the first {} bytes are left out", chunk.offset);
        output.book.push(entry(at.take(), SafeText::default(), &left_out));
    }
    if !text.is_empty() {
        for line in SafeText::new(&text).lines {
            output.book.push(entry(at.take(), SafeText { lines: vec![line] }, ""));
        }
    }
    let tails = output.streams.iter().filter(|s| !s.rest.is_empty());
    output.tails = tails
        .map(|s| Entry {
            at: None,
            level: None,
            run: Some(run.clone()),
            step: SafeLine::new(s.step.as_str()),
            text: SafeText { lines: SafeText::new(&s.rest).lines.into_iter().take(1).collect() },
            fields: SafeLine::default(),
        })
        .collect();
}

pub fn on_update(model: &mut Model, update: &Update, shown: bool) -> Vec<Effect> {
    let Some(id) = model.logs.output.run.clone() else { return Vec::new() };
    match update {
        Update::Output { run, step, attempt, .. } if run == &id => {
            if let Some(stream) = model.logs.output.stream(step, *attempt) {
                stream.drained = false;
            }
        }
        // An attempt may have begun or ended.
        Update::Run { summary, .. } if summary.run == id => {
            for stream in &mut model.logs.output.streams {
                stream.drained = false;
            }
        }
        _ => return Vec::new(),
    }
    if shown { ask(model).into_iter().collect() } else { Vec::new() }
}
