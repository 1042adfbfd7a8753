//! The OpenAI protocol as a gateway meets it: requests to judge, answers and chunks to check.

mod answer;
mod ranking;
mod request;

pub(crate) use answer::{chunk, usable};
pub(crate) use ranking::ranking;
pub(crate) use request::read;
