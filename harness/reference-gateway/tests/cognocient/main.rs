//! The Cognocient personality, driven over the wire: the healthy gateway against its page, and its mutants where they differ.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get is its failure")]

mod admission;
mod cache;
mod client;
mod degrading;
mod mutants;
mod provider;
mod upstream;
