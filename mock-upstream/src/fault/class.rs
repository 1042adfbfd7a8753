//! The words by which faults are sorted: where, under which name, how far into the exchange.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of reply a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// One JSON document.
    Plain,
    /// Server-sent events.
    Stream,
}

/// The groups of failures, in the order in which an exchange happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
    /// Name resolution, connecting, TLS.
    A,
    /// While or right after the request is read.
    B,
    /// Status line and headers.
    C,
    /// Body, framing, encoding.
    D,
    /// The JSON of the body.
    E,
    /// Statuses and bodies as providers shape them.
    F,
    /// Rate-limit and retry headers.
    G,
    /// Server-sent events.
    H,
    /// Time.
    I,
    /// Connection reuse and HTTP/2.
    J,
    /// A success that means something else.
    K,
    /// Sequences over several requests.
    L,
}

impl Group {
    /// Every group, in order.
    pub const ALL: [Self; 12] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::L,
    ];

    /// What the group holds, in a few words.
    pub fn says(self) -> &'static str {
        match self {
            Self::A => "name resolution, connect, TLS",
            Self::B => "request phase",
            Self::C => "response head",
            Self::D => "body, framing, encoding",
            Self::E => "JSON",
            Self::F => "provider-shaped statuses",
            Self::G => "rate-limit and retry headers",
            Self::H => "server-sent events",
            Self::I => "timing",
            Self::J => "connection reuse, HTTP/2",
            Self::K => "success with another meaning",
            Self::L => "sequences",
        }
    }
}

/// What a request has to ask for, so that a fault has something to strike; without any, every request will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// An answer in words: a chat completion, a message, generated content.
    Words,
    /// Embeddings.
    Embeddings,
    /// Several embeddings at once.
    SeveralInputs,
    /// Several answers at once.
    SeveralChoices,
    /// The tokens counted, within a stream.
    StreamUsage,
    /// How likely each token was.
    Logprobs,
    /// An answer by a JSON schema.
    Schema,
    /// A response of the Responses API.
    Responses,
    /// To be told to continue before the body is sent.
    Continue,
    /// HTTP/2.
    Http2,
    /// A second connection beside one that is open.
    SecondConnection,
}

/// The words under which contracts document upstream failures; a contract maps each to its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// No byte of a reply arrives: refused, reset or closed.
    Connect,
    /// The TLS handshake fails, or its certificate must not be trusted.
    Tls,
    /// An HTTP/2 connection or stream is ended or stalled by its own means.
    Http2,
    /// A connection that was kept for reuse is dead or poisoned; asking once more on a new one is safe.
    Reuse,
    /// The reply comes before the request was read whole.
    Early,
    /// The provider refuses the request as such: 400, 404, 413, 422 and their like.
    Rejected,
    /// The provider refuses the content of the request or of the answer.
    Filtered,
    /// The provider refuses the gateway's own credentials: 401, 403.
    Unauthorized,
    /// Nobody has paid: 402, or a quota under another status. Waiting does not help.
    OutOfCredit,
    /// Too many requests for now: 429 and what some providers send for it.
    RateLimited,
    /// The provider fails or is overloaded, and says so with a status of its own: 500 and above.
    Unavailable,
    /// The provider points elsewhere: 3xx.
    Redirected,
    /// The provider cannot serve the request for the moment and says so with a 4xx status other than 429: 408, 409, 423,
    /// 424, 425, 498, 499.
    Transient,
    /// A success that by its status carries no answer: 204, 205, 304, 101.
    NoAnswer,
    /// A healthy reply that comes late; whether it is too late depends on the gateway's limit.
    Late,
    /// Silence before the head or within a plain reply, longer than any limit.
    Timeout,
    /// A plain reply that trickles on, longer than any limit.
    Drip,
    /// A plain reply that ends before its framing says so.
    Truncated,
    /// Bytes that are not HTTP.
    Malformed,
    /// More bytes than anybody should keep: endless heads or bodies, compression bombs.
    Oversized,
    /// A body whose content coding is broken or was never offered.
    Miscoded,
    /// A well-framed 200 whose body is not JSON, or not a stream where one was asked for.
    NotJson,
    /// A sound reply under a content type that denies it.
    WrongType,
    /// A 200 whose JSON is not a reply: an error object, or a field that must not be null.
    WrongShape,
    /// A healthy reply in an unusual but lawful form; a client that keeps to HTTP gets the answer.
    OddWire,
    /// A reply outside its standard that a lenient client takes and a strict one refuses; either may be documented.
    Dubious,
    /// A healthy reply that says something unusual which its API allows.
    OddAnswer,
    /// A success in which the model, or a filter over it, declines to answer.
    Declined,
    /// A well-formed success that does not answer the request: fewer answers than asked for, another reply's id.
    Mismatched,
    /// A healthy answer whose tokens are not counted, or counted beyond belief.
    Miscounted,
    /// A stream that breaks off: the connection ends within the framing.
    StreamCut,
    /// A stream that is framed to its end but lacks its last events.
    StreamUnfinished,
    /// A stream whose answer is finished but whose end mark is missing.
    StreamUnmarked,
    /// A stream that carries an error event.
    StreamError,
    /// A stream with an event that is not JSON, or not what its API allows.
    StreamMalformed,
    /// A stream that falls silent, longer than any limit.
    StreamStall,
    /// A stream that trickles on, longer than any limit, never silent for long.
    StreamDrip,
    /// A healthy stream in an unusual but lawful form; a client that keeps to the standard gets the answer.
    StreamOdd,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Family {
    /// Every family, in the order of an exchange.
    pub const ALL: [Self; 38] = [
        Self::Connect,
        Self::Tls,
        Self::Http2,
        Self::Reuse,
        Self::Early,
        Self::Rejected,
        Self::Filtered,
        Self::Unauthorized,
        Self::OutOfCredit,
        Self::RateLimited,
        Self::Unavailable,
        Self::Redirected,
        Self::Transient,
        Self::NoAnswer,
        Self::Late,
        Self::Timeout,
        Self::Drip,
        Self::Truncated,
        Self::Malformed,
        Self::Oversized,
        Self::Miscoded,
        Self::NotJson,
        Self::WrongType,
        Self::WrongShape,
        Self::OddWire,
        Self::Dubious,
        Self::OddAnswer,
        Self::Declined,
        Self::Mismatched,
        Self::Miscounted,
        Self::StreamCut,
        Self::StreamUnfinished,
        Self::StreamUnmarked,
        Self::StreamError,
        Self::StreamMalformed,
        Self::StreamStall,
        Self::StreamDrip,
        Self::StreamOdd,
    ];
}

/// How far an exchange has come when a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strikes {
    /// Before any request byte: such faults need the provider exclusively, since no marker arrives.
    Connect,
    /// While a connection is kept idle between two requests.
    Idle,
    /// Once the head of the request has been read, before its body.
    Request,
    /// The request was read, no byte of the reply was written.
    BeforeHead,
    /// In the status line or the headers.
    Head,
    /// In the body of a plain reply.
    Body,
    /// Between or within events.
    Stream,
}

impl Strikes {
    /// Whether the fault strikes before a marker can have been read, so that it is imposed on a provider which a
    /// scenario holds, instead of being played by a turn.
    pub fn needs_provider(self) -> bool {
        matches!(self, Self::Connect | Self::Idle | Self::Request)
    }
}
