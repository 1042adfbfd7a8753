//! The small language of play programs: operations over the healthy reply to the very request that is answered.

mod arg;
mod connection;
mod edit;
mod event;
mod event_edit;
mod form;
mod head;
mod place;
mod reply;
mod tls;
pub mod words;

use serde::{Deserialize, Serialize};

pub use arg::Arg;
pub use connection::ConnectionOp;
pub use edit::{AnswerOp, CallOp, Edit, Pick, Spot, UsageOp};
pub use event::{Ending, EventSpan, ForEver, InStream};
pub use event_edit::EventEdit;
pub use form::{Cut, EventPart, EventsAs, Fragment, Hex, LineEnd, Pack};
pub use head::{ChunkOp, Extent, Flood, Framing, HeadOp, Pace, Recoding};
pub use place::Place;
pub use reply::{Content, ErrorContent, ReplyOp};
pub use tls::{Beginning, CertificateFlaw, TlsOp};

/// What a fault plays, in order. A program that ends without `close`, `reset` or `hang` leaves the
/// connection to the next request.
pub type Program = Vec<Op>;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Makes the healthy reply say this; comes before anything is written.
    Answer(AnswerOp),
    /// Changes the JSON of the healthy reply, or of the events of the healthy stream; comes before anything is written.
    Edit(Vec<Edit>),
    /// Writes nothing for so many milliseconds.
    Wait(Arg),
    /// Waits before one in so many replies of the provider, and before the others not.
    WaitOneIn {
        /// In how many.
        replies: Arg,
        /// How many milliseconds.
        time: Arg,
    },
    /// Writes the provider's own reply with this status.
    Refusal(u16),
    /// Writes one whole, well-framed reply.
    Reply(ReplyOp),
    /// Writes the head of the healthy reply.
    Head(HeadOp),
    /// Writes a part of the healthy body under the framing of the head.
    Body(Extent),
    /// Writes the next events of the healthy stream, each a chunk of its own.
    Events(EventSpan),
    /// Writes one event that is not in the healthy stream.
    Event(InStream),
    /// Writes the first half of the next event as a chunk.
    HalfEvent,
    /// Writes a part of the next event as a chunk.
    EventPart(EventPart),
    /// Writes the next events in another form.
    EventsAs(EventsAs),
    /// Writes the next event with other content.
    EventAs(EventEdit),
    /// Leaves events out.
    Skip(EventSpan),
    /// Writes bytes under the framing of the head that complete no event.
    Fragment(Fragment),
    /// Writes the same again and again, until the peer leaves or the cap is reached.
    ForEver(ForEver),
    /// Writes bytes as they stand here, outside any framing.
    Raw(String),
    /// Writes bytes given as hexadecimal digits, outside any framing.
    RawHex(String),
    /// Writes a text many times over, outside any framing.
    RawFill {
        /// The text.
        text: String,
        /// How often.
        times: Arg,
    },
    /// Writes a part of the healthy body outside any framing.
    BareBody(Extent),
    /// Writes one chunk with a part of the healthy body.
    Chunk(ChunkOp),
    /// Changes how the healthy body is written; comes before its head.
    Recode(Recoding),
    /// Leaves the connection to the next request although the framing of the reply lies.
    Keep,
    /// Writes what is left of the healthy body piece by piece, and then finishes the framing.
    Drip {
        /// Milliseconds before each piece.
        every: Arg,
        /// Bytes in a piece.
        bytes: Arg,
    },
    /// Finishes the framing properly.
    End,
    /// Closes the connection with FIN.
    Close,
    /// Closes the connection with RST.
    Reset,
    /// Keeps the connection open in silence until the peer leaves or the cap is reached.
    Hang,
    /// Treats new connections of the provider so, before any request is read.
    Connection(ConnectionOp),
    /// Does so with TLS.
    Tls(TlsOp),
}

impl Op {
    pub(super) fn args(&self) -> Vec<&Arg> {
        match self {
            Self::Wait(arg) | Self::EventPart(EventPart::Bytes(arg)) => vec![arg],
            Self::Fragment(Fragment::Filler(arg)) => vec![arg],
            Self::Events(span) | Self::Skip(span) => span.args(),
            Self::Drip { every, bytes } => vec![every, bytes],
            Self::WaitOneIn { replies, time } => vec![replies, time],
            Self::EventsAs(events) => events.args(),
            Self::EventAs(edit) => edit.fill.values().collect(),
            Self::ForEver(ForEver { every, of }) => {
                of.iter().flat_map(Self::args).chain(std::iter::once(every)).collect()
            }
            Self::Recode(Recoding::GzipBomb(megabytes) | Recoding::Padding(megabytes)) => vec![megabytes],
            Self::RawFill { times, .. } => vec![times],
            Self::Head(head) => head.args(),
            Self::Reply(reply) => reply.args(),
            Self::Edit(edits) => edits.iter().flat_map(Edit::args).collect(),
            _ => Vec::new(),
        }
    }

    /// The texts in which words stand.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Reply(reply) => reply.texts(),
            Self::Edit(edits) => edits.iter().flat_map(Edit::texts).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it decides what the healthy reply is, and writes nothing.
    pub(super) fn prepares(&self) -> bool {
        matches!(self, Self::Answer(_) | Self::Edit(_))
    }

    /// Whether it can be done to a connection of which no request was read.
    pub(super) fn needs_no_request(&self) -> bool {
        match self {
            Self::Wait(_) | Self::Raw(_) | Self::Close | Self::Reset | Self::Hang | Self::Connection(_) => {
                true
            }
            Self::Tls(tls) => tls.needs_no_request(),
            _ => false,
        }
    }

    pub(super) fn needs_events(&self) -> bool {
        match self {
            Self::Events(_) | Self::Event(_) | Self::HalfEvent | Self::EventPart(_) => true,
            Self::EventsAs(_) | Self::EventAs(_) | Self::Skip(_) => true,
            Self::ForEver(ForEver { of, .. }) => of.iter().any(Self::needs_events),
            _ => false,
        }
    }
}
