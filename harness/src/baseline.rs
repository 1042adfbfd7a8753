//! What was known before: snapshots of the answers of a target, and how they drifted; never changes an outcome.

pub(crate) mod atomic;
pub mod drift;
pub mod file_name;
