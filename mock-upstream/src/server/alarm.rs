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
