//! The person's own editor on a file: the one program that a front end starts itself. Here
//! because only `exec` and `client` start processes.

use std::path::Path;

use crate::base::{Error, Result};

/// Opens the file in `$VISUAL`, `$EDITOR` or `vi`, in this terminal, and waits until it is left.
pub fn edit(path: &Path) -> Result<()> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()))
        .unwrap_or_else(|| "vi".to_owned());
    // Through a shell, as git does it: the variable may hold arguments. The path is one of its
    // arguments and never part of the script.
    #[expect(clippy::disallowed_methods, reason = "a person's editor, waited for right here")]
    let ended = std::process::Command::new("sh")
        .arg("-c")
        // ctrl-c is the editor's: the shell must not die of it before the editor is left.
        .arg(format!("trap : INT; {editor} \"$1\""))
        .arg("sh")
        .arg(path)
        .status();
    let failed = || Error::internal(format!("The editor `{editor}` did not work out"));
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(failed().cause(format!("it ended with {status}")).hint("Set EDITOR to an editor you have"))
        }
        Err(e) => Err(failed().because(e)),
    }
}
