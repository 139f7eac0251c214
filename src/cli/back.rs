//! `mwtui back`: a run goes back to a step; what was done since stays in its history.

use crate::base::{Result, StepId};
use crate::cli::output::Line;
use crate::cli::{Env, Exit, find, status};
use crate::run::{Run, StepState, Verb};

/// Go back to a step; it and every step that needs it are done anew
///
/// What was done stays in the history. A step that an approval opened is approved again before it is done again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step to go back to, by id or number
    step: String,
    /// Why; it stays in the journal
    #[arg(long)]
    reason: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, root) = find::run(env, &args.run).await?;
    let place = find::place(&link, link.run(&root).await?, &args.step).await?;
    let verb = Verb::Back { to: place.step.clone(), reason: args.reason };
    let summary = link.act_in(&root, place.run.id(), verb).await?;
    if !env.out.is_json() {
        let anew = anew(&place.run, &place.step);
        if anew.len() > 1 {
            env.out.line(Line::new().dim("done anew: ").plain(anew.join(", ")));
        }
    }
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// The steps that were reached and are done anew when the run goes back to this one.
fn anew(run: &Run, to: &StepId) -> Vec<String> {
    let Some(place) = run.place(to) else { return Vec::new() };
    let reached = |index: &usize| {
        run.steps.iter().any(|r| r.role.index() == *index && !matches!(r.state, StepState::Pending))
    };
    let places = run.workflow.with_dependents(place).into_iter().filter(reached);
    places.filter_map(|index| run.workflow.steps.get(index)).map(|step| step.id.to_string()).collect()
}
