//! What steps have left in the folder of outputs, for whoever looks whether it is still needed.
//! Removes nothing.

use std::path::{Path, PathBuf};

use crate::base::RunId;
use crate::exec::process::Leader;

/// The outputs of one run.
#[derive(Debug)]
pub struct Folder {
    pub run: RunId,
    pub path: PathBuf,
    pub pids: Vec<PidFile>,
}

/// The note of which process a step has started. It goes when the step has ended.
#[derive(Debug)]
pub struct PidFile {
    pub path: PathBuf,
    /// The process, where it runs still.
    pub alive: Option<i32>,
}

/// The folders of all runs. What cannot be looked at is left out.
pub fn folders(outputs: &Path) -> Vec<Folder> {
    let mut found: Vec<Folder> = entries(outputs)
        .filter(|path| path.is_dir())
        .filter_map(|path| {
            let run = RunId::from(path.file_name()?.to_str()?);
            let pids = entries(&path).filter(|file| file.extension().is_some_and(|e| e == "pid"));
            let pids = pids.map(|path| PidFile { alive: alive(&path), path }).collect();
            Some(Folder { run, path, pids })
        })
        .collect();
    found.sort_by(|a, b| a.run.cmp(&b.run));
    found
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn alive(file: &Path) -> Option<i32> {
    let leader = Leader::parse(&std::fs::read_to_string(file).ok()?)?;
    leader.is_running().then_some(leader.pid)
}
