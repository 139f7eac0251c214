//! Longer texts from a person: from a file or standard input, from their editor, or typed line by
//! line at the prompt.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use crate::base::atomic::{self, Existing};
use crate::base::{Error, Result};
use crate::cli::output::Line;
use crate::cli::{Env, ask};
use crate::client::editor;

/// Longest text taken, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// A file's text; `-` is standard input.
pub fn read(file: &str) -> Result<String> {
    let failed = |e: std::io::Error| Error::usage(format!("{file} cannot be read")).because(e);
    let mut bytes = Vec::new();
    if file == "-" {
        std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    text(file, bytes)
}

fn text(file: &str, bytes: Vec<u8>) -> Result<String> {
    if bytes.len() as u64 > LIMIT {
        return Err(Error::usage(format!("{file} is longer than {} KiB", LIMIT / 1024)));
    }
    String::from_utf8(bytes)
        .map_err(|e| Error::usage(format!("{file} is no text")).because(e).hint("Save it as UTF-8"))
}

/// What the person's editor leaves of `before`, in a file that is called so and is theirs alone.
/// `None`: they left it empty.
pub async fn edited(env: &Env, name: &str, before: &str) -> Result<Option<String>> {
    if !env.may_ask() {
        return Err(Error::usage("An editor needs a terminal").hint("Give the text as an option instead"));
    }
    env.out.flush();
    env.editing.set(true);
    let (name, before) = (name.to_owned(), before.to_owned());
    let edited = tokio::task::spawn_blocking(move || {
        let failed = |e: std::io::Error| Error::internal("There is no place for a file to edit").because(e);
        let private = std::fs::Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix("mwtui-edit-").permissions(private).tempdir().map_err(failed)?;
        let path = folder.path().join(&name);
        atomic::write(&path, before.as_bytes(), 0o600, Existing::Keep)?;
        editor::edit(&path)?;
        let bytes = std::fs::read(&path).map_err(failed)?;
        text(&name, bytes)
    });
    let edited = edited.await;
    env.editing.set(false);
    let text = edited.map_err(|e| Error::internal("The editor was lost").because(e))??;
    Ok(Some(text).filter(|t| !t.trim().is_empty()))
}

/// Lines typed at the prompt, ended by a line with a single dot or by ctrl-d; `None`: nothing was.
pub async fn typed(env: &Env) -> Result<Option<String>> {
    env.out.line(Line::new().dim("  a line with a single . ends it, and so does ctrl-d"));
    let mut text = String::new();
    loop {
        match ask::line(env, &Line::new().dim("  │ ")).await? {
            None => break,
            Some(line) if line == "." => break,
            Some(line) => {
                text.push_str(&line);
                text.push('\n');
                if text.len() as u64 > LIMIT {
                    return Err(Error::usage(format!("The text is longer than {} KiB", LIMIT / 1024))
                        .hint("Write it to a file and give that: --file FILE"));
                }
            }
        }
    }
    Ok(Some(text.trim_end().to_owned()).filter(|t| !t.is_empty()))
}
