//! The models that a provider offers.

use serde_json::{Value, json};

use crate::dialect::Scene;

const OFFERED: [&str; 3] = ["gpt-5", "gpt-5-mini", "text-embedding-3-small"];

/// The list of models.
pub(super) fn list(scene: &Scene<'_>) -> Value {
    let data: Vec<Value> = OFFERED.iter().map(|id| one(id, scene)).collect();
    json!({"object": "list", "data": data})
}

/// One model; every id that is asked for exists.
pub(super) fn one(id: &str, scene: &Scene<'_>) -> Value {
    json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": scene.identity.organization})
}
