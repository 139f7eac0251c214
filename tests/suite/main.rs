//! The one test binary for what crosses rooms: each module is one concern. `architecture`
//! checks that no file of this folder is forgotten here.

mod architecture;
mod authors;
mod bank;
mod bank_words;
mod calls;
mod cli_controls;
mod cli_exit;
mod cli_family;
mod cli_new;
mod cli_reference;
mod cli_tour;
mod cli_values;
mod cli_walk;
mod engine;
mod engine_kills;
mod engine_runs;
mod engine_sessions;
mod events_reference;
mod explain;
mod format_examples;
mod hooks;
mod keys_reference;
mod learning;
mod opinion;
mod phrases;
mod questions;
mod readme;
mod secrets;
mod settings;
mod store;
mod support;
mod tui_controls;
mod tui_phrases;
mod tui_tour;
mod workflow_files;
