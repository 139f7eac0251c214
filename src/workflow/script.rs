//! Scripts as people are shown them in one line. Running one is `exec`'s.

/// The first line that says what a script does: comments, settings of the shell and of variables, and checks of
/// its environment are passed over. The first line of all where there is no other.
pub fn telling_line(script: &str) -> &str {
    let lines = || script.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_preamble = |line: &&str| {
        line.starts_with('#') || line.starts_with(": ") || line.starts_with("set ") || is_assignment(line)
    };
    lines().find(|line| !is_preamble(line)).or_else(|| lines().next()).unwrap_or_default()
}

/// `name=value`, and nothing that is run.
fn is_assignment(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, value)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !value.contains([' ', '`'])
            && !value.contains("$(")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_passed_over() {
        let script = "#!/bin/sh\n\n# Look.\nset -eu\n: \"${A:?is missing}\"\n  git log -1\necho done\n";
        assert_eq!(telling_line(script), "git log -1");
        assert_eq!(telling_line("make"), "make");
        assert_eq!(telling_line("set -e\n"), "set -e");
        assert_eq!(telling_line("settle\n"), "settle");
        assert_eq!(telling_line("file=a.md\nhere=$(pwd)\n"), "here=$(pwd)");
        assert_eq!(telling_line("A=1 make\n"), "A=1 make");
        assert_eq!(telling_line("\n"), "");
    }
}
