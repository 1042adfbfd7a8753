//! The mechanisms of one running LLM Orchestration service, shared by all its requests.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use http::HeaderMap;

use super::failure::Failure;
use super::providers::Providers;
use super::store::{Reach, Store};
use crate::account::{Caller, Ledger, Limiter, RequestIds, Switches, TokenRefusal, Tokens};
use crate::config::{Account, Config};
use crate::mutant::{Flaw, Flaws};
use crate::seed::llm_orchestration as seed;

pub(super) const DATABASE: &str = "database";
pub(super) const TRANSACTIONS: &str = "transactions";
pub(super) const PRICING: &str = "pricing";
pub(super) const ACCEPTING: &str = "accepting";

pub(super) struct Engine {
    pub(super) flaws: Flaws,
    pub(super) tokens: Tokens,
    pub(super) ledger: Ledger,
    pub(super) limiter: Limiter,
    pub(super) switches: Switches,
    pub(super) ids: RequestIds,
    pub(super) store: Store,
    pub(super) providers: Providers,
    tenants: HashMap<String, Arc<Account>>,
    /// Failures answered so far; only flaws that strike at the nth failure look at it.
    pub(super) failures: AtomicUsize,
    /// Calls under way; only flaws that strike under concurrency look at it.
    pub(super) under_way: AtomicUsize,
}

impl Engine {
    pub(super) fn new(mut config: Config) -> io::Result<Self> {
        let flaws = Flaws::of(config.mutant.map(|it| it.flaw));
        if flaws.has(Flaw::DeadlineHalved) {
            config.limits.upstream /= 2;
        }
        Ok(Self {
            flaws,
            tokens: Tokens::new(seed::ISSUER, seed::SECRET, flaws),
            ledger: Ledger::new(&config.accounts, flaws),
            limiter: Limiter::new(flaws),
            switches: Switches::new(&[DATABASE, TRANSACTIONS, PRICING, ACCEPTING]),
            ids: RequestIds::new("req_", flaws),
            store: Store::open()?,
            providers: Providers::new(&config, flaws)?,
            tenants: config.accounts.into_iter().map(|it| (it.key.clone(), Arc::new(it))).collect(),
            failures: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
        })
    }

    /// The tenant of a caller; one that was never seen has money and rate to spare.
    pub(super) fn tenant(&self, caller: &Caller) -> Arc<Account> {
        let known = self.tenants.get(&caller.tenant);
        known.cloned().unwrap_or_else(|| Arc::new(Account::new(caller.tenant.clone())))
    }

    /// Who calls; a flawed service serves whoever brings no token.
    pub(super) fn identify(&self, headers: &HeaderMap) -> Result<Caller, Failure> {
        match self.tokens.identify(headers) {
            Err(TokenRefusal::Missing) if self.flaws.has(Flaw::MissingKeyAccepted) => {
                let (roles, tier) = (vec![seed::CALLER_ROLE.to_owned()], "enterprise".to_owned());
                Ok(Caller { tenant: "guest".to_owned(), roles, tier })
            }
            identified => Ok(identified?),
        }
    }

    /// How the service stands with its database.
    pub(super) fn reach(&self) -> Reach {
        let commits = self.switches.on(TRANSACTIONS) || self.flaws.has(Flaw::FailedTransactionIgnored);
        Reach { connected: self.switches.on(DATABASE), commits }
    }
}
