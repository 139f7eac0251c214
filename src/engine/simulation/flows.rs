//! Random workflows, written down and read as a person's own are.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex};

use crate::engine::simulation::chance::Chance;
use crate::workflow::{Workflow, parse};

#[derive(Clone)]
pub struct Flow {
    pub workflow: Arc<Workflow>,
    pub source: Arc<[u8]>,
    pub digest: String,
}

/// How many there are in one life. The later ones are child runs of the earlier ones.
pub const FLOWS: usize = 3;

/// The agent that has a command; others are answered for by people.
pub const AGENT: &str = "analyst";

/// Lives of this many seeds have workflows of their own; then they come again.
const SETS: u64 = 250;

/// The workflows of a life: to write and read them anew for each would take longer than to live it.
pub fn of(seed: u64) -> [Flow; FLOWS] {
    static SETS_MADE: LazyLock<Mutex<HashMap<u64, [Flow; FLOWS]>>> = LazyLock::new(Mutex::default);
    let set = seed % SETS;
    let made = SETS_MADE.lock().expect("no life panics").get(&set).cloned();
    made.unwrap_or_else(|| {
        let mut chance = Chance::new(set);
        let flows = std::array::from_fn(|number| random(&mut chance, number));
        SETS_MADE.lock().expect("no life panics").insert(set, flows.clone());
        flows
    })
}

/// The same file after somebody edited it; `None` where that makes none.
pub fn edited(chance: &mut Chance, flow: &Flow, number: u64) -> Option<Flow> {
    let mut text = String::from_utf8_lossy(&flow.source).into_owned();
    for _ in 0..=chance.below(2) {
        text = match chance.below(7) {
            0 => text.replace("run: work", &format!("run: work {number}")),
            1 => text.replacen("title: Step 1", &format!("title: Step one, {number}"), 1),
            2 => text.replace("Shall it go on?", &format!("Shall it, {number}?")),
            3 => text.replacen("actions: [Look]", &format!("actions: [Look, Act {number}]"), 1),
            4 => text.replacen(
                "steps:\n",
                &format!("steps:\n  - id: n{number}\n    title: New\n    run: work\n"),
                1,
            ),
            5 => text.rfind("  - id: s").map_or_else(|| text.clone(), |at| text[..at].to_owned()),
            _ => format!("{text}  - id: n{number}\n    title: New\n    approve: And now?\n"),
        };
    }
    let source: Arc<[u8]> = Arc::from(text.as_bytes());
    let (workflow, _) = parse("simulation", &source).ok()?;
    Some(Flow { workflow: Arc::new(workflow), digest: crate::base::digest(&source), source })
}

/// A workflow with steps of every kind, in a random order. What the format refuses is made anew.
fn random(chance: &mut Chance, number: usize) -> Flow {
    let mut refused = String::new();
    for _ in 0..20 {
        let text = written(chance, number);
        let source: Arc<[u8]> = Arc::from(text.as_bytes());
        match parse("simulation", &source) {
            Ok((workflow, _)) => {
                return Flow { workflow: Arc::new(workflow), digest: crate::base::digest(&source), source };
            }
            Err(problems) => refused = format!("{problems:?}\n{text}"),
        }
    }
    panic!("no workflow can be read: {refused}");
}

fn written(chance: &mut Chance, number: usize) -> String {
    let mut text = format!(
        "id: flow-{number}\nname: Flow {number}\ntrigger_phrases: [flow {number}]\nscope: For the simulation\n\
         inputs:\n  go: {{ type: boolean, default: true }}\n"
    );
    let limit = chance.between(20, 200);
    match chance.below(12) {
        0 => _ = writeln!(text, "config: {{ timeout: {limit}s }}"),
        1 => text.push_str("config: { parallel: 1 }\n"),
        2 => text.push_str("config: { parallel: 2, retry: { max_attempts: 2 } }\n"),
        _ => {}
    }
    if chance.one_in(3) {
        let to = chance.pick(&["Planned", "Deployed"]).copied().unwrap_or("Planned");
        let _ = writeln!(text, "moves: {{ to: {to} }}");
    }
    text.push_str("steps:\n");
    let steps = 1 + chance.below(5);
    let mut made = Made { flow: number, asked: Vec::new() };
    for number in 0..steps {
        step(chance, &mut text, number, &mut made);
    }
    text
}

struct Made {
    flow: usize,
    /// The steps before this one that asked.
    asked: Vec<usize>,
}

