//! `mwtui new`: a workflow file in your own folder, made from an id or from a phrase, to go on with in the
//! editor.

use serde_json::json;

use crate::base::{Error, Result};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, validate};
use crate::client::editor;
use crate::matching::{Decision, Index, Learned, Options};
use crate::workflow::{Origin, Registry, create, registry::EntryState};

/// Write a new workflow file
///
/// It lies in your own workflows folder, loads as it stands, and never takes the place of another. In a
/// terminal it is then opened in your editor.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new workflow's id; made from the phrase where there is one
    #[arg(required_unless_present = "from_phrase")]
    id: Option<String>,
    /// What you want to do, in your own words: the first trigger phrase
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    from_phrase: Option<String>,
    /// A copy of the workflow that has this id: yours takes its place, and can be changed
    #[arg(long, requires = "id", conflicts_with = "from_phrase")]
    copy: bool,
}

pub fn run(args: &Args, env: &Env) -> Result<Exit> {
    let registry = env.registry();
    let options = env.matching()?;
    let draft = match &args.id {
        Some(id) if args.copy => copy(&registry, id)?,
        id => create::draft(id.as_deref(), args.from_phrase.as_deref(), &registry)?,
    };
    let file = create::write(&env.paths, &draft)?;
    let shown = file.display().to_string();
    if env.out.is_json() {
        env.out.json(json!({ "id": draft.id, "path": shown }));
        return Ok(Exit::Done);
    }
    env.out.line(&shown);
    if let Some(phrase) = &args.from_phrase {
        remark_on_others(env, &registry, &options, phrase);
    }
    if !env.may_ask() {
        env.out.remark(
            Line::new().dim(format!("Go on in your editor, then  mwtui validate {}", quoted(&shown))),
        );
        return Ok(Exit::Done);
    }
    env.out.flush();
    editor::edit(&file)?;
    let registry = env.registry();
    let Some(entry) = registry.entries.iter().find(|e| e.path.as_deref() == Some(&file)) else {
        env.out.remark(Line::new().put(Tone::Warning, "The file is gone"));
        return Ok(Exit::Done);
    };
    validate::print(env, entry.diagnostics());
    Ok(match &entry.state {
        EntryState::Broken { .. } => Exit::Failed,
        EntryState::Loaded { workflow, .. } => {
            env.out.remark(
                Line::new().put(Tone::Success, "✓ ").plain(format!("{} is in the bank", workflow.id)),
            );
            Exit::Done
        }
    })
}

/// The file of a workflow that is not the person's own, as it stands.
fn copy(registry: &Registry, id: &str) -> Result<create::Draft> {
    let entry = find::entry(registry, id).ok_or_else(|| find::no_workflow(registry, id))?;
    if let (Origin::User, Some(path)) = (entry.origin, &entry.path) {
        return Err(Error::refused(format!("{} is yours already", find::label(entry)))
            .hint(format!("Its file is {}", path.display())));
    }
    let (Some(workflow), Ok(text)) = (entry.workflow(), std::str::from_utf8(&entry.source)) else {
        return Err(Error::refused(format!("{} is broken, and so would be its copy", find::label(entry)))
            .hint(format!("mwtui validate {}", entry.file)));
    };
    Ok(create::Draft { id: workflow.id.clone(), text: text.to_owned() })
}

/// A phrase that means another workflow already will be asked about from now on.
fn remark_on_others(env: &Env, registry: &Registry, options: &Options, phrase: &str) {
    let answer = Index::with(registry.workflows(), options).decide(phrase, &Learned::default());
    let line = match (answer.decision, answer.candidates.first()) {
        (Decision::Match, Some(other)) => Line::new()
            .strong(&other.id)
            .plain(" answers to this phrase too: say in both what tells them apart"),
        (Decision::Control(_), _) => {
            Line::new().plain("The console takes this phrase for itself: give it others")
        }
        _ => return,
    };
    env.out.remark(Line::new().put(Tone::Warning, "note: ").then(line));
}

/// A text as the shell reads it, one word whatever it holds.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // Inside double quotes people can still read it; these five have a meaning there. `!` is history's.
    if text.contains('!') {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            word.push('\\');
        }
        word.push(c);
    }
    word.push('"');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_one_word_to_the_shell() {
        assert_eq!(quoted("/home/ana/x.yaml"), "/home/ana/x.yaml");
        assert_eq!(quoted("bake a cake"), "\"bake a cake\"");
        assert_eq!(quoted("say \"$(date)\" `x` \\"), r#""say \"\$(date)\" \`x\` \\""#);
        assert_eq!(quoted("don't!"), r"'don'\''t!'");
        assert_eq!(quoted(""), "\"\"");
    }
}
