//! The Anthropic messages protocol as a gateway meets it: requests to judge, answers and streams to check.

mod answer;
mod request;
mod stream;

pub(crate) use answer::usable;
pub(crate) use request::read;
pub(crate) use stream::{Heard, Progress, tokens};
