//! Embeddings: one vector for each input, as numbers or base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{model, ok, refusal};
use crate::dialect::{Healthy, Scene};
use crate::script::Reply;

const DIMENSIONS: u64 = 16;
const MOST_DIMENSIONS: u64 = 4096;
/// Numbers of all vectors of a reply, some 1.4 MB of JSON: who asks for a long list of long vectors gets short ones, since a
/// reply of 160 MB would be about what a gateway buffers and no longer about its contract.
const MOST_NUMBERS: u64 = 1 << 16;

/// The reply to an embeddings request whose body is a JSON object.
pub(super) fn reply(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let Some(inputs) = inputs(&asked["input"]) else {
        return refusal(400, Some("`input` is neither a text nor tokens nor a list of these"), scene);
    };
    let most = (MOST_NUMBERS / inputs.len() as u64).clamp(1, MOST_DIMENSIONS);
    let dimensions = asked["dimensions"].as_u64().unwrap_or(DIMENSIONS).clamp(1, most);
    let as_base64 = asked["encoding_format"] == json!("base64");
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let vector = vector(input, dimensions);
            let embedding = if as_base64 {
                let singles = vector.iter().flat_map(|part| single(*part).to_le_bytes());
                json!(STANDARD.encode(singles.collect::<Vec<u8>>()))
            } else {
                json!(vector)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let prompt = reply.usage.map_or(4 * inputs.len() as u64, |usage| usage.prompt);
    let usage = json!({"prompt_tokens": prompt, "total_tokens": prompt});
    ok(json!({"object": "list", "data": data, "model": model(asked, reply), "usage": usage}), scene)
}

/// The inputs one by one: a list of numbers is one input, of anything else several.
pub(super) fn inputs(input: &Value) -> Option<Vec<&Value>> {
    match input {
        Value::String(_) => Some(vec![input]),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) if items.iter().all(Value::is_number) => Some(vec![input]),
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_array()) => {
            Some(items.iter().collect())
        }
        _ => None,
    }
}

/// A vector of length 1 that depends on the input alone, with as many digits as singles have.
pub(in crate::dialect) fn vector(input: &Value, dimensions: u64) -> Vec<f64> {
    let seed = Sha256::digest(input.to_string());
    let raw: Vec<f64> = (0..dimensions)
        .map(|at| {
            let byte = seed[(at % 32) as usize].wrapping_add((at / 32) as u8);
            (f64::from(byte) - 127.5) / 127.5
        })
        .collect();
    let length = raw.iter().map(|part| part * part).sum::<f64>().sqrt();
    raw.into_iter().map(|part| (part / length * DIGITS).round() / DIGITS).collect()
}

/// Eight digits behind the point.
const DIGITS: f64 = 1e8;

#[expect(clippy::cast_possible_truncation, reason = "base64 holds singles, whose digits these are")]
fn single(part: f64) -> f32 {
    part as f32
}
