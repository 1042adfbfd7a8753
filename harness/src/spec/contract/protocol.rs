//! How a protocol carries credentials, errors and the ends of its streams.

use crate::spec::language::compiled::Schema;
use crate::spec::read::place::At;

/// How a protocol carries errors and credentials.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Its name.
    pub name: At<String>,
    /// The schema of a failure's body.
    pub envelope: Option<Schema>,
    /// The claims that a body outside the schema breaks.
    pub envelope_claims: Vec<At<String>>,
    /// The ways a credential can travel; the first where a send names none.
    pub auth: Vec<Auth>,
    /// Headers that every request of the protocol has.
    pub headers: Vec<(String, String)>,
    /// The error's fields: name and JSON pointer.
    pub fields: Vec<(String, String)>,
    /// How its streams end and how they tell of an error.
    pub stream: StreamForm,
    /// The dialect of the mock in which its operations ask the upstream, where it is not the mock's first.
    pub dialect: Option<At<String>>,
}

/// How a credential travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// The key alone in a header of this name.
    Header(String),
}

impl Auth {
    /// The word by which a send chooses it: `bearer`, or the header's name.
    pub fn word(&self) -> &str {
        match self {
            Self::Bearer => "bearer",
            Self::Header(name) => name,
        }
    }
}

/// What the events of a protocol's streams mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamForm {
    /// What the last event of a whole stream is; any stream that HTTP calls whole is one where nothing is listed.
    pub ends: Vec<EventMark>,
    /// What an event is that tells of an error.
    pub error: Vec<EventMark>,
}

/// By what an event is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventMark {
    /// Its name.
    Event(String),
    /// Its data, whole. It closes the stream: no client reads on behind it.
    Data(String),
    /// Something that is not null at this place of the JSON in its data.
    At(String),
}

impl Default for StreamForm {
    /// Where a protocol says nothing: an event that is called `error`, or that has an `error` at the top of its data.
    fn default() -> Self {
        let error = vec![EventMark::Event("error".to_owned()), EventMark::At("/error".to_owned())];
        Self { ends: Vec::new(), error }
    }
}
