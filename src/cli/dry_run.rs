//! `mwtui run --dry-run`: everything that a run would do, and whether it could start. Nothing is run
//! but the checks of the prerequisites.

use serde_json::{Map, Value, json};

use crate::base::Result;
use crate::cli::output::{Line, Tone};
use crate::cli::planned::Planned;
use crate::cli::values::Taken;
use crate::cli::{Env, Exit, link::Link, plan};
use crate::run::{PrerequisiteResult, SubjectState};
use crate::workflow::{Entry, Prerequisite};

pub struct DryRun<'a> {
    pub entry: &'a Entry,
    pub inputs: &'a Map<String, Value>,
    pub taken: &'a Taken,
    pub subject: Option<&'a str>,
}

impl DryRun<'_> {
    /// Fails where a prerequisite does, or where something in it could not be done.
    pub async fn show(&self, env: &Env, planned: &Planned<'_>) -> Result<Exit> {
        let workflow = planned.workflow;
        let checks = workflow.prerequisites.iter().any(|p| matches!(p, Prerequisite::Check { .. }));
        // Without a check and a subject there is nothing to ask the engine.
        let moves = workflow.moves.as_ref().zip(self.subject);
        let link = if checks || moves.is_some() { Some(Link::connect(&env.paths).await?) } else { None };
        let results = match &link {
            Some(link) => link.prerequisites(&workflow.id, &self.entry.digest, env.folder_text()).await?,
            None => workflow.prerequisites.iter().map(unticked).collect(),
        };
        let known = match (&link, moves) {
            (Some(link), Some((_, name))) => Some(known_subject(env, link, name).await?),
            _ => None,
        };
        let refused = moves.zip(known.as_ref()).and_then(|((moves, _), s)| s.may_start(moves, None).err());
        let mut problems = planned.problems();
        if workflow.moves.is_some() && self.subject.is_none() {
            let problem =
                "It changes the state of a subject, and there is no branch to name it: --subject NAME";
            problems.push(problem.to_owned());
        }
        let failing = results.iter().any(|r| r.passed == Some(false));
        let fails = failing || !problems.is_empty() || refused.is_some();
        if env.out.is_json() {
            env.out.json(json!({
                "workflow": workflow.id,
                "version": workflow.version,
                "digest": self.entry.digest,
                "inputs": self.inputs,
                "from_phrase": self.taken.found(),
                "prerequisites": results,
                "subject": known,
                "steps": planned.json(),
                "problems": problems.iter().chain(refused.as_ref().map(|r| &r.reason)).collect::<Vec<_>>(),
                "could_start": !fails,
            }));
        } else {
            self.print(env, planned, &results, known.as_ref());
            for problem in &problems {
                env.out.line(Line::new().put(Tone::Failure, "✗ ").plain(problem));
            }
            let ran = if checks { "; only the checks under before were run" } else { "" };
            env.out.line(Line::new().dim(format!("Dry run: nothing was started{ran}.")));
        }
        Ok(if fails { Exit::Failed } else { Exit::Done })
    }

    fn print(
        &self,
        env: &Env,
        planned: &Planned<'_>,
        results: &[PrerequisiteResult],
        known: Option<&SubjectState>,
    ) {
        plan::head(env, self.entry, planned.workflow, self.inputs, self.taken);
        if let (Some(moves), Some(name)) = (&planned.workflow.moves, self.subject) {
            plan::subject(env, moves, name, known);
        }
        plan::prerequisites(env, results);
        plan::list_steps(env, planned, true);
    }
}

/// How a subject of this project stands.
pub async fn known_subject(env: &Env, link: &Link, name: &str) -> Result<SubjectState> {
    let subjects = link.subjects(env.folder_text()).await?;
    let found = subjects.into_iter().find(|s| s.name == name);
    Ok(found.unwrap_or_else(|| SubjectState::unknown(env.folder_text(), name)))
}

fn unticked(one: &Prerequisite) -> PrerequisiteResult {
    PrerequisiteResult::unticked(one.says())
}
