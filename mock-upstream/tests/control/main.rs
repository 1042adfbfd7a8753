//! The control API, its client, and the binary that serves it.

#![expect(clippy::unwrap_used, reason = "a test says what failed by its backtrace")]

mod api;
mod binary;
mod door;
mod files;
mod lives;
mod near_and_far;
mod readme;
mod refusals;
mod routes;
mod schema;
mod wire;
