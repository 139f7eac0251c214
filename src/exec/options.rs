//! The options of a question, printed by its command: one a line, made safe, only so many.

use std::path::Path;
use std::time::Duration;

use crate::base::SafeLine;
use crate::exec::command::{self, Printed, Wanted};
use crate::exec::run::how;

const LIMIT: Duration = Duration::from_secs(10);

/// How much of the output is read, in bytes.
const ROOM: usize = 1 << 20;

/// Options that are taken, and the longest, in characters.
pub const OPTIONS: usize = 1000;
const LONGEST: usize = 200;

/// How many lines of its errors a failure quotes, and how much of each.
const QUOTED_LINES: usize = 3;
const QUOTED_CHARS: usize = 200;

/// The options, each once, in their order; otherwise what went wrong, in words.
pub async fn options(
    command: &str,
    folder: &Path,
    environment: &[(String, String)],
) -> Result<Vec<String>, String> {
    options_within(command, folder, environment, LIMIT).await
}

async fn options_within(
    command: &str,
    folder: &Path,
    environment: &[(String, String)],
    within: Duration,
) -> Result<Vec<String>, String> {
    let wanted = Wanted { command, folder, environment, within, room: ROOM };
    let printed = command::run(&wanted).await.map_err(|e| format!("It cannot be run: {e}"))?;
    match printed.status {
        None => Err(told(&format!("no answer within {} s", within.as_secs_f32()), &printed)),
        Some(status) if !status.success() => Err(told(&how(status), &printed)),
        Some(_) => {
            let options = read(&printed);
            if options.is_empty() { Err("it printed nothing".to_owned()) } else { Ok(options) }
        }
    }
}

fn read(printed: &Printed) -> Vec<String> {
    let text = String::from_utf8_lossy(&printed.output);
    let mut lines: Vec<&str> = text.lines().collect();
    if printed.cut {
        // The last one is not whole.
        lines.pop();
    }
    let mut options: Vec<String> = Vec::new();
    for line in lines {
        let option = SafeLine::new(line).as_str().trim().to_owned();
        let fits = !option.is_empty() && option.chars().count() <= LONGEST;
        if fits && options.len() < OPTIONS && !options.contains(&option) {
            options.push(option);
        }
    }
    options
}

fn told(reason: &str, printed: &Printed) -> String {
    let text = String::from_utf8_lossy(&printed.errors);
    let clean =
        |line: &str| -> String { SafeLine::new(line).as_str().trim().chars().take(QUOTED_CHARS).collect() };
    let lines: Vec<String> = text.lines().map(clean).filter(|line| !line.is_empty()).collect();
    let skip = lines.len().saturating_sub(QUOTED_LINES);
    std::iter::once(reason.to_owned()).chain(lines.into_iter().skip(skip)).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(command: &str) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::write(dir.path().join("list"), "api\ncheckout\n").expect("write");
        let environment = [("INPUT_REGION".to_owned(), "eu; echo pwned".to_owned())];
        options_within(command, dir.path(), &environment, Duration::from_millis(500)).await
    }

    #[tokio::test]
    async fn one_option_a_line_cleaned_and_each_once() {
        assert_eq!(of("cat list").await, Ok(vec!["api".to_owned(), "checkout".to_owned()]));
        let odd = r"printf ' a \n\033[31mred\033[0m\n\na\nx\342\200\256y\n'; echo noise >&2";
        assert_eq!(of(odd).await, Ok(vec!["a".to_owned(), "red".to_owned(), "xy".to_owned()]));
        assert_eq!(of("echo \"$INPUT_REGION\"").await, Ok(vec!["eu; echo pwned".to_owned()]));
    }

    #[tokio::test]
    async fn there_are_only_so_many_and_none_too_long() {
        assert_eq!(of("seq 1 5000").await.expect("options").len(), OPTIONS);
        let long = of("head -c 300 /dev/zero | tr '\\0' x; echo; echo short").await;
        assert_eq!(long, Ok(vec!["short".to_owned()]));
        let flood = of("yes 0123456789 | head -c 3000000").await;
        assert_eq!(flood, Ok(vec!["0123456789".to_owned()]));
    }

    #[tokio::test]
    async fn a_failure_says_why() {
        assert_eq!(of("echo no cluster >&2; exit 3").await, Err("exit 3: no cluster".to_owned()));
        assert_eq!(of("true").await, Err("it printed nothing".to_owned()));
        let slow = of("echo waiting >&2; sleep 600").await;
        assert_eq!(slow, Err("no answer within 0.5 s: waiting".to_owned()));
    }
}
