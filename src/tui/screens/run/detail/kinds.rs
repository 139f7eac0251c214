//! What a step is about, by its kind.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::config::{Action, Role};
use crate::run::{Prompt, Run, StepRecord, StepState, Work};
use crate::tui::Model;
use crate::tui::overlays::help::keys_of;
use crate::tui::screens::run::detail::ending::value_span;
use crate::tui::screens::run::detail::{asked, failure_line};
use crate::tui::screens::run::sheet::{PREVIEW, Sheet};
use crate::tui::screens::run::{Focus, rows, steps};
use crate::tui::widgets::text::untrusted;
use crate::workflow::{Items, Step, StepKind, field};

/// What the latest try does; of a held step, what it would do.
fn last_work(record: &StepRecord) -> Option<&Work> {
    if let StepState::Waiting { on: Prompt::Proceed { work: Some(work), .. }, .. } = &record.state {
        return Some(work);
    }
    record.attempts.last().map(|a| &a.work).filter(|w| !matches!(w, Work::Unresolved))
}

/// Everything about what the step does. Gives the line of the cursor, where there is one.
pub fn tell(
    model: &Model,
    sheet: &mut Sheet<'_>,
    run: &Run,
    step: &Step,
    record: &StepRecord,
    focus: Focus,
    brief: bool,
) -> Option<usize> {
    if rows::is_loop(run, record) {
        each(model, sheet, run, step, record);
        return None;
    }
    let is_held = matches!(record.state, StepState::Waiting { on: Prompt::Proceed { .. }, .. });
    // An approval shows what comes after it.
    sheet.began = record.attempt() > 0 && !is_held && !matches!(step.kind, StepKind::Approve { .. });
    if let (true, Some(work)) = (is_held, last_work(record)) {
        // Exactly what it would do, as on its card.
        sheet.work(work, PREVIEW);
        return None;
    }
    match &step.kind {
        StepKind::Manual { actions } => return manual(model, sheet, actions, record, focus),
        StepKind::Ask { .. } => questions(model, sheet, run, step, record),
        StepKind::Run { .. } => script(sheet, step, record, brief),
        StepKind::Approve { .. } => approval(model, sheet, run, step, record),
        StepKind::Workflow { workflow, inputs } => {
            let planned = Work::Workflow {
                workflow: workflow.clone(),
                inputs: inputs.clone(),
                run: crate::base::RunId::new(""),
            };
            sheet.work(last_work(record).unwrap_or(&planned), PREVIEW);
            child(model, sheet, record);
        }
        StepKind::Rollback => {
            if let Some(work) = last_work(record) {
                sheet.work(work, PREVIEW);
            } else {
                sheet.prose("Rolls back the run that the step started.", sheet.look.text());
            }
            child(model, sheet, record);
        }
        StepKind::Call { server, tool, with, expects } => {
            let planned = Work::Call {
                server: server.clone(),
                tool: tool.clone(),
                arguments: with.clone(),
                expects: expects.clone(),
            };
            sheet.work(last_work(record).unwrap_or(&planned), if brief { 6 } else { PREVIEW });
        }
        StepKind::Agent { agent, persona, prompt, expects } => {
            let planned = Work::Agent {
                agent: agent.clone(),
                persona: persona.clone(),
                prompt: prompt.clone(),
                expects: expects.clone(),
                by_command: run.header.context.agents.contains(agent),
            };
            let waits = matches!(record.state, StepState::Waiting { on: Prompt::Agent { .. }, .. });
            let limit = match (waits, brief) {
                (true, _) => usize::MAX,
                (false, true) => 4,
                (false, false) => PREVIEW,
            };
            sheet.work(last_work(record).unwrap_or(&planned), limit);
            if waits {
                sheet.gap();
                opens_with(model, sheet, " opens the place to answer; what you type is kept.");
            }
        }
        StepKind::Write { path, template, overwrite } => {
            let planned =
                Work::Write { path: path.clone(), content: template.clone(), overwrite: *overwrite };
            sheet.work(last_work(record).unwrap_or(&planned), PREVIEW);
        }
    }
    None
}

