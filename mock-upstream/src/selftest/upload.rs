//! The proof of a fault that strikes while the body of a request is still to come.

use super::compare::{compare, shown};
use super::connect::{exchange, impose};
use super::pieces::{Expected, Pieces};
use super::prove::{Claim, in_time, stays_open};
use super::raw::{End, Raw};
use super::{Proven, Stage};
use crate::fault::{After, Sight, UploadSight};
use crate::journal::{Ended, Entry};
use crate::server::Lifted;

/// Proves it on a provider that nobody else disturbs.
///
/// # Errors
/// What was otherwise than the fault promises.
pub(super) async fn prove(claim: Claim<'_>, stage: &Stage) -> Proven {
    let sight = claim.sight;
    let told = sight.upload.as_ref().ok_or("the proof does not say how the request is sent")?;
    let _claimed = stage.claim().await?;
    let (head, body) = stage.upload(claim.lane, told.expects);
    let whole = {
        let (head, body) = stage.upload(claim.lane, false);
        head + &body
    };
    let healthy = stage.healthy(&whole, &claim.fault.given).await?;
    let expected = Pieces { healthy: &healthy, canary: &stage.canary() }.expected(&sight.bytes)?;
    let before = stage.journal().await?.len();

    let imposed = impose(claim, stage).await?;
    let client = Client { head: &head, body: &body, sight, told, expected: &expected, stage };
    let times = client.sees().await?;
    stage.idle().await?;
    let journal = stage.journal().await?;
    let entries = journal.get(before..).unwrap_or_default();
    if entries.len() != times {
        return Err(format!("{} requests are in the journal instead of {times}", entries.len()));
    }
    entries.iter().try_for_each(|entry| client.by_the_journal(claim, entry))?;
    let lifted = imposed.lift().await.map_err(|error| format!("lifting: {error}"))?;
    noted(&lifted, times)?;

    let mut next = stage.connect().await?;
    exchange(&mut next, &whole, &healthy).await.map_err(|why| format!("once lifted: {why}"))
}

fn noted(lifted: &Lifted, times: usize) -> Proven {
    let right = lifted.struck == times as u64
        && lifted.connections.len() == times
        && lifted.connections.iter().all(|met| met.struck.is_some());
    if right { Ok(()) } else { Err(format!("the provider noted otherwise: {lifted:?}")) }
}

/// A client that sends its request in parts.
struct Client<'a> {
    head: &'a str,
    body: &'a str,
    sight: &'a Sight,
    told: &'a UploadSight,
    expected: &'a [Expected],
    stage: &'a Stage,
}

impl Client<'_> {
    /// Whether it sees what it must; how often the fault has struck by then.
    async fn sees(&self) -> Result<usize, String> {
        let mut raw = self.stage.connect().await?;
        self.strikes(&mut raw).await?;
        match self.sight.then {
            After::Fin => self.ends(&mut raw, End::Fin).await?,
            After::Rst => self.ends(&mut raw, End::Rst).await?,
            After::Open => {
                stays_open(&mut raw).await?;
                self.rest(&mut raw).await?;
                stays_open(&mut raw).await?;
            }
            After::Reuse => {
                self.rest(&mut raw).await?;
                stays_open(&mut raw).await?;
                self.strikes(&mut raw).await.map_err(|why| format!("the next on the connection: {why}"))?;
                self.rest(&mut raw).await?;
                // Only then has the mock read the second to its end.
                raw.finish().await.map_err(|error| error.to_string())?;
                raw.end().await.map_err(|error| error.to_string())?;
                return Ok(2);
            }
            then => return Err(format!("a client that sends its request in parts cannot see {then:?}")),
        }
        Ok(1)
    }

    /// Sends the head and what goes with it, and sees the bytes that must come.
    async fn strikes(&self, raw: &mut Raw) -> Proven {
        let seen = self.stage.arrivals().await?;
        let failed = |error: std::io::Error| format!("sending: {error}");
        raw.send(self.head).await.map_err(failed)?;
        if let Some(before_last) = self.told.first.and_then(|first| first.checked_sub(1)) {
            raw.send_on(&self.body[..before_last]).await.map_err(failed)?;
            stays_open(raw).await.map_err(|why| format!("before the last byte: {why}"))?;
            raw.send_on(&self.body[before_last..=before_last]).await.map_err(failed)?;
        }
        compare(raw, self.expected).await?;
        if self.sight.then != After::Rst {
            in_time(self.sight, raw.since_sent())?;
        }
        self.stage.changed(seen).await?;
        Ok(())
    }

    async fn rest(&self, raw: &mut Raw) -> Proven {
        if !self.told.rest {
            return Ok(());
        }
        let rest = &self.body[self.told.first.unwrap_or_default()..];
        raw.send_on(rest).await.map_err(|error| format!("sending the rest: {error}"))
    }

    async fn ends(&self, raw: &mut Raw, wanted: End) -> Proven {
        let end = raw.end().await.map_err(|error| error.to_string())?;
        if !raw.unread().is_empty() {
            return Err(format!("more bytes came: {}", shown(raw.unread())));
        }
        in_time(self.sight, raw.since_sent())?;
        if end != wanted {
            return Err(format!("ended by {end:?} instead of {wanted:?}"));
        }
        self.rest(raw).await
    }

    fn by_the_journal(&self, Claim { fault, sight, .. }: Claim<'_>, entry: &Entry) -> Proven {
        let check = |what: &str, right: bool| {
            if right { Ok(()) } else { Err(format!("the journal is wrong about {what}: {entry:?}")) }
        };
        let served = sight.then == After::Reuse && !self.told.rest;
        let ended = match (sight.then, self.told.rest) {
            (After::Reuse, _) => Ended::Complete,
            (After::Fin, false) => Ended::ClosedByMock,
            (After::Rst, _) => Ended::ResetByMock,
            // It was read on until the client left.
            _ => Ended::PeerClosed,
        };
        let whole = self.told.read == self.body.len();
        let pace = entry.body_read.map(|read| read.instant.duration_since(entry.arrived.instant));
        check("the fault", (entry.fault.as_deref() == Some(fault.id.as_str())) != served)?;
        check("its delivery", entry.delivered)?;
        check("how it ended", entry.ended == ended)?;
        check("the body", entry.body_length == self.told.read as u64 && entry.request_complete == whole)?;
        let least = u128::from(sight.not_before.unwrap_or_default());
        check("the time it took", !served || pace.is_some_and(|pace| pace.as_millis() >= least))
    }
}
