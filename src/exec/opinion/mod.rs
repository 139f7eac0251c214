//! Asking for a second opinion: a command in a process group of its own, or an embeddings endpoint of
//! this machine. Bounded in time; whoever stops waiting (drops the future) ends it, whole. Decides
//! nothing: what is said is read by `matching`, and a person confirms it.

mod command;
mod embeddings;
#[cfg(test)]
mod tests;
mod vectors;

use std::path::Path;

use crate::base::{Error, Result};
use crate::config::{Asks, SecondOpinion};
use crate::matching::{Opinion, Question};

use embeddings::Progress;

/// What the one who is asked says. A command runs in `folder`; `cache` is the file of the vectors.
/// The message of an error begins with the name of who was asked.
pub async fn ask(asked: &SecondOpinion, question: &Question, folder: &Path, cache: &Path) -> Result<Opinion> {
    let name = &asked.name;
    let progress = Progress::default();
    let work = async {
        match &asked.asks {
            Asks::Command(words) => {
                let output = command::run(name, words, &question.json(), folder).await?;
                question.read(&output).map_err(|what| format!("it {what}"))
            }
            Asks::Embeddings { url, model } => embeddings::ask(url, model, question, cache, &progress).await,
        }
    };
    match tokio::time::timeout(asked.within.as_duration(), work).await {
        Ok(Ok(opinion)) => Ok(opinion),
        Ok(Err(what)) => Err(Error::internal(format!("{name} gave no usable answer")).cause(what).hint(
            match &asked.asks {
                Asks::Command(_) => "Try it by hand; what it wrote to its standard error is in the log",
                Asks::Embeddings { .. } => "See that the endpoint runs, and that it has the model",
            },
        )),
        Err(_) => {
            let late = Error::internal(format!("{name} gave no answer within {}", asked.within))
                .hint("If it needs longer, raise `within` of [second_opinion] in config.toml");
            Err(match progress.told() {
                Some(so_far) => late.cause(so_far),
                None => late,
            })
        }
    }
}