/// What Enter does here.
fn opens_with(model: &Model, sheet: &mut Sheet<'_>, told: &'static str) {
    let look = sheet.look;
    let key = keys_of(model, Action::Activate);
    sheet.line(Line::from(vec![Span::styled(key, look.accent()), Span::styled(told, look.muted())]), 0);
}

/// A loop: how it goes through its list, and every part in a line.
fn each(model: &Model, sheet: &mut Sheet<'_>, run: &Run, step: &Step, record: &StepRecord) {
    let look = sheet.look;
    let parallel = step.for_each.as_ref().map_or(1, |each| each.parallel);
    let how = if parallel > 1 {
        format!("up to {parallel} side by side")
    } else {
        "one after the other".to_owned()
    };
    let listed = match (last_work(record), step.for_each.as_ref().map(|each| &each.items)) {
        (Some(Work::ForEach { items }), _) | (_, Some(Items::Listed(items))) if items.len() == 1 => {
            "1 item".to_owned()
        }
        (Some(Work::ForEach { items }), _) | (_, Some(Items::Listed(items))) => {
            format!("{} items", items.len())
        }
        (_, Some(Items::Expression(source))) => source.clone(),
        (_, None) => String::new(),
    };
    sheet.field("Once for", &format!("each of {listed}, {how}"), look.text());
    sheet.field("Does", step.kind.word(), look.subtext());
    sheet.gap();
    for part in rows::parts(run, record) {
        let badge = steps::badge(model, part);
        let mut spans = vec![
            Span::styled(format!("{} ", badge.glyph), badge.style),
            Span::styled(format!("{:>3} ", rows::number(part)), look.muted()),
            untrusted(&rows::name(run, part), look.text()),
            Span::styled(format!("  {}", badge.word), look.muted()),
        ];
        if let StepState::Failed { failure, .. } = &part.state {
            spans.push(untrusted(&format!("  {}", failure_line(failure)), look.style(Role::Error)));
        }
        sheet.line(Line::from(spans), 6);
    }
}

/// The run that the step has started: how it stands, and what it asks.
fn child(model: &Model, sheet: &mut Sheet<'_>, record: &StepRecord) {
    let look = sheet.look;
    let Some(id) = record.child() else { return };
    sheet.gap();
    match model.mirror.summary(id) {
        Some(row) => {
            let badge = look.run(row.status);
            sheet.labelled(
                "Its run",
                vec![
                    untrusted(&row.name, look.text()),
                    Span::styled(format!("  {} {}", badge.glyph, badge.word), badge.style),
                    Span::styled(format!("  {}/{}", row.current, row.steps), look.muted()),
                ],
            );
            if let Some(need) = &row.need {
                let mark = look.need(need.kind);
                sheet.labelled(
                    "Asks",
                    vec![
                        Span::styled(format!("{} {}  ", mark.glyph, mark.word), mark.style),
                        untrusted(&need.title, look.text()),
                    ],
                );
            } else if !row.status.is_ended() {
                sheet.field("At", &row.current_title, look.text());
            }
        }
        None => sheet.field("Its run", id.short(), look.text()),
    }
    sheet.gap();
    let key = keys_of(model, Action::OpenChild);
    let asks = model.mirror.summary(id).is_some_and(|row| row.need.is_some());
    let told = if asks { " goes to it; what it asks is answered there." } else { " goes to it." };
    sheet.line(Line::from(vec![Span::styled(key, look.accent()), Span::styled(told, look.muted())]), 0);
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
    let draft = model.run.drafts.get(&(run.id().clone(), record.id.clone()));
    for asked in fields {
        let optional = if asked.required { "" } else { "  optional" };
        sheet.line(
            Line::from(vec![untrusted(&asked.prompt, look.text()), Span::styled(optional, look.muted())]),
            0,
        );
        let told = match (answers, draft.and_then(|d| d.get(&asked.name))) {
            (Some(answers), _) => value_span(sheet, answers.get(&asked.name).unwrap_or(&Value::Null)),
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
        opens_with(model, sheet, " opens the form; what you type is kept.");
    }
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
