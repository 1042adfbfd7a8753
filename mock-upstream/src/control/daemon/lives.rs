//! Times to live: what nobody renews is ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::ledger::Ledger;
use crate::control::MAX_TTL_MS;
use crate::control::problem::{Code, Problem};

/// When something ends that lives so long from now on.
///
/// # Errors
/// A time of zero, or one that is too long.
pub(super) fn until(ttl_ms: u64) -> Result<Instant, Problem> {
    if (1..=MAX_TTL_MS).contains(&ttl_ms) {
        return Ok(Instant::now() + Duration::from_millis(ttl_ms));
    }
    Err(Problem::new(Code::BodyMalformed, format!("`ttl_ms` is 1 to {MAX_TTL_MS}, not {ttl_ms}")))
}

/// Milliseconds until then.
pub(super) fn left(until: Instant) -> u64 {
    u64::try_from(until.saturating_duration_since(Instant::now()).as_millis()).unwrap_or(u64::MAX)
}

/// Ends for ever what expires.
pub(super) async fn end_what_expires(ledger: &Arc<Ledger>) {
    loop {
        match end_expired(ledger).await {
            Some(next) => tokio::select! {
                () = sleep_until(next) => {}
                () = ledger.sooner.notified() => {}
            },
            None => ledger.sooner.notified().await,
        }
    }
}

/// Ends what has expired, and tells when the next will.
async fn end_expired(ledger: &Ledger) -> Option<Instant> {
    let now = Instant::now();
    let gone = {
        let mut held = ledger.held();
        let over = held.scenarios.iter().filter(|(_, open)| open.until.is_some_and(|until| until <= now));
        for number in over.map(|(number, _)| *number).collect::<Vec<_>>() {
            held.close(number, Code::ScenarioExpired);
        }
        // Dropping an imposition lifts it.
        held.impositions.retain(|_, imposition| imposition.until > now);
        let gone = held.added.iter().filter(|(_, until)| **until <= now);
        let gone: Vec<String> = gone.map(|(name, _)| name.clone()).collect();
        gone.iter().for_each(|name| held.strip(name));
        gone
    };
    for name in gone {
        ledger.mock.remove_provider(&name).await;
    }
    let held = ledger.held();
    let scenarios = held.scenarios.values().filter_map(|open| open.until);
    let impositions = held.impositions.values().map(|imposition| imposition.until);
    scenarios.chain(impositions).chain(held.added.values().copied()).min()
}
