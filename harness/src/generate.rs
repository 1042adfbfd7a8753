//! Requests made from a contract's schemas: valid ones, ones with exactly one defect that has a name, and odd ones; pure.
//!
//! Everything follows from a seed and a number, so that the same seed makes the same cases in the same order whoever asks
//! for them, and a case can be made again to be shrunk.

pub mod bytes;
pub mod campaign;
pub mod confirm;
pub mod failure;
pub mod http;
pub mod json;
pub mod label;
pub mod minimal;
mod object;
pub mod odd;
pub mod schema;
pub mod text;
pub mod tree;
pub mod valid;
pub mod variant;
pub mod walk;
