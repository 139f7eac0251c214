//! What a workflow is: the model, reading it from YAML with located diagnostics,
//! expressions, the registry of bundled, user and project folders, and trust in the latter.
//! No run, no clock, no terminal; the registry, trust and `create` touch files, nothing else does.

pub mod create;
pub mod expression;
pub mod field;
pub mod model;
pub mod parse;
pub mod prose;
pub mod registry;
pub mod retry;
pub mod script;
pub mod secret;
#[cfg(test)]
pub mod testing;
pub mod trust;

pub use model::{
    Defaults, Distinction, Field, FieldKind, ForEach, ITEMS_LIMIT, Items, Moves, OnFailure, OnTimeout,
    Pattern, Prerequisite, Status, Step, StepKind, SummarySection, Workflow,
};
pub use parse::{Diagnostic, Severity, parse};
pub use registry::{Entry, Origin, Registry};
pub use retry::{Backoff, Final, Retry};
pub use secret::Reference;
