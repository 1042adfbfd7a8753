//! The two lanes: which one a path belongs to, and what is different on it.

use http::HeaderMap;
use serde_json::Value;

use crate::account::bearer;
use crate::anthropic;
use crate::config::Feature;
use crate::message::{Call, Invalid};
use crate::mutant::{Flaw, Flaws};
use crate::openai;
use crate::upstream::{Answer, Protocol};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Everything that is not under `/anthropic`.
    OpenAi,
    Anthropic,
}

impl Lane {
    pub(super) fn of(path: &str) -> Self {
        match path.strip_prefix("/anthropic") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Anthropic,
            _ => Self::OpenAi,
        }
    }

    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::OpenAi => Protocol::OpenAi,
            Self::Anthropic => Protocol::Anthropic,
        }
    }

    /// Where a call of this lane goes at the provider.
    pub(super) fn upstream_path(self, feature: Feature) -> &'static str {
        match (self, feature) {
            (Self::Anthropic, _) => "/v1/messages",
            (Self::OpenAi, Feature::Chat) => "/v1/chat/completions",
            (Self::OpenAi, Feature::Embeddings) => "/v1/embeddings",
        }
    }

    /// The key of a request: as the lane's own clients send it, or else as the other's do.
    pub(super) fn key(self, headers: &HeaderMap) -> Option<&str> {
        match self {
            Self::OpenAi => bearer(headers).or_else(|| alone(headers)),
            Self::Anthropic => alone(headers).or_else(|| bearer(headers)),
        }
    }

    pub(super) fn read(self, feature: Feature, body: &[u8], flaws: Flaws) -> Result<Call, Invalid> {
        match self {
            Self::OpenAi => openai::read(feature, body, flaws),
            Self::Anthropic if flaws.has(Flaw::MessagesUnvalidated) => {
                let request: Value = serde_json::from_slice(body).map_err(Invalid::NotJson)?;
                Ok(Call::of(feature, &request, &["max_tokens"]))
            }
            Self::Anthropic => anthropic::read(body, flaws),
        }
    }

    /// The tokens that a usable answer says it took.
    pub(super) fn usable(
        self,
        feature: Feature,
        answer: &Answer,
        flaws: Flaws,
    ) -> Result<Option<i64>, &'static str> {
        match self {
            Self::OpenAi => openai::usable(feature, &answer.headers, &answer.body, flaws),
            Self::Anthropic => anthropic::usable(&answer.headers, &answer.body, flaws),
        }
    }

    /// The tokens that a part of a stream counts, where it counts any.
    pub(super) fn tokens(self, part: &Value) -> Option<i64> {
        let usage = part.get("usage")?;
        match self {
            Self::OpenAi => usage.get("total_tokens").and_then(Value::as_i64),
            Self::Anthropic => anthropic::tokens(usage),
        }
    }
}

/// A key that stands alone in its header.
pub(super) fn alone(headers: &HeaderMap) -> Option<&str> {
    // What is not visible ASCII was never issued, but it was sent.
    let key = headers.get("x-api-key")?.to_str().unwrap_or("\u{0}").trim();
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_a_whole_segment() {
        for path in ["/anthropic", "/anthropic/", "/anthropic/v1/messages", "/anthropic/nowhere"] {
            assert_eq!(Lane::of(path), Lane::Anthropic, "{path}");
        }
        for path in ["/v1/messages", "/anthropics/v1/messages", "/", "/v1/anthropic"] {
            assert_eq!(Lane::of(path), Lane::OpenAi, "{path}");
        }
    }
}
