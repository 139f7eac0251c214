//! `rollback`: how a step is undone, as a script or as a step of its own. A child run is rolled back
//! unless its step says otherwise.

use super::super::report::Sink;
use super::super::retry::retry;
use super::super::table::{Keys, Table};
use super::super::tree::{Node, Shape};
use super::script::{not_filled_in, plain_shell, refuse_expressions};
use super::{StepReader, evidence};
use crate::base::StepId;
use crate::workflow::{OnFailure, Step, StepKind};

pub(in crate::workflow::parse) const UNDO: Keys = Keys {
    of: "`rollback`",
    known: &[
        "title",
        "description",
        "actions",
        "validation",
        "run",
        "call",
        "agent",
        "write",
        "workflow",
        "timeout",
        "retry",
        "continue_on_error",
        "on_failure",
        "idempotent",
        "evidence",
        "shell",
        "env",
        "cwd",
        "pty",
        "done_exits",
        "expects",
        "with",
        "persona",
        "prompt",
        "inputs",
        "template",
        "overwrite",
    ],
    later: &[],
};

impl StepReader<'_> {
    /// `of` is what the step itself does, as far as it could be read.
    pub(super) fn rollback(
        &mut self,
        table: &Table<'_>,
        id: Option<&str>,
        title: Option<&str>,
        of: Option<&StepKind>,
        sink: &mut Sink<'_>,
    ) -> Option<Box<Step>> {
        let Some(node) = table.get("rollback") else {
            let is_child = matches!(of, Some(StepKind::Workflow { .. }));
            return is_child.then(|| named(Step::bare(StepKind::Rollback), id, title));
        };
        let names = self.names.with_own();
        let outside = std::mem::replace(&mut *self.names, names);
        let step = match &node.shape {
            Shape::Text(script) => script_of(script, of, node, sink).map(Step::bare),
            Shape::Mapping(entries) if !entries.is_empty() => self.undo_step(node, sink),
            _ => {
                sink.error(
                    &node.span,
                    format!("`rollback` must be a script or a mapping, found {}", node.found()),
                    "Write the command that undoes the step, or what a step has: { run: … }, { call: … }, { actions: […] }",
                );
                None
            }
        };
        *self.names = outside;
        step.map(|step| named(step, id, title))
    }

    fn undo_step(&mut self, node: &Node, sink: &mut Sink<'_>) -> Option<Step> {
        let table = Table::open(node, &UNDO, sink)?;
        let kind = self.kind(&table, sink);
        not_filled_in(&table, sink);
        Some(Step {
            title: table.sentence("title", sink).unwrap_or_default(),
            description: table.sentence("description", sink),
            validation: table.sentence("validation", sink),
            timeout: table.duration("timeout", sink),
            retry: table.get("retry").and_then(|n| retry(n, sink)),
            continue_on_error: table.boolean("continue_on_error", sink).unwrap_or(false),
            on_failure: self.after_undo(&table, sink),
            idempotent: table.boolean("idempotent", sink).unwrap_or(false),
            evidence_required: evidence(&table, sink),
            ..Step::bare(kind?)
        })
    }

    /// A rollback goes neither back nor round in a circle.
    fn after_undo(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> OnFailure {
        let Some(node) = table.get("on_failure") else { return OnFailure::Ask };
        let is_back = node.get("back").is_some();
        let is_rollback = matches!(&node.shape, Shape::Text(text) if text.trim() == "rollback");
        if is_back || is_rollback {
            sink.error(
                &node.span,
                "what undoes a step fails to a person: it can be asked or escalated",
                "Write `ask` or `{ escalate: [NAME, NAME], within: 30m }`",
            );
            return OnFailure::Ask;
        }
        self.on_failure(usize::MAX, table, sink)
    }
}

/// Called like the step that it undoes.
fn named(step: Step, id: Option<&str>, title: Option<&str>) -> Box<Step> {
    let own = Some(step.title.clone()).filter(|own| !own.is_empty());
    Box::new(Step {
        id: StepId::new(format!("{}.rollback", id.unwrap_or_default())),
        title: own.unwrap_or_else(|| format!("Undo: {}", title.unwrap_or_default())),
        ..step
    })
}

/// A script alone has the shell, the environment and the folder of the script that it undoes.
fn script_of(text: &str, of: Option<&StepKind>, node: &Node, sink: &mut Sink<'_>) -> Option<StepKind> {
    if text.trim().is_empty() {
        sink.error(&node.span, "`rollback` is empty", "Write the command that undoes the step");
        return None;
    }
    refuse_expressions(text, "rollback", &node.span, sink);
    let mut kind = match of {
        Some(kind @ StepKind::Run { .. }) => kind.clone(),
        _ => StepKind::Run {
            script: String::new(),
            shell: plain_shell(),
            env: indexmap::IndexMap::new(),
            secrets: indexmap::IndexMap::new(),
            cwd: None,
            pty: false,
            done_exits: Vec::new(),
            expects: None,
        },
    };
    if let StepKind::Run { script, pty, done_exits, expects, .. } = &mut kind {
        text.clone_into(script);
        *pty = false;
        done_exits.clear();
        *expects = None;
    }
    Some(kind)
}
