//! The one error shape: `{"error": {message, type}}`.

use http::StatusCode;
use serde_json::{Value, json};

use super::failure::Row;
use crate::door::{self, Reply};

/// A finished failure, before it becomes bytes.
pub(super) struct Finished {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Value,
    /// Sent instead of the envelope; only a blemished answer has this.
    pub(super) text: Option<String>,
}

pub(super) fn finish(row: &Row) -> Finished {
    Finished { status: row.status, content_type: "application/json", body: envelope(row), text: None }
}

pub(super) fn envelope(row: &Row) -> Value {
    json!({"error": {"message": row.message, "type": row.kind}})
}

impl Finished {
    pub(super) fn into_reply(self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        door::full(status, self.content_type, self.text.unwrap_or_else(|| self.body.to_string()))
    }
}
