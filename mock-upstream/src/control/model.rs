//! What travels between client and server, each way the same types.

use serde::{Deserialize, Serialize};

use crate::dialect::{Dialect, Identity};
use crate::fault::Params;
use crate::journal::{Entry, JournalCaps, Page, Progress};
use crate::scenario::{Ambient, Unreached};
use crate::script::Script;

/// That the server runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `mock-upstream`.
    pub name: String,
    /// The crate's version.
    pub version: String,
    /// The API's version, the number in its paths.
    pub api: u32,
}

/// The mock's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockView {
    /// Microseconds since the mock started: the scale of every moment in the journals.
    pub since_start: u64,
}

/// A list, named by what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// What it holds.
    pub items: Vec<T>,
}

/// What a scenario is opened with. It is opened whole or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenScenario {
    /// A name for people; it need not be unique.
    pub name: String,
    /// Its markers.
    #[serde(default)]
    pub markers: Vec<Marking>,
    /// Its scripts.
    #[serde(default)]
    pub scripts: Vec<ScriptFor>,
    /// How much its journal keeps.
    #[serde(default)]
    pub journal: JournalCaps,
    /// It ends after so many milliseconds, unless it is renewed.
    #[serde(default = "default_ttl")]
    pub ttl_ms: u64,
}

/// A marker and the send that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marking {
    /// The word.
    pub word: String,
    /// The number of the send.
    pub send: u32,
}

/// The send that a marker stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendOf {
    /// The number of the send.
    pub send: u32,
}

/// A script and what it answers for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptFor {
    /// The send, or any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<u32>,
    /// The provider, or whichever is asked; `#1` is whichever a send asks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Whether every other script of the scenario is taken away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// The script.
    pub script: Script,
}

/// How long something lives from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ttl {
    /// Milliseconds.
    pub ttl_ms: u64,
}

/// A scenario that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it was put up by the command line, which never ends it.
    pub standing: bool,
    /// Milliseconds until it ends; `null` for a standing one.
    pub expires_in_ms: Option<u64>,
    /// How far it has come.
    pub progress: ProgressView,
    /// Turns that had to be reached and have not been.
    pub unreached: Vec<Unreached>,
}

/// How far a scenario has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressView {
    /// Requests that have arrived, those not kept included.
    pub arrivals: u64,
    /// Exchanges that have not ended.
    pub under_way: u64,
    /// Exchanges that have.
    pub ended: u64,
    /// Entries that were not kept because the caps were reached.
    pub dropped: u64,
    /// The sends of which a request has arrived.
    pub arrived_sends: Vec<u32>,
}

/// A part of a journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalPage {
    /// The entries in the order of arrival.
    pub entries: Vec<Entry>,
    /// The place at which the next page begins.
    pub next: usize,
    /// The place behind the latest entry: when `next` has reached it, there is no more for now.
    pub end: usize,
    /// Entries that were not kept because the caps were reached.
    pub dropped: u64,
    /// How far the journal has come.
    pub progress: Progress,
}

impl JournalPage {
    /// The page with how far its journal has come.
    pub fn new(page: Page, progress: Progress) -> Self {
        let Page { entries, next, end, dropped } = page;
        Self { entries, next, end, dropped, progress }
    }
}

/// A provider that is to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddProvider {
    /// Its name.
    pub name: String,
    /// How it speaks.
    #[serde(default)]
    pub dialect: Dialect,
    /// Where it listens; a free port of 127.0.0.1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<std::net::SocketAddr>,
    /// What distinguishes it; made from its name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// It is removed after so many milliseconds, unless it is renewed.
    #[serde(default = "default_ttl")]
    pub ttl_ms: u64,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    /// Its name.
    pub name: String,
    /// How it speaks.
    pub dialect: Dialect,
    /// Where it listens.
    pub addr: std::net::SocketAddr,
    /// Under which URL it is to be called, without a path.
    pub url: String,
    /// The same for TLS: the first byte of a connection decides.
    pub https_url: String,
    /// The certificate of the authority that certifies it, PEM.
    pub ca_pem: String,
    /// What distinguishes it.
    pub identity: Identity,
    /// Connections that are open.
    pub connections: usize,
    /// Milliseconds until it is removed; `null` for one that was there from the start.
    pub expires_in_ms: Option<u64>,
}

/// How many idle connections were closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Connections.
    pub closed: usize,
}

/// A kind of request that is to be ambient at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclareAmbient {
    /// The kind.
    pub kind: Ambient,
    /// It is so for so many milliseconds, unless it is renewed.
    #[serde(default = "default_ttl")]
    pub ttl_ms: u64,
}

/// A kind of request that is ambient at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmbientView {
    /// Its id.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// The kind.
    pub kind: Ambient,
    /// Milliseconds until it is so no more.
    pub expires_in_ms: u64,
}

/// A fault that is to hold at a provider until it is lifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impose {
    /// Its id in the catalogue.
    pub fault: String,
    /// What is set of its parameters.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// It is lifted after so many milliseconds, unless it is renewed.
    #[serde(default = "default_ttl")]
    pub ttl_ms: u64,
}

/// A fault that holds at a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImpositionView {
    /// Its id.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// The fault.
    pub fault: String,
    /// What is set of its parameters.
    pub params: Params,
    /// How often it has struck.
    pub struck: u64,
    /// Milliseconds until it is lifted.
    pub expires_in_ms: u64,
}

/// A provider that is to be held: what arrives there unmarked belongs to the send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeClaim {
    /// The provider.
    pub provider: String,
    /// The scenario's id; the claim ends with the scenario.
    pub scenario: String,
    /// The number of the send.
    pub send: u32,
}

/// A provider that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimView {
    /// Its id.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// The scenario's id.
    pub scenario: String,
    /// The number of the send.
    pub send: u32,
}

/// What a reset ended. Standing scenarios begin again and are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetView {
    /// Scenarios that were closed.
    pub scenarios: usize,
    /// Claims that were released.
    pub claims: usize,
    /// Impositions that were lifted.
    pub impositions: usize,
    /// Kinds of requests that are ambient no more.
    pub ambient: usize,
    /// Added providers that were removed.
    pub providers: usize,
}

fn default_ttl() -> u64 {
    super::DEFAULT_TTL_MS
}
