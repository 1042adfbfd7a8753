//! A request as the mock received it: what turns are selected by and replies are made for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Deserializer, Error as _};
use serde::ser::{SerializeSeq as _, Serializer};
use serde::{Deserialize, Serialize};

/// A request, read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The method as sent.
    pub method: String,
    /// The request target as sent, with its query.
    pub target: String,
    /// The minor version of HTTP/1: 0 or 1.
    pub minor_version: u8,
    /// The fields in the order and case in which they came.
    #[serde(serialize_with = "fields", deserialize_with = "from_fields")]
    pub headers: Vec<(String, Bytes)>,
    /// The body without its framing, up to the cap of what is stored.
    #[serde(serialize_with = "readable", deserialize_with = "from_readable")]
    pub body: Bytes,
}

impl Request {
    /// The target without scheme, authority and query.
    pub fn path(&self) -> &str {
        let target = if self.target.starts_with('/') {
            // What follows in a path is no authority, be it shaped like one.
            &self.target
        } else {
            let behind =
                self.target.split_once("://").map(|(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
            behind.unwrap_or(&self.target)
        };
        target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The values of a field, whatever the case of its name.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &Bytes> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether the client may send another request on the connection.
    pub fn keeps_alive(&self) -> bool {
        let says = |word: &str| {
            self.header("connection").any(|value| {
                let value = String::from_utf8_lossy(value).to_ascii_lowercase();
                value.split(',').any(|token| token.trim() == word)
            })
        };
        if self.minor_version == 0 { says("keep-alive") } else { !says("close") }
    }
}

/// Bytes as text where they are UTF-8, else as `{"base64": …}`.
pub(crate) fn readable<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    Readable(bytes).serialize(serializer)
}

fn fields<S: Serializer>(fields: &[(String, Bytes)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(fields.len()))?;
    for (name, value) in fields {
        seq.serialize_element(&(name, Readable(value)))?;
    }
    seq.end()
}

struct Readable<'a>(&'a Bytes);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_map([("base64", STANDARD.encode(self.0))]),
        }
    }
}

/// The bytes that [`readable`] wrote.
pub(crate) fn from_readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    Read::deserialize(deserializer)?.bytes().map_err(D::Error::custom)
}

fn from_fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Bytes)>, D::Error> {
    let fields = Vec::<(String, Read)>::deserialize(deserializer)?.into_iter();
    let fields = fields.map(|(name, value)| value.bytes().map(|value| (name, value)));
    fields.collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// Text, or bytes that are none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Text(String),
    Bytes { base64: String },
}

impl Read {
    fn bytes(self) -> Result<Bytes, base64::DecodeError> {
        match self {
            Self::Text(text) => Ok(Bytes::from(text)),
            Self::Bytes { base64 } => STANDARD.decode(base64).map(Bytes::from),
        }
    }
}