fn step(chance: &mut Chance, text: &mut String, number: usize, made: &mut Made) {
    let _ = writeln!(text, "  - id: s{number}\n    title: Step {number}");
    let mut is_single = false;
    match chance.below(13) {
        0..=2 => {
            text.push_str("    run: work\n");
            automatic(chance, text);
        }
        3 => {
            let _ = writeln!(text, "    write: file-{number}\n    template: text");
            automatic(chance, text);
        }
        4 | 5 => {
            is_single = true;
            gate(chance, text);
        }
        6 => {
            is_single = true;
            made.asked.push(number);
            let _ = writeln!(text, "    ask: [{{ name: a{number}, prompt: What? }}]");
        }
        7 => text.push_str("    actions: [Look, Act]\n    evidence: required\n"),
        8 => {
            text.push_str("    call: server.tool\n");
            automatic(chance, text);
        }
        9 => {
            let agent = if chance.one_in(2) { AGENT } else { "helper" };
            let _ = writeln!(text, "    agent: {agent}\n    prompt: What do you think?");
        }
        10 | 11 if made.flow + 1 < FLOWS => {
            let _ = writeln!(text, "    workflow: flow-{}\n    inputs: {{ go: true }}", made.flow + 1);
            if chance.one_in(4) {
                text.push_str("    timeout: 30s\n");
            }
        }
        _ => text.push_str("    actions: [Look]\n"),
    }
    if !is_single && chance.one_in(6) {
        let parallel = chance.between(1, 2);
        let _ = writeln!(text, "    for_each: {{ items: [one, two], parallel: {parallel} }}");
    }
    // What a child run did is undone more often than not.
    let undone = if made.flow > 0 { 2 } else { 5 };
    if !is_single && chance.one_in(undone) {
        text.push_str(if chance.one_in(3) {
            "    rollback: { actions: [Undo it] }\n"
        } else {
            "    rollback: undo\n"
        });
    }
    let needs = number > 0 && chance.one_in(3);
    if needs {
        let needed: Vec<String> =
            (0..number).filter(|_| chance.one_in(2)).map(|number| format!("s{number}")).collect();
        let _ = writeln!(text, "    needs: [{}]", needed.join(", "));
        // Who does not wait for a question cannot read its answer.
        made.asked.clear();
    }
    match chance.below(10) {
        0 if text.contains("rollback:") || text.contains("workflow:") => {
            text.push_str("    on_failure: rollback\n");
        }
        1 => text.push_str("    on_failure: { escalate: [lead, head], within: 5s }\n"),
        2 if number > 0 && !needs => {
            let _ = writeln!(text, "    on_failure: {{ back: s{}, times: 1 }}", number - 1);
        }
        _ => {}
    }
    if chance.one_in(7) {
        let condition = match chance.pick(&made.asked) {
            // Where that question was skipped, it has no answer: the step cannot be resolved.
            Some(earlier) if *earlier != number => format!("answers.a{earlier} == \"that\""),
            _ if chance.one_in(2) => "inputs.go".to_owned(),
            _ => "not inputs.go".to_owned(),
        };
        let _ = writeln!(text, "    if: {condition}");
    }
}

fn gate(chance: &mut Chance, text: &mut String) {
    text.push_str("    approve: Shall it go on?\n");
    if chance.one_in(3) {
        let _ = writeln!(text, "    within: {}s", chance.between(5, 60));
        if chance.one_in(3) {
            text.push_str("    on_timeout: escalate\n    escalate: [lead, head]\n");
        }
        if chance.one_in(3) {
            text.push_str("    remind: 4s\n");
        }
    }
}

/// What an automatic step may say of its failures.
fn automatic(chance: &mut Chance, text: &mut String) {
    if chance.one_in(3) {
        let _ = writeln!(text, "    timeout: {}s", chance.between(1, 20));
    }
    if chance.one_in(3) {
        let backoff = chance.pick(&["fixed", "linear", "exponential"]).copied().unwrap_or("fixed");
        let attempts = chance.between(2, 4);
        let jitter = chance.one_in(2);
        let _ = writeln!(
            text,
            "    retry: {{ max_attempts: {attempts}, backoff: {backoff}, initial: 1s, jitter: {jitter}, final: [spawn, 7] }}"
        );
    }
    if chance.one_in(4) {
        text.push_str("    continue_on_error: true\n");
    }
    if chance.one_in(3) {
        text.push_str("    idempotent: true\n");
    }
}
