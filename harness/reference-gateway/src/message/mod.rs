//! Requests and answers as far as every protocol treats them alike: JSON that fits a schema, a 200 that is JSON.

mod answer;
mod request;

pub(crate) use answer::{BadChunk, document, is_type};
pub(crate) use request::{Call, Invalid, compile, fitting, is_odd};
