//! Everything that a person must know to act on an open step: what it asks, what would be done, who
//! is asked and until when.

use crate::base::SafeText;
use crate::cli::family::Open;
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, approve, tell, work};
use crate::run::{Held, Prompt, Role, StepState, Work};
use crate::workflow::{Field, StepKind, field as fields};

const INDENT: &str = "  ";

pub fn show(env: &Env, open: &Open<'_>) {
    let step = open.step;
    let head = Line::new().put(Tone::Warning, "▲ ").strong(open.title());
    let undoes = match &open.record.role {
        Role::Undo { of, .. } => format!("  undoes {of}"),
        _ => String::new(),
    };
    env.out.line(head.dim(format!("  {}{undoes}", open.name)));
    if let Some(description) = &step.description {
        env.out.block(INDENT, &SafeText::new(description));
    }
    if let Some(lease) = open.record.state.lease() {
        env.out.line(Line::new().plain(INDENT).put(Tone::Info, lease.to_string()));
    }
    match &open.record.state {
        StepState::Waiting { on, .. } => waiting(env, open, on),
        StepState::Failed { failure, escalation, .. } => {
            env.out.line(Line::new().plain(INDENT).put(Tone::Failure, &failure.message));
            if let Some(escalation) = escalation {
                env.out.line(Line::new().plain(INDENT).plain(tell::asked_line(escalation)));
            }
        }
        StepState::Uncertain { .. } => {
            env.out.line("  The engine ended while it ran: nobody knows how far it came. Look first.");
        }
        _ => {}
    }
    if let Some(validation) = &step.validation {
        env.out.line(Line::new().dim("  done when ").plain(validation));
    }
    if step.evidence_required {
        env.out.line(Line::new().dim("  evidence is required"));
    }
}

fn waiting(env: &Env, open: &Open<'_>, on: &Prompt) {
    match (on, &open.step.kind) {
        (Prompt::Check { checked }, StepKind::Manual { actions }) => {
            for (index, action) in actions.iter().enumerate() {
                let ticked = checked.get(index).copied().unwrap_or(false);
                let tick = if ticked { "[x]" } else { "[ ]" };
                env.out.line(Line::new().dim(format!("  {tick} {:>2} ", index + 1)).plain(action));
            }
        }
        (Prompt::Answers, StepKind::Ask { fields }) => fields.iter().for_each(|asked| field(env, asked)),
        (Prompt::Approval { question, digest, deadline, escalation, .. }, _) => {
            approve::show(env, question, approve::opened(open.record), digest);
            match escalation {
                Some(escalation) => {
                    env.out.line(Line::new().plain(INDENT).plain(tell::asked_line(escalation)));
                }
                None => {
                    if let Some(deadline) = deadline {
                        env.out.line(Line::new().dim("  until ").plain(deadline.local_minute()));
                    }
                }
            }
        }
        (Prompt::Agent { agent, persona, prompt }, _) => {
            env.out.line(Line::new().dim("  for the agent ").plain(agent));
            for text in [persona, prompt] {
                if !text.trim().is_empty() {
                    env.out.block("    ", &SafeText::new(text.trim_end()));
                }
            }
            if let Some(Work::Agent { expects: Some(expects), .. }) =
                open.record.attempts.last().map(|a| &a.work)
            {
                env.out
                    .line(Line::new().dim("  the answer should have ").plain(format!("“{expects}” in it")));
            }
        }
        (Prompt::Proceed { why, work: held }, _) => {
            let why = match why {
                Held::StepThrough => "held: the run steps through",
                Held::Breakpoint => "held: it has a breakpoint",
            };
            env.out.line(Line::new().plain(INDENT).put(Tone::Warning, why));
            if let Some(held) = held {
                work::show(env, "    ", held, true);
            }
        }
        (Prompt::Retry { due, failure }, _) => {
            env.out.line(Line::new().plain(INDENT).put(Tone::Failure, &failure.message));
            env.out.line(Line::new().dim("  tried again at ").plain(due.local_clock_seconds()));
        }
        _ => {}
    }
}

fn field(env: &Env, asked: &Field) {
    let required = if asked.required { ", required" } else { "" };
    let kind = format!(" ({}{required}) ", asked.kind.word());
    let mut line = Line::new().dim("  ").plain(&asked.name).dim(kind).plain(&asked.prompt);
    if let Some(default) = &asked.default {
        line = line.dim(format!("  default {}", fields::shown(default)));
    }
    env.out.line(line);
}
