//! Bedrock's errors: a body with a message only, the type in a header; within a stream, an exception frame.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Bedrock, frame, headers};
use crate::dialect::{Content, Healthy, NamedReply, Scene, Speaker as _};

/// The provider's own reply with this status. `why` says what it refuses, when it is no script that does.
pub(super) fn refusal(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    let row = NamedReply::standing_for(Bedrock.named(), status);
    let mut document = row.document(scene);
    if let Some(why) = why {
        document["message"] = json!(format!("{why} {}", scene.canary()));
    }
    let mut headers = headers("application/json", scene);
    headers.override_with(&row.headers);
    Healthy {
        status,
        headers,
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: why.map(str::to_owned),
    }
}

/// The field of an error event that chooses the exception; it goes into the frame and not into the payload.
const TYPE: &str = "type";

/// The exception that ends a stream, with these fields in place of its own.
pub(super) fn exception(fields: &Map<String, Value>, scene: &Scene<'_>) -> Bytes {
    let mut payload = fields.clone();
    let kind = payload.shift_remove(TYPE);
    let kind = kind.as_ref().and_then(Value::as_str).unwrap_or("modelStreamErrorException");
    let message = || json!(format!("The model failed while it streamed its answer. {}", scene.canary()));
    payload.entry("message").or_insert_with(message);
    if kind == "modelStreamErrorException" {
        payload.entry("originalStatusCode").or_insert_with(|| json!(500));
        payload.entry("originalMessage").or_insert_with(message);
    }
    frame::exception(kind, Value::Object(payload).to_string().as_bytes())
}
