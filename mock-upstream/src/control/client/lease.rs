//! Keeps what lives at a remote mock alive for as long as somebody here holds it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::Error;
use super::call::Line;
use crate::control::Ttl;

/// What is created lives so long without a sign of life, in milliseconds.
pub(super) const TTL_MS: u64 = 60_000;
/// How often one is given: a third of the time, so that one may be lost.
const EVERY: Duration = Duration::from_millis(TTL_MS / 3);

/// Renews something until it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    renewing: AbortHandle,
}

impl Lease {
    /// Renews what has this path, until it is gone.
    pub(super) fn of(line: &Arc<Line>, path: &str) -> Self {
        let (line, path) = (Arc::clone(line), format!("{path}/ttl"));
        let renewing = tokio::spawn(async move {
            loop {
                sleep(EVERY).await;
                // A mock that cannot be reached now may be so at the next time.
                if let Err(Error::Refused(_)) = line.put(&path, &Ttl { ttl_ms: TTL_MS }).await {
                    return;
                }
            }
        });
        Self { renewing: renewing.abort_handle() }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// Deletes what has this path, in the background: for values that are dropped. Without a runtime its time to live ends it.
pub(super) fn delete_later(line: &Arc<Line>, path: &str) {
    if let Ok(runtime) = Handle::try_current() {
        let (line, path) = (Arc::clone(line), path.to_owned());
        runtime.spawn(async move {
            // Nobody is left to be told.
            let _ = line.delete(&path).await;
        });
    }
}
