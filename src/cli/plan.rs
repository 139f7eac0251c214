//! What a run will do, step by step, before anything is done: for the confirmation and the dry run.

use serde_json::{Map, Value};

use crate::base::{SafeText, StepId};
use crate::cli::output::{Line, Tone};
use crate::cli::planned::{Child, Planned, PlannedOne};
use crate::cli::values::Taken;
use crate::cli::{Env, list, work};
use crate::run::{PrerequisiteResult, SubjectState, Work};
use crate::workflow::{Entry, Moves, Step, StepKind, Workflow, field};

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
        if let Some(hint) = &result.hint {
            env.out.line(Line::new().plain("            ").dim(hint));
        }
    }
}

/// What the run works on, the states between which it takes it, and the one that it is in where that is
/// known. False where a run of it cannot start from there.
pub fn subject(env: &Env, moves: &Moves, name: &str, known: Option<&SubjectState>) -> bool {
    let from = if moves.from.is_empty() { "any state".to_owned() } else { moves.from.join(" or ") };
    let line =
        Line::new().dim("  subject ").plain(name).dim("  from ").plain(from).dim(" to ").plain(&moves.to);
    let line = match &moves.condition {
        Some(source) => line.dim(" if ").plain(source),
        None => line,
    };
    let line = match known.and_then(|s| s.state.as_ref()) {
        Some(state) => line.dim("; now ").plain(state),
        None => line,
    };
    env.out.line(line);
    match known.map(|s| s.may_start(moves, None)) {
        Some(Err(refusal)) => {
            env.out.line(Line::new().put(Tone::Failure, "          ✗ ").plain(&refusal.reason));
            if let Some(hint) = &refusal.hint {
                env.out.line(Line::new().plain("            ").dim(hint));
            }
            false
        }
        Some(Ok(())) | None => true,
    }
}

/// Each step in a line or two; `full` also shows whole scripts, environments and contents, every
/// iteration, and the steps of child runs.
pub fn list_steps(env: &Env, planned: &Planned<'_>, full: bool) {
    list_under(env, planned, "", full);
}

fn list_under(env: &Env, planned: &Planned<'_>, indent: &str, full: bool) {
    for one in &planned.steps {
        let step = one.step;
        let kind = if step.for_each.is_some() { "each " } else { "" };
        let mut line = Line::new()
            .dim(format!("{indent}  {:>4}  ", one.planned.index + 1))
            .plain(&step.title)
            .dim(format!("  {kind}{}", step.kind.word()));
        if let Some(condition) = &step.condition {
            line = match one.planned.condition {
                Some(true) => line,
                Some(false) => line.put(Tone::Warning, format!("  skipped: {condition} is false")),
                None => line.dim(format!("  only if {condition}")),
            };
        }
        if let Some(needs) = &step.needs {
            let needs: Vec<&str> = needs.iter().map(StepId::as_str).collect();
            let after =
                if needs.is_empty() { "at once".to_owned() } else { format!("after {}", needs.join(", ")) };
            line = line.dim(format!("  {after}"));
        }
        if step.continue_on_error {
            line = line.dim("  goes on if it fails");
        }
        if step.evidence_required {
            line = line.dim("  evidence required");
        }
        env.out.line(line);
        if one.planned.condition != Some(false) {
            let inner = format!("{indent}          ");
            detail(env, one, &inner, full);
            if full && let Some(child) = &one.child {
                nested(env, child, &inner);
            }
        }
    }
}

fn detail(env: &Env, one: &PlannedOne<'_>, indent: &str, full: bool) {
    match &one.planned.work {
        Ok(Work::Manual | Work::Ask) if full => manual(env, indent, one.step),
        Ok(work) => work::show(env, indent, work, full),
        Err(failure) => {
            env.out.line(Line::new().plain(indent).dim("known later: ").dim(&failure.message));
        }
    }
    if !full {
        return;
    }
    for (number, (item, outcome)) in one.iterations.iter().enumerate().take(ITERATIONS) {
        let line = Line::new().plain(indent).dim(format!("{}.{}  ", one.step.id, number + 1));
        env.out.line(line.plain(field::shown(item)));
        let inner = format!("{indent}  ");
        match outcome {
            Ok(work) => work::show(env, &inner, work, true),
            Err(failure) => {
                env.out.line(Line::new().plain(inner).dim("known later: ").dim(&failure.message));
            }
        }
    }
    if one.iterations.len() > ITERATIONS {
        let more = format!("… and {} more", one.iterations.len() - ITERATIONS);
        env.out.line(Line::new().plain(indent).dim(more));
    }
    if let Some(undo) = &one.step.rollback {
        let how = match undo.kind {
            StepKind::Rollback => "rolling its run back",
            _ => &undo.title,
        };
        env.out.line(Line::new().plain(indent).dim("undone by ").plain(how));
    }
}

/// The plan of a child run.
fn nested(env: &Env, child: &Child<'_>, indent: &str) {
    match child {
        Child::Plan(planned) => {
            let head = Line::new().plain(indent).strong(planned.workflow.id.as_str()).plain("  ");
            let head = head.plain(&planned.workflow.name);
            env.out.line(head.dim(format!("  version {}", planned.workflow.version)));
            list_under(env, planned, indent, true);
        }
        Child::Again => {
            env.out.line(Line::new().plain(indent).dim("its steps are shown above; it is run again here"));
        }
        Child::Problem(problem) => {
            env.out.line(Line::new().plain(indent).put(Tone::Failure, "✗ ").plain(problem));
        }
    }
}

/// Most iterations that are shown one by one.
const ITERATIONS: usize = 20;

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
        | StepKind::Workflow { .. }
        | StepKind::Rollback => {}
    }
    if let Some(validation) = &step.validation {
        env.out.line(Line::new().plain(indent).dim("done when ").plain(validation));
    }
}
