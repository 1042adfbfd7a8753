//! Chat completions, as one document and as a stream of chunks.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{headers, model, ok};
use crate::dialect::{Content, Event, EventRole, Healthy, Scene};
use crate::script::{Reply, ToolCall, Usage};

/// What a provider answers when the script gives no text; long enough for many events.
pub(in crate::dialect) const ANSWER: &str = "Seven tidy lanterns stand along the quiet harbour wall, and each evening \
                      somebody walks from the first to the last, lights them one by one, and goes home.";
/// Words in one content event.
const WORDS_AN_EVENT: usize = 3;

/// The reply to a chat request whose body is a JSON object.
pub(super) fn reply(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let answer = Answer::new(asked, reply, scene);
    if asked["stream"] != json!(true) {
        return ok(answer.document(), scene);
    }
    let mut headers = headers("text/event-stream; charset=utf-8", scene);
    headers.add("cache-control", "no-cache");
    let with_usage = asked["stream_options"]["include_usage"] == json!(true);
    Healthy { status: 200, headers, content: Content::Events(answer.events(with_usage)), refused: None }
}

struct Answer<'a> {
    id: String,
    created: u64,
    model: Value,
    text: Option<&'a str>,
    tool_calls: &'a [ToolCall],
    usage: Usage,
}

impl<'a> Answer<'a> {
    fn new(asked: &Value, reply: &'a Reply, scene: &Scene<'_>) -> Self {
        let text = match (&reply.answer, reply.tool_calls.is_empty()) {
            (Some(text), _) => Some(text.as_str()),
            (None, true) => Some(ANSWER),
            (None, false) => None,
        };
        Self {
            id: format!("chatcmpl-{:024x}", scene.serial),
            created: scene.unix_time,
            model: model(asked, reply),
            text,
            tool_calls: &reply.tool_calls,
            usage: reply.usage.unwrap_or_else(|| Usage {
                prompt: count_words(&asked["messages"]),
                completion: text.map_or(8, |text| text.split_whitespace().count() as u64),
            }),
        }
    }

    fn document(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text, "refusal": null});
        if !self.tool_calls.is_empty() {
            message["tool_calls"] = (0..self.tool_calls.len()).map(|at| self.tool_call(at)).collect();
        }
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": self.finish_reason()}],
            "usage": self.usage(), "system_fingerprint": null,
        })
    }

    fn events(&self, with_usage: bool) -> Vec<Event> {
        let mut events = vec![self.part(json!({"role": "assistant", "content": "", "refusal": null}))];
        if let Some(text) = self.text {
            events.extend(pieces(text).map(|piece| self.part(json!({ "content": piece }))));
        }
        for at in 0..self.tool_calls.len() {
            let mut opening = self.tool_call(at);
            opening["index"] = json!(at);
            opening["function"]["arguments"] = json!("");
            events.push(self.part(json!({ "tool_calls": [opening] })));
            let arguments = json!({"index": at, "function": {"arguments": self.tool_calls[at].arguments}});
            events.push(self.part(json!({ "tool_calls": [arguments] })));
        }
        let finish =
            json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": self.finish_reason()}]);
        events.push(event(EventRole::Finish, &self.chunk(finish)));
        if with_usage {
            let mut chunk = self.chunk(json!([]));
            chunk["usage"] = self.usage();
            events.push(event(EventRole::Finish, &chunk));
        }
        events.push(Event { bytes: Bytes::from_static(b"data: [DONE]\n\n"), role: EventRole::Done });
        events
    }

    fn part(&self, delta: Value) -> Event {
        let choices = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]);
        event(EventRole::Part, &self.chunk(choices))
    }

    fn chunk(&self, choices: Value) -> Value {
        json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "system_fingerprint": null, "choices": choices,
        })
    }

    fn tool_call(&self, at: usize) -> Value {
        let ToolCall { name, arguments } = &self.tool_calls[at];
        json!({"id": format!("call_{at}"), "type": "function", "function": {"name": name, "arguments": arguments}})
    }

    fn finish_reason(&self) -> &'static str {
        if self.tool_calls.is_empty() { "stop" } else { "tool_calls" }
    }

    fn usage(&self) -> Value {
        let Usage { prompt, completion } = self.usage;
        json!({
            "prompt_tokens": prompt, "completion_tokens": completion,
            "total_tokens": prompt.saturating_add(completion),
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }
}

fn event(role: EventRole, data: &Value) -> Event {
    Event { bytes: Bytes::from(format!("data: {data}\n\n")), role }
}

/// The text in pieces that end behind a space, and together are the text.
pub(in crate::dialect) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.match_indices(' ').nth(WORDS_AN_EVENT - 1).map_or(rest.len(), |(at, _)| at + 1);
        let (piece, left) = rest.split_at(end);
        rest = left;
        Some(piece)
    })
}

/// How many words the strings within have, at any depth.
pub(in crate::dialect) fn count_words(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.split_whitespace().count() as u64,
        Value::Array(items) => items.iter().map(count_words).sum(),
        Value::Object(fields) => fields.values().map(count_words).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
