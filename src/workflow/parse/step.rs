//! The keys of a step. First what each step is called, needs and gives, so that what expressions may
//! read is known (`naming`, `graph`); then what it does (`kinds`, `script`, `belongs`), how often
//! (`each`), and what follows a failure (`failure`, `undo`).

pub(super) mod belongs;
pub(super) mod each;
pub(super) mod failure;
mod graph;
pub(super) mod kinds;
mod naming;
pub(super) mod script;
pub(super) mod undo;

use std::rc::Rc;

use self::graph::Graph;
use self::kinds::done_exits;
use self::naming::{Naming, Title, title};
use self::script::{not_filled_in, refuse_expressions, shell};
use super::names::{Given, LOOP, Names, OUTPUT, ROOTS};
use super::question::question;
use super::report::Sink;
use super::retry::retry;
use super::table::{Keys, Table, items, sentence, strings, text};
use super::tree::{Node, Shape};
use crate::base::StepId;
use crate::workflow::{Defaults, Step, StepKind};

/// Steps of one workflow.
pub(super) const STEPS: usize = 500;

pub(super) const STEP: Keys = Keys {
    of: "a step",
    known: &[
        "id",
        "title",
        "description",
        "actions",
        "validation",
        "ask",
        "run",
        "call",
        "agent",
        "write",
        "approve",
        "workflow",
        "if",
        "needs",
        "for_each",
        "timeout",
        "retry",
        "continue_on_error",
        "on_failure",
        "rollback",
        "idempotent",
        "evidence",
        "assign",
        "outputs",
        "summary",
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
        "required",
        "within",
        "remind",
        "on_timeout",
        "escalate",
        "template",
        "overwrite",
    ],
    later: &[],
};

pub(super) const EVIDENCE: [&str; 2] = ["required", "optional"];

/// The keys that say what a step does.
pub(super) const KINDS: [&str; 7] = ["ask", "run", "call", "agent", "write", "approve", "workflow"];

pub(super) fn read_all(
    node: &Node,
    defaults: &Defaults,
    names: &mut Names,
    sink: &mut Sink<'_>,
) -> Vec<Step> {
    let list = items(node, "steps", sink);
    if list.is_empty() && matches!(node.shape, Shape::List(_)) {
        sink.error(&node.span, "`steps` is empty", "A workflow has at least one step");
    }
    if list.len() > STEPS {
        sink.error(
            &list[STEPS].span,
            format!("there are {} steps; {STEPS} are allowed", list.len()),
            "Split the workflow",
        );
        return Vec::new();
    }
    // Explicit ids first: a made one must not take theirs.
    let given: Vec<&str> = list
        .iter()
        .filter_map(|n| match n.get("id").map(|id| &id.shape) {
            Some(Shape::Text(id)) => Some(id.trim()),
            _ => None,
        })
        .collect();
    let mut naming = Naming { given, used: Vec::new() };
    let tables: Vec<Option<Table<'_>>> = list.iter().map(|node| Table::open(node, &STEP, sink)).collect();
    let titles: Vec<Option<Title>> =
        tables.iter().map(|table| table.as_ref().and_then(|t| title(t, sink))).collect();
    let ids: Vec<Option<String>> = (0..tables.len())
        .map(|index| {
            let title = titles[index].as_ref().map(|(title, _)| title.as_str());
            naming.id(&tables[index]?, index + 1, title, sink)
        })
        .collect();
    let graph = Graph::read(&tables, &ids, sink);
    let has = |key: &str| tables.iter().flatten().any(|table| table.get(key).is_some());
    let mut taken: Vec<&str> = ROOTS.to_vec();
    // A file that uses neither may go on calling its steps' outputs so.
    taken.extend(LOOP.iter().filter(|_| has("for_each")));
    taken.extend([OUTPUT].iter().filter(|_| has("outputs")));
    names.given = given_by(&tables, &ids, &taken, sink);
    names.secrets.extend(tables.iter().flatten().flat_map(secret_answers));
    let mut reader =
        StepReader { defaults, names, graph, ids, has_rollback: has("rollback") || has("workflow") };
    tables
        .iter()
        .zip(titles)
        .enumerate()
        .filter_map(|(index, (table, title))| reader.step(index, table.as_ref()?, title, sink))
        .collect()
}

