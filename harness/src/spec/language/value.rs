//! Values that may hold references, and what the references can name.

use std::time::Duration;

use crate::spec::language::path::Path;
use crate::spec::read::place::Place;

pub use parse::MOST_FILL;
pub(crate) use parse::text_kind;
pub use resolve::{Missing, Names};

mod parse;
mod resolve;

/// A value as written: JSON in which any text may hold references.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: ValueKind,
}

/// The shapes of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// A number, a boolean, null or a text without references.
    Literal(serde_json::Value),
    /// A text with at least one reference.
    Template(Vec<Part>),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order written.
    Map(Vec<(String, Value)>),
    /// `{fill: "word ", times: 9000}`: the only generator.
    Fill {
        /// What is repeated; a text makes a text, anything else a list.
        unit: Box<Value>,
        /// How often.
        times: u64,
    },
}

/// A piece of a text with references.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// `$(…)`.
    Reference(Reference),
}

/// What a reference names. A text that is one reference and nothing else takes the named value with its JSON type.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// A part of a corner: `$(got.status)`, `$(first.got.error.code)`.
    Path(Path),
    /// A model bound by the target: `$(model.chat)`.
    Model(String),
    /// The text of a credential, where a send puts it elsewhere than the protocol does: `$(credential.valid)`.
    Credential(String),
    /// A value bound by the target: `$(value.over_limit)`.
    Bound(String),
    /// A limit in seconds, as documented or as the target declares: `$(limit.upstream)`.
    Limit(String),
    /// A fresh secret of a kind (`host`, `key`, `org`, `request_id`, `stack`, `code`): `$(canary.host)`.
    Canary(String),
    /// A prompt unlike every other, carrying the send's marker: `$(prompt)`.
    Prompt,
    /// An HTTP date this far ahead of the clock: `$(date.in.9s)`.
    DateIn(Duration),
    /// A port of the gateway under test, chosen by the system: `$(port)`.
    Port,
    /// Of a provider: `$(provider.first.url)`, `$(provider.first.key)`.
    Provider {
        /// The provider's role.
        name: String,
        /// `url`, `key`, `host` or `port`.
        field: String,
    },
}
