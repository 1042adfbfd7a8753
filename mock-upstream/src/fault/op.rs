//! The small language of play programs: operations over the healthy reply to the very request that is answered.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::param::{Bindings, Param};

/// What a fault plays, in order. A program that ends without `close`, `reset` or `hang` leaves the
/// connection to the next request.
pub type Program = Vec<Op>;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Writes nothing for so many milliseconds.
    Wait(Arg),
    /// Writes one whole, well-framed reply.
    Reply(ReplyOp),
    /// Writes the head of the healthy reply.
    Head(HeadOp),
    /// Writes a part of the healthy body under the framing of the head.
    Body(Extent),
    /// Writes the next events of the healthy stream, each a chunk of its own.
    Events(EventSpan),
    /// Writes one event that is not in the healthy stream.
    Event(InStream),
    /// Writes the first half of the next event as a chunk.
    HalfEvent,
    /// Writes bytes as they stand here, outside any framing.
    Raw(String),
    /// Writes what is left of the healthy body piece by piece, and then finishes the framing.
    Drip {
        /// Milliseconds before each piece.
        every: Arg,
        /// Bytes in a piece.
        bytes: Arg,
    },
    /// Finishes the framing properly.
    End,
    /// Closes the connection with FIN.
    Close,
    /// Closes the connection with RST.
    Reset,
    /// Keeps the connection open in silence until the peer leaves or the cap is reached.
    Hang,
    /// Closes pooled connections and then the listener, so that connecting is refused.
    Refuse,
}

impl Op {
    pub(super) fn args(&self) -> Vec<&Arg> {
        match self {
            Self::Wait(arg) | Self::Events(EventSpan::Next(arg)) => vec![arg],
            Self::Drip { every, bytes } => vec![every, bytes],
            _ => Vec::new(),
        }
    }

    pub(super) fn needs_events(&self) -> bool {
        matches!(self, Self::Events(_) | Self::Event(_) | Self::HalfEvent)
    }
}

/// A whole reply whose framing is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyOp {
    /// The content type, if not that of the healthy reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The body.
    pub content: Content,
}

/// The body of a whole reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// What the healthy reply would carry.
    Healthy,
    /// The first half of it.
    FirstHalf,
    /// Nothing.
    Empty,
    /// The healthy JSON with the field that carries the answer set to null.
    NullAnswer,
    /// The provider's own error object.
    ErrorObject,
    /// This text.
    Text(String),
}

/// The head of a healthy reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadOp {
    /// How the head says where the body ends.
    pub framing: Framing,
}

/// How a head says where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// As the healthy reply does: a content length for JSON, chunks for events.
    Healthy,
    /// The true length of the body in `content-length`.
    Length,
    /// Chunked transfer encoding.
    Chunked,
}

/// How much of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it.
    Whole,
    /// The first half, rounded down, but at least one byte.
    FirstHalf,
}

/// How many of the events that have not been written yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSpan {
    /// So many, but never the one that finishes the answer or what follows it.
    Next(Arg),
    /// All up to the one that finishes the answer, without it.
    UntilFinish,
    /// All up to the end-of-stream mark, without it.
    UntilDone,
    /// All.
    Rest,
}

/// An event that is not in the healthy stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InStream {
    /// The dialect's own error event.
    Error,
    /// An event with this text as its data.
    Data(String),
}

/// A number, or the name of the parameter that holds it, written `$(name)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// The number itself.
    Number(u64),
    /// A parameter of the fault.
    Param(String),
}

impl Arg {
    /// The number under these bindings.
    pub fn value(&self, bindings: &Bindings) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::Param(name) => bindings.get(name),
        }
    }

    pub(super) fn unknown_in(&self, params: &BTreeMap<String, Param>) -> Option<&str> {
        match self {
            Self::Param(name) if !params.contains_key(name) => Some(name),
            _ => None,
        }
    }
}

impl Serialize for Arg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Param(name) => serializer.collect_str(&format_args!("$({name})")),
        }
    }
}

impl<'de> Deserialize<'de> for Arg {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ArgVisitor)
    }
}

struct ArgVisitor;

impl Visitor<'_> for ArgVisitor {
    type Value = Arg;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or `$(parameter)`")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Arg, E> {
        Ok(Arg::Number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Arg, E> {
        u64::try_from(number)
            .map(Arg::Number)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Arg, E> {
        text.strip_prefix("$(")
            .and_then(|rest| rest.strip_suffix(')'))
            .map(|name| Arg::Param(name.to_owned()))
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
