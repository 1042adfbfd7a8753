//! The mechanisms of one running Cognocient gateway, shared by all its requests.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use crate::account::{Blame, Catalogue, Keys, Ledger, RequestIds, Runs, Similarity, Switches, Velocity};
use crate::config::Config;
use crate::mutant::{Flaw, Flaws};
use crate::personality::no_upstream;
use crate::upstream::Client;

pub(super) struct Engine {
    pub(super) flaws: Flaws,
    pub(super) keys: Keys,
    /// The month's budget of a key's feature is its cap.
    pub(super) ledger: Ledger,
    pub(super) runs: Runs,
    pub(super) velocity: Velocity,
    pub(super) similarity: Similarity,
    pub(super) catalogue: Catalogue,
    pub(super) switches: Switches,
    pub(super) ids: RequestIds,
    pub(super) upstream: Client,
    /// What only flaws look at.
    pub(super) seen: Seen,
}

/// What flaws that strike at the nth time or under concurrency remember.
#[derive(Default)]
pub(super) struct Seen {
    /// Failures answered.
    pub(super) failures: AtomicUsize,
    /// Failures of the provider.
    pub(super) provider_failures: AtomicUsize,
    /// Calls that were to be degraded.
    pub(super) degraded: AtomicUsize,
    /// Keys whose ended trial was refused.
    pub(super) trials: Mutex<HashSet<String>>,
    /// Struck when a trial has ended for the caller before.
    pub(super) blame: Blame,
    /// Requests that failed and were to be kept.
    pub(super) failed: Mutex<HashSet<Vec<u8>>>,
    /// What the provider said last.
    pub(super) words: Mutex<String>,
    /// Held for as long as a call takes, where only one is made at a time.
    pub(super) line: tokio::sync::Mutex<()>,
}

impl Engine {
    pub(super) fn new(config: Config) -> std::io::Result<Self> {
        let flaws = Flaws::of(config.mutant.map(|it| it.flaw));
        let upstream = config.upstreams.into_iter().next().ok_or_else(no_upstream)?;
        let mut limits = config.limits;
        if flaws.has(Flaw::DeadlineHalved) {
            limits.upstream /= 2;
        }
        Ok(Self {
            flaws,
            ledger: Ledger::new(&config.accounts, flaws),
            runs: Runs::new(flaws),
            velocity: Velocity::new(flaws),
            similarity: Similarity::new(flaws),
            keys: Keys::new(config.accounts, flaws),
            catalogue: Catalogue::new(config.models, flaws),
            switches: Switches::new(&[]),
            ids: RequestIds::new("cog-", flaws),
            upstream: Client::new(upstream, limits, flaws)?,
            seen: Seen::default(),
        })
    }

    /// Forgets what requests have caused.
    pub(super) fn reset(&self) {
        self.ledger.reset();
        self.runs.reset();
        self.velocity.reset();
        self.similarity.reset();
        self.switches.reset();
    }
}
