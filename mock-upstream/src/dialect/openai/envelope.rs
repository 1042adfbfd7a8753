//! OpenAI's error object, by status.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::headers;
use crate::dialect::{Content, Healthy, Scene};

/// The provider's own reply with this status. `why` says what it refuses, when it is no script that does.
pub(super) fn refusal(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    let document = json!({ "error": error(status, why, scene) });
    Healthy {
        status,
        headers: headers("application/json", scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: why.map(str::to_owned),
    }
}

/// The event that reports a failure within a stream, with these fields in place of its own.
pub(super) fn error_event(fields: &Map<String, Value>, scene: &Scene<'_>) -> Bytes {
    let mut error = error(500, None, scene);
    if let Some(own) = error.as_object_mut() {
        own.extend(fields.clone());
    }
    Bytes::from(format!("data: {}\n\n", json!({ "error": error })))
}

fn error(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Value {
    let (kind, code, param, says) = row(status);
    let message = format!("{} {}", why.unwrap_or(says), scene.canary());
    json!({"message": message, "type": kind, "param": param, "code": code})
}

type Row = (&'static str, Option<&'static str>, Option<&'static str>, &'static str);

/// Type, code, param and message of a status.
fn row(status: u16) -> Row {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key"), None, "The API key given is not valid."),
        402 => {
            ("insufficient_quota", Some("credit_balance_exhausted"), None, "The credit balance is used up.")
        }
        403 => (
            "invalid_request_error",
            Some("unsupported_country_region_territory"),
            None,
            "This account may not do that from here.",
        ),
        404 => ("invalid_request_error", Some("model_not_found"), Some("model"), "There is no such model."),
        429 => ("rate_limit_error", Some("rate_limit_exceeded"), None, "Too many requests a minute."),
        503 => (
            "service_unavailable_error",
            Some("server_is_overloaded"),
            None,
            "The model is overloaded at the moment.",
        ),
        500..=599 => ("server_error", None, None, "Something failed while the request was processed."),
        _ => ("invalid_request_error", None, None, "The request cannot be served as it is."),
    }
}
