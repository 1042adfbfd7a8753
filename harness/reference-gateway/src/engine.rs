//! The mechanisms of one running gateway, shared by all its requests whatever its personality.

use std::sync::atomic::AtomicUsize;

use crate::account::{Catalogue, Keys, Ledger, Limiter, RequestIds, Switches};
use crate::config::{Config, Limits, Personality};
use crate::mutant::Flaws;
use crate::personality;
use crate::upstream::Client;

pub(crate) struct Engine {
    pub(crate) personality: Personality,
    pub(crate) flaws: Flaws,
    pub(crate) limits: Limits,
    pub(crate) admin_key: String,
    pub(crate) keys: Keys,
    pub(crate) ledger: Ledger,
    pub(crate) limiter: Limiter,
    pub(crate) catalogue: Catalogue,
    pub(crate) switches: Switches,
    pub(crate) ids: RequestIds,
    pub(crate) upstream: Client,
    /// Failures answered so far; only flaws that strike at the nth failure look at it.
    pub(crate) failures: AtomicUsize,
    /// Upstream calls under way; only flaws that strike under concurrency look at it.
    pub(crate) under_way: AtomicUsize,
}

impl Engine {
    pub(crate) fn new(config: Config) -> std::io::Result<Self> {
        let flaws = Flaws::of(config.mutant.map(|it| it.flaw));
        let upstream = config.upstreams.into_iter().next().ok_or_else(|| {
            std::io::Error::new(std::io::ErrorKind::InvalidInput, "a gateway needs at least one upstream")
        })?;
        Ok(Self {
            personality: config.personality,
            flaws,
            limits: config.limits,
            admin_key: config.admin_key,
            ledger: Ledger::new(&config.accounts, flaws),
            limiter: Limiter::new(flaws),
            keys: Keys::new(config.accounts, flaws),
            catalogue: Catalogue::new(config.models, flaws),
            switches: Switches::new(personality::switches(config.personality)),
            ids: RequestIds::new(flaws),
            upstream: Client::new(upstream, config.limits, flaws)?,
            failures: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
        })
    }

    /// Forgets what requests have caused: rate windows, spending, switched states.
    pub(crate) fn reset(&self) {
        self.limiter.reset();
        self.ledger.reset();
        self.switches.reset();
    }
}
