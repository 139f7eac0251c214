//! Looking the store over.

use std::sync::Arc;

use crate::base::Result;
use crate::engine::{Engine, blocking, examine as look};
use crate::protocol::Response;

pub async fn examine(engine: &Arc<Engine>) -> Result<Response> {
    let engine = Arc::clone(engine);
    let looked = blocking(move || look::examine(&engine.paths, &engine.store));
    looked.await.map(|examination| Response::Examination(Box::new(examination)))
}
