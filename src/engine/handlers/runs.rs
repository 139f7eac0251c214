//! Looking at runs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use crate::base::{Error, Result, RunId, WorkflowId};
use crate::engine::{Engine, blocking, load};
use crate::matching::Offered;
use crate::protocol::Response;
use crate::run::{EventBody, Run, RunFilter};

/// Most events of one answer.
const EVENTS: usize = 1000;
/// How many runs an ambiguous prefix names.
const NAMED: usize = 5;
/// How many runs are asked for the names they were given.
const OFFERING: usize = 500;

pub async fn find(engine: &Arc<Engine>, prefix: String) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || {
        if prefix == "last" {
            return engine
                .store
                .newest_run()?
                .map(Response::RunId)
                .ok_or_else(|| Error::not_found("There is no run yet").hint("Start one: `mwtui run ID`"));
        }
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::usage(format!("“{prefix}” is no run id"))
                .hint("Give the first digits of one from `mwtui runs`, or `last`"));
        }
        let found = engine.store.runs_with_prefix(&prefix.to_ascii_lowercase(), NAMED)?;
        match found.as_slice() {
            [] => {
                Err(Error::not_found(format!("There is no run {prefix}"))
                    .hint("See them all with `mwtui runs`"))
            }
            [one] => Ok(Response::RunId(one.clone())),
            several => {
                let ids: Vec<&str> = several.iter().map(RunId::as_str).collect();
                Err(Error::usage(format!("Several runs begin with {prefix}"))
                    .cause(ids.join(", "))
                    .hint("Give one digit more"))
            }
        }
    })
    .await
}

pub async fn list(engine: &Arc<Engine>, filter: RunFilter) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || engine.store.runs(&filter).map(Response::Runs)).await
}

/// What commands printed as options, and what the newest runs were given, the newest last.
pub async fn offered(engine: &Arc<Engine>) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || {
        let newest = RunFilter { limit: Some(OFFERING), ..RunFilter::default() };
        let mut offered: BTreeMap<WorkflowId, Offered> =
            engine.offers.read().unwrap_or_else(PoisonError::into_inner).clone();
        for run in engine.store.runs(&newest)?.iter().rev() {
            for event in engine.store.events(&run.run, 0, 1)? {
                if let EventBody::RunStarted(header) = event.body {
                    offered.entry(header.workflow.id.clone()).or_default().add_inputs(&header.inputs);
                }
            }
        }
        Ok(Response::Offered(offered))
    })
    .await
}

pub async fn get(engine: &Arc<Engine>, id: RunId) -> Result<Response> {
    let shared = Arc::clone(engine);
    let run = blocking(move || shared.run(&id)).await?;
    Ok(Response::Run(Box::new(Run::clone(&run))))
}

pub async fn events(engine: &Arc<Engine>, id: RunId, after: u64) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || {
        let events = engine.store.events(&id, after, EVENTS)?;
        if events.is_empty() && engine.store.summary(&id)?.is_none() {
            return Err(load::no_such_run(&id));
        }
        Ok(Response::Events(events))
    })
    .await
}
