//! `mwtui schema`: the file format of workflows as a JSON Schema, for editors that check YAML while one writes.

use crate::cli::{Env, Exit};
use crate::workflow::parse::schema;

/// Print the JSON Schema of workflow files, for your editor
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(env: &Env) -> Exit {
    // The format is laid down by json-schema.org: nothing of ours stands in it.
    env.out.bare_json(schema());
    Exit::Done
}
