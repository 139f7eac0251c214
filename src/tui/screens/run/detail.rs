//! The right side: one step, large. Its head stands still, the rest scrolls.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::base::{SafeLine, Timestamp};
use crate::config::{Action, Role};
use crate::run::{Edit, Failure, FailureKind, Phase, Prompt, Role as RecordRole, Run, StepRecord, StepState};
use crate::tui::Model;
use crate::tui::keys;
use crate::tui::model::short;
use crate::tui::screens::run::sheet::Sheet;
use crate::tui::screens::run::{Focus, output, rows, steps};
use crate::tui::widgets::pane;
use crate::tui::widgets::text::{cut_line, untrusted, width};
use crate::workflow::Step;

mod ending;
mod kinds;

pub use ending::{escalated, taken};

/// How long ago, in a word or two.
pub fn ago(model: &Model, at: Timestamp) -> String {
    format!("{} ago", short(model.now.since(at)))
}

/// The exit code or the sentence of a failure.
pub fn failure_line(failure: &Failure) -> String {
    match failure.exit {
        Some(code) if failure.kind == FailureKind::Exit => format!("exit {code}"),
        _ => failure.message.clone(),
    }
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect, run: &Run, index: usize, focus: Focus) {
    let Some((record, step)) = run.steps.get(index).and_then(|r| Some((r, run.definition(r)?))) else {
        return;
    };
    head(model, frame, Rect { height: area.height.min(1), ..area }, run, index);
    let below = area.height.saturating_sub(1);
    let mut body = Rect { y: area.y + area.height.min(1), height: below, ..area };
    let prints = record.attempts.last().is_some_and(|a| a.work.runs_processes());
    let with_output = prints && model.run.output.shown(record);
    // A free line under the head, where there is room for it.
    if below >= 12 {
        body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    }
    let mut sheet = Sheet::new(&model.look, usize::from(body.width).saturating_sub(1));
    let cursor = tell(model, &mut sheet, run, step, record, focus, with_output && body.height < 24);
    let focused = focus == Focus::Detail;
    if with_output {
        // What ended badly says so before its output; the output keeps at least half.
        let top = (sheet.lines.len() as u16).min(body.height / 2);
        let upper = Rect { height: top, ..body };
        for (row, line) in sheet.lines.iter().enumerate().take(top.into()) {
            let line = if row + 1 == usize::from(top) && sheet.lines.len() > usize::from(top) {
                Line::styled(format!("  {} more lines", sheet.lines.len() - row), model.look.muted())
            } else {
                cut_line(line, body.width.into())
            };
            frame.render_widget(line, Rect { y: upper.y + row as u16, height: 1, ..upper });
        }
        let lower = Rect { y: body.y + top, height: body.height - top, ..body };
        output::draw(model, frame, lower, focused);
    } else {
        if let (Some(line), true) = (cursor, model.run.reveal.take()) {
            model.run.detail.reveal(line);
        }
        pane::draw(frame, body, &model.look, &sheet.lines, &model.run.detail, false);
    }
}

fn head(model: &Model, frame: &mut Frame, area: Rect, run: &Run, index: usize) {
    let Some(record) = run.steps.get(index) else { return };
    let told = rows::title(run, record);
    let look = &model.look;
    let badge = steps::badge(model, record);
    let mut end = Line::from(Span::styled(format!("{} {}", badge.glyph, badge.word), badge.style));
    match &record.state {
        StepState::Running { since, deadline, .. } => {
            end.push_span(Span::styled(format!("  {}", clock(model, run).since(*since)), look.subtext()));
            if let Some(deadline) = deadline {
                end.push_span(Span::styled(format!(" of {}", short(deadline.since(*since))), look.subtext()));
            }
        }
        StepState::Waiting { on: Prompt::Approval { deadline: Some(deadline), .. }, .. } => {
            end.push_span(Span::styled(format!("  {}", left(model, run, *deadline)), look.subtext()));
        }
        _ => {}
    }
    if record.attempt() > 0 {
        end.push_span(Span::styled(format!("  attempt {}", record.attempt()), look.muted()));
    }
    // The title keeps its room; the number of the try goes first, then the word that the head of
    // the screen says as well, then the limit.
    let wanted = (width(&told) + 5).min(usize::from(area.width) * 2 / 3);
    let fits = |end: &Line<'_>| end.width() + wanted <= usize::from(area.width);
    if !fits(&end) && end.spans.len() > 1 && record.attempt() > 0 {
        end.spans.pop();
    }
    if !fits(&end) && end.spans.len() > 1 {
        end.spans[0] = Span::styled(badge.glyph, badge.style);
    }
    while !fits(&end) && end.spans.len() > 1 {
        end.spans.pop();
    }
    let room = usize::from(area.width).saturating_sub(end.width() + 2);
    let title = Line::from(vec![
        Span::styled(format!("{}  ", rows::full_number(record, look)), look.muted()),
        untrusted(&told, look.strong()),
    ]);
    frame.render_widget(cut_line(&title, room), area);
    let wide = (end.width() as u16).min(area.width);
    frame.render_widget(end, Rect { x: area.x + area.width - wide, width: wide, ..area });
}

/// How much of a deadline is left; a paused run's clock stands still.
pub fn left(model: &Model, run: &Run, deadline: Timestamp) -> String {
    let now = clock(model, run);
    if deadline <= now { "time is up".to_owned() } else { format!("{} left", short(deadline.since(now))) }
}

/// The time that limits and deadlines of this run are measured by.
fn clock(model: &Model, run: &Run) -> Timestamp {
    match run.phase {
        Phase::Paused { since, .. } => since,
        _ => model.now,
    }
}

