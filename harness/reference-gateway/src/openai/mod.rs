//! The OpenAI protocol as a gateway meets it: requests to judge, answers and chunks to check.

mod answer;
mod request;

pub(crate) use answer::{BadChunk, chunk, is_type, usable};
pub(crate) use request::{Call, Invalid};
