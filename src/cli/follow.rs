//! Following a run and its child runs: their events and the output of their commands, in order, as lines.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use crate::base::{ErrorKind, Result, RunId, StepId};
use crate::cli::output::{Line, Tone};
use crate::cli::stream::{Stream, print_line};
use crate::cli::{Env, link::Link, tell, work};
use crate::run::{Event, EventBody, Run, Work, summary};

/// How far a run and its child runs have been told.
pub struct Follower(Followed);

impl Follower {
    pub fn new(run: RunId) -> Self {
        Self(Followed::new(run, String::new()))
    }

    /// Tells everything that has happened since the last time. Nothing with `--json`: there the
    /// one object at the end tells it all.
    pub async fn catch_up(&mut self, env: &Env, link: &Link) -> Result<()> {
        if env.out.is_json() {
            return Ok(());
        }
        let labelled = self.0.streaming() > 1;
        self.0.catch_up(env, link, labelled).await?;
        env.out.flush();
        Ok(())
    }
}

/// One run of them.
struct Followed {
    run: RunId,
    /// `deploy/` for a child run of the step `deploy`.
    path: String,
    seq: u64,
    streams: Vec<Stream>,
    /// Child runs that go on, each with the step that started it or rolls it back.
    children: Vec<(StepId, Followed)>,
    /// How far those have been told that went on before.
    told: HashMap<RunId, u64>,
    /// It is a child run whose end has been told: what comes later belongs to another step.
    is_over: bool,
    /// It is to be rolled back, and has not begun to.
    is_awaited: bool,
}

const INDENT: &str = "      ";

impl Followed {
    fn new(run: RunId, path: String) -> Self {
        Self {
            run,
            path,
            seq: 0,
            streams: Vec::new(),
            children: Vec::new(),
            told: HashMap::new(),
            is_over: false,
            is_awaited: false,
        }
    }

    /// How many outputs may grow at the moment.
    fn streaming(&self) -> usize {
        self.streams.len() + self.children.iter().map(|(_, child)| child.streaming()).sum::<usize>()
    }

    /// Which of these ends what a step of its parent is about; `None` for a run that was asked for by itself.
    fn end_among(&mut self, events: &[Event]) -> Option<usize> {
        if self.path.is_empty() {
            return None;
        }
        let begins = |event: &Event| matches!(event.body, EventBody::RollbackStarted { .. });
        let from = if self.is_awaited { events.iter().position(begins)? } else { 0 };
        self.is_awaited = false;
        events.iter().skip(from).position(ends).map(|end| from + end)
    }

