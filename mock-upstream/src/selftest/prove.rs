//! The proof of one fault in one lane: fault, then state of the connection, then journal, then the next connection.

use std::time::{Duration, Instant};

use super::compare::{compare, shown};
use super::mask::masked;
use super::pieces::Pieces;
use super::raw::{End, Raw};
use super::{Proven, Reply, Stage, idle};
use crate::fault::{After, Fault, Lane, PaceSight, Piece, Probe, Sight};
use crate::journal::{Ended, Entry};
use crate::script::{FaultPlay, Play, Script, Turn};

/// How often the same bytes must come before they count as endless.
const ENDLESS: usize = 3;

/// One thing to prove.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) fault: &'a Fault,
    pub(super) lane: Lane,
    pub(super) probe: Probe,
    pub(super) sight: &'a Sight,
}

/// Proves it on a provider that nobody else disturbs.
///
/// # Errors
/// What was otherwise than the fault promises.
pub(super) async fn prove(claim: Claim<'_>, stage: &Stage) -> Proven {
    let Claim { fault, lane, probe, sight } = claim;
    let request = stage.request(probe, lane);
    let healthy = stage.healthy(&request, &fault.given).await?;
    let pieces = Pieces { healthy: &healthy, canary: &stage.canary() };
    let expected = pieces.expected(&sight.bytes)?;

    let params = fault.proof.with.clone();
    let play = Play::Fault(FaultPlay { params, ..FaultPlay::of(&fault.id) });
    stage.plays([play, Play::Ok(crate::script::Reply::default().given(&fault.given))]).await?;
    let mut raw = stage.connect().await?;
    let seen = stage.arrivals().await?;
    raw.send(&request).await.map_err(|error| format!("sending: {error}"))?;
    let came = compare(&mut raw, &expected).await?;
    let mut count = came.all();
    in_pace(sight, &raw, came.heads)?;
    if sight.then != After::Rst && !sight.bytes.is_empty() {
        in_time(sight, raw.since_sent())?;
    }
    stage.changed(seen).await?;
    if let Some(idle) = &sight.idle {
        idle::prove(idle, &mut raw, &request, &pieces).await?;
    }
    let mut left = Instant::now();
    let ended = match sight.then {
        After::Fin => ends(&mut raw, End::Fin, Ended::ClosedByMock, sight).await?,
        After::FinUnannounced => ends(&mut raw, End::FinUnannounced, Ended::ClosedByMock, sight).await?,
        After::Rst => ends(&mut raw, End::Rst, Ended::ResetByMock, sight).await?,
        After::FinBehind => ends(&mut raw, End::Fin, Ended::Complete, sight).await?,
        After::RstBehind => ends(&mut raw, End::Rst, Ended::Complete, sight).await?,
        After::Open => {
            stays_open(&mut raw).await?;
            left = Instant::now();
            drop(raw);
            Ended::PeerClosed
        }
        After::Reuse => {
            stays_open(&mut raw).await?;
            raw.send(&request).await.map_err(|error| format!("the next request: {error}"))?;
            let next = raw.reply().await.map_err(|error| format!("the next on the connection: {error}"))?;
            same(&next, &healthy).map_err(|why| format!("the next on the connection: {why}"))?;
            Ended::Complete
        }
        After::More => {
            let again = pieces.expected(last(sight))?;
            for _ in 0..ENDLESS {
                count += compare(&mut raw, &again).await?.all();
            }
            in_pace(sight, &raw, came.heads)?;
            left = Instant::now();
            drop(raw);
            Ended::PeerClosed
        }
        After::Refused | After::Unanswered | After::Unread | After::Crowded => {
            return Err("that is seen by connecting, and a request was sent".to_owned());
        }
    };
    stage.idle().await?;
    let again = if sight.then == After::More { pieces.events(last(sight)) } else { 0 };
    let left = left.checked_sub(stage.clock_error()).unwrap_or(left);
    let told = Told { ended, left, count, events: pieces.events(&sight.bytes), again };
    told.by_the_journal(claim, &stage.journal().await?)?;

    let mut raw = stage.connect().await?;
    raw.send(&request).await.map_err(|error| error.to_string())?;
    let next = raw.reply().await.map_err(|error| format!("the next connection: {error}"))?;
    same(&next, &healthy).map_err(|why| format!("the next connection: {why}"))
}