/// Everything about a step but its output. Gives the line of the cursor, where there is one.
fn tell(
    model: &Model,
    sheet: &mut Sheet<'_>,
    run: &Run,
    step: &Step,
    record: &StepRecord,
    focus: Focus,
    brief: bool,
) -> Option<usize> {
    let look = sheet.look;
    ending::tell(model, sheet, run, record);
    if !brief {
        order(model, sheet, run, record);
    }
    if let Some(description) = step.description.as_deref().filter(|_| !brief) {
        sheet.gap();
        sheet.prose(description, look.subtext());
    }
    if !brief {
        sheet.gap();
    }
    let cursor = kinds::tell(model, sheet, run, step, record, focus, brief);
    if let Some(validation) = &step.validation {
        sheet.gap();
        sheet.field("Done when", validation, look.text());
    }
    if step.evidence_required && matches!(record.state, StepState::Waiting { .. } | StepState::Pending) {
        let key = model.keymap.keys(Action::Evidence).first();
        let key = key.map(|k| keys::shown(*k, look.glyphs == crate::config::GlyphSet::Unicode));
        let add = key.map(|k| format!("   {k} adds it and is done")).unwrap_or_default();
        let add = if record.state.needs_person() { add } else { String::new() };
        sheet.labelled(
            "Evidence",
            vec![
                Span::styled("required: none yet", look.style(Role::Warning)),
                Span::styled(add, look.muted()),
            ],
        );
    }
    if record.attempts.len() > 1 {
        sheet.heading("Earlier attempts");
        for attempt in record.attempts.iter().rev().skip(1) {
            ending::earlier(model, sheet, attempt);
        }
    }
    for (heading, of) in [("Notes", Some(&record.id)), ("Notes on the run", None)] {
        let mut notes = run.notes.iter().filter(|n| n.step.as_ref() == of).peekable();
        if notes.peek().is_some() && !brief {
            sheet.heading(heading);
        }
        for note in notes.filter(|_| !brief) {
            let lead = format!("{:>9}  ", ago(model, note.at));
            sheet.line(
                Line::from(vec![
                    Span::styled(lead, look.muted()),
                    untrusted(note.by.short(), look.subtext()),
                    Span::raw("  "),
                    untrusted(&note.text, look.text()),
                ]),
                11,
            );
        }
    }
    cursor
}

/// Where it stands among the others: what it needs, what it undoes, whether it is held, and how it differs from
/// the file.
fn order(model: &Model, sheet: &mut Sheet<'_>, run: &Run, record: &StepRecord) {
    let look = sheet.look;
    let needs = match record.role {
        RecordRole::Step { index } => run.workflow.steps.get(index).and_then(|s| s.needs.as_ref()),
        _ => None,
    };
    if let Some(needs) = needs.filter(|needs| !needs.is_empty()) {
        let mut spans = Vec::new();
        for (n, (_, need)) in needs.iter().filter_map(|id| run.record(id)).enumerate() {
            let badge = steps::badge(model, need);
            spans.push(Span::raw(if n > 0 { "  " } else { "" }));
            spans.push(Span::styled(format!("{} ", badge.glyph), badge.style));
            spans.push(untrusted(&rows::title(run, need), look.subtext()));
        }
        sheet.labelled("After", spans);
    }
    if let RecordRole::Undo { of, .. } = &record.role {
        sheet.field("Undoes", &rows::title_of(run, of), look.subtext());
    }
    if run.breakpoints.contains(&record.id) {
        let text = "it waits for you before it begins";
        sheet.labelled("Breakpoint", vec![Span::styled(text, look.style(Role::Warning))]);
    }
    if let Some(edit) = &record.edit {
        sheet.labelled("Edited", vec![Span::styled(edited(edit), look.style(Role::Info))]);
    }
}

/// What of a step is done otherwise than its file says.
pub fn edited(edit: &Edit) -> String {
    let parts = [
        (edit.script.is_some(), "script"),
        (edit.env.is_some(), "environment"),
        (edit.with.is_some(), "parameters"),
        (edit.text.is_some(), "text"),
    ];
    let parts: Vec<&str> = parts.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    format!("{}, since the file", parts.join(", "))
}

/// Who asked for an approval, when, and what it is bound to.
pub fn asked(model: &Model, sheet: &mut Sheet<'_>, run: &Run, record: &StepRecord, digest: &str) {
    let look = sheet.look;
    let since = record.attempts.last().map_or(run.started_at, |a| a.started);
    sheet.labelled(
        "asked by",
        vec![
            untrusted(&run.started_by.to_string(), look.text()),
            Span::styled(format!(", {}", ago(model, since)), look.muted()),
        ],
    );
    if let StepState::Waiting { on: Prompt::Approval { escalation, remind, .. }, .. } = &record.state {
        if let Some(escalation) = escalation {
            escalated(model, sheet, run, escalation);
        }
        if let Some(remind) = remind {
            let now = clock(model, run);
            let when =
                if *remind > now { format!("in {}", short(remind.since(now))) } else { "due now".to_owned() };
            sheet.field("reminder", &when, look.subtext());
        }
    }
    sheet.labelled("bound to", vec![Span::styled(digest_short(digest), look.subtext())]);
}

/// `sha256 91c0…a4`.
pub fn digest_short(digest: &str) -> String {
    let safe = SafeLine::new(digest);
    let text = safe.as_str();
    match (text.get(..4), text.len().checked_sub(2).and_then(|at| text.get(at..))) {
        (Some(first), Some(last)) if text.len() > 8 => format!("sha256 {first}…{last}"),
        _ => format!("sha256 {text}"),
    }
}
