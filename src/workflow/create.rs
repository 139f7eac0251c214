//! A new workflow out of a phrase or an id: a file in the user's own folder that loads as it stands, for a
//! person to go on with. Never over a file that is there, and never with an id that is taken.

use std::path::PathBuf;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::base::atomic::{self, Existing};
use crate::base::paths::private_dir;
use crate::base::{Error, Paths, Result, SafeLine, WorkflowId};
use crate::workflow::parse::{PHRASE_LENGTH, is_workflow_id, parse, slug};
use crate::workflow::{Diagnostic, Registry};

/// Bytes of an id that is made, and of a name.
const ID_LENGTH: usize = 40;
const NAME_LENGTH: usize = 80;

/// Ids that are tried: `rotate-certificates`, `rotate-certificates-2`, ….
const TRIES: usize = 1000;

/// They say nothing of the work, so an id has no room for them.
const FILLER: &[&str] = &[
    "a", "an", "and", "are", "at", "can", "could", "do", "for", "from", "have", "how", "i", "in", "into",
    "is", "it", "its", "let", "lets", "me", "my", "need", "needs", "of", "on", "or", "our", "please",
    "should", "some", "that", "the", "their", "there", "this", "to", "up", "us", "want", "we", "with",
    "would", "you",
];

/// A workflow that is not in the bank yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: WorkflowId,
    /// The whole file.
    pub text: String,
}

/// A workflow for this phrase, or with this id, or both. The id is made from the phrase where none is given,
/// and is free in `registry`.
pub fn draft(id: Option<&str>, phrase: Option<&str>, registry: &Registry) -> Result<Draft> {
    let taken = |id: &str| registry.entries.iter().any(|e| e.label().eq_ignore_ascii_case(id));
    let phrase = phrase.map(said).transpose()?;
    let id = match (id, &phrase) {
        (Some(id), _) if !is_workflow_id(id) => {
            return Err(Error::usage(format!("`{}` cannot be an id", SafeLine::new(id))).hint(
                "Use letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 64",
            ));
        }
        (Some(id), _) if taken(id) => {
            return Err(Error::refused(format!("The id {id} is taken"))
                .hint(format!("Choose another, or look at it with `mwtui show {id}`")));
        }
        (Some(id), _) => id.to_owned(),
        (None, Some(phrase)) => free(&made_of(phrase), taken)?,
        (None, None) => {
            return Err(Error::usage("A new workflow needs an id, or a phrase to make one from")
                .hint("mwtui new ID, or mwtui new --from-phrase \"what you want to do\""));
        }
    };
    let phrase = phrase.unwrap_or_else(|| id.replace(['-', '_', '.'], " ").trim().to_lowercase());
    let text = file(&id, &phrase);
    // The sentences are the only part that is not ours; whatever they hold, a file that does not load is
    // never written.
    match parse(&format!("{id}.yaml"), text.as_bytes()) {
        Ok(_) => Ok(Draft { id: WorkflowId::new(id), text }),
        Err(errors) => {
            let told = errors.iter().map(|e: &Diagnostic| e.message.clone());
            Err(told
                .fold(Error::internal("No workflow can be made from this phrase"), Error::cause)
                .hint("Say it in other words, or give an id: mwtui new ID"))
        }
    }
}

/// Writes the file into the user's own folder, whole or not at all, and never over another.
pub fn write(paths: &Paths, draft: &Draft) -> Result<PathBuf> {
    let folder = paths.workflows();
    private_dir(&folder)?;
    let file = folder.join(format!("{}.yaml", draft.id));
    atomic::write(&file, draft.text.as_bytes(), 0o600, Existing::Keep)?;
    Ok(file)
}

/// The phrase as it stands in the file: one safe line, short enough for a trigger phrase.
fn said(phrase: &str) -> Result<String> {
    let phrase = SafeLine::new(phrase).as_str().trim().to_owned();
    if phrase.is_empty() {
        return Err(Error::usage("The phrase is empty").hint("Say what the new workflow is for"));
    }
    if phrase.len() > PHRASE_LENGTH {
        let message =
            format!("A trigger phrase may have {PHRASE_LENGTH} bytes, this one has {}", phrase.len());
        return Err(Error::usage(message).hint("Say it in one short sentence"));
    }
    Ok(phrase)
}

/// `rotate-certificates-staging` out of “please rotate the certificates of staging”.
fn made_of(phrase: &str) -> String {
    let plain: String = phrase.nfkd().filter(|c| !matches!(c, '\'' | '’')).collect();
    let plain: String =
        plain.chars().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
    let mut id = String::new();
    for word in slug_words(&plain) {
        if FILLER.contains(&word.as_str()) || id.len() + word.len() >= ID_LENGTH {
            continue;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(&word);
    }
    if id.is_empty() { "workflow".to_owned() } else { id }
}

fn slug_words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).map(slug).filter(|word| !word.is_empty())
}

