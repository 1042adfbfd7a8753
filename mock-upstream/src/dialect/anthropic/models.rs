//! The models that the provider offers, as its own list has them.

use serde_json::{Value, json};

const OFFERED: [&str; 3] = ["claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"];

/// The list of models, on one page.
pub(super) fn list() -> Value {
    let data: Vec<Value> = OFFERED.into_iter().map(one).collect();
    json!({"data": data, "has_more": false, "first_id": OFFERED[0], "last_id": OFFERED[OFFERED.len() - 1]})
}

/// One model; every id that is asked for exists.
pub(super) fn one(id: &str) -> Value {
    json!({
        "type": "model", "id": id, "display_name": id, "created_at": "2025-10-01T00:00:00Z",
        "lifecycle": "active", "line": null, "deprecated_at": null, "retires_at": null,
        "max_input_tokens": 200_000, "max_tokens": 64_000, "capabilities": null,
    })
}
