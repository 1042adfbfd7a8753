//! The mechanisms of one running OpenGateway, shared by all its requests.

use std::io;
use std::sync::atomic::AtomicUsize;

use super::policy;
use super::providers::Providers;
use crate::account::{Keys, Limiter, RequestIds, Slots, Switches};
use crate::config::{Config, Model};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Policy, clients};

pub(super) struct Engine {
    pub(super) flaws: Flaws,
    pub(super) keys: Keys,
    pub(super) limiter: Limiter,
    pub(super) slots: Slots,
    pub(super) models: Vec<Model>,
    pub(super) providers: Providers,
    pub(super) policy: Policy,
    pub(super) ids: RequestIds,
    pub(super) switches: Switches,
    /// Failures answered so far; only flaws that strike at the nth failure look at it.
    pub(super) failures: AtomicUsize,
}

impl Engine {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        let flaws = Flaws::of(config.mutant.map(|it| it.flaw));
        let first_wait = config.length("backoff", policy::FIRST_WAIT);
        let mut limits = config.limits;
        if flaws.has(Flaw::DeadlineHalved) {
            limits.upstream /= 2;
        }
        let clients = clients(config.upstreams, limits, flaws)?;
        Ok(Self {
            flaws,
            keys: Keys::new(config.accounts, flaws),
            limiter: Limiter::new(flaws),
            slots: Slots::default(),
            models: config.models,
            providers: Providers::new(clients, flaws),
            policy: policy::policy(first_wait, flaws),
            ids: RequestIds::new("ogw_", flaws),
            switches: Switches::new(super::SWITCHES),
            failures: AtomicUsize::new(0),
        })
    }
}
