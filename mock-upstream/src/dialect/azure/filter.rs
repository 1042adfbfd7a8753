//! What the content filter found, written into completions; other documents stay as they are.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::dialect::{Event, EventRole};

const CATEGORIES: [&str; 4] = ["hate", "self_harm", "sexual", "violence"];

/// The document with filter results for the prompt and each choice.
pub(super) fn document(body: &Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut document)
            if ["chat.completion", "text_completion"].iter().any(|kind| document["object"] == *kind) =>
        {
            rate_choices(&mut document);
            document["prompt_filter_results"] = prompt_results();
            Bytes::from(document.to_string())
        }
        _ => body.clone(),
    }
}

/// The events with filter results for each choice, behind one that has no choice and rates the prompt.
pub(super) fn events(events: Vec<Event>) -> Vec<Event> {
    let rated: Vec<Option<Bytes>> = events.iter().map(|event| chunk(&event.bytes)).collect();
    if rated.iter().all(Option::is_none) {
        return events;
    }
    let prompt = json!({
        "id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": prompt_results(),
    });
    let first = Event { bytes: Bytes::from(format!("data: {prompt}\n\n")), role: EventRole::Part };
    let others = rated
        .into_iter()
        .zip(events)
        .map(|(rated, event)| Event { bytes: rated.unwrap_or(event.bytes), role: event.role });
    std::iter::once(first).chain(others).collect()
}

/// Several events in one piece, with filter results for each choice.
pub(super) fn joined(events: &Bytes) -> Bytes {
    let mut rated = Vec::new();
    for line in events.split_inclusive(|byte| *byte == b'\n') {
        rated.extend_from_slice(
            &chunk(line).map_or(Bytes::copy_from_slice(line), |event| event.slice(..event.len() - 1)),
        );
    }
    Bytes::from(rated)
}

/// The event with its results, when it is a chunk of a completion.
fn chunk(event: &[u8]) -> Option<Bytes> {
    let mut chunk: Value = serde_json::from_slice(event.strip_prefix(b"data: ")?).ok()?;
    if !["chat.completion.chunk", "text_completion"].iter().any(|kind| chunk["object"] == *kind) {
        return None;
    }
    rate_choices(&mut chunk);
    Some(Bytes::from(format!("data: {chunk}\n\n")))
}

/// Results of the choices; empty where a choice says no text.
fn rate_choices(document: &mut Value) {
    for choice in document["choices"].as_array_mut().into_iter().flatten() {
        let spoken = ["message", "delta"].into_iter().find_map(|field| choice[field]["content"].as_str());
        let text = spoken.or_else(|| choice["text"].as_str());
        let speaks = text.is_some_and(|text| !text.is_empty());
        choice["content_filter_results"] = if speaks { safe() } else { json!({}) };
    }
}

fn prompt_results() -> Value {
    json!([{"prompt_index": 0, "content_filter_results": safe()}])
}

fn safe() -> Value {
    let result = |category: &str| (category.to_owned(), json!({"filtered": false, "severity": "safe"}));
    Value::Object(CATEGORIES.into_iter().map(result).collect())
}
