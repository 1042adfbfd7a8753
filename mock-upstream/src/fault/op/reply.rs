//! Whole replies and what they carry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Arg;
use crate::headers::Headers;

/// A whole reply whose framing is right. In the values of `set` and in texts, `$(…)` is a word: see [`super::words`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyOp {
    /// The status, if not that of the content. A reply with a status of its own has the fields that the provider's
    /// refusals have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Arg>,
    /// The reason phrase, if not the registered one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The content type, if not that of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Fields that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Fields beside, or instead of, the others.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub set: Headers,
    /// The body.
    pub content: Content,
}

impl ReplyOp {
    pub(super) fn args(&self) -> Vec<&Arg> {
        self.status.iter().chain(self.content.args()).collect()
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        self.set.iter().map(|(_, value)| value).chain(self.content.texts()).collect()
    }
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
    /// The provider's own error object, for a failure of its own.
    ErrorObject,
    /// The provider's own error reply, with its status and fields.
    Error(ErrorContent),
    /// This JSON, without spaces.
    Json(Value),
    /// The one document that the request would get if it asked for no stream.
    Document,
    /// This text.
    Text(String),
    /// Bytes given as hexadecimal digits.
    Hex(String),
    /// A text many times over.
    Fill {
        /// The text.
        text: String,
        /// How often.
        times: Arg,
    },
    /// Several contents, one right behind the other.
    Parts(Vec<Self>),
}

impl Content {
    pub(super) fn args(&self) -> Vec<&Arg> {
        match self {
            Self::Fill { times, .. } => vec![times],
            Self::Error(error) => vec![&error.status],
            Self::Parts(parts) => parts.iter().flat_map(Self::args).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Json(value) => strings(value),
            Self::Parts(parts) => parts.iter().flat_map(Self::texts).collect(),
            _ => Vec::new(),
        }
    }
}

/// An error reply in the provider's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorContent {
    /// The name under which the provider documents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The status of what a provider says that documents no error of that name.
    pub status: Arg,
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
