//! What a client that knows sockets and no HTTP library must see of a fault, said in words of its own: nothing of
//! what plays the fault is used to tell what it should look like.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::param::Params;
use super::{Lane, Play};

/// How a fault is proven, by lane; lanes are those of its play.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Parameters that make the proof quick.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub with: Params,
    /// The requests by which it is proven, each in every lane that it has.
    #[serde(default = "chat_alone")]
    pub on: Vec<Probe>,
    /// The same for plain and streaming requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Sight>,
    /// For requests that asked for one JSON document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<Sight>,
    /// For requests that asked for server-sent events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Sight>,
}

impl Proof {
    /// What must be seen in this lane.
    pub fn sight(&self, lane: Lane) -> Option<&Sight> {
        let own = match lane {
            Lane::Plain => self.plain.as_ref(),
            Lane::Stream => self.stream.as_ref(),
        };
        own.or(self.every.as_ref())
    }

    /// Whether exactly the lanes of the play are proven.
    pub(super) fn fits(&self, play: &Play) -> bool {
        let proven = |lane| self.sight(lane).is_some();
        let played = |lane: Lane| {
            let own = match lane {
                Lane::Plain => &play.plain,
                Lane::Stream => &play.stream,
            };
            own.is_some() || play.every.is_some()
        };
        [Lane::Plain, Lane::Stream].into_iter().all(|lane| proven(lane) == played(lane))
    }
}

fn chat_alone() -> Vec<Probe> {
    vec![Probe::Chat]
}

/// A request by which a fault is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// A chat completion of OpenAI's.
    Chat,
    /// The same with the tokens counted within a stream.
    ChatUsage,
    /// The same with two choices.
    ChatChoices,
    /// The same with log probabilities.
    ChatLogprobs,
    /// The same with an answer by a JSON schema.
    ChatSchema,
    /// An embedding of OpenAI's; it has no stream.
    Embeddings,
    /// The same for two inputs.
    EmbeddingsOfTwo,
    /// A response of OpenAI's Responses API.
    Responses,
    /// A message of Anthropic's.
    Messages,
    /// Content of Gemini's, whose stream is an array.
    GeminiArray,
    /// A conversation on Bedrock.
    Converse,
    /// No request: connecting alone, and once more with a request that is sent at once.
    Connect,
    /// No request: a ClientHello, to which raw bytes come back.
    Hello,
    /// A handshake by a client that trusts the mock's authority, and a chat completion if that succeeds.
    Tls,
}

impl Probe {
    /// Whether it can ask for a stream.
    pub fn streams(self) -> bool {
        !matches!(self, Self::Embeddings | Self::EmbeddingsOfTwo)
    }
}

/// What must be seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sight {
    /// Every byte, in order.
    #[serde(default)]
    pub bytes: Vec<Piece>,
    /// What a client that speaks TLS makes of it, which comes before the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSight>,
    /// What follows them.
    pub then: After,
    /// The least milliseconds from the request to the last of these bytes, or to the end where there are none or
    /// the connection is reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// The least milliseconds from the request to the end, where FIN ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_not_before: Option<u64>,
    /// How slowly the bytes behind the head come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<PaceSight>,
}

/// A pace that bytes do not exceed: the first of them come after one interval, and no interval brings more than so many.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaceSight {
    /// The interval in milliseconds, counted from the request.
    pub every: u64,
    /// The most bytes of an interval, framing included.
    pub bytes: usize,
}

/// What follows the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// FIN.
    Fin,
    /// FIN without the close_notify that TLS asks for.
    FinUnannounced,
    /// RST.
    Rst,
    /// Silence on an open connection.
    Open,
    /// Nothing, and the next request on the connection gets its healthy reply.
    Reuse,
    /// What the last piece says, again and again, until the client leaves.
    More,
    /// Connecting is refused.
    Refused,
    /// Connecting is not answered.
    Unanswered,
    /// Silence on an open connection, on which a long request cannot be written.
    Unread,
}

/// What a client that trusts the mock's authority makes of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsSight {
    /// It does not trust the certificate, and one that trusts anything gets the healthy reply.
    Distrusts(Distrust),
    /// It gets a fatal alert of this number.
    Alert(u8),
    /// It has offered this protocol and HTTP/1.1, and this one is chosen.
    Chooses(String),
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// No known authority has signed it.
    UnknownIssuer,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is another host's.
    WrongName,
}

