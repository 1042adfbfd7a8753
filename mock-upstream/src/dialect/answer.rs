//! What an answer says before any dialect words it: text, calls of tools, tokens.

use serde_json::{Value, json};

use super::openai::chat::{ANSWER, count_words};
use crate::script::{Reply, ToolCall, Usage};

const CHARACTERS_A_FRAGMENT: usize = 8;

/// What an answer says.
pub(super) struct Answer<'a> {
    /// The text; none when the answer only calls tools.
    pub(super) text: Option<&'a str>,
    /// The tools that it calls.
    pub(super) tool_calls: &'a [ToolCall],
    /// The tokens counted.
    pub(super) usage: Usage,
}

impl<'a> Answer<'a> {
    /// The answer that the script gives to this prompt.
    pub(super) fn of(prompt: &Value, reply: &'a Reply) -> Self {
        let default = reply.tool_calls.is_empty().then_some(ANSWER);
        let text = reply.answer.as_deref().or(default);
        let counted = Usage {
            prompt: count_words(prompt),
            completion: text.map_or(8, |text| text.split_whitespace().count() as u64),
        };
        Self { text, tool_calls: &reply.tool_calls, usage: reply.usage.unwrap_or(counted) }
    }

    /// Tokens of request and answer together.
    pub(super) fn total(&self) -> u64 {
        self.usage.prompt.saturating_add(self.usage.completion)
    }
}

/// A text in pieces of a few characters, which together are the text.
pub(super) fn fragments(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(CHARACTERS_A_FRAGMENT).map_or(rest.len(), |(at, _)| at);
        let (piece, left) = rest.split_at(end);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Arguments where a dialect wants them as JSON and not as text; text that is no JSON stays text.
pub(super) fn arguments(call: &ToolCall) -> Value {
    serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!(call.arguments))
}
