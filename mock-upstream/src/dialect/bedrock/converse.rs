//! Converse: the same shape for every model, whole and as events.

use serde_json::{Value, json};

use super::frame;
use crate::dialect::answer::{Answer, arguments};
use crate::dialect::openai::chat::pieces;
use crate::dialect::{Event, EventRole};
use crate::script::Usage;

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
        "stopReason": stop_reason(answer), "usage": usage(answer.usage), "metrics": {"latencyMs": LATENCY},
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
        events.push(stop(block as u64));
    }
    events.extend(closing(stop_reason(answer), answer.usage));
    events
}

/// The end of a stream of which these events were sent, when the answer ends at its limit of tokens.
pub(super) fn cut_short(sent: &[Event], prompt: u64) -> Vec<Event> {
    let payloads: Vec<Value> = sent.iter().filter_map(|event| frame::payload(&event.bytes)).collect();
    let text: String = payloads.iter().filter_map(|payload| payload["delta"]["text"].as_str()).collect();
    let usage = Usage { prompt, completion: text.split_whitespace().count() as u64 };
    // A block is open from its first event to the one that says nothing but its index.
    let open = payloads.last().filter(|last| last["delta"].is_object() || last["start"].is_object());
    let block = open.and_then(|last| last["contentBlockIndex"].as_u64());
    block.map(stop).into_iter().chain(closing("max_tokens", usage)).collect()
}

fn closing(stop_reason: &str, counted: Usage) -> [Event; 2] {
    let metadata = json!({"usage": usage(counted), "metrics": {"latencyMs": LATENCY}});
    [
        event(EventRole::Finish, "messageStop", json!({ "stopReason": stop_reason })),
        event(EventRole::Finish, "metadata", metadata),
    ]
}

fn delta(block: usize, delta: Value) -> Event {
    part(DELTA, json!({"contentBlockIndex": block, "delta": delta}))
}

fn stop(block: u64) -> Event {
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

fn usage(counted: Usage) -> Value {
    let total = counted.prompt.saturating_add(counted.completion);
    json!({"inputTokens": counted.prompt, "outputTokens": counted.completion, "totalTokens": total})
}
