//! The LLM Orchestration personality, driven over the wire: the healthy service against its page.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get is its failure")]

mod admission;
mod client;
mod desk;
mod providers;
#[path = "../upstream/mod.rs"]
#[expect(dead_code, reason = "each suite plays its own part of it")]
mod upstream;
mod work;
