//! The two error shapes, one a lane, with the same types: a type follows from the status alone.

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::failure::Row;
use super::lane::Lane;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};

/// A finished failure, before it becomes bytes.
pub(super) struct Finished {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<String>,
    pub(super) body: Value,
    /// Sent instead of the envelope; only a blemished answer has this.
    pub(super) text: Option<String>,
    /// Fields that the page does not know; only a blemished answer has any.
    pub(super) extra: Vec<(HeaderName, HeaderValue)>,
}

pub(super) fn finish(row: Row, lane: Lane, flaws: Flaws) -> Finished {
    Finished {
        body: of(lane, &row, flaws),
        status: row.status,
        content_type: "application/json",
        retry_after: row.retry_after,
        text: None,
        extra: Vec::new(),
    }
}

/// The lane's envelope.
pub(super) fn of(lane: Lane, row: &Row, flaws: Flaws) -> Value {
    let Row { status, message, .. } = row;
    match lane {
        Lane::OpenAi => {
            json!({"error": {"message": message, "type": type_of(*status, flaws), "code": status.to_string()}})
        }
        Lane::Anthropic => {
            let kind = if flaws.has(Flaw::AnthropicTypesTranslated) {
                anthropics_own(*status)
            } else {
                type_of(*status, flaws)
            };
            json!({"type": "error", "error": {"type": kind, "message": message}})
        }
    }
}

/// The page's table.
fn type_of(status: u16, flaws: Flaws) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        404 => "not_found",
        429 => "rate_limit_error",
        502 => "upstream_error",
        503 => "service_unavailable",
        504 if flaws.has(Flaw::TimeoutTypeWrong) => "server_error",
        504 => "timeout",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

/// What Anthropic itself calls these, and this page does not.
fn anthropics_own(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

impl Finished {
    pub(super) fn into_reply(self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = self.text.unwrap_or_else(|| self.body.to_string());
        let mut reply = door::full(status, self.content_type, text);
        // What cannot be a header was not asked for by anyone.
        if let Some(Ok(value)) = self.retry_after.map(HeaderValue::try_from) {
            reply.headers_mut().insert(RETRY_AFTER, value);
        }
        for (name, value) in self.extra {
            reply.headers_mut().insert(name, value);
        }
        reply
    }
}
