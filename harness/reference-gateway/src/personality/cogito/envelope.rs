//! The one error shape: `{"error": {type, code, message, request_id}}`, its type a function of the status.

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::failure::Row;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};

/// A finished failure, before it becomes bytes.
pub(super) struct Finished {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Vec<String>,
    pub(super) body: Value,
    /// Sent instead of the envelope; only a blemished answer has this.
    pub(super) text: Option<String>,
}

pub(super) fn finish(row: &Row, id: &str, flaws: Flaws) -> Finished {
    Finished {
        status: row.status,
        content_type: "application/json",
        retry_after: row.retry_after.iter().cloned().collect(),
        body: envelope(row, id, flaws),
        text: None,
    }
}

/// The envelope as text.
pub(super) fn body(row: &Row, id: &str, flaws: Flaws) -> String {
    envelope(row, id, flaws).to_string()
}

/// The page's table: 504 and above belong to the cluster, as do 500 to 502.
fn type_of(status: u16, flaws: Flaws) -> &'static str {
    match status {
        401 if flaws.has(Flaw::UnauthorizedTypeWrong) => "invalid_request_error",
        402 if flaws.has(Flaw::QuotaTypeWrong) => "billing_error",
        403 if flaws.has(Flaw::ForbiddenTypeWrong) => "authentication_error",
        404 if flaws.has(Flaw::NotFoundTypeWrong) => "not_found_error",
        429 if flaws.has(Flaw::RateLimitTypeWrong) => "insufficient_quota",
        503 if flaws.has(Flaw::UnavailableTypeWrong) => "api_error",
        504 if flaws.has(Flaw::TimeoutTypeWrong) => "timeout_error",
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_denied",
        429 => "rate_limit_error",
        503 => "service_unavailable",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn envelope(row: &Row, id: &str, flaws: Flaws) -> Value {
    let kind = type_of(row.status, flaws);
    let id = row.request_id.as_deref().unwrap_or(id);
    json!({"error": {"type": kind, "code": row.code, "message": row.message, "request_id": id}})
}

impl Finished {
    pub(super) fn into_reply(self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = self.text.unwrap_or_else(|| self.body.to_string());
        let mut reply = door::full(status, self.content_type, text);
        for value in self.retry_after {
            // What cannot be a header was not asked for by anyone.
            if let Ok(value) = HeaderValue::from_str(&value) {
                reply.headers_mut().append(RETRY_AFTER, value);
            }
        }
        reply
    }
}
