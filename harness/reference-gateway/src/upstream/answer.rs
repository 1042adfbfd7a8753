//! A plain answer, read whole within its deadline.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use super::deadline::Deadline;
use super::failure::UpstreamFailure;
use crate::config::Limits;
use crate::mutant::{Flaw, Flaws};

/// A 200 and all of its body.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) async fn read_body(
    mut response: reqwest::Response,
    mut deadline: Deadline,
    limits: Limits,
    flaws: Flaws,
) -> Result<Bytes, UpstreamFailure> {
    let mut body = BytesMut::new();
    loop {
        match deadline.guard(response.chunk()).await? {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            // A connection that breaks off is taken for the end of the body.
            Err(_) if flaws.has(Flaw::BrokenBodyIsWhole) => return Ok(body.freeze()),
            Err(_) => return Err(UpstreamFailure::Unusable("incomplete body")),
        }
        if body.len() > limits.answer_bytes {
            return Err(UpstreamFailure::Unusable("body too large"));
        }
        if flaws.has(Flaw::DeadlineRestartsWithEachRead) {
            deadline = Deadline::after(limits.upstream);
        }
    }
}
