//! Replies in the bytes of a provider; pure.

mod answer;
mod anthropic;
mod azure;
mod bedrock;
mod gemini;
mod named;
mod openai;
mod scene;
mod sloppy;
mod sse;

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::{Ending, Lane, Place};
use crate::script::{Headers, Reply, Request};

pub use named::NamedReply;
pub use scene::{Identity, Scene};
pub use sloppy::Quirk;

/// A family of providers that share routes, bodies and headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// OpenAI: responses, chat completions, legacy completions, embeddings, rankings, models.
    #[default]
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic: messages, token counts, models.
    Anthropic,
    /// Gemini: generateContent whole and streamed, embeddings, token counts, models.
    Gemini,
    /// Azure OpenAI: what OpenAI says, under deployments and with the results of content filters.
    Azure,
    /// Bedrock: Converse and InvokeModel, with streams of binary frames.
    Bedrock,
    /// What OpenAI says while all is well, and errors that differ from OpenAI's in one way.
    Sloppy(Quirk),
    /// Whichever of the others the request's path and headers belong to; OpenAI when no other claims it.
    Any,
}

/// How a family of providers speaks. Everything is a function of what is given, so that a reply can be computed again.
trait Speaker {
    /// The reply of a healthy provider. A request that such a provider would refuse (an unknown route, a body that
    /// is not JSON) gets that refusal, which `Healthy::refused` tells.
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy;

    /// The provider's own reply with this status.
    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy;

    /// The event by which the provider reports a failure within a stream, with these fields of its error object.
    fn error_event(&self, fields: &Map<String, Value>, stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes;

    /// An event of the stream with this text as its data, be it JSON or not.
    fn data_event(&self, data: &str, _stream: &Stream<'_>) -> Bytes {
        Bytes::from(format!("data: {data}\n\n"))
    }

    /// The end of a stream that the provider does not complete; none where its streams have no such end.
    fn ending(&self, _how: Ending, _stream: &Stream<'_>, _scene: &Scene<'_>) -> Option<Bytes> {
        None
    }

    /// Whether path or headers show that the request is meant for this provider and no other.
    fn claims(&self, _request: &Request) -> bool {
        false
    }

    /// Which bytes of an event of the stream are its JSON; none when it has none.
    fn document(&self, event: &Bytes) -> Option<Range<usize>> {
        let begin = memchr::memchr(b'{', event)?;
        memchr::memrchr(b'}', event).filter(|end| *end > begin).map(|end| begin..end + 1)
    }

    /// The event whose JSON was replaced, with what its framing says of the length and the sum of its bytes put right.
    fn reframed(&self, event: Bytes) -> Bytes {
        event
    }

    /// The event, broken in this way; none when its framing has nothing that could break so.
    fn spoil(&self, _event: &Bytes, _how: Spoil) -> Option<Bytes> {
        None
    }

    /// Where the place is in this document (a whole reply, or the data of one event), as JSON pointers; none when the
    /// document has no such place.
    fn places(&self, place: Place, document: &Value) -> Vec<String>;

    /// The provider's documented error replies.
    fn named(&self) -> &'static [NamedReply];

    /// The fields that every reply of the provider has, for a body of this type.
    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers;
}

impl Dialect {
    fn speaker(self) -> &'static dyn Speaker {
        match self {
            Self::OpenAi | Self::Any => &openai::OpenAi,
            Self::Anthropic => &anthropic::Anthropic,
            Self::Gemini => &gemini::Gemini,
            Self::Azure => &azure::Azure,
            Self::Bedrock => &bedrock::Bedrock,
            Self::Sloppy(quirk) => quirk.speaker(),
        }
    }

    /// The dialect in which this request is answered: itself, or for `Any` the one that claims the request.
    pub fn speaking_to(self, request: &Request) -> Self {
        let claims = |dialect: &Self| dialect.speaker().claims(request);
        match self {
            Self::Any => Self::ALL.into_iter().find(claims).unwrap_or(Self::OpenAi),
            one => one,
        }
    }

    /// The reply of a healthy provider. A request that such a provider would refuse (an unknown route, a body that
    /// is not JSON) gets that refusal, which `Healthy::refused` tells.
    pub fn healthy(self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        self.speaking_to(request).speaker().healthy(request, reply, scene)
    }

    /// The provider's own reply with this status.
    pub fn refusal(self, status: u16, scene: &Scene<'_>) -> Healthy {
        self.speaker().refusal(status, scene)
    }

    /// The event by which the provider reports a failure within a stream, with these fields of its error object.
    pub fn error_event(self, fields: &Map<String, Value>, stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        self.speaking_to(stream.request).speaker().error_event(fields, stream, scene)
    }

    /// The end of a stream that the provider does not complete; none where its streams have no such end.
    pub fn ending(self, how: Ending, stream: &Stream<'_>, scene: &Scene<'_>) -> Option<Bytes> {
        self.speaking_to(stream.request).speaker().ending(how, stream, scene)
    }

