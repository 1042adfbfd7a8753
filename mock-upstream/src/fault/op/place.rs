//! Places that the documents of every dialect have, under one name.

use serde::{Deserialize, Serialize};

/// A place in a whole reply or in the data of an event; each dialect knows where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The list that carries the answers.
    Answer,
    /// The text of each answer, or its next piece.
    Text,
    /// Who speaks.
    Role,
    /// Why each answer is finished.
    Finish,
    /// The words by which the model declines.
    Refusal,
    /// The calls of tools.
    ToolCalls,
    /// The id of each call of a tool.
    ToolId,
    /// The numbers of each embedding.
    Vector,
    /// How likely each token was.
    Logprobs,
    /// The tokens counted.
    Usage,
    /// The tokens of request and answer together.
    UsageTotal,
    /// The tokens of the answer.
    UsageOutput,
    /// The model that the reply names.
    Model,
    /// The id of the reply.
    Id,
    /// The time at which it was made.
    Created,
}
