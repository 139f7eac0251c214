//! What a run will do, step by step, before anything is done: for the confirmation and the dry run.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::base::SafeText;
use crate::cli::output::{Line, Tone};
use crate::cli::values::Taken;
use crate::cli::{Env, list};
use crate::client::repo;
use crate::run::{Context, PlannedStep, PrerequisiteResult, Work, plan};
use crate::workflow::{Entry, Step, StepKind, Workflow, field, secret};

/// Every step, resolved as far as it can be from here.
pub fn steps(env: &Env, workflow: &Workflow, inputs: &Map<String, Value>) -> Vec<PlannedStep> {
    let declared: IndexMap<String, String> = workflow
        .env
        .iter()
        .filter_map(|name| std::env::var(name).ok().map(|value| (name.clone(), value)))
        .collect();
    let context = Context {
        folder: env.folder_text(),
        repo: repo::read(&env.folder),
        env: declared,
        ..Context::default()
    };
    plan(workflow, inputs, &context)
}

/// Which workflow, which version, where from, what it is for, with which inputs, and which of them the phrase
/// gave.
pub fn head(env: &Env, entry: &Entry, workflow: &Workflow, inputs: &Map<String, Value>, taken: &Taken) {
    env.out.line(Line::new().strong(workflow.id.as_str()).plain("  ").strong(&workflow.name).dim(format!(
        "  version {}  {}",
        workflow.version,
        list::origin_word(entry.origin)
    )));
    env.out.block("  ", &SafeText::new(&workflow.scope));
    for (name, value) in inputs {
        env.out.line(
            Line::new()
                .dim("  input   ")
                .plain(name)
                .dim(" = ")
                .plain(field::shown(value))
                .dim(taken.source(name)),
        );
    }
    env.out.line(Line::new().dim("  folder  ").plain(env.folder_text()));
}

/// What must be true before the start, checked.
pub fn prerequisites(env: &Env, results: &[PrerequisiteResult]) {
    for result in results {
        let (tone, glyph) = match result.passed {
            Some(true) => (Tone::Success, "✓"),
            Some(false) => (Tone::Failure, "✗"),
            None => (Tone::Dim, "☐"),
        };
        env.out.line(Line::new().dim("  before  ").put(tone, glyph).plain(" ").plain(&result.says));
        if let Some(detail) = result.detail.as_ref().filter(|_| result.passed == Some(false)) {
            env.out.block("            ", &SafeText::new(detail.trim_end()));
        }
    }
}

/// Each step in a line or two; `full` also shows whole scripts, environments and contents.
pub fn list_steps(env: &Env, workflow: &Workflow, planned: &[PlannedStep], full: bool) {
    for one in planned {
        let Some(step) = workflow.steps.get(one.index) else { continue };
        let mut line = Line::new()
            .dim(format!("  {:>4}  ", one.index + 1))
            .plain(&step.title)
            .dim(format!("  {}", step.kind.word()));
        if let Some(condition) = &step.condition {
            line = match one.condition {
                Some(true) => line,
                Some(false) => line.put(Tone::Warning, format!("  skipped: {condition} is false")),
                None => line.dim(format!("  only if {condition}")),
            };
        }
        if step.continue_on_error {
            line = line.dim("  goes on if it fails");
        }
        if step.evidence_required {
            line = line.dim("  evidence required");
        }
        env.out.line(line);
        if one.condition != Some(false) {
            detail(env, step, one, full);
        }
    }
}

