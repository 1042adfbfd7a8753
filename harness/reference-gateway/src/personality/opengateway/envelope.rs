//! The error shape of each protocol, its type a function of the status.

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::failure::Row;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::Protocol;

/// All that a client ever learns about who served it.
const PROVIDER: &str = "opengateway";

/// A finished failure, before it becomes bytes.
pub(super) struct Finished {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Value,
    /// Sent instead of the envelope; only a blemished answer has this.
    pub(super) text: Option<String>,
}

pub(super) fn finish(row: Row, protocol: Protocol, flaws: Flaws) -> Finished {
    let body = body(&row, protocol, flaws);
    // What cannot be a header was not asked for by anyone.
    let delay = row.retry_after.and_then(|it| HeaderValue::from_str(&it).ok());
    let headers = delay.into_iter().map(|it| (RETRY_AFTER, it)).chain(row.leaked).collect();
    Finished { status: row.status, content_type: "application/json", headers, body, text: None }
}

/// The envelope.
pub(super) fn body(row: &Row, protocol: Protocol, flaws: Flaws) -> Value {
    if protocol == Protocol::Anthropic && !flaws.has(Flaw::OpenAiEnvelopeOnMessages) {
        let openai = flaws.has(Flaw::OpenAiTypesOnMessages);
        let kind = if openai { openai_type(row.status) } else { anthropic_type(row.status) };
        return json!({"type": "error", "error": {"type": kind, "message": row.message}});
    }
    let kind = openai_type(row.status);
    json!({"error": {"type": kind, "message": row.message, "code": row.code, "provider": PROVIDER}})
}

fn openai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        429 => "rate_limit_error",
        503 => "service_unavailable",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

impl Finished {
    pub(super) fn into_reply(self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = self.text.unwrap_or_else(|| self.body.to_string());
        let mut reply = door::full(status, self.content_type, text);
        for (name, value) in self.headers {
            reply.headers_mut().append(name, value);
        }
        reply
    }
}
