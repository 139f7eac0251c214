//! Parses arguments, starts tracing, dispatches to a front end.

fn main() {}
