//! All workflows loaded from the bundled, the user's and the project's folder; later ones
//! override earlier ones by id. A broken file is listed with its errors and hurts no other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Paths, WorkflowId};
use crate::workflow::{Diagnostic, Workflow};

/// Where a workflow came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Bundled,
    User,
    Project,
}

/// One file of the bank.
#[derive(Debug, Clone)]
pub struct Entry {
    pub origin: Origin,
    /// `bundled:MW-001.yaml`, or the path.
    pub file: String,
    /// `None` for a bundled file.
    pub path: Option<PathBuf>,
    /// SHA-256 of the file's bytes, lowercase hexadecimal.
    pub digest: String,
    /// The bytes that the digest is of; what a run is pinned to.
    pub source: Arc<[u8]>,
    pub state: EntryState,
}

#[derive(Debug, Clone)]
pub enum EntryState {
    Loaded {
        workflow: Arc<Workflow>,
        warnings: Vec<Diagnostic>,
        /// A project's workflow that no person has trusted yet: listed, readable, not run.
        trusted: bool,
    },
    Broken {
        /// The id, where the file told it before it broke; otherwise the file's name.
        label: String,
        errors: Vec<Diagnostic>,
    },
}

/// The bank. Entries are in order of id; an overridden entry is left out.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    pub entries: Vec<Entry>,
}

impl Registry {
    /// Bundled, then the user's, then the project's (`.mwtui/workflows` under `project`).
    pub fn load(paths: &Paths, project: &Path) -> Self {
        let _ = (paths, project);
        Self::default()
    }

    /// The files of one folder alone, all trusted (`--workflows DIR`).
    pub fn load_folder(folder: &Path) -> Self {
        let _ = folder;
        Self::default()
    }

    /// The loaded workflow with this id.
    pub fn get(&self, id: &WorkflowId) -> Option<&Entry> {
        self.entries.iter().find(|e| e.workflow().is_some_and(|w| &w.id == id))
    }

    /// All loaded workflows, in order of id.
    pub fn workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.entries.iter().filter_map(Entry::workflow)
    }
}

impl Entry {
    pub fn workflow(&self) -> Option<&Arc<Workflow>> {
        match &self.state {
            EntryState::Loaded { workflow, .. } => Some(workflow),
            EntryState::Broken { .. } => None,
        }
    }

    pub fn is_trusted(&self) -> bool {
        matches!(self.state, EntryState::Loaded { trusted: true, .. })
    }
}
