//! The OpenGateway personality, driven over the wire in front of two providers: the healthy gateway against its page, each
//! mutant against it.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get is its failure")]

mod admission;
mod client;
mod failover;
mod mutants;
mod normalizer;
mod streaming;
#[path = "../upstream/mod.rs"]
#[expect(dead_code, reason = "each suite plays its own part of it")]
mod upstream;
