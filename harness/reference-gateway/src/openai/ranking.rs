//! Rankings: what counts as one, from servers that offer it beside the protocol's own lanes.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::message::document;
use crate::mutant::{Flaw, Flaws};

/// Checks a plain 200 that ranks so many documents, and gives the tokens it says it used.
pub(crate) fn ranking(
    documents: usize,
    headers: &HeaderMap,
    body: &Bytes,
    flaws: Flaws,
) -> Result<Option<i64>, &'static str> {
    let Some(answer) = document(headers, body, flaws)? else { return Ok(None) };
    if answer.get("error").is_some_and(|it| !it.is_null()) && !flaws.has(Flaw::AnswerErrorObjectPassed) {
        return Err("error object in a 200");
    }
    let results = answer.get("results").and_then(Value::as_array);
    let whole = results.is_some_and(|it| !it.is_empty() && it.iter().all(|result| ranked(result, documents)));
    if !whole && !flaws.has(Flaw::AnswerErrorObjectPassed) {
        return Err("no results");
    }
    match answer.pointer("/usage/total_tokens") {
        None | Some(Value::Null) => Ok(None),
        Some(total) => total.as_i64().map(Some).ok_or("fields of the wrong type"),
    }
}

fn ranked(result: &Value, documents: usize) -> bool {
    let index = result.get("index").and_then(Value::as_u64);
    let known = index.and_then(|it| usize::try_from(it).ok()).is_some_and(|it| it < documents);
    known && result.get("relevance_score").is_some_and(Value::is_number)
}
