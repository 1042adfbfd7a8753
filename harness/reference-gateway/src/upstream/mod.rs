//! The way to a provider: one call, its deadlines, and every way it can fail.

mod answer;
mod client;
mod deadline;
mod failure;
mod pump;
pub(crate) mod retry_after;
mod sse;

pub(crate) use answer::{Answer, read_body};
pub(crate) use client::Client;
pub(crate) use failure::{Refused, UpstreamFailure};
pub(crate) use pump::{Event, Pump};
