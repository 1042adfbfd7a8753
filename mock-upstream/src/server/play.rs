//! Plays a plan on the socket and notes what really happened.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};

use super::alarm::Alarm;
use super::wire::{Left, Wire};
use crate::journal::{Clock, Ended, Record};
use crate::scenario::Inner as Scenario;
use crate::step::{Parcel, Plan, Step};

/// How long the mock waits for the peer to close its side after a FIN.
const LINGER: Duration = Duration::from_secs(2);

/// Where and for whom a plan is played.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) wire: Wire,
    pub(super) record: &'a Record,
    pub(super) scenario: Option<&'a Scenario>,
    pub(super) clock: Clock,
    pub(super) alarm: &'a Alarm,
    /// The longest silence of a hang, and the longest wait for a peer that does not read.
    pub(super) patience: Duration,
}

/// How a step went.
#[derive(Debug)]
enum Outcome {
    Done,
    /// The exchange is over, the step having done its part or not.
    Over(Ended, Part),
    /// It goes on, but not as scripted.
    Astray(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Done,
    Missing,
}

/// Plays the plan. The connection comes back when another request may follow on it; else it is still open for reading
/// where the mock has sent FIN, and is to be given to `linger`.
pub(super) async fn play(mut stage: Stage<'_>, plan: &Plan) -> Finished {
    let mut reached = false;
    let mut ended = Ended::Complete;
    let mut astray = plan.instead.clone();
    for (at, step) in plan.steps.iter().enumerate() {
        let part = match stage.step(step).await {
            Outcome::Done => Part::Done,
            Outcome::Astray(why) => {
                astray.get_or_insert(why);
                Part::Done
            }
            Outcome::Over(how, part) => {
                ended = how;
                part
            }
        };
        reached |= at == plan.decisive && part == Part::Done;
        if ended != Ended::Complete {
            break;
        }
    }
    if !reached {
        astray.get_or_insert_with(|| "the exchange was over before the scripted thing happened".to_owned());
    }
    let now = stage.clock.now();
    stage.record.change(|entry| {
        entry.ended = ended;
        entry.ended_at = Some(now);
        entry.played.complete = ended == Ended::Complete;
        entry.delivered = astray.is_none();
        entry.undelivered = astray;
    });
    match ended {
        Ended::Complete if plan.keep_alive => Finished::GoOn(stage.wire),
        Ended::Complete => {
            // An error means that the peer is gone, which is what closing is for.
            let _ = stage.wire.socket.shutdown().await;
            Finished::Linger(stage.wire)
        }
        Ended::ClosedByMock => Finished::Linger(stage.wire),
        Ended::ResetByMock | Ended::PeerClosed | Ended::PeerReset | Ended::Open => Finished::Gone,
    }
}

/// What is left of the connection.
#[derive(Debug)]
pub(super) enum Finished {
    /// Another request may come.
    GoOn(Wire),
    /// FIN was sent.
    Linger(Wire),
    /// Nothing.
    Gone,
}

/// Reads on after a FIN until the peer has closed too, since unread bytes would turn the close into a reset.
pub(super) async fn linger(mut wire: Wire) {
    let mut unread = [0; 4096];
    let drained = async { while !matches!(wire.socket.read(&mut unread).await, Ok(0) | Err(_)) {} };
    // A peer that keeps its side open longer is left alone.
    let _ = timeout(LINGER, drained).await;
}

impl Stage<'_> {
    async fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Write { bytes, events } => self.write(bytes, *events).await,
            Step::Wait(time) => {
                self.silent(*time).await.map_or(Outcome::Done, |how| Outcome::Over(how, Part::Done))
            }
            Step::Gate { name, at_most } => self.gate(name, *at_most).await,
            Step::Drip { parcels, every } => self.drip(parcels, *every).await,
            Step::Repeat { parcel, every } => self.repeat(parcel, *every).await,
            Step::Close => match self.wire.socket.shutdown().await {
                Ok(()) => Outcome::Over(Ended::ClosedByMock, Part::Done),
                Err(_) => self.lost(),
            },
            Step::CloseUnannounced => match self.wire.socket.close_unannounced().await {
                Some(Ok(())) => Outcome::Over(Ended::ClosedByMock, Part::Done),
                Some(Err(_)) => self.lost(),
                None => {
                    let _ = self.wire.socket.shutdown().await;
                    Outcome::Over(Ended::ClosedByMock, Part::Missing)
                }
            },
            Step::Reset => self.reset(),
            Step::Hang => Outcome::Over(self.hang().await, Part::Done),
        }
    }

    /// Writes nothing for so long; how the exchange ended, if it did meanwhile.
    async fn silent(&mut self, time: Duration) -> Option<Ended> {
        tokio::select! {
            () = self.alarm.sleep(time) => None,
            left = self.wire.leaves() => Some(ended_by(left)),
            () = closing(self.scenario) => Some(Ended::ClosedByMock),
        }
    }

    async fn hang(&mut self) -> Ended {
        match self.silent(self.patience).await {
            Some(how) => how,
            // The cap: an error means that the peer has just gone by itself.
            None => self.wire.socket.shutdown().await.map_or(Ended::PeerReset, |()| Ended::ClosedByMock),
        }
    }

    async fn gate(&mut self, name: &str, at_most: Duration) -> Outcome {
        let Some(scenario) = self.scenario else {
            return Outcome::Astray(format!("nobody can open the gate `{name}`"));
        };
        tokio::select! {
            biased;
            () = scenario.gate(name) => Outcome::Done,
            left = self.wire.leaves() => Outcome::Over(ended_by(left), Part::Missing),
            () = scenario.closing() => Outcome::Over(Ended::ClosedByMock, Part::Missing),
            () = sleep(at_most) => Outcome::Astray(format!("the gate `{name}` was not opened in {at_most:?}")),
        }
    }

    async fn drip(&mut self, parcels: &[Parcel], every: Duration) -> Outcome {
        for (at, Parcel { bytes, events }) in parcels.iter().enumerate() {
            let begun = if at == 0 { Part::Missing } else { Part::Done };
            if let Some(how) = self.silent(every).await {
                return Outcome::Over(how, begun);
            }
            if let Outcome::Over(how, _) = self.write(bytes, *events).await {
                return Outcome::Over(how, begun);
            }
        }
        Outcome::Done
    }

    /// It has done its part once it was written twice.
    async fn repeat(&mut self, Parcel { bytes, events }: &Parcel, every: Duration) -> Outcome {
        let cap = Instant::now() + self.patience;
        for times in 0_u64.. {
            let part = if times < 2 { Part::Missing } else { Part::Done };
            if !every.is_zero()
                && let Some(how) = self.silent(every).await
            {
                return Outcome::Over(how, part);
            }
            if let Outcome::Over(how, _) = self.write(bytes, *events).await {
                return Outcome::Over(how, part);
            }
            if Instant::now() >= cap {
                break;
            }
        }
        let ended = self.wire.socket.shutdown().await.map_or(Ended::PeerReset, |()| Ended::ClosedByMock);
        Outcome::Over(ended, Part::Done)
    }

    async fn write(&mut self, bytes: &Bytes, events: u32) -> Outcome {
        self.wire.look();
        let mut written = 0;
        // Mostly the network takes all at once, and nothing has to be waited for.
        let result = match write_at_once(&mut self.wire, bytes, &mut written) {
            Some(result) => Some(result),
            None => tokio::select! {
                biased;
                result = write_all(&mut self.wire, bytes, &mut written) => Some(result),
                () = closing(self.scenario) => None,
                () = sleep(self.patience) => None,
            },
        };
        let now = self.clock.now();
        let whole = written == bytes.len();
        self.record.change(|entry| {
            if written > 0 {
                entry.first_byte.get_or_insert(now);
                entry.last_byte = Some(now);
            }
            entry.bytes_written += written as u64;
            entry.played.events += if whole { events } else { 0 };
        });
        match result {
            Some(Ok(())) => Outcome::Done,
            Some(Err(_)) => self.lost(),
            None => Outcome::Over(Ended::ClosedByMock, Part::Missing),
        }
    }

    fn reset(&mut self) -> Outcome {
        match SockRef::from(self.wire.socket.tcp()).set_linger(Some(Duration::ZERO)) {
            // Dropping the stream now sends RST.
            Ok(()) => Outcome::Over(Ended::ResetByMock, Part::Done),
            Err(_) => self.lost(),
        }
    }

    fn lost(&self) -> Outcome {
        Outcome::Over(self.wire.left().map_or(Ended::PeerReset, ended_by), Part::Missing)
    }
}

/// Writes what the network takes without waiting; `None` when that was not all.
fn write_at_once(wire: &mut Wire, bytes: &[u8], written: &mut usize) -> Option<io::Result<()>> {
    // Whoever goes on to wait asks again, so that nobody has to be woken.
    let mut context = Context::from_waker(Waker::noop());
    match pin!(write_all(wire, bytes, written)).poll(&mut context) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// Writes the rest of the bytes, counting what the network has taken even when the future is dropped.
async fn write_all(wire: &mut Wire, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    while *written < bytes.len() {
        let count = wire.socket.write(&bytes[*written..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        *written += count;
    }
    // TLS keeps records that the network has not taken.
    wire.socket.flush().await
}

async fn closing(scenario: Option<&Scenario>) {
    match scenario {
        Some(scenario) => scenario.closing().await,
        None => std::future::pending().await,
    }
}

fn ended_by(left: Left) -> Ended {
    match left {
        Left::Closed => Ended::PeerClosed,
        Left::Reset => Ended::PeerReset,
    }
}
