//! InvokeModel: the body of the model's own maker, which is Anthropic's here, whole and in chunks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::frame;
use crate::dialect::answer::{Answer, arguments};
use crate::dialect::openai::chat::pieces;
use crate::dialect::{Event, EventRole, Scene};
use crate::script::{Headers, Usage};

/// The type of every event.
pub(super) const EVENT: &str = "chunk";

/// The answer as one document.
pub(super) fn document(answer: &Answer<'_>, model: &str, scene: &Scene<'_>) -> Value {
    let text = answer.text.map(|text| json!({"type": "text", "text": text}));
    let calls = answer.tool_calls.iter().enumerate().map(|(at, call)| {
        json!({"type": "tool_use", "id": tool_use_id(at), "name": call.name, "input": arguments(call)})
    });
    let mut message = message(model, scene);
    message["content"] = text.into_iter().chain(calls).collect();
    message["stop_reason"] = json!(stop_reason(answer));
    message["usage"] = json!({"input_tokens": answer.usage.prompt, "output_tokens": answer.usage.completion});
    message
}

/// The headers with the tokens counted, which a whole reply says there too.
pub(super) fn counts(answer: &Answer<'_>, mut headers: Headers) -> Headers {
    headers.add("x-amzn-bedrock-invocation-latency", "7");
    headers.add("x-amzn-bedrock-input-token-count", answer.usage.prompt.to_string());
    headers.add("x-amzn-bedrock-output-token-count", answer.usage.completion.to_string());
    headers
}

/// The answer as chunks, each of which wraps an event of Anthropic's stream.
pub(super) fn events(answer: &Answer<'_>, model: &str, scene: &Scene<'_>) -> Vec<Event> {
    let mut start = message(model, scene);
    start["usage"] = json!({"input_tokens": answer.usage.prompt, "output_tokens": 1});
    let mut events = vec![part(&json!({"type": "message_start", "message": start}))];
    if let Some(text) = answer.text {
        let deltas = pieces(text).map(|piece| json!({"type": "text_delta", "text": piece}));
        block(&mut events, 0, &json!({"type": "text", "text": ""}), deltas);
    }
    for (at, call) in answer.tool_calls.iter().enumerate() {
        let opening = json!({"type": "tool_use", "id": tool_use_id(at), "name": call.name, "input": {}});
        let delta = json!({"type": "input_json_delta", "partial_json": call.arguments});
        block(&mut events, at + usize::from(answer.text.is_some()), &opening, [delta]);
    }
    events.extend(closing(stop_reason(answer), answer.usage));
    events
}

/// The end of a stream of which these events were sent, when the answer ends at its limit of tokens.
pub(super) fn cut_short(sent: &[Event], prompt: u64) -> Vec<Event> {
    let inner: Vec<Value> = sent.iter().filter_map(unwrapped).collect();
    let text: String = inner.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    let usage = Usage { prompt, completion: text.split_whitespace().count() as u64 };
    let open = inner.last().filter(|last| last["type"] != "content_block_stop" && last["index"].is_u64());
    let stop = open.map(|last| part(&json!({"type": "content_block_stop", "index": last["index"]})));
    stop.into_iter().chain(closing("max_tokens", usage)).collect()
}

/// The event of Anthropic's stream that a chunk wraps.
fn unwrapped(chunk: &Event) -> Option<Value> {
    let payload = frame::payload(&chunk.bytes)?;
    serde_json::from_slice(&STANDARD.decode(payload["bytes"].as_str()?).ok()?).ok()
}

fn closing(stop_reason: &str, counted: Usage) -> [Event; 2] {
    let ending = json!({"stop_reason": stop_reason, "stop_sequence": null});
    let usage = json!({"output_tokens": counted.completion});
    let metrics = json!({
        "inputTokenCount": counted.prompt, "outputTokenCount": counted.completion,
        "invocationLatency": 7, "firstByteLatency": 3,
    });
    [
        finish(&json!({"type": "message_delta", "delta": ending, "usage": usage})),
        finish(&json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": metrics})),
    ]
}

fn block(events: &mut Vec<Event>, index: usize, opening: &Value, deltas: impl IntoIterator<Item = Value>) {
    events.push(part(&json!({"type": "content_block_start", "index": index, "content_block": opening})));
    let delta = |delta| part(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
    events.extend(deltas.into_iter().map(delta));
    events.push(part(&json!({"type": "content_block_stop", "index": index})));
}

fn message(model: &str, scene: &Scene<'_>) -> Value {
    json!({
        "id": format!("msg_bdrk_{:024x}", scene.serial), "type": "message", "role": "assistant", "model": model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": {},
    })
}

fn part(event: &Value) -> Event {
    chunk(EventRole::Part, event)
}

fn finish(event: &Value) -> Event {
    chunk(EventRole::Finish, event)
}

fn chunk(role: EventRole, event: &Value) -> Event {
    let payload = json!({"bytes": STANDARD.encode(event.to_string()), "p": "abcdefghijklmnop"});
    Event { bytes: frame::event(EVENT, payload.to_string().as_bytes()), role }
}

fn tool_use_id(at: usize) -> String {
    format!("toolu_bdrk_{at}")
}

fn stop_reason(answer: &Answer<'_>) -> &'static str {
    if answer.tool_calls.is_empty() { "end_turn" } else { "tool_use" }
}
