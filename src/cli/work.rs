//! What one try at a step does, as people read it: for the dry run, the preview of an edit, a held
//! step, and what an approval opens.

use serde_json::{Map, Value};

use crate::base::SafeText;
use crate::cli::Env;
use crate::cli::output::Line;
use crate::run::Work;
use crate::workflow::script::telling_line;
use crate::workflow::{field, secret};

/// Most items of a loop that are named.
const ITEMS: usize = 10;

/// A line or two; `full` also shows whole scripts, environments, parameters and contents.
pub fn show(env: &Env, indent: &str, work: &Work, full: bool) {
    let line = |line: Line| env.out.line(Line::new().plain(indent).then(line));
    let block = |text: &str| {
        if !text.trim().is_empty() {
            env.out.block(&format!("{indent}  "), &SafeText::new(text.trim_end()));
        }
    };
    match work {
        Work::Run { script, shell, env: names, secrets, cwd, pty, done_exits, expects } => {
            show_script(env, indent, script, full);
            if full {
                for (name, value) in names {
                    line(Line::new().dim("with ").plain(name).dim(" = ").plain(value));
                }
                for (name, reference) in secrets {
                    line(Line::new().dim("with ").plain(name).dim(" = ").plain(secret::masked(reference)));
                }
                if shell.first().is_some_and(|program| program != "sh") {
                    line(Line::new().dim("read by ").plain(shell.join(" ")));
                }
                if !cwd.is_empty() {
                    line(Line::new().dim("in ").plain(cwd));
                }
                if *pty {
                    line(Line::new().dim("on a terminal of its own"));
                }
                if !done_exits.is_empty() {
                    let codes: Vec<String> = done_exits.iter().map(ToString::to_string).collect();
                    line(Line::new().dim("done with exit ").plain(codes.join(", ")));
                }
                show_expects(env, indent, expects.as_deref());
            }
        }
        Work::Approve { question, opens, .. } => {
            env.out.block(indent, &SafeText::new(question));
            for opened in opens {
                line(Line::new().dim("opens ").plain(opened.step.as_str()));
                show(env, &format!("{indent}  "), &opened.work, full);
            }
        }
        Work::Write { path, content, overwrite } => {
            let over = if *overwrite { "  over what is there" } else { "" };
            line(Line::new().dim("writes ").plain(path).dim(over));
            if full {
                block(content);
            }
        }
        Work::Call { server, tool, arguments, expects } => {
            line(Line::new().dim("calls ").plain(format!("{server}.{tool}")));
            if full {
                show_values(env, indent, arguments);
                show_expects(env, indent, expects.as_deref());
            }
        }
        Work::Agent { agent, persona, prompt, expects, by_command } => {
            let who = if *by_command { "asks the agent " } else { "somebody answers for the agent " };
            line(Line::new().dim(who).plain(agent));
            if full {
                block(persona);
                block(prompt);
                show_expects(env, indent, expects.as_deref());
            }
        }
        Work::Workflow { workflow, inputs, .. } => {
            line(Line::new().dim("runs ").plain(workflow.as_str()));
            if full {
                show_values(env, indent, inputs);
            }
        }
        Work::Rollback { run } => line(Line::new().dim("rolls back run ").plain(run.short())),
        Work::ForEach { items } => {
            let shown: Vec<String> = items.iter().take(ITEMS).map(field::shown).collect();
            let more = if items.len() > shown.len() { ", …" } else { "" };
            let times = if items.len() == 1 { "once".to_owned() } else { format!("{} times", items.len()) };
            let colon = if items.is_empty() { "" } else { ": " };
            line(Line::new().dim(format!("{times}{colon}")).plain(format!("{}{more}", shown.join(", "))));
        }
        Work::Manual | Work::Ask | Work::Unresolved => {}
    }
}

fn show_script(env: &Env, indent: &str, script: &str, full: bool) {
    let script = script.trim_end();
    let shown = if full { script } else { telling_line(script) };
    for (index, text) in shown.lines().enumerate() {
        let mark = if index == 0 { "$ " } else { "  " };
        env.out.line(Line::new().plain(indent).dim(mark).plain(text));
    }
    if !full && script.lines().count() > 1 {
        env.out.line(Line::new().plain(indent).dim("  …"));
    }
}

fn show_values(env: &Env, indent: &str, values: &Map<String, Value>) {
    for (name, value) in values {
        let line = Line::new().plain(indent).dim("with ").plain(name).dim(" = ");
        env.out.line(line.plain(field::shown(value)));
    }
}

fn show_expects(env: &Env, indent: &str, expects: Option<&str>) {
    if let Some(expects) = expects {
        env.out.line(Line::new().plain(indent).dim("expects ").plain(expects));
    }
}
