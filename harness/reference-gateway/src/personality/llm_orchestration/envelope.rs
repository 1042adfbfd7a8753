//! The one error shape: `{"error": {code, message, http}}`, its `http` the status.

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::failure::Failure;
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
}

pub(super) fn finish(failure: &Failure, flaws: Flaws) -> Finished {
    let (status, _) = failure.code.row(flaws);
    let told = failure.retry_after.filter(|_| !flaws.has(Flaw::RateLimitWithoutRetryAfter));
    Finished {
        status,
        content_type: "application/json",
        retry_after: told.map(|it| it.to_string()),
        body: envelope(failure, flaws),
        text: None,
    }
}

/// The envelope as text.
pub(super) fn body(failure: &Failure, flaws: Flaws) -> String {
    envelope(failure, flaws).to_string()
}

fn envelope(failure: &Failure, flaws: Flaws) -> Value {
    let (status, number) = failure.code.row(flaws);
    json!({"error": {"code": format!("LLM_{number:04}"), "message": failure.message, "http": status}})
}

impl Finished {
    pub(super) fn into_reply(self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = self.text.unwrap_or_else(|| self.body.to_string());
        let mut reply = door::full(status, self.content_type, text);
        if let Some(value) = self.retry_after.and_then(|it| HeaderValue::from_str(&it).ok()) {
            reply.headers_mut().insert(RETRY_AFTER, value);
        }
        reply
    }
}
