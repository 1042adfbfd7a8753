//! The errors of each quirk, made from OpenAI's error object.

use serde_json::{Map, Value, json};

use super::Quirk;
use crate::dialect::Scene;

/// Content type and text of a quirk whose errors are no JSON.
pub(super) fn page(quirk: Quirk, status: u16, scene: &Scene<'_>) -> Option<(&'static str, String)> {
    let canary = scene.canary();
    let page = match quirk {
        Quirk::Html => {
            let title = format!("{status}: the origin failed");
            let page = format!(
                "<!doctype html>\n<html><head><title>{title}</title></head>\n\
                 <body><h1>{title}</h1><p>{canary}</p></body></html>\n"
            );
            ("text/html; charset=UTF-8", page)
        }
        Quirk::Empty => ("text/plain", String::new()),
        Quirk::PlainText => ("text/plain; charset=utf-8", format!("upstream error {status} {canary}\n")),
        _ => return None,
    };
    Some(page)
}

/// The body of a quirk whose errors are JSON, where OpenAI would send this error.
pub(super) fn document(quirk: Quirk, status: u16, error: Value, scene: &Scene<'_>) -> Value {
    match quirk {
        Quirk::RateLimitInside if status >= 500 => json!({"error": rate_limit(&error)}),
        Quirk::RetryAfterInBody => {
            let mut document = json!({ "error": error });
            document["retry_after"] = json!(RETRY_AFTER);
            document
        }
        Quirk::Unified => unified(status, &error, scene),
        _ => shaped(quirk, status, error.clone()).unwrap_or_else(|| json!({ "error": error })),
    }
}

/// Seconds to wait, where only the body says so.
const RETRY_AFTER: u64 = 120;

/// The data of an error event, where the quirk shows in streams, with these fields in place of its own.
pub(super) fn chunk(
    quirk: Quirk,
    error: Value,
    fields: &Map<String, Value>,
    scene: &Scene<'_>,
) -> Option<Value> {
    let status = 500;
    let mut error = error;
    error.as_object_mut()?.extend(fields.clone());
    match quirk {
        Quirk::StatusInStream => {
            error["status_code"] = json!(status);
            Some(json!({ "error": error }))
        }
        Quirk::RateLimitInside => {
            let mut inside = rate_limit(&error);
            inside.as_object_mut()?.extend(fields.clone());
            Some(json!({ "error": inside }))
        }
        Quirk::RetryAfterInBody => Some(json!({"error": error, "retry_after": RETRY_AFTER})),
        Quirk::Unified => Some(finishing(&error, scene)),
        _ => shaped(quirk, status, error),
    }
}

/// The error in a shape that is not OpenAI's; none where the quirk lies elsewhere.
fn shaped(quirk: Quirk, status: u16, mut error: Value) -> Option<Value> {
    let message = error["message"].clone();
    let document = match quirk {
        Quirk::IntegerCode => {
            error["type"] = json!(class_name(status));
            error["code"] = json!(status);
            json!({ "error": error })
        }
        Quirk::TopLevelError => {
            json!({
                "object": "error", "message": message, "type": class_name(status),
                "param": null, "code": status,
            })
        }
        Quirk::ErrorString => json!({ "error": message }),
        Quirk::DetailString => json!({ "detail": message }),
        Quirk::DetailList => {
            json!({"detail": [{"type": "value_error", "loc": ["body"], "msg": message, "input": null}]})
        }
        Quirk::MessageOnly => json!({ "message": message }),
        Quirk::CodeWithoutType => {
            let code = error["code"].as_str().unwrap_or("upstream_error");
            json!({"error": {"message": message, "code": code}})
        }
        Quirk::TypeWithoutCode => json!({"error": {"message": message, "type": error["type"]}}),
        Quirk::NullCode => {
            (error["param"], error["code"]) = (Value::Null, Value::Null);
            json!({ "error": error })
        }
        _ => return None,
    };
    Some(document)
}

/// The type as vLLM names it.
fn class_name(status: u16) -> &'static str {
    match status {
        401 => "AuthenticationError",
        403 => "PermissionDeniedError",
        404 => "NotFoundError",
        422 => "UnprocessableEntityError",
        429 => "RateLimitError",
        500.. => "InternalServerError",
        _ => "BadRequestError",
    }
}

fn rate_limit(error: &Value) -> Value {
    json!({
        "message": error["message"], "type": "rate_limit_error", "param": null, "code": "rate_limit_exceeded",
    })
}

fn unified(status: u16, error: &Value, scene: &Scene<'_>) -> Value {
    let metadata = json!({"provider_name": scene.identity.organization, "raw": error.to_string()});
    json!({"error": {"code": status, "message": error["message"], "metadata": metadata}})
}

/// A chunk that is an error and the finish of the answer in one.
fn finishing(error: &Value, scene: &Scene<'_>) -> Value {
    let code = error["code"].as_str().unwrap_or("server_error");
    json!({
        "id": format!("gen-{:024x}", scene.serial), "object": "chat.completion.chunk",
        "created": scene.unix_time, "model": "upstream/model", "provider": scene.identity.organization,
        "error": {"code": code, "message": error["message"]},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "error"}],
    })
}
