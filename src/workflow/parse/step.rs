//! The keys of a step.

use std::ops::Range;

use super::document::retry;
use super::names::{Names, ROOTS};
use super::question::question;
use super::report::{Sink, nearest};
use super::table::{Keys, Table, brief, items, sentence, slug, strings, text};
use super::tree::{Node, Shape};
use crate::base::StepId;
use crate::workflow::expression::{self, Piece};
use crate::workflow::{Defaults, Step, StepKind};

/// Steps of one workflow.
const STEPS: usize = 500;

const STEP: Keys = Keys {
    of: "a step",
    known: &[
        "id",
        "title",
        "description",
        "actions",
        "validation",
        "ask",
        "run",
        "approve",
        "write",
        "if",
        "timeout",
        "retry",
        "continue_on_error",
        "idempotent",
        "evidence",
        "assign",
        "summary",
        "shell",
        "env",
        "cwd",
        "within",
        "template",
        "overwrite",
    ],
    later: &[
        "call",
        "with",
        "agent",
        "prompt",
        "expects",
        "workflow",
        "inputs",
        "needs",
        "for_each",
        "on_failure",
        "on_timeout",
        "on_reject",
        "rollback",
        "outputs",
        "options_from",
        "pty",
        "moves",
    ],
};

/// The keys that say what a step does.
const KINDS: [&str; 4] = ["ask", "run", "approve", "write"];

/// Keys that belong to one kind of step only.
const BELONGS: [(&str, &str); 6] = [
    ("shell", "run"),
    ("env", "run"),
    ("cwd", "run"),
    ("within", "approve"),
    ("template", "write"),
    ("overwrite", "write"),
];

/// Keys that belong to what the engine does by itself.
const AUTOMATIC: [&str; 3] = ["timeout", "retry", "idempotent"];

/// Programs that read a script as one more argument.
const SHELLS: [(&str, &[&str]); 5] = [
    ("sh", &["sh", "-c"]),
    ("bash", &["bash", "-c"]),
    ("zsh", &["zsh", "-c"]),
    ("python3", &["python3", "-c"]),
    ("node", &["node", "-e"]),
];

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
    let mut reader = StepReader { defaults, names, given, used: Vec::new(), number: 0 };
    list.iter().filter_map(|node| reader.step(node, sink)).collect()
}

struct StepReader<'r> {
    defaults: &'r Defaults,
    names: &'r mut Names,
    given: Vec<&'r str>,
    /// The ids so far, and where they stand.
    used: Vec<(String, Range<usize>)>,
    number: usize,
}

