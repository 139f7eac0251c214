//! All workflows loaded from the bundled, the user's and the project's folder; later ones
//! override earlier ones by id. A broken file is listed with its errors and hurts no other.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use crate::base::{Paths, WorkflowId, digest};
use crate::workflow::parse::{self, FILE_LIMIT};
use crate::workflow::trust::TrustList;
use crate::workflow::{Diagnostic, Workflow};

static BUNDLED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/workflows");

/// Workflow files of one folder; a folder with more was hardly meant.
const FILES: usize = 5000;

/// Where a workflow came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Bundled,
    User,
    Project,
}

impl Origin {
    pub fn word(self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::User => "user",
            Self::Project => "project",
        }
    }
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
    /// The bytes that the digest is of; what a run is pinned to. Empty where the file could not be read.
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
        let mut entries = bundled();
        override_with(&mut entries, read_folder(&paths.workflows(), Origin::User));
        let mut own = read_folder(&project.join(".mwtui").join("workflows"), Origin::Project);
        match TrustList::load(paths) {
            Ok(list) => {
                for entry in &mut own {
                    if let (EntryState::Loaded { trusted, .. }, Some(path)) = (&mut entry.state, &entry.path)
                    {
                        *trusted = list.contains(path, &entry.digest);
                    }
                }
            }
            Err(error) if !own.is_empty() => {
                // Nothing is trusted then; that it is so must be seen.
                let message = [vec![error.message], error.causes].concat().join(": ");
                let diagnostic = Diagnostic::of_file("trust.json", message, error.hint.unwrap_or_default());
                own.push(unread("trust.json".to_owned(), None, Origin::Project, diagnostic));
            }
            Err(_) => {}
        }
        override_with(&mut entries, own);
        Self::sorted(entries)
    }

    /// A bank that stays as it is while the bundled one grows: what screens and texts are tested with.
    #[cfg(test)]
    pub fn sample() -> Self {
        static SAMPLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/fixtures/bank");
        Self::sorted(of(&SAMPLE))
    }

    /// The files of one folder alone, all trusted (`--workflows DIR`).
    pub fn load_folder(folder: &Path) -> Self {
        if !folder.exists() {
            let diagnostic = Diagnostic::of_file(
                &folder.display().to_string(),
                "there is no such folder",
                "Give a folder that holds workflow files (*.yaml)",
            );
            return Self {
                entries: vec![unread(folder.display().to_string(), Some(folder), Origin::User, diagnostic)],
            };
        }
        Self::sorted(read_folder(folder, Origin::User))
    }

    /// The loaded workflow with this id.
    pub fn get(&self, id: &WorkflowId) -> Option<&Entry> {
        self.entries.iter().find(|e| e.workflow().is_some_and(|w| &w.id == id))
    }

    /// The loaded workflow with this id, blind to case where no other fits exactly.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        let id = id.trim();
        self.get(&WorkflowId::new(id)).or_else(|| {
            self.entries.iter().find(|e| e.workflow().is_some_and(|w| w.id.as_str().eq_ignore_ascii_case(id)))
        })
    }

    /// All loaded workflows, in order of id.
    pub fn workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.entries.iter().filter_map(Entry::workflow)
    }

    fn sorted(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| a.label().cmp(b.label()).then_with(|| a.file.cmp(&b.file)));
        Self { entries }
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

    /// The id, or what stands for it in a list where the file is broken.
    pub fn label(&self) -> &str {
        match &self.state {
            EntryState::Loaded { workflow, .. } => workflow.id.as_str(),
            EntryState::Broken { label, .. } => label,
        }
    }

    /// Warnings of a loaded file, errors of a broken one.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.state {
            EntryState::Loaded { warnings, .. } => warnings,
            EntryState::Broken { errors, .. } => errors,
        }
    }
}

/// Ids that differ in case alone would be the same to whoever types them.
fn key(id: &WorkflowId) -> String {
    id.as_str().to_lowercase()
}

/// Read once: it cannot change while the program runs.
fn bundled() -> Vec<Entry> {
    static READ: LazyLock<Vec<Entry>> = LazyLock::new(|| of(&BUNDLED));
    READ.clone()
}

fn of(folder: &'static Dir<'static>) -> Vec<Entry> {
    let mut files: Vec<_> =
        folder.files().filter(|f| is_workflow_file(f.path())).map(|f| (f.path(), f.contents())).collect();
    files.sort();
    let read = |(path, bytes): &(&Path, &[u8])| {
        entry(format!("bundled:{}", path.display()), None, Origin::Bundled, bytes.to_vec())
    };
    // Reading the bank is most of what a short command takes.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(threads).max(1);
    let entries = std::thread::scope(|scope| {
        let shares: Vec<_> =
            files.chunks(share).map(|share| scope.spawn(move || share.iter().map(read).collect())).collect();
        let joined =
            shares.into_iter().map(|share| share.join().unwrap_or_else(|p| std::panic::resume_unwind(p)));
        joined.collect::<Vec<Vec<Entry>>>().concat()
    });
    refuse_duplicates(entries)
}

