//! Joins the client's exchange with what the upstream journal says of the same send.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mock_upstream::journal::{Ended, Entry};

use crate::observe::{Attempt, Played, PlayedEnding};
use crate::wire::exchange::Exchange;

/// Which entries of a journal belong to an exchange.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// The number of its send.
    pub send: u32,
    /// When the same bytes were sent again.
    pub until: Option<Instant>,
    /// By how much the journal's moments may be off.
    pub clock_error: Duration,
}

/// The attempts of one exchange, in the order of arrival: those of its send that arrived since it began, and before its
/// bytes were sent again. `role` names a provider of the mock by its role in the contract.
pub fn attempts(
    exchange: &Exchange,
    entries: &[Entry],
    own: &Own,
    mut role: impl FnMut(&str) -> String,
) -> Vec<Attempt> {
    let own = entries.iter().filter(|entry| {
        // Both ends move by the same, so that every entry belongs to one exchange.
        let arrived = entry.arrived.instant + own.clock_error;
        entry.send == Some(own.send)
            && arrived >= exchange.started
            && own.until.is_none_or(|until| arrived < until)
    });
    own.map(|entry| attempt(exchange, entry, role(&entry.provider))).collect()
}

fn attempt(exchange: &Exchange, entry: &Entry, provider: String) -> Attempt {
    let arrived = entry.arrived.instant.checked_duration_since(exchange.started).unwrap_or(Duration::ZERO);
    Attempt {
        provider,
        arrived,
        method: entry.request.method.clone(),
        target: entry.request.target.clone(),
        headers: entry
            .request
            .headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect(),
        body: entry.request.body.clone(),
        body_cut: entry.body_capped,
        body_sha256: entry.body_sha256.clone(),
        played: Some(played(exchange, entry)),
    }
}

fn played(exchange: &Exchange, entry: &Entry) -> Played {
    let delivered = if entry.delivered {
        Ok(())
    } else {
        Err(entry
            .undelivered
            .clone()
            .unwrap_or_else(|| "the reply was still under way when the journal was read".into()))
    };
    let headers = entry.played.headers.iter();
    Played {
        turn: entry.turn,
        fault: entry.fault.clone(),
        status: entry.played.status,
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), Bytes::copy_from_slice(value.as_bytes())))
            .collect(),
        body: entry.played.body.clone(),
        body_cut: entry.played.body_length > entry.played.body.len() as u64,
        events: entry.played.events as usize,
        ended: entry.last_byte.and_then(|last| last.instant.checked_duration_since(exchange.started)),
        ending: ending(entry),
        delivered,
    }
}

fn ending(entry: &Entry) -> PlayedEnding {
    let by_mock = matches!(entry.ended, Ended::ClosedByMock | Ended::ResetByMock);
    match (entry.played.complete, entry.bytes_written, by_mock) {
        (true, ..) => PlayedEnding::Complete,
        (false, 0, true) => PlayedEnding::None,
        (false, _, true) => PlayedEnding::Cut,
        (false, _, false) => PlayedEnding::Stalled,
    }
}
