//! What the steps do that call tools, ask agents, run other workflows or wait for an approval.

use serde_json::{Map, Value};

use super::super::report::Sink;
use super::super::table::{Table, brief, check_name, data, exit_code, is_workflow_id, items, sentence};
use super::super::tree::{Node, Shape};
use super::StepReader;
use crate::base::WorkflowId;
use crate::workflow::{OnTimeout, StepKind};

pub(in crate::workflow::parse) const ON_TIMEOUT: [&str; 2] = ["reject", "escalate"];

impl StepReader<'_> {
    /// `call: server.tool`; the tool's own name may have dots as well.
    pub(super) fn call(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let node = table.get("call")?;
        let name = sentence(node, "call", sink)?;
        let with = self.values(table, "with", sink);
        let expects = self.expects(table, sink);
        let parts = name.split_once('.').filter(|(server, tool)| {
            is_plain_name(server)
                && !tool.is_empty()
                && !tool.contains(|c: char| c.is_whitespace() || c == '$')
        });
        let Some((server, tool)) = parts else {
            sink.error(
                &node.span,
                format!("`call` names a server and its tool, found “{}”", brief(&name)),
                "Write `call: server.tool`; servers are configured under [servers.NAME]",
            );
            return None;
        };
        Some(StepKind::Call { server: server.to_owned(), tool: tool.to_owned(), with, expects })
    }

    pub(super) fn agent(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let node = table.get("agent")?;
        let agent = sentence(node, "agent", sink)?;
        if !is_plain_name(&agent) {
            sink.error(
                &node.span,
                format!("`{}` cannot be the name of an agent", brief(&agent)),
                "Use letters, digits, `-` and `_`: agents with a command are configured under [agents.NAME]",
            );
        }
        let persona = self.filled(table, "persona", sink).unwrap_or_default();
        if table.get("prompt").is_none() {
            table.missing("prompt", "Say what the agent is to do: prompt: | …", sink);
        }
        let prompt = self.filled(table, "prompt", sink)?;
        Some(StepKind::Agent { agent, persona, prompt, expects: self.expects(table, sink) })
    }

    pub(super) fn child(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let node = table.get("workflow")?;
        let id = sentence(node, "workflow", sink)?;
        let inputs = self.values(table, "inputs", sink);
        if let Some(Node { shape: Shape::Mapping(entries), .. }) = table.get("inputs") {
            for (key, _) in entries {
                check_name(&key.text, &key.span, sink);
            }
        }
        if !is_workflow_id(&id) {
            sink.error(
                &node.span,
                format!("`{}` cannot be the id of a workflow", brief(&id)),
                "Write the id as `mwtui list` shows it",
            );
            return None;
        }
        Some(StepKind::Workflow { workflow: WorkflowId::new(id), inputs })
    }

    pub(super) fn approve(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let node = table.get("approve")?;
        let question = sentence(node, "approve", sink);
        if let Some(question) = &question {
            self.names.check_text(question, &node.span, sink);
        }
        let within = table.duration("within", sink);
        let remind = table.duration("remind", sink);
        let escalates = table.word("on_timeout", &ON_TIMEOUT, sink) == Some("escalate");
        let escalate = table.sentences("escalate", sink);
        if let (Some(key), None) = (table.key("on_timeout"), table.key("within")) {
            sink.error(
                &key.span,
                "`on_timeout` says what the end of the time means, and there is none",
                "Say how long people have: within: 30m",
            );
        }
        match (table.get("escalate"), escalates) {
            (None, true) => table.missing(
                "escalate",
                "Say who is asked next, one after the other: escalate: [NAME, NAME]",
                sink,
            ),
            (Some(node), true) if matches!(&node.shape, Shape::List(list) if list.is_empty()) => {
                sink.error(&node.span, "`escalate` is empty", "List who is asked next, one after the other");
            }
            (Some(_), false) => {
                if let Some(key) = table.key("escalate") {
                    sink.error(
                        &key.span,
                        "nobody would ever be asked: `escalate` needs `on_timeout: escalate`",
                        "Write `on_timeout: escalate` beside it, or take it out",
                    );
                }
            }
            _ => {}
        }
        if let (Some(remind), Some(within), Some(key)) = (remind, within, table.key("remind"))
            && remind >= within
            && !escalates
        {
            sink.error(
                &key.span,
                "`remind` is not shorter than `within`: nobody would ever be reminded",
                "Make it shorter, or take it out",
            );
        }
        let on_timeout = if escalates { OnTimeout::Escalate } else { OnTimeout::Reject };
        Some(StepKind::Approve { question: question?, within, remind, on_timeout, escalate })
    }

    /// What must be in the output.
    pub(super) fn expects(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<String> {
        let node = table.get("expects")?;
        let text = sentence(node, "expects", sink)?;
        self.names.check_text(&text, &node.span, sink);
        Some(text)
    }

    /// A text as it stands that values are filled in in.
    fn filled(&self, table: &Table<'_>, key: &str, sink: &mut Sink<'_>) -> Option<String> {
        let node = table.get(key)?;
        sentence(node, key, sink)?;
        let text = table.raw(key, sink)?;
        self.names.check_text(&text, &node.span, sink);
        Some(text)
    }

    /// Named values of any kind, the texts of which are filled in.
    fn values(&self, table: &Table<'_>, key: &str, sink: &mut Sink<'_>) -> Map<String, Value> {
        let Some(node) = table.get(key) else { return Map::new() };
        let Shape::Mapping(entries) = &node.shape else {
            sink.error(
                &node.span,
                format!("`{key}` must be a mapping, found {}", node.found()),
                "Write one `name: value` line a value",
            );
            return Map::new();
        };
        self.check_data(node, sink);
        entries.iter().map(|(name, value)| (name.text.clone(), data(value))).collect()
    }

    /// Every text in a value, however deep.
    pub(super) fn check_data(&self, node: &Node, sink: &mut Sink<'_>) {
        match &node.shape {
            Shape::Text(text) => self.names.check_text(text, &node.span, sink),
            Shape::List(items) => items.iter().for_each(|item| self.check_data(item, sink)),
            Shape::Mapping(entries) => {
                for (key, value) in entries {
                    if key.text.contains("${{") {
                        sink.error(
                            &key.span,
                            "`${{` is not filled in inside a name",
                            "Only values are filled in",
                        );
                    }
                    self.check_data(value, sink);
                }
            }
            Shape::Null | Shape::Boolean(_) | Shape::Number(_) => {}
        }
    }
}

/// Exit codes that count as done.
pub(super) fn done_exits(table: &Table<'_>, sink: &mut Sink<'_>) -> Vec<i32> {
    let Some(node) = table.get("done_exits") else { return Vec::new() };
    if matches!(&node.shape, Shape::List(list) if list.is_empty()) {
        sink.error(
            &node.span,
            "`done_exits` is empty",
            "List exit codes: [0, 1]; without it 0 alone counts as done",
        );
    }
    items(node, "done_exits", sink).iter().filter_map(|item| exit_code(item, "done_exits", sink)).collect()
}

/// A name as the settings have it: letters, digits, `-` and `_`.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}
