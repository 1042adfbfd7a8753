//! A scripted LLM provider that plays every failure an upstream can cause, and journals what happened on the wire.
//!
//! The modules read from left to right, and import from right to left:
//! `headers` → `fault` → `script` → `dialect` → `step` → `journal` → `scenario` → `server` → `control` → `selftest` → `cli`.
#![doc = include_str!("../README.md")]

#[cfg(feature = "daemon")]
pub mod cli;
pub mod control;
pub mod dialect;
pub mod fault;
mod headers;
pub mod journal;
pub mod scenario;
pub mod script;
#[cfg(feature = "client")]
pub mod selftest;
pub mod server;
pub mod step;

pub use fault::{Catalogue, Fault};
pub use journal::{Ended, Entry};
pub use scenario::{Marker, Markers, Scenario, ScenarioSpec};
pub use script::{Play, Script, Turn};
pub use server::{MockUpstream, Options, Provider, ProviderOptions};

/// The version of this crate; a remote mock has to be of the same.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
