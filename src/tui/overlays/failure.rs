//! A step has failed, or nobody knows how far it came: what now?

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{Millis, Result, RunId, SafeText, StepId, Timestamp};
use crate::config::{Action, Context, Role};
use crate::protocol::{OutputRange, Request, Response};
use crate::run::{Role as RecordRole, Run, StepRecord, StepState};
use crate::tui::Model;
use crate::tui::model::short;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::edit::EditCard;
use crate::tui::overlays::pager::Pager;
use crate::tui::overlays::reason::{Reason, Wanted};
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::run::detail::{ago, escalated, failure_line, taken};
use crate::tui::screens::run::output::thousands;
use crate::tui::screens::run::{self, rows, sheet::Sheet};
use crate::tui::verbs;
use crate::tui::widgets::text::{coloured, cut_line, untrusted};
use crate::tui::widgets::{Hint, card, hints};
use crate::workflow::{Step, StepKind};

/// Bytes of the output's end that the card asks for, and lines of it that it shows.
const TAIL: u32 = 4 * 1024;
const LINES: usize = 8;

/// A card that opened by itself takes no answer before this has passed: the key may have been
/// meant for what stood there before.
const UNMEANT: Millis = Millis(500);

/// Why a card that opened by itself takes no answer yet.
pub fn unmeant(model: &Model, by_itself: Option<Timestamp>) -> Option<String> {
    let young = by_itself.is_some_and(|at| model.now.since(at) < UNMEANT);
    young.then(|| "The card has only just opened: read it, then answer".to_owned())
}

pub struct FailureCard {
    run: RunId,
    step: StepId,
    attempt: u32,
    /// The end of its output, and how many lines there are in all.
    output: Option<(SafeText, u64)>,
    by_itself: Option<Timestamp>,
}

impl FailureCard {
    /// Opens the card about a failed or uncertain step, and asks for the end of its output.
    pub fn open(model: &mut Model, run: &RunId, step: &StepId, by_itself: bool) -> Vec<Effect> {
        let Some(record) = model.mirror.run(run).and_then(|r| r.record(step)).map(|(_, r)| r) else {
            return Vec::new();
        };
        let attempt = record.attempt();
        let ran = record.attempts.last().is_some_and(|a| a.work.runs_processes());
        let request = Request::Output {
            run: run.clone(),
            step: step.clone(),
            attempt: Some(attempt),
            range: OutputRange::Tail { bytes: TAIL },
        };
        let by_itself = by_itself.then_some(model.now);
        model.open(Self { run: run.clone(), step: step.clone(), attempt, output: None, by_itself });
        if ran { vec![Effect::ask(Asker::Overlay, request)] } else { Vec::new() }
    }

    /// The step, as long as there is still something to decide about this try.
    fn subject<'a>(&self, model: &'a Model) -> Option<(&'a Run, &'a Step, &'a StepRecord)> {
        let run = model.mirror.run(&self.run)?;
        let (_, record) = run.record(&self.step)?;
        let open =
            matches!(record.state, StepState::Failed { continued: false, .. } | StepState::Uncertain { .. });
        (open && !run.is_ended() && record.attempt() == self.attempt)
            .then(|| Some((run, run.definition(record)?, record)))?
    }

    /// What went wrong, in at most so many lines; the output's end gets what room is left.
    fn lines(&self, model: &Model, width: usize, room: usize) -> Vec<Line<'static>> {
        let look = &model.look;
        let mut sheet = Sheet::new(look, width);
        let Some((run, _, record)) = self.subject(model) else { return Vec::new() };
        if let Some(lease) = record.state.lease() {
            taken(model, &mut sheet, run, lease, "taken by");
        }
        match &record.state {
            StepState::Failed { by, failure, at, escalation, .. } => {
                sheet.prose(&failure.message, look.style(Role::Error));
                if by.is_person() {
                    sheet.line(
                        Line::from(vec![
                            Span::styled("said by ", look.muted()),
                            untrusted(&by.to_string(), look.subtext()),
                            Span::styled(format!(", {}", ago(model, *at)), look.muted()),
                        ]),
                        0,
                    );
                }
                if let Some(escalation) = escalation {
                    escalated(model, &mut sheet, run, escalation);
                }
            }
            _ => sheet.prose(
                "The engine died while this step ran, and nobody knows how far it came. Look at what it has done \
                 outside, then decide. Running it again does again whatever it had done already.",
                look.style(Role::Warning),
            ),
        }
        if let Some((text, count)) = self.output.as_ref().filter(|(_, count)| *count > 0) {
            let mut output = coloured(text, look);
            while output.last().is_some_and(|l| l.width() == 0) {
                output.pop();
            }
            let told = if *count == 1 { "1 line".to_owned() } else { format!("{} lines", thousands(*count)) };
            // A free line before, and the count after.
            let left = room.saturating_sub(sheet.lines.len() + 2).min(LINES);
            if left > 0 {
                sheet.gap();
                let from = output.len().saturating_sub(left);
                sheet.lines.extend(output.into_iter().skip(from).map(|l| cut_line(&l, width)));
                sheet.lines.push(Line::styled(told, look.muted()).right_aligned());
            }
        }
        sheet.lines.truncate(room);
        sheet.lines
    }
}

