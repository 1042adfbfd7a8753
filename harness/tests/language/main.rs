//! The spec language, construct by construct: contracts of the tests' own, gateways that keep them, and gateways that do not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod gateway;
mod heir;
mod lanes;
mod memory;
mod moments;
mod tokens;
mod trial;
mod twenty;
mod via;
