//! The one test binary for what crosses rooms: each module is one concern. `architecture`
//! checks that no file of this folder is forgotten here.

mod bank;
mod workflow_files;