/// What each step gives, known before any expression is looked at: `needs` may point forward. A name
/// that is broken elsewhere is still one: what reads it is not wrong as well.
fn given_by(
    tables: &[Option<Table<'_>>],
    ids: &[Option<String>],
    taken: &[&str],
    sink: &mut Sink<'_>,
) -> Rc<[Given]> {
    let mut all: Vec<Given> = Vec::new();
    for (table, id) in tables.iter().zip(ids) {
        let Some(table) = table else {
            all.push(Given::default());
            continue;
        };
        let mut answers: Vec<String> = Vec::new();
        if let Some(Node { shape: Shape::List(list), .. }) = table.get("ask") {
            for question in list {
                let Some(name) = question.get("name") else { continue };
                let Shape::Text(text) = &name.shape else { continue };
                let text = text.trim().to_owned();
                if all.iter().any(|given| given.answers.contains(&text)) {
                    sink.error(
                        &name.span,
                        format!("an earlier question is called `{text}` too"),
                        "answers.<name> must mean one answer: choose another name",
                    );
                }
                answers.push(text);
            }
        }
        let assigned = assign(table, &all, taken, sink);
        all.push(Given { id: id.clone(), answers, assigned });
    }
    all.into()
}

/// The answers of a step that are secrets, as expressions read them.
fn secret_answers(table: &Table<'_>) -> Vec<String> {
    let Some(Node { shape: Shape::List(list), .. }) = table.get("ask") else { return Vec::new() };
    let text = |node: &Node, key: &str| match node.get(key).map(|n| &n.shape) {
        Some(Shape::Text(text)) => Some(text.trim().to_owned()),
        _ => None,
    };
    let secrets = list.iter().filter(|question| text(question, "type").as_deref() == Some("secret"));
    secrets.filter_map(|question| Some(format!("answers.{}", text(question, "name")?))).collect()
}

struct StepReader<'r> {
    defaults: &'r Defaults,
    names: &'r mut Names,
    graph: Graph,
    ids: Vec<Option<String>>,
    /// Some step of the workflow can be undone.
    has_rollback: bool,
}

