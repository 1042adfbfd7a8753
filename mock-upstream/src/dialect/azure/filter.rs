//! What the content filter found, written into chat completions; other documents stay as they are.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::dialect::{Event, EventRole};

const CATEGORIES: [&str; 4] = ["hate", "self_harm", "sexual", "violence"];

/// The document with filter results for the prompt and each choice.
pub(super) fn document(body: &Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut document) if document["object"] == "chat.completion" => {
            rate_choices(&mut document);
            document["prompt_filter_results"] = prompt_results();
            Bytes::from(document.to_string())
        }
        _ => body.clone(),
    }
}

/// The events with filter results for each choice, behind one that has no choice and rates the prompt.
pub(super) fn events(events: Vec<Event>) -> Vec<Event> {
    let rated: Vec<Option<Event>> = events.iter().map(rated).collect();
    if rated.iter().all(Option::is_none) {
        return events;
    }
    let prompt = json!({
        "id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": prompt_results(),
    });
    let first = Event { bytes: Bytes::from(format!("data: {prompt}\n\n")), role: EventRole::Part };
    let others = rated.into_iter().zip(events).map(|(rated, event)| rated.unwrap_or(event));
    std::iter::once(first).chain(others).collect()
}

/// The event with its results, when it is a chunk of a chat completion.
fn rated(event: &Event) -> Option<Event> {
    let data = event.bytes.strip_prefix(b"data: ")?;
    let mut chunk: Value = serde_json::from_slice(data).ok()?;
    if chunk["object"] != "chat.completion.chunk" {
        return None;
    }
    rate_choices(&mut chunk);
    Some(Event { bytes: Bytes::from(format!("data: {chunk}\n\n")), role: event.role })
}

/// Results of the choices; empty where a choice says no text.
fn rate_choices(document: &mut Value) {
    for choice in document["choices"].as_array_mut().into_iter().flatten() {
        let text = ["message", "delta"].into_iter().find_map(|field| choice[field]["content"].as_str());
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
