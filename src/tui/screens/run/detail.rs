//! The right side: one step, large. Its head stands still, the rest scrolls.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::base::{SafeLine, Timestamp};
use crate::config::{Action, Role};
use crate::run::{
    Attempt, AttemptEnd, Evidence, Failure, FailureKind, Outcome, Phase, Prompt, Run, SkipReason, StepRecord,
    StepState, Work,
};
use crate::tui::Model;
use crate::tui::keys;
use crate::tui::model::short;
use crate::tui::screens::run::sheet::{PREVIEW, Sheet, evidence_word};
use crate::tui::screens::run::{Focus, output, steps};
use crate::tui::widgets::pane;
use crate::tui::widgets::text::{cut_line, span, untrusted, width};
use crate::workflow::{Step, StepKind, field};

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
    let (Some(step), Some(record)) = (run.workflow.steps.get(index), run.steps.get(index)) else { return };
    head(model, frame, Rect { height: area.height.min(1), ..area }, run, index);
    let below = area.height.saturating_sub(1);
    let mut body = Rect { y: area.y + area.height.min(1), height: below, ..area };
    let with_output = matches!(step.kind, StepKind::Run { .. }) && model.run.output.shown(record);
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
    let (Some(step), Some(record)) = (run.workflow.steps.get(index), run.steps.get(index)) else { return };
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
    let wanted = (width(&step.title) + 5).min(usize::from(area.width) * 2 / 3);
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
        Span::styled(format!("{}  ", index + 1), look.muted()),
        untrusted(&step.title, look.strong()),
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
    ending(model, sheet, run, record);
    if let Some(description) = step.description.as_deref().filter(|_| !brief) {
        sheet.gap();
        sheet.prose(description, look.subtext());
    }
    let mut cursor = None;
    if !brief {
        sheet.gap();
    }
    match &step.kind {
        StepKind::Manual { actions } => cursor = manual(model, sheet, actions, record, focus),
        StepKind::Ask { .. } => questions(model, sheet, run, step, record),
        StepKind::Run { .. } => script(sheet, step, record, brief),
        StepKind::Approve { .. } => approval(model, sheet, run, step, record),
        StepKind::Call { .. } | StepKind::Agent { .. } | StepKind::Workflow { .. } => {
            if let Some(work) = last_work(record) {
                sheet.work(work, PREVIEW);
            }
        }
        StepKind::Write { path, template, overwrite } => {
            let planned =
                Work::Write { path: path.clone(), content: template.clone(), overwrite: *overwrite };
            sheet.work(last_work(record).unwrap_or(&planned), PREVIEW);
        }
    }
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
            earlier(model, sheet, attempt);
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

/// How the step ended, or what it waits for, before anything else.
fn ending(model: &Model, sheet: &mut Sheet<'_>, run: &Run, record: &StepRecord) {
    let look = sheet.look;
    let who = |by: &crate::base::Actor, at: Timestamp| {
        vec![
            untrusted(&by.to_string(), look.subtext()),
            Span::styled(format!(", {}", ago(model, at)), look.muted()),
        ]
    };
    match &record.state {
        StepState::Done { at, by, outcome } => {
            sheet.labelled("Done by", who(by, *at));
            evidence(sheet, outcome);
        }
        StepState::Failed { at, by, failure, continued, .. } => {
            sheet.labelled("Failed", vec![untrusted(&failure.message, look.style(Role::Error))]);
            if let Some(code) = failure.exit {
                sheet.labelled("Exit", vec![Span::styled(code.to_string(), look.text())]);
            }
            sheet.labelled("Noted by", who(by, *at));
            if *continued {
                sheet.line(Line::styled("The run went on, as its author has decided.", look.muted()), 0);
            }
        }
        StepState::Skipped { at, by, reason } => {
            sheet.labelled("Skipped by", who(by, *at));
            match reason {
                SkipReason::Person { reason } => sheet.field("Reason", reason, look.text()),
                SkipReason::NotListed => {
                    sheet.field("Because", "its item is no longer in the list", look.text())
                }
                SkipReason::Condition { expression } => {
                    sheet.field("Because", &format!("`{expression}` is false"), look.text());
                }
            }
        }
        StepState::Uncertain { since } => {
            let told = format!(
                "The engine died while this ran, {}. Nobody knows how far it came: look, then decide.",
                ago(model, *since)
            );
            sheet.line(Line::styled(told, look.style(Role::Warning)), 0);
        }
        StepState::Cancelled { at } => {
            sheet.line(
                Line::styled(format!("Cancelled with the run, {}.", ago(model, *at)), look.subtext()),
                0,
            );
        }
        StepState::Waiting { on: Prompt::Retry { due, failure }, .. } => {
            sheet.labelled("Failed", vec![untrusted(&failure_line(failure), look.style(Role::Error))]);
            let when = if run.is_paused() {
                "when the run goes on".to_owned()
            } else {
                format!("in {}", short(due.since(model.now)))
            };
            sheet.labelled("Next try", vec![Span::styled(when, look.text())]);
        }
        StepState::Pending if !run.is_ended() => {
            sheet.line(Line::styled("Not begun yet.", look.muted()), 0);
        }
        StepState::Pending => sheet.line(Line::styled("Never begun.", look.muted()), 0),
        StepState::Running { .. } | StepState::Waiting { .. } => {}
    }
}