impl StepReader<'_> {
    fn step(
        &mut self,
        index: usize,
        table: &Table<'_>,
        title: Option<Title>,
        sink: &mut Sink<'_>,
    ) -> Option<Step> {
        let id = self.ids.get(index).cloned().flatten();
        let needs: Vec<String> = self.graph.needs(index).filter_map(|on| self.ids[on].clone()).collect();
        self.names.stand_at(needs.clone(), self.graph.standings(index));
        let condition = self.condition(table, sink);
        let for_each = self.for_each(table, sink);
        self.names.in_loop = table.get("for_each").is_some();
        let kind = self.kind(table, sink);
        let on_failure = self.on_failure(index, table, sink);
        let step = Step {
            timeout: table.duration("timeout", sink),
            retry: table.get("retry").and_then(|n| retry(n, sink)),
            continue_on_error: self.continues(table, sink),
            needs: table.get("needs").map(|_| needs.into_iter().map(StepId::new).collect()),
            for_each,
            on_failure,
            rollback: self.rollback(
                table,
                id.as_deref(),
                title.as_ref().map(|(t, _)| t.as_str()),
                kind.as_ref(),
                sink,
            ),
            outputs: self.outputs(table, sink),
            idempotent: table.boolean("idempotent", sink).unwrap_or(false),
            evidence_required: evidence(table, sink),
            assign: self.names.given.get(index).and_then(|given| given.assigned.clone()),
            summary: table.section(sink),
            validation: table.sentence("validation", sink),
            condition,
            id: StepId::new(id.clone().unwrap_or_default()),
            title: title.as_ref().map(|(t, _)| t.clone()).unwrap_or_default(),
            description: title.as_ref().and_then(|(_, d)| d.clone()),
            kind: kind.clone().unwrap_or(StepKind::Manual { actions: Vec::new() }),
        };
        not_filled_in(table, sink);
        // Nothing is guessed: without an id, a title and a kind it is no step.
        (id.is_some() && title.is_some() && kind.is_some()).then_some(step)
    }

    fn condition(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<String> {
        let node = table.get("if")?;
        if let Shape::Boolean(value) = node.shape {
            return Some(value.to_string());
        }
        let source = sentence(node, "if", sink)?;
        if source.contains("${{") {
            let bare = source.replace("${{", "").replace("}}", "");
            sink.error(
                &node.span,
                "`if` is an expression already and takes no `${{ … }}`",
                format!("Write if: {}", bare.trim()),
            );
            return None;
        }
        let at = sink.locate(&node.span, &source);
        self.names.check_expression(&source, &at, sink);
        Some(source)
    }

    fn kind(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let mut kinds = KINDS.iter().filter_map(|kind| table.key(kind));
        let first = kinds.next();
        if let (Some(first), Some(second)) = (first, kinds.next()) {
            sink.error(
                &second.span,
                format!("a step does one thing: this one has `{}` and `{}`", first.text, second.text),
                "Make two steps of it",
            );
            return None;
        }
        let word = first.map_or("manual", |k| k.text.as_str());
        belongs::check(table, word, sink);
        if let (Some(actions), Some(kind)) = (table.key("actions"), first) {
            sink.error(
                &actions.span,
                format!("`actions` belongs to a manual step, this one has `{}`", kind.text),
                "Make a manual step of the actions, or write them into `description`",
            );
        }
        if let (Some(each), "ask" | "approve") = (table.key("for_each"), word) {
            let help = if word == "ask" {
                "A question has one answer: ask for all of it at once, or make a manual step of it"
            } else {
                "One approval shows everything that it lets happen: approve before the loop"
            };
            sink.error(&each.span, format!("`for_each` does not go with `{word}`"), help);
        }
        match word {
            "ask" => ask(table, self.names, sink),
            "run" => self.run(table, sink),
            "call" => self.call(table, sink),
            "agent" => self.agent(table, sink),
            "workflow" => self.child(table, sink),
            "approve" => self.approve(table, sink),
            "write" => self.write(table, sink),
            _ => Some(StepKind::Manual { actions: table.sentences("actions", sink) }),
        }
    }

    fn run(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let node = table.get("run")?;
        let script = text(node, "run", sink)?.to_owned();
        if script.trim().is_empty() {
            sink.error(&node.span, "`run` is empty", "Write the script");
            return None;
        }
        refuse_expressions(&script, "run", &node.span, sink);
        let mut env = indexmap::IndexMap::new();
        let mut secrets = indexmap::IndexMap::new();
        if let Some(node) = table.get("env") {
            for (name, (value, span)) in strings(node, "env", sink) {
                if let Some(secret) = self.names.secret(&value, &span, sink) {
                    secrets.insert(name, secret.clone());
                    continue;
                }
                self.names.check_text(&value, &span, sink);
                env.insert(name, value);
            }
        }
        let cwd = table.sentence("cwd", sink);
        if let (Some(cwd), Some(node)) = (&cwd, table.get("cwd")) {
            self.names.check_text(cwd, &node.span, sink);
        }
        Some(StepKind::Run {
            script,
            shell: shell(table, sink)?,
            env,
            secrets,
            cwd,
            pty: table.boolean("pty", sink).unwrap_or(false),
            done_exits: done_exits(table, sink),
            expects: self.expects(table, sink),
        })
    }

    fn write(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<StepKind> {
        let node = table.get("write")?;
        let path = sentence(node, "write", sink)?;
        self.names.check_text(&path, &node.span, sink);
        if path.starts_with('/') || path.starts_with('~') || path.split('/').any(|part| part == "..") {
            sink.error(
                &node.span,
                "`write` must name a place under the run's folder",
                "Give a relative path without `..`",
            );
        }
        let Some(template) = table.raw("template", sink) else {
            if table.get("template").is_none() {
                table.missing("template", "Give the text of the file: template: | …", sink);
            }
            return None;
        };
        if let Some(node) = table.get("template") {
            self.names.check_text(&template, &node.span, sink);
        }
        Some(StepKind::Write { path, template, overwrite: table.boolean("overwrite", sink).unwrap_or(false) })
    }
}

/// The name that a step gives its outputs; `taken` are names that mean something already.
fn assign(table: &Table<'_>, before: &[Given], taken: &[&str], sink: &mut Sink<'_>) -> Option<String> {
    let name = table.name("assign", sink)?;
    let node = table.get("assign")?;
    if taken.contains(&name.as_str()) {
        sink.error(
            &node.span,
            format!("`{name}` already means something in expressions"),
            "Choose another name",
        );
        return None;
    }
    if before.iter().any(|given| given.assigned.as_ref() == Some(&name)) {
        sink.error(&node.span, format!("an earlier step assigns `{name}` too"), "Choose another name");
        return None;
    }
    Some(name)
}

fn ask(table: &Table<'_>, names: &Names, sink: &mut Sink<'_>) -> Option<StepKind> {
    let node = table.get("ask")?;
    let list = items(node, "ask", sink);
    if list.is_empty() {
        if matches!(node.shape, Shape::List(_)) {
            sink.error(
                &node.span,
                "`ask` has no questions",
                "List them: - { name: plan, prompt: What shall we do? }",
            );
        }
        return None;
    }
    let mut fields: Vec<crate::workflow::Field> = Vec::new();
    // Each question may depend on the ones before it.
    let mut names = names.clone();
    for item in list {
        let Some(field) = question(item, None, &names, sink) else { continue };
        if fields.iter().any(|f| f.name == field.name) {
            let at = item.get("name").map_or(item.span.clone(), |n| n.span.clone());
            sink.error(
                &at,
                format!("two questions are called `{}`", field.name),
                "answers.<name> must mean one answer: choose another name",
            );
            continue;
        }
        names.answers.push(field.name.clone());
        fields.push(field);
    }
    Some(StepKind::Ask { fields })
}

fn evidence(table: &Table<'_>, sink: &mut Sink<'_>) -> bool {
    if let Some(Node { shape: Shape::Boolean(value), .. }) = table.get("evidence") {
        return *value;
    }
    table.word("evidence", &EVIDENCE, sink) == Some("required")
}

#[cfg(test)]
mod tests;
