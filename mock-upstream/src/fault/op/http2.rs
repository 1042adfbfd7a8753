//! What goes wrong with HTTP/2, in frames (RFC 9113).

use serde::{Deserialize, Serialize};

use super::Arg;

/// What is done to a connection that speaks HTTP/2. Requests are not decoded: whose they are is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Http2Op {
    /// Goes on where the peer speaks HTTP/2, by prior knowledge or because ALPN offers it. Any other peer is served
    /// instead, and not struck.
    Begin,
    /// Acknowledges settings and answers pings until the head of a request has come.
    AwaitRequest,
    /// Writes a frame.
    Frame(FrameOp),
    /// Writes GOAWAY with this error code, by which no stream was processed.
    GoAway(Arg),
    /// Resets the stream of the latest request with this error code.
    ResetStream(Arg),
    /// Does this to every request for as long as the connection lasts.
    EveryRequest(Vec<Self>),
}

/// A frame as it stands on the wire, right or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameOp {
    /// The number of its type.
    pub kind: u8,
    /// Its flags.
    #[serde(default)]
    pub flags: u8,
    /// Whether it belongs to the stream of the latest request, and not to the connection.
    #[serde(default)]
    pub on_stream: bool,
    /// Its payload in hexadecimal digits.
    #[serde(default)]
    pub payload: String,
}

impl Http2Op {
    pub(super) fn args(&self) -> Vec<&Arg> {
        match self {
            Self::GoAway(code) | Self::ResetStream(code) => vec![code],
            Self::EveryRequest(ops) => ops.iter().flat_map(Self::args).collect(),
            Self::Begin | Self::AwaitRequest | Self::Frame(_) => Vec::new(),
        }
    }
}
