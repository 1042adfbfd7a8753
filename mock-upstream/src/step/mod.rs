//! What is done on the socket, step by step: the last pure module before it.

mod compile;
mod frame;
mod program;
mod recode;
mod score;

use std::time::Duration;

use bytes::Bytes;

use crate::script::Headers;

pub use compile::{Answer, compile, unscripted};
use frame::Head;
pub(crate) use frame::refusal;
use score::Score;

/// Everything that answers one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is done, in order. Without `Close`, `Reset` or `Hang` at its end the connection goes on.
    pub steps: Vec<Step>,
    /// What the peer would read if all were written.
    pub intended: Intended,
    /// The step that makes it the scripted thing: once a wait, a drip or a hang has begun, or another step is
    /// done, the script was delivered.
    pub decisive: usize,
    /// The fault that is played.
    pub fault: Option<String>,
    /// Why something else is played than what the script asked for.
    pub instead: Option<String>,
    /// Whether the connection may take another request after a whole reply.
    pub keep_alive: bool,
}

/// One thing done on the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Hands these bytes to the network at once.
    Write {
        /// The bytes, framing included.
        bytes: Bytes,
        /// How many events they complete.
        events: u32,
    },
    /// Writes nothing for so long.
    Wait(Duration),
    /// Waits until the scenario opens a gate, at most so long.
    Gate {
        /// Its name.
        name: String,
        /// The longest wait.
        at_most: Duration,
    },
    /// Writes one after the other.
    Drip {
        /// What is written.
        parcels: Vec<Parcel>,
        /// The pause before each.
        every: Duration,
    },
    /// Writes the same again and again, until the peer leaves or the cap is reached, and then FIN.
    Repeat {
        /// What is written each time.
        parcel: Parcel,
        /// The pause before each time; none when zero.
        every: Duration,
    },
    /// FIN.
    Close,
    /// FIN without the close_notify of TLS, which alone carries it.
    CloseUnannounced,
    /// RST.
    Reset,
    /// Silence until the peer leaves or the cap is reached.
    Hang,
}

/// Bytes that are handed to the network at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The bytes, framing included.
    pub bytes: Bytes,
    /// How many events they complete.
    pub events: u32,
}

/// What the peer would read if all were written; what comes again and again is there once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intended {
    /// The status; `None` when there is no status line.
    pub status: Option<u16>,
    /// The reason phrase.
    pub reason: String,
    /// The fields of the head, framing included.
    pub headers: Headers,
    /// The body without framing.
    pub body: Bytes,
}
