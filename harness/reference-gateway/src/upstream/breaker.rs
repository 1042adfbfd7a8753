//! The circuit breaker: a provider that keeps failing is left alone for a while, then probed by one call.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::UpstreamFailure;
use super::gate::{Ended, Gate};
use crate::mutant::{Flaw, Flaws};

/// One circuit a provider.
pub(crate) struct Breaker {
    /// Failures in a row that open a circuit.
    threshold: u32,
    /// How long an open circuit admits nobody.
    half_open_after: Duration,
    /// Statuses of a refusal that tell of the request and not of the provider.
    callers_own: &'static [u16],
    circuits: Mutex<HashMap<String, Circuit>>,
    flaws: Flaws,
}

/// How a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Circuit {
    Closed {
        failures: u32,
    },
    Open {
        since: Instant,
    },
    /// One call is under way that decides.
    Probing {
        since: Instant,
    },
}

impl Breaker {
    pub(crate) fn new(
        threshold: u32,
        half_open_after: Duration,
        callers_own: &'static [u16],
        flaws: Flaws,
    ) -> Self {
        Self { threshold, half_open_after, callers_own, circuits: Mutex::default(), flaws }
    }

    /// How the provider's circuit stands.
    pub(crate) fn circuit(&self, provider: &str) -> Circuit {
        self.lock().get(provider).copied().unwrap_or(Circuit::Closed { failures: 0 })
    }

    /// Closes every circuit.
    pub(crate) fn reset(&self) {
        self.lock().clear();
    }

    fn fails(&self, failure: &UpstreamFailure) -> bool {
        match failure {
            UpstreamFailure::Refused(refused) => !self.callers_own.contains(&refused.status.as_u16()),
            _ => true,
        }
    }

    fn after_failure(&self, circuit: Circuit) -> Circuit {
        let now = Instant::now();
        match circuit {
            Circuit::Closed { failures } if failures + 1 < self.threshold => {
                Circuit::Closed { failures: failures + 1 }
            }
            Circuit::Probing { .. } if self.flaws.has(Flaw::FailedProbeCloses) => {
                Circuit::Closed { failures: 0 }
            }
            Circuit::Closed { .. } | Circuit::Probing { .. } => Circuit::Open { since: now },
            // A call that was admitted before the circuit opened.
            open @ Circuit::Open { .. } => open,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate for Breaker {
    fn admits(&self, provider: &str) -> bool {
        let mut circuits = self.lock();
        let Some(circuit) = circuits.get_mut(provider) else { return true };
        match *circuit {
            Circuit::Closed { .. } => true,
            Circuit::Open { .. } if self.flaws.has(Flaw::OpenCircuitStillCalls) => true,
            Circuit::Open { .. } if self.flaws.has(Flaw::CircuitNeverHalfOpens) => false,
            Circuit::Open { since } if since.elapsed() < self.half_open_after => false,
            Circuit::Open { since } => {
                *circuit = Circuit::Probing { since };
                true
            }
            Circuit::Probing { .. } => self.flaws.has(Flaw::HalfOpenAdmitsEverybody),
        }
    }

    fn ended(&self, provider: &str, how: Ended<'_>) {
        if self.flaws.has(Flaw::CircuitNeverOpens) {
            return;
        }
        let mut circuits = self.lock();
        let circuit = circuits.entry(provider.to_owned()).or_insert(Circuit::Closed { failures: 0 });
        *circuit = match (how, *circuit) {
            (Ended::Failed(failure), stood) if self.fails(failure) => self.after_failure(stood),
            // A late answer of before does not close what others have opened.
            (Ended::Answered, open @ Circuit::Open { .. }) => open,
            (Ended::Answered | Ended::Failed(_), _) => Circuit::Closed { failures: 0 },
            // Whoever probed has gone without an answer: somebody else may.
            (Ended::Abandoned, Circuit::Probing { since }) => Circuit::Open { since },
            (Ended::Abandoned, stood) => stood,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(20);

    fn breaker() -> Breaker {
        Breaker::new(3, PAUSE, &[400], Flaws::default())
    }

    fn fail(breaker: &Breaker) {
        assert!(breaker.admits("a"));
        breaker.ended("a", Ended::Failed(&UpstreamFailure::TimedOut));
    }

    fn opened() -> Breaker {
        let breaker = breaker();
        (0..3).for_each(|_| fail(&breaker));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_one_providers_circuit() {
        let breaker = breaker();
        fail(&breaker);
        fail(&breaker);
        breaker.ended("a", Ended::Answered);
        fail(&breaker);
        fail(&breaker);
        assert!(breaker.admits("a"));
        fail(&breaker);
        assert!(!breaker.admits("a"));
        assert!(breaker.admits("b"));
        breaker.reset();
        assert!(breaker.admits("a"));
    }

    #[tokio::test]
    async fn after_the_pause_one_call_probes_and_decides() {
        let breaker = opened();
        tokio::time::sleep(PAUSE).await;
        assert!(breaker.admits("a"));
        assert!(!breaker.admits("a"));
        breaker.ended("a", Ended::Failed(&UpstreamFailure::TimedOut));
        assert!(!breaker.admits("a"));
        tokio::time::sleep(PAUSE).await;
        assert!(breaker.admits("a"));
        breaker.ended("a", Ended::Answered);
        assert!(breaker.admits("a") && breaker.admits("a"));
    }

    #[tokio::test]
    async fn a_probe_that_is_abandoned_leaves_the_place_to_the_next() {
        let breaker = opened();
        tokio::time::sleep(PAUSE).await;
        assert!(breaker.admits("a"));
        breaker.ended("a", Ended::Abandoned);
        assert!(breaker.admits("a"));
    }
}
