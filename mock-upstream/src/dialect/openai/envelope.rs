//! OpenAI's error object; what it says of each status stands in the file of named replies.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{OpenAi, headers};
use crate::dialect::{Content, Healthy, NamedReply, Scene, Speaker as _};

/// The provider's own reply with this status. `why` says what it refuses, when it is no script that does.
pub(super) fn refusal(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    reply(status, NamedReply::standing_for(OpenAi.named(), status), why, scene)
}

/// The refusal of a request for something that is not there and is no model.
pub(super) fn absent(why: &str, scene: &Scene<'_>) -> Healthy {
    let row = OpenAi.named().iter().find(|row| row.name == "not_found");
    reply(404, row.unwrap_or_else(|| NamedReply::standing_for(OpenAi.named(), 404)), Some(why), scene)
}

/// The error object of a failure within a stream, with these fields in place of its own.
pub(super) fn in_stream(fields: &Map<String, Value>, scene: &Scene<'_>) -> Map<String, Value> {
    let row = NamedReply::standing_for(OpenAi.named(), 500);
    let mut error = row.document(scene)["error"].as_object().cloned().unwrap_or_default();
    error.extend(fields.clone());
    error
}

fn reply(status: u16, row: &NamedReply, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    let mut document = row.document(scene);
    if let Some(why) = why {
        document["error"]["message"] = json!(format!("{why} {}", scene.canary()));
    }
    Healthy {
        status,
        headers: headers("application/json", scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: why.map(str::to_owned),
    }
}
