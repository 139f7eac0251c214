//! Asking a person at the prompt. Only where `Env::may_ask` says so.

use serde_json::Value;

use crate::base::{Error, Result};
use crate::cli::Env;
use crate::cli::output::{Line, Tone};

/// Longest answer taken, in bytes.
const LIMIT: usize = 1024 * 1024;

/// One typed line without its end; `None` at the end of input (ctrl-d).
pub async fn line(env: &Env, question: &Line) -> Result<Option<String>> {
    env.out.ask(question);
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().read_line(&mut text).map(|n| (n > 0).then_some(text))
    });
    let failed = |e: &dyn std::error::Error| {
        Error::internal("The answer could not be read from the terminal").cause(e.to_string())
    };
    let text = read.await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    if text.is_none() {
        env.out.blank();
    }
    Ok(text.map(|t| t.trim_end_matches(['\n', '\r']).to_owned()))
}

/// A question to which Enter is a no.
pub async fn yes(env: &Env, question: Line) -> Result<bool> {
    let typed = line(env, &question.dim(" [y/N] ")).await?.unwrap_or_default();
    Ok(matches!(typed.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// A sentence that must not be empty; `None` where the person gave none.
pub async fn sentence(env: &Env, question: &str) -> Result<Option<String>> {
    let typed = line(env, &Line::new().put(Tone::Accent, question).plain(" ")).await?;
    Ok(typed.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()))
}

/// Lines until an empty one; `None` where the person left (ctrl-d).
pub async fn many_lines(env: &Env) -> Result<Option<String>> {
    let mut text = String::new();
    loop {
        match line(env, &Line::new().dim("  │ ")).await? {
            None if text.is_empty() => return Ok(None),
            None => break,
            Some(typed) if typed.is_empty() => break,
            Some(typed) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&typed);
                if text.len() > LIMIT {
                    return Err(Error::usage("The answer is longer than 1 MiB")
                        .hint("Write it to a file and answer with its path"));
                }
            }
        }
    }
    Ok(Some(text))
}

/// A value as it can be typed again.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
