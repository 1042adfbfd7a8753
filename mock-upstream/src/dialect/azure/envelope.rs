//! Azure's error object, whose code is the status as a text unless there is a word for it.

use bytes::Bytes;
use serde_json::json;

use super::{Azure, headers};
use crate::dialect::{Content, Healthy, NamedReply, Scene, Speaker as _};

/// The provider's own reply with this status. `why` says what it refuses, when it is no script that does.
pub(super) fn refusal(status: u16, why: Option<&str>, scene: &Scene<'_>) -> Healthy {
    let row = NamedReply::standing_for(Azure.named(), status);
    let mut document = row.document(scene);
    if row.status != status {
        document["error"]["code"] = json!(status.to_string());
    }
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
