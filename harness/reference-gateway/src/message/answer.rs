//! Answers: a 200 that is JSON, before its protocol asks what it says.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::mutant::{Flaw, Flaws};

/// Why the data of an event cannot be sent on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadChunk {
    /// The event reports an error.
    Error,
    /// The event is no part of an answer.
    Malformed,
}

/// The JSON of a plain 200; `None` for what a flawed gateway takes unread.
pub(crate) fn document(
    headers: &HeaderMap,
    body: &[u8],
    flaws: Flaws,
) -> Result<Option<Value>, &'static str> {
    if body.is_empty() && !flaws.has(Flaw::AnswerEmptyPassed) {
        return Err("empty body");
    }
    let is_json = if flaws.has(Flaw::CharsetUnread) {
        headers.get(CONTENT_TYPE).is_some_and(|it| it == "application/json")
    } else {
        is_type(headers, "application/json")
    };
    if !is_json && flaws.has(Flaw::AnswerContentTypeUnchecked) {
        return Ok(None);
    }
    if !is_json && !body.is_empty() {
        return Err("content type other than JSON");
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(answer) => Ok(Some(answer)),
        Err(_) if body.is_empty() || accepts_half(flaws) => Ok(None),
        Err(_) => Err("body that is not JSON"),
    }
}

/// Whoever takes a connection that breaks off for the end of the body cannot insist on whole JSON.
fn accepts_half(flaws: Flaws) -> bool {
    flaws.has(Flaw::AnswerTruncatedPassed) || flaws.has(Flaw::BrokenBodyIsWhole)
}

/// Whether the media type is `expected`, whatever its parameters.
pub(crate) fn is_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default();
    media.trim().eq_ignore_ascii_case(expected)
}
