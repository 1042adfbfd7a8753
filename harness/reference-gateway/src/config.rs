//! What a gateway is started with: personality, upstreams, limits, accounts, models, and at most one flaw.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::mutant::Mutant;
use crate::seed;

/// Everything [`crate::start`] needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// The vendor page the gateway keeps.
    pub personality: Personality,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The providers it may call, in order of preference; Cogito calls the first only.
    pub upstreams: Vec<Upstream>,
    /// Deadlines and sizes.
    pub limits: Limits,
    /// The keys it has issued.
    pub accounts: Vec<Account>,
    /// The models it serves.
    pub models: Vec<Model>,
    /// The bearer key of the admin API under `/admin`.
    pub admin_key: String,
    /// The one deliberate flaw; `None` is the healthy gateway.
    pub mutant: Option<&'static Mutant>,
}

impl Config {
    /// The Cogito gateway in front of one upstream, on a free loopback port, with the accounts and models of
    /// [`seed::cogito`]. `base_url` has no `/v1`; an empty `api_key` is a gateway without backend credentials.
    pub fn cogito(base_url: impl Into<String>, api_key: impl Into<String>) -> Self {
        Self {
            personality: Personality::Cogito,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            upstreams: vec![Upstream {
                name: "cluster".to_owned(),
                base_url: base_url.into(),
                api_key: api_key.into(),
            }],
            limits: Limits::default(),
            accounts: seed::cogito::accounts(),
            models: seed::cogito::models(),
            admin_key: seed::ADMIN_KEY.to_owned(),
            mutant: None,
        }
    }

    /// The same configuration with one flaw.
    #[must_use]
    pub fn with_mutant(mut self, mutant: &'static Mutant) -> Self {
        self.mutant = Some(mutant);
        self
    }
}

/// The vendor page a gateway keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personality {
    /// The Cogito page: one OpenAI-compatible lane, a closed table of statuses and types.
    Cogito,
}

impl Personality {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cogito => "cogito",
        }
    }

    /// The personality of that name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Cogito].into_iter().find(|it| it.name() == name)
    }
}

/// One provider behind the gateway.
#[derive(Clone)]
pub struct Upstream {
    /// What the operator calls it; never shown to a client.
    pub name: String,
    /// Scheme, authority and optional path prefix, without `/v1`.
    pub base_url: String,
    /// Sent as `Authorization: Bearer`; empty means that the operator configured none.
    pub api_key: String,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Deadlines and sizes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From sending the upstream call to its last byte (plain), or to its first event (stream).
    pub upstream: Duration,
    /// Between two events of an upstream stream.
    pub idle: Duration,
    /// For a client to finish sending its body.
    pub upload: Duration,
    /// The largest request body in bytes; a larger one is read to its end and refused.
    pub request_bytes: usize,
    /// The largest plain upstream answer, and the largest single event of a stream, in bytes.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upstream: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            upload: Duration::from_secs(30),
            request_bytes: 1 << 20,
            answer_bytes: 8 << 20,
        }
    }
}

/// One issued key and what belongs to it. Money is in microdollars.
#[derive(Debug, Clone)]
pub struct Account {
    /// The bearer key.
    pub key: String,
    /// Whether the key was revoked after it was issued.
    pub revoked: bool,
    /// Prepaid balance; a call needs more than zero.
    pub balance: i64,
    /// Spent in the current month.
    pub spent: i64,
    /// The monthly hard cap on `spent`, if the owner set one.
    pub spend_cap: Option<i64>,
    /// How many requests may arrive in one window.
    pub rate: Rate,
    /// Models this key may not use.
    pub denied_models: Vec<String>,
    /// Features this key may not use.
    pub denied_features: Vec<Feature>,
}

impl Account {
    /// An account that may do everything, with money and rate to spare.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            revoked: false,
            balance: 1_000_000_000_000,
            spent: 0,
            spend_cap: None,
            rate: Rate { requests: 1_000_000, window: Duration::from_secs(60) },
            denied_models: Vec::new(),
            denied_features: Vec::new(),
        }
    }
}

/// A fixed-window request rate.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Requests admitted in one window.
    pub requests: u32,
    /// The window's length, counted from its first request.
    pub window: Duration,
}

/// One model that the gateway serves.
#[derive(Debug, Clone)]
pub struct Model {
    /// The slug in requests, sent upstream as it is.
    pub slug: String,
    /// The one feature it serves.
    pub feature: Feature,
    /// Price in microdollars a token.
    pub price: i64,
}

/// What a key can be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Chat completions.
    Chat,
    /// Embeddings.
    Embeddings,
}
