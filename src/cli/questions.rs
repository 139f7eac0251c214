//! The questions of a form at the prompt, one after the other and back again; and answers that were
//! given as arguments, held to the options that a command prints.

use serde_json::{Map, Value};

use crate::base::{Error, Result, Secret};
use crate::cli::link::Link;
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, ask, hidden};
use crate::protocol::OptionsOf;
use crate::workflow::field::{Asking, shown};
use crate::workflow::{Field, FieldKind, field};

/// What is typed to go back a question.
const BACK: &str = "<";

/// Options that stand behind the question; of more, or of long ones, each has a line.
const IN_A_LINE: usize = 60;
/// Options that are listed.
const LISTED: usize = 60;

/// A form: whose questions, and what is known before.
pub struct Questions<'f> {
    pub fields: &'f [Field],
    pub asking: Asking,
    /// Whom the engine asks for options.
    pub of: OptionsOf,
}

enum Typed {
    Value(Value),
    Back,
    Leave,
}

impl Questions<'_> {
    /// All answers: those that are `given` already, and the others asked one by one. `None` where the
    /// person left in between.
    pub async fn ask(
        &self,
        env: &Env,
        link: Option<&Link>,
        given: &Map<String, Value>,
    ) -> Result<Option<Map<String, Value>>> {
        let mut typed: Map<String, Value> = Map::new();
        let mut path: Vec<usize> = Vec::new();
        let mut place = 0;
        let to_ask = self.fields.iter().filter(|f| !given.contains_key(&f.name)).count();
        if to_ask > 1 {
            env.out.line(Line::new().plain("  ").put(Tone::Accent, BACK).dim(" goes back a question"));
        }
        loop {
            // What depends on an answer is decided anew each time: it may have been changed.
            let mut asking = self.asking.clone();
            let mut answers = Map::new();
            for before in &self.fields[..place] {
                let is_asked = asking.asks(before).unwrap_or(false);
                let value = typed.get(&before.name).or_else(|| given.get(&before.name)).filter(|_| is_asked);
                let value = value.cloned().unwrap_or(Value::Null);
                asking.take(before, value.clone());
                answers.insert(before.name.clone(), value);
            }
            let Some(field) = self.fields.get(place) else { return Ok(Some(answers)) };
            let is_asked = asking.asks(field).map_err(|why| {
                Error::usage(format!("{}: {why}", field.name))
                    .hint("The workflow's author has to put it right")
            })?;
            if !is_asked || given.contains_key(&field.name) {
                if !is_asked && given.get(&field.name).is_some_and(|v| !v.is_null()) {
                    env.out.line(
                        Line::new().dim(format!("  {} is not asked for here, and left out", field.name)),
                    );
                }
                place += 1;
                continue;
            }
            match self.one(env, link, field, typed.get(&field.name), &answers).await? {
                Typed::Leave => return Ok(None),
                Typed::Back => match path.pop() {
                    Some(before) => place = before,
                    None => env.out.line(Line::new().dim("  This is the first question")),
                },
                Typed::Value(value) => {
                    typed.insert(field.name.clone(), value);
                    path.push(place);
                    place += 1;
                }
            }
        }
    }

    /// One question, asked until the answer fits. `before`: what was typed when it was asked last.
    async fn one(
        &self,
        env: &Env,
        link: Option<&Link>,
        asked: &Field,
        before: Option<&Value>,
        answers: &Map<String, Value>,
    ) -> Result<Typed> {
        let mut asked = asked.clone();
        let mut offered = asked.options().to_vec();
        if let (Some(command), Some(link)) = (&asked.options_from, link) {
            env.out.line(Line::new().dim("  options from ").dim(command));
            match link.options(&self.of, &asked.name, answers).await {
                Ok(options) => {
                    asked = asked.with_options(&options);
                    offered = options;
                }
                // It is typed freely then.
                Err(error) => env.out.warning(&error),
            }
        }
        if let Some(value) = before.filter(|v| !v.is_null()) {
            asked.default = Some(value.clone());
        }
        if let Some(description) = &asked.description {
            env.out.line(Line::new().plain("  ").dim(description));
        }
        loop {
            let head = head(env, &asked, &offered);
            let read = match asked.kind {
                FieldKind::Secret => secret(env, link, &asked, &head).await?,
                FieldKind::Text => {
                    env.out.line(head.dim("  an empty line ends it"));
                    text(&asked, ask::many_lines(env).await?)
                }
                _ => {
                    text(&asked, ask::line(env, &head.plain(" ")).await?.map(|t| picked(&asked, &offered, t)))
                }
            };
            match read {
                Ok(typed) => return Ok(typed),
                Err(expected) => env.out.line(Line::new().plain("  ").put(Tone::Failure, expected)),
            }
        }
    }

    /// Holds answers that were given as arguments to the options of their commands: what does not fit
    /// comes back. An answer whose options are not known is taken as it is.
    pub async fn hold(
        &self,
        link: &Link,
        given: &dyn Fn(&str) -> Option<String>,
        values: &mut Map<String, Value>,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        for asked in self.fields.iter().filter(|f| from_command(f)) {
            let Some(typed) = given(&asked.name) else { continue };
            let Ok(options) = link.options(&self.of, &asked.name, values).await else { continue };
            match field::read(&asked.with_options(&options), &typed) {
                Ok(value) => {
                    values.insert(asked.name.clone(), value);
                }
                Err(expected) => problems.push(format!("{}: {expected}", asked.name)),
            }
        }
        problems
    }

    /// Whether an engine is needed to ask these, or to hold them to their options.
    pub fn needs_engine(&self) -> bool {
        self.fields.iter().any(|f| f.options_from.is_some() || f.is_secret())
    }
}

