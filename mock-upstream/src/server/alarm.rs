//! Waits that are finer than the runtime's, whose clock ticks in milliseconds and rounds up twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// The end of a wait that is not left to the runtime.
const FINE: Duration = Duration::from_millis(3);

/// Wakes tasks from a thread of its own, which is started by the first wait.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// By time, then in the order in which they came. What is given up stays here for `FINE` at most.
    due: BTreeMap<(Instant, u64), oneshot::Sender<()>>,
    latest: u64,
    running: bool,
    closed: bool,
}

impl Alarm {
    /// Waits for so long, and hardly longer.
    pub(super) async fn sleep(&self, time: Duration) {
        let end = Instant::now().checked_add(time);
        tokio::time::sleep(time.saturating_sub(FINE)).await;
        let Some(end) = end else { return };
        match self.set(end) {
            // Only the end of the mock drops the other side.
            Some(rung) => drop(rung.await),
            None => tokio::time::sleep_until(end.into()).await,
        }
    }

    fn set(&self, end: Instant) -> Option<oneshot::Receiver<()>> {
        let mut queue = self.shared.queue();
        if !queue.running {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new().name("alarm".into()).spawn(move || shared.ring()).ok()?;
            queue.running = true;
        }
        let (wake, rung) = oneshot::channel();
        queue.latest += 1;
        let key = (end, queue.latest);
        let first = queue.due.keys().next().is_none_or(|earliest| key < *earliest);
        queue.due.insert(key, wake);
        drop(queue);
        if first {
            self.shared.changed.notify_one();
        }
        Some(rung)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn ring(&self) {
        let mut queue = self.queue();
        while !queue.closed {
            let left = queue.due.keys().next().map(|(end, _)| end.saturating_duration_since(Instant::now()));
            queue = match left {
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    // Whoever has given up waiting needs no waking.
                    let _ = queue.due.pop_first().map(|(_, wake)| wake.send(()));
                    queue
                }
                Some(left) => {
                    self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    /// Far longer than anything here takes, also on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(20);
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn no_wait_ends_early_and_a_short_one_ends_before_a_long_one_that_was_set_first() {
        let alarm = Alarm::default();
        let long = alarm.set(Instant::now() + LONG).unwrap();
        for time in [Duration::ZERO, Duration::from_micros(700), Duration::from_millis(12)] {
            let begun = Instant::now();
            timeout(PATIENCE, alarm.sleep(time)).await.expect("it does not wait for the long one");
            assert!(begun.elapsed() >= time);
        }
        assert_eq!(alarm.shared.queue().due.len(), 1, "the long one is still due");
        drop(long);
    }

    #[tokio::test]
    async fn waits_that_end_at_one_instant_all_end() {
        let alarm = Alarm::default();
        let end = Instant::now() + Duration::from_millis(5);
        let waits: Vec<_> = (0..100).map(|_| alarm.set(end).unwrap()).collect();
        for rung in waits {
            timeout(PATIENCE, rung).await.expect("in time").expect("it was rung");
        }
        assert!(Instant::now() >= end);
        assert!(alarm.shared.queue().due.is_empty());
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_is_forgotten_when_it_would_have_ended() {
        let alarm = Alarm::default();
        let given_up = timeout(Duration::ZERO, alarm.sleep(Duration::from_millis(1))).await;
        assert!(given_up.is_err());
        timeout(PATIENCE, alarm.sleep(Duration::from_millis(2))).await.expect("the thread goes on");
        assert!(alarm.shared.queue().due.is_empty());
    }

    #[tokio::test]
    async fn the_thread_and_its_waits_end_with_the_alarm() {
        let alarm = Alarm::default();
        let rung = alarm.set(Instant::now() + LONG).unwrap();
        let shared = Arc::downgrade(&alarm.shared);
        drop(alarm);
        assert!(timeout(PATIENCE, rung).await.expect("it does not hang").is_err());
        assert!(shared.upgrade().is_none(), "nothing else holds the queue");
    }
}
