//! A run with the child runs of its steps, as deep as they go: what is open in any of them, by the
//! name that people give it (`deploy/verify`).

use std::future::Future;
use std::pin::Pin;

use crate::base::{ErrorKind, Result, RunId};
use crate::cli::link::Link;
use crate::run::{Need, Phase, Prompt, Run, StepRecord, StepState, Work, summary};
use crate::workflow::Step;

/// Child runs of child runs that are looked at; the engine allows fewer.
const DEPTH: usize = 16;

/// Which child runs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of open steps: what goes on now.
    Open,
    /// Every one that was ever started.
    All,
}

/// A run, and the child runs of its steps.
pub struct Family {
    pub run: Run,
    /// What stands before the names of its steps: `deploy/` for a child of the step `deploy`.
    pub path: String,
    pub children: Vec<Family>,
}

/// A step that is open, and the run that it is a step of.
pub struct Open<'f> {
    pub run: &'f Run,
    pub step: &'f Step,
    pub record: &'f StepRecord,
    /// `deploy/verify`.
    pub name: String,
}

impl Family {
    pub async fn load(link: &Link, id: &RunId, reach: Reach) -> Result<Self> {
        let run = link.run(id).await?;
        Self::of(link, run, String::new(), reach, 0).await
    }

    /// The same for a run that is at hand.
    pub async fn with(link: &Link, run: Run, reach: Reach) -> Result<Self> {
        Self::of(link, run, String::new(), reach, 0).await
    }

    fn of(
        link: &Link,
        run: Run,
        path: String,
        reach: Reach,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Self>> + Send + '_>> {
        Box::pin(async move {
            let mut children = Vec::new();
            for (record, child) in child_ids(&run, reach) {
                if depth >= DEPTH {
                    break;
                }
                match link.run(&child).await {
                    Ok(child) => {
                        let path = format!("{path}{record}/");
                        children.push(Self::of(link, child, path, reach, depth + 1).await?);
                    }
                    // It has not started yet, or could not: the parent's step tells.
                    Err(error) if error.kind == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(Self { run, path, children })
        })
    }

    /// The child run of this record's latest try.
    pub fn child(&self, record: &StepRecord) -> Option<&Self> {
        let id = child_of(record)?;
        // While it is rolled back, it is below the step that does so.
        let path = format!("{}{}/", self.path, record.id);
        self.children.iter().find(|c| c.run.id() == id && c.path == path)
    }

    /// This run and every one below it.
    pub fn each(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Self::each));
        all
    }

    /// What is open and does not work by itself, in order, in whichever run it is.
    pub fn open(&self) -> Vec<Open<'_>> {
        let mut open = Vec::new();
        if self.run.is_ended() || matches!(self.run.phase, Phase::Cancelling { .. }) {
            return open;
        }
        for (step, record) in self.run.each_step() {
            match &record.state {
                StepState::Running { .. } => open.extend(self.child(record).into_iter().flat_map(Self::open)),
                state if state.is_open() => {
                    open.push(Open {
                        run: &self.run,
                        step,
                        record,
                        name: format!("{}{}", self.path, record.id),
                    });
                }
                _ => {}
            }
        }
        open
    }

    /// Of these, what waits for a person.
    pub fn asked(&self) -> Vec<Open<'_>> {
        self.open().into_iter().filter(|open| open.record.state.needs_person()).collect()
    }

    /// The first run that is paused.
    pub fn paused(&self) -> Option<&Run> {
        self.each().into_iter().map(|f| &f.run).find(|run| run.is_paused())
    }

    /// Something goes on by itself.
    pub fn is_working(&self) -> bool {
        if matches!(self.run.phase, Phase::Cancelling { .. }) {
            return true;
        }
        let works = |record: &StepRecord| match &record.state {
            StepState::Waiting { on: Prompt::Retry { .. }, .. } => true,
            StepState::Running { .. } => match record.attempts.last().map(|a| &a.work) {
                Some(Work::ForEach { .. }) => false,
                Some(Work::Workflow { .. } | Work::Rollback { .. }) => {
                    self.child(record).is_none_or(|c| c.run.is_ended() || c.is_working())
                }
                _ => true,
            },
            _ => false,
        };
        !self.run.is_ended() && self.run.steps.iter().any(|record| works(record))
    }
}

impl Open<'_> {
    pub fn title(&self) -> String {
        summary::title(self.step, self.record)
    }

    /// What a person is needed for here.
    pub fn need(&self) -> Option<Need> {
        summary::need(self.step, self.record)
    }
}

/// The id of the child run of a record's latest try.
pub fn child_of(record: &StepRecord) -> Option<&RunId> {
    record.attempts.last().and_then(|a| a.work.child())
}

fn child_ids(run: &Run, reach: Reach) -> Vec<(String, RunId)> {
    let mut ids = Vec::new();
    for record in &run.steps {
        if reach == Reach::Open && !record.state.is_open() {
            continue;
        }
        for attempt in &record.attempts {
            let is_latest = attempt.number == record.attempt();
            let child = match (&attempt.work, reach) {
                (Work::Workflow { run, .. }, Reach::All) => Some(run),
                // Whom a rollback is about is named by the step that started it.
                (_, Reach::All) => None,
                (work, Reach::Open) => work.child().filter(|_| is_latest),
            };
            ids.extend(child.map(|child| (record.id.as_str().to_owned(), child.clone())));
        }
    }
    ids
}
