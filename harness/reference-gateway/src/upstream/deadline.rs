//! Deadlines: a moment that several waits share.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

/// The deadline passed first.
#[derive(Debug)]
pub(crate) struct TimedOut;

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now().checked_add(limit))
    }

    /// Waits for ever.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    pub(crate) async fn guard<T>(self, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.0 {
            Some(at) => timeout_at(at, work).await.map_err(|_| TimedOut),
            None => Ok(work.await),
        }
    }
}
