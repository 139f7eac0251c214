//! The state of what runs work on (a feature, by default a branch), changed by completed runs alone.
//! Pure: the engine keeps it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Actor, RunId, Timestamp};
use crate::run::{Refusal, Run, Subject};
use crate::workflow::Moves;
use crate::workflow::expression::{self, ExpressionError, Scope};

/// Longest name of a subject or of a state, in bytes.
pub const NAME_LIMIT: usize = 200;

/// How many moves are remembered of each.
const HISTORY: usize = 100;

/// One subject of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectState {
    /// The root of its project, absolute.
    pub root: String,
    pub name: String,
    /// `None`: nothing is known of it.
    pub state: Option<String>,
    /// Newest last.
    pub moves: Vec<SubjectMove>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectMove {
    pub at: Timestamp,
    pub by: Actor,
    pub from: Option<String>,
    pub to: Option<String>,
    /// The run that moved it; `None`: a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Run {
    /// What completing the run does to its subject; `None` where that stays in its state. Only what the run
    /// was started with counts, so that the answer is the same before, after, and at a rollback.
    pub fn moves(&self) -> Option<(&Moves, &Subject)> {
        let moves = self.workflow.moves.as_ref()?;
        let applies = moves.apply(&self.header.inputs).unwrap_or(false);
        Some((moves, self.header.subject.as_ref()?)).filter(|_| applies)
    }
}

impl Moves {
    /// Whether a run with these inputs moves anything.
    pub fn apply(&self, inputs: &Map<String, Value>) -> Result<bool, ExpressionError> {
        let scope = || Scope(Map::from_iter([("inputs".to_owned(), Value::Object(inputs.clone()))]));
        self.condition.as_ref().map_or(Ok(true), |source| expression::condition(source, &scope()))
    }
}

impl SubjectState {
    pub fn unknown(root: impl Into<String>, name: impl Into<String>) -> Self {
        Self { root: root.into(), name: name.into(), state: None, moves: Vec::new() }
    }

    pub fn moved(&mut self, to: SubjectMove) {
        self.state.clone_from(&to.to);
        self.moves.push(to);
        let surplus = self.moves.len().saturating_sub(HISTORY);
        self.moves.drain(..surplus);
    }

    /// Whether a run that moves it may start now; `busy` is a run that is about to move it.
    pub fn may_start(&self, moves: &Moves, busy: Option<&RunId>) -> Result<(), Refusal> {
        if let Some(run) = busy {
            return Err(Refusal::new(format!("Run {} is moving “{}” already", run.short(), self.name))
                .hint("Let it end, or cancel it; or name another subject with --subject"));
        }
        let fits = moves.from.is_empty() || self.state.as_ref().is_some_and(|s| moves.from.contains(s));
        if fits {
            return Ok(());
        }
        let wanted = moves.from.join(" or ");
        let set = format!("If that is wrong, say so: mwtui subject set {} STATE --reason TEXT", self.name);
        Err(match &self.state {
            Some(state) => Refusal::new(format!(
                "“{}” is {state}; a run of this workflow takes it from {wanted} to {}",
                self.name, moves.to
            ))
            .hint(set),
            None => Refusal::new(format!(
                "Nothing is known of the state of “{}”; a run of this workflow takes it from {wanted} to {}",
                self.name, moves.to
            ))
            .hint(format!(
                "Run the workflow that leads to {wanted} first, or say where it stands: mwtui subject set {} STATE --reason TEXT",
                self.name
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(from: &[&str]) -> Moves {
        Moves {
            from: from.iter().map(|s| (*s).to_owned()).collect(),
            to: "Deployed".to_owned(),
            condition: None,
        }
    }

    #[test]
    fn a_run_starts_only_from_the_state_that_it_leaves() {
        let mut subject = SubjectState::unknown("/work", "checkout");
        assert!(subject.may_start(&moves(&[]), None).is_ok());
        let refusal = subject.may_start(&moves(&["Validated"]), None).expect_err("not known");
        assert!(refusal.reason.contains("Nothing is known") && refusal.reason.contains("Validated"));
        let to = |to: &str| SubjectMove {
            at: Timestamp(1),
            by: Actor::Engine,
            from: None,
            to: Some(to.to_owned()),
            run: None,
            reason: None,
        };
        subject.moved(to("Planned"));
        let refusal = subject.may_start(&moves(&["Validated", "Deployed"]), None).expect_err("elsewhere");
        assert!(refusal.reason.contains("is Planned") && refusal.reason.contains("Validated or Deployed"));
        subject.moved(to("Validated"));
        assert!(subject.may_start(&moves(&["Validated"]), None).is_ok());
        let busy = RunId::new("7f3a000000000000");
        assert!(subject.may_start(&moves(&["Validated"]), Some(&busy)).is_err());
    }
}
