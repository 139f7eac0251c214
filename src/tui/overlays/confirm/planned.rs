//! The card's steps: what each does in a few words, and all of it in a dry run.

use ratatui::text::{Line, Span};

use crate::run::{PlannedStep, Work};
use crate::tui::Model;
use crate::tui::widgets::text::{untrusted, wrap};
use crate::workflow::{StepKind, secret};

/// What a step does, in a few words.
pub fn brief(step: &crate::workflow::Step) -> String {
    match &step.kind {
        StepKind::Manual { .. } if step.evidence_required => "evidence required".to_owned(),
        StepKind::Manual { actions } if actions.len() > 1 => format!("{} actions", actions.len()),
        StepKind::Ask { fields } if fields.len() == 1 => "1 question".to_owned(),
        StepKind::Ask { fields } => format!("{} questions", fields.len()),
        StepKind::Run { script, .. } => {
            let mut lines = script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
            let first = lines.next().unwrap_or("").to_owned();
            if lines.next().is_some() { format!("{first} …") } else { first }
        }
        StepKind::Approve { within: Some(within), .. } => format!("within {within}"),
        StepKind::Manual { .. } | StepKind::Approve { .. } => String::new(),
        StepKind::Write { path, .. } => path.clone(),
        StepKind::Call { server, tool, .. } => format!("{server}.{tool}"),
        StepKind::Agent { agent, .. } => agent.clone(),
        StepKind::Workflow { workflow, .. } => workflow.to_string(),
    }
}

/// A step of the dry run: everything filled in that can be known now.
pub fn detail(
    model: &Model,
    planned: &PlannedStep,
    step: &crate::workflow::Step,
    room: usize,
) -> Vec<Line<'static>> {
    const INDENT: usize = 16;
    let look = &model.look;
    let mut lines = Vec::new();
    let mut add = |text: &str, style| {
        let line = Line::from(vec![Span::raw(" ".repeat(INDENT)), untrusted(text, style)]);
        lines.extend(wrap(&line, room, INDENT));
    };
    if let Some(source) = &step.condition {
        let told = match planned.condition {
            Some(true) => format!("because {source}"),
            Some(false) => format!("skipped: {source} is false"),
            None => format!("only if {source}"),
        };
        add(&told, look.muted());
    }
    match &planned.work {
        Ok(Work::Run { script, env, secrets, cwd, .. }) => {
            for (n, line) in script.trim_end().lines().enumerate() {
                add(&format!("{} {line}", if n == 0 { "$" } else { " " }), look.text());
            }
            for (name, value) in env {
                add(&format!("{name} = {value}"), look.subtext());
            }
            for (name, reference) in secrets {
                add(&format!("{name} = {}", secret::masked(reference)), look.subtext());
            }
            if !cwd.is_empty() {
                add(&format!("in {cwd}"), look.subtext());
            }
        }
        Ok(Work::Write { path, content, .. }) => {
            add(&format!("writes {path}, {} lines", content.lines().count()), look.subtext());
        }
        Ok(Work::Approve { question, .. }) => add(question, look.subtext()),
        Ok(Work::Call { server, tool, .. }) => add(&format!("calls {server}.{tool}"), look.subtext()),
        Ok(Work::Agent { agent, by_command: true, .. }) => add(&format!("asks {agent}"), look.subtext()),
        Ok(Work::Agent { agent, .. }) => add(&format!("somebody answers for {agent}"), look.subtext()),
        Ok(Work::Workflow { workflow, .. }) => add(&format!("runs {workflow}"), look.subtext()),
        Ok(Work::ForEach { items }) => {
            add(&format!("once for each of {} items", items.len()), look.subtext())
        }
        Ok(Work::Manual) => {
            if let StepKind::Manual { actions } = &step.kind {
                for action in actions {
                    add(&format!("{} {action}", look.glyph("☐", "[ ]")), look.subtext());
                }
            }
        }
        Ok(Work::Ask) => {
            if let StepKind::Ask { fields } = &step.kind {
                for field in fields {
                    add(&format!("? {}", field.prompt), look.subtext());
                }
            }
        }
        Ok(Work::Unresolved) => add("known only later", look.muted()),
        Err(failure) => add(&format!("known only later: {}", failure.message), look.muted()),
    }
    lines
}