/// What is loaded from a later folder takes the place of what has its id. A broken file overrides
/// nothing: the earlier one stays usable, and both are listed.
fn override_with(entries: &mut Vec<Entry>, later: Vec<Entry>) {
    for entry in &later {
        if let Some(workflow) = entry.workflow() {
            let id = key(&workflow.id);
            entries.retain(|e| e.workflow().is_none_or(|w| key(&w.id) != id));
        }
    }
    entries.extend(later);
}

fn is_workflow_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

/// The entries of a folder in order of name; a folder that is not there has none.
fn read_folder(folder: &Path, origin: Origin) -> Vec<Entry> {
    let shown = folder.display().to_string();
    let broken = |message: String, help: &str| {
        vec![unread(shown.clone(), Some(folder), origin, Diagnostic::of_file(&shown, message, help))]
    };
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(e) => return broken(format!("the folder cannot be read: {e}"), "Check its permissions"),
    };
    let mut paths = Vec::new();
    for item in listing {
        match item {
            Ok(item) if is_workflow_file(&item.path()) => paths.push(item.path()),
            Ok(_) => {}
            Err(e) => return broken(format!("the folder cannot be read to its end: {e}"), "Check the disk"),
        }
    }
    if paths.len() > FILES {
        return broken(
            format!("the folder holds {} workflow files; {FILES} are allowed", paths.len()),
            "Move the ones that are not needed away",
        );
    }
    paths.sort();
    refuse_duplicates(paths.iter().map(|path| read_file(folder, path, origin)).collect())
}

fn read_file(folder: &Path, path: &Path, origin: Origin) -> Entry {
    let file = path.display().to_string();
    let fail = |message: String, help: &str| {
        unread(file.clone(), Some(path), origin, Diagnostic::of_file(&file, message, help))
    };
    // A link inside the folder is a second name; one that leads out of it would let a project
    // make other files appear as its own.
    let place = match (std::fs::canonicalize(folder), std::fs::canonicalize(path)) {
        (Ok(root), Ok(place)) if place.starts_with(&root) => place,
        (Ok(_), Ok(place)) => {
            return fail(
                format!("it is a symbolic link that leads out of its folder, to {}", place.display()),
                "Copy the file into the folder",
            );
        }
        (_, Err(e)) | (Err(e), _) => {
            return fail(format!("the file cannot be read: {e}"), "Check where it leads and its permissions");
        }
    };
    match std::fs::metadata(&place) {
        Ok(meta) if !meta.is_file() => return fail("this is no regular file".to_owned(), "Move it away"),
        Ok(meta) if meta.len() > FILE_LIMIT as u64 => {
            return unread(file.clone(), Some(path), origin, parse::too_large(&file, meta.len()));
        }
        Ok(_) => {}
        Err(e) => return fail(format!("the file cannot be read: {e}"), "Check its permissions"),
    }
    let mut bytes = Vec::new();
    // It may grow while it is read: one byte past the limit is enough to know.
    let read =
        std::fs::File::open(&place).and_then(|f| f.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => entry(file, Some(path), origin, bytes),
        Err(e) => fail(format!("the file cannot be read: {e}"), "Check its permissions"),
    }
}

fn entry(file: String, path: Option<&Path>, origin: Origin, bytes: Vec<u8>) -> Entry {
    let state = match parse::parse(&file, &bytes) {
        Ok((workflow, warnings)) => {
            EntryState::Loaded { workflow: Arc::new(workflow), warnings, trusted: origin != Origin::Project }
        }
        Err(errors) => {
            EntryState::Broken { label: parse::label(&bytes).unwrap_or_else(|| file_name(&file)), errors }
        }
    };
    Entry {
        origin,
        file,
        path: path.map(Path::to_owned),
        digest: digest(&bytes),
        source: bytes.into(),
        state,
    }
}

/// A file or folder whose contents are not known.
fn unread(file: String, path: Option<&Path>, origin: Origin, error: Diagnostic) -> Entry {
    Entry {
        origin,
        path: path.map(Path::to_owned),
        digest: digest(&[]),
        source: Arc::from([]),
        state: EntryState::Broken { label: file_name(&file), errors: vec![error] },
        file,
    }
}

fn file_name(file: &str) -> String {
    let name = file.strip_prefix("bundled:").unwrap_or(file);
    Path::new(name).file_name().map_or_else(|| name.to_owned(), |n| n.to_string_lossy().into_owned())
}

/// Within one folder an id stands for one file. Where two claim it nobody can tell which was
/// meant, so neither loads and each names the others.
fn refuse_duplicates(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut claims: HashMap<String, Vec<String>> = HashMap::new();
    for entry in &entries {
        if let Some(workflow) = entry.workflow() {
            claims.entry(key(&workflow.id)).or_default().push(entry.file.clone());
        }
    }
    for entry in &mut entries {
        let Some(id) = entry.workflow().map(|w| w.id.clone()) else { continue };
        let others: Vec<&str> =
            claims[&key(&id)].iter().filter(|f| **f != entry.file).map(String::as_str).collect();
        if !others.is_empty() {
            let error = Diagnostic::of_file(
                &entry.file,
                format!("the id `{id}` is also claimed by {}", others.join(", ")),
                "Give one of them another id, or remove it",
            );
            entry.state = EntryState::Broken { label: id.to_string(), errors: vec![error] };
        }
    }
    entries
}

#[cfg(test)]
mod tests;
