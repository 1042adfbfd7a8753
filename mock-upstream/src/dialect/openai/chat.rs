//! Chat completions, as one document and as a stream of chunks.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::chat_document::{Choice, Chunk, Completion, Delta, Message, Tokens};
use super::chat_request::Asked;
use super::logprobs::Logprobs;
use super::{streaming, written};
use crate::dialect::{Event, EventRole, Healthy, Scene, Stream, sse};
use crate::script::{Reply, ToolCall, Usage};

/// What a provider answers when the script gives no text; long enough for many events.
pub(in crate::dialect) const ANSWER: &str = "Seven tidy lanterns stand along the quiet harbour wall, and each evening \
                      somebody walks from the first to the last, lights them one by one, and goes home.";
/// Words in one content event.
const WORDS_AN_EVENT: usize = 3;
/// Bytes of most documents: asking for them at once spares moving them while they are written.
const DOCUMENT: usize = 1 << 10;
/// The same for an event.
const EVENT: usize = 1 << 8;
/// What ends a stream.
pub(super) const END: &[u8] = b"data: [DONE]\n\n";
/// Choices that a request may ask for.
const MOST_CHOICES: u64 = 128;

/// The reply to a chat request whose body is a JSON object.
pub(super) fn reply(asked: &Asked, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let answer = Answer::new(asked, reply, scene);
    if asked.streams() { streaming(answer.events(), scene) } else { written(answer.document(), scene) }
}

struct Answer<'a> {
    id: String,
    created: u64,
    model: Value,
    text: Option<&'a str>,
    tool_calls: &'a [ToolCall],
    usage: Usage,
    with_usage: bool,
    choices: u64,
    logprobs: Option<Logprobs>,
}

impl<'a> Answer<'a> {
    fn new(asked: &Asked, reply: &'a Reply, scene: &Scene<'_>) -> Self {
        let choices = choices(&asked.n);
        let text = match (&reply.answer, reply.tool_calls.is_empty()) {
            (Some(text), _) => Some(text.as_str()),
            (None, true) => Some(ANSWER),
            (None, false) => None,
        };
        Self {
            id: format!("chatcmpl-{:024x}", scene.serial),
            created: scene.unix_time,
            model: reply.model.as_deref().map_or_else(|| asked.model.clone(), |model| json!(model)),
            text,
            tool_calls: &reply.tool_calls,
            usage: reply.usage.unwrap_or_else(|| Usage {
                prompt: asked.words,
                completion: choices * text.map_or(8, |text| text.split_whitespace().count() as u64),
            }),
            with_usage: asked.stream_options["include_usage"] == json!(true),
            choices,
            logprobs: (asked.logprobs == json!(true))
                .then(|| Logprobs::with_alternatives(&asked.top_logprobs)),
        }
    }

    fn document(&self) -> Bytes {
        let tool_calls: Vec<Value> = (0..self.tool_calls.len()).map(|at| self.tool_call(at)).collect();
        let message = Message { role: "assistant", content: self.text, refusal: (), tool_calls: &tool_calls };
        let logprobs = self.logprobs(self.text);
        let choice =
            |index| Choice { index, message, logprobs: &logprobs, finish_reason: self.finish_reason() };
        let document = Completion {
            id: &self.id,
            object: "chat.completion",
            created: self.created,
            model: &self.model,
            choices: (0..self.choices).map(choice).collect(),
            usage: self.usage.into(),
            system_fingerprint: (),
        };
        let mut bytes = Vec::with_capacity(DOCUMENT);
        write(&mut bytes, &document);
        Bytes::from(bytes)
    }

