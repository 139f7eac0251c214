//! `mwtui match words`: what the matcher's table of words knows, for people to read.

use serde_json::{Value, json};

use crate::base::Result;
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit};
use crate::config::Mark;
use crate::matching::{About, WordEntry};

pub fn run(word: Option<&str>, env: &Env) -> Result<Exit> {
    let options = env.matching()?;
    let Some(said) = word else {
        if env.out.is_json() {
            env.out.json(json!({ "entries": options.entries().iter().map(object).collect::<Vec<_>>() }));
        } else {
            options.entries().iter().for_each(|e| env.out.line(line(e, None)));
        }
        return Ok(Exit::Done);
    };
    let about = options.about(said);
    if env.out.is_json() {
        let words: Vec<Value> = about.iter().map(|a| {
            json!({ "word": a.word, "common": a.common, "entries": a.entries.iter().map(|e| object(e)).collect::<Vec<_>>() })
        }).collect();
        env.out.json(json!({ "said": said, "words": words }));
    } else {
        tell(env, said, &about);
    }
    Ok(Exit::Done)
}

fn tell(env: &Env, said: &str, about: &[About<'_>]) {
    if about.is_empty() {
        env.out.line(Line::new().strong(said).plain(" has no word in it."));
    }
    if about.len() > 1 {
        let all: Vec<&str> = about.iter().map(|a| a.word.as_str()).collect();
        env.out.line(Line::new().strong(said).plain(format!(
            " is compared as {} words: {}",
            all.len(),
            all.join(", ")
        )));
    }
    for one in about {
        let word = Line::new().strong(&one.word);
        if one.common {
            env.out.line(word.plain(" is so common that it counts for little."));
        } else if one.entries.is_empty() {
            env.out.line(
                word.plain(" stands in no entry of the table.")
                    .dim(" Spelling, forms and likeness of meaning are seen without one."),
            );
        } else {
            env.out.line(word);
        }
        for entry in &one.entries {
            env.out.line(Line::new().plain("  ").then(line(entry, Some(explained(entry.mark)))));
        }
    }
}

fn explained(mark: Mark) -> &'static str {
    match mark {
        Mark::Same => "the same, written differently: ",
        Mark::Near => "nearly the same meaning:       ",
        Mark::Opposite => "opposites:                     ",
    }
}

/// The entry as the table writes it, or with words for its mark.
fn line(entry: &WordEntry, mark: Option<&str>) -> Line {
    let line = match mark {
        Some(mark) => Line::new().dim(mark),
        None => Line::new().dim(entry.mark.sign()).plain(" "),
    };
    let line = line.plain(entry.words.join(" "));
    let line = if entry.against.is_empty() { line } else { line.dim(" | ").plain(entry.against.join(" ")) };
    if entry.own { line.put(Tone::Accent, "  config.toml") } else { line }
}

fn object(entry: &WordEntry) -> Value {
    let how = match entry.mark {
        Mark::Same => "same",
        Mark::Near => "near",
        Mark::Opposite => "opposite",
    };
    json!({ "how": how, "words": entry.words, "against": entry.against, "own": entry.own })
}
