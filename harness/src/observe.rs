//! Both ends of the exchanges of a case, joined; and a redacted view for people, which the judge cannot take.

pub mod join;
pub mod redact;

use std::time::Duration;

use bytes::Bytes;

use crate::arrange::names::secret::Secret;
use crate::wire::exchange::Exchange;

/// What was observed of one case.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The plain request before, on a scenario of its own; `None` where the case has no upstream.
    pub control: Option<Observed>,
    /// The steps, in order.
    pub steps: Vec<ObservedStep>,
    /// The plain request after.
    pub liveness: Option<Observed>,
    /// What must not show.
    pub secrets: Vec<Secret>,
    /// Limits in force: name and length.
    pub limits: Vec<(String, Duration)>,
    /// The longest scheduling delay the host was measured to have while the case ran.
    pub host_delay: Duration,
    /// By how much the upstream's moments may be off from the client's.
    pub clock_error: Duration,
    /// What spoils the proof: unmarked arrivals, a journal that dropped entries, a gate that never opened, a failed hook.
    pub doubts: Vec<String>,
    /// Faults that strike before a marker can be read, and so may leave no attempt.
    pub imposed: Vec<Imposed>,
}

/// A fault that held at a provider while a step ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imposed {
    /// The provider's role.
    pub provider: String,
    /// The fault's id.
    pub fault: String,
    /// Why it is not known to have struck.
    pub unproven: Option<String>,
}

/// What was observed of one step.
#[derive(Clone, Debug)]
pub struct ObservedStep {
    /// Its name.
    pub name: Option<String>,
    /// Its exchanges, in the order sent.
    pub exchanges: Vec<Observed>,
}

/// One exchange, seen from both ends.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The operation; `None` for a raw request line.
    pub operation: Option<String>,
    /// The protocol whose envelope and fields apply.
    pub protocol: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The client's side.
    pub exchange: Exchange,
    /// The upstream's side: every attempt that belongs to this send, in order of arrival.
    pub attempts: Vec<Attempt>,
}

/// One request that reached the upstream, and what it was answered.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The provider's role.
    pub provider: String,
    /// When its head had arrived, since the exchange started; zero for what came before.
    pub arrived: Duration,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, Bytes)>,
    /// The body, up to the journal's cap.
    pub body: Bytes,
    /// Whether that cap cut it.
    pub body_cut: bool,
    /// SHA-256 of the whole body, hexadecimal.
    pub body_sha256: String,
    /// What was played; `None` while nothing had been played when the journal was read.
    pub played: Option<Played>,
}

/// What the upstream played to one attempt.
#[derive(Clone, Debug)]
pub struct Played {
    /// Index of the script's turn, from 0; `None` when no turn answered.
    pub turn: Option<usize>,
    /// Id of the fault.
    pub fault: Option<String>,
    /// The status, where a head was sent.
    pub status: Option<u16>,
    /// Headers sent, names in lower case.
    pub headers: Vec<(String, Bytes)>,
    /// The body's bytes written, up to the journal's cap.
    pub body: Bytes,
    /// Whether that cap cut it.
    pub body_cut: bool,
    /// Server-sent events written whole.
    pub events: usize,
    /// When its last byte had been written, since the exchange started; `None` where none was.
    pub ended: Option<Duration>,
    /// How it ended on the upstream's side.
    pub ending: PlayedEnding,
    /// Whether what the script asks for really happened on the wire.
    pub delivered: Result<(), String>,
}

/// How the upstream's reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayedEnding {
    /// A whole, healthy or error, reply.
    Complete,
    /// Ended before it was whole.
    Cut,
    /// Left open in silence.
    Stalled,
    /// Not a byte of a reply.
    None,
}
