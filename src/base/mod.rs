//! What every room may need and what knows nothing of workflows: ids, time,
//! paths, atomic file writes, the sanitiser for untrusted text, secrets taken out of what is
//! printed, errors that teach.
//! Nothing here knows a workflow, a screen or a socket.

pub mod actor;
pub mod atomic;
pub mod backups;
pub mod digest;
pub mod error;
pub mod id;
pub mod paths;
pub mod secret;
pub mod text;
pub mod time;
pub mod trace;

pub use actor::Actor;
pub use digest::digest;
pub use error::{Error, ErrorKind, Result};
pub use id::{RunId, SessionId, StepId, WorkflowId};
pub use paths::{Overrides, Paths};
pub use secret::{Redactor, Secret};
pub use text::{SafeLine, SafeText};
pub use time::{Millis, Timestamp};