/// A part of what must be seen. "Healthy" is the reply that was read off the wire for the same request before.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// The head of the healthy reply: its lines in any order, the status line first, each to the byte.
    Head,
    /// That head with changes.
    HeadWith(HeadSight),
    /// The head of the healthy reply without the blank line behind it.
    UnendedHead(HeadSight),
    /// The healthy body, without chunk framing.
    Body(Part),
    /// The healthy body with the byte FF in place of the one behind the first such text.
    SpoiledBody(String),
    /// The healthy JSON with changes, without spaces.
    BodyWith(Changes),
    /// Events of the healthy stream, each a chunk of its own.
    Events(Range),
    /// Events of the healthy stream, without chunk framing.
    BareEvents(Range),
    /// The first half of the healthy event of this number, as a chunk.
    HalfEvent(usize),
    /// The healthy event of this number with changes in its JSON, without chunk framing.
    EventWith(EventSight),
    /// Events of the healthy stream with the same changes in the JSON of each, each a chunk of its own.
    EventsWith(EventsSight),
    /// Each of these events of the healthy stream in other words, and as a chunk of its own.
    Each {
        /// Which.
        #[serde(default)]
        events: Range,
        /// What stands before each.
        #[serde(default)]
        before: Vec<Self>,
        /// Pairs of a text and what stands in its place wherever it is, one pair after the other.
        #[serde(default)]
        replace: Vec<(String, String)>,
    },
    /// Pieces in which a text, which must be there, is everywhere replaced.
    Replaced {
        /// The pieces.
        of: Vec<Self>,
        /// The text.
        text: String,
        /// What stands in its place.
        with: Vec<Self>,
    },
    /// Pieces up to the first place where certain bytes, which must be there, end.
    Through {
        /// The pieces.
        of: Vec<Self>,
        /// The bytes.
        mark: Vec<Self>,
    },
    /// A part of the bytes of pieces.
    Slice {
        /// The pieces.
        of: Vec<Self>,
        /// Which bytes of them.
        #[serde(default)]
        bytes: Range,
    },
    /// Pieces in which one byte has the opposite of each bit.
    Flipped {
        /// The pieces.
        of: Vec<Self>,
        /// Which byte, counted from 0; a negative number counts from the end.
        at: i64,
    },
    /// The CRC-32 of pieces, its highest byte first.
    Crc32(Vec<Self>),
    /// Pieces cut behind each so many bytes, each part a chunk of its own.
    Chunks {
        /// The pieces.
        of: Vec<Self>,
        /// How many bytes.
        size: usize,
    },
    /// Pieces cut behind certain bytes wherever they are, each part a chunk of its own.
    ChunksBehind {
        /// The pieces.
        of: Vec<Self>,
        /// The bytes.
        mark: Vec<Self>,
    },
    /// These pieces in one chunk that completes an event.
    Event(Vec<Self>),
    /// These pieces in one chunk.
    Chunk(Vec<Self>),
    /// These pieces behind a chunk size that exceeds theirs by so many, without the line end behind them.
    LongChunk(usize, Vec<Self>),
    /// These pieces in one chunk with something behind its size.
    ExtendedChunk(String, Vec<Self>),
    /// The chunk that ends a chunked body.
    LastChunk,
    /// This text.
    Text(String),
    /// These bytes, written in hexadecimal digits.
    Hex(String),
    /// A record of TLS that holds a ServerHello.
    ServerHello,
    /// The beginning of such a record, which ends before the length that it announces.
    HalfServerHello,
    /// This JSON without spaces; in its strings `$(canary)` stands for the provider's own words.
    Json(Value),
    /// As many bytes as the content length says, which are these pieces in another coding.
    Coded {
        /// The coding.
        coding: Coding,
        /// The pieces.
        bytes: Vec<Self>,
    },
    /// A text many times over.
    Fill {
        /// The text.
        text: String,
        /// How often.
        times: usize,
    },
    /// Pieces many times over.
    Repeat {
        /// The pieces.
        bytes: Vec<Self>,
        /// How often.
        times: usize,
    },
}

/// How a head differs from the healthy one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeadSight {
    /// The whole status line without its line end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_line: Option<String>,
    /// Fields with these values in place of the healthy ones, or beside them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Fields that are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Lines beside the fields, as they stand on the wire.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// So many fields `x-padding-0` and so on, with so many letters `p` each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flood: Option<(usize, usize)>,
    /// How it says where the body ends, if not as the healthy one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<FramingSight>,
}

/// How a head says where the body ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FramingSight {
    /// By a content length that is the number of bytes in the pieces that follow.
    Rest,
    /// By some content length, as many bytes as which are read by the piece that follows.
    Some,
    /// By a content length that is the number of bytes in the healthy body plus so many.
    Longer(i64),
    /// By chunks.
    Chunked,
    /// Not at all: no content length, no transfer encoding.
    Close,
}

/// Which part of the healthy body.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All of it.
    Whole,
    /// The first half, rounded down.
    FirstHalf,
    /// What the first half leaves.
    SecondHalf,
}

/// Events `from` (counted from 0) up to, without, `to`; negative numbers count from the end.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Range {
    /// The first.
    pub from: i64,
    /// The one behind the last; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

/// Changes to the healthy JSON, by JSON pointer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    /// Other, or new, values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// Texts of so many times the letter `x`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fill: BTreeMap<String, usize>,
    /// What is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Lists of which only the first items are there, and how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keep: BTreeMap<String, usize>,
    /// Lists whose items come in the other order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reversed: Vec<String>,
    /// Bytes that stand where a value stood, be they JSON or not.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub verbatim: BTreeMap<String, Vec<Piece>>,
}

/// A healthy event with changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSight {
    /// Which, counted from 0; a negative number counts from the end.
    pub at: i64,
    /// The changes in its JSON.
    #[serde(default)]
    pub changes: Changes,
}

/// Healthy events with the same changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsSight {
    /// Which.
    pub range: Range,
    /// The changes in the JSON of each.
    pub changes: Changes,
}

/// A coding in which a body is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// A sound gzip file.
    Gzip,
    /// A gzip file that ends too early.
    GzipCut,
    /// A gzip file that is sound once the first byte of its checksum is inverted.
    GzipBadChecksum,
    /// Little-endian UTF-16.
    Utf16,
}
