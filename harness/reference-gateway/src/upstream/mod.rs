//! The way to a provider: one call, its deadlines and every way it can fail; and to several, asked in order.

mod answer;
mod breaker;
mod chain;
mod client;
mod deadline;
mod failure;
mod gate;
mod policy;
mod protocol;
mod pump;
pub(crate) mod retry_after;
mod sse;

pub(crate) use answer::{Answer, read_body};
pub(crate) use breaker::{Breaker, Circuit};
pub(crate) use chain::{GaveUp, ask, clients};
pub(crate) use client::Client;
pub(crate) use failure::{Refused, UpstreamFailure};
pub(crate) use gate::{AlwaysOpen, Ended, Gate};
pub(crate) use policy::{Backoff, Decision, Policy};
pub(crate) use protocol::{Protocol, bare};
pub(crate) use pump::{Event, Pump};
