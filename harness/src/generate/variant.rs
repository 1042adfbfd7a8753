//! Two ways of saying one thing, which have to be answered alike.

use serde::{Deserialize, Serialize};

use super::http::{Dress, Framing};
use super::json::write::Style;
use super::json::{Json, Spot};

/// In which way the second request differs from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// Not at all: sent again.
    Repeated,
    /// White space around every token.
    Spaced,
    /// The keys of every object the other way round.
    Reordered,
    /// Characters as `\u` escapes.
    Escaped,
    /// `/` as `\/`.
    Slashes,
    /// Numbers spelt otherwise.
    Spelling,
    /// In chunks.
    Chunked,
    /// In several writes.
    Split,
    /// The content type with a parameter.
    Charset,
    /// A valid optional field more.
    Added,
    /// Asked to stream.
    Streamed,
}

impl Variant {
    /// All of them, in a fixed order.
    pub const ALL: [Self; 11] = [
        Self::Repeated,
        Self::Spaced,
        Self::Reordered,
        Self::Escaped,
        Self::Slashes,
        Self::Spelling,
        Self::Chunked,
        Self::Split,
        Self::Charset,
        Self::Added,
        Self::Streamed,
    ];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Spaced => "spaced",
            Self::Reordered => "reordered",
            Self::Escaped => "escaped",
            Self::Slashes => "slashes",
            Self::Spelling => "spelling",
            Self::Chunked => "chunked",
            Self::Split => "split",
            Self::Charset => "charset",
            Self::Added => "added",
            Self::Streamed => "streamed",
        }
    }

    /// Whether it is another text of the same meaning, and not another way of sending the same text.
    pub fn rewrites(self) -> bool {
        !matches!(self, Self::Repeated | Self::Chunked | Self::Split | Self::Charset)
    }

    /// The second request: its body and its dress.
    pub fn of(self, body: &Json) -> (Vec<u8>, Dress) {
        let mut dress = Dress::default();
        let bytes = match self {
            Self::Repeated => body.to_bytes(),
            Self::Spaced => body.written(Style { spaced: true, ..Style::default() }),
            Self::Reordered => reordered(body).to_bytes(),
            Self::Escaped => body.written(Style { escaped: true, ..Style::default() }),
            Self::Slashes => body.written(Style { slashes: true, ..Style::default() }),
            Self::Spelling => respelt(body).to_bytes(),
            Self::Chunked => {
                dress.framing = Framing::Chunked(17);
                body.to_bytes()
            }
            Self::Split => {
                dress.framing = Framing::Split;
                body.to_bytes()
            }
            Self::Charset => {
                dress.content_type = Some(vec!["application/json; charset=utf-8".to_owned()]);
                body.to_bytes()
            }
            Self::Added => with(body, "user", Json::text("somebody")).to_bytes(),
            Self::Streamed => with(body, "stream", Json::Bool(true)).to_bytes(),
        };
        (bytes, dress)
    }
}

/// The body with a field that it did not have; as it is where it has one.
fn with(body: &Json, key: &str, value: Json) -> Json {
    let place = [Spot::Key(key.to_owned())];
    let mut more = body.clone();
    if more.at(&place).is_none() || key == "stream" {
        more.set(&place, value);
    }
    more
}

fn reordered(value: &Json) -> Json {
    match value {
        Json::List(items) => Json::List(items.iter().map(reordered).collect()),
        Json::Object(entries) => {
            Json::Object(entries.iter().rev().map(|(key, value)| (key.clone(), reordered(value))).collect())
        }
        other => other.clone(),
    }
}

/// Numbers that have a point get a zero or lose one; whole numbers stay, since few programs take `1.0` for one.
fn respelt(value: &Json) -> Json {
    match value {
        Json::List(items) => Json::List(items.iter().map(respelt).collect()),
        Json::Object(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.clone(), respelt(value))).collect())
        }
        Json::Number(digits) if digits.contains('.') && !digits.contains(['e', 'E']) => {
            Json::Number(format!("{digits}0"))
        }
        other => other.clone(),
    }
}
