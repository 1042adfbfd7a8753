//! The events by which a message comes about.

use bytes::Bytes;
use serde_json::{Value, json};

use super::message::{Message, input, text_block};
use crate::dialect::answer::fragments;
use crate::dialect::openai::chat::pieces;
use crate::dialect::{Event, EventRole, Stream, sse};

/// Start, blocks, reason and usage, stop.
pub(super) fn of(message: &Message<'_>) -> Vec<Event> {
    let mut events = vec![part(&json!({"type": "message_start", "message": message.begun()}))];
    let texts = message.answer.text.map_or(0, |text| {
        let deltas = pieces(text).map(|piece| json!({"type": "text_delta", "text": piece}));
        block(&mut events, 0, &text_block(""), deltas);
        1
    });
    for (at, call) in message.answer.tool_calls.iter().enumerate() {
        let json_text = input(call).to_string();
        // The first delta of the real provider is empty, too.
        let deltas = std::iter::once("").chain(fragments(&json_text));
        let deltas = deltas.map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
        block(&mut events, texts + at, &message.tool_use(at, json!({})), deltas);
    }
    let usage = json!({
        "input_tokens": message.answer.usage.prompt, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": message.answer.usage.completion,
        "output_tokens_details": null, "server_tool_use": null,
    });
    events.push(event(EventRole::Finish, &finish(message.stop_reason(), usage)));
    events.push(event(EventRole::Done, &json!({"type": "message_stop"})));
    events
}

/// The end of a stream whose answer reached its limit of tokens: the open block, the reason, the stop. None when no
/// message has begun.
pub(super) fn cut_short(stream: &Stream<'_>) -> Option<Bytes> {
    let sent: Vec<Value> = stream.sent.iter().filter_map(sse::data).collect();
    let mut usage = sent.first()?["message"]["usage"].clone();
    let of_kind = |kind: &str| sent.iter().filter(|data| data["type"] == kind).count();
    // A token for each event that brought some.
    let counted = json!({
        "input_tokens": usage["input_tokens"].take(), "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": of_kind("content_block_delta"),
        "output_tokens_details": null, "server_tool_use": null,
    });
    let started = of_kind("content_block_start");
    let open = started > of_kind("content_block_stop");
    let stop = open.then(|| json!({"type": "content_block_stop", "index": started - 1}));
    let rest = [finish("max_tokens", counted), json!({"type": "message_stop"})];
    let events = stop.into_iter().chain(rest).map(|data| event(EventRole::Finish, &data).bytes);
    Some(Bytes::from(events.collect::<Vec<_>>().concat()))
}

fn finish(stop_reason: &str, usage: Value) -> Value {
    let delta =
        json!({"stop_reason": stop_reason, "stop_sequence": null, "stop_details": null, "container": null});
    json!({"type": "message_delta", "delta": delta, "usage": usage})
}

/// A block from its start to its stop. Behind the start of the first one comes a ping, as from the real provider.
fn block(events: &mut Vec<Event>, index: usize, start: &Value, deltas: impl Iterator<Item = Value>) {
    events.push(part(&json!({"type": "content_block_start", "index": index, "content_block": start})));
    if index == 0 {
        events.push(ping());
    }
    for delta in deltas {
        events.push(part(&json!({"type": "content_block_delta", "index": index, "delta": delta})));
    }
    events.push(part(&json!({"type": "content_block_stop", "index": index})));
}

fn ping() -> Event {
    part(&json!({"type": "ping"}))
}

fn part(data: &Value) -> Event {
    event(EventRole::Part, data)
}

/// An event that bears its type as its name.
fn event(role: EventRole, data: &Value) -> Event {
    Event { bytes: sse::typed(&data.to_string(), "ping"), role }
}