impl Overlay for FailureCard {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Run]
    }

    fn title(&self) -> &'static str {
        "Failure"
    }

    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        Some(self.run.clone())
    }

    fn step_at_hand(&self, _model: &Model) -> Option<StepId> {
        Some(self.step.clone())
    }

    fn refused(&self, model: &Model, action: Action) -> Option<String> {
        match action {
            // The other choices ask something first. The key of this one has a second meaning.
            Action::Retry | Action::Reject => unmeant(model, self.by_itself),
            Action::Output if self.output.as_ref().is_none_or(|(_, count)| *count == 0) => {
                Some("This step has no output".to_owned())
            }
            Action::Follow => Some("Open the whole output to follow it".to_owned()),
            _ => None,
        }
    }

    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction> {
        match action {
            Action::Output => {
                let effects = Pager::of(model, &self.run, &self.step, self.attempt);
                Some(Reaction::stay().with(effects))
            }
            // Evidence is what a failed step is marked done with.
            Action::Evidence => {
                model.open(Reason::new(self.run.clone(), Wanted::Done { step: Some(self.step.clone()) }));
                Some(Reaction::stay())
            }
            // The other verbs are everybody's; the card closes once the run has changed.
            _ => None,
        }
    }

    fn on_answer(
        &mut self,
        _model: &mut Model,
        request: &Request,
        result: &Result<Response>,
    ) -> Option<Reaction> {
        let Request::Output { run, step, attempt, range: OutputRange::Tail { bytes: TAIL } } = request else {
            return None;
        };
        if (run, step, *attempt) != (&self.run, &self.step, Some(self.attempt)) {
            return None;
        }
        // Without its output the card still says what failed; the run screen tells why it is missing.
        if let Ok(Response::Output(chunk)) = result {
            self.output = Some((SafeText::new(&chunk.text), chunk.lines));
        }
        Some(Reaction::stay())
    }

    fn on_change(&mut self, model: &mut Model) -> Reaction {
        if self.subject(model).is_some() {
            return Reaction::stay();
        }
        Reaction::close().with(run::offer(model))
    }

    fn draw(&self, model: &Model, frame: &mut Frame) {
        let look = &model.look;
        let Some((run, _, record)) = self.subject(model) else { return };
        card::dim(frame, look);
        let took = record.attempts.last().and_then(|a| Some(a.ended.as_ref()?.at().since(a.started)));
        let after = took.map(|t| format!(" after {}", short(t))).unwrap_or_default();
        let (glyph, verb, end) = match &record.state {
            StepState::Failed { failure, .. } => {
                let exit = failure.exit.map(|_| failure_line(failure)).unwrap_or_default();
                (look.step(record.state.status()), " failed", format!("{exit}{after}"))
            }
            _ => (look.step(record.state.status()), " is uncertain", after),
        };
        let left = vec![
            Span::styled(format!("{} ", glyph.glyph), glyph.style),
            untrusted(&rows::title(run, record), look.strong()),
            Span::styled(verb, look.strong()),
        ];
        let right = untrusted(end.trim(), look.muted());
        let right = if end.trim().is_empty() { Vec::new() } else { vec![right] };
        let most = card::place(frame.area(), 84, u16::MAX);
        let room = most.width.saturating_sub(6);
        let rows = choices(model, &self.hints(model), room.into());
        let keys = rows.len() as u16;
        // A free line above and below, where there is room for it.
        let inner_most = most.height.saturating_sub(2);
        let spare = u16::from(inner_most > keys + 6);
        let lines = self.lines(model, room.into(), inner_most.saturating_sub(keys + spare * 2).into());
        let area = card::place(frame.area(), 84, lines.len() as u16 + keys + spare * 2);
        let inner = card::draw(frame, area, look, left, right);
        let keys = keys.min(inner.height);
        let all = lines.into_iter().enumerate().map(|(n, line)| (spare + n as u16, line));
        let foot = inner.height - keys;
        for (row, line) in all.filter(|(row, _)| *row < foot).collect::<Vec<_>>() {
            frame.render_widget(line, Rect { y: inner.y + row, height: 1, ..inner });
        }
        for (row, line) in rows.into_iter().take(keys.into()).enumerate() {
            frame.render_widget(line, Rect { y: inner.y + foot + row as u16, height: 1, ..inner });
        }
    }

    fn hints(&self, model: &Model) -> Vec<Hint> {
        let Some((run, step, record)) = self.subject(model) else { return Vec::new() };
        let again = match (&record.state, &step.kind) {
            (StepState::Uncertain { .. }, _) => "run again",
            (_, StepKind::Approve { .. }) => "ask again",
            _ => "retry",
        };
        if verbs::is_anothers(model, record) {
            return vec![Action::TakeBack.into(), Hint::labelled(Action::Escape, "later")];
        }
        let mut all = vec![Hint::labelled(Action::Retry, again)];
        if EditCard::fits(run, record) {
            all.push(Action::EditRetry.into());
        }
        let undoing = matches!(record.role, RecordRole::Undo { .. });
        if !undoing {
            all.push(Action::Back.into());
        }
        // An approval cannot be passed by.
        if !matches!(step.kind, StepKind::Approve { .. }) {
            all.push(Hint::labelled(Action::Done, "mark done with evidence…"));
            all.push(Hint::labelled(Action::Skip, "skip with a reason…"));
        }
        if !run.is_rolling_back() && !run.undoable().is_empty() {
            all.push(Action::Rollback.into());
        }
        all.push(Action::Cancel.into());
        if self.output.as_ref().is_some_and(|(_, count)| *count > 0) {
            all.push(Action::Output.into());
        }
        all.push(Hint::labelled(Action::Escape, "later"));
        all
    }
}

/// All choices, on as many lines as they need.
pub fn choices(model: &Model, all: &[Hint], width: usize) -> Vec<Line<'static>> {
    let mut rest = all;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let mut fits = rest.len();
        let whole = |n: usize| hints::line(&model.look, &model.keymap, &rest[..n], usize::MAX);
        while fits > 1 && whole(fits).width() > width {
            fits -= 1;
        }
        rows.push(whole(fits));
        rest = &rest[fits..];
    }
    rows
}
