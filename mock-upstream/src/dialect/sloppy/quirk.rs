//! The quirks, each of which some provider or server has.

use std::fmt;

use serde::{Deserialize, Serialize};

/// In what a provider's errors differ from OpenAI's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// The code is the status as a number (vLLM).
    #[default]
    IntegerCode,
    /// The fields of the error stand at the top, beside `"object": "error"` (older vLLM).
    TopLevelError,
    /// The error is a text (Ollama).
    ErrorString,
    /// The only field is `detail`, a text (FastAPI).
    DetailString,
    /// The only field is `detail`, a list of places and messages (FastAPI).
    DetailList,
    /// The only field is `message`.
    MessageOnly,
    /// The error has a code and no type.
    CodeWithoutType,
    /// The error has a type and no code.
    TypeWithoutCode,
    /// The code and the parameter are null whatever happened.
    NullCode,
    /// Within a stream, the error says its status (Groq).
    StatusInStream,
    /// The body is a page of HTML, as a content delivery network sends it.
    Html,
    /// There is no body.
    Empty,
    /// The body is a line of text.
    PlainText,
    /// The content type names a charset.
    Charset,
    /// The body is coded with gzip, whatever the client accepts.
    Gzip,
    /// Every failure of the provider's own carries the error of a rate limit.
    RateLimitInside,
    /// The time to wait stands in the body and in no header.
    RetryAfterInBody,
    /// The code is the status as a number, with metadata of the provider behind; within a stream the error is a
    /// chunk that finishes the answer (`OpenRouter`).
    Unified,
}

impl Quirk {
    /// Every quirk, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::IntegerCode,
        Self::TopLevelError,
        Self::ErrorString,
        Self::DetailString,
        Self::DetailList,
        Self::MessageOnly,
        Self::CodeWithoutType,
        Self::TypeWithoutCode,
        Self::NullCode,
        Self::StatusInStream,
        Self::Html,
        Self::Empty,
        Self::PlainText,
        Self::Charset,
        Self::Gzip,
        Self::RateLimitInside,
        Self::RetryAfterInBody,
        Self::Unified,
    ];
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
