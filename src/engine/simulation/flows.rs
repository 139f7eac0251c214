//! Random workflows, written down and read as a person's own are.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::engine::simulation::chance::Chance;
use crate::workflow::{Workflow, parse};

#[derive(Clone)]
pub struct Flow {
    pub workflow: Arc<Workflow>,
    pub source: Arc<[u8]>,
    pub digest: String,
}

/// A workflow with every kind of step that there is, in a random order.
pub fn random(chance: &mut Chance, number: usize) -> Flow {
    let mut text = format!(
        "id: flow-{number}\nname: Flow {number}\ntrigger_phrases: [flow {number}]\nscope: For the simulation\n\
         inputs:\n  go: {{ type: boolean, default: true }}\n"
    );
    if chance.one_in(6) {
        let _ = writeln!(text, "config: {{ timeout: {}s }}", chance.between(20, 200));
    }
    text.push_str("steps:\n");
    let steps = 1 + chance.below(5);
    let mut asked = Vec::new();
    for number in 0..steps {
        step(chance, &mut text, number, &mut asked);
    }
    let source: Arc<[u8]> = Arc::from(text.as_bytes());
    let (workflow, _) = parse("simulation", &source)
        .unwrap_or_else(|problems| panic!("a workflow that cannot be read: {problems:?}\n{text}"));
    Flow { workflow: Arc::new(workflow), digest: crate::base::digest(&source), source }
}

fn step(chance: &mut Chance, text: &mut String, number: usize, asked: &mut Vec<usize>) {
    let _ = writeln!(text, "  - id: s{number}\n    title: Step {number}");
    match chance.below(9) {
        0..=2 => {
            text.push_str("    run: work\n");
            automatic(chance, text);
        }
        3 => {
            let _ = writeln!(text, "    write: file-{number}\n    template: text");
            automatic(chance, text);
        }
        4 | 5 => {
            text.push_str("    approve: Shall it go on?\n");
            if chance.one_in(3) {
                let _ = writeln!(text, "    within: {}s", chance.between(5, 60));
            }
        }
        6 => {
            asked.push(number);
            let _ = writeln!(text, "    ask: [{{ name: a{number}, prompt: What? }}]");
        }
        7 => text.push_str("    actions: [Look, Act]\n    evidence: required\n"),
        _ => text.push_str("    actions: [Look]\n"),
    }
    if chance.one_in(7) {
        let condition = match chance.pick(asked) {
            // Where that question was skipped, it has no answer: the step cannot be resolved.
            Some(earlier) if *earlier != number => format!("answers.a{earlier} == \"that\""),
            _ if chance.one_in(2) => "inputs.go".to_owned(),
            _ => "not inputs.go".to_owned(),
        };
        let _ = writeln!(text, "    if: {condition}");
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
        let _ = writeln!(text, "    retry: {{ max_attempts: {attempts}, backoff: {backoff}, initial: 1s }}");
    }
    if chance.one_in(4) {
        text.push_str("    continue_on_error: true\n");
    }
    if chance.one_in(3) {
        text.push_str("    idempotent: true\n");
    }
}
