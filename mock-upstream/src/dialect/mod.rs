//! Replies in the bytes of a provider; pure.

mod openai;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::Lane;
use crate::script::{Headers, Reply, Request};

/// A family of providers that share routes, bodies and headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// OpenAI: chat completions, embeddings, models.
    #[default]
    OpenAi,
}

impl Dialect {
    /// The reply of a healthy provider. A request that such a provider would refuse (an unknown route, a body that
    /// is not JSON) gets that refusal, which `Healthy::refused` tells.
    pub fn healthy(self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        match self {
            Self::OpenAi => openai::healthy(request, reply, scene),
        }
    }

    /// The provider's own reply with this status.
    pub fn refusal(self, status: u16, scene: &Scene<'_>) -> Healthy {
        match self {
            Self::OpenAi => openai::refusal(status, None, scene),
        }
    }

    /// The event by which the provider reports a failure within a stream, with these fields of its error object.
    pub fn error_event(self, fields: &Map<String, Value>, scene: &Scene<'_>) -> Bytes {
        match self {
            Self::OpenAi => openai::error_event(fields, scene),
        }
    }

    /// The healthy JSON with the field that carries the answer set to null; `None` when it has none.
    pub fn null_answer(self, document: &[u8]) -> Option<Bytes> {
        match self {
            Self::OpenAi => openai::null_answer(document),
        }
    }
}

/// What distinguishes a provider; each has its own, so that a leak names its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The organisation that its headers and messages name.
    pub organization: String,
    /// What its request ids begin with.
    pub request_id_prefix: String,
    /// The host name that it gives away in headers and messages.
    pub host: String,
}

impl Identity {
    /// An identity made from the provider's name.
    pub fn of(name: &str) -> Self {
        Self {
            organization: format!("org-{name}-owner"),
            request_id_prefix: format!("req_{name}_"),
            host: format!("{name}.upstream.test"),
        }
    }
}

/// What a reply depends on beside the request and the script.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Who answers.
    pub identity: &'a Identity,
    /// The number of the reply, unique at the provider.
    pub serial: u64,
    /// The time in seconds since 1970.
    pub unix_time: u64,
}

impl Scene<'_> {
    /// The id that the provider gives to the request.
    pub fn request_id(&self) -> String {
        format!("{}{:016x}", self.identity.request_id_prefix, self.serial)
    }
}

/// A reply, not yet framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healthy {
    /// The status.
    pub status: u16,
    /// The fields without those of framing.
    pub headers: Headers,
    /// The body.
    pub content: Content,
    /// Why the provider refuses the request, when it does.
    pub refused: Option<String>,
}

impl Healthy {
    /// Whether the request asked for a stream and gets one.
    pub fn lane(&self) -> Lane {
        match self.content {
            Content::Whole(_) => Lane::Plain,
            Content::Events(_) => Lane::Stream,
        }
    }

    /// The body without framing.
    pub fn body(&self) -> Bytes {
        match &self.content {
            Content::Whole(body) => body.clone(),
            Content::Events(events) => events.iter().flat_map(|event| event.bytes.iter().copied()).collect(),
        }
    }
}

/// The body of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// One document.
    Whole(Bytes),
    /// Events in order.
    Events(Vec<Event>),
}

/// One event of a healthy stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its bytes with the blank line that ends it.
    pub bytes: Bytes,
    /// What it is for.
    pub role: EventRole,
}

/// What an event of a healthy stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRole {
    /// It carries a part of the answer.
    Part,
    /// It says that the answer is finished, or follows that.
    Finish,
    /// It says that the stream is.
    Done,
}
