//! Whole replies and what they carry.

use serde::{Deserialize, Serialize};

use super::Arg;

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

/// An error in the provider's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The status.
    pub status: Arg,
    /// Whether it says `connection: close`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
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