/// Whether one chooses among what a command prints.
fn from_command(field: &Field) -> bool {
    let chooses = matches!(field.kind, FieldKind::Choice { .. } | FieldKind::MultiChoice { .. });
    chooses && field.options_from.is_some()
}

/// The question with its options and what Enter gives.
fn head(env: &Env, asked: &Field, offered: &[String]) -> Line {
    let mut head = Line::new().plain("  ").put(Tone::Accent, &asked.prompt);
    let in_a_line = offered.iter().map(|o| o.chars().count() + 3).sum::<usize>() <= IN_A_LINE;
    if !offered.is_empty() && in_a_line {
        head = head.dim("  ").dim(offered.join(" / "));
    } else {
        for (n, option) in offered.iter().take(LISTED).enumerate() {
            env.out.line(Line::new().dim(format!("  {:>4} ", n + 1)).plain(option));
        }
        if offered.len() > LISTED {
            env.out.line(Line::new().dim(format!("       and {} more", offered.len() - LISTED)));
        }
    }
    if matches!(asked.kind, FieldKind::MultiChoice { .. }) {
        head = head.dim("  several with commas");
    }
    if asked.is_secret() {
        head = head.dim("  not shown as you type");
    }
    match &asked.default {
        Some(default) => head.dim(format!("  [{}]", shown(default))),
        None if !asked.required => head.dim("  (may be empty)"),
        None => head,
    }
}

fn text(asked: &Field, typed: Option<String>) -> std::result::Result<Typed, String> {
    match typed {
        None => Ok(Typed::Leave),
        Some(typed) if typed.trim() == BACK => Ok(Typed::Back),
        Some(typed) => field::read(asked, &typed).map(Typed::Value),
    }
}

/// The option of this number, where options are only offered; where one chooses, reading it does that.
fn picked(asked: &Field, offered: &[String], typed: String) -> String {
    let chooses = matches!(asked.kind, FieldKind::Choice { .. } | FieldKind::MultiChoice { .. });
    let number = typed.trim().parse::<usize>().ok().filter(|_| !chooses && !offered.contains(&typed));
    number.and_then(|n| offered.get(n.checked_sub(1)?)).cloned().unwrap_or(typed)
}

/// What is typed goes to the engine at once; only its reference comes back.
async fn secret(
    env: &Env,
    link: Option<&Link>,
    asked: &Field,
    head: &Line,
) -> Result<std::result::Result<Typed, String>> {
    // Nobody could keep what is typed: a dry run.
    let Some(link) = link else { return Ok(Ok(Typed::Value(Value::Null))) };
    let question = head.clone().plain(" ");
    let Some(typed) = hidden::line(env, &question).await? else { return Ok(Ok(Typed::Leave)) };
    if typed.reveal() == BACK {
        return Ok(Ok(Typed::Back));
    }
    if typed.is_empty() {
        return Ok(field::read(asked, "").map(Typed::Value));
    }
    keep(link, typed).await.map(|value| Ok(Typed::Value(value)))
}

async fn keep(link: &Link, typed: Secret) -> Result<Value> {
    let reference = link.keep_secret(typed).await?;
    field::read(&Field::new("secret", FieldKind::Secret, "secret"), &reference).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offered_option_is_taken_by_its_number() {
        let string = Field::new("service", FieldKind::String { max_length: None }, "Which service?");
        let offered = ["api".to_owned(), "cart".to_owned()];
        assert_eq!(picked(&string, &offered, "2".into()), "cart");
        assert_eq!(picked(&string, &offered, "3".into()), "3");
        assert_eq!(picked(&string, &offered, "other".into()), "other");
        assert_eq!(picked(&string, &["7".to_owned(), "2".to_owned()], "2".into()), "2");
    }
}
