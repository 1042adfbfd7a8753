//! What counts as an answer: the least that a client of this protocol relies on.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::config::Feature;
use crate::message::{BadChunk, document};
use crate::mutant::{Flaw, Flaws};

/// Checks a plain 200, and gives the tokens it says it used.
pub(crate) fn usable(
    feature: Feature,
    headers: &HeaderMap,
    body: &Bytes,
    flaws: Flaws,
) -> Result<Option<i64>, &'static str> {
    let Some(answer) = document(headers, body, flaws)? else { return Ok(None) };
    if failed(&answer) && !flaws.has(Flaw::AnswerErrorObjectPassed) {
        return Err("error object in a 200");
    }
    let list = match feature {
        Feature::Chat => "choices",
        Feature::Embeddings => "data",
    };
    let items = answer.get(list).and_then(Value::as_array);
    let good = items.is_some_and(|it| !it.is_empty() && it.iter().all(|item| complete(feature, item)));
    if good && !sound(&answer) {
        return Err("fields of the wrong type");
    }
    let overlooked = flaws.has(Flaw::AnswerChoicesNullPassed) && answer.get(list).is_some_and(Value::is_null)
        || flaws.has(Flaw::AnswerErrorObjectPassed) && failed(&answer);
    if !good && !overlooked {
        return Err("no choices");
    }
    Ok(answer.pointer("/usage/total_tokens").and_then(Value::as_i64))
}

fn complete(feature: Feature, item: &Value) -> bool {
    match feature {
        Feature::Chat => {
            let message = item.get("message").filter(|message| message.is_object());
            let says = message.and_then(|message| message.get("content"));
            let calls = message.and_then(|message| message.get("tool_calls")).is_some_and(Value::is_array);
            let finished = item.get("finish_reason").is_some_and(Value::is_string);
            finished && (calls || says.is_some_and(|text| text.is_string() || text.is_null()))
        }
        Feature::Embeddings => item.get("embedding").is_some_and(|it| it.is_array() || it.is_string()),
    }
}

/// Whether what every answer has is of its type, where it is there.
fn sound(answer: &Value) -> bool {
    let counts = |usage: &Value| {
        let counts = ["prompt_tokens", "completion_tokens", "total_tokens"].map(|name| usage.get(name));
        counts.into_iter().flatten().all(|count| count.is_u64() || count.is_null())
    };
    let usage = answer.get("usage").is_none_or(|usage| usage.is_null() || usage.is_object() && counts(usage));
    usage && answer.get("created").is_none_or(Value::is_u64)
}

/// Checks the data of one event of a chat stream.
pub(crate) fn chunk(data: &[u8]) -> Result<Value, BadChunk> {
    let chunk: Value = serde_json::from_slice(data).map_err(|_| BadChunk::Malformed)?;
    if failed(&chunk) {
        return Err(BadChunk::Error);
    }
    match chunk.get("choices") {
        Some(Value::Array(choices)) if choices.iter().all(Value::is_object) => Ok(chunk),
        _ => Err(BadChunk::Malformed),
    }
}

fn failed(answer: &Value) -> bool {
    answer.get("error").is_some_and(|it| !it.is_null())
}