    /// An event of the stream with this text as its data, be it JSON or not.
    pub fn data_event(self, data: &str, stream: &Stream<'_>) -> Bytes {
        self.speaking_to(stream.request).speaker().data_event(data, stream)
    }

    /// Which bytes of an event of the stream are its JSON; none when it has none.
    pub fn document(self, event: &Bytes) -> Option<Range<usize>> {
        self.speaker().document(event)
    }

    /// The event whose JSON was replaced, with what its framing says of the length and the sum of its bytes put right.
    pub fn reframed(self, event: Bytes) -> Bytes {
        self.speaker().reframed(event)
    }

    /// The event, broken in this way; none when its framing has nothing that could break so.
    pub fn spoil(self, event: &Bytes, how: Spoil) -> Option<Bytes> {
        self.speaker().spoil(event, how)
    }

    /// Where the place is in this document (a whole reply, or the data of one event), as JSON pointers; none when the
    /// document has no such place.
    pub fn places(self, place: Place, document: &Value) -> Vec<String> {
        self.speaker().places(place, document)
    }

    /// The provider's documented error replies, in the order of their file.
    pub fn named(self) -> &'static [NamedReply] {
        self.speaker().named()
    }

    /// The documented error reply of this name, as `name` or `dialect/name`; a bare name is looked for in this dialect.
    pub fn error(self, name: &str, scene: &Scene<'_>) -> Option<Healthy> {
        let (dialect, name) = match name.split_once('/') {
            Some((dialect, name)) => (Self::parse(dialect)?, name),
            None => (self, name),
        };
        let row = dialect.named().iter().find(|row| row.name == name)?;
        let content_type =
            if row.body.is_string() { "text/plain; charset=utf-8" } else { "application/json" };
        Some(row.reply(dialect.speaker().headers(content_type, scene), scene))
    }

    /// Every dialect, the sloppy ones by the first quirk; `Quirk::ALL` has the others.
    pub const ALL: [Self; 7] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Gemini,
        Self::Azure,
        Self::Bedrock,
        Self::Sloppy(Quirk::ALL[0]),
        Self::Any,
    ];

    /// The dialect of this name. `sloppy` alone is the one of the first quirk: all quirks share their named replies.
    pub fn parse(name: &str) -> Option<Self> {
        let sloppy = Quirk::ALL.map(Self::Sloppy);
        let called = |dialect: &Self| dialect.to_string() == name;
        Self::ALL.into_iter().chain(sloppy).find(|dialect| called(dialect) || dialect.family() == name)
    }

    /// The name without the quirk, under which files refer to the dialect's named replies.
    pub fn family(self) -> String {
        self.to_string().split(':').next().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sloppy(quirk) => write!(f, "sloppy:{quirk}"),
            plain => plain.serialize(f),
        }
    }
}

/// The stream into which an event goes that is not of the healthy reply.
#[derive(Debug, Clone, Copy)]
pub struct Stream<'a> {
    /// The request that the stream answers, which decides its form.
    pub request: &'a Request,
    /// Whether anything of the body was written before.
    pub begun: bool,
    /// The events of the healthy stream that were written before.
    pub sent: &'a [Event],
}

/// How the framing of one event breaks, where it has more framing than a blank line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spoil {
    /// The checksum over the lengths is wrong.
    PreludeChecksum,
    /// The checksum over the whole event is wrong.
    MessageChecksum,
    /// The event ends before the length that it declares.
    Cut,
    /// What separates the event from the one before is missing.
    Separator,
}

impl Spoil {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::PreludeChecksum, Self::MessageChecksum, Self::Cut, Self::Separator];
}

/// A reply, not yet framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healthy {
    /// The status.
    pub status: u16,
    /// The fields without those of framing.
    pub headers: Headers,
    /// The body.
    pub content: Content,
    /// Why the provider refuses the request, when it does.
    pub refused: Option<String>,
}

impl Healthy {
    /// Whether the request asked for a stream and gets one.
    pub fn lane(&self) -> Lane {
        match self.content {
            Content::Whole(_) => Lane::Plain,
            Content::Events(_) => Lane::Stream,
        }
    }

    /// The body without framing.
    pub fn body(&self) -> Bytes {
        match &self.content {
            Content::Whole(body) => body.clone(),
            Content::Events(events) => events.iter().flat_map(|event| event.bytes.iter().copied()).collect(),
        }
    }
}

/// The body of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// One document.
    Whole(Bytes),
    /// Events in order.
    Events(Vec<Event>),
}

/// One event of a healthy stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its bytes with the blank line that ends it.
    pub bytes: Bytes,
    /// What it is for.
    pub role: EventRole,
}

/// What an event of a healthy stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRole {
    /// It carries a part of the answer.
    Part,
    /// It says that the answer is finished, or follows that.
    Finish,
    /// It says that the stream is.
    Done,
}
