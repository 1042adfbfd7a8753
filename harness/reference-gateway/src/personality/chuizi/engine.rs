//! The mechanisms of one running Chuizi gateway, shared by all its requests.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use crate::account::{Catalogue, Keys, Ledger, Limiter, RequestIds, Switches};
use crate::config::{Config, Limits};
use crate::mutant::{Flaw, Flaws};
use crate::personality::no_upstream;
use crate::upstream::Client;

/// How long the page lets an upstream take, where nothing else is configured.
const DOCUMENTED_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) struct Engine {
    pub(super) flaws: Flaws,
    /// How long an upstream may take.
    pub(super) timeout: Duration,
    pub(super) keys: Keys,
    pub(super) ledger: Arc<Ledger>,
    pub(super) limiter: Limiter,
    pub(super) catalogue: Catalogue,
    pub(super) switches: Switches,
    pub(super) ids: RequestIds,
    pub(super) upstream: Client,
    /// Failures answered so far; only flaws that strike at the nth failure look at it.
    pub(super) failures: AtomicUsize,
}

impl Engine {
    /// `rate_window` is the length of the window in which a key's requests are counted.
    pub(super) fn new(mut config: Config) -> std::io::Result<Self> {
        let flaws = Flaws::of(config.mutant.map(|it| it.flaw));
        let timeout = config.length("upstream", DOCUMENTED_TIMEOUT);
        if let Some(window) = config.lengths.get("rate_window").copied() {
            config.accounts.iter_mut().for_each(|it| it.rate.window = window);
        }
        let waits = if flaws.has(Flaw::DeadlineIsHalf) { timeout / 2 } else { timeout };
        let limits = Limits { upstream: waits, idle: waits, ..config.limits };
        let upstream = config.upstreams.into_iter().next().ok_or_else(no_upstream)?;
        Ok(Self {
            flaws,
            timeout,
            ledger: Arc::new(Ledger::new(&config.accounts, flaws)),
            limiter: Limiter::new(flaws),
            keys: Keys::new(config.accounts, flaws),
            catalogue: Catalogue::new(config.models, flaws),
            switches: Switches::new(super::SWITCHES),
            ids: RequestIds::new("gen-", flaws),
            upstream: Client::new(upstream, limits, flaws)?,
            failures: AtomicUsize::new(0),
        })
    }
}
