//! The providers: those that were configured, in the order of their chain, those that were created, and their circuits.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::failure::{Code, Failure};
use super::store::{Reach, Store};
use crate::config::{Config, Limits, Upstream};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{
    AlwaysOpen, Backoff, Breaker, Circuit, Client, Decision, Ended, Gate, Policy, UpstreamFailure, clients,
};

/// Failures in a row that open a provider's circuit.
const THRESHOLD: u32 = 5;
/// What a provider says of a request, and not of itself.
const CALLERS_OWN: &[u16] = &[400, 413, 422];

pub(super) struct Providers {
    chain: Vec<Arc<Client>>,
    /// None where the operator set no half-open interval.
    breaker: Option<Breaker>,
    limits: Limits,
    flaws: Flaws,
}

/// Who may answer a request.
pub(super) struct Candidates {
    pub(super) clients: Vec<Arc<Client>>,
    /// Whether there is one only, because the caller named it or no other was configured.
    pub(super) single: bool,
}

impl Providers {
    pub(super) fn new(config: &Config, flaws: Flaws) -> io::Result<Self> {
        let breaker = config.lengths.get("half_open");
        let breaker = breaker.map(|pause| Breaker::new(THRESHOLD, *pause, CALLERS_OWN, flaws));
        let mut upstreams = config.upstreams.clone();
        if flaws.has(Flaw::ChainReversed) {
            upstreams.reverse();
        }
        Ok(Self { chain: clients(upstreams, config.limits, flaws)?, breaker, limits: config.limits, flaws })
    }

    /// Who may answer: the provider that the caller names, or the chain.
    pub(super) fn candidates(
        &self,
        named: Option<&str>,
        streams: bool,
        store: &Store,
        reach: Reach,
    ) -> Result<Candidates, Failure> {
        let single = self.chain.len() == 1;
        let alone =
            self.flaws.has(Flaw::NeverFailsOver) || streams && self.flaws.has(Flaw::StreamsNeverFailOver);
        let Some(name) = named else {
            let most = if alone { 1 } else { self.chain.len() };
            return Ok(Candidates { clients: self.chain[..most].to_vec(), single });
        };
        let nameless = self.flaws.has(Flaw::ConfiguredProvidersNameless);
        if let Some(client) = self.chain.iter().find(|it| it.target().name == name && !nameless) {
            return Ok(Candidates { clients: vec![client.clone()], single: true });
        }
        if self.flaws.has(Flaw::UnknownProviderFallsBack) {
            return Ok(Candidates { clients: self.chain.clone(), single });
        }
        let url = store.provider(reach, name)?.ok_or_else(|| unknown(name))?;
        let client = Client::new(Upstream::new(name, url, ""), self.limits, self.flaws);
        let client =
            client.map_err(|_| Failure::new(Code::InternalServerError, "The provider cannot be set up."))?;
        Ok(Candidates { clients: vec![Arc::new(client)], single: true })
    }

    /// The one that is asked first.
    pub(super) fn first(&self) -> Option<&Arc<Client>> {
        self.chain.first()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.chain.iter().map(|it| it.target().name.as_str())
    }

    pub(super) fn gate(&self) -> &dyn Gate {
        match &self.breaker {
            Some(breaker) => breaker,
            None => &AlwaysOpen,
        }
    }

    /// What the health report says of a provider.
    pub(super) fn health(&self, name: &str) -> &'static str {
        let circuit = self.breaker.as_ref().map(|it| it.circuit(name));
        match circuit {
            _ if self.flaws.has(Flaw::HealthIgnoresCircuits) => "healthy",
            None | Some(Circuit::Closed { .. }) => "healthy",
            Some(Circuit::Open { .. }) => "unavailable",
            Some(Circuit::Probing { .. }) => "recovering",
        }
    }

    /// Holds a request that never was sent against the first provider, which only a flawed service does.
    pub(super) fn blame(&self) {
        if let (Some(breaker), Some(name)) = (&self.breaker, self.names().next()) {
            breaker.ended(name, Ended::Failed(&UpstreamFailure::TimedOut));
        }
    }

    pub(super) fn reset(&self) {
        if let Some(breaker) = &self.breaker {
            breaker.reset();
        }
    }
}

/// What follows a failed attempt: the next provider is asked at once, unless the request itself was refused.
pub(super) fn policy() -> Policy {
    let refused = CALLERS_OWN.iter().map(|status| (*status..=*status, Decision::Stop));
    Policy {
        statuses: refused.chain([(100..=999, Decision::FailOver)]).collect(),
        unavailable: Decision::FailOver,
        timed_out: Decision::FailOver,
        unusable: Decision::FailOver,
        attempts: 1,
        backoff: Backoff { first: Duration::ZERO, longest: Duration::ZERO, obeys: Duration::ZERO },
    }
}

pub(super) fn unknown(name: &str) -> Failure {
    let name: String = name.chars().take(80).collect();
    Failure::new(Code::ProviderNotFound, format!("There is no provider '{name}'."))
}
