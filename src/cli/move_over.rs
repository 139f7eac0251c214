//! `mwtui move-over`: a run goes on in the version that its workflow's file is now.

use serde_json::json;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::base::{Error, Result, StepId};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, find, happened, start, status};
use crate::client::{named_environment, named_secrets};
use crate::protocol::{Difference, MoveOver};
use crate::run::Changes;
use crate::workflow::{self, Workflow};

/// Lines that are the same and stand around one that is not.
const AROUND: usize = 2;

/// Move a run over to the version that its workflow's file is now
///
/// A run keeps the version that it was started with. When the file has changed since, this shows the difference and,
/// where what was done allows it, lets the run go on in the new version: steps that are done must be in it as they
/// were; what is still to come may be anything. What waits and is otherwise in the new version is asked anew.
/// Nothing may be running meanwhile.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Another value for an input, or one that the new version asks for; may be given more than once
    #[arg(long, value_name = "NAME=VALUE")]
    input: Vec<String>,
    /// Only show the difference, and whether the run can be moved over
    #[arg(long)]
    preview: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let mut seen = link.difference(&id, serde_json::Map::new()).await?;
    let new = read(&seen)?;
    let inputs = start::some(&new, &args.input)?;
    if !inputs.is_empty() {
        seen = link.difference(&id, inputs.clone()).await?;
    }
    if args.preview && env.out.is_json() {
        env.out.json(object(&seen));
        return Ok(if seen.changes.is_ok() { Exit::Done } else { Exit::Refused });
    }
    if !env.out.is_json() {
        show(env, &seen);
    }
    let Difference { to, changes, .. } = seen;
    changes?;
    if args.preview {
        return Ok(Exit::Done);
    }
    if env.may_ask() && !ask::yes(env, Line::from("Move the run over?")).await? {
        env.out.line("The run keeps its version.");
        return Ok(Exit::Done);
    }
    let (declared, secrets) = (named_environment(&new), named_secrets(&new, &inputs));
    let request = MoveOver { run: id, digest: to.digest, inputs, env: declared, secrets };
    let summary = link.move_over(request).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

fn read(seen: &Difference) -> Result<Workflow> {
    workflow::parse(seen.to.id.as_str(), seen.after.as_bytes()).map(|(workflow, _)| workflow).map_err(|_| {
        Error::internal(format!("{} cannot be read as the engine reads it", seen.to.id))
            .hint("Engine and client may be of different versions: `mwtui engine stop`, then try again")
    })
}

fn object(seen: &Difference) -> serde_json::Value {
    let (changes, refused) = match &seen.changes {
        Ok(changes) => (Some(changes), None),
        Err(error) => (None, Some(error)),
    };
    json!({
        "from": seen.from, "to": seen.to, "before": seen.before, "after": seen.after,
        "changes": changes, "refused": refused,
    })
}

fn show(env: &Env, seen: &Difference) {
    let head = Line::new().strong(seen.to.id.as_str()).plain("  ").strong(&seen.to.name);
    env.out.line(head.dim(format!("  {}", happened::versions_text(&seen.from, &seen.to))));
    for line in difference(&seen.before, &seen.after) {
        env.out.line(line);
    }
    if let Ok(changes) = &seen.changes {
        env.out.blank();
        told(env, changes);
    }
}

/// The lines of the two files that differ, with a few around them.
fn difference(before: &str, after: &str) -> Vec<Line> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut lines = Vec::new();
    for (n, group) in
        group_diff_ops(capture_diff_slices(Algorithm::Myers, &before, &after), AROUND).iter().enumerate()
    {
        if n > 0 {
            lines.push(Line::new().dim("  …"));
        }
        for op in group {
            if let DiffOp::Equal { .. } = op {
                lines.extend(after[op.new_range()].iter().map(|text| Line::new().dim("    ").dim(*text)));
                continue;
            }
            let put = |tone, sign: &str, text: &str| Line::new().put(tone, format!("  {sign} {text}"));
            lines.extend(before[op.old_range()].iter().map(|text| put(Tone::Failure, "-", text)));
            lines.extend(after[op.new_range()].iter().map(|text| put(Tone::Success, "+", text)));
        }
    }
    lines
}

/// What moving over changes of the run's steps.
fn told(env: &Env, changes: &Changes) {
    let Changes { changed, added, removed, asked_anew } = changes;
    for (what, steps) in
        [("changed", changed), ("new", added), ("not in it any more", removed), ("asked anew", asked_anew)]
    {
        if !steps.is_empty() {
            let names: Vec<&str> = steps.iter().map(StepId::as_str).collect();
            env.out.line(Line::new().dim(format!("  {what}  ")).plain(names.join(", ")));
        }
    }
}
