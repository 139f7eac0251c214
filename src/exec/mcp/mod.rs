//! Speaking to an MCP server as its client: over its pipes, within limits. Starting and ending the
//! server's process, and what an answer means for a step, is `call`'s.

mod answer;
mod schema;
mod talk;
mod wire;

pub use answer::Answer;
pub use talk::{Lifecycle, Request, Trouble, beside, talk};
pub use wire::Heard;
