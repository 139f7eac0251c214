//! The reference of the command line, made from the same declarations as `--help`:
//! `docs/CLI.md` is its output, and a test compares the two.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use crate::cli::Cli;

const HEAD: &str = "\
# The command line

Made from `mwtui --help`; a test holds it to that.

Exit codes: 0 done; 1 the run or check failed; 2 usage; 3 not found; 4 refused (state, trust,
approval); 5 no match, or ambiguous; 6 engine or store trouble; 7 waiting for a person; 130 interrupted.

With `--json`, results are one object on standard output, or one a line where they stream, with
`schema_version` in it; errors are one object on standard error. A run may be named by its id, a
unique beginning of it, or `last`.
";

/// The whole reference as Markdown.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    let mut root = Cli::command().term_width(100);
    root.build();
    section(&mut text, &root, "mwtui");
    text
}

fn section(text: &mut String, command: &clap::Command, path: &str) {
    let help = command.clone().term_width(100).render_long_help().to_string();
    let _ = write!(text, "\n## {path}\n\n```text\n");
    for line in help.lines() {
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push_str("```\n");
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set() && s.get_name() != "help") {
        section(text, sub, &format!("{path} {}", sub.get_name()));
    }
}
