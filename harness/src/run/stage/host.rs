//! How late this machine wakes those who wait: the part of a measured duration that is not the gateway's. Cases start only
//! as fast as the machine keeps up, so that a burst of them is not measured as a slow gateway.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// Measures the scheduling delay while it lives.
pub(in crate::run) struct HostDelay {
    seen: Arc<Mutex<Seen>>,
    starts: Arc<Semaphore>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    worst: Duration,
    /// Delays worth remembering, with the moment each was over.
    notable: VecDeque<(Instant, Duration)>,
}

impl HostDelay {
    /// Starts measuring on the current runtime.
    pub(in crate::run) fn measure() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let starts = Arc::new(Semaphore::new(STARTS));
        let task = tokio::spawn(tick(seen.clone(), starts.clone()));
        Self { seen, starts, task }
    }

    /// The longest delay so far.
    pub(in crate::run) fn worst(&self) -> Duration {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).worst
    }

    /// The longest delay of those that were over after this moment.
    pub(in crate::run) fn worst_since(&self, moment: Instant) -> Duration {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let later = seen.notable.iter().filter(|(over, _)| *over >= moment);
        later.map(|(_, delay)| *delay).max().unwrap_or_default()
    }

    /// Waits until the machine keeps up with what is under way; on one that never does, for a slow turn.
    pub(in crate::run) async fn calm(&self) {
        if let Ok(start) = self.starts.acquire().await {
            start.forget();
        }
    }
}

impl Drop for HostDelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tick(seen: Arc<Mutex<Seen>>, starts: Arc<Semaphore>) {
    let mut since_start = 0;
    loop {
        let before = Instant::now();
        tokio::time::sleep(TICK).await;
        let now = Instant::now();
        let delay = now.duration_since(before).saturating_sub(TICK);
        note(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), now, delay);
        since_start += 1;
        if delay < LATE {
            starts.add_permits(STARTS.saturating_sub(starts.available_permits()));
            since_start = 0;
        } else if since_start >= PATIENCE {
            starts.add_permits(1_usize.saturating_sub(starts.available_permits()));
            since_start = 0;
        } else {
            starts.forget_permits(STARTS);
        }
    }
}

fn note(seen: &mut Seen, now: Instant, delay: Duration) {
    seen.worst = seen.worst.max(delay);
    if delay >= NOTABLE {
        if seen.notable.len() == REMEMBERED {
            seen.notable.pop_front();
        }
        seen.notable.push_back((now, delay));
    }
}

/// How often the delay is measured.
const TICK: Duration = Duration::from_millis(10);

/// A delay from which on the machine does not keep up. Busy neighbours alone cost a waking task a few milliseconds.
const LATE: Duration = Duration::from_millis(20);

/// Cases that may start in one tick.
const STARTS: usize = 3;

/// Late ticks in a row after which one case starts all the same.
const PATIENCE: usize = 5;

/// Shorter delays change no verdict.
const NOTABLE: Duration = Duration::from_millis(5);

/// Notable delays kept; a run that has more of them has older ones than any case under way.
const REMEMBERED: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_delay_of_a_case_is_of_its_own_time() {
        let mut seen = Seen::default();
        let start = Instant::now();
        note(&mut seen, start, Duration::from_millis(80));
        note(&mut seen, start + Duration::from_secs(1), Duration::from_millis(30));
        assert_eq!(seen.worst, Duration::from_millis(80));
        let later: Vec<_> =
            seen.notable.iter().filter(|(over, _)| *over > start).map(|(_, delay)| *delay).collect();
        assert_eq!(later, [Duration::from_millis(30)]);
    }

    #[tokio::test]
    async fn cases_start_on_a_calm_machine() {
        let host = HostDelay::measure();
        for _ in 0..4 * STARTS {
            host.calm().await;
        }
    }
}
