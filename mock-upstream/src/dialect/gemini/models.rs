//! The models that the provider offers.

use serde_json::{Value, json};

const OFFERED: [&str; 3] = ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-embedding-001"];

/// The list of models.
pub(super) fn list() -> Value {
    json!({ "models": OFFERED.map(one) })
}

/// One model; every id that is asked for exists.
pub(super) fn one(id: &str) -> Value {
    let methods = if id.contains("embedding") {
        ["embedContent", "countTokens"]
    } else {
        ["generateContent", "countTokens"]
    };
    json!({
        "name": format!("models/{id}"), "version": "001", "displayName": id, "description": "A model.",
        "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536, "supportedGenerationMethods": methods,
        "temperature": 1, "topP": 0.95, "topK": 64,
    })
}
