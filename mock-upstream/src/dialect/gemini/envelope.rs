//! The error object of Google's APIs, whose code is the status as a number.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Gemini, headers};
use crate::dialect::{Content, Healthy, NamedReply, Scene, Speaker as _};

/// The provider's own reply with this status. `why` says what it refuses, when it is no script that does.
pub(super) fn refusal(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    let document = document(status, why, scene);
    Healthy {
        status,
        headers: headers("application/json", scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: why.map(str::to_owned),
    }
}

/// The error within a stream, with these fields in place of its own.
pub(super) fn in_stream(fields: &Map<String, Value>, scene: &Scene<'_>) -> Value {
    let mut document = document(503, None, scene);
    if let Some(error) = document["error"].as_object_mut() {
        error.extend(fields.clone());
    }
    document
}

fn document(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Value {
    let mut document = NamedReply::standing_for(Gemini.named(), status).document(scene);
    document["error"]["code"] = json!(status);
    if document["error"]["status"].is_null() {
        // The rows of the newer API have none, and a refusal is always of this one.
        document["error"]["status"] = json!("FAILED_PRECONDITION");
    }
    if let Some(why) = why {
        document["error"]["message"] = json!(format!("{why} {}", scene.canary()));
    }
    document
}
