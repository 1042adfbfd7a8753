//! The Cogito personality, driven over the wire: the healthy gateway against its page, each mutant against it.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get is its failure")]

mod admission;
mod client;
mod door;
mod faults;
mod mutants;
mod streaming;
#[path = "../upstream/mod.rs"]
mod upstream;
