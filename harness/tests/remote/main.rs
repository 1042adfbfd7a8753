//! Runs on a mock that is served elsewhere: the same outcomes, what may not begin, what goes wrong midway, and two at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod alike;
mod begin;
mod daemon;
mod midway;
mod runs;
mod seats;
