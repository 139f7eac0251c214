//! `mwtui`: the operations console for a team's process bank.
//!
//! The rooms and the one way imports may run between them are told in
//! `docs/ARCHITECTURE.md`; `tests/suite/architecture.rs` holds them.

pub mod base;
pub mod cli;
pub mod client;
pub mod config;
pub mod engine;
pub mod exec;
pub mod matching;
pub mod protocol;
pub mod report;
pub mod run;
pub mod store;
pub mod tui;
pub mod workflow;
