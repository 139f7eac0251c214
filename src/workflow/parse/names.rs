//! What the expressions of a workflow may read at each of its steps, so that an unknown name is
//! told when the file loads and not in the middle of a run.

use std::ops::Range;
use std::rc::Rc;

use super::report::{Sink, nearest};
use crate::workflow::expression::{self, Piece, Reference};

/// The names that are known at one step.
#[derive(Clone, Default)]
pub(super) struct Names {
    pub inputs: Vec<String>,
    pub env: Vec<String>,
    /// Of the steps that are settled by then.
    pub answers: Vec<String>,
    pub steps: Vec<String>,
    pub assigned: Vec<String>,
    /// As expressions read them: `inputs.token`.
    pub secrets: Vec<String>,
    /// What every step of the workflow gives, in order.
    pub given: Rc<[Given]>,
    /// Where each of them stands to this step.
    pub standings: Vec<Standing>,
    /// The steps that this one waits for.
    pub needs: Vec<String>,
    /// `item` and `iteration` are known.
    pub in_loop: bool,
    /// `output` is known.
    pub has_output: bool,
}

/// What a step gives to the ones after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub id: Option<String>,
    pub answers: Vec<String>,
    pub assigned: Option<String>,
}

/// Where another step stands to the one at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Before,
    /// The step at hand itself.
    Own,
    /// Neither waits for the other.
    Beside,
    After,
}

const REPO: [&str; 4] = ["root", "branch", "owner", "name"];
const FAILURE: [&str; 3] = ["kind", "message", "exit"];

/// Names that every expression has; `assign` may not take them.
pub(super) const ROOTS: [&str; 8] =
    ["inputs", "answers", "steps", "env", "repo", "run", "session", "workflow"];

/// Names that an expression has inside a loop.
pub(super) const LOOP: [&str; 2] = ["item", "iteration"];

/// The name of what a try gave, in the `outputs` of its step.
pub(super) const OUTPUT: &str = "output";

impl Names {
    /// Moves to the step whose needs are these, and to which the others stand like that.
    pub(super) fn stand_at(&mut self, needs: Vec<String>, standings: Vec<Standing>) {
        let given = Rc::clone(&self.given);
        let before = || given.iter().zip(&standings).filter(|(_, s)| **s == Standing::Before).map(|(g, _)| g);
        self.answers = before().flat_map(|g| g.answers.iter().cloned()).collect();
        self.steps = before().filter_map(|g| g.id.clone()).collect();
        self.assigned = before().filter_map(|g| g.assigned.clone()).collect();
        self.needs = needs;
        self.standings = standings;
        self.in_loop = false;
        self.has_output = false;
    }

    /// What undoes a step may read what the step itself gave.
    pub(super) fn with_own(&self) -> Self {
        let mut names = self.clone();
        let standings = self.standings.iter().map(|s| match s {
            Standing::Own => Standing::Before,
            other => *other,
        });
        names.stand_at(self.needs.clone(), standings.collect());
        names.in_loop = self.in_loop;
        names
    }

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

    /// The secret that a text is, where it is one whole `${{ inputs.token }}`; known or not, the sink knows.
    pub(super) fn secret(&self, text: &str, span: &Range<usize>, sink: &mut Sink<'_>) -> Option<&String> {
        let pieces = expression::pieces(text.trim()).ok()?;
        let [Piece::Expression(source, _)] = pieces[..] else { return None };
        let secret = self.secrets.iter().find(|secret| secret.as_str() == source)?;
        for reference in expression::references(source) {
            if let Err((message, help)) = self.look_up(&reference) {
                sink.error(&sink.locate(span, source), message, help);
            }
        }
        Some(secret)
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
            Some(name) if root == "answers" && self.elsewhere(|g| has(&g.answers, name)).is_some() => {
                Err(self.not_yet(&format!("answers.{name}"), |g| has(&g.answers, name)))
            }
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
            "run" => fixed(&["id", "feedback", "subject"]),
            "session" | "workflow" => fixed(&["id", "name"]),
            "item" | "iteration" if self.in_loop => Ok(()),
            OUTPUT if self.has_output => Ok(()),
            name if has(&self.assigned, name) => Ok(()),
            name if self.elsewhere(|g| g.assigned.as_deref() == Some(name)).is_some() => {
                Err(self.not_yet(name, |g| g.assigned.as_deref() == Some(name)))
            }
            "item" | "iteration" => Err((
                format!("unknown name `{root}`"),
                "It is known in what a step with `for_each` does, not in its `if`, nor in other steps"
                    .to_owned(),
            )),
            OUTPUT => Err((
                format!("unknown name `{root}`"),
                "It is what a try gave, and known in the `outputs` of its step alone".to_owned(),
            )),
            name => {
                let here = LOOP.iter().filter(|_| self.in_loop).copied();
                let here = here.chain(Some(OUTPUT).filter(|_| self.has_output));
                let known = ROOTS.iter().copied().chain(here).chain(self.assigned.iter().map(String::as_str));
                Err(unknown(name, name, known, "An expression may read", ""))
            }
        }
    }

    fn step(&self, path: &[&str]) -> Result<(), (String, String)> {
        match path {
            [] | [_] => Ok(()),
            [_, id, rest @ ..] if has(&self.steps, id) => match rest {
                [] | ["outputs" | "status", ..] | ["failure"] => Ok(()),
                ["failure", part, ..] if FAILURE.contains(part) => Ok(()),
                ["failure", part, ..] => {
                    let root = format!("steps.{id}.failure");
                    let full = format!("{root}.{part}");
                    Err(unknown(&full, part, FAILURE.iter().copied(), "A failure has", &root))
                }
                [other, ..] => Err((
                    format!("unknown name `steps.{id}.{other}`"),
                    format!("A step has `outputs`: steps.{id}.outputs.{other}; and `status` and `failure`"),
                )),
            },
            [_, id, ..] if self.elsewhere(|g| g.id.as_deref() == Some(id)).is_some() => {
                Err(self.not_yet(&format!("steps.{id}"), |g| g.id.as_deref() == Some(id)))
            }
            [_, id, ..] => {
                let known = self.steps.iter().map(String::as_str);
                Err(unknown(&format!("steps.{id}"), id, known, "The steps before this one are", "steps"))
            }
        }
    }

    /// The first step that gives it and is not before this one.
    fn elsewhere(&self, gives: impl Fn(&Given) -> bool) -> Option<(&Given, Standing)> {
        let found = self.given.iter().zip(&self.standings).find(|(given, _)| gives(given));
        found.map(|(given, standing)| (given, *standing)).filter(|(_, s)| *s != Standing::Before)
    }

    /// What is said of a name that a step gives which is not settled by then.
    fn not_yet(&self, full: &str, gives: impl Fn(&Given) -> bool) -> (String, String) {
        let (id, standing) = match self.elsewhere(gives) {
            Some((given, standing)) => (given.id.as_deref().unwrap_or("it"), standing),
            None => ("it", Standing::Beside),
        };
        match standing {
            Standing::Before | Standing::Beside => {
                let mut needs = self.needs.clone();
                needs.push(id.to_owned());
                (
                    format!("`{full}` may not be there yet: this step does not wait for “{id}”"),
                    format!("Add it to what the step needs: needs: [{}]", needs.join(", ")),
                )
            }
            Standing::After => (
                format!("unknown name `{full}`"),
                format!("It comes from “{id}”, which comes after this step"),
            ),
            Standing::Own => (
                format!("unknown name `{full}`"),
                "It comes from this very step, and is there once the step is done".to_owned(),
            ),
        }
    }
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|n| n == name)
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
