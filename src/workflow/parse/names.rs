//! What the expressions of a workflow may read at each of its steps, so that an unknown name is
//! told when the file loads and not in the middle of a run.

use std::ops::Range;

use super::report::{Sink, nearest};
use crate::workflow::expression::{self, Piece, Reference};

/// The names that are known so far; grows from step to step.
#[derive(Clone, Default)]
pub(super) struct Names {
    pub inputs: Vec<String>,
    pub env: Vec<String>,
    /// Of the steps before.
    pub answers: Vec<String>,
    pub steps: Vec<String>,
    pub assigned: Vec<String>,
    /// As expressions read them: `inputs.token`.
    pub secrets: Vec<String>,
}

const REPO: [&str; 4] = ["root", "branch", "owner", "name"];

/// Names that every expression has; `assign` may not take them.
pub(super) const ROOTS: [&str; 8] =
    ["inputs", "answers", "steps", "env", "repo", "run", "session", "workflow"];

impl Names {
    /// A text that may hold `${{ … }}`.
    pub(super) fn check_text(&self, text: &str, span: &Range<usize>, sink: &mut Sink<'_>) {
        match expression::pieces(text) {
            Ok(pieces) => {
                for piece in pieces {
                    if let Piece::Expression(source, _) = piece {
                        let at = sink.locate(span, source);
                        self.check_expression(source, &at, sink);
                    }
                }
            }
            Err(error) => {
                let at = sink.locate(span, "${{");
                sink.error(&at, error.reason, "Write `${{ name }}`");
            }
        }
    }

    /// A bare expression.
    pub(super) fn check_expression(&self, source: &str, span: &Range<usize>, sink: &mut Sink<'_>) {
        if let Err(error) = expression::check(source) {
            sink.error(
                span,
                format!("this expression cannot be read: {}", error.reason),
                "An example: answers.plan == \"rollback\" and inputs.count > 2",
            );
            return;
        }
        // `steps.my-step.outputs` reads as a subtraction.
        for step in self.steps.iter().filter(|s| s.contains('-')) {
            let written = format!("steps.{step}");
            if source.contains(&written) {
                sink.error(
                    &sink.locate(span, &written),
                    format!("`{written}` is read as a subtraction"),
                    format!("A step id with a dash is written in brackets: steps[\"{step}\"].outputs"),
                );
                return;
            }
        }
        for reference in expression::references(source) {
            let found = self.look_up(&reference).and_then(|()| self.no_secret(&reference));
            if let Err((message, help)) = found {
                let at = sink.locate(span, source.get(reference.span.clone()).unwrap_or(source));
                sink.error(&at, message, help);
            }
        }
    }

    /// The secret that a text is, where it is one whole `${{ inputs.token }}`.
    pub(super) fn secret(&self, text: &str) -> Option<&String> {
        let pieces = expression::pieces(text.trim()).ok()?;
        let [Piece::Expression(source, _)] = pieces[..] else { return None };
        self.secrets.iter().find(|secret| secret.as_str() == source)
    }

    /// Anywhere but in a step's environment a secret would be kept, shown or written.
    fn no_secret(&self, reference: &Reference) -> Result<(), (String, String)> {
        let [root, name, ..] = &reference.path[..] else { return Ok(()) };
        let written = format!("{root}.{name}");
        if !self.secrets.contains(&written) {
            return Ok(());
        }
        Err((
            format!("`{written}` is a secret: what is filled in here would be kept and shown"),
            format!(
                "It reaches a script alone, as the whole value of a variable: env: {{ {}: \"${{{{ {written} }}}}\" }}",
                name.to_uppercase()
            ),
        ))
    }

    fn look_up(&self, reference: &Reference) -> Result<(), (String, String)> {
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        let root = path[0];
        let one_of = |what: &str, known: &[String]| match path.get(1) {
            // `inputs` as a whole, or by a computed key: known only in the run.
            None => Ok(()),
            Some(name) if known.iter().any(|k| k == name) => Ok(()),
            Some(name) => {
                Err(unknown(&format!("{root}.{name}"), name, known.iter().map(String::as_str), what, root))
            }
        };
        let fixed = |known: &[&str]| match path.get(1) {
            Some(name) if !known.contains(name) => {
                Err(unknown(&format!("{root}.{name}"), name, known.iter().copied(), "It has", root))
            }
            _ => Ok(()),
        };
        match root {
            "inputs" => one_of("The workflow's `inputs` are", &self.inputs),
            "env" => {
                one_of("Declare environment variables at the top with `env: [NAME]`; declared are", &self.env)
            }
            "answers" => one_of("The questions of the steps before are", &self.answers),
            "steps" => self.step(&path),
            "repo" => fixed(&REPO),
            "run" => fixed(&["id"]),
            "session" | "workflow" => fixed(&["id", "name"]),
            name if self.assigned.iter().any(|a| a == name) => Ok(()),
            name => {
                let known = ROOTS.iter().copied().chain(self.assigned.iter().map(String::as_str));
                Err(unknown(name, name, known, "An expression may read", ""))
            }
        }
    }

    fn step(&self, path: &[&str]) -> Result<(), (String, String)> {
        match path {
            [] | [_] => Ok(()),
            [_, id, rest @ ..] if self.steps.iter().any(|s| s == id) => match rest.first() {
                None | Some(&"outputs") => Ok(()),
                Some(other) => Err((
                    format!("unknown name `steps.{id}.{other}`"),
                    format!("A step has `outputs`: steps.{id}.outputs.{other}"),
                )),
            },
            [_, id, ..] => {
                let known = self.steps.iter().map(String::as_str);
                Err(unknown(&format!("steps.{id}"), id, known, "The steps before this one are", "steps"))
            }
        }
    }
}

fn unknown<'k>(
    full: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
    what: &str,
    root: &str,
) -> (String, String) {
    let message = match nearest(name, known.clone()) {
        Some(meant) if root.is_empty() => format!("unknown name `{full}`; did you mean `{meant}`?"),
        Some(meant) => format!("unknown name `{full}`; did you mean `{root}.{meant}`?"),
        None => format!("unknown name `{full}`"),
    };
    let listed: Vec<&str> = known.take(12).collect();
    let listed = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
    (message, format!("{what}: {listed}"))
}
