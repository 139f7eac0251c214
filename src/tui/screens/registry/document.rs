//! A workflow as one reads it, typeset for the width at hand; for a broken file what is wrong
//! with it, and where. Pure: lines from an entry.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use super::draw::{badge, state};
use crate::base::SafeText;
use crate::config::Role;
use crate::tui::look::Look;
use crate::tui::widgets::text::{cut_line, untrusted, wrap};
use crate::workflow::prose::rules;
use crate::workflow::registry::EntryState;
use crate::workflow::{
    Diagnostic, Distinction, Entry, Field, Prerequisite, Severity, Status, Step, StepKind, Workflow, field,
};

/// Other ways to say it that are shown while they are folded.
const FOLDED: usize = 2;

/// The lines of the document, none wider than `room`. `examples` unfolds the other ways to say it.
pub fn lines(look: &Look, entry: &Entry, examples: bool, room: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, room, lines: Vec::new() };
    match &entry.state {
        EntryState::Loaded { workflow, warnings, .. } => {
            page.title(entry, &workflow.name, &facts(workflow, entry));
            page.standing(entry, workflow);
            page.workflow(workflow, examples);
            if !warnings.is_empty() {
                page.heading("Warnings");
                for w in warnings {
                    page.diagnostic(w);
                }
            }
        }
        EntryState::Broken { errors, .. } => {
            page.title(entry, "", &[entry.origin.word().to_owned()]);
            let told = "This file does not load and cannot be run. The others are not hurt by it.";
            page.free();
            page.prose(told, look.text(), 0);
            for error in gravest(errors) {
                page.free();
                page.diagnostic(error);
            }
        }
    }
    page.lines
}

/// Errors, then warnings, each in the file's order.
pub fn gravest(found: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    let of = |severity: Severity| found.iter().filter(move |d| d.severity == severity);
    of(Severity::Error).chain(of(Severity::Warning))
}

fn facts(workflow: &Workflow, entry: &Entry) -> Vec<String> {
    let mut facts = vec![format!("version {}", workflow.version)];
    if workflow.status == Status::Active {
        facts.push(workflow.status.word().to_owned());
    }
    facts.push(entry.origin.word().to_owned());
    facts.extend(workflow.category.clone());
    facts.extend(workflow.updated.as_ref().map(|date| format!("updated {date}")));
    facts
}