fn free(id: &str, taken: impl Fn(&str) -> bool) -> Result<String> {
    let numbered = (2..TRIES).map(|n| format!("{id}-{n}"));
    std::iter::once(id.to_owned()).chain(numbered).find(|id| !taken(id)).ok_or_else(|| {
        Error::refused(format!("The ids {id} to {id}-{TRIES} are all taken")).hint("Give one: mwtui new ID")
    })
}

/// The phrase as a heading, cut between words.
fn name_of(phrase: &str) -> String {
    let mut name = String::new();
    for piece in phrase.split_word_bounds() {
        if name.len() + piece.len() > NAME_LENGTH {
            break;
        }
        name.push_str(piece);
    }
    let mut chars = name.trim_end().chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        // One endless word.
        None => "A new workflow".to_owned(),
    }
}

/// Double-quoted, as JSON and YAML both have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn file(id: &str, phrase: &str) -> String {
    let name = quoted(&name_of(phrase));
    format!(
        "# A draft: go through it from top to bottom. docs/WORKFLOWS.md tells every key.
id: {id}
name: {name}
version: 1
status: draft
trigger_phrases:
  - {phrase}
  # more sentences by which people ask for it, a line each
scope: {name}  # what it covers, in a sentence: people read it before they start a run
steps:
  - id: first
    title: The first step
    actions:
      - Say what is to be done
      # or, in place of actions, a command: `run: make test`
    validation: Say how one sees that it is done
",
        id = quoted(id),
        phrase = quoted(phrase),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;
    use crate::base::ErrorKind;
    use crate::workflow::Status;

    fn made(phrase: &str) -> String {
        draft(None, Some(phrase), &Registry::default()).expect("a draft").id.to_string()
    }

    #[test]
    fn an_id_is_made_of_the_words_that_count() {
        assert_eq!(made("Please rotate the certificates of staging!"), "rotate-certificates-staging");
        assert_eq!(made("Don't forget: déployer l’été"), "dont-forget-deployer-lete");
        assert_eq!(made("to the"), "workflow");
        assert_eq!(made("部署新的版本"), "workflow");
        assert_eq!(made("null"), "null");
        assert_eq!(made("2024"), "2024");
        assert!(made(&"endless ".repeat(100)).len() <= ID_LENGTH);
        assert_eq!(made(&"x".repeat(500)), "workflow");
    }

    #[test]
    fn a_written_draft_loads_and_takes_nobodys_place() {
        let dir = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(dir.path());
        let here = || Registry::load(&paths, dir.path());
        let phrase = "rotate the certificates: \"all\" of them # now";
        let mut ids = Vec::new();
        for _ in 0..2 {
            let new = draft(None, Some(phrase), &here()).expect("a draft");
            let file = write(&paths, &new).expect("written");
            let registry = here();
            let entry = registry.get(&new.id).expect("it is in the bank");
            assert!(entry.diagnostics().is_empty(), "{:?}", entry.diagnostics());
            let workflow = entry.workflow().expect("it loads");
            assert_eq!(
                (&workflow.trigger_phrases[..], &workflow.status),
                (&[phrase.to_owned()][..], &Status::Draft)
            );
            assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
            ids.push(new.id.to_string());
        }
        assert_eq!(ids, ["rotate-certificates-all-them-now", "rotate-certificates-all-them-now-2"]);
        // A file that has come meanwhile, or that holds another id, is kept.
        let new = draft(Some("mine"), None, &here()).expect("a draft");
        std::fs::write(paths.workflows().join("mine.yaml"), "not ours").expect("a file");
        assert_eq!(write(&paths, &new).expect_err("it is there").kind, ErrorKind::Refused);
        assert_eq!(std::fs::read(paths.workflows().join("mine.yaml")).expect("kept"), b"not ours");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let dir = tempfile::tempdir().expect("temp dir");
        let bank = Registry::load(&Paths::under(dir.path()), dir.path());
        let kind = |id, phrase| draft(id, phrase, &bank).expect_err("refused").kind;
        assert_eq!(kind(Some("mw-001"), None), ErrorKind::Refused);
        assert_eq!(kind(Some("../x"), None), ErrorKind::Usage);
        assert_eq!(kind(None, None), ErrorKind::Usage);
        assert_eq!(kind(None, Some(" \u{200b} ")), ErrorKind::Usage);
        assert_eq!(kind(None, Some(&"long ".repeat(400))), ErrorKind::Usage);
        assert_eq!(draft(Some("Night-Shift"), None, &bank).expect("free").id.as_str(), "Night-Shift");
    }

    proptest! {
        #[test]
        fn whatever_is_said_makes_a_file_that_loads(phrase in ".{1,200}") {
            if let Ok(new) = draft(None, Some(&phrase), &Registry::default()) {
                prop_assert!(is_workflow_id(new.id.as_str()));
            } else {
                let nothing_left = SafeLine::new(&phrase).as_str().trim().is_empty();
                prop_assert!(nothing_left || phrase.len() > PHRASE_LENGTH);
            }
        }
    }
}
