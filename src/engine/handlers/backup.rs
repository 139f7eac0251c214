//! A copy of the store, made while the engine works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{Error, Result};
use crate::engine::server::Peer;
use crate::engine::{Engine, blocking, upkeep};
use crate::protocol::Response;

pub async fn backup(engine: &Arc<Engine>, peer: &Peer, path: Option<String>) -> Result<Response> {
    if let Some(path) = &path {
        if !peer.actor.is_person() {
            return Err(Error::refused(format!(
                "{} is an agent and may not choose a backup's place",
                peer.actor
            ))
            .hint("Without a path, the backup is made in the folder for backups"));
        }
        if !Path::new(path).is_absolute() {
            return Err(Error::usage(format!("“{path}” is no absolute path"))
                .hint("The engine runs elsewhere: give the path from the root on"));
        }
    }
    let engine = Arc::clone(engine);
    let made = blocking(move || upkeep::back_up(&engine.store, path.map(PathBuf::from).as_deref()));
    made.await.map(|backup| Response::Backup(Box::new(backup)))
}
