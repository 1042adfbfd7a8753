//! The protocol of a call: how it carries the key, how the events of its stream are read, and how they are written on.

use bytes::Bytes;
use reqwest::RequestBuilder;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::message::BadChunk;
use crate::{anthropic, openai};

/// What a provider is spoken to in, and a client of the same lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    OpenAi,
    Anthropic,
}

/// The version of the API that every call on the Anthropic lane asks for.
const ANTHROPIC_VERSION: &str = "2023-06-01";

impl Protocol {
    /// Adds the key, and what else the provider wants in the head of a call.
    pub(super) fn sign(self, request: RequestBuilder, key: &str) -> RequestBuilder {
        match self {
            Self::OpenAi => request.header(AUTHORIZATION, format!("Bearer {key}")),
            Self::Anthropic => {
                request.header("x-api-key", key).header("anthropic-version", ANTHROPIC_VERSION)
            }
        }
    }

    pub(super) fn reader(self) -> Reader {
        match self {
            Self::OpenAi => Reader::OpenAi,
            Self::Anthropic => Reader::Anthropic(anthropic::Progress::default()),
        }
    }

    /// A part of an answer as an event of the client's stream.
    pub(crate) fn frame(self, part: &Value) -> Bytes {
        match self {
            Self::OpenAi => bare(part.to_string().as_bytes()),
            Self::Anthropic => named(part),
        }
    }

    /// The event that tells that an answer is whole.
    pub(crate) fn last_frame(self) -> Bytes {
        match self {
            Self::OpenAi => bare(b"[DONE]"),
            Self::Anthropic => named(&json!({"type": "message_stop"})),
        }
    }

    /// The part by which an answer says that it came to its natural end; only a flawed gateway makes one up.
    pub(super) fn natural_end(self) -> Value {
        match self {
            Self::OpenAi => {
                let stop = json!({"index": 0, "delta": {}, "finish_reason": "stop"});
                json!({"object": "chat.completion.chunk", "choices": [stop]})
            }
            Self::Anthropic => {
                let delta = json!({"stop_reason": "end_turn", "stop_sequence": null});
                json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 1}})
            }
        }
    }
}

/// An event without a name.
pub(crate) fn bare(data: &[u8]) -> Bytes {
    [b"data: ", data, b"\n\n"].concat().into()
}

/// An event that bears the type of its data as its name.
fn named(data: &Value) -> Bytes {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// Reads the events of one stream.
pub(super) enum Reader {
    OpenAi,
    Anthropic(anthropic::Progress),
}

/// What the data of one event says.
pub(super) enum Read {
    Part(Value),
    Done,
    /// Nothing that anybody waits for.
    Passed,
}

impl Reader {
    pub(super) fn read(&mut self, data: &[u8]) -> Result<Read, BadChunk> {
        match self {
            Self::OpenAi if data.trim_ascii() == b"[DONE]" => Ok(Read::Done),
            Self::OpenAi => openai::chunk(data).map(Read::Part),
            Self::Anthropic(progress) => Ok(match progress.hear(data)? {
                anthropic::Heard::Part(part) => Read::Part(part),
                anthropic::Heard::Done => Read::Done,
                anthropic::Heard::Ping => Read::Passed,
            }),
        }
    }
}
