//! Events of a stream.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Arg;

/// How many of the events that have not been written yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSpan {
    /// So many, but never the one that finishes the answer or what follows it.
    Next(Arg),
    /// So many, whatever they say; a stream that has fewer left cannot be played.
    Exactly(Arg),
    /// All up to the one of this type, without it: the name of the event, or the `type` of its JSON. A stream without
    /// it cannot be played.
    UntilType(String),
    /// All up to the one that finishes the answer, without it.
    UntilFinish,
    /// All up to the end-of-stream mark, without it.
    UntilDone,
    /// All.
    #[default]
    Rest,
}

impl EventSpan {
    pub(super) fn args(&self) -> Vec<&Arg> {
        match self {
            Self::Next(arg) | Self::Exactly(arg) => vec![arg],
            Self::UntilType(_) | Self::UntilFinish | Self::UntilDone | Self::Rest => Vec::new(),
        }
    }
}

/// An event that is not in the healthy stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InStream {
    /// The dialect's own error event.
    Error,
    /// The same with these fields of its error object.
    ErrorWith(Map<String, Value>),
    /// An event with this text as its data.
    Data(String),
    /// An event as it stands here, its blank line included.
    Verbatim(String),
    /// The event that was written last, once more.
    Again,
    /// What the dialect ends a stream with that it does not complete.
    Ending(Ending),
}

/// What is written again and again, until the peer leaves or the cap is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEver {
    /// Milliseconds before each time.
    pub every: Arg,
    /// What each time writes: operations that write at once.
    pub of: Vec<super::Op>,
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