    /// Role, text, calls, finish, usage, end; the choices take turns.
    fn events(&self) -> Vec<Event> {
        let mut events = self.part(&json!({"role": "assistant", "content": "", "refusal": null}), None);
        for piece in self.text.into_iter().flat_map(pieces) {
            events.extend(self.part(&json!({ "content": piece }), Some(piece)));
        }
        for at in 0..self.tool_calls.len() {
            let mut opening = self.tool_call(at);
            opening["index"] = json!(at);
            opening["function"]["arguments"] = json!("");
            events.extend(self.part(&json!({ "tool_calls": [opening] }), None));
            let arguments = json!({"index": at, "function": {"arguments": self.tool_calls[at].arguments}});
            events.extend(self.part(&json!({ "tool_calls": [arguments] }), None));
        }
        events.extend((0..self.choices).map(|index| self.finish(index)));
        if self.with_usage {
            events.push(self.chunk(EventRole::Finish, &[], Some(self.usage.into())));
        }
        events.push(Event { bytes: Bytes::from_static(END), role: EventRole::Done });
        events
    }

    /// The same step of every choice.
    fn part(&self, delta: &Value, text: Option<&str>) -> Vec<Event> {
        let logprobs = self.logprobs(text);
        let part = |index| {
            let choice = Delta { index, delta, logprobs: &logprobs, finish_reason: None };
            self.chunk(EventRole::Part, &[choice], None)
        };
        (0..self.choices).map(part).collect()
    }

    fn finish(&self, index: u64) -> Event {
        let finish_reason = Some(self.finish_reason());
        let choice = Delta { index, delta: &json!({}), logprobs: &Value::Null, finish_reason };
        self.chunk(EventRole::Finish, &[choice], None)
    }

    fn chunk(&self, role: EventRole, choices: &[Delta<'_>], usage: Option<Tokens>) -> Event {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            system_fingerprint: (),
            choices,
            usage: self.with_usage.then_some(usage),
        };
        event(role, &chunk)
    }

    fn logprobs(&self, text: Option<&str>) -> Value {
        self.logprobs.zip(text).map_or(Value::Null, |(logprobs, text)| logprobs.of(text))
    }

    fn tool_call(&self, at: usize) -> Value {
        let ToolCall { name, arguments } = &self.tool_calls[at];
        json!({"id": format!("call_{at}"), "type": "function", "function": {"name": name, "arguments": arguments}})
    }

    fn finish_reason(&self) -> &'static str {
        if self.tool_calls.is_empty() { "stop" } else { "tool_calls" }
    }
}

/// The end of a stream whose answer reached its limit of tokens; none when no chunk came before, as it would say of what.
/// Legacy completions end in the same way.
pub(super) fn cut_short(stream: &Stream<'_>) -> Option<Bytes> {
    let mut chunk = sse::data(stream.sent.last()?)?;
    let choices =
        stream.sent.iter().filter_map(sse::data).filter_map(|data| data["choices"][0]["index"].as_u64());
    let legacy = chunk["object"] == "text_completion";
    let choice = |index| {
        let mut choice = json!({"index": index, "delta": {}, "logprobs": null, "finish_reason": "length"});
        if legacy {
            choice = json!({"index": index, "text": "", "logprobs": null, "finish_reason": "length"});
        }
        choice
    };
    chunk["choices"] = (0..=choices.max()?).map(choice).collect();
    let mut bytes = event(EventRole::Finish, &chunk).bytes.to_vec();
    bytes.extend_from_slice(END);
    Some(Bytes::from(bytes))
}

/// How many choices a request asks for that names this number.
pub(super) fn choices(named: &Value) -> u64 {
    named.as_u64().unwrap_or(1).clamp(1, MOST_CHOICES)
}

/// An event with this document as its data.
pub(super) fn event(role: EventRole, data: &impl Serialize) -> Event {
    let mut bytes = Vec::with_capacity(EVENT);
    bytes.extend_from_slice(b"data: ");
    write(&mut bytes, data);
    bytes.extend_from_slice(b"\n\n");
    Event { bytes: Bytes::from(bytes), role }
}

fn write(bytes: &mut Vec<u8>, document: &impl Serialize) {
    // Nothing in it can fail: names are text, and nothing writes but to memory.
    let _ = serde_json::to_writer(bytes, document);
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
