//! The card's steps: what each does in a few words, or in the dry run with every value that is known.

use ratatui::text::{Line, Span};

use super::Confirm;
use crate::base::SafeLine;
use crate::config::Role;
use crate::run::{Context as RunContext, PlannedStep, Work, plan};
use crate::tui::Model;
use crate::tui::screens::run::sheet::plain;
use crate::tui::widgets::text::{cut, cut_line, untrusted, width, wrap};
use crate::workflow::script::telling_line;
use crate::workflow::{Items, Step, StepKind, Workflow, field, secret};

/// Cells before what a step does in the dry run.
const INDENT: usize = 16;
/// Items of a loop that the dry run shows.
const ITEMS: usize = 12;

impl Confirm {
    pub(super) fn steps(&self, model: &Model, room: usize, lines: &mut Vec<Line<'static>>) {
        let look = &model.look;
        let digits = self.workflow.steps.len().to_string().len();
        let titles = self.workflow.steps.iter().map(|s| width(&s.title)).max().unwrap_or(0);
        let titles = titles.clamp(8, 40.min((room / 2).max(8)));
        let planned = if self.dry_run { self.planned(model) } else { Vec::new() };
        let head = if self.dry_run { "Dry run     " } else { "Steps       " };
        for (n, step) in self.workflow.steps.iter().enumerate() {
            let word = step.kind.word();
            let title = cut(SafeLine::new(&step.title).as_str(), titles);
            let pad = titles.saturating_sub(width(&title));
            let mut spans = vec![
                Span::styled(if n == 0 { head } else { "            " }, look.muted()),
                Span::styled(format!("{:>digits$} ", n + 1), look.muted()),
                Span::styled(format!("{} ", look.kind(word)), look.subtext()),
                Span::styled(format!("{title}{}  ", " ".repeat(pad)), look.text()),
                Span::styled(format!("{word:<9}"), look.muted()),
            ];
            if !self.dry_run {
                spans.push(untrusted(&brief(&self.workflow, step), look.subtext()));
            }
            lines.push(cut_line(&Line::from(spans), room));
            if let Some(planned) = planned.get(n) {
                lines.extend(detail(model, planned, step, room));
            }
        }
    }

    fn planned(&self, model: &Model) -> Vec<PlannedStep> {
        let env = model.facts.declared(&self.workflow.env);
        let context = RunContext {
            folder: model.facts.folder.clone(),
            repo: model.facts.repo.clone(),
            env,
            agents: model.facts.agents.clone(),
            ..RunContext::default()
        };
        let inputs = field::complete(&self.workflow.inputs, &self.inputs.values)
            .unwrap_or_else(|_| self.inputs.values.clone());
        plan(&self.workflow, &inputs, &context)
    }
}

/// What a step does, in a few words.
fn brief(workflow: &Workflow, step: &Step) -> String {
    let needs: Vec<String> = step
        .needs
        .iter()
        .flatten()
        .filter_map(|id| workflow.steps.iter().position(|s| &s.id == id))
        .map(|place| (place + 1).to_string())
        .collect();
    let after = match (&step.needs, needs.is_empty()) {
        (Some(_), false) => format!("after {}", needs.join(", ")),
        (Some(_), true) => "at once".to_owned(),
        (None, _) => String::new(),
    };
    let each = match step.for_each.as_ref().map(|each| &each.items) {
        Some(Items::Listed(items)) => format!("for each of {}", items.len()),
        Some(Items::Expression(source)) => format!("for each of {source}"),
        None => String::new(),
    };
    let parts = [each, after, what(step)];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("  ")
}

fn what(step: &Step) -> String {
    match &step.kind {
        StepKind::Manual { .. } if step.evidence_required => "evidence required".to_owned(),
        StepKind::Manual { actions } if actions.len() > 1 => format!("{} actions", actions.len()),
        StepKind::Ask { fields } if fields.len() == 1 => "1 question".to_owned(),
        StepKind::Ask { fields } => format!("{} questions", fields.len()),
        StepKind::Run { script, .. } => {
            let line = telling_line(script);
            if script.trim() == line { line.to_owned() } else { format!("{line} …") }
        }
        StepKind::Approve { within: Some(within), .. } => format!("within {within}"),
        StepKind::Manual { .. } | StepKind::Approve { .. } | StepKind::Rollback => String::new(),
        StepKind::Write { path, .. } => path.clone(),
        StepKind::Call { server, tool, .. } => format!("{server}.{tool}"),
        StepKind::Agent { agent, .. } => agent.clone(),
        StepKind::Workflow { workflow, .. } => workflow.to_string(),
    }
}

/// A step of the dry run: everything filled in that can be known now.
fn detail(model: &Model, planned: &PlannedStep, step: &Step, room: usize) -> Vec<Line<'static>> {
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
        Ok(Work::Approve { question, opens, .. }) => {
            add(question, look.text());
            let opened: Vec<&str> = opens.iter().map(|o| o.step.as_str()).collect();
            if !opened.is_empty() {
                add(&format!("opens {}", opened.join(", ")), look.subtext());
            }
        }
        Ok(Work::Call { server, tool, arguments, .. }) => {
            add(&format!("calls {server}.{tool}"), look.text());
            for (name, value) in arguments {
                add(&format!("{name} = {}", plain(value)), look.subtext());
            }
        }
        Ok(Work::Agent { agent, prompt, by_command, .. }) => {
            let told = if *by_command {
                format!("asks {agent} by its command")
            } else {
                format!("somebody answers in place of {agent}")
            };
            add(&told, look.text());
            for line in prompt.trim_end().lines() {
                add(line, look.subtext());
            }
        }
        Ok(Work::Workflow { workflow, inputs, .. }) => {
            add(&format!("starts a run of {workflow}"), look.text());
            for (name, value) in inputs {
                add(&format!("{name} = {}", plain(value)), look.subtext());
            }
            match model.bank.as_ref().and_then(|b| b.registry.get(workflow)).and_then(|e| e.workflow()) {
                Some(child) => {
                    for (n, step) in child.steps.iter().enumerate() {
                        let word = step.kind.word();
                        add(&format!("{} {}  {word}", n + 1, step.title), look.muted());
                    }
                }
                None => add(&format!("{workflow} is not in the bank"), look.style(Role::Warning)),
            }
        }
        Ok(Work::ForEach { items }) => {
            let count = if items.len() == 1 { "1 item".to_owned() } else { format!("{} items", items.len()) };
            add(&format!("once for each of {count}"), look.text());
            for (n, item) in items.iter().enumerate().take(ITEMS) {
                add(&format!("{}. {}", n + 1, plain(item)), look.subtext());
            }
            if items.len() > ITEMS {
                add(&format!("and {} more", items.len() - ITEMS), look.muted());
            }
            // Each is filled in with its item once the loop begins.
            add(&format!("each: {}", what(step)), look.muted());
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
        Ok(Work::Rollback { run }) => add(&format!("rolls back run {}", run.short()), look.text()),
        Ok(Work::Unresolved) => add("known only later", look.muted()),
        Err(failure) => add(&format!("known only later: {}", failure.message), look.muted()),
    }
    match step.rollback.as_deref() {
        Some(undo) if undo.kind == StepKind::Rollback => {
            add("undone by: rolling its run back", look.muted());
        }
        Some(undo) => add(&format!("undone by: {}", undo.title), look.muted()),
        None => {}
    }
    lines
}
