//! Slips in how failures of the upstream are told.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::{Kind, Slip, Told};

const fn slip(
    name: &'static str,
    shows: &'static [&'static str],
    fits: fn(u16, &str) -> bool,
    spoil: fn(&mut Told),
) -> Slip {
    Slip { name, shows, kind: Kind::Answer(fits, spoil) }
}

fn edit(told: &mut Told, change: impl FnOnce(&mut Value)) {
    let mut json: Value = serde_json::from_slice(&told.body).unwrap_or_default();
    change(&mut json);
    told.body = json.to_string().into_bytes();
    unframe(&mut told.headers);
}

/// The length is told anew by whoever writes the answer.
fn unframe(headers: &mut HeaderMap) {
    headers.remove(http::header::CONTENT_LENGTH);
}

fn set(json: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = json.pointer_mut(pointer) {
        *place = value;
    }
}

/// Every one of them.
pub(super) const SLIPS: &[Slip] = &[
    slip(
        "upstream-503-forgets-the-delay",
        &["upstream(503"],
        |_, code| code == "upstream_503",
        |told| {
            told.headers.remove(RETRY_AFTER);
        },
    ),
    slip(
        "upstream-429-says-soon",
        &["upstream(429"],
        |_, code| code == "upstream_429",
        |told| {
            told.headers.insert(RETRY_AFTER, HeaderValue::from_static("soon"));
        },
    ),
    slip(
        "upstream-507-is-markup",
        &["upstream(507"],
        |_, code| code == "upstream_507",
        |told| {
            told.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            told.body = b"<html><h1>507</h1></html>".to_vec();
            unframe(&mut told.headers);
        },
    ),
    slip(
        "upstream-529-has-a-type-of-its-own",
        &["upstream(529"],
        |_, code| code == "upstream_529",
        |told| {
            edit(told, |json| set(json, "/error/type", "overloaded_error".into()));
        },
    ),
    slip(
        "upstream-418-is-empty",
        &["upstream(418"],
        |_, code| code == "upstream_418",
        |told| {
            told.body = Vec::new();
            unframe(&mut told.headers);
        },
    ),
    slip(
        "upstream-599-is-a-string",
        &["upstream(599"],
        |_, code| code == "upstream_599",
        |told| {
            told.body = br#"{"error":"upstream failed"}"#.to_vec();
            unframe(&mut told.headers);
        },
    ),
    slip(
        "upstream-451-has-no-id",
        &["upstream(451"],
        |_, code| code == "upstream_451",
        |told| {
            edit(told, |json| {
                if let Some(error) = json.pointer_mut("/error").and_then(Value::as_object_mut) {
                    error.remove("request_id");
                }
            });
        },
    ),
    slip(
        "upstream-520-is-wrapped-twice",
        &["upstream(520"],
        |_, code| code == "upstream_520",
        |told| {
            edit(told, |json| *json = serde_json::json!({"error": json.clone()}));
        },
    ),
    slip(
        "upstream-424-is-424",
        &["upstream(424"],
        |_, code| code == "upstream_424",
        |told| told.status = 422,
    ),
    slip(
        "upstream-413-is-plain-text",
        &["upstream(413"],
        |_, code| code == "upstream_413",
        |told| {
            told.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        },
    ),
    slip(
        "upstream-502-code-is-a-number",
        &["upstream(502"],
        |_, code| code == "upstream_502",
        |told| {
            edit(told, |json| set(json, "/error/code", 502.into()));
        },
    ),
    slip(
        "unusable-answer-tells-its-type-as-none",
        &["upstream("],
        |status, code| status == 502 && code == "upstream_invalid_response",
        |told| {
            edit(told, |json| set(json, "/error/type", "None".into()));
        },
    ),
];
