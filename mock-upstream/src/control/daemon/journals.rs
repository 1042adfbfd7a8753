//! Journals, page by page, waiting for more where asked to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Json;
use serde::Deserialize;
use tokio::time::timeout;

use super::answer::{Answer, Asked, Named};
use super::ledger::Ledger;
use super::scenarios::scenario;
use crate::control::problem::{Code, Problem};
use crate::control::{JournalPage, MAX_WAIT_MS};
use crate::journal::Journal;
use crate::server::Stray;

/// Entries of a page, unless fewer are asked for.
const MOST: usize = 1000;
/// Bytes of bodies in a page; one entry may have more.
const BYTES: usize = 8 << 20;

/// Which entries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The place at which to begin.
    #[serde(default)]
    since: usize,
    /// At most so many.
    limit: Option<usize>,
    /// How long to wait for the first.
    #[serde(default)]
    wait_ms: u64,
}

pub(super) async fn scenario_journal(
    State(ledger): State<Arc<Ledger>>,
    Named(id): Named<String>,
    Asked(part): Asked<Part>,
) -> Answer<JournalPage> {
    let patience = patience(part.wait_ms)?;
    let scenario = scenario(&ledger, &id)?;
    let journal = &scenario.inner().journal;
    tokio::select! {
        () = more(journal, part.since, patience) => {}
        () = scenario.inner().closing() => {}
    }
    ledger.held().scenario(&id)?;
    Ok(Json(page(journal, &part)))
}

pub(super) async fn stray_journal(
    State(ledger): State<Arc<Ledger>>,
    Named(stray): Named<Stray>,
    Asked(part): Asked<Part>,
) -> Answer<JournalPage> {
    let patience = patience(part.wait_ms)?;
    let journal = ledger.mock.strays(stray);
    more(&journal, part.since, patience).await;
    Ok(Json(page(&journal, &part)))
}

/// How long the request may wait.
///
/// # Errors
/// Longer than any may.
pub(super) fn patience(wait_ms: u64) -> Result<Duration, Problem> {
    if wait_ms <= MAX_WAIT_MS {
        return Ok(Duration::from_millis(wait_ms));
    }
    Err(Problem::new(Code::QueryMalformed, format!("`wait_ms` is at most {MAX_WAIT_MS}")))
}

/// Waits until the journal has an entry at this place or behind it.
async fn more(journal: &Journal, since: usize, patience: Duration) {
    let mut progress = journal.progress();
    let come = async {
        // Not within `wait_for`: it would ask the journal while it holds the lock that an arrival takes second.
        while journal.end() <= since && progress.changed().await.is_ok() {}
    };
    // The time being over is an answer too.
    let _ = timeout(patience, come).await;
}

fn page(journal: &Journal, part: &Part) -> JournalPage {
    let progress = *journal.progress().borrow();
    JournalPage::new(journal.page(part.since, part.limit.unwrap_or(MOST).clamp(1, MOST), BYTES), progress)
}
