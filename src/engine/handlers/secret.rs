//! Secrets that people give: into the engine's memory, and nowhere else.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::id::random_hex;
use crate::base::secret::SECRET_LIMIT;
use crate::base::{Error, Result, RunId, Secret};
use crate::engine::server::Peer;
use crate::engine::{Engine, blocking};
use crate::protocol::Response;
use crate::run::{Run, StepState, Work};
use crate::workflow::Reference;

pub fn keep(engine: &Engine, peer: &Peer, secret: Secret) -> Result<Response> {
    allowed(peer, &secret)?;
    let reference = Reference::Typed(random_hex()?);
    engine.vault.keep(reference.clone(), secret);
    Ok(Response::SecretKept(reference.to_string()))
}

pub async fn give(
    engine: &Arc<Engine>,
    peer: &Peer,
    run: RunId,
    reference: String,
    secret: Secret,
) -> Result<Response> {
    allowed(peer, &secret)?;
    let shared = Arc::clone(engine);
    let run = blocking(move || shared.run(&run)).await?;
    let short = run.id().short().to_owned();
    if run.is_ended() {
        return Err(Error::refused(format!("Run {short} is {}: it needs no secret", run.status().word())));
    }
    // A variable's comes before the answer that names it: the next step may begin at once.
    let given = Reference::parse(&reference).map_err(Error::usage)?;
    if !matches!(given, Reference::Env(_)) && !references(&run).contains(&given) {
        return Err(Error::not_found(format!("Run {short} has no such secret")));
    }
    engine.vault.give(run.id(), given, secret);
    Ok(Response::SecretKept(reference))
}

fn allowed(peer: &Peer, secret: &Secret) -> Result<()> {
    if !peer.actor.is_person() {
        return Err(Error::refused(format!("Only a person gives a secret — {} is an agent", peer.actor)));
    }
    let length = secret.reveal().len();
    if length == 0 || length > SECRET_LIMIT || secret.reveal().contains('\0') {
        return Err(Error::usage("This cannot be a secret")
            .cause(format!("A secret has 1 to {SECRET_LIMIT} bytes, none of them NUL")));
    }
    Ok(())
}

/// The typed secrets among values.
pub fn typed(values: &Map<String, Value>) -> Vec<Reference> {
    values.values().filter_map(Reference::of).filter(|r| matches!(r, Reference::Typed(_))).collect()
}

/// Every secret that the run knows of: its inputs', its answers', its steps'.
fn references(run: &Run) -> Vec<Reference> {
    let answers = run.steps.iter().filter_map(|record| match &record.state {
        StepState::Done { outcome, .. } => Some(outcome.answers.values()),
        _ => None,
    });
    let values = run.header.inputs.values().chain(answers.flatten());
    let works = run.steps.iter().flat_map(|record| &record.attempts).filter_map(|a| match &a.work {
        Work::Run { secrets, .. } => Some(secrets.values()),
        _ => None,
    });
    let at_work = works.flatten().filter_map(|text| Reference::parse(text).ok());
    values.filter_map(Reference::of).chain(at_work).collect()
}