fn detail(env: &Env, step: &Step, planned: &PlannedStep, full: bool) {
    const INDENT: &str = "          ";
    match &planned.work {
        Ok(Work::Run { script, env: names, secrets, cwd, .. }) => {
            let shown = if full { script.trim_end() } else { script.lines().next().unwrap_or_default() };
            for (index, text) in shown.lines().enumerate() {
                let mark = if index == 0 { "$ " } else { "  " };
                env.out.line(Line::new().plain(INDENT).dim(mark).plain(text));
            }
            if !full && script.trim_end().lines().count() > 1 {
                env.out.line(Line::new().plain(INDENT).dim("  …"));
            }
            if full {
                let secrets = secrets.iter().map(|(name, reference)| (name, secret::masked(reference)));
                let names = names.iter().map(|(name, value)| (name, value.clone())).chain(secrets);
                for (name, value) in names {
                    env.out.line(Line::new().plain(INDENT).dim("with ").plain(name).dim(" = ").plain(value));
                }
                if !cwd.is_empty() {
                    env.out.line(Line::new().plain(INDENT).dim("in ").plain(cwd));
                }
            }
        }
        Ok(Work::Approve { question, .. }) => env.out.block(INDENT, &SafeText::new(question)),
        Ok(Work::Write { path, content, .. }) => {
            env.out.line(Line::new().plain(INDENT).dim("writes ").plain(path));
            if full {
                env.out.block("            ", &SafeText::new(content.trim_end()));
            }
        }
        Ok(Work::Call { server, tool, arguments, .. }) => {
            env.out.line(Line::new().plain(INDENT).dim("calls ").plain(format!("{server}.{tool}")));
            if full {
                for (name, value) in arguments {
                    let value = field::shown(value);
                    env.out.line(Line::new().plain(INDENT).dim("with ").plain(name).dim(" = ").plain(value));
                }
            }
        }
        Ok(Work::Agent { agent, persona, prompt, by_command, .. }) => {
            let who = if *by_command { "asks the agent " } else { "a person answers for the agent " };
            env.out.line(Line::new().plain(INDENT).dim(who).plain(agent));
            if full {
                env.out.block("            ", &SafeText::new(persona.trim_end()));
                env.out.block("            ", &SafeText::new(prompt.trim_end()));
            }
        }
        Ok(Work::Workflow { workflow, inputs, .. }) => {
            env.out.line(Line::new().plain(INDENT).dim("runs ").plain(workflow.as_str()));
            if full {
                for (name, value) in inputs {
                    let value = field::shown(value);
                    env.out.line(Line::new().plain(INDENT).dim("with ").plain(name).dim(" = ").plain(value));
                }
            }
        }
        Ok(Work::ForEach { items }) => {
            let shown: Vec<String> = items.iter().take(10).map(field::shown).collect();
            let more = if items.len() > shown.len() { ", …" } else { "" };
            let text = format!("{} times: {}{more}", items.len(), shown.join(", "));
            env.out.line(Line::new().plain(INDENT).plain(text));
        }
        Ok(Work::Manual | Work::Ask) if full => manual(env, INDENT, step),
        Ok(Work::Manual | Work::Ask | Work::Unresolved) => {}
        Err(failure) => {
            env.out.line(Line::new().plain(INDENT).dim("known later: ").dim(&failure.message));
        }
    }
}

fn manual(env: &Env, indent: &str, step: &Step) {
    match &step.kind {
        StepKind::Manual { actions } => {
            for action in actions {
                env.out.line(Line::new().plain(indent).dim("☐ ").plain(action));
            }
        }
        StepKind::Ask { fields } => {
            for asked in fields {
                env.out.line(
                    Line::new().plain(indent).dim("? ").plain(&asked.name).dim("  ").plain(&asked.prompt),
                );
            }
        }
        StepKind::Run { .. }
        | StepKind::Approve { .. }
        | StepKind::Write { .. }
        | StepKind::Call { .. }
        | StepKind::Agent { .. }
        | StepKind::Workflow { .. } => {}
    }
    if let Some(validation) = &step.validation {
        env.out.line(Line::new().plain(indent).dim("done when ").plain(validation));
    }
}

/// The same for programs.
pub fn json_steps(workflow: &Workflow, planned: &[PlannedStep]) -> Value {
    planned
        .iter()
        .filter_map(|one| workflow.steps.get(one.index).map(|step| (step, one)))
        .map(|(step, one)| {
            json!({
                "step": step.id,
                "title": step.title,
                "kind": step.kind.word(),
                "if": step.condition,
                "condition": one.condition,
                "work": one.work.as_ref().ok(),
                "known_later": one.work.as_ref().err().map(|f| &f.message),
            })
        })
        .collect()
}
