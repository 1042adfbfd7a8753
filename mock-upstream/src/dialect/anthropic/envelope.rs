//! Anthropic's error object; what it says of each status stands in the file of named replies.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Anthropic, headers};
use crate::dialect::{Content, Healthy, NamedReply, Scene, Speaker as _, sse};

/// The provider's own reply with this status. `why` says what it refuses, when it is no script that does.
pub(super) fn refusal(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    let mut document = NamedReply::standing_for(Anthropic.named(), status).document(scene);
    if let Some(why) = why {
        document["error"]["message"] = json!(format!("{why} {}", scene.canary()));
    }
    Healthy {
        status,
        headers: headers::of("application/json", scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: why.map(str::to_owned),
    }
}

/// The event that reports a failure within a stream, with these fields in place of its own.
pub(super) fn event(fields: &Map<String, Value>, scene: &Scene<'_>) -> Bytes {
    let mut document = NamedReply::standing_for(Anthropic.named(), 529).document(scene);
    if let Some(error) = document["error"].as_object_mut() {
        error.extend(fields.clone());
    }
    sse::named("error", &document.to_string())
}
