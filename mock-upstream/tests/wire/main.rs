//! The mock on the wire, seen by a client that has no HTTP library.

#![expect(clippy::unwrap_used, reason = "a test says what failed by its backtrace")]

mod crowd;
mod hostile;
mod http2;
mod impose;
mod raw;
mod recorded;
mod requests;
mod reuse;
mod scenarios;
mod selftest;
mod stage;
mod tls;
mod turns;
