//! The only owner of sockets: listeners, connections, and what is played on them.

mod alarm;
mod chunked;
mod connection;
mod head;
mod impose;
mod intake;
mod play;
mod provider;
mod roster;
mod tls;
mod wire;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::dialect::{Dialect, Identity};
use crate::journal::{Clock, Entry, Journal, JournalCaps, Progress};
use crate::scenario::{Ambient, Claim, ClaimError, Registry, Scenario, ScenarioSpec};

use alarm::Alarm;
pub use impose::{ImposeError, Imposed, Lifted, Struck};
pub use provider::Provider;
use roster::Roster;
use tls::Authority;

/// What a mock is started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The providers to begin with.
    pub providers: Vec<ProviderOptions>,
    /// Requests that belong to no scenario and get a healthy reply.
    pub ambient: Vec<Ambient>,
    /// Limits.
    pub caps: Caps,
}

/// What a provider is started with.
#[derive(Debug, Clone)]
pub struct ProviderOptions {
    /// Its name, unique in the mock.
    pub name: String,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What distinguishes it.
    pub identity: Identity,
    /// How it speaks.
    pub dialect: Dialect,
}

impl ProviderOptions {
    /// A provider on a free port of 127.0.0.1 that speaks OpenAI's dialect, its identity made from its name.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let identity = Identity::of(&name);
        Self { name, listen: (Ipv4Addr::LOCALHOST, 0).into(), identity, dialect: Dialect::OpenAi }
    }
}

/// Why a request belongs to no scenario that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stray {
    /// It was nobody's.
    Unclaimed,
    /// Its scenario is closed.
    Late,
    /// It is of a kind that belongs to nobody.
    Ambient,
}

/// Limits of a mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of a request's head.
    pub request_head: usize,
    /// Bytes of a request body that are stored and seen by markers and matchers; all are digested.
    pub request_body: usize,
    /// Bytes of a request body that are read; a longer one is refused.
    pub request_length: u64,
    /// The longest silence of a client within a request.
    pub request_silence: Duration,
    /// Bytes of a reply's body that the journal stores.
    pub reply_body: usize,
    /// The longest silence of a hang, and the longest wait for a peer that does not read.
    pub patience: Duration,
    /// What the journals of unclaimed, late and ambient requests keep, each.
    pub stray_journal: JournalCaps,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            request_head: 1 << 20,
            request_body: 16 << 20,
            request_length: 1 << 30,
            request_silence: Duration::from_secs(300),
            reply_body: 1 << 20,
            patience: Duration::from_secs(900),
            stray_journal: JournalCaps::default(),
        }
    }
}

/// A running mock; clones are the same one. It stops when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct MockUpstream {
    core: Arc<Core>,
    _running: Arc<Running>,
}

/// What all parts of a mock share.
#[derive(Debug)]
struct Core {
    clock: Clock,
    alarm: Alarm,
    caps: Caps,
    registry: Arc<Registry>,
    runtime: Handle,
    stop: watch::Sender<bool>,
    roster: Arc<Roster>,
    scenarios: AtomicU64,
    unreadable: AtomicU64,
    failed_handshakes: AtomicU64,
    authority: Authority,
    providers: RwLock<HashMap<String, Provider>>,
}

