//! One exchange as the client saw it.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

/// A request as it went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers in order, names as sent. The credential is among them: print only through `observe::redact`.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Bytes,
}

/// Everything the client recorded of one exchange, however it ended.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// When the first byte was sent, on the monotonic clock that the upstream journal shares.
    pub started: Instant,
    /// The same moment on the wall clock, against which HTTP dates are read.
    pub started_wall: SystemTime,
    /// Status line and headers; `None` when none arrived.
    pub head: Option<Head>,
    /// The body's bytes as far as they arrived, after transfer decoding, before content decoding.
    pub body: Bytes,
    /// Where each piece of the body ended and when it arrived: byte offset behind it, time since `started`.
    pub pieces: Vec<(usize, Duration)>,
    /// Trailers.
    pub trailers: Vec<(String, Bytes)>,
    /// How it ended.
    pub end: End,
    /// From `started` to the end.
    pub elapsed: Duration,
}

/// A response's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The reason phrase, where one was sent.
    pub reason: Option<String>,
    /// Headers in order, names in lower case, values as bytes.
    pub headers: Vec<(String, Bytes)>,
    /// When it was complete, since the exchange started.
    pub at: Duration,
}

/// How an exchange ended at the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The response was whole.
    Complete,
    /// The connection failed before or within the response.
    Broken(Break),
    /// The client's deadline passed while the response was still open.
    Deadline,
    /// The client stopped reading at its cap, so many bytes in.
    Capped(usize),
}

/// How a connection failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// Nothing listens there.
    Refused,
    /// RST.
    Reset,
    /// Closed before the response was whole.
    ClosedEarly,
    /// What arrived is not HTTP; the text says where.
    Malformed(String),
    /// TLS, name resolution, or another failure below HTTP.
    Transport(String),
}
