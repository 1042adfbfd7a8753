//! The proof of a fault that is imposed on a provider: pooled connection, new connections, what the provider noted, and
//! that everything works once it is lifted.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::compare::{compare, shown};
use super::pieces::Pieces;
use super::prove::{Claim, in_time, same, stays_open};
use super::raw::{End, PATIENCE, Raw};
use super::secure::{self, Trust};
use super::{Proven, Reply, Stage, shake};
use crate::control::mock::Imposition;
use crate::fault::{After, Probe, Sight};
use crate::journal::Ended;
use crate::script::{FaultPlay, Play};
use crate::server::Lifted;

/// How long connecting must stay unanswered.
const UNANSWERED: Duration = Duration::from_millis(150);
/// More than two systems keep for a connection that nobody reads.
const LONG: usize = 32 << 20;

/// What a client of HTTP/2 begins with: its preface, empty settings, and on stream 1 a whole request without a body, all of
/// it in HPACK's static table (RFC 7541, appendix A): POST, http, /.
const HTTP2: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\x05\0\0\0\x01\x83\x86\x84";

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

pub(super) async fn impose(Claim { fault, .. }: Claim<'_>, stage: &Stage) -> Result<Imposition, String> {
    let play = FaultPlay { params: fault.proof.with.clone(), ..FaultPlay::of(&fault.id) };
    stage.plays([Play::Ok(crate::script::Reply::default())]).await?;
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
    /// How many of them it has met and spared.
    pub(super) spared: usize,
    /// Those that the fault still holds.
    pub(super) held: Vec<Raw>,
}

impl Met {
    fn noted(&self, lifted: &Lifted) -> Proven {
        let right = |ended| self.ended.is_none_or(|known| known == ended);
        let met = lifted.connections.iter().filter(|met| met.struck.is_some());
        let all = met.clone().all(|met| right(met.ended)) && met.count() == self.connections;
        let count = lifted.connections.len() == self.connections + self.spared;
        let struck = lifted.struck == self.connections.max(1) as u64;
        if all && count && struck { Ok(()) } else { Err(format!("the provider noted otherwise: {lifted:?}")) }
    }
}

impl Seen<'_> {
    /// Whether it sees what it must; what the provider must have noted of that.
    async fn of(&self, Claim { probe, sight, .. }: Claim<'_>) -> Result<Met, String> {
        let (mut held, mut spared) = (Vec::new(), 0);
        let (connections, ended) = match (probe, sight.then) {
            (_, After::Refused) => self.refused().await.map(|()| (0, None))?,
            (_, After::Unanswered) => self.unanswered().await.map(|()| (0, None))?,
            (Probe::Tls, _) => return shake::prove(self, sight).await,
            (_, After::Unread) => {
                held.push(self.unread().await?);
                (1, Some(Ended::ClosedByMock))
            }
            (Probe::Chat, After::Crowded) => {
                spared = self.crowded().await?;
                (1, Some(Ended::ResetByMock))
            }
            (Probe::Chat, After::Reuse) => self.served(sight).await.map(|()| (1, Some(Ended::Open)))?,
            (Probe::Connect, then) => {
                held.extend(self.ends(sight, None).await?);
                held.extend(self.ends(sight, Some(self.request.as_bytes())).await?);
                (2, ended_by(then))
            }
            (Probe::Http2, then) => {
                held.extend(self.ends(sight, Some(HTTP2)).await?);
                let trust = Trust::Authority(&self.stage.authority());
                let secured = secure::connect(self.stage.provider.addr(), trust, &["h2", "http/1.1"]).await;
                let secured = secured.map_err(|(error, _)| format!("the handshake: {error}"))?;
                held.extend(self.ends_over(Raw::over(secured), sight, Some(HTTP2)).await?);
                (2, ended_by(then))
            }
            (Probe::Hello, then) => {
                let hello = secure::hello(self.stage.provider.addr()).map_err(|error| error.to_string())?;
                held.extend(self.ends(sight, Some(&hello)).await?);
                (1, ended_by(then))
            }
            (probe, then) => return Err(format!("nothing can see {then:?} by {probe:?}")),
        };
        Ok(Met { connections, ended, spared, held })
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
        let raw = match Raw::connect(self.stage.provider.addr()).await {
            Ok(raw) => raw,
            // It was reset before connecting had returned.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && sight.then == After::Rst => {
                return Ok(None);
            }
            Err(error) => return Err(format!("connecting: {error}")),
        };
        self.ends_over(raw, sight, sends).await
    }

    async fn ends_over(
        &self,
        mut raw: Raw,
        sight: &Sight,
        sends: Option<&[u8]>,
    ) -> Result<Option<Raw>, String> {
        let pieces = Pieces { healthy: self.healthy, canary: &self.stage.canary() };
        let expected = pieces.expected(&sight.bytes)?;
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
        in_time(sight, raw.since_opened())?;
        match (sight.then, end) {
            (After::Fin, End::Fin) | (After::Rst, End::Rst) => Ok(None),
            (then, end) => Err(format!("ended by {end:?} instead of {then:?}")),
        }
    }

    /// The first connection is served, the next is not until that is gone; how many are served.
    async fn crowded(&self) -> Result<usize, String> {
        // That of the proof before may not be noticed to be gone yet.
        self.vacant().await.map_err(|why| format!("an earlier connection: {why}"))?;
        let mut first = self.stage.connect().await?;
        exchange(&mut first, self.request, self.healthy).await?;
        let mut second = match Raw::connect(self.stage.provider.addr()).await {
            Ok(raw) => raw,
            // It was reset before connecting had returned.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return self.after(first).await,
            Err(error) => return Err(format!("connecting: {error}")),
        };
        match second.end().await.map_err(|error| error.to_string())? {
            End::Rst => self.after(first).await,
            end => Err(format!("the second connection ended by {end:?}")),
        }
    }

    async fn after(&self, mut first: Raw) -> Result<usize, String> {
        exchange(&mut first, self.request, self.healthy).await.map_err(|why| format!("the first: {why}"))?;
        first.finish().await.map_err(|error| error.to_string())?;
        first.end().await.map_err(|error| error.to_string())?;
        self.vacant().await.map_err(|why| format!("the first connection: {why}"))?;
        let mut third = self.stage.connect().await?;
        exchange(&mut third, self.request, self.healthy).await.map_err(|why| format!("the third: {why}"))?;
        Ok(2)
    }

    /// Waits until the provider has no connection.
    async fn vacant(&self) -> Proven {
        let gone = async {
            while self.stage.connections().await? > 0 {
                tokio::task::yield_now().await;
            }
            Ok(())
        };
        timeout(PATIENCE, gone).await.map_err(|_| "it stays open".to_owned())?
    }

    async fn served(&self, sight: &Sight) -> Proven {
        let pieces = Pieces { healthy: self.healthy, canary: &self.stage.canary() };
        let mut raw = self.stage.connect().await?;
        raw.send(self.request).await.map_err(|error| error.to_string())?;
        compare(&mut raw, &pieces.expected(&sight.bytes)?).await?;
        in_time(sight, raw.since_opened())?;
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
