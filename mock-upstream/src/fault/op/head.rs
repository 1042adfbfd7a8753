//! Heads, and how much of a body follows them.

use serde::{Deserialize, Serialize};

use super::Arg;
use crate::headers::Headers;

/// The head of the healthy reply, with changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeadOp {
    /// How the head says where the body ends.
    pub framing: Framing,
    /// The status line as it stands on the wire, without its line end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_line: Option<String>,
    /// Fields beside, or instead of, those of the healthy reply.
    #[serde(skip_serializing_if = "Headers::is_empty")]
    pub set: Headers,
    /// Fields that are left out; those of framing, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Lines behind the fields as they stand on the wire, without their line ends; not noted as fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Fields without a meaning behind those lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flood: Option<Flood>,
    /// Leaves out the blank line that ends the head.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unended: bool,
    /// Writes the head piece by piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drip: Option<Pace>,
}

impl HeadOp {
    /// Whether the head says what the healthy one says, framing aside.
    pub(crate) fn is_healthy(&self) -> bool {
        let Self { framing: _, status_line, set, without, lines, flood, unended, drip: _ } = self;
        status_line.is_none()
            && set.is_empty()
            && without.is_empty()
            && lines.is_empty()
            && flood.is_none()
            && !unended
    }

    pub(super) fn args(&self) -> Vec<&Arg> {
        let flood = self.flood.iter().flat_map(|flood| [&flood.fields, &flood.bytes]);
        let drip = self.drip.iter().flat_map(|pace| [&pace.every, &pace.bytes]);
        flood.chain(drip).collect()
    }
}

/// Fields without a meaning, named `x-padding-0` and so on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// How many.
    pub fields: Arg,
    /// Bytes in the value of each.
    pub bytes: Arg,
}

/// How fast something trickles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Milliseconds before each piece.
    pub every: Arg,
    /// Bytes in a piece.
    pub bytes: Arg,
}

/// How a head says where the body ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// As the healthy reply does: a content length for JSON, chunks for events.
    #[default]
    Healthy,
    /// The true length of the body in `content-length`.
    Length,
    /// A `content-length` so many bytes above the true one.
    Longer(usize),
    /// A `content-length` so many bytes below the true one.
    Shorter(usize),
    /// Chunked transfer encoding.
    Chunked,
    /// Not at all: the body ends with the connection.
    Close,
}

/// One chunk of a chunked body, not necessarily a sound one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChunkOp {
    /// The part of the healthy body that it carries.
    pub of: Extent,
    /// Its size as it stands on the wire; the true one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Bytes by which the true size is exceeded.
    pub longer: usize,
    /// What follows the size on its line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extension: String,
    /// Leaves out the line end behind the data.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unended: bool,
}

/// How the healthy body is written instead; its text stays the same but for the flaw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recoding {
    /// Compressed by gzip, and said so.
    Gzip,
    /// The same without the last bytes of the compressed data.
    GzipCut,
    /// The same with a wrong checksum.
    GzipBadChecksum,
    /// Behind so many megabytes of white space, all compressed by gzip.
    GzipBomb(Arg),
    /// Behind so many megabytes of white space.
    Padding(Arg),
    /// As UTF-16 with its byte order mark, and not said so.
    Utf16,
    /// Behind the byte order mark of UTF-8.
    ByteOrderMark,
    /// With a byte that no UTF-8 text has in place of the first letter of the answer.
    InvalidUtf8,
}

/// How much of the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it.
    Whole,
    /// The first half, rounded down, but at least one byte.
    FirstHalf,
    /// What has not been written yet.
    #[default]
    Rest,
    /// Nothing.
    Nothing,
}
