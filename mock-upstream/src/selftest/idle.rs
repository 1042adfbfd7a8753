//! What happens to a connection while it is idle, and what the journal says of that.

use std::time::Duration;

use super::Proven;
use super::compare::compare;
use super::pieces::Pieces;
use super::prove::stays_open;
use super::raw::Raw;
use crate::fault::{After, IdleSight, Sight};
use crate::journal::{Aftermath, Ended};

/// Whether the bytes come that must come before the end of the connection.
pub(super) async fn prove(sight: &IdleSight, raw: &mut Raw, request: &str, pieces: &Pieces<'_>) -> Proven {
    if sight.sends {
        stays_open(raw).await?;
        raw.send(request).await.map_err(|error| format!("the next request: {error}"))?;
    }
    compare(raw, &pieces.expected(&sight.bytes)?).await.map_err(|why| format!("when idle: {why}"))?;
    if sight.bytes.is_empty() { Ok(()) } else { in_time(sight, raw) }
}

/// Whether what has just happened did not come early.
pub(super) fn in_time(sight: &IdleSight, raw: &Raw) -> Proven {
    let least = Duration::from_millis(sight.not_before.unwrap_or_default());
    let took = raw.since_sent();
    if took >= least { Ok(()) } else { Err(format!("when idle: after {took:?} instead of {least:?}")) }
}

/// Whether the journal says so.
pub(super) fn noted(sight: &Sight, noted: Option<&Aftermath>) -> bool {
    let ended = match sight.then {
        After::FinBehind => Ended::ClosedByMock,
        After::RstBehind => Ended::ResetByMock,
        _ => Ended::Open,
    };
    match (&sight.idle, noted) {
        (None, None) => true,
        (Some(_), Some(noted)) => noted.struck.is_some() && noted.ended == ended,
        _ => false,
    }
}
