//! Making a child run ready: the workflow as the registry has it now, trusted, with inputs that fit.
//! What cannot be started fails the parent's step, and says why.

use std::sync::Arc;

use crate::base::Error;
use crate::engine::handlers::start;
use crate::engine::outside::Child;
use crate::engine::{Engine, Input};
use crate::exec::Notice;
use crate::run::{Failure, FailureKind, Report};

pub async fn start(engine: Arc<Engine>, child: Child) {
    let input = match start::child(&engine, &child).await {
        Ok(prepared) => Input::StartChild(Box::new(prepared)),
        Err(error) => Input::Notice(failed(&child, &error)),
    };
    if engine.inputs.send(input).is_err() {
        tracing::debug!(run = %child.run, "the engine ends before a child run has started");
    }
}

fn failed(child: &Child, error: &Error) -> Notice {
    tracing::warn!(parent = %child.parent, step = %child.step, workflow = %child.workflow, ?error, "a child run cannot start");
    let (step, attempt, failure) = (child.step.clone(), child.attempt, failure(error));
    Notice::Report { run: child.parent.clone(), report: Report::Failed { step, attempt, failure } }
}

/// What a parent's step is told where its child run cannot do what it should.
pub fn failure(error: &Error) -> Failure {
    let mut message = error.message.clone();
    for part in error.causes.iter().chain(&error.hint) {
        message.push_str(". ");
        message.push_str(part);
    }
    Failure { kind: FailureKind::Child, message, exit: None }
}
