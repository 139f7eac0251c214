//! The files of an attempt, and what became of its output. Filling a spill file is `drain`'s, reading it `output`'s.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::{Result, RunId, StepId, paths};
use crate::exec::{Job, output};

/// How large a spill file becomes, where the settings do not say.
pub const LIMIT: u64 = 256 << 20;

/// The files of one attempt.
#[derive(Debug, Clone)]
pub struct Place {
    pub log: PathBuf,
    pub pid: PathBuf,
}

impl Place {
    pub fn make(outputs: &Path, job: &Job) -> Result<Self> {
        Self::of(outputs, &job.run, &job.step, job.attempt)
    }

    pub fn of(outputs: &Path, run: &RunId, step: &StepId, attempt: u32) -> Result<Self> {
        let file = |ending| output::place(outputs, run, step, attempt, ending);
        let place = Self { log: file("log")?, pid: file("pid")? };
        paths::private_dir(&outputs.join(run.as_str()))?;
        Ok(place)
    }

    /// The spill file, to be written at its end.
    pub fn log(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log)
    }

    /// Without it a later engine still finds the processes by their environment.
    pub fn note_leader(&self, text: &str) {
        let written = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.pid)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.pid.display(), "a pid file cannot be written");
        }
    }

    pub fn forget_leader(&self) {
        remove(&self.pid, "a pid file");
    }
}

/// What became of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Whole,
    /// The beginning and the end; the limit in bytes.
    Ends(u64),
    /// Something is missing, and why.
    Partly(String),
    /// Something that was left running still holds it open.
    Open,
}

impl Kept {
    /// For the evidence, after a comma; nothing where all was kept.
    pub fn remark(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Ends(limit) => format!(", of more than {} the beginning and the end", size(*limit)),
            Self::Partly(why) if why.is_empty() => ", not all output could be kept".to_owned(),
            Self::Partly(why) => format!(", not all output could be kept ({why})"),
            Self::Open => ", something it left running still holds the output open".to_owned(),
        }
    }
}

pub fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes.div_ceil(1 << 10)) }
}

fn remove(file: &Path, what: &str) {
    if let Err(error) = std::fs::remove_file(file)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, file = %file.display(), "{what} cannot be removed");
    }
}
