//! What a turn writes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Body, Headers, Hold};
pub use crate::fault::ToolCall;
use crate::fault::{Params, Premise};

/// What is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Play {
    /// The healthy reply of the provider.
    Ok(Reply),
    /// A status of the provider's own.
    Status(StatusPlay),
    /// A documented error reply, by name.
    Named(NamedPlay),
    /// A stream that does something after some events.
    Events(EventsPlay),
    /// A fault of the catalogue.
    Fault(FaultPlay),
}

/// What a healthy reply says; whatever is absent is the dialect's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reply {
    /// The model that the reply names; the one that was asked for when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The text of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The tokens counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Tools that the answer calls; then it has no text unless one is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Headers beside, or instead of, the dialect's.
    #[serde(skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
}

impl Reply {
    /// The same with what a fault presupposes, where the script says nothing of the answer.
    pub fn given(&self, premise: &Premise) -> Self {
        let mut reply = self.clone();
        if reply.answer.is_none() && reply.tool_calls.is_empty() {
            reply.answer.clone_from(&premise.answer);
            reply.tool_calls.clone_from(&premise.tool_calls);
        }
        reply
    }
}

/// Tokens as a reply counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Tokens of the request.
    pub prompt: u64,
    /// Tokens of the answer.
    pub completion: u64,
}

/// A status of the provider's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusPlay {
    /// 100 to 999.
    pub status: u16,
    /// The reason phrase; the registered one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Headers beside, or instead of, the dialect's.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// The body; the provider's own error envelope for the status when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// How it goes out.
    #[serde(default, skip_serializing_if = "Written::is_whole")]
    pub written: Written,
}

impl StatusPlay {
    /// The provider's own reply for this status.
    pub fn of(status: u16) -> Self {
        Self { status, reason: None, headers: Headers::default(), body: None, written: Written::Whole }
    }
}

/// How a reply is framed, and in which pieces it is written; every way of it is sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// At once, with its length.
    #[default]
    Whole,
    /// In chunks of so many bytes.
    Chunked(usize),
    /// Without its length: the body ends with the connection.
    UntilClosed,
    /// With its length, piece by piece.
    Dripped(Drip),
}

impl Written {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// Pieces of a body with pauses between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// Bytes in a piece.
    pub bytes: usize,
    /// The pause before each, in milliseconds.
    #[serde(with = "super::millis")]
    pub every: std::time::Duration,
}

/// A documented error reply, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPlay {
    /// Its name in the provider's own dialect, or `dialect/name`.
    pub reply: String,
    /// Headers beside, or instead of, the reply's.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
}

/// A stream that does something after some events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsPlay {
    /// How many events of the healthy stream come first; never the one that finishes the answer.
    pub events: u64,
    /// What is waited for before the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hold: Vec<Hold>,
    /// The rest.
    #[serde(default)]
    pub then: AfterEvents,
    /// What the stream would say.
    #[serde(default)]
    pub reply: Reply,
}

/// How a stream goes on after its first events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterEvents {
    /// All other events and a proper end.
    #[default]
    Finish,
    /// FIN within the framing.
    Cut,
    /// A proper end of the framing without the events that finish the answer.
    End,
    /// RST.
    Reset,
    /// Silence on an open connection.
    Stall,
    /// An error event and a proper end, without the events that finish the answer.
    ErrorEvent(ErrorEvent),
}

/// What an error event carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorEvent {
    /// The fields of its error object beside, or instead of, the dialect's.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub error: serde_json::Map<String, Value>,
}

/// A fault of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlay {
    /// Its id.
    pub name: String,
    /// What is set of its parameters.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// What the healthy reply would say.
    #[serde(default)]
    pub reply: Reply,
}

impl FaultPlay {
    /// The fault with its default parameters.
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), params: Params::new(), reply: Reply::default() }
    }
}
