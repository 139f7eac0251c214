//! README's tour on the command line is run as it stands there.

use std::process::Command;

use crate::support::cli::{git, say};
use crate::support::{Home, exe};

#[test]
fn the_tour_on_the_command_line_does_what_it_says() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README");
    let (_, rest) = readme.split_once("```console\n").expect("the tour's block");
    let (block, _) = rest.split_once("```").expect("its end");
    let home = Home::new();
    git(&home);
    let template = home.command();
    for line in block.lines() {
        let words = line.strip_prefix("$ ").expect("every line is a command");
        #[expect(clippy::disallowed_methods, reason = "the commands as a reader types them")]
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("mwtui() {{ '{}' \"$@\"; }}\n{words}", exe().display()));
        shell.env_clear().current_dir(&home.project);
        for (name, value) in template.get_envs() {
            shell.envs(value.map(|value| (name, value)));
        }
        let output = shell.output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{line}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
        // A reader is slower than the run's own steps: it is at rest before the next line.
        if words.contains("last") || words.starts_with("mwtui run") {
            say(&home, &["walk", "last", "--no-input"]);
        }
        if words.starts_with("mwtui summary") {
            for told in ["The login is rewritten", "old certificate", "no tests were touched", "was paused"] {
                assert!(said.contains(told), "the summary says nothing of {told:?}:\n{said}");
            }
        }
    }
    let exported = home.project.join("SESSION-SUMMARY-project.md");
    let text = std::fs::read_to_string(&exported).expect("the summary was written");
    assert!(text.contains("Only words were changed"), "{text}");
}
