//! What a gateway is started with: personality, upstreams, limits, accounts, models, and at most one flaw.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::mutant::Mutant;
use crate::seed;
use crate::slip::Slip;

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
    /// Lengths of the page's own limits by name, where they are not as documented; see [`Config::with_limit`].
    pub lengths: BTreeMap<String, Duration>,
    /// The keys it has issued.
    pub accounts: Vec<Account>,
    /// The models it serves.
    pub models: Vec<Model>,
    /// The bearer key of the admin API under `/admin`.
    pub admin_key: String,
    /// The one deliberate flaw; `None` is the healthy gateway.
    pub mutant: Option<&'static Mutant>,
    /// Bugs that lie around the page, any number of them.
    pub slips: Vec<&'static Slip>,
}

impl Config {
    /// A gateway of that personality in front of these upstreams, on a free loopback port, with the accounts and models
    /// of its [`seed`].
    pub fn new(personality: Personality, upstreams: Vec<Upstream>) -> Self {
        let (accounts, models) = seed::of(personality);
        Self {
            personality,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            upstreams,
            limits: Limits::default(),
            lengths: BTreeMap::new(),
            accounts,
            models,
            admin_key: seed::ADMIN_KEY.to_owned(),
            mutant: None,
            slips: Vec::new(),
        }
    }

    /// The Cogito gateway in front of one upstream. `base_url` has no `/v1`; an empty `api_key` is a gateway without
    /// backend credentials.
    pub fn cogito(base_url: impl Into<String>, api_key: impl Into<String>) -> Self {
        Self::new(Personality::Cogito, vec![Upstream::new("cluster", base_url, api_key)])
    }

    /// The same configuration with a length of its own for a limit of the page; `upstream` is the deadline of a call, and
    /// of each silence in a stream.
    #[must_use]
    pub fn with_limit(mut self, name: &str, length: Duration) -> Self {
        if name == "upstream" {
            self.limits.upstream = length;
            self.limits.idle = length;
        }
        self.lengths.insert(name.to_owned(), length);
        self
    }

    /// The same configuration with one flaw.
    #[must_use]
    pub fn with_mutant(mut self, mutant: &'static Mutant) -> Self {
        self.mutant = Some(mutant);
        self
    }

    /// The same configuration with one slip more.
    #[must_use]
    pub fn with_slip(mut self, slip: &'static Slip) -> Self {
        self.slips.push(slip);
        self
    }

    /// How long a limit of the page is: as configured, or as the page documents it.
    pub fn length(&self, name: &str, documented: Duration) -> Duration {
        self.lengths.get(name).copied().unwrap_or(documented)
    }
}

/// The vendor page a gateway keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personality {
    /// The Cogito page: one OpenAI-compatible lane, a closed table of statuses and types.
    Cogito,
    /// The Cognocient page: one OpenAI-compatible lane, budgets a run, a cache, degraded models.
    Cognocient,
    /// The OpenGateway page: an OpenAI and an Anthropic lane, several providers behind one normalizer of errors.
    OpenGateway,
    /// The LLM Orchestration page: a catalogue of numbered errors, a chain of providers behind circuit breakers.
    LlmOrchestration,
    /// The Chuizi page: an OpenAI and an Anthropic lane with the same statuses and types, money deducted in advance.
    Chuizi,
}

impl Personality {
    /// Every personality.
    pub const ALL: [Self; 5] =
        [Self::Cogito, Self::Cognocient, Self::OpenGateway, Self::LlmOrchestration, Self::Chuizi];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cogito => "cogito",
            Self::Cognocient => "cognocient",
            Self::OpenGateway => "opengateway",
            Self::LlmOrchestration => "llm-orchestration",
            Self::Chuizi => "chuizi",
        }
    }

    /// The personality of that name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
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
    /// The only authority that is trusted over https, PEM; the system's where there is none.
    pub trusted_ca: Option<String>,
}

impl Upstream {
    /// A provider of that name.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, api_key: impl Into<String>) -> Self {
        Self { name: name.into(), base_url: base_url.into(), api_key: api_key.into(), trusted_ca: None }
    }

    /// The same provider, certified by this authority, PEM.
    #[must_use]
    pub fn trusting(self, authority: impl Into<String>) -> Self {
        Self { trusted_ca: Some(authority.into()), ..self }
    }
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
    /// How many requests may be under way at once, if that is limited.
    pub concurrency: Option<u32>,
    /// Models this key may not use.
    pub denied_models: Vec<String>,
    /// Features this key may not use.
    pub denied_features: Vec<Feature>,
    /// What else keeps its spending and its pace in check.
    pub guardrails: Guardrails,
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
            concurrency: None,
            denied_models: Vec::new(),
            denied_features: Vec::new(),
            guardrails: Guardrails::default(),
        }
    }
}

/// What the owner of a key set beside its monthly cap; nothing of it where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Guardrails {
    /// The trial that the key belongs to is over, and nothing was bought.
    pub trial_ended: bool,
    /// How much of the monthly cap, in percent, is spent when calls begin to go to a cheaper model instead.
    pub degrade_from: Option<i64>,
    /// What one run may spend.
    pub run_cap: Option<i64>,
    /// Requests a minute.
    pub requests_a_minute: Option<NonZeroU32>,
    /// Tokens a minute, those that a request may be answered with included.
    pub tokens_a_minute: Option<NonZeroU32>,
    /// Answers are kept, and given again to what is asked alike.
    pub cached: bool,
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
    /// How many tokens it takes at most, if that is limited.
    pub window: Option<usize>,
    /// The lanes that serve it; every lane where none is named.
    pub lanes: Vec<String>,
}

impl Model {
    /// A model without limits of its own.
    pub fn new(slug: impl Into<String>, feature: Feature, price: i64) -> Self {
        Self { slug: slug.into(), feature, price, window: None, lanes: Vec::new() }
    }
}

/// What a key can be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Chat completions.
    Chat,
    /// Embeddings.
    Embeddings,
}
