//! A chat completion as it is written: typed, because a tree of values costs more than everything else in a reply.

use serde::Serialize;
use serde_json::Value;

use crate::script::Usage;

/// The whole answer as one document.
#[derive(Serialize)]
pub(super) struct Completion<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a Value,
    pub(super) choices: Vec<Choice<'a>>,
    pub(super) usage: Tokens,
    pub(super) system_fingerprint: (),
}

#[derive(Serialize)]
pub(super) struct Choice<'a> {
    pub(super) index: u64,
    pub(super) message: Message<'a>,
    pub(super) logprobs: &'a Value,
    pub(super) finish_reason: &'static str,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: Option<&'a str>,
    pub(super) refusal: (),
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    pub(super) tool_calls: &'a [Value],
}

/// One event's part of it.
#[derive(Serialize)]
pub(super) struct Chunk<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a Value,
    pub(super) system_fingerprint: (),
    pub(super) choices: &'a [Delta<'a>],
    /// Null on the chunks before the one that has it, when the request asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Option<Tokens>>,
}

#[derive(Serialize)]
pub(super) struct Delta<'a> {
    pub(super) index: u64,
    pub(super) delta: &'a Value,
    pub(super) logprobs: &'a Value,
    pub(super) finish_reason: Option<&'static str>,
}

/// Tokens as chat counts them.
#[derive(Serialize)]
pub(super) struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Default, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
}

#[derive(Default, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl From<Usage> for Tokens {
    fn from(Usage { prompt, completion }: Usage) -> Self {
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt.saturating_add(completion),
            prompt_tokens_details: PromptDetails::default(),
            completion_tokens_details: CompletionDetails::default(),
        }
    }
}
