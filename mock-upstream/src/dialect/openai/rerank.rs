//! Rankings: documents by their relevance to a query, as servers word it that speak this dialect beyond OpenAI's own.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{model, ok, refusal};
use crate::dialect::{Healthy, Scene};
use crate::script::Reply;

/// The reply to a request for a ranking whose body is a JSON object.
pub(super) fn reply(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let (Some(query), Some(documents)) = (asked["query"].as_str(), documents(&asked["documents"])) else {
        return refusal(400, Some("a query and a list of documents are needed"), scene);
    };
    let mut ranked: Vec<(usize, f64)> =
        documents.iter().enumerate().map(|(at, document)| (at, relevance(query, document))).collect();
    ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranked.truncate(asked["top_n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX));
    let result = |&(at, score): &(usize, f64)| json!({"index": at, "relevance_score": score, "document": {"text": documents[at]}});
    let results: Vec<Value> = ranked.iter().map(result).collect();
    let prompt = reply.usage.map_or(4 * (1 + documents.len() as u64), |usage| usage.prompt);
    let usage = json!({"prompt_tokens": prompt, "total_tokens": prompt});
    let id = format!("rerank-{:016x}", scene.serial);
    ok(json!({"id": id, "model": model(asked, reply), "results": results, "usage": usage}), scene)
}

/// The documents as texts; nothing when one is neither a text nor an object with one.
fn documents(documents: &Value) -> Option<Vec<&str>> {
    documents.as_array().filter(|all| !all.is_empty())?.iter().map(text).collect()
}

fn text(document: &Value) -> Option<&str> {
    document.as_str().or_else(|| document["text"].as_str())
}

/// A score between 0 and 1 that depends on both texts alone.
fn relevance(query: &str, document: &str) -> f64 {
    let seed = Sha256::digest(format!("{query}\n{document}"));
    f64::from(u16::from_be_bytes([seed[0], seed[1]])) / f64::from(u16::MAX)
}
