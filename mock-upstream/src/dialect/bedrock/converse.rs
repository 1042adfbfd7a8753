//! Converse: the same shape for every model, whole and as events.

use serde_json::{Value, json};

use super::frame;
use crate::dialect::answer::{Answer, arguments};
use crate::dialect::openai::chat::pieces;
use crate::dialect::{Event, EventRole};

/// The type of the events that carry the answer.
pub(super) const DELTA: &str = "contentBlockDelta";
/// Every event is padded, so that its length tells nothing of its text.
const PADDING: &str = "abcdefghijklmnop";
const LATENCY: u64 = 7;

/// The answer as one document.
pub(super) fn document(answer: &Answer<'_>) -> Value {
    let text = answer.text.map(|text| json!({ "text": text }));
    let calls = answer.tool_calls.iter().enumerate().map(|(at, call)| {
        let input = arguments(call);
        json!({"toolUse": {"toolUseId": tool_use_id(at), "name": call.name, "input": input}})
    });
    let content: Vec<Value> = text.into_iter().chain(calls).collect();
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(answer), "usage": usage(answer), "metrics": {"latencyMs": LATENCY},
    })
}

/// The answer as events. There is no mark for the end of the stream.
pub(super) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let mut events = vec![part("messageStart", json!({"role": "assistant"}))];
    if let Some(text) = answer.text {
        events.extend(pieces(text).map(|piece| delta(0, json!({ "text": piece }))));
        events.push(stop(0));
    }
    for (at, call) in answer.tool_calls.iter().enumerate() {
        let block = at + usize::from(answer.text.is_some());
        let start = json!({"toolUse": {"toolUseId": tool_use_id(at), "name": call.name}});
        events.push(part("contentBlockStart", json!({"start": start, "contentBlockIndex": block})));
        events.push(delta(block, json!({"toolUse": {"input": call.arguments}})));
        events.push(stop(block));
    }
    events.push(event(EventRole::Finish, "messageStop", json!({"stopReason": stop_reason(answer)})));
    let metadata = json!({"usage": usage(answer), "metrics": {"latencyMs": LATENCY}});
    events.push(event(EventRole::Finish, "metadata", metadata));
    events
}

fn delta(block: usize, delta: Value) -> Event {
    part(DELTA, json!({"contentBlockIndex": block, "delta": delta}))
}

fn stop(block: usize) -> Event {
    part("contentBlockStop", json!({ "contentBlockIndex": block }))
}

fn part(kind: &str, payload: Value) -> Event {
    event(EventRole::Part, kind, payload)
}

fn event(role: EventRole, kind: &str, mut payload: Value) -> Event {
    payload["p"] = json!(PADDING);
    Event { bytes: frame::event(kind, payload.to_string().as_bytes()), role }
}

fn tool_use_id(at: usize) -> String {
    format!("tooluse_{at}")
}

fn stop_reason(answer: &Answer<'_>) -> &'static str {
    if answer.tool_calls.is_empty() { "end_turn" } else { "tool_use" }
}

fn usage(answer: &Answer<'_>) -> Value {
    let counted = answer.usage;
    json!({"inputTokens": counted.prompt, "outputTokens": counted.completion, "totalTokens": answer.total()})
}
