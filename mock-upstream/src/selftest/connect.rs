//! The proof of a fault that is imposed on a provider: pooled connection, new connections, what the provider noted, and
//! that everything works once it is lifted.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::compare::{compare, shown};
use super::pieces::Pieces;
use super::prove::{Claim, in_time, same, stays_open};
use super::raw::{End, Raw};
use super::{Proven, Reply, Stage};
use crate::fault::{After, Probe, Sight};
use crate::journal::Ended;
use crate::script::{FaultPlay, Play};
use crate::server::{Imposed, Lifted};

/// How long connecting must stay unanswered.
const UNANSWERED: Duration = Duration::from_millis(150);
/// More than two systems keep for a connection that nobody reads.
const LONG: usize = 32 << 20;

/// Proves it on a provider that nobody else disturbs.
///
/// # Errors
/// What was otherwise than the fault promises.
pub(super) async fn prove(claim: Claim<'_>, stage: &Stage) -> Proven {
    let request = stage.request(claim.probe, claim.lane);
    let healthy = stage.healthy(&request).await?;
    let mut pooled = stage.connect().await?;
    exchange(&mut pooled, &request, &healthy).await.map_err(|why| format!("before: {why}"))?;

    let imposed = impose(claim, stage).await?;
    let end = pooled.end().await.map_err(|error| error.to_string())?;
    if end != End::Fin {
        return Err(format!("the pooled connection ended by {end:?}"));
    }
    let seen = Seen { request: &request, healthy: &healthy, stage };
    let (met, ended) = seen.of(claim).await?;
    let lifted = imposed.lift().await.map_err(|error| format!("lifting: {error}"))?;
    noted(&lifted, met, ended)?;

    let mut next = stage.connect().await?;
    exchange(&mut next, &request, &healthy).await.map_err(|why| format!("once lifted: {why}"))
}

async fn impose(Claim { fault, .. }: Claim<'_>, stage: &Stage) -> Result<Imposed, String> {
    let play = FaultPlay { params: fault.proof.with.clone(), ..FaultPlay::of(&fault.id) };
    stage.plays([Play::Ok(crate::script::Reply::default())])?;
    stage.provider.impose(&play).await.map_err(|error| error.to_string())
}

async fn exchange(raw: &mut Raw, request: &str, healthy: &Reply) -> Proven {
    raw.send(request).await.map_err(|error| error.to_string())?;
    let reply = raw.reply().await.map_err(|error| error.to_string())?;
    same(&reply, healthy)
}

/// What a client sees while the fault is imposed.
struct Seen<'a> {
    request: &'a str,
    healthy: &'a Reply,
    stage: &'a Stage,
}

impl Seen<'_> {
    /// Whether it is what must be seen; how many connections that took, and how each of them ended for the provider.
    async fn of(&self, claim: Claim<'_>) -> Result<(usize, Ended), String> {
        let sight = claim.sight;
        match (claim.probe, sight.then) {
            (_, After::Refused) => self.refused().await.map(|()| (0, Ended::Open)),
            (_, After::Unanswered) => self.unanswered().await.map(|()| (0, Ended::Open)),
            (_, After::Unread) => self.unread().await.map(|()| (1, Ended::ClosedByMock)),
            (Probe::Connect, After::Fin) => {
                self.ends(sight, End::Fin).await.map(|()| (2, Ended::ClosedByMock))
            }
            (Probe::Connect, After::Rst) => {
                self.ends(sight, End::Rst).await.map(|()| (2, Ended::ResetByMock))
            }
            (Probe::Chat, After::Reuse) => self.served(sight).await.map(|()| (1, Ended::Open)),
            (probe, then) => Err(format!("nothing can see {then:?} by {probe:?}")),
        }
    }

    async fn refused(&self) -> Proven {
        for _ in 0..3 {
            match TcpStream::connect(self.stage.provider.addr()).await {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(format!("connecting: {error}")),
                Ok(_) => return Err("connecting succeeded".to_owned()),
            }
        }
        Ok(())
    }

    async fn unanswered(&self) -> Proven {
        match timeout(UNANSWERED, TcpStream::connect(self.stage.provider.addr())).await {
            Err(_) => Ok(()),
            Ok(Err(error)) => Err(format!("connecting: {error}")),
            Ok(Ok(_)) => Err("connecting succeeded".to_owned()),
        }
    }

    async fn unread(&self) -> Proven {
        let mut raw = self.stage.connect().await?;
        let long = vec![b'x'; LONG];
        match raw.write_until_stuck(&long).await.map_err(|error| format!("writing: {error}"))? {
            written if written < LONG => stays_open(&mut raw).await,
            _ => Err("everything was read".to_owned()),
        }
    }

    /// The same for a client that waits and for one that sends its request at once.
    async fn ends(&self, sight: &Sight, wanted: End) -> Proven {
        let pieces = Pieces { healthy: self.healthy, canary: &self.stage.canary() };
        let expected = pieces.expected(&sight.bytes)?;
        for request in [None, Some(self.request)] {
            let Some(mut raw) = self.connected(wanted).await? else { continue };
            if let Some(request) = request {
                // A connection that has ended already cannot be written to.
                let _ = raw.send(request).await;
            }
            compare(&mut raw, &expected).await?;
            let end = raw.end().await.map_err(|error| error.to_string())?;
            if !raw.unread().is_empty() {
                return Err(format!("more bytes came: {}", shown(raw.unread())));
            }
            if end != wanted {
                return Err(format!("ended by {end:?} instead of {wanted:?}"));
            }
        }
        Ok(())
    }

    /// A connection; `None` where it was reset, as it was to be, before connecting had returned.
    async fn connected(&self, wanted: End) -> Result<Option<Raw>, String> {
        match Raw::connect(self.stage.provider.addr()).await {
            Ok(raw) => Ok(Some(raw)),
            Err(error) if error.kind() == ErrorKind::ConnectionReset && wanted == End::Rst => Ok(None),
            Err(error) => Err(format!("connecting: {error}")),
        }
    }

    async fn served(&self, sight: &Sight) -> Proven {
        let pieces = Pieces { healthy: self.healthy, canary: &self.stage.canary() };
        let mut raw = self.stage.connect().await?;
        raw.send(self.request).await.map_err(|error| error.to_string())?;
        compare(&mut raw, &pieces.expected(&sight.bytes)?).await?;
        in_time(sight, &raw)?;
        exchange(&mut raw, self.request, self.healthy).await.map_err(|why| format!("the next: {why}"))
    }
}

/// Whether the provider noted so many connections, each struck and ended so.
fn noted(lifted: &Lifted, met: usize, ended: Ended) -> Proven {
    let all = lifted.connections.iter().all(|struck| struck.struck.is_some() && struck.ended == ended);
    let count = lifted.connections.len() == met && lifted.struck == met.max(1) as u64;
    if all && count { Ok(()) } else { Err(format!("the provider noted otherwise: {lifted:?}")) }
}
