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
use super::{Proven, Reply, Stage, secure, shake};
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
    let healthy = stage.healthy(&request, &claim.fault.given).await?;
    let mut pooled = stage.connect().await?;
    exchange(&mut pooled, &request, &healthy).await.map_err(|why| format!("before: {why}"))?;

    let imposed = impose(claim, stage).await?;
    let end = pooled.end().await.map_err(|error| error.to_string())?;
    if !matches!(end, End::Fin | End::FinUnannounced) {
        return Err(format!("the pooled connection ended by {end:?}"));
    }
    let seen = Seen { request: &request, healthy: &healthy, stage };
    let met = seen.of(claim).await?;
    let lifted = imposed.lift().await.map_err(|error| format!("lifting: {error}"))?;
    met.noted(&lifted)?;
    for mut held in met.held {
        let end = held.end().await.map_err(|error| error.to_string())?;
        if end != End::Fin {
            return Err(format!("what it held ended by {end:?} when it was lifted"));
        }
    }

    let mut next = stage.connect().await?;
    exchange(&mut next, &request, &healthy).await.map_err(|why| format!("once lifted: {why}"))
}

async fn impose(Claim { fault, .. }: Claim<'_>, stage: &Stage) -> Result<Imposed, String> {
    let play = FaultPlay { params: fault.proof.with.clone(), ..FaultPlay::of(&fault.id) };
    stage.plays([Play::Ok(crate::script::Reply::default())])?;
    stage.provider.impose(&play).await.map_err(|error| error.to_string())
}

/// A request on this connection gets its healthy reply.
pub(super) async fn exchange(raw: &mut Raw, request: &str, healthy: &Reply) -> Proven {
    raw.send(request).await.map_err(|error| error.to_string())?;
    let reply = raw.reply().await.map_err(|error| error.to_string())?;
    same(&reply, healthy)
}

/// What a client does while the fault is imposed.
pub(super) struct Seen<'a> {
    pub(super) request: &'a str,
    pub(super) healthy: &'a Reply,
    pub(super) stage: &'a Stage,
}

/// What the provider must have noted.
pub(super) struct Met {
    /// On how many connections.
    pub(super) connections: usize,
    /// How each of them ended; nothing is said where that is open to the client.
    pub(super) ended: Option<Ended>,
    /// Those that the fault still holds.
    pub(super) held: Vec<Raw>,
}

impl Met {
    fn noted(&self, lifted: &Lifted) -> Proven {
        let right = |ended| self.ended.is_none_or(|known| known == ended);
        let all = lifted.connections.iter().all(|met| met.struck.is_some() && right(met.ended));
        let count = lifted.connections.len() == self.connections;
        let struck = lifted.struck == self.connections.max(1) as u64;
        if all && count && struck { Ok(()) } else { Err(format!("the provider noted otherwise: {lifted:?}")) }
    }
}

impl Seen<'_> {
    /// Whether it sees what it must; what the provider must have noted of that.
    async fn of(&self, Claim { probe, sight, .. }: Claim<'_>) -> Result<Met, String> {
        let mut held = Vec::new();
        let (connections, ended) = match (probe, sight.then) {
            (_, After::Refused) => self.refused().await.map(|()| (0, None))?,
            (_, After::Unanswered) => self.unanswered().await.map(|()| (0, None))?,
            (Probe::Tls, _) => return shake::prove(self, sight).await,
            (_, After::Unread) => {
                held.push(self.unread().await?);
                (1, Some(Ended::ClosedByMock))
            }
            (Probe::Chat, After::Reuse) => self.served(sight).await.map(|()| (1, Some(Ended::Open)))?,
            (Probe::Connect, then) => {
                held.extend(self.ends(sight, None).await?);
                held.extend(self.ends(sight, Some(self.request.as_bytes())).await?);
                (2, ended_by(then))
            }
            (Probe::Hello, then) => {
                let hello = secure::hello(self.stage.provider.addr()).map_err(|error| error.to_string())?;
                held.extend(self.ends(sight, Some(&hello)).await?);
                (1, ended_by(then))
            }
            (probe, then) => return Err(format!("nothing can see {then:?} by {probe:?}")),
        };
        Ok(Met { connections, ended, held })
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

    async fn unread(&self) -> Result<Raw, String> {
        let mut raw = self.stage.connect().await?;
        let long = vec![b'x'; LONG];
        match raw.write_until_stuck(&long).await.map_err(|error| format!("writing: {error}"))? {
            written if written < LONG => stays_open(&mut raw).await.map(|()| raw),
            _ => Err("everything was read".to_owned()),
        }
    }

    /// A plain connection on which this is sent ends as it must; it comes back where it must stay open.
    async fn ends(&self, sight: &Sight, sends: Option<&[u8]>) -> Result<Option<Raw>, String> {
        let pieces = Pieces { healthy: self.healthy, canary: &self.stage.canary() };
        let expected = pieces.expected(&sight.bytes)?;
        let mut raw = match Raw::connect(self.stage.provider.addr()).await {
            Ok(raw) => raw,
            // It was reset before connecting had returned.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && sight.then == After::Rst => {
                return Ok(None);
            }
            Err(error) => return Err(format!("connecting: {error}")),
        };
        if let Some(bytes) = sends {
            // A connection that has ended already cannot be written to.
            let _ = raw.send(bytes).await;
        }
        compare(&mut raw, &expected).await?;
        if sight.then == After::Open {
            return stays_open(&mut raw).await.map(|()| Some(raw));
        }
        let end = raw.end().await.map_err(|error| error.to_string())?;
        if !raw.unread().is_empty() {
            return Err(format!("more bytes came: {}", shown(raw.unread())));
        }
        in_time(sight, &raw)?;
        match (sight.then, end) {
            (After::Fin, End::Fin) | (After::Rst, End::Rst) => Ok(None),
            (then, end) => Err(format!("ended by {end:?} instead of {then:?}")),
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

fn ended_by(then: After) -> Option<Ended> {
    match then {
        // What stays open is closed when the fault is lifted.
        After::Fin | After::Open => Some(Ended::ClosedByMock),
        After::Rst => Some(Ended::ResetByMock),
        _ => None,
    }
}
