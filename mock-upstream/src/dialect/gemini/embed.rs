//! Embeddings of one content, or of a batch.

use serde_json::{Value, json};

use crate::dialect::openai::embeddings::vector;

const DIMENSIONS: u64 = 16;
const MOST_DIMENSIONS: u64 = 3072;

/// The embedding of one content.
pub(super) fn one(asked: &Value) -> Value {
    json!({ "embedding": embedding(asked) })
}

/// The embeddings of the requests of a batch, in their order.
pub(super) fn batch(asked: &Value) -> Option<Value> {
    let requests = asked["requests"].as_array()?;
    Some(json!({ "embeddings": requests.iter().map(embedding).collect::<Vec<_>>() }))
}

fn embedding(asked: &Value) -> Value {
    let dimensions = asked["outputDimensionality"].as_u64().unwrap_or(DIMENSIONS).clamp(1, MOST_DIMENSIONS);
    json!({ "values": vector(&asked["content"], dimensions) })
}