impl StepReader<'_> {
    fn step(&mut self, node: &Node, sink: &mut Sink<'_>) -> Option<Step> {
        self.number += 1;
        let table = Table::open(node, &STEP, sink)?;
        let title = title(&table, sink);
        let id = self.id(&table, title.as_ref().map(|(t, _)| t.as_str()), sink);
        let condition = self.condition(&table, sink);
        let kind = self.kind(&table, sink);
        let step = Step {
            timeout: table.duration("timeout", sink),
            retry: table.get("retry").and_then(|n| retry(n, sink)),
            continue_on_error: table
                .boolean("continue_on_error", sink)
                .unwrap_or(self.defaults.continue_on_error),
            needs: None,
            for_each: None,
            on_failure: crate::workflow::OnFailure::Ask,
            rollback: None,
            outputs: indexmap::IndexMap::new(),
            idempotent: table.boolean("idempotent", sink).unwrap_or(false),
            evidence_required: evidence(&table, sink),
            assign: self.assign(&table, sink),
            summary: table.section(sink),
            validation: table.sentence("validation", sink),
            condition,
            id: StepId::new(id.clone().unwrap_or_default()),
            title: title.as_ref().map(|(t, _)| t.clone()).unwrap_or_default(),
            description: title.as_ref().and_then(|(_, d)| d.clone()),
            kind: kind.clone().unwrap_or(StepKind::Manual { actions: Vec::new() }),
        };
        not_filled_in(&table, sink);
        // What this step gives is known to the ones after it, even where something else about it is wrong.
        if let StepKind::Ask { fields } = &step.kind {
            for field in fields {
                if self.names.answers.contains(&field.name) {
                    let at =
                        table.get("ask").map_or(node.span.clone(), |n| sink.locate(&n.span, &field.name));
                    sink.error(
                        &at,
                        format!("an earlier question is called `{}` too", field.name),
                        "answers.<name> must mean one answer: choose another name",
                    );
                }
                self.names.answers.push(field.name.clone());
                if field.is_secret() {
                    self.names.secrets.push(format!("answers.{}", field.name));
                }
            }
        }
        self.names.steps.extend(id.clone());
        self.names.assigned.extend(step.assign.clone());
        // Nothing is guessed: without an id, a title and a kind it is no step.
        (id.is_some() && title.is_some() && kind.is_some()).then_some(step)
    }

    fn id(&mut self, table: &Table<'_>, title: Option<&str>, sink: &mut Sink<'_>) -> Option<String> {
        let Some(node) = table.get("id") else {
            let base = Some(slug(title?))
                .filter(|s| !s.is_empty())
                .unwrap_or_else(|| format!("step-{}", self.number));
            let taken = |id: &str| self.given.contains(&id) || self.used.iter().any(|(u, _)| u == id);
            let mut id = base.clone();
            let mut count = 1;
            while taken(&id) {
                count += 1;
                id = format!("{base}-{count}");
            }
            self.used.push((id.clone(), table.head()));
            return Some(id);
        };
        let id = sentence(node, "id", sink)?;
        let fine = id.len() <= 64
            && id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        if !fine {
            let suggestion = Some(slug(&id)).filter(|s| !s.is_empty());
            sink.error(
                &node.span,
                format!("`{}` cannot be a step id", brief(&id)),
                format!(
                    "Use small letters, digits, `-` and `_`, beginning with a letter or digit, at most 64{}",
                    suggestion.map_or_else(String::new, |s| format!(": {s}"))
                ),
            );
            return None;
        }
        if let Some((_, first)) = self.used.iter().find(|(u, _)| *u == id) {
            let line = sink.line(first.start);
            sink.error(
                &node.span,
                format!("duplicate step id `{id}`"),
                format!("The step on line {line} has it already"),
            );
            return None;
        }
        self.used.push((id.clone(), node.span.clone()));
        Some(id)
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
        for (key, kind) in BELONGS {
            if let Some(key) = table.key(key)
                && kind != word
            {
                sink.error(
                    &key.span,
                    format!("`{}` belongs to the kind `{kind}`, this step is {word}", key.text),
                    "Take it out, or move it",
                );
            }
        }
        for key in AUTOMATIC.iter().filter_map(|key| table.key(key)) {
            if word != "run" && word != "write" {
                let help = if word == "approve" && key.text == "timeout" {
                    "How long people have is said with `within`"
                } else {
                    "Nothing would enforce it: take it out, or move it"
                };
                sink.error(
                    &key.span,
                    format!("`{}` belongs to the kinds `run` and `write`, this step is {word}", key.text),
                    help,
                );
            }
        }
        if let (Some(actions), Some(kind)) = (table.key("actions"), first) {
            sink.error(
                &actions.span,
                format!("`actions` belongs to a manual step, this one has `{}`", kind.text),
                "Make a manual step of the actions, or write them into `description`",
            );
        }
        match word {
            "ask" => ask(table, self.names, sink),
            "run" => self.run(table, sink),
            "approve" => {
                let node = table.get("approve")?;
                let question = sentence(node, "approve", sink)?;
                self.names.check_text(&question, &node.span, sink);
                Some(StepKind::Approve {
                    question,
                    within: table.duration("within", sink),
                    remind: None,
                    on_timeout: crate::workflow::OnTimeout::Reject,
                    escalate: Vec::new(),
                })
            }
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
        refuse_expressions(&script, &node.span, sink);
        let mut env = indexmap::IndexMap::new();
        let mut secrets = indexmap::IndexMap::new();
        if let Some(node) = table.get("env") {
            for (name, (value, span)) in strings(node, "env", sink) {
                if let Some(secret) = self.names.secret(&value) {
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
            pty: false,
            done_exits: Vec::new(),
            expects: None,
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

    fn assign(&self, table: &Table<'_>, sink: &mut Sink<'_>) -> Option<String> {
        let name = table.name("assign", sink)?;
        let node = table.get("assign")?;
        if ROOTS.contains(&name.as_str()) {
            sink.error(
                &node.span,
                format!("`{name}` already means something in expressions"),
                "Choose another name",
            );
            return None;
        }
        if self.names.assigned.contains(&name) {
            sink.error(&node.span, format!("an earlier step assigns `{name}` too"), "Choose another name");
            return None;
        }
        Some(name)
    }
}

/// The title, and the description where it says more than the title.
fn title(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<(String, Option<String>)> {
    let description = table.sentence("description", sink);
    if table.get("title").is_some() {
        return Some((table.sentence("title", sink)?, description));
    }
    let Some(description) = description else {
        if table.get("description").is_none() {
            table.missing("title", "Say in a few words what the step is", sink);
        }
        return None;
    };
    match description.split_once('\n') {
        Some((first, rest)) => {
            let rest = Some(rest.trim().to_owned()).filter(|r| !r.is_empty());
            Some((first.trim().to_owned(), rest))
        }
        None => Some((description, None)),
    }
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
        if field.is_secret() {
            names.secrets.push(format!("answers.{}", field.name));
        }
        fields.push(field);
    }
    Some(StepKind::Ask { fields })
}

fn evidence(table: &Table<'_>, sink: &mut Sink<'_>) -> bool {
    if let Some(Node { shape: Shape::Boolean(value), .. }) = table.get("evidence") {
        return *value;
    }
    table.word("evidence", &["required", "optional"], sink) == Some("required")
}

fn shell(table: &Table<'_>, sink: &mut Sink<'_>) -> Option<Vec<String>> {
    let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let Some(node) = table.get("shell") else { return Some(owned(SHELLS[0].1)) };
    if let Shape::List(list) = &node.shape {
        let words: Vec<String> = list.iter().filter_map(|n| sentence(n, "shell", sink)).collect();
        if words.is_empty() {
            sink.error(&node.span, "`shell` is empty", "Give the program and its arguments: [bash, -euc]");
            return None;
        }
        return Some(words);
    }
    let name = sentence(node, "shell", sink)?;
    if let Some((_, words)) = SHELLS.iter().find(|(n, _)| *n == name) {
        return Some(owned(words));
    }
    let known = SHELLS.iter().map(|(n, _)| *n);
    let message = match nearest(&name, known.clone()) {
        Some(meant) => format!("unknown shell `{}`; did you mean `{meant}`?", brief(&name)),
        None => format!("unknown shell `{}`", brief(&name)),
    };
    let help = format!(
        "Known are {}; any other program is given as a list: [fish, -c]",
        known.collect::<Vec<_>>().join(", ")
    );
    sink.error(&node.span, message, help);
    None
}

/// Scripts are never filled in: that is what makes a hostile value harmless.
fn refuse_expressions(script: &str, span: &Range<usize>, sink: &mut Sink<'_>) {
    if !script.contains("${{") {
        return;
    }
    let found = expression::pieces(script).unwrap_or_default();
    let expressions: Vec<&str> = found
        .iter()
        .filter_map(|p| match p {
            Piece::Expression(source, _) => Some(*source),
            Piece::Text(_) => None,
        })
        .collect();
    let at = sink.locate(span, "${{");
    if expressions.is_empty() {
        sink.error(&at, "`${{` is not filled in inside `run`", "Values reach a script through `env:`");
    }
    for source in expressions {
        let at = sink.locate(span, source);
        let name: String = expression::references(source)
            .first()
            .and_then(|r| r.path.last())
            .map_or_else(|| "VALUE".to_owned(), |n| n.to_uppercase())
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let quoted = source.replace('\\', "\\\\").replace('"', "\\\"");
        sink.error(
            &at,
            "`${{ … }}` is not filled in inside `run`: scripts get values through their environment",
            format!("Write \"${name}\" in the script, and beside `run:` the line\nenv: {{ {name}: \"${{{{ {quoted} }}}}\" }}"),
        );
    }
}

/// `${{` where nothing fills it in would be shown to people as it stands.
fn not_filled_in(table: &Table<'_>, sink: &mut Sink<'_>) {
    for key in ["title", "description", "validation", "actions"] {
        let Some(node) = table.get(key) else { continue };
        let nodes = match &node.shape {
            Shape::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for node in nodes {
            if matches!(&node.shape, Shape::Text(text) if text.contains("${{")) {
                let at = sink.locate(&node.span, "${{");
                sink.error(
                    &at,
                    format!("`${{{{` is not filled in inside `{key}`"),
                    "Values are filled in in `env`, `cwd`, `approve`, `write` and `template`",
                );
            }
        }
    }
}
