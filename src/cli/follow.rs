//! Following a run: its events and the output of its commands, in order, as lines.

use crate::base::{Result, RunId, StepId};
use crate::cli::output::{Line, Tone};
use crate::cli::stream::{Stream, print_line};
use crate::cli::{Env, link::Link, tell, walk};
use crate::run::{Event, EventBody, Run, Work};

/// How far a run has been told.
pub struct Follower {
    run: RunId,
    seq: u64,
    streams: Vec<Stream>,
}

const INDENT: &str = "      ";

impl Follower {
    pub fn new(run: RunId) -> Self {
        Self { run, seq: 0, streams: Vec::new() }
    }

    /// Tells everything that has happened since the last time. Nothing with `--json`: there the
    /// one object at the end tells it all.
    pub async fn catch_up(&mut self, env: &Env, link: &Link, run: &Run) -> Result<()> {
        if env.out.is_json() {
            return Ok(());
        }
        loop {
            let events = link.events(&self.run, self.seq).await?;
            let Some(last) = events.last() else { break };
            let newest = last.seq;
            for event in &events {
                self.tell(env, link, run, event).await?;
            }
            self.seq = newest;
        }
        for stream in &mut self.streams {
            stream.drain(link, &self.run, false, |line| print_line(env, INDENT, line)).await?;
        }
        env.out.flush();
        Ok(())
    }

    async fn tell(&mut self, env: &Env, link: &Link, run: &Run, event: &Event) -> Result<()> {
        match &event.body {
            EventBody::StepStarted { step, attempt, work, .. } => match work {
                Work::Run { script, .. } => {
                    env.out.line(head(run, step, *attempt));
                    for (index, text) in script.trim_end().lines().enumerate() {
                        let mark = if index == 0 { "$ " } else { "  " };
                        env.out.line(Line::new().plain("    ").dim(mark).plain(text));
                    }
                    self.streams.push(Stream::new(step.clone(), *attempt));
                }
                Work::Write { path, .. } => {
                    env.out.line(head(run, step, *attempt));
                    env.out.line(Line::new().dim("    writes ").plain(path));
                }
                Work::Call { server, tool, .. } => {
                    env.out.line(head(run, step, *attempt));
                    env.out.line(Line::new().dim("    calls ").plain(format!("{server}.{tool}")));
                }
                Work::Agent { agent, by_command: true, .. } => {
                    env.out.line(head(run, step, *attempt));
                    env.out.line(Line::new().dim("    asks ").plain(agent));
                    self.streams.push(Stream::new(step.clone(), *attempt));
                }
                Work::Workflow { workflow, run: child, .. } => {
                    env.out.line(head(run, step, *attempt));
                    let text = format!("{workflow} as run {}", child.short());
                    env.out.line(Line::new().dim("    starts ").plain(text));
                }
                Work::ForEach { items } => {
                    env.out.line(head(run, step, *attempt));
                    env.out.line(Line::new().dim(format!("    {} items", items.len())));
                }
                Work::Agent { .. } | Work::Manual | Work::Ask | Work::Approve { .. } | Work::Unresolved => {}
            },
            EventBody::StepCompleted { step, attempt, outcome } => {
                self.close(env, link, step, Some(*attempt)).await?;
                let mut line = outcome_line(run, step, Tone::Success, "✓ done");
                for evidence in &outcome.evidence {
                    line = line.dim("  ").dim(&evidence.text);
                }
                env.out.line(line);
            }
            EventBody::StepFailed { step, attempt, failure, .. } => {
                self.close(env, link, step, Some(*attempt)).await?;
                env.out.line(
                    outcome_line(run, step, Tone::Failure, "✗ failed").dim("  ").plain(&failure.message),
                );
            }
            EventBody::StepInterrupted { step, attempt } | EventBody::StepUncertain { step, attempt } => {
                self.close(env, link, step, Some(*attempt)).await?;
                other(env, event);
            }
            EventBody::RunStarted(_) | EventBody::ActionChecked { .. } => {}
            // Said once more, with the times, by the last line.
            EventBody::RunCompleted | EventBody::RunFailed { .. } | EventBody::RunCancelled { .. } => {
                for stream in &mut std::mem::take(&mut self.streams) {
                    stream.drain(link, &self.run, true, |line| print_line(env, INDENT, line)).await?;
                }
                if !matches!(event.body, EventBody::RunCompleted) {
                    other(env, event);
                }
            }
            EventBody::StepSkipped { .. }
            | EventBody::StepHeld { .. }
            | EventBody::StepReleased { .. }
            | EventBody::StepChild { .. }
            | EventBody::StepEscalated { .. }
            | EventBody::ApprovalReminded { .. }
            | EventBody::StepThroughSet { .. }
            | EventBody::BreakpointSet { .. }
            | EventBody::RollbackStarted { .. }
            | EventBody::RolledBack
            | EventBody::SubjectMoved { .. }
            | EventBody::StepRetried { .. }
            | EventBody::WentBack { .. }
            | EventBody::NoteAdded { .. }
            | EventBody::RunPaused { .. }
            | EventBody::RunResumed
            | EventBody::CancelRequested { .. } => other(env, event),
        }
        Ok(())
    }

    /// Prints the rest of a step's output and lets go of it.
    async fn close(&mut self, env: &Env, link: &Link, step: &StepId, attempt: Option<u32>) -> Result<()> {
        let mine = |s: &Stream| &s.step == step && attempt.is_none_or(|a| a == s.attempt);
        if let Some(index) = self.streams.iter().position(mine) {
            let mut stream = self.streams.swap_remove(index);
            stream.drain(link, &self.run, true, |line| print_line(env, INDENT, line)).await?;
        }
        Ok(())
    }
}

fn title<'a>(run: &'a Run, step: &'a StepId) -> &'a str {
    run.workflow.step(step).map_or(step.as_str(), |s| s.title.as_str())
}

fn head(run: &Run, step: &StepId, attempt: u32) -> Line {
    let line = Line::new()
        .put(Tone::Info, "  * ")
        .dim(format!("{} ", walk::number(run, step)))
        .plain(title(run, step));
    if attempt > 1 { line.dim(format!("  attempt {attempt}")) } else { line }
}

fn outcome_line(run: &Run, step: &StepId, tone: Tone, word: &str) -> Line {
    Line::new()
        .put(tone, format!("  {word} "))
        .dim(format!(" {} ", walk::number(run, step)))
        .plain(title(run, step))
}

fn other(env: &Env, event: &Event) {
    let (tone, text) = tell::event_text(event);
    env.out.line(Line::new().plain("  ").put(tone, text).dim(format!("  {}", event.actor.short())));
}
