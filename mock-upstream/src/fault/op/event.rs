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
}