    fn catch_up<'a>(
        &'a mut self,
        env: &'a Env,
        link: &'a Link,
        labelled: bool,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
        Box::pin(async move {
            while !self.is_over {
                let mut events = match link.events(&self.run, self.seq).await {
                    Ok(events) => events,
                    // A child run that has not started yet.
                    Err(error) if error.kind == ErrorKind::NotFound && !self.path.is_empty() => return Ok(()),
                    Err(error) => return Err(error),
                };
                if let Some(end) = self.end_among(&events) {
                    events.truncate(end + 1);
                    self.is_over = true;
                }
                let Some(last) = events.last() else { break };
                let newest = last.seq;
                // Iterations have their titles from the run as it is after these events.
                let run = link.run(&self.run).await?;
                for event in &events {
                    self.tell(env, link, &run, event).await?;
                }
                self.seq = newest;
            }
            let path = &self.path;
            let labelled = labelled || self.streams.len() > 1;
            for stream in &mut self.streams {
                let indent = indent(path, &stream.step, labelled);
                stream.drain(link, &self.run, false, |line| print_line(env, &indent, line)).await?;
            }
            for (_, child) in &mut self.children {
                child.catch_up(env, link, labelled).await?;
            }
            Ok(())
        })
    }

    async fn tell(&mut self, env: &Env, link: &Link, run: &Run, event: &Event) -> Result<()> {
        match &event.body {
            EventBody::StepStarted { step, attempt, work, .. } => {
                self.started(env, run, step, *attempt, work);
                if let Some(child) = work.child() {
                    self.follow(link, step, child, work).await?;
                }
            }
            EventBody::StepCompleted { step, attempt, outcome } => {
                self.close(env, link, step, Some(*attempt)).await?;
                let mut line = self.outcome_line(run, step, Tone::Success, "✓ done");
                for evidence in &outcome.evidence {
                    line = line.dim("  ").dim(&evidence.text);
                }
                env.out.line(line);
            }
            EventBody::StepFailed { step, attempt, failure, .. } => {
                self.close(env, link, step, Some(*attempt)).await?;
                let line = self.outcome_line(run, step, Tone::Failure, "✗ failed");
                env.out.line(line.dim("  ").plain(&failure.message));
            }
            EventBody::StepInterrupted { step, attempt } | EventBody::StepUncertain { step, attempt } => {
                self.close(env, link, step, Some(*attempt)).await?;
                self.other(env, event);
            }
            // What a child run waits for is said by its own prompt.
            EventBody::RunStarted(_) | EventBody::ActionChecked { .. } | EventBody::StepChild { .. } => {}
            // Said once more, with the times, by the last line.
            EventBody::RunCompleted | EventBody::RunFailed { .. } | EventBody::RunCancelled { .. } => {
                for stream in &mut std::mem::take(&mut self.streams) {
                    stream.drain(link, &self.run, true, |line| print_line(env, INDENT, line)).await?;
                }
                if !matches!(event.body, EventBody::RunCompleted) {
                    self.other(env, event);
                }
            }
            EventBody::StepSkipped { .. }
            | EventBody::StepHeld { .. }
            | EventBody::StepReleased { .. }
            | EventBody::StepTaken { .. }
            | EventBody::StepHandedOver { .. }
            | EventBody::StepTakenBack { .. }
            | EventBody::LeaseEnded { .. }
            | EventBody::StepEscalated { .. }
            | EventBody::ApprovalReminded { .. }
            | EventBody::StepThroughSet { .. }
            | EventBody::BreakpointSet { .. }
            | EventBody::RollbackStarted { .. }
            | EventBody::RolledBack
            | EventBody::MovedOver(_)
            | EventBody::SubjectMoved { .. }
            | EventBody::StepRetried { .. }
            | EventBody::WentBack { .. }
            | EventBody::NoteAdded { .. }
            | EventBody::RunPaused { .. }
            | EventBody::RunResumed
            | EventBody::CancelRequested { .. } => self.other(env, event),
        }
        Ok(())
    }

    fn started(&mut self, env: &Env, run: &Run, step: &StepId, attempt: u32, work: &Work) {
        if !work.is_executed() && work.child().is_none() && !matches!(work, Work::ForEach { .. }) {
            return;
        }
        let mut head = Line::new().put(Tone::Info, "  * ").then(self.name(run, step));
        if attempt > 1 {
            head = head.dim(format!("  attempt {attempt}"));
        }
        if let Work::Workflow { run: child, .. } = work {
            head = head.dim(format!("  as run {}", child.short()));
        }
        env.out.line(head);
        match work {
            Work::Run { script, .. } => {
                for (index, text) in script.trim_end().lines().enumerate() {
                    let mark = if index == 0 { "$ " } else { "  " };
                    env.out.line(Line::new().plain("    ").dim(mark).plain(text));
                }
            }
            other => work::show(env, "    ", other, false),
        }
        if work.runs_processes() {
            self.streams.push(Stream::new(step.clone(), attempt));
        }
    }

    /// Of a child run that is rolled back, what happened before is not told again.
    async fn follow(&mut self, link: &Link, step: &StepId, child: &RunId, work: &Work) -> Result<()> {
        let seq = match (work, self.told.get(child)) {
            (_, Some(seq)) => *seq,
            (Work::Rollback { .. }, None) => match link.events(child, 0).await {
                Ok(events) => {
                    let begun = |event: &&Event| matches!(event.body, EventBody::RollbackStarted { .. });
                    let last = events.last().map_or(0, |event| event.seq);
                    events.iter().rev().find(begun).map_or(last, |event| event.seq - 1)
                }
                Err(error) if error.kind == ErrorKind::NotFound => 0,
                Err(error) => return Err(error),
            },
            _ => 0,
        };
        let path = format!("{}{step}/", self.path);
        let is_awaited = matches!(work, Work::Rollback { .. });
        self.children.push((step.clone(), Self { seq, is_awaited, ..Self::new(child.clone(), path) }));
        Ok(())
    }

    /// Prints the rest of a step's output, and of the child run that did it, and lets go of them.
    async fn close(&mut self, env: &Env, link: &Link, step: &StepId, attempt: Option<u32>) -> Result<()> {
        let mine = |s: &Stream| &s.step == step && attempt.is_none_or(|a| a == s.attempt);
        if let Some(index) = self.streams.iter().position(mine) {
            let indent = indent(&self.path, step, self.streams.len() > 1);
            let mut stream = self.streams.swap_remove(index);
            stream.drain(link, &self.run, true, |line| print_line(env, &indent, line)).await?;
        }
        if let Some(index) = self.children.iter().position(|(id, _)| id == step) {
            let (_, mut child) = self.children.remove(index);
            child.catch_up(env, link, false).await?;
            self.told.insert(child.run, child.seq);
        }
        Ok(())
    }

    /// `2 Build: checkout`, or `deploy/2 Verify` in a child run.
    fn name(&self, run: &Run, step: &StepId) -> Line {
        let found = run.record(step);
        let number = found.map_or(0, |(index, _)| index + 1);
        let title = found.and_then(|(_, record)| Some(summary::title(run.definition(record)?, record)));
        let title = title.unwrap_or_else(|| step.to_string());
        Line::new().dim(format!("{}{number} ", self.path)).plain(title)
    }

    fn outcome_line(&self, run: &Run, step: &StepId, tone: Tone, word: &str) -> Line {
        Line::new().put(tone, format!("  {word}  ")).then(self.name(run, step))
    }

    fn other(&self, env: &Env, event: &Event) {
        let (tone, text) = tell::event_text(event);
        let line = Line::new().plain("  ").dim(&self.path).put(tone, text);
        env.out.line(line.dim(format!("  {}", event.actor.short())));
    }
}

/// What stands before a line of output; whose it is, where several come at the same time.
fn indent(path: &str, step: &StepId, labelled: bool) -> String {
    if labelled { format!("{INDENT}{path}{step} │ ") } else { INDENT.to_owned() }
}

/// Whether it ends a run, for the time being: a rollback may come after it.
fn ends(event: &Event) -> bool {
    matches!(
        event.body,
        EventBody::RunCompleted
            | EventBody::RunFailed { .. }
            | EventBody::RunCancelled { .. }
            | EventBody::RolledBack
    )
}
