//! One request and what became of it.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::headers::Field;
use crate::script::{Request, from_readable, readable};
use crate::step::Intended;

/// One request and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The provider that was asked.
    pub provider: String,
    /// The scenario that it belongs to, if any.
    pub scenario: Option<String>,
    /// The send of that scenario.
    pub send: Option<u32>,
    /// Why it belongs there, or nowhere.
    pub standing: Standing,
    /// The connection, unique in the life of the mock.
    pub connection: u64,
    /// Which request on that connection this is, counted from 1.
    pub sequence: u32,
    /// The request itself; its body up to the cap.
    pub request: Request,
    /// The length of the whole body.
    pub body_length: u64,
    /// The SHA-256 of the whole body, in lower-case hex.
    pub body_sha256: String,
    /// Whether the stored body is shorter than the whole.
    pub body_capped: bool,
    /// Whether the client sent all that it announced.
    pub request_complete: bool,
    /// When the head had been read.
    pub arrived: Moment,
    /// When the body had been read.
    pub body_read: Option<Moment>,
    /// When the first byte of the reply was offered to the network: the peer has it later.
    pub first_byte: Option<Moment>,
    /// When the latest byte that it took was.
    pub last_byte: Option<Moment>,
    /// When the exchange was over.
    pub ended_at: Option<Moment>,
    /// The turn that answers, counted from 0; `None` when no script did.
    pub turn: Option<usize>,
    /// The fault that it plays.
    pub fault: Option<String>,
    /// What was meant to be written, and how far that came.
    pub played: Played,
    /// Bytes of the reply handed to the network, framing included.
    pub bytes_written: u64,
    /// How the exchange ended.
    pub ended: Ended,
    /// Whether what was scripted really happened on the wire.
    pub delivered: bool,
    /// Why it did not (or not yet).
    pub undelivered: Option<String>,
    /// What the script did to the idle connection behind the exchange, where it says so.
    pub aftermath: Option<Aftermath>,
}

impl Entry {
    /// The entry with its moments on this clock: for entries that were read back from another process.
    #[must_use]
    pub fn placed_on(mut self, clock: &Clock) -> Self {
        self.arrived = clock.at(self.arrived.since_start);
        for moment in [&mut self.body_read, &mut self.first_byte, &mut self.last_byte, &mut self.ended_at] {
            *moment = moment.map(|moment| clock.at(moment.since_start));
        }
        self
    }
}

/// Why a request belongs to a scenario, or to none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It carried a marker.
    Marked(Carrier),
    /// It carried none, while a scenario held the provider.
    Claimed,
    /// It carried the marker of a scenario that is closed.
    Late,
    /// It carried none, and is of a kind that belongs to nobody.
    Ambient,
    /// It carried none, or markers of several scenarios.
    Unclaimed {
        /// Whether several scenarios were named.
        conflicting: bool,
    },
}

/// Where the marker stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// In the body.
    Body,
    /// In the request target.
    Target,
    /// In this header field, named in lower case.
    Header(String),
}

/// What was meant to be written, and how far that came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Played {
    /// The status; `None` when no status line was meant to be written.
    pub status: Option<u16>,
    /// The reason phrase.
    pub reason: String,
    /// The fields of the head.
    pub headers: Vec<Field>,
    /// The body without framing, up to the cap of what is stored.
    #[serde(serialize_with = "readable", deserialize_with = "from_readable")]
    pub body: Bytes,
    /// The length of that body uncapped.
    pub body_length: u64,
    /// Events written whole.
    pub events: u32,
    /// Whether a whole reply was written, up to the end that its framing promises.
    pub complete: bool,
}

impl Played {
    pub(crate) fn intended(intended: Intended, cap: usize) -> Self {
        // A part is copied: a slice would keep the whole.
        let body = intended.body.get(..cap).map_or_else(|| intended.body.clone(), Bytes::copy_from_slice);
        Self {
            status: intended.status,
            reason: intended.reason,
            headers: intended.headers.into_fields(),
            body,
            body_length: intended.body.len() as u64,
            events: 0,
            complete: false,
        }
    }
}

/// What was done to an idle connection behind an exchange. Until it is done, the exchange counts as undelivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aftermath {
    /// When it was done; `None` when not yet, or never.
    pub struck: Option<Moment>,
    /// Bytes written behind the reply.
    pub bytes_written: u64,
    /// How the connection ended by it; `Open` when it did not.
    pub ended: Ended,
}

impl Aftermath {
    /// One that is still to come.
    pub(crate) const COMING: Self = Self { struck: None, bytes_written: 0, ended: Ended::Open };
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It has not.
    Open,
    /// The reply was written to the end of its framing.
    Complete,
    /// The mock sent FIN within the exchange.
    ClosedByMock,
    /// The mock sent RST.
    ResetByMock,
    /// The peer sent FIN.
    PeerClosed,
    /// The peer sent RST, or was found to be gone when written to.
    PeerReset,
}

/// A point on the mock's monotonic clock; serialised as microseconds since the mock started. One that is read back has
/// the right `since_start`, and an `instant` that only [`Entry::placed_on`] makes comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// For differences to instants taken elsewhere in the process.
    pub instant: Instant,
    /// Since the mock started.
    pub since_start: Duration,
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(self.since_start.as_micros()).unwrap_or(u64::MAX))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        static UNPLACED: LazyLock<Clock> = LazyLock::new(Clock::start);
        u64::deserialize(deserializer).map(|micros| UNPLACED.at(Duration::from_micros(micros)))
    }
}

/// The mock's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The clock of a mock that has been running for this long at that instant.
    pub fn started_before(instant: Instant, since_start: Duration) -> Self {
        // An instant reaches further back than any process has run.
        Self { start: instant.checked_sub(since_start).unwrap_or(instant) }
    }

    /// The moment so long after the mock's start.
    pub fn at(&self, since_start: Duration) -> Moment {
        Moment { instant: self.start + since_start, since_start }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        let instant = Instant::now();
        Moment { instant, since_start: instant.duration_since(self.start) }
    }
}
