//! Changes to what the healthy reply says, before any of it is written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Arg, Content, Place};

/// What the healthy reply says instead; whatever is absent stays as the script has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerOp {
    /// The model that the reply names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The text of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The tools that it calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<CallOp>,
    /// The tokens counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageOp>,
}

/// Tokens as the reply counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageOp {
    /// Those of the request.
    pub input: u64,
    /// Those of the answer.
    pub output: u64,
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallOp {
    /// The function's name.
    pub name: String,
    /// Its arguments, as the provider sends them.
    pub arguments: String,
}

/// One change in the JSON of the healthy reply, or of the events of the healthy stream. A change that finds nothing
/// to change cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Another value; behind a pointer a new field, too.
    Set {
        /// Where.
        at: Spot,
        /// The value.
        to: Value,
        /// In which events of a stream.
        #[serde(default)]
        events: Pick,
    },
    /// A field less.
    Remove {
        /// Where.
        at: Spot,
        /// In which events of a stream.
        #[serde(default)]
        events: Pick,
    },
    /// A value written so, be it JSON or not; behind a pointer a new field, too.
    Write {
        /// Where.
        at: Spot,
        /// What stands on the wire in place of the value.
        content: Content,
        /// In which events of a stream.
        #[serde(default)]
        events: Pick,
    },
    /// The first items of a list, without the others.
    Keep {
        /// Where the list is.
        at: Spot,
        /// How many.
        items: usize,
    },
    /// The items of a list in the other order.
    Reverse {
        /// Where the list is.
        at: Spot,
    },
}

impl Edit {
    /// Where it changes something.
    pub fn spot(&self) -> &Spot {
        match self {
            Self::Set { at, .. }
            | Self::Remove { at, .. }
            | Self::Write { at, .. }
            | Self::Keep { at, .. }
            | Self::Reverse { at } => at,
        }
    }

    /// In which events of a stream it does.
    pub fn pick(&self) -> Pick {
        match self {
            Self::Set { events, .. } | Self::Remove { events, .. } | Self::Write { events, .. } => *events,
            Self::Keep { .. } | Self::Reverse { .. } => Pick::Every,
        }
    }

    /// Whether what it is made for need not be there before.
    pub fn adds(&self) -> bool {
        matches!(self, Self::Set { .. } | Self::Write { .. })
    }

    pub(super) fn args(&self) -> Vec<&Arg> {
        match self {
            Self::Write { content, .. } => content.args(),
            _ => Vec::new(),
        }
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Write { content, .. } => content.texts(),
            _ => Vec::new(),
        }
    }
}

/// Which of the events of a stream that have the place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// All of them.
    #[default]
    Every,
    /// The first of them.
    First,
    /// Those that finish the answer or follow that.
    Finish,
    /// The last of them.
    Last,
}

/// Where in a document: a place that every dialect knows, or a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Spot {
    /// A place.
    Place(Place),
    /// A JSON pointer, which is known by its first character.
    Pointer(String),
}

impl FromStr for Spot {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('/') {
            return Ok(Self::Pointer(text.to_owned()));
        }
        serde_json::from_value(Value::String(text.to_owned())).map(Self::Place)
    }
}

impl TryFrom<String> for Spot {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.serialize(f),
            Self::Pointer(pointer) => f.write_str(pointer),
        }
    }
}

impl From<Spot> for String {
    fn from(spot: Spot) -> Self {
        spot.to_string()
    }
}