/// The last piece alone.
fn last(sight: &Sight) -> &[Piece] {
    sight.bytes.last().map_or(&[], std::slice::from_ref)
}

pub(super) fn in_time(sight: &Sight, took: Duration) -> Proven {
    let least = Duration::from_millis(sight.not_before.unwrap_or_default());
    if took >= least { Ok(()) } else { Err(format!("early: after {took:?} instead of {least:?}")) }
}

/// Whether the bytes behind the heads came as slowly as they must.
fn in_pace(sight: &Sight, raw: &Raw, heads: usize) -> Proven {
    let Some(PaceSight { every, bytes }) = sight.pace else { return Ok(()) };
    for (count, after) in raw.came() {
        let intervals = after.as_millis() / u128::from(every.max(1));
        let most = heads as u128 + intervals * bytes as u128;
        if count as u128 > most {
            return Err(format!("too fast: {count} bytes after {after:?} instead of at most {most}"));
        }
    }
    Ok(())
}

async fn ends(raw: &mut Raw, wanted: End, ended: Ended, sight: &Sight) -> Result<Ended, String> {
    let end = raw.end().await.map_err(|error| error.to_string())?;
    if !raw.unread().is_empty() {
        return Err(format!("more bytes came: {}", shown(raw.unread())));
    }
    in_time(sight, raw.since_sent())?;
    sight.idle.as_ref().map_or(Ok(()), |idle| idle::in_time(idle, raw))?;
    let least = Duration::from_millis(sight.end_not_before.unwrap_or_default());
    if raw.since_sent() < least {
        return Err(format!("ended early: after {:?} instead of {least:?}", raw.since_sent()));
    }
    if end == wanted { Ok(ended) } else { Err(format!("ended by {end:?} instead of {wanted:?}")) }
}

pub(super) async fn stays_open(raw: &mut Raw) -> Proven {
    match raw.watch().await.map_err(|error| error.to_string())? {
        End::Open => Ok(()),
        end => Err(format!("the connection was to stay open, and ended by {end:?}")),
    }
}

pub(super) fn same(reply: &Reply, healthy: &Reply) -> Proven {
    if masked(&reply.body) == healthy.body {
        return Ok(());
    }
    Err(format!("{} instead of the healthy reply {}", shown(&reply.body), shown(&healthy.body)))
}

/// What the client knows, to be told by the journal as well.
struct Told {
    ended: Ended,
    /// When the client left; the exchange cannot have ended before.
    left: Instant,
    count: usize,
    events: usize,
    /// How many events come with each time of what comes again and again.
    again: usize,
}

impl Told {
    fn by_the_journal(&self, Claim { fault, sight, .. }: Claim<'_>, journal: &[Entry]) -> Proven {
        let last = journal.iter().rev().nth(usize::from(sight.then == After::Reuse));
        let entry = last.ok_or("the journal is empty")?;
        let check = |what: &str, right: bool| {
            if right { Ok(()) } else { Err(format!("the journal is wrong about {what}: {entry:?}")) }
        };
        let at_least = matches!(sight.then, After::More);
        let count = entry.bytes_written >= self.count as u64;
        check("the fault", entry.fault.as_deref() == Some(fault.id.as_str()))?;
        check("its delivery", entry.delivered)?;
        // A client that leaves while bytes are under way to it resets the connection.
        let reset = at_least && entry.ended == Ended::PeerReset;
        check("how it ended", entry.ended == self.ended || reset)?;
        check("the bytes", count && (at_least || entry.bytes_written == self.count as u64))?;
        let events = entry.played.events as usize;
        let enough = events == self.events || self.again > 0 && events >= self.events + ENDLESS * self.again;
        check("the events", enough)?;
        check("the idle connection", idle::noted(sight, entry.aftermath.as_ref()))?;
        check("its being whole", entry.played.complete == (self.ended == Ended::Complete))?;
        let client_left = self.ended == Ended::PeerClosed;
        let after = entry.ended_at.is_some_and(|ended| ended.instant >= self.left);
        check("when it ended", !client_left || after)
    }
}

/// A script of these plays.
pub(super) fn script(plays: impl IntoIterator<Item = Play>) -> Script {
    Script::of(plays.into_iter().map(Turn::play))
}
