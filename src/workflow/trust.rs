//! Trust in project workflows: the canonical path and content hash, given by a person.
//! Any edit asks again.
