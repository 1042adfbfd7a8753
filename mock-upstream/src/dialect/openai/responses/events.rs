//! The events by which a response comes about.

use serde_json::{Map, Value, json};

use super::document::Response;
use crate::dialect::answer::fragments;
use crate::dialect::openai::chat::pieces;
use crate::dialect::{Event, EventRole, sse};

/// The events of a healthy stream. The last one both finishes the answer and ends the stream; no mark follows it.
pub(super) fn of(response: &Response<'_>) -> Vec<Event> {
    let mut events = Events(Vec::new());
    events.add("response.created", json!({"response": response.in_progress()}));
    events.add("response.in_progress", json!({"response": response.in_progress()}));
    let texts = response.answer.text.map_or(0, |text| {
        message(&mut events, response, text);
        1
    });
    for at in 0..response.answer.tool_calls.len() {
        call(&mut events, response, at, texts + at);
    }
    events.add("response.completed", json!({"response": response.completed()}));
    if let Some(last) = events.0.last_mut() {
        last.role = EventRole::Finish;
    }
    events.0
}

fn message(events: &mut Events, response: &Response<'_>, text: &str) {
    let item = |item| json!({"output_index": 0, "item": item});
    let in_part = |mut fields: Value| {
        fields["item_id"] = json!(response.message_id());
        fields["output_index"] = json!(0);
        fields["content_index"] = json!(0);
        fields
    };
    events.add("response.output_item.added", item(response.message("in_progress", Vec::new())));
    events.add("response.content_part.added", in_part(json!({"part": response.part("")})));
    for piece in pieces(text) {
        let delta = json!({"delta": piece, "logprobs": response.logprobs(piece)});
        events.add("response.output_text.delta", in_part(delta));
    }
    let done = json!({"text": text, "logprobs": response.logprobs(text)});
    events.add("response.output_text.done", in_part(done));
    events.add("response.content_part.done", in_part(json!({"part": response.part(text)})));
    events.add("response.output_item.done", item(response.message("completed", vec![response.part(text)])));
}

fn call(events: &mut Events, response: &Response<'_>, at: usize, output_index: usize) {
    let call = &response.answer.tool_calls[at];
    let item = |status, arguments| json!({"output_index": output_index, "item": response.call(at, call, status, arguments)});
    let of_item = |mut fields: Value| {
        fields["item_id"] = json!(response.call_id(at));
        fields["output_index"] = json!(output_index);
        fields
    };
    events.add("response.output_item.added", item("in_progress", ""));
    for piece in fragments(&call.arguments) {
        events.add("response.function_call_arguments.delta", of_item(json!({ "delta": piece })));
    }
    let done = json!({"arguments": call.arguments, "name": call.name});
    events.add("response.function_call_arguments.done", of_item(done));
    events.add("response.output_item.done", item("completed", call.arguments.as_str()));
}

/// Events with their numbers, from 0.
struct Events(Vec<Event>);

impl Events {
    fn add(&mut self, kind: &str, fields: Value) {
        let bytes = numbered(kind, self.0.len(), fields);
        self.0.push(Event { bytes, role: EventRole::Part });
    }
}

/// An event of this type and number with these fields.
pub(super) fn numbered(kind: &str, number: usize, fields: Value) -> bytes::Bytes {
    let mut data = Map::from_iter([("type".to_owned(), json!(kind))]);
    data.insert("sequence_number".to_owned(), json!(number));
    if let Value::Object(fields) = fields {
        data.extend(fields);
    }
    sse::named(kind, &Value::Object(data).to_string())
}
