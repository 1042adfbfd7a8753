//! The providers of a gateway, in the order in which a request asks them, and what was learned of them.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::model_id::Policy;
use crate::account::Switches;
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Client, Ended, Gate, UpstreamFailure};

/// How long a provider that could not be reached is asked last where a policy chooses.
const OFFLINE: Duration = Duration::from_secs(5);

/// After so many failures in a row a flawed gateway never asks a provider again.
const BENCHED_AFTER: u32 = 6;

/// Switches of the operator's: off, and the provider at that place is offline.
pub(super) const PROVIDERS: [&str; 2] = ["first_provider", "second_provider"];

pub(super) struct Providers {
    clients: Vec<Arc<Client>>,
    /// Beside each client.
    seen: Mutex<Vec<Seen>>,
    flaws: Flaws,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    offline_until: Option<Instant>,
    /// How long the last answer took to begin.
    took: Option<Duration>,
    failures: u32,
}

impl Providers {
    pub(super) fn new(clients: Vec<Arc<Client>>, flaws: Flaws) -> Self {
        let seen = Mutex::new(vec![Seen::default(); clients.len()]);
        Self { clients, seen, flaws }
    }

    /// Whom to ask, in order: nobody whom the operator took offline. The operator lists providers cheapest first.
    pub(super) fn order(&self, policy: Policy, switches: &Switches) -> Vec<Arc<Client>> {
        let (now, seen) = (Instant::now(), self.seen());
        let on = |at: usize| PROVIDERS.get(at).is_none_or(|name| switches.on(name));
        let mut order: Vec<usize> = (0..self.clients.len()).collect();
        if policy != Policy::Declared && self.flaws.has(Flaw::PolicyPrefersOffline) {
            order.sort_by_key(|at| on(*at));
            return order.into_iter().map(|at| self.clients[at].clone()).collect();
        }
        order.retain(|at| on(*at));
        let live = |at: usize| seen[at].offline_until.is_none_or(|until| until <= now);
        match policy {
            Policy::Declared => {}
            Policy::Cheapest => order.sort_by_key(|at| Reverse(live(*at))),
            Policy::Fastest => {
                order.sort_by_key(|at| (Reverse(live(*at)), seen[*at].took.unwrap_or(Duration::MAX)));
            }
        }
        let pinned = policy == Policy::Fastest && self.flaws.has(Flaw::FastestPinned)
            || policy == Policy::Cheapest && self.flaws.has(Flaw::CheapestPinned)
            || self.flaws.has(Flaw::FailoverMissing);
        if pinned {
            order.truncate(1);
        }
        if self.flaws.has(Flaw::ProviderBenchedForGood) {
            order.retain(|at| seen[*at].failures < BENCHED_AFTER);
        }
        order.into_iter().map(|at| self.clients[at].clone()).collect()
    }

    /// Notes how long a provider took to begin its answer.
    pub(super) fn answered(&self, provider: &str, took: Duration) {
        self.change(provider, |seen| {
            seen.took = Some(took);
        });
    }

    pub(super) fn reset(&self) {
        self.seen().fill(Seen::default());
    }

    fn change(&self, provider: &str, change: impl FnOnce(&mut Seen)) {
        let at = self.clients.iter().position(|it| it.target().name == provider);
        if let Some(at) = at {
            change(&mut self.seen()[at]);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is barred: a page that promises failover promises an attempt.
impl Gate for Providers {
    fn admits(&self, _: &str) -> bool {
        true
    }

    fn ended(&self, provider: &str, how: Ended<'_>) {
        self.change(provider, |seen| match how {
            Ended::Answered => *seen = Seen { took: seen.took, ..Seen::default() },
            Ended::Failed(UpstreamFailure::Unavailable(_)) => {
                seen.offline_until = Some(Instant::now() + OFFLINE);
                seen.failures += 1;
            }
            Ended::Failed(_) => seen.failures += 1,
            Ended::Abandoned => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Limits, Upstream};
    use crate::upstream::clients;

    fn providers() -> Providers {
        let upstreams = ["a", "b"].map(|name| Upstream::new(name, "http://127.0.0.1:1", "key")).to_vec();
        let clients = clients(upstreams, Limits::default(), Flaws::default()).unwrap();
        Providers::new(clients, Flaws::default())
    }

    fn names(providers: &Providers, policy: Policy) -> String {
        asked(providers, policy, &Switches::new(&PROVIDERS))
    }

    fn asked(providers: &Providers, policy: Policy, switches: &Switches) -> String {
        providers.order(policy, switches).iter().map(|it| it.target().name.as_str()).collect()
    }

    #[test]
    fn a_policy_asks_live_providers_first_and_never_leaves_one_out() {
        let providers = providers();
        providers.ended("a", Ended::Failed(&UpstreamFailure::Unavailable(String::new())));
        assert_eq!(names(&providers, Policy::Cheapest), "ba");
        assert_eq!(names(&providers, Policy::Declared), "ab");
        providers.ended("a", Ended::Answered);
        assert_eq!(names(&providers, Policy::Cheapest), "ab");
    }

    #[test]
    fn whom_the_operator_took_offline_nobody_asks() {
        let (providers, switches) = (providers(), Switches::new(&PROVIDERS));
        switches.set(PROVIDERS[0], false);
        for policy in [Policy::Declared, Policy::Cheapest, Policy::Fastest] {
            assert_eq!(asked(&providers, policy, &switches), "b");
        }
        switches.set(PROVIDERS[1], false);
        assert_eq!(asked(&providers, Policy::Cheapest, &switches), "");
    }

    #[test]
    fn the_fastest_is_the_one_that_began_soonest() {
        let providers = providers();
        providers.answered("a", Duration::from_millis(20));
        assert_eq!(names(&providers, Policy::Fastest), "ab");
        providers.answered("b", Duration::from_millis(10));
        assert_eq!(names(&providers, Policy::Fastest), "ba");
        providers.reset();
        assert_eq!(names(&providers, Policy::Fastest), "ab");
    }
}
