//! A piece of a step's output.

use std::sync::Arc;

use crate::base::{Error, Result, RunId, StepId};
use crate::engine::{Engine, blocking};
use crate::exec::output;
use crate::protocol::{OutputChunk, OutputRange, Response};

/// Most bytes of one answer.
const LIMIT: u32 = 1024 * 1024;

pub async fn output(
    engine: &Arc<Engine>,
    id: RunId,
    step: StepId,
    attempt: Option<u32>,
    range: OutputRange,
) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || {
        // The state before the file: once the attempt has ended, the file is whole.
        let run = engine.run(&id)?;
        let Some((_, record)) = run.record(&step) else {
            return Err(Error::not_found(format!("Run {} has no step “{step}”", id.short()))
                .hint(format!("`mwtui status {}` lists its steps", id.short())));
        };
        let number = attempt.unwrap_or_else(|| record.attempt());
        if number == 0 {
            return Ok(Response::Output(OutputChunk { step: Some(step), ..OutputChunk::default() }));
        }
        let Some(found) = record.attempts.iter().find(|a| a.number == number) else {
            return Err(Error::not_found(format!("“{step}” has no attempt {number}"))
                .hint(format!("Its latest attempt is {}", record.attempt())));
        };
        let outputs = engine.paths.outputs();
        let piece = match range {
            OutputRange::Tail { bytes } => output::tail(&outputs, &id, &step, number, bytes.min(LIMIT))?,
            OutputRange::From { offset, bytes } => {
                output::from(&outputs, &id, &step, number, offset, bytes.min(LIMIT))?
            }
        };
        Ok(Response::Output(OutputChunk {
            attempt: number,
            offset: piece.offset,
            next: piece.next,
            total: piece.total,
            lines: piece.lines,
            text: String::from_utf8_lossy(&piece.bytes).into_owned(),
            complete: found.ended.is_some() && piece.next >= piece.total,
            step: Some(step),
        }))
    })
    .await
}
