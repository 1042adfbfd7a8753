//! Heads, and how much of a body follows them.

use serde::{Deserialize, Serialize};

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
    /// Not at all: it ends where the connection does.
    Close,
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
