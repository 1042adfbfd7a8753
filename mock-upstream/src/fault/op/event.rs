//! Events of a stream.

use serde::{Deserialize, Serialize};

use super::Arg;

/// How many of the events that have not been written yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSpan {
    /// So many, but never the one that finishes the answer or what follows it.
    Next(Arg),
    /// All up to the one that finishes the answer, without it.
    UntilFinish,
    /// All up to the end-of-stream mark, without it.
    UntilDone,
    /// All.
    Rest,
}

/// An event that is not in the healthy stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InStream {
    /// The dialect's own error event.
    Error,
    /// An event with this text as its data.
    Data(String),
    /// What the dialect ends a stream with that it does not complete.
    Ending(Ending),
}

/// How a stream ends that is not completed, though its connection is sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The provider gave up on the answer, and says so as the answer's own end.
    Failed,
    /// The answer reached a limit of tokens.
    Incomplete,
}

impl Ending {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Failed, Self::Incomplete];
}