struct Page<'a> {
    look: &'a Look,
    room: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn free(&mut self) {
        self.lines.push(Line::default());
    }

    fn line(&mut self, spans: Vec<Span<'static>>, indent: usize) {
        self.lines.extend(wrap(&Line::from(spans), self.room, indent));
    }

    fn heading(&mut self, text: &'static str) {
        self.free();
        self.line(vec![Span::styled(text, self.look.heading())], 0);
    }

    /// Prose from a file: paragraphs stay apart, lists keep their marks.
    fn prose(&mut self, text: &str, style: Style, indent: usize) {
        let pad = || Span::raw(" ".repeat(indent));
        for line in text.trim_end().lines() {
            let line = line.trim();
            let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
            match item {
                Some(item) => {
                    let mark = Span::styled(format!("{} ", self.look.glyph("·", "-")), self.look.muted());
                    self.line(vec![pad(), mark, untrusted(item, style)], indent + 2);
                }
                None if line.is_empty() => self.free(),
                None => self.line(vec![pad(), untrusted(line, style)], indent),
            }
        }
    }

    /// A script or template, every character of it: what one trusts must not hide behind a cut.
    fn source(&mut self, text: &str, style: Style, indent: usize) {
        for line in SafeText::new(text.trim_end()).plain().lines() {
            let lead = line.len() - line.trim_start().len();
            let spans = vec![Span::raw(" ".repeat(indent)), untrusted(line, style)];
            self.line(spans, indent + lead + 2);
        }
    }

    /// Lines with marks under them: cut, for wrapped marks point nowhere.
    fn snippet(&mut self, text: &str, style: Style, indent: usize) {
        for line in SafeText::new(text.trim_end()).plain().lines() {
            let spans = vec![Span::raw(" ".repeat(indent)), untrusted(line, style)];
            self.lines.push(cut_line(&Line::from(spans), self.room));
        }
    }

    fn item(&mut self, mark: &str, text: &str, indent: usize) {
        let look = self.look;
        let spans = vec![
            Span::raw(" ".repeat(indent)),
            Span::styled(format!("{mark} "), look.muted()),
            untrusted(text, look.text()),
        ];
        let hang = indent + Span::raw(mark).width() + 1;
        self.line(spans, hang);
    }

    fn title(&mut self, entry: &Entry, name: &str, facts: &[String]) {
        let look = self.look;
        let id = untrusted(entry.label(), look.subtext());
        self.line(vec![id, Span::raw("  "), untrusted(name, look.strong())], 0);
        // A fact is never broken over two lines.
        let mut line = Line::default();
        let facts = facts.iter().map(|fact| untrusted(fact, look.muted()));
        for fact in badge(look, entry).into_iter().chain(facts) {
            if line.width() > 0 && line.width() + 3 + fact.width() > self.room {
                self.line(std::mem::take(&mut line).spans, 0);
            }
            if line.width() > 0 {
                line.push_span(Span::styled(" · ", look.muted()));
            }
            line.push_span(fact);
        }
        self.line(line.spans, 0);
        if entry.path.is_some() {
            self.line(vec![untrusted(&entry.file, look.muted())], 0);
        }
    }

    /// What keeps it from being run, and what helps.
    fn standing(&mut self, entry: &Entry, workflow: &Workflow) {
        let style = self.look.style(Role::Warning);
        if let Status::Deprecated { replaced_by, reason } = &workflow.status {
            let why = reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
            let instead = replaced_by.as_ref().map(|id| format!(" Use {id} instead.")).unwrap_or_default();
            self.free();
            self.prose(&format!("Not to be used any more{why}.{instead}"), style, 0);
        }
        if state(entry) == Some("untrusted") {
            self.free();
            self.prose(
                "This project brought it, and nobody has trusted it yet. Read it, then press t: until then it does not run.",
                style,
                0,
            );
        }
    }

    fn workflow(&mut self, workflow: &Workflow, examples: bool) {
        let look = self.look;
        if !workflow.scope.is_empty() {
            self.free();
            self.prose(&workflow.scope, look.text(), 0);
        }
        self.say(workflow, examples);
        if !workflow.disambiguates_from.is_empty() {
            self.heading("Not to be confused with");
            for d in &workflow.disambiguates_from {
                self.distinction(d);
            }
        }
        if !workflow.prerequisites.is_empty() {
            self.heading("Before");
            for p in &workflow.prerequisites {
                self.prerequisite(p);
            }
        }
        if !workflow.inputs.is_empty() {
            self.heading("Inputs");
            for f in &workflow.inputs {
                self.input(f);
            }
        }
        let limits = rules::limits(workflow);
        if !limits.is_empty() {
            self.heading("Limits");
            for limit in &limits {
                self.item(look.glyph("·", "-"), limit, 2);
            }
        }
        self.heading("Steps");
        let digits = workflow.steps.len().to_string().len();
        for (n, step) in workflow.steps.iter().enumerate() {
            if n > 0 {
                self.free();
            }
            self.step(n + 1, digits, step, workflow);
        }
        for (title, items) in
            [("Outputs", &workflow.outputs), ("Success criteria", &workflow.success_criteria)]
        {
            if !items.is_empty() {
                self.heading(title);
                for item in items {
                    self.item(look.glyph("·", "-"), item, 2);
                }
            }
        }
    }

    fn say(&mut self, workflow: &Workflow, examples: bool) {
        let look = self.look;
        self.heading("Say");
        for phrase in &workflow.trigger_phrases {
            self.line(vec![Span::raw("  "), untrusted(&format!("“{phrase}”"), look.text())], 3);
        }
        let folded = match workflow.examples.len() {
            0 => return,
            1 => "1 other way to say it".to_owned(),
            n => format!("{n} other ways to say it"),
        };
        let glyph = if examples { look.glyph("▾", "v") } else { look.glyph("▸", ">") };
        self.line(vec![Span::styled(format!("  {glyph} {folded}"), look.muted())], 4);
        let quoted =
            |phrase: &String| vec![Span::raw("    "), untrusted(&format!("“{phrase}”"), look.subtext())];
        if examples {
            for phrase in &workflow.examples {
                self.line(quoted(phrase), 5);
            }
        } else {
            // A taste of them, a line each.
            for phrase in workflow.examples.iter().take(FOLDED) {
                self.lines.push(cut_line(&Line::from(quoted(phrase)), self.room));
            }
        }
    }

    fn distinction(&mut self, distinction: &Distinction) {
        let look = self.look;
        let mut spans = vec![Span::raw("  ")];
        match &distinction.id {
            Some(id) => spans.extend([untrusted(id.as_str(), look.subtext()), Span::raw("  ")]),
            None => spans.push(Span::styled(format!("{} ", look.glyph("·", "-")), look.muted())),
        }
        spans.push(untrusted(&distinction.because, look.text()));
        self.line(spans, 4);
    }

    fn prerequisite(&mut self, prerequisite: &Prerequisite) {
        let look = self.look;
        match prerequisite {
            Prerequisite::Sentence(text) => self.item(look.glyph("☐", "o"), text, 2),
            Prerequisite::Check { check, says, hint } => {
                self.item(look.glyph("▸", ">"), says, 2);
                self.source(check, look.muted(), 4);
                if let Some(hint) = hint {
                    self.line(vec![Span::raw("    "), untrusted(hint, look.muted())], 4);
                }
            }
        }
    }

    fn input(&mut self, field: &Field) {
        let look = self.look;
        let spans = vec![
            Span::raw("  "),
            untrusted(&field.name, look.text().add_modifier(Modifier::BOLD)),
            Span::raw("  "),
            untrusted(&field.prompt, look.text()),
        ];
        self.line(spans, 4);
        self.line(vec![Span::raw("    "), untrusted(&field_facts(field), look.muted())], 4);
    }

    fn question(&mut self, field: &Field, indent: usize) {
        let look = self.look;
        let spans = vec![
            Span::raw(" ".repeat(indent)),
            Span::styled("? ", look.muted()),
            untrusted(&field.prompt, look.text()),
            untrusted(&format!("  {}", field_facts(field)), look.muted()),
        ];
        self.line(spans, indent + 2);
    }

    fn step(&mut self, number: usize, digits: usize, step: &Step, workflow: &Workflow) {
        let look = self.look;
        let word = step.kind.word();
        let indent = digits + 5;
        let head = vec![
            Span::styled(format!("  {number:>digits$} "), look.muted()),
            Span::styled(format!("{} ", look.kind(word)), look.subtext()),
            untrusted(&step.title, look.strong()),
            Span::styled(format!("  {word}"), look.muted()),
        ];
        self.line(head, indent);
        if let Some(description) = &step.description {
            self.prose(description, look.subtext(), indent);
        }
        if let Some(order) = rules::order(step, workflow) {
            self.prose(&order, look.muted(), indent);
        }
        if let Some(condition) = &step.condition {
            self.note("only if", condition, indent);
        }
        if let Some(each) = &step.for_each {
            self.prose(&rules::each(each), look.muted(), indent);
        }
        self.work(step, indent);
        if let Some(validation) = &step.validation {
            self.note("done when", validation, indent);
        }
        self.rules(step, workflow, indent);
        let undo = step.rollback.as_deref();
        if undo.is_some_and(|undo| undo.kind == StepKind::Rollback) {
            self.note("undone by", "rolling its run back", indent);
        } else if let Some(undo) = undo {
            self.note("undone by", &format!("{} ({})", undo.title, undo.kind.word()), indent);
            if let Some(description) = &undo.description {
                self.prose(description, look.subtext(), indent + 2);
            }
            self.work(undo, indent + 2);
            self.rules(undo, workflow, indent + 2);
        }
    }

    /// What follows a failure, and the short facts in one line.
    fn rules(&mut self, step: &Step, workflow: &Workflow, indent: usize) {
        let look = self.look;
        for sentence in rules::after(step, workflow) {
            self.prose(&sentence, look.muted(), indent);
        }
        let facts = step_facts(step);
        if !facts.is_empty() {
            let spans = vec![Span::raw(" ".repeat(indent)), untrusted(&facts.join(" · "), look.muted())];
            self.line(spans, indent);
        }
    }

    fn work(&mut self, step: &Step, indent: usize) {
        let look = self.look;
        match &step.kind {
            StepKind::Manual { actions } => {
                for a in actions {
                    self.item(look.glyph("☐", "o"), a, indent);
                }
            }
            StepKind::Ask { fields } => {
                for f in fields {
                    self.question(f, indent);
                }
            }
            StepKind::Approve { question, .. } => {
                self.prose(question, look.text(), indent);
                for sentence in rules::approval(&step.kind) {
                    self.prose(&sentence, look.muted(), indent);
                }
            }
            StepKind::Run { script, env, secrets, cwd, pty, done_exits, expects, .. } => {
                self.source(script, look.muted(), indent);
                for (name, value) in env {
                    self.note("with", &format!("{name} = {value}"), indent);
                }
                for (name, secret) in secrets {
                    self.note("with", &format!("{name} = the secret {secret}"), indent);
                }
                if let Some(cwd) = cwd {
                    self.note("in", cwd, indent);
                }
                if *pty {
                    self.prose("On a terminal of its own.", look.muted(), indent);
                }
                if !done_exits.is_empty() {
                    self.note("done at exit", &rules::or(done_exits), indent);
                }
                self.expected(expects.as_deref(), indent);
            }
            StepKind::Call { server, tool, with, expects } => {
                self.note("calls", &format!("{server}.{tool}"), indent);
                self.values(with, indent);
                self.expected(expects.as_deref(), indent);
            }
            StepKind::Agent { agent, persona, prompt, expects } => {
                self.note("asks", agent, indent);
                if !persona.is_empty() {
                    self.source(persona, look.muted(), indent);
                }
                self.source(prompt, look.muted(), indent);
                self.expected(expects.as_deref(), indent);
            }
            StepKind::Workflow { workflow, inputs } => {
                self.note("runs", workflow.as_str(), indent);
                self.values(inputs, indent);
            }
            StepKind::Rollback => self.prose(rules::ROLLBACK, look.text(), indent),
            StepKind::Write { path, template, .. } => {
                self.note("to", path, indent);
                self.source(template, look.muted(), indent);
            }
        }
    }

    fn expected(&mut self, expects: Option<&str>, indent: usize) {
        if let Some(expects) = expects {
            self.note("expects", expects, indent);
        }
    }

    fn values(&mut self, values: &Map<String, Value>, indent: usize) {
        for (name, value) in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.note("with", &format!("{name} = {text}"), indent);
        }
    }

    fn note(&mut self, label: &'static str, text: &str, indent: usize) {
        let look = self.look;
        let spans = vec![
            Span::raw(" ".repeat(indent)),
            Span::styled(format!("{label}  "), look.muted()),
            untrusted(text, look.subtext()),
        ];
        self.line(spans, indent + label.len() + 2);
    }

    fn diagnostic(&mut self, found: &Diagnostic) {
        let look = self.look;
        let (glyph, style) = match found.severity {
            Severity::Error => (look.glyph("✗", "x"), look.style(Role::Error)),
            Severity::Warning => (look.glyph("▲", "!"), look.style(Role::Warning)),
        };
        let place = match found.line {
            0 => found.file.clone(),
            line => format!("{}:{line}:{}", found.file, found.column),
        };
        self.line(vec![Span::styled(format!("{glyph} "), style), untrusted(&found.message, look.text())], 2);
        self.line(vec![Span::raw("  "), untrusted(&place, look.subtext())], 2);
        if !found.snippet.trim().is_empty() {
            self.snippet(&found.snippet, look.muted(), 2);
        }
        if let Some(help) = &found.help {
            let mark = Span::styled(format!("  {} ", look.glyph("→", "->")), look.accent());
            self.line(vec![mark, untrusted(help, look.text())], 4);
        }
    }
}

/// `one of staging, production · default staging`.
fn field_facts(field: &Field) -> String {
    field::facts(field).join(" · ")
}

fn step_facts(step: &Step) -> Vec<String> {
    let mut facts = Vec::new();
    if step.evidence_required {
        facts.push("evidence required".to_owned());
    }
    if let StepKind::Write { overwrite: true, .. } = &step.kind {
        facts.push("replaces the file".to_owned());
    }
    if let Some(timeout) = step.timeout {
        facts.push(format!("at most {timeout}"));
    }
    if let Some(retry) = &step.retry {
        facts.push(rules::retry(retry));
    }
    if step.continue_on_error {
        facts.push("goes on after a failure".to_owned());
    }
    if step.idempotent {
        facts.push("safe to repeat".to_owned());
    }
    facts
}
