//! Gateways that no harness may be fooled, stalled or brought down by, and users who interrupt it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod fallback;
mod front;
mod program;
mod secrets;
mod simple;
mod stop;
mod survey;
mod wire;
