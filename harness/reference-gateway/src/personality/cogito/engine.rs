//! The mechanisms of one running Cogito gateway, shared by all its requests.

use std::sync::atomic::AtomicUsize;

use crate::account::{Catalogue, Keys, Ledger, Limiter, RequestIds, Switches};
use crate::config::Config;
use crate::mutant::Flaws;
use crate::personality::no_upstream;
use crate::upstream::Client;

pub(super) struct Engine {
    pub(super) flaws: Flaws,
    pub(super) keys: Keys,
    pub(super) ledger: Ledger,
    pub(super) limiter: Limiter,
    pub(super) catalogue: Catalogue,
    pub(super) switches: Switches,
    pub(super) ids: RequestIds,
    pub(super) upstream: Client,
    /// Failures answered so far; only flaws that strike at the nth failure look at it.
    pub(super) failures: AtomicUsize,
    /// Upstream calls under way; only flaws that strike under concurrency look at it.
    pub(super) under_way: AtomicUsize,
}

impl Engine {
    pub(super) fn new(config: Config) -> std::io::Result<Self> {
        let flaws = Flaws::of(config.mutant.map(|it| it.flaw));
        let upstream = config.upstreams.into_iter().next().ok_or_else(no_upstream)?;
        Ok(Self {
            flaws,
            ledger: Ledger::new(&config.accounts, flaws),
            limiter: Limiter::new(flaws),
            keys: Keys::new(config.accounts, flaws),
            catalogue: Catalogue::new(config.models, flaws),
            switches: Switches::new(super::SWITCHES),
            ids: RequestIds::new("req_", flaws),
            upstream: Client::new(upstream, config.limits, flaws)?,
            failures: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
        })
    }
}