fn evidence(sheet: &mut Sheet<'_>, outcome: &Outcome) {
    let look = sheet.look;
    if outcome.evidence.is_empty() {
        sheet.labelled("Evidence", vec![Span::styled("none: unverified", look.style(Role::Warning))]);
    }
    for (n, Evidence { kind, text }) in outcome.evidence.iter().enumerate() {
        let label = if n == 0 { "Evidence" } else { "" };
        let word = Span::styled(format!("{}  ", evidence_word(*kind)), look.muted());
        sheet.labelled(label, vec![word, untrusted(text, look.text())]);
    }
    for (n, (name, value)) in outcome.outputs.iter().enumerate() {
        let label = if n == 0 { "Outputs" } else { "" };
        let told =
            [untrusted(name, look.text()), Span::styled(" = ", look.muted()), value_span(sheet, value)];
        sheet.labelled(label, told.to_vec());
    }
}

fn value_span(sheet: &Sheet<'_>, value: &Value) -> Span<'static> {
    match value {
        Value::String(text) => untrusted(text, sheet.look.text()),
        Value::Null => Span::styled("no answer", sheet.look.muted()),
        Value::Bool(yes) => Span::styled(if *yes { "yes" } else { "no" }, sheet.look.text()),
        other => untrusted(&field::shown(other), sheet.look.text()),
    }
}

fn manual(
    model: &Model,
    sheet: &mut Sheet<'_>,
    actions: &[String],
    record: &StepRecord,
    focus: Focus,
) -> Option<usize> {
    let look = sheet.look;
    let (ticked, open): (Vec<bool>, bool) = match &record.state {
        StepState::Waiting { on: Prompt::Check { checked }, .. } => (checked.clone(), true),
        StepState::Done { outcome, .. } => {
            (actions.iter().map(|a| !outcome.unchecked.contains(a)).collect(), false)
        }
        _ => (vec![false; actions.len()], false),
    };
    let mut cursor = None;
    for (n, action) in actions.iter().enumerate() {
        let on = ticked.get(n).copied().unwrap_or_default();
        let here = open && n == model.run.action;
        if here {
            cursor = Some(sheet.lines.len());
        }
        let pointer = if here { look.pointer() } else { " " };
        let pointer_style = if focus == Focus::Detail { look.accent() } else { look.muted() };
        let (glyph, style) = if on {
            (look.glyph("☑ ", "[x] "), look.style(Role::Success))
        } else {
            (look.glyph("☐ ", "[ ] "), look.muted())
        };
        let text = match (on, open) {
            (true, _) => look.subtext(),
            (false, true) => look.text(),
            (false, false) => look.muted(),
        };
        sheet.line(
            Line::from(vec![
                Span::styled(format!("{pointer} "), pointer_style),
                Span::styled(glyph, style),
                untrusted(action, text),
            ]),
            if look.glyphs == crate::config::GlyphSet::Unicode { 4 } else { 6 },
        );
    }
    if actions.is_empty() && open {
        sheet.line(Line::styled("Nothing to tick off: do it, then say that it is done.", look.muted()), 0);
    }
    cursor
}

fn questions(model: &Model, sheet: &mut Sheet<'_>, run: &Run, step: &Step, record: &StepRecord) {
    let look = sheet.look;
    let StepKind::Ask { fields } = &step.kind else { return };
    let answers = match &record.state {
        StepState::Done { outcome, .. } => Some(&outcome.answers),
        _ => None,
    };
    let draft = model.run.drafts.get(&(run.id().clone(), step.id.clone()));
    for field in fields {
        let optional = if field.required { "" } else { "  optional" };
        sheet.line(
            Line::from(vec![untrusted(&field.prompt, look.text()), Span::styled(optional, look.muted())]),
            0,
        );
        let told = match (answers, draft.and_then(|d| d.get(&field.name))) {
            (Some(answers), _) => value_span(sheet, answers.get(&field.name).unwrap_or(&Value::Null)),
            (None, Some(typed)) => match typed {
                Value::Object(_) => untrusted(&field::shown(typed), look.subtext()),
                other => untrusted(&format!("typed: {}", field::shown(other)), look.subtext()),
            },
            (None, None) => Span::styled("no answer yet", look.muted()),
        };
        sheet.line(Line::from(vec![Span::raw("  "), told]), 2);
    }
    if matches!(record.state, StepState::Waiting { .. }) {
        sheet.gap();
        let key = model.keymap.keys(Action::Activate).first();
        let key =
            key.map(|k| keys::shown(*k, look.glyphs == crate::config::GlyphSet::Unicode)).unwrap_or_default();
        sheet.line(
            Line::from(vec![
                Span::styled(key, look.accent()),
                Span::styled(" opens the form; what you type is kept.", look.muted()),
            ]),
            0,
        );
    }
}

fn last_work(record: &StepRecord) -> Option<&Work> {
    record.attempts.last().map(|a| &a.work).filter(|w| !matches!(w, Work::Unresolved))
}

fn script(sheet: &mut Sheet<'_>, step: &Step, record: &StepRecord, brief: bool) {
    let StepKind::Run { script, env, secrets, cwd, .. } = &step.kind else { return };
    let look = sheet.look;
    let (script, names, folder) = match last_work(record) {
        Some(Work::Run { script, env, secrets, cwd, .. }) => {
            (script, env.keys().chain(secrets.keys()).cloned().collect::<Vec<_>>(), cwd.clone())
        }
        _ => (script, env.keys().chain(secrets.keys()).cloned().collect(), cwd.clone().unwrap_or_default()),
    };
    sheet.script(None, script, if brief { 6 } else { PREVIEW });
    if !names.is_empty() {
        sheet.field("env", &names.join("  "), look.subtext());
    }
    if !folder.is_empty() {
        sheet.field("in", &folder, look.subtext());
    }
}

fn approval(model: &Model, sheet: &mut Sheet<'_>, run: &Run, step: &Step, record: &StepRecord) {
    let look = sheet.look;
    let StepKind::Approve { question, within, .. } = &step.kind else { return };
    let Some(Work::Approve { question, opens, digest }) = last_work(record) else {
        sheet.prose(question, look.text());
        if let Some(within) = within {
            sheet.field("within", &within.to_string(), look.text());
        }
        return;
    };
    sheet.prose(question, look.strong());
    sheet.gap();
    sheet.opened(opens, PREVIEW);
    sheet.gap();
    asked(model, sheet, run, record, digest);
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

fn earlier(model: &Model, sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let look = sheet.look;
    let (badge, told) = match &attempt.ended {
        Some(AttemptEnd::Done { by, .. }) => (look.step(crate::run::StepStatus::Done), format!("by {by}")),
        Some(AttemptEnd::Failed { failure, .. }) => {
            (look.step(crate::run::StepStatus::Failed), failure_line(failure))
        }
        Some(AttemptEnd::Skipped { by, .. }) => {
            (look.step(crate::run::StepStatus::Skipped), format!("by {by}"))
        }
        Some(AttemptEnd::Interrupted { by, .. }) => {
            (look.step(crate::run::StepStatus::Cancelled), format!("stopped by {by}"))
        }
        Some(AttemptEnd::Uncertain { .. }) => {
            (look.step(crate::run::StepStatus::Uncertain), "the engine died".to_owned())
        }
        Some(AttemptEnd::Cancelled { .. }) | None => {
            (look.step(crate::run::StepStatus::Cancelled), String::new())
        }
    };
    let took = attempt.ended.as_ref().map(|end| end.at().since(attempt.started));
    let after =
        took.map(|t| format!("  after {}, {}", short(t), ago(model, attempt.started))).unwrap_or_default();
    sheet.line(
        Line::from(vec![
            Span::styled(format!("{:>2}  ", attempt.number), look.muted()),
            Span::styled(format!("{} {}  ", badge.glyph, badge.word), badge.style),
            untrusted(&told, look.subtext()),
            Span::styled(after, look.muted()),
        ]),
        4,
    );
}

/// A line on what holds for the whole run: paused, ended, how and by whom.
pub fn banner(model: &Model, run: &Run) -> Option<Line<'static>> {
    let look = &model.look;
    let because = |reason: &Option<String>| reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
    let (text, style) = match &run.phase {
        Phase::Active { .. } => return None,
        Phase::Paused { since, by, frozen, .. } => {
            let how = if *frozen { "its processes are frozen" } else { "nothing new starts" };
            (format!("Paused by {by}, {}; {how}.", ago(model, *since)), look.subtext())
        }
        Phase::Cancelling { by, reason, .. } => (
            format!("Being cancelled by {by}{}; its processes are asked to end.", because(reason)),
            look.subtext(),
        ),
        Phase::Completed { at } => {
            (format!("Completed {}; started by {}.", ago(model, *at), run.started_by), look.subtext())
        }
        Phase::Failed { at, reason } => {
            (format!("Failed {}: {reason}", ago(model, *at)), look.style(Role::Error))
        }
        Phase::Cancelled { at, by, reason, left_behind } => {
            let left = if left_behind.is_empty() {
                String::new()
            } else {
                format!("  Left behind: {}", left_behind.join(", "))
            };
            let style = if left.is_empty() { look.subtext() } else { look.style(Role::Warning) };
            (format!("Cancelled by {by}, {}{}.{left}", ago(model, *at), because(reason)), style)
        }
    };
    Some(Line::from(span(&SafeLine::new(&text), style)))
}
