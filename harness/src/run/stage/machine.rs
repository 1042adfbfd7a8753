//! What everything that runs at the same time on this machine shares: how punctual it is, and how many may be busy at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::run::stage::host::HostDelay;

/// One machine, for one run or for several side by side.
pub struct Machine {
    pub(in crate::run) host: HostDelay,
    jobs: Arc<Semaphore>,
    timing: Arc<Semaphore>,
}

/// The right to be busy; given back by dropping it.
pub(in crate::run) struct Busy {
    _timing: Option<OwnedSemaphorePermit>,
    _job: Option<OwnedSemaphorePermit>,
}

impl Machine {
    /// A machine on which at most `jobs` cases are busy at once. Measures on the current runtime while it lives.
    pub fn new(jobs: usize) -> Arc<Self> {
        Arc::new(Self {
            host: HostDelay::measure(),
            jobs: Arc::new(Semaphore::new(jobs.max(1))),
            timing: Arc::new(Semaphore::new(TIMING_SLOTS)),
        })
    }

    /// Waits until one more case may be busy. `timing` says that it counts, orders or times; `waits`, how long it waits by
    /// itself: one that sleeps for most of its time keeps nobody busy, and nobody else from it.
    pub(in crate::run) async fn busy(&self, timing: bool, waits: Duration) -> Busy {
        if waits >= SLEEP {
            return Busy { _timing: None, _job: None };
        }
        // One order, so that nobody waits for what waits for him.
        let timing = if timing { Some(permit(&self.timing).await) } else { None };
        Busy { _timing: timing, _job: Some(permit(&self.jobs).await) }
    }
}

async fn permit(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    slots.clone().acquire_owned().await.expect("the semaphores of a machine are never closed")
}

/// Cases that count, order or time run few at once, so that they do not measure one another.
const TIMING_SLOTS: usize = 4;

/// Whoever waits for so long is idle for nearly all of it.
const SLEEP: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it can be had at once.
    async fn at_once(machine: &Machine, timing: bool, waits: Duration) -> Option<Busy> {
        tokio::select! {
            biased;
            busy = machine.busy(timing, waits) => Some(busy),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn a_case_that_sleeps_waits_for_nobody_and_keeps_nobody_waiting() {
        let machine = Machine::new(1);
        let minute = Duration::from_secs(60);
        let sleepers = [at_once(&machine, true, minute).await, at_once(&machine, false, minute).await];
        assert!(sleepers.iter().all(Option::is_some));
        let busy = at_once(&machine, false, Duration::ZERO).await;
        assert!(busy.is_some());
        assert!(at_once(&machine, false, Duration::ZERO).await.is_none());
        assert!(at_once(&machine, true, minute).await.is_some());
        drop(busy);
        assert!(at_once(&machine, false, Duration::ZERO).await.is_some());
    }

    #[tokio::test]
    async fn few_cases_time_at_once() {
        let machine = Machine::new(64);
        let mut slots = Vec::new();
        for _ in 0..TIMING_SLOTS {
            slots.push(at_once(&machine, true, Duration::ZERO).await.unwrap());
        }
        assert!(at_once(&machine, true, Duration::ZERO).await.is_none());
        assert!(at_once(&machine, false, Duration::ZERO).await.is_some());
        slots.pop();
        assert!(at_once(&machine, true, Duration::ZERO).await.is_some());
    }
}