/// Stops the tasks of a mock when its last handle goes: they hold the core themselves.
#[derive(Debug)]
struct Running(Arc<Core>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop.send_replace(true);
        self.0.roster.end();
        self.0.providers.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl MockUpstream {
    /// Starts a mock on the current tokio runtime.
    ///
    /// # Errors
    /// A provider cannot listen, or two have one name.
    pub async fn start(options: Options) -> io::Result<Self> {
        let core = Arc::new(Core {
            clock: Clock::start(),
            alarm: Alarm::default(),
            caps: options.caps,
            registry: Registry::new(options.ambient, options.caps.stray_journal),
            runtime: Handle::current(),
            stop: watch::Sender::default(),
            roster: Arc::default(),
            scenarios: AtomicU64::default(),
            unreadable: AtomicU64::default(),
            failed_handshakes: AtomicU64::default(),
            authority: Authority::new()?,
            providers: RwLock::default(),
        });
        let mock = Self { _running: Arc::new(Running(Arc::clone(&core))), core };
        for provider in options.providers {
            mock.add_provider(provider).await?;
        }
        Ok(mock)
    }

    /// Starts another provider.
    ///
    /// # Errors
    /// It cannot listen, or its name is taken.
    pub async fn add_provider(&self, options: ProviderOptions) -> io::Result<Provider> {
        let ProviderOptions { name, listen, identity, dialect } = options;
        let mut providers = self.core.providers.write().unwrap_or_else(PoisonError::into_inner);
        if providers.contains_key(&name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("provider `{name}` exists")));
        }
        let listener = provider::listen(provider::bind(listen)?)?;
        let provider = Provider::new(Arc::clone(&self.core), listener, name.clone(), identity, dialect)?;
        providers.insert(name, provider.clone());
        Ok(provider)
    }

    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<Provider> {
        self.core.providers.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Opens a scenario.
    pub fn open(&self, spec: ScenarioSpec) -> Scenario {
        let id = self.core.scenarios.fetch_add(1, Relaxed);
        Scenario::open(spec, id, Arc::clone(&self.core.registry))
    }

    /// Takes a provider exclusively: until the claim is dropped, what arrives there unmarked belongs to this send.
    ///
    /// # Errors
    /// There is no such provider, or somebody holds it.
    pub fn claim(&self, provider: &str, scenario: &Scenario, send: u32) -> Result<Claim, ClaimError> {
        if self.provider(provider).is_none() {
            return Err(ClaimError::NoSuchProvider(provider.to_owned()));
        }
        self.core.registry.claim(provider, scenario.inner(), send)
    }

    /// Every provider, by name.
    pub fn providers(&self) -> Vec<Provider> {
        let providers = self.core.providers.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Provider> = providers.values().cloned().collect();
        all.sort_by(|a, b| a.name().cmp(b.name()));
        all
    }

    /// Stops a provider: nothing listens on its port any more, idle connections are closed, and the others once their
    /// exchange has ended. `false` when there is none of this name.
    pub async fn remove_provider(&self, name: &str) -> bool {
        let removed = self.core.providers.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        match removed {
            Some(provider) => provider.retire().await,
            None => return false,
        }
        true
    }

    /// The journal of the requests that belong to no scenario for this reason.
    pub fn strays(&self, stray: Stray) -> Arc<Journal> {
        let registry = &self.core.registry;
        Arc::clone(match stray {
            Stray::Unclaimed => &registry.unclaimed,
            Stray::Late => &registry.late,
            Stray::Ambient => &registry.ambient_journal,
        })
    }

    /// Requests that belonged to nobody, in the order of arrival.
    pub fn unclaimed(&self) -> Vec<Entry> {
        self.core.registry.unclaimed.entries()
    }

    /// The number of requests that belonged to nobody; the receiver is told of each.
    pub fn unclaimed_count(&self) -> watch::Receiver<Progress> {
        self.core.registry.unclaimed.progress()
    }

    /// Requests of closed scenarios, in the order of arrival.
    pub fn late(&self) -> Vec<Entry> {
        self.core.registry.late.entries()
    }

    /// Ambient requests, in the order of arrival.
    pub fn ambient(&self) -> Vec<Entry> {
        self.core.registry.ambient_journal.entries()
    }

    /// How many connections sent something that is not HTTP.
    pub fn unreadable(&self) -> u64 {
        self.core.unreadable.load(Relaxed)
    }

    /// The certificate of the authority that certifies every provider, made when the mock started. A client that trusts
    /// it may speak TLS to `Provider::https_url`.
    pub fn ca_pem(&self) -> String {
        self.core.authority.pem()
    }

    /// How many TLS handshakes failed with no fault imposed: mostly a client that does not trust the authority.
    pub fn failed_handshakes(&self) -> u64 {
        self.core.failed_handshakes.load(Relaxed)
    }

    /// The clock of every moment in the journals.
    pub fn clock(&self) -> Clock {
        self.core.clock
    }
}
