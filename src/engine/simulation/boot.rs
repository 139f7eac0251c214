//! Starting a simulated engine on a disk. What happens to it then is `world`'s.

use std::sync::{Arc, mpsc};

use crate::base::{Paths, Result, Timestamp};
use crate::engine::Engine;
use crate::engine::simulation::world::Broken;
use crate::engine::simulation::yard::Recorder;
use crate::engine::turns::Turns;
use crate::matching::Memory;
use crate::store::Store;
use crate::store::disk::Disk;

/// A new engine on this disk, before it settles what it finds.
pub fn boot(
    disk: &Disk,
    recorder: &Recorder,
    broken: Broken,
    now: Timestamp,
) -> Result<(Arc<Engine>, Turns), String> {
    let store = Store::open_on(disk).map_err(|e| format!("the store cannot be opened: {e:?}"))?;
    let paths = Paths::under(std::path::Path::new("/nonexistent/mwtui"));
    let (inputs, _) = mpsc::channel();
    let engine = Arc::new(Engine::new(paths, store, Memory::default(), inputs, now));
    let mut turns = Turns::load(Arc::clone(&engine), Box::new(recorder.clone()), Vec::new())
        .map_err(|e| format!("the runs cannot be loaded: {e:?}"))?;
    if let Some(decide) = broken.decide {
        turns = turns.deciding(decide);
    }
    Ok((engine, turns))
}
